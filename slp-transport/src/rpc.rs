//! The remote procedure calls of `cisco-smart-license`: what goes in, what comes out. RESTCONF and NETCONF share it.
//!
//! Spec: transport, "RPCs" (doc).

use crate::cssm::Token;
use crate::secret::without_password;
use crate::yang;
use crate::{Error, ErrorKind, Refusal, Retry};

/// A procedure of the device, with what it is given.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rpc {
    /// Establishes trust. Takes "seconds to hours": poll the trust codes afterwards.
    #[non_exhaustive]
    IdTokenTrust {
        /// The token, 1 to 255 characters.
        token: Token,
        /// For all members of the set?
        all_ha: bool,
        /// Also where there is trust already?
        force: bool,
    },
    /// Writes all reports to a file.
    SaveUsageAll(FilePath),
    /// Writes the reports that were not sent yet to a file.
    SaveUsageUnreported(FilePath),
    /// Writes the reports of the last days to a file.
    SaveUsageDays(FilePath, Option<u32>),
    /// Writes a trust request to a file.
    TrustRequestSave(FilePath),
    /// Asks the server for an authorization code. Does not wait for it.
    #[non_exhaustive]
    AuthorizationRequestOnline {
        /// Name of the feature, 1 to 255 characters.
        feature_name: String,
        /// For this device alone?
        local: bool,
        /// Beside the code that is installed?
        add: bool,
    },
    /// Removes the code, then tells the server, once. Fails while the licence is in use.
    #[non_exhaustive]
    AuthorizationReturnOnline {
        /// For this device alone?
        local: bool,
    },
    /// Removes the code and writes the return to a file.
    #[non_exhaustive]
    AuthorizationReturnOffline {
        /// For this device alone?
        local: bool,
        /// The file.
        file_path: FilePath,
    },
    /// Imports a document from a file.
    ImportFile(FilePath),
    /// Registers, the classic way.
    #[non_exhaustive]
    RegisterIdToken {
        /// The token.
        token: Token,
        /// Also where there is a registration already?
        force: bool,
    },
    /// Ends a registration, the classic way.
    DeRegister,
    /// Renews the identity, the classic way.
    RenewId,
    /// Renews the authorization, the classic way.
    RenewAuth,
}

/// Where a device writes or reads: 1 to 127 characters, on the device or on a server that it reaches.
///
/// An address may hold a password (`scp://me:secret@host/file`): `Debug` and printed requests hide it.
#[derive(Clone, PartialEq, Eq)]
pub struct FilePath(String);

impl std::fmt::Debug for FilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FilePath").field(&without_password(&self.0)).finish()
    }
}

