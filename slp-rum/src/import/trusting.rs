//! Trust codes take effect. Spec: ack-auth, "Table", rows 35 to 38.

use slp_model::error_code::DeviceError;
use slp_model::{Seconds, Udi, UnixSeconds};

use super::judge::{Judge, Leaf, LeafFault};
use super::state::DeviceState;
use super::{ImportClass, Outcome, PartOutcome};
use crate::TrustCode;

/// A certificate may begin so much later than now: clocks differ (doc).
const CLOCK_SKEW: Seconds = Seconds::new(3_600);

/// One trust code for a member.
pub(super) fn trust(
    state: &mut DeviceState,
    local: &Udi,
    code: &TrustCode,
    judge: &dyn Judge,
    now: UnixSeconds,
) -> PartOutcome {
    let part = |outcome| PartOutcome::new(ImportClass::TrustCode, Some(local.clone()), outcome);
    let skipped = |error, text: &str| part(Outcome::Skipped).because(error, text);
    let leaf = match judge.leaf(code) {
        Ok(leaf) => leaf,
        Err(LeafFault::Unreadable) => {
            return skipped(DeviceError::ParseCertificateFailed, "the certificate cannot be read");
        }
        Err(LeafFault::NotChecked) => {
            let text = "certificates are not looked at here, so nothing is known about this one";
            return skipped(DeviceError::CouldNotValidateTrustChain, text);
        }
        Err(LeafFault::ChainBroken) => {
            return skipped(DeviceError::CouldNotValidateTrustChain, "the certificate leads to no trusted root");
        }
    };
    let known = state.trust.get(local).cloned().unwrap_or_default();
    if let Some(installed) = &known.installed {
        if installed.certificate == leaf.certificate {
            return part(Outcome::Unchanged);
        }
        if leaf.not_before < installed.not_before {
            return skipped(DeviceError::AlreadyRegistered, "an earlier certificate than the installed one")
                .on_xr(DeviceError::TrustCodeAlreadyInstalled);
        }
    }
    let present = known.installed.as_ref().map(|installed| &installed.public_key);
    let is_ours = known.pending_keys.contains(&leaf.public_key) || present == Some(&leaf.public_key);
    if !is_ours || !names_match(code, &leaf) {
        let text = "the certificate has another key, name or validity than the device and the code";
        return skipped(DeviceError::NodeCertVerificationFailed, text);
    }
    if leaf.not_after.is_some_and(|end| now > end) {
        return skipped(DeviceError::CertExpired, "the certificate has ended");
    }
    if leaf.not_before > now.saturating_add(CLOCK_SKEW) {
        let text = "the certificate begins more than an hour ahead: is the clock of the device right?";
        return skipped(DeviceError::CertInvalid, text);
    }
    let outcome = if known.installed.is_some() { Outcome::Replaced } else { Outcome::Installed };
    let trust = state.trust.entry(local.clone()).or_default();
    trust.pending_keys.retain(|key| *key != leaf.public_key);
    trust.installed = Some(leaf);
    if let Some(piid) = code.view().piid.as_ref().filter(|piid| !piid.is_empty()) {
        for member in state.members.iter_mut().filter(|member| member.device == *local) {
            member.piid = Some(piid.clone());
        }
    }
    part(outcome)
}

/// Do name and validity of the certificate agree with the code?
fn names_match(code: &TrustCode, leaf: &Leaf) -> bool {
    let view = code.view();
    leaf.common_name == view.udi.to_string()
        && view.not_before.is_none_or(|start| start == leaf.not_before)
        && view.not_after == leaf.not_after
}
