//! What a device makes of the signatures and certificates in a document: verdicts in the words of the import rules.

use slp_crypto::{Certificate, NotVerified, Reason, TimePolicy, TrustStore};
use slp_rum::TrustCode;
use slp_rum::import::{self, LeafFault, Verdict};

/// The verdict on a signature.
pub fn verdict<T>(checked: &Result<T, NotVerified>) -> Verdict {
    match checked.as_ref().map_err(NotVerified::reason) {
        Ok(_) => Verdict::Verified,
        Err(Reason::Invalid) => Verdict::Invalid,
        Err(Reason::KeyUnknown) => Verdict::KeyUnknown,
        Err(Reason::NotCheckable) => Verdict::NotCheckable,
        Err(Reason::Unsupported) => Verdict::Unsupported,
        Err(_) => Verdict::Malformed,
    }
}

/// The device's own certificate in a trust code, if its chain leads to one of these roots.
///
/// # Errors
/// [`LeafFault`].
pub fn device_leaf(roots: &TrustStore, code: &TrustCode) -> Result<import::Leaf, LeafFault> {
    let read = Certificate::inspect_pem(code.view().certificates.as_bytes());
    let certificates: Vec<Certificate> =
        read.ok().and_then(|list| list.into_iter().collect::<Result<_, _>>().ok()).ok_or(LeafFault::Unreadable)?;
    let leaf = certificates.first().ok_or(LeafFault::Unreadable)?;
    let chain: Vec<&[u8]> = certificates.iter().map(Certificate::der).collect();
    if roots.verify_chain(&chain, TimePolicy::Ignore).is_err() {
        return Err(LeafFault::ChainBroken);
    }
    let key = leaf.key().map_err(|_| LeafFault::Unreadable)?;
    let name = leaf.subject().common_name().ok_or(LeafFault::Unreadable)?;
    let validity = leaf.validity();
    Ok(import::Leaf::new(leaf.der().to_vec(), key.spki().to_vec(), name, validity.not_before, validity.not_after))
}