impl FilePath {
    /// This path.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) if it is empty, too long or has a control character.
    pub fn new(path: impl Into<String>) -> Result<Self, Error> {
        let path = path.into();
        if (1..=127).contains(&path.chars().count()) && !path.chars().any(char::is_control) {
            return Ok(Self(path));
        }
        Err(Error::argument("a file path on a device has 1 to 127 characters"))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One input of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a> {
    Text(&'a str),
    Path(&'a str),
    Secret(&'a str),
    Flag(bool),
    Number(u32),
}

impl Rpc {
    /// Establishes trust for this device alone.
    pub fn id_token_trust(token: Token) -> Self {
        Self::IdTokenTrust { token, all_ha: false, force: false }
    }

    /// Asks for a code for this device alone, beside the one that is installed.
    pub fn authorization_request(feature_name: impl Into<String>) -> Self {
        Self::AuthorizationRequestOnline { feature_name: feature_name.into(), local: true, add: true }
    }

    /// Gives the code of this device back.
    pub fn authorization_return() -> Self {
        Self::AuthorizationReturnOnline { local: true }
    }

    /// Gives codes back by a file: of this device, or of all members.
    pub fn authorization_return_offline(local: bool, file_path: FilePath) -> Self {
        Self::AuthorizationReturnOffline { local, file_path }
    }

    /// Its name in the module.
    pub fn name(&self) -> &'static str {
        match self {
            Self::IdTokenTrust { .. } => "id-token-trust",
            Self::SaveUsageAll(_) => "rum-save-usage-all",
            Self::SaveUsageUnreported(_) => "rum-save-usage-unreported",
            Self::SaveUsageDays(..) => "rum-save-usage-days",
            Self::TrustRequestSave(_) => "trust-request-save",
            Self::AuthorizationRequestOnline { .. } => "authorization-request-online",
            Self::AuthorizationReturnOnline { .. } => "authorization-code-return-online",
            Self::AuthorizationReturnOffline { .. } => "authorization-code-return-offline",
            Self::ImportFile(_) => "import-file",
            Self::RegisterIdToken { .. } => "register-id-token",
            Self::DeRegister => "de-register",
            Self::RenewId => "renew-id",
            Self::RenewAuth => "renew-auth",
        }
    }

    /// Names of all calls of the module.
    pub const NAMES: [&'static str; 13] = [
        "id-token-trust",
        "rum-save-usage-all",
        "rum-save-usage-unreported",
        "rum-save-usage-days",
        "trust-request-save",
        "authorization-request-online",
        "authorization-code-return-online",
        "authorization-code-return-offline",
        "import-file",
        "register-id-token",
        "de-register",
        "renew-id",
        "renew-auth",
    ];

    pub(crate) fn inputs(&self) -> Vec<(&'static str, Input<'_>)> {
        match self {
            Self::IdTokenTrust { token, all_ha, force } => vec![
                ("id-token", Input::Secret(token.expose())),
                ("all-ha", Input::Flag(*all_ha)),
                ("force", Input::Flag(*force)),
            ],
            Self::SaveUsageAll(path)
            | Self::SaveUsageUnreported(path)
            | Self::TrustRequestSave(path)
            | Self::ImportFile(path) => vec![("file-path", Input::Path(path.as_str()))],
            Self::SaveUsageDays(path, days) => {
                let days = days.map(|days| ("days", Input::Number(days)));
                std::iter::once(("file-path", Input::Path(path.as_str()))).chain(days).collect()
            }
            Self::AuthorizationRequestOnline { feature_name, local, add } => vec![
                ("feature-name", Input::Text(feature_name)),
                ("local", Input::Flag(*local)),
                ("add", Input::Flag(*add)),
            ],
            Self::AuthorizationReturnOnline { local } => vec![("local", Input::Flag(*local))],
            Self::AuthorizationReturnOffline { local, file_path } => {
                vec![("local", Input::Flag(*local)), ("file-path", Input::Path(file_path.as_str()))]
            }
            Self::RegisterIdToken { token, force } => {
                vec![("id-token", Input::Secret(token.expose())), ("force", Input::Flag(*force))]
            }
            Self::DeRegister | Self::RenewId | Self::RenewAuth => Vec::new(),
        }
    }
}

/// What a device answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RpcAnswer {
    /// A word of [`XE_ERRORS`](yang::XE_ERRORS), or one that is not in the module.
    pub return_code: String,
    /// The code of a return.
    pub authorization_return_string: Option<String>,
    /// Codes that an import has overwritten.
    pub confirmation_codes: Option<String>,
}

impl RpcAnswer {
    /// An answer with this word.
    pub fn new(return_code: impl Into<String>) -> Self {
        Self { return_code: return_code.into(), ..Self::default() }
    }

    /// The answer, if it is a good one.
    ///
    /// # Errors
    /// [`Device`](ErrorKind::Device), or [`DeviceCommunication`](ErrorKind::DeviceCommunication) when the device could
    /// not reach its server, with the word as the code of the refusal.
    pub fn checked(self, operation: &str) -> Result<Self, Error> {
        if yang::is_good(&self.return_code) {
            return Ok(self);
        }
        let mut refusal = Refusal::new(0);
        let kind = if yang::is_communication(&self.return_code) {
            refusal.retry = Retry::Transient;
            ErrorKind::DeviceCommunication
        } else {
            ErrorKind::Device
        };
        let text = format!("the device answered {}", slp_model::Quoted(&self.return_code));
        refusal.message_code = Some(self.return_code);
        Err(Error::new(kind, text).at(slp_model::Location::path(operation)).caused_by(refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusing_word_is_kept_and_says_whether_a_repeat_helps() {
        assert!(RpcAnswer::new("registrationinprogress").checked("x").is_ok());
        let error = RpcAnswer::new("commsend").checked("x").unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::DeviceCommunication, Retry::Transient));
        let error = RpcAnswer::new("brandnew").checked("x").unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Device, Retry::Never));
        assert_eq!(error.to_string(), r#"x: the device answered "brandnew""#);
    }

    #[test]
    fn a_path_has_1_to_127_characters() {
        assert!(FilePath::new("x".repeat(127)).is_ok());
        assert!(FilePath::new("x".repeat(128)).is_err() && FilePath::new("").is_err() && FilePath::new("a\n").is_err());
    }
}
