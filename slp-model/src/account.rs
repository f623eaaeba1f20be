//! The accounts that a device belongs to. Spec: ack-auth, "smartLicenseAccountInfo".

use serde::{Deserialize, Serialize};

use crate::UnixMillis;

/// A smart account and a virtual account, as a document names them. What is absent in the document is `None`; an empty
/// element is an empty text.
///
/// As JSON: an object of the names of the elements, what is absent left out. It has no text form: a name may hold any
/// character.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Account {
    /// `timestamp`: when the document was downloaded, in milliseconds (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<UnixMillis>,
    /// `smartAccount`: its name (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smart_account: Option<String>,
    /// `virtualAccount`: its name (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_account: Option<String>,
    /// `smartAccountId`: digits, kept as text (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smart_account_id: Option<String>,
    /// `virtualAccountId`: digits, kept as text (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_account_id: Option<String>,
    /// `smartAccountDomain` (seen).
    #[serde(rename = "smartAccountDomain", skip_serializing_if = "Option::is_none")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_names_of_the_elements_and_reads_back() {
        let mut account = Account::new("A", "");
        account.timestamp = UnixMillis::new(1_700_000_000_000).ok();
        account.domain = Some("example.com".into());
        let json = serde_json::to_string(&account).unwrap();
        insta::assert_snapshot!(json, @r#"{"timestamp":1700000000000,"smartAccount":"A","virtualAccount":"","smartAccountDomain":"example.com"}"#);
        assert_eq!(serde_json::from_str::<Account>(&json).unwrap(), account);
    }
}
