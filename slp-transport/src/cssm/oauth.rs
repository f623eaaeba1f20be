//! `POST {token address}`: an access token. Spec: transport, "Token".

use std::fmt;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use slp_model::{Location, Seconds, UnixSeconds};
use zeroize::Zeroizing;

use crate::message::{self, Masked, Serve};
use crate::secret::secret_type;
use crate::wire::{self, Fail, In, Wire};
use crate::{BaseUrl, Call, Error, ErrorKind, Exchange, Limits, Secret};

secret_type! {
    /// A token of the cloud. Tokens of an on-premises server are another type. Wiped when dropped.
    pub struct AccessToken;
}

/// What a token is asked with.
#[derive(Debug)]
#[non_exhaustive]
pub enum Grant {
    /// `grant_type=client_credentials`: the application by itself.
    ClientCredentials,
    /// `grant_type=password`: a person; applications of type "Native" (code).
    #[non_exhaustive]
    Password {
        /// Name of the person.
        username: String,
        /// Its password.
        password: Secret,
    },
    /// `grant_type=refresh_token`, with the token of an earlier answer.
    #[non_exhaustive]
    Refresh {
        /// The refresh token.
        token: Secret,
    },
}

impl Grant {
    /// A person's account.
    pub fn password(username: impl Into<String>, password: Secret) -> Self {
        Self::Password { username: username.into(), password }
    }

    /// An earlier answer's refresh token.
    pub fn refresh(token: Secret) -> Self {
        Self::Refresh { token }
    }
}

/// Asks for a token. The parameters travel in the body, never in the address, where logs would keep them.
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenRequest {
    /// Id of the application, as the vendor registered it.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// In whose name.
    pub grant: Grant,
}

impl TokenRequest {
    /// A request of an application.
    pub fn new(client_id: impl Into<String>, client_secret: Secret, grant: Grant) -> Self {
        Self { client_id: client_id.into(), client_secret, grant }
    }

    /// Name, value, and whether the value is a secret.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, &str, bool)> {
        let mut parameters =
            vec![("client_id", self.client_id.as_str(), false), ("client_secret", self.client_secret.expose(), true)];
        match &self.grant {
            Grant::ClientCredentials => parameters.push(("grant_type", "client_credentials", false)),
            Grant::Password { username, password } => parameters.extend([
                ("grant_type", "password", false),
                ("username", username.as_str(), false),
                ("password", password.expose(), true),
            ]),
            Grant::Refresh { token } => {
                parameters.extend([("grant_type", "refresh_token", false), ("refresh_token", token.expose(), true)]);
            }
        }
        parameters
    }

    /// Takes a request from its parameters.
    pub(crate) fn from_parameters(find: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let need = |name: &str| {
            let at = || Location::path(Self::OPERATION);
            find(name).ok_or_else(|| Error::new(ErrorKind::Schema, format!("the parameter {name} is missing")).at(at()))
        };
        let grant = match need("grant_type")?.as_str() {
            "client_credentials" => Grant::ClientCredentials,
            "password" => Grant::password(need("username")?, Secret::new(need("password")?)),
            "refresh_token" => Grant::refresh(Secret::new(need("refresh_token")?)),
            other => {
                let text = format!("the grant type {} is not known", slp_model::Quoted(other));
                return Err(Error::new(ErrorKind::Schema, text).at(Location::path(Self::OPERATION)));
            }
        };
        Ok(Self::new(need("client_id")?, Secret::new(need("client_secret")?), grant))
    }
}

fn form(parameters: &[(&'static str, &str, bool)], masked: bool) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    for (name, value, secret) in parameters {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        if masked && *secret {
            out.push_str("***");
        } else {
            message::encode_segment(&mut out, value);
        }
    }
    out
}

impl Exchange for TokenRequest {
    type Answer = TokenAnswer;
    const OPERATION: &'static str = "POST token";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<TokenAnswer, Error> {
        message::body_of(response, limits, Self::OPERATION)
    }
}

impl Call<BaseUrl> for TokenRequest {
    fn into_http(self, address: &BaseUrl) -> Result<Request<Vec<u8>>, Error> {
        let parameters = self.parameters();
        let mut request = Request::new(form(&parameters, false).as_bytes().to_vec());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.join("")?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        request.extensions_mut().insert(Masked(form(&parameters, true).to_string()));
        Ok(request)
    }
}

