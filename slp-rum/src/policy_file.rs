//! Policy files: `smartLicensePolicy`. Spec: ack-auth, "smartLicensePolicy".

use slp_model::policy::{Policy, Requirement};

use crate::flaw::Flaw;
use crate::statement::{Fields, Reading, SignedPart, Statement};

/// A policy as it stands in a document. The signature covers `policyCode`.
pub type PolicyFile = Statement<Policy>;

/// Reads the part `smartLicensePolicy`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Reading<Policy>, Flaw> {
    let root = fields.root;
    let [code, signature] = fields.children(root, ["policyCode", "signature"])?;
    let code = fields.needed(code, root, "policyCode")?;
    let [name, version, flag, date, ack, subscription, perpetual, enforced, export, generic] = fields.children(
        code,
        [
            "name",
            "version",
            "flag",
            "datestamp",
            "ackRequired",
            "subscription",
            "perpetual",
            "enforced",
            "export",
            "generic",
        ],
    )?;
    fields.needed(name, code, "name")?;
    let mut policy = Policy::new(fields.name(name)?.unwrap_or_default());
    policy.version = fields.name(version)?;
    policy.flag = fields.text(flag)?;
    policy.date = fields.stamp(date)?;
    policy.ack_required = fields.boolean(ack, ["yes", "no"])?;
    policy.subscription = requirement(fields, subscription)?;
    policy.perpetual = requirement(fields, perpetual)?;
    policy.enforced = requirement(fields, enforced)?;
    policy.export = requirement(fields, export)?;
    policy.generic = requirement(fields, generic)?;
    let signature = fields.signature(signature, true)?;
    Ok(Reading { view: policy, signed: SignedPart::Element(code, "policyCode"), signature })
}

fn requirement(fields: &mut Fields<'_>, found: Option<usize>) -> Result<Requirement, Flaw> {
    let Some(node) = found else {
        return Ok(Requirement::default());
    };
    let [first, ongoing, change] = fields.children(node, ["firstTimeReport", "onGoingReporting", "reportOnMACD"])?;
    Ok(Requirement::new(fields.number(first)?, fields.number(ongoing)?, fields.number(change)?))
}
