//! The address under which a peer serves its operations.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::Error;

/// Scheme, host, port and path prefix, as the operator configured them.
///
/// A doubled slash inside the prefix stays: some published addresses have one (code). Spec: transport, "Base URLs".
///
/// ```
/// use slp_transport::BaseUrl;
///
/// let base: BaseUrl = "https://swapi.example//services/api/".parse()?;
/// assert_eq!(base.join("/v2/accounts")?.to_string(), "https://swapi.example//services/api/v2/accounts");
/// # Ok::<(), slp_transport::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: String,
    authority: String,
    prefix: String,
}

impl BaseUrl {
    /// The address of one operation: the prefix, then `path`, which begins with a slash or is empty.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) when the path cannot stand in an address.
    pub fn join(&self, path: &str) -> Result<Uri, Error> {
        let path_and_query = format!("{}{path}", self.prefix);
        let path_and_query =
            if path_and_query.starts_with('/') { path_and_query } else { format!("/{path_and_query}") };
        Uri::builder()
            .scheme(self.scheme.as_str())
            .authority(self.authority.as_str())
            .path_and_query(path_and_query)
            .build()
            .map_err(|error| Error::argument("the path cannot stand in an address").caused_by(error))
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path before that of an operation, without a slash at its end.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Is the connection encrypted?
    pub fn is_encrypted(&self) -> bool {
        self.scheme == "https"
    }

    /// Does an address lead to the same scheme, host and port? Credentials go nowhere else.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.authority.eq_ignore_ascii_case(&other.authority)
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // Before an @ there may be a password, wherever it was taken to end.
        let bad = |why: &str| {
            let named = if text.contains('@') { "this".to_owned() } else { slp_model::Quoted(text).to_string() };
            Error::argument(format!("{named} is no base address: {why}"))
        };
        let uri: Uri = text.trim().parse().map_err(|error| {
            // A password in the address must not reach a log.
            Error::argument("the base address cannot be read").caused_by(error)
        })?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if scheme != "http" && scheme != "https" {
            return Err(bad("it has to begin with http:// or https://"));
        }
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        if authority.contains('@') {
            return Err(Error::argument("a base address must not hold a user name or a password"));
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err(bad("the host is missing"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(bad("it must not hold a query or a fragment"));
        }
        let path = uri.path();
        let prefix = path.strip_suffix('/').unwrap_or(path);
        Ok(Self { scheme: scheme.to_owned(), authority: authority.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::BaseUrl;

    #[test]
    fn doubled_prefixes_and_slashes_stay_as_configured() {
        for text in [
            "https://swapi.example/services/api/services/api/smart",
            "https://swapi.example//services/api/smart",
            "http://192.0.2.7:8182/cslu/v1/pi",
            "https://[2001:db8::1]:8443/backend",
        ] {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!(base.to_string(), text);
            assert_eq!(base.join("/v2/x").unwrap().to_string(), format!("{text}/v2/x"));
        }
        let base: BaseUrl = "http://192.0.2.7".parse().unwrap();
        assert_eq!(base.join("").unwrap().to_string(), "http://192.0.2.7/");
    }

    #[test]
    fn an_address_with_a_password_is_refused_and_not_repeated() {
        let error = "https://user:hunter2@host/".parse::<BaseUrl>().unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        for text in ["ftp://user:hunter2@host/", "https://user:1?hunter2@host/", "https://user:1#hunter2@host/"] {
            let error = text.parse::<BaseUrl>().unwrap_err();
            assert!(
                !format!("{error} {error:?} {:?}", std::error::Error::source(&error)).contains("hunter2"),
                "{text}"
            );
        }
        for text in ["", "host", "ftp://host/", "https://", "https://host/?a=b", "https:///x", "https://host/#a"] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
