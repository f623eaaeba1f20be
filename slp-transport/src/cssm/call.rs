//! The older calls differ in path and body alone: one macro makes them.

use std::str::FromStr;

use http::{Request, Response};
use slp_model::{Location, Quoted};

use crate::message::{self, Template, decode_segment, encode_segment};
use crate::wire::{self, Fail, In, Wire};
use crate::{Error, ErrorKind, Limits, StatusWord};

/// Declares a call: method, path template with its values, query, body, answer. `onprem` says that on-premises servers
/// have the same call under their own address.
macro_rules! account_call {
    (
        $(#[$doc:meta])*
        pub struct $name:ident => $method:ident $template:literal ( $($value:ident),* )
            $(query [ $($query:ident : $query_ty:ty = $query_name:literal),+ ])?
            $(body $body:ty)? => $answer:ty $(, $onprem:ident)?
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[non_exhaustive]
        pub struct $name {
            $(
                #[doc = concat!("The `", stringify!($value), "` of the path.")]
                pub $value: String,
            )*
            $($(
                #[doc = concat!("Query parameter `", $query_name, "`.")]
                pub $query: Option<$query_ty>,
            )+)?
            $(
                /// What is sent.
                pub body: $body,
            )?
        }

        impl $name {
            const PATH: $crate::message::Template = $crate::message::Template($template);

            #[doc = concat!("`", stringify!($method), " ", $template, "`")]
            #[allow(clippy::new_without_default, reason = "a call is made by name, also when nothing is needed")]
            pub fn new($($value: impl Into<String>,)* $(body: $body)?) -> Self {
                Self {
                    $($value: $value.into(),)*
                    $($($query: None,)+)?
                    $(body: { let body: $body = body; body },)?
                }
            }

            fn path(&self) -> String {
                #[allow(unused_mut, reason = "not every call has a query")]
                let mut path = Self::PATH.fill(&[$(&self.$value),*]);
                $({
                    let mut mark = '?';
                    $($crate::cssm::call::query(&mut path, &mut mark, $query_name, self.$query.as_ref());)+
                })?
                path
            }

            #[allow(unused_mut, unused_assignments, clippy::unnecessary_wraps, reason = "not every call has a body")]
            fn body_text(&self) -> Option<String> {
                let mut text = None;
                $(
                    let body: &$body = &self.body;
                    text = Some($crate::wire::to_text(body));
                )?
                text
            }

            #[allow(unused_mut, unused_assignments, reason = "not every call has a body")]
            fn masked_text(&self) -> Option<String> {
                let mut text = None;
                $(
                    let body: &$body = &self.body;
                    text = Some($crate::wire::to_masked_text(body));
                )?
                text
            }
        }

        impl $crate::Exchange for $name {
            type Answer = $answer;
            const OPERATION: &'static str = concat!(stringify!($method), " ", $template);

            fn answer(
                response: &http::Response<Vec<u8>>,
                limits: &$crate::Limits,
            ) -> Result<$answer, $crate::Error> {
                $crate::cssm::call::answer(response, limits, Self::OPERATION)
            }
        }

        impl $crate::Call<$crate::cssm::Session> for $name {
            fn into_http(self, session: &$crate::cssm::Session) -> Result<http::Request<Vec<u8>>, $crate::Error> {
                let mut request = session.request(http::Method::$method, &self.path(), self.body_text())?;
                $crate::cssm::call::mask(&mut request, self.masked_text());
                Ok(request)
            }
        }

        $(impl $crate::Call<$crate::onprem::Session> for $name {
            fn into_http(self, session: &$crate::onprem::Session) -> Result<http::Request<Vec<u8>>, $crate::Error> {
                let _ = stringify!($onprem);
                // The address of on-premises servers ends in the version already.
                let path = self.path();
                let path = path.strip_prefix("/v1").unwrap_or(&path);
                let mut request = session.request(http::Method::$method, path, self.body_text())?;
                $crate::cssm::call::mask(&mut request, self.masked_text());
                Ok(request)
            }
        })?

        impl $crate::Serve for $name {
            fn from_http(
                request: &http::Request<Vec<u8>>,
                limits: &$crate::Limits,
            ) -> Result<Self, $crate::Error> {
                use $crate::Exchange as _;
                $crate::message::not_served(request, &http::Method::$method, Self::OPERATION)?;
                let values = $crate::cssm::call::take(Self::PATH, request, Self::OPERATION)?;
                #[allow(unused_mut, unused_variables, reason = "not every path has values")]
                let mut values = values.into_iter();
                let _ = limits;
                Ok(Self {
                    $($value: values.next().unwrap_or_default(),)*
                    $($($query: $crate::cssm::call::query_value::<$query_ty>(
                        request,
                        $query_name,
                        Self::OPERATION,
                    )?,)+)?
                    $(body: {
                        let body: $body = $crate::wire::from_body(request.body(), limits, Self::OPERATION)?;
                        body
                    },)?
                })
            }

            fn respond(answer: &$answer) -> Result<http::Response<Vec<u8>>, $crate::Error> {
                Ok($crate::message::respond(http::StatusCode::OK, $crate::wire::to_text(answer)))
            }
        }
    };
}
pub(crate) use account_call;

/// The licensing calls: `POST`, the message as JSON, the account headers of the session. The last word is the status of a
/// success; `prepare` changes the message before it goes out.
macro_rules! licensing_call {
    ($name:ident at $path:ident => $answer:ty, $status:ident $(, prepare $prepare:ident)?) => {
        impl $crate::Call<$crate::cssm::Session> for $name {
            fn into_http(self, session: &$crate::cssm::Session) -> Result<http::Request<Vec<u8>>, $crate::Error> {
                let message = self;
                $(let message = $prepare(message);)?
                session.licensing_request(&$path.fill(&[]), message.to_json())
            }
        }

        impl $crate::Serve for $name {
            fn from_http(request: &http::Request<Vec<u8>>, limits: &$crate::Limits) -> Result<Self, $crate::Error> {
                use $crate::Exchange as _;
                $crate::message::not_served(request, &http::Method::POST, Self::OPERATION)?;
                $crate::message::take($path, request, Self::OPERATION)?;
                $crate::wire::from_body(request.body(), limits, Self::OPERATION)
            }

            fn respond(answer: &$answer) -> Result<http::Response<Vec<u8>>, $crate::Error> {
                Ok($crate::message::respond(http::StatusCode::$status, answer.to_json()))
            }
        }
    };
}
pub(crate) use licensing_call;

/// Adds one query parameter.
pub(crate) fn query<T: ToString>(path: &mut String, mark: &mut char, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        path.push(std::mem::replace(mark, '&'));
        path.push_str(name);
        path.push('=');
        encode_segment(path, &value.to_string());
    }
}

