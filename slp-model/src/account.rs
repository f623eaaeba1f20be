//! The accounts that a device belongs to. Spec: ack-auth, "smartLicenseAccountInfo".

use crate::UnixMillis;

/// A smart account and a virtual account, as a document names them. What is absent in the document is `None`; an empty
/// element is an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// `timestamp`: when the document was downloaded, in milliseconds (seen).
    pub timestamp: Option<UnixMillis>,
    /// `smartAccount`: its name (seen).
    pub smart_account: Option<String>,
    /// `virtualAccount`: its name (seen).
    pub virtual_account: Option<String>,
    /// `smartAccountId`: digits, kept as text (seen).
    pub smart_account_id: Option<String>,
    /// `virtualAccountId`: digits, kept as text (seen).
    pub virtual_account_id: Option<String>,
    /// `smartAccountDomain` (seen).
    pub domain: Option<String>,
}

impl Account {
    /// The accounts of these names.
    pub fn new(smart_account: impl Into<String>, virtual_account: impl Into<String>) -> Self {
        Self {
            smart_account: Some(smart_account.into()),
            virtual_account: Some(virtual_account.into()),
            ..Self::default()
        }
    }
}
