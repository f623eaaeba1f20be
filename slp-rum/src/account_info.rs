//! Account information and trace ids. Spec: ack-auth, "smartLicenseAccountInfo", "correlationID".

use std::fmt;

use slp_model::UnixSeconds;
use slp_model::account::Account;

use crate::flaw::Flaw;
use crate::statement::{Fields, Reading, SignedPart, Statement};

/// The accounts of a device as they stand in a document: `smartLicenseAccountInfo`. The signature covers `customerInfo`.
pub type AccountFile = Statement<Account>;

/// Reads the part `smartLicenseAccountInfo`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Reading<Account>, Flaw> {
    let root = fields.root;
    let [info, signature] = fields.children(root, ["customerInfo", "signature"])?;
    let info = fields.needed(info, root, "customerInfo")?;
    let [timestamp, smart, virt, smart_id, virtual_id, domain] = fields.children(
        info,
        ["timestamp", "smartAccount", "virtualAccount", "smartAccountId", "virtualAccountId", "smartAccountDomain"],
    )?;
    let mut account = Account::default();
    account.timestamp = fields.millis(timestamp)?;
    account.smart_account = fields.name(smart)?;
    account.virtual_account = fields.name(virt)?;
    account.smart_account_id = fields.name(smart_id)?;
    account.virtual_account_id = fields.name(virtual_id)?;
    account.domain = fields.name(domain)?;
    let signature = fields.signature(signature, true)?;
    Ok(Reading { view: account, signed: SignedPart::Element(info, "customerInfo"), signature })
}

/// A trace id, `correlationID`: 32 hex digits, `-`, 16 hex digits (seen). Any text up to 255 characters is read. It is
/// never signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrelationId(Box<str>);

impl CorrelationId {
    /// The id of a document: 8 hex digits of its second, then the caller's 24 and 16 hex digits (choice).
    ///
    /// ```
    /// use slp_rum::CorrelationId;
    ///
    /// let id = CorrelationId::new("2023-11-15T01:00:01".parse()?, [0x11; 12], [0x22; 8]);
    /// assert_eq!(id.as_str(), "65541811111111111111111111111111-2222222222222222");
    /// assert_eq!(id.time(), Some("2023-11-15T01:00:01".parse()?));
    /// # Ok::<(), slp_model::Error>(())
    /// ```
    pub fn new(created: UnixSeconds, trace: [u8; 12], span: [u8; 8]) -> Self {
        use fmt::Write as _;
        let mut text = format!("{:08x}", created.get());
        for byte in trace {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('-');
        for byte in span {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text.into())
    }

    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time in its first 8 hex digits, if it has the known form (inferred).
    pub fn time(&self) -> Option<UnixSeconds> {
        let (trace, span) = self.0.split_once('-')?;
        let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let seconds = trace.get(..8).filter(|_| trace.len() == 32 && span.len() == 16 && hex(trace) && hex(span))?;
        UnixSeconds::new(i64::from_str_radix(seconds, 16).ok()?).ok()
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Reads the part `correlationID`.
pub(crate) fn read_correlation_id(fields: &mut Fields<'_>) -> Result<Reading<CorrelationId>, Flaw> {
    let text = fields.name(Some(fields.root))?.unwrap_or_default();
    Ok(Reading { view: CorrelationId::from_text(text.trim_ascii()), signed: SignedPart::Never, signature: None })
}