/// One query parameter of a request. An empty one of a kind that has no empty value counts as absent, as forms send it.
///
/// # Errors
/// [`Request`](ErrorKind::Request) for a value that cannot be read: left out it would mean another question, and all
/// accounts or all pages would be the answer.
pub(crate) fn query_value<T: FromStr>(
    request: &Request<Vec<u8>>,
    name: &str,
    operation: &str,
) -> Result<Option<T>, Error> {
    let mut pairs = request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, value)) = pairs.find(|(known, _)| *known == name) else { return Ok(None) };
    match decode_segment(&value.replace('+', " ")).map(|text| text.parse()) {
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) if value.is_empty() => Ok(None),
        _ => {
            let text = format!("the query parameter {} cannot be read: {}", Quoted(name), Quoted(value));
            Err(Error::new(ErrorKind::Request, text).at(Location::path(operation)))
        }
    }
}

/// The values of the path. Some clients write the literal segment `customer` after the domain (code).
pub(crate) fn take(template: Template, request: &Request<Vec<u8>>, operation: &str) -> Result<Vec<String>, Error> {
    if let Some(values) = template.take(&request.uri().path().replacen("/customer/", "/", 1)) {
        return Ok(values);
    }
    message::take(template, request, operation)
}

/// Keeps the masked body beside the real one, where they differ.
pub(crate) fn mask(request: &mut Request<Vec<u8>>, masked: Option<String>) {
    if let Some(masked) = masked.filter(|masked| masked.as_bytes() != request.body().as_slice()) {
        request.extensions_mut().insert(message::Masked(masked));
    }
}

/// The answer of an older call: a refusal inside a success is a refusal.
pub(crate) fn answer<T: Wire>(response: &Response<Vec<u8>>, limits: &Limits, operation: &str) -> Result<T, Error> {
    message::success(response, operation)?;
    let body = response.body();
    // Calls without an answer of their own are done when the status says so, with whatever body.
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body.as_slice() };
    let text = wire::body_text(body, limits.body_bytes, operation)?;
    let status = status_of(text, limits).map_err(|fail| Error::json(&fail, operation))?;
    if matches!(status, Some(StatusWord::Failed | StatusWord::Error)) {
        return Err(message::failed(response, operation));
    }
    wire::from_body(body, limits, operation)
}

/// The word that all answers may have.
fn status_of(text: &str, limits: &Limits) -> Result<Option<StatusWord>, Fail> {
    let mut input = In::new(text, limits);
    input.reader.begin_object()?;
    while let Some(name) = input.reader.next_member()? {
        if &*name == "status" {
            return wire::nullable(&mut input).map_err(|fail| fail.in_member("status"));
        }
        input.reader.skip()?;
    }
    Ok(None)
}
