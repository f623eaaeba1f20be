//! Authorization codes: SLAC and its predecessor SLR. Spec: ack-auth, "smartLicenseAuthorization", "specificPLR".

use slp_model::account::Account;
use slp_model::license::LicenseTerm;
use slp_model::{EntitlementTag, Udi, UnixMillis, UnixSeconds, word_enum};

use crate::flaw::Flaw;
use crate::statement::{Fields, Reading, SignedPart, Statement};

mod term; // the dates between which an entitlement holds
#[cfg(test)]
mod tests;

pub use term::TermDate;

/// An authorization code as it stands in a document: `smartLicenseAuthorization` or `specificPLR`.
///
/// The signature covers `authorizationCode` and leaves `udi` outside: a fitting `udi` proves nothing by itself.
pub type AuthorizationCode = Statement<Authorization>;

word_enum! {
    /// Which kind of code it is. The two differ in the order and the names of their elements (seen). Words: `SLAC`, `SLR`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AuthorizationKind: "kind of authorization code" {
        /// Smart Licensing Authorization Code: `smartLicenseAuthorization`.
        Slac = "SLAC",
        /// Specific Licence Reservation: `specificPLR`.
        Slr = "SLR",
    }
}

/// What an authorization code grants, and to whom. What is absent in the document is `None`, an empty element is an empty
/// text. Spec: ack-auth, "Fields".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// SLAC or SLR.
    pub kind: AuthorizationKind,
    /// `udi`: the device. Outside the signature.
    pub udi: Udi,
    /// `customerInfo`: names of the accounts; a SLAC alone has it (seen).
    pub account: Option<Account>,
    /// `flag`: `A`, of unknown meaning (seen).
    pub flag: Option<String>,
    /// `version`: `C` (seen).
    pub version: Option<String>,
    /// `piid`: the product instance id, a UUID. Compared without case.
    pub piid: Option<String>,
    /// `dateStamp` of a SLAC: when it was issued (seen).
    pub date: Option<UnixSeconds>,
    /// `timestamp` of an SLR: when it was issued, in milliseconds (seen).
    pub timestamp: Option<UnixMillis>,
    /// The licences, in the order of the document.
    pub entitlements: Vec<Entitlement>,
    /// `status/success` of a SLAC (seen).
    pub success: Option<bool>,
    /// `status/correlationID` of a SLAC: the trace of its issue (seen).
    pub correlation_id: Option<String>,
}

impl Authorization {
    /// A code for a device that grants nothing yet.
    pub fn new(kind: AuthorizationKind, udi: Udi) -> Self {
        Self {
            kind,
            udi,
            account: None,
            flag: Some("A".to_owned()),
            version: Some("C".to_owned()),
            piid: None,
            date: None,
            timestamp: None,
            entitlements: Vec::new(),
            success: None,
            correlation_id: None,
        }
    }

    /// When it was issued, to the second, whichever element says so.
    pub fn issued(&self) -> Option<UnixSeconds> {
        self.date.or_else(|| self.timestamp.map(UnixMillis::to_seconds))
    }

    /// How many uses of a licence it authorizes now: the sum over its entitlements of that tag that did not fail and whose
    /// term runs (choice).
    pub fn authorized_count(&self, tag: &EntitlementTag, now: UnixSeconds) -> u64 {
        let granted = self.entitlements.iter().filter(|one| one.tag == *tag && one.grants(now));
        granted.fold(0, |sum, one| sum.saturating_add(u64::from(one.count)))
    }
}

/// One licence of a code. Spec: ack-auth, "Fields".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entitlement {
    /// `tag`.
    pub tag: EntitlementTag,
    /// `count`: how many uses (seen).
    pub count: u32,
    /// `startDate`: empty for perpetual licences (seen).
    pub start: Option<TermDate>,
    /// `endDate`: empty for perpetual licences (seen).
    pub end: Option<TermDate>,
    /// `licenseType` (seen).
    pub license_type: Option<LicenseTerm>,
    /// `displayName` (seen).
    pub display_name: Option<String>,
    /// `tagDescription` (seen).
    pub description: Option<String>,
    /// `tagType`, in a SLAC alone (seen).
    pub tag_type: Option<LicenseTerm>,
    /// `status/success`, in a SLAC alone (seen).
    pub success: Option<bool>,
    /// `subscriptionID`, in an SLR alone (seen).
    pub subscription_id: Option<String>,
}

