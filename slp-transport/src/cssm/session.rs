//! What all calls of one account share.

use std::fmt::Write as _;

use http::{HeaderValue, Method, Request, header};

use crate::cssm::AccessToken;
use crate::wire::record;
use crate::{BaseUrl, Error};

record! {
    /// Who asks: the value of `X-CSW-REQUESTING-SYSTEM`. Spec: transport, "Headers of the SLP calls" (code).
    pub struct RequestingSystem {
        /// Product id of the collector or of the device.
        udi_pid: req String = "udi_pid",
        /// Its serial number.
        udi_serial_number: req String = "udi_serial_number",
        /// A name to show.
        display_name: opt String = "display_name",
        /// Its name elsewhere.
        host_identifier: opt String = "host_identifier",
    }
}

impl RequestingSystem {
    /// As a header value: everything outside ASCII as `\uXXXX`.
    fn header(&self) -> String {
        let mut out = String::new();
        for character in self.to_json().chars() {
            if character.is_ascii() {
                out.push(character);
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
        out
    }
}

/// The address of the cloud, a token, and for whom the calls are made.
#[derive(Debug)]
pub struct Session {
    base: BaseUrl,
    token: AccessToken,
    accounts: Option<(String, String)>,
    requesting_system: Option<RequestingSystem>,
}

impl Session {
    /// A session without account ids: enough for [`SearchAccounts`](crate::cssm::SearchAccounts) and the older calls.
    pub fn new(base: BaseUrl, token: AccessToken) -> Self {
        Self { base, token, accounts: None, requesting_system: None }
    }

    /// The same session for these accounts: numeric ids, as the account search gives them (seen).
    #[must_use]
    pub fn with_accounts(mut self, smart_account: impl Into<String>, virtual_account: impl Into<String>) -> Self {
        self.accounts = Some((smart_account.into(), virtual_account.into()));
        self
    }

    /// The same session, saying who asks.
    #[must_use]
    pub fn with_requesting_system(mut self, system: RequestingSystem) -> Self {
        self.requesting_system = Some(system);
        self
    }

    /// The same session with a fresh token.
    #[must_use]
    pub fn with_token(mut self, token: AccessToken) -> Self {
        self.token = token;
        self
    }

    /// Where the calls go: scheme, host, port and path before that of a call.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// A request with the token, and a JSON body where there is one.
    pub(crate) fn request(&self, method: Method, path: &str, body: Option<String>) -> Result<Request<Vec<u8>>, Error> {
        let mut request = Request::new(Vec::new());
        *request.method_mut() = method;
        *request.uri_mut() = self.base.join(path)?;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, bearer(self.token.expose())?);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        *request.body_mut() = body.unwrap_or_default().into_bytes();
        Ok(request)
    }

    /// A request of the licensing calls, with the account headers.
    pub(crate) fn licensing_request(&self, path: &str, body: String) -> Result<Request<Vec<u8>>, Error> {
        let Some((smart, virtual_account)) = &self.accounts else {
            return Err(Error::argument("this call needs the ids of a Smart Account and of a virtual account"));
        };
        let mut request = self.request(Method::POST, path, Some(body))?;
        let headers = request.headers_mut();
        headers.insert("x-csw-smart-account-id", id_header(smart)?);
        headers.insert("x-csw-virtual-account-id", id_header(virtual_account)?);
        if let Some(system) = &self.requesting_system {
            let value = HeaderValue::try_from(system.header())
                .map_err(|error| Error::argument("the requesting system cannot be a header").caused_by(error))?;
            headers.insert("x-csw-requesting-system", value);
        }
        Ok(request)
    }
}

/// `Bearer …`, marked as sensitive.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let text = zeroize::Zeroizing::new(format!("Bearer {token}"));
    let mut value = HeaderValue::try_from(text.as_str())
        .map_err(|_| Error::argument("the access token has characters that cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn id_header(id: &str) -> Result<HeaderValue, Error> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = format!("{} is no account id: a decimal number", slp_model::Quoted(id));
        return Err(Error::argument(text));
    }
    HeaderValue::try_from(id).map_err(|error| Error::argument("an account id cannot be a header").caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::RequestingSystem;

    #[test]
    fn the_requesting_system_is_ascii_json() {
        let mut system = RequestingSystem::new("C8000V", "TST00000001");
        system.display_name = Some("é😀".into());
        assert_eq!(
            system.header(),
            r#"{"udi_pid":"C8000V","udi_serial_number":"TST00000001","display_name":"\u00e9\ud83d\ude00"}"#
        );
    }
}
