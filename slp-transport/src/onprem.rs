//! On-premises servers (SSM On-Prem): token and the calls they share with the cloud. Spec: transport, "e".
//!
//! Their tokens are another type than those of the cloud. No public call takes reports or gives acknowledgements: those
//! move as files. The calls of [`cssm`](crate::cssm) that such a server has too are [`Call`]s of this module's [`Session`] as well.

use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use crate::cssm::{AccountList, TokenAnswer, TokenRequest};
use crate::message::{self, Masked, Serve};
use crate::secret::secret_type;
use crate::wire::{self, Out};
use crate::{BaseUrl, Call, Error, Exchange, Limits};

secret_type! {
    /// A token of an on-premises server. Wiped when dropped.
    pub struct AccessToken;
}

/// Address and token. The address ends in `/backend/api/v1` or `/api/v1` (code).
#[derive(Debug)]
pub struct Session {
    base: BaseUrl,
    token: AccessToken,
}

impl Session {
    /// A session.
    pub fn new(base: BaseUrl, token: AccessToken) -> Self {
        Self { base, token }
    }

    pub(crate) fn request(&self, method: Method, path: &str, body: Option<String>) -> Result<Request<Vec<u8>>, Error> {
        let mut request = Request::new(body.unwrap_or_default().into_bytes());
        *request.method_mut() = method;
        *request.uri_mut() = self.base.join(path)?;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, crate::cssm::bearer(self.token.expose())?);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Ok(request)
    }
}

/// `POST {token address}`: an access token. The parameters travel as JSON here, as a form in the cloud (code).
#[derive(Debug)]
pub struct OnPremTokenRequest(TokenRequest);

impl OnPremTokenRequest {
    /// The same parameters, for an on-premises server.
    pub fn new(request: TokenRequest) -> Self {
        Self(request)
    }

    fn json(&self, masked: bool) -> zeroize::Zeroizing<String> {
        let mut out = Out { text: String::from("{"), masked };
        let mut first = true;
        for (name, value, secret) in self.0.parameters() {
            out.member(&mut first, name);
            out.string(if masked && secret { "***" } else { value });
        }
        out.text.push('}');
        zeroize::Zeroizing::new(out.text)
    }
}

/// A token of an on-premises server and how long it is good for.
#[derive(Debug)]
#[non_exhaustive]
pub struct OnPremToken {
    /// The token.
    pub access_token: AccessToken,
    /// Seconds from the answer; 3599 where the server does not say (choice).
    pub expires_in: u32,
}

impl Exchange for OnPremTokenRequest {
    type Answer = OnPremToken;
    const OPERATION: &'static str = "POST oauth/token";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<OnPremToken, Error> {
        let answer: TokenAnswer = message::body_of(response, limits, Self::OPERATION)?;
        Ok(OnPremToken { access_token: AccessToken::new(answer.access_token.expose()), expires_in: answer.expires_in })
    }
}

impl Call<BaseUrl> for OnPremTokenRequest {
    fn into_http(self, address: &BaseUrl) -> Result<Request<Vec<u8>>, Error> {
        let mut request = Request::new(self.json(false).as_bytes().to_vec());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.join("")?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        request.extensions_mut().insert(Masked(self.json(true).to_string()));
        Ok(request)
    }
}

impl Serve for OnPremTokenRequest {
    fn from_http(request: &Request<Vec<u8>>, limits: &Limits) -> Result<Self, Error> {
        TokenRequest::from_http(request, limits).map(Self)
    }

    fn respond(answer: &OnPremToken) -> Result<Response<Vec<u8>>, Error> {
        let token = crate::cssm::AccessToken::new(answer.access_token.expose());
        TokenRequest::respond(&TokenAnswer::new(token, answer.expires_in))
    }
}

/// `POST /upstream_satellites/accounts`: the accounts of the server (code).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct UpstreamAccounts;

impl UpstreamAccounts {
    /// Asks for the accounts.
    pub fn new() -> Self {
        Self
    }
}

impl Exchange for UpstreamAccounts {
    type Answer = AccountList;
    const OPERATION: &'static str = "POST /upstream_satellites/accounts";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<AccountList, Error> {
        message::body_of(response, limits, Self::OPERATION)
    }
}

impl Call<Session> for UpstreamAccounts {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        session.request(Method::POST, "/upstream_satellites/accounts", None)
    }
}

impl Serve for UpstreamAccounts {
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::POST, Self::OPERATION)?;
        message::take(message::Template("/upstream_satellites/accounts"), request, Self::OPERATION).map(|_| Self)
    }

    fn respond(answer: &AccountList) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::OK, wire::to_text(answer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::cssm::{Grant, ListLicenses, Paging};
    use crate::printable;

    #[test]
    fn the_token_is_asked_for_as_json_and_the_secret_is_masked() {
        let base: BaseUrl = "https://ssm.example:8443/backend/oauth/token".parse().unwrap();
        let request = TokenRequest::new("id", Secret::new("hunter2"), Grant::ClientCredentials);
        let request = OnPremTokenRequest::new(request).into_http(&base).unwrap();
        let text = r#"{"client_id":"id","client_secret":"hunter2","grant_type":"client_credentials"}"#;
        assert_eq!(request.body(), text.as_bytes());
        assert!(!printable(&request).contains("hunter2"));
        let served = OnPremTokenRequest::from_http(&request, &Limits::default()).unwrap();
        assert!(served.0.client_secret.matches("hunter2"));
    }

    #[test]
    fn a_shared_call_has_the_version_once_in_its_address() {
        let base: BaseUrl = "https://ssm.example:8443/backend/api/v1".parse().unwrap();
        let session = Session::new(base, AccessToken::new("t"));
        let request = ListLicenses::new("acme", Paging::new(50, 0)).into_http(&session).unwrap();
        assert_eq!(request.uri().path(), "/backend/api/v1/accounts/acme/licenses");
        assert!(ListLicenses::from_http(&request, &Limits::default()).is_ok());
    }
}