impl Entitlement {
    /// So many uses of a licence.
    pub fn new(tag: EntitlementTag, count: u32) -> Self {
        Self {
            tag,
            count,
            start: None,
            end: None,
            license_type: None,
            display_name: None,
            description: None,
            tag_type: None,
            success: None,
            subscription_id: None,
        }
    }

    /// Has its term ended? A date that could not be read never counts as ended (choice).
    pub fn has_ended(&self, now: UnixSeconds) -> bool {
        self.end.as_ref().is_some_and(|end| end.has_passed(now))
    }

    /// Did it not fail, and does its term run?
    pub fn grants(&self, now: UnixSeconds) -> bool {
        let started = self.start.as_ref().is_none_or(|start| start.has_begun(now));
        self.success != Some(false) && started && !self.has_ended(now)
    }
}

/// Reads the part `smartLicenseAuthorization` or `specificPLR`.
pub(crate) fn read(fields: &mut Fields<'_>, kind: AuthorizationKind) -> Result<Reading<Authorization>, Flaw> {
    let root = fields.root;
    let (udi, code, signature) = match kind {
        AuthorizationKind::Slac => {
            let [udi, code, signature] = fields.children(root, ["udi", "authorizationCode", "signature"])?;
            (udi, code, signature)
        }
        AuthorizationKind::Slr => {
            let [code, signature, udi] = fields.children(root, ["authorizationCode", "signature", "udi"])?;
            (udi, code, signature)
        }
    };
    let code = fields.needed(code, root, "authorizationCode")?;
    let udi = fields.needed(udi, root, "udi")?;
    let udi = fields.udi(udi)?;
    let [account, flag, version, piid, date, timestamp, entitlements, status] = fields.children(
        code,
        ["customerInfo", "flag", "version", "piid", "dateStamp", "timestamp", "entitlements", "status"],
    )?;
    let list = fields.needed(entitlements, code, "entitlements")?;
    let limit = fields.options.limits.entitlements_per_code;
    let nodes = fields.list(list, "entitlement", limit, "entitlements_per_code")?;
    fields.needed(nodes.first().copied(), list, "entitlement")?;
    let mut entitlements = Vec::with_capacity(nodes.len());
    for node in nodes {
        entitlements.push(read_entitlement(fields, node)?);
    }
    let account = match account {
        Some(node) => {
            let [smart, virt] = fields.children(node, ["smartAccount", "virtualAccount"])?;
            let mut account = Account::default();
            (account.smart_account, account.virtual_account) = (fields.name(smart)?, fields.name(virt)?);
            Some(account)
        }
        None => None,
    };
    let (success, correlation_id) = match status {
        Some(node) => {
            let [success, correlation] = fields.children(node, ["success", "correlationID"])?;
            (fields.boolean(success, ["true", "false"])?, fields.name(correlation)?)
        }
        None => (None, None),
    };
    let view = Authorization {
        kind,
        udi,
        account,
        flag: fields.text(flag)?,
        version: fields.text(version)?,
        piid: fields.name(piid)?,
        date: fields.stamp(date)?,
        timestamp: fields.millis(timestamp)?,
        entitlements,
        success,
        correlation_id,
    };
    Ok(Reading {
        view,
        signed: SignedPart::Element(code, "authorizationCode"),
        signature: fields.signature(signature, true)?,
    })
}

fn read_entitlement(fields: &mut Fields<'_>, node: usize) -> Result<Entitlement, Flaw> {
    let [tag, count, start, end, license_type, display_name, description, tag_type, status, subscription] = fields
        .children(
            node,
            [
                "tag",
                "count",
                "startDate",
                "endDate",
                "licenseType",
                "displayName",
                "tagDescription",
                "tagType",
                "status",
                "subscriptionID",
            ],
        )?;
    let tag = fields.needed(tag, node, "tag")?;
    let count_node = fields.needed(count, node, "count")?;
    let success = match status {
        Some(node) => {
            let [success] = fields.children(node, ["success"])?;
            fields.boolean(success, ["true", "false"])?
        }
        None => None,
    };
    Ok(Entitlement {
        tag: fields.tag(tag)?,
        count: fields.number(Some(count_node))?.unwrap_or_default(),
        start: term::read(fields, start)?,
        end: term::read(fields, end)?,
        license_type: fields.word(license_type, LicenseTerm::is_known)?,
        display_name: fields.name(display_name)?,
        description: fields.name(description)?,
        tag_type: fields.word(tag_type, LicenseTerm::is_known)?,
        success,
        subscription_id: fields.name(subscription)?,
    })
}