impl Serve for TokenRequest {
    /// Takes a form, and JSON too (as on-premises servers do). Spec: transport, "e" (choice).
    fn from_http(request: &Request<Vec<u8>>, limits: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::POST, Self::OPERATION)?;
        let text = wire::body_text(request.body(), limits.body_bytes, Self::OPERATION)?;
        let pairs = if text.trim_start().starts_with('{') {
            let mut input = In::new(text, limits);
            strings(&mut input).map_err(|fail| Error::json(&fail, Self::OPERATION))?
        } else {
            let mut pairs = Vec::new();
            for pair in text.split('&') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = message::decode_segment(&value.replace('+', " ")).unwrap_or_default();
                pairs.push((name.to_owned(), value));
            }
            pairs
        };
        Self::from_parameters(|name| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    fn respond(answer: &TokenAnswer) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::OK, wire::to_text(answer)))
    }
}

/// The string members of an object.
fn strings(input: &mut In<'_, '_>) -> Result<Vec<(String, String)>, Fail> {
    let mut pairs = Vec::new();
    input.reader.begin_object()?;
    while let Some(name) = input.reader.next_member()? {
        if input.reader.kind()? == slp_model::json::ValueKind::String {
            pairs.push((name.into_owned(), input.reader.string()?.into_owned()));
        } else {
            input.reader.skip()?;
        }
    }
    Ok(pairs)
}

/// A token and how long it is good for.
#[non_exhaustive]
pub struct TokenAnswer {
    /// What the following calls carry: `Authorization: Bearer …`.
    pub access_token: AccessToken,
    /// `Bearer`; what a server leaves out counts as that.
    pub token_type: String,
    /// Seconds from the answer.
    pub expires_in: u32,
    /// Some grants give one.
    pub refresh_token: Option<Secret>,
}

impl TokenAnswer {
    /// A token for `expires_in` seconds.
    pub fn new(access_token: AccessToken, expires_in: u32) -> Self {
        Self { access_token, token_type: "Bearer".into(), expires_in, refresh_token: None }
    }

    /// From when on a new token should be asked for: a minute before this one ends (choice).
    pub fn renew_at(&self, now: UnixSeconds) -> UnixSeconds {
        now.saturating_add(Seconds::new(i64::from(self.expires_in.saturating_sub(60))))
    }
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("TokenAnswer");
        fields.field("access_token", &self.access_token).field("token_type", &self.token_type);
        fields.field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl Wire for TokenAnswer {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let start = input.reader.value_offset();
        let (mut token, mut kind, mut expires, mut refresh) = (None, None, None, None);
        // Of two tokens one would be used, the other not: which one is nobody's to guess.
        let (mut seen, known) =
            (slp_model::json::Seen::default(), ["access_token", "token_type", "expires_in", "refresh_token"]);
        input.reader.begin_object()?;
        loop {
            let at = input.reader.value_offset();
            let Some(name) = input.reader.next_member()? else { break };
            let index = (0_u8..).zip(known).find_map(|(index, known)| (known == name).then_some(index));
            if index.is_some_and(|index| !seen.known(index)) {
                return Err(slp_model::json::Fault::duplicate(at, &name).into());
            }
            match &*name {
                "access_token" => token = Some(AccessToken::new(String::read(input)?)),
                "token_type" => kind = Some(String::read(input)?),
                "expires_in" => expires = Some(u32::read(input).map_err(|fail| fail.in_member("expires_in"))?),
                "refresh_token" => refresh = wire::said(input)?.map(Secret::new),
                _ => drop(input.reader.skip()?),
            }
        }
        Ok(Self {
            access_token: token.ok_or_else(|| Fail::missing(start, "access_token"))?,
            token_type: kind.unwrap_or_else(|| "Bearer".into()),
            expires_in: expires.ok_or_else(|| Fail::missing(start, "expires_in"))?,
            refresh_token: refresh,
        })
    }

    fn write(&self, out: &mut wire::Out) {
        out.text.push_str("{\"access_token\":");
        out.string(if out.masked { "***" } else { self.access_token.expose() });
        out.text.push_str(",\"token_type\":");
        out.string(&self.token_type);
        out.text.push_str(",\"expires_in\":");
        self.expires_in.write(out);
        if let Some(token) = &self.refresh_token {
            out.text.push_str(",\"refresh_token\":");
            out.string(if out.masked { "***" } else { token.expose() });
        }
        out.text.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_stands_twice_is_refused_and_what_is_not_known_may() {
        let read = |text: &str| wire::from_text::<TokenAnswer>(text, &Limits::default());
        let good = r#"{"x":1,"access_token":"a","expires_in":60,"x":2}"#;
        assert_eq!((read(good).unwrap().access_token.expose(), read(good).unwrap().expires_in), ("a", 60));
        for twice in [r#""access_token":"b""#, r#""expires_in":60"#] {
            let error = read(&good.replace(r#""x":2"#, twice)).map(drop).unwrap_err();
            assert!(error.fault().message().contains("twice"), "{}", error.fault().message());
        }
    }
}
