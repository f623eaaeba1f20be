//! A device's own REST service, `/smartlic-service`: close reports, fetch them, import answers. Spec: transport, "a1".
//!
//! First release 17.3.2 (doc). Every request carries HTTP Basic of a user with privilege 15.

mod import; // acknowledgements, codes, policies into the device
mod mock; // what a device of ours writes into its list
mod reports; // close, list, all, days, by id

use base64::Engine as _;
use http::{HeaderValue, Method, Request, header};

pub use import::{Import, ImportEncoding, import_fallback};
pub use mock::{ListItem, Time};
pub use reports::{
    AllReports, CloseReports, DayReports, DeviceReports, ListReports, ReportById, ReportList, ReportPath, UnreadReport,
};

use crate::{BaseUrl, Error, Secret};

/// A device and the user whose name the calls carry.
#[derive(Debug)]
pub struct Session {
    base: BaseUrl,
    user: String,
    password: Secret,
}

impl Session {
    /// The address of the device (without `/smartlic-service`) and a user of it.
    pub fn new(base: BaseUrl, user: impl Into<String>, password: Secret) -> Self {
        Self { base, user: user.into(), password }
    }

    /// The address of the device.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// `Basic …`, marked as sensitive.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, Error> {
        if self.user.contains(':') {
            return Err(Error::argument("a user name for HTTP Basic must not have a colon"));
        }
        let pair = zeroize::Zeroizing::new(format!("{}:{}", self.user, self.password.expose()));
        let text = zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
        let text = zeroize::Zeroizing::new(format!("Basic {}", *text));
        let mut value = HeaderValue::try_from(text.as_str())
            .map_err(|_| Error::argument("the user name or password cannot be sent"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(crate) fn request(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Request<Vec<u8>>, Error> {
        let mut request = Request::new(Vec::new());
        *request.method_mut() = method;
        *request.uri_mut() = self.base.join(path)?;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.authorization()?);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(body) = body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = body;
        }
        Ok(request)
    }
}

/// Is this `Authorization` header HTTP Basic of this user? For servers and test doubles; constant time for the pair.
pub fn is_basic(header: &HeaderValue, user: &str, password: &Secret) -> bool {
    let Some(text) = header.to_str().ok().and_then(|text| text.strip_prefix("Basic ")) else {
        return false;
    };
    let Ok(pair) = base64::engine::general_purpose::STANDARD.decode(text.trim()) else {
        return false;
    };
    let Ok(pair) = String::from_utf8(pair) else {
        return false;
    };
    Secret::new(pair).matches(&zeroize::Zeroizing::new(format!("{user}:{}", password.expose())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_by_name_and_password() {
        let base: BaseUrl = "https://192.0.2.1".parse().unwrap();
        let header = Session::new(base.clone(), "slp", Secret::new("a:b")).authorization().unwrap();
        assert_eq!(header.to_str().unwrap(), "Basic c2xwOmE6Yg==");
        assert!(is_basic(&header, "slp", &Secret::new("a:b")));
        assert!(!is_basic(&header, "slp", &Secret::new("a")));
        assert!(!is_basic(&HeaderValue::from_static("Bearer x"), "slp", &Secret::new("a:b")));
        assert!(Session::new(base, "s:p", Secret::new("x")).authorization().is_err());
    }
}
