//! Whole HTTP messages, both ways. Spec: transport, "HTTP" (choice).

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use slp_model::{Location, UnixMillis};

use crate::message::{self, Masked};
use crate::push::{Kind, PiRequest, PiResponse, message_code};
use crate::{BaseUrl, Error, ErrorKind, Limits, Nonce, Refusal, Retry, StatusWord, wire};

/// Turns requests and answers of devices into HTTP messages and back. The state machines know nothing else.
pub trait PiCodec {
    /// The HTTP message of a request to this address.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) when the request cannot be written.
    fn encode_request(&self, request: &PiRequest, address: &BaseUrl) -> Result<Request<Vec<u8>>, Error>;

    /// Reads a request.
    ///
    /// # Errors
    /// [`Request`](ErrorKind::Request) for another method or a content coding; the kinds of a broken body.
    fn decode_request(&self, request: &Request<Vec<u8>>, limits: &Limits) -> Result<PiRequest, Error>;

    /// The HTTP message of an answer.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) when the answer cannot be written.
    fn encode_response(&self, response: &PiResponse) -> Result<Response<Vec<u8>>, Error>;

    /// Reads an answer to the request with this echo.
    ///
    /// # Errors
    /// [`Server`](ErrorKind::Server) for `FAILED` with what the server said; [`Echo`](ErrorKind::Echo) for the answer
    /// to another request; [`Empty`](ErrorKind::Empty) for a success without a body; those of a status that is no
    /// success and of a broken body.
    fn decode_response(&self, response: &Response<Vec<u8>>, echo: &Echo, limits: &Limits) -> Result<PiResponse, Error>;
}

/// What an answer has to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Echo {
    /// Nonce of the request.
    pub nonce: Nonce,
    /// Time of the request.
    pub timestamp: UnixMillis,
    /// Kind of the request.
    pub kind: Kind,
}

impl Echo {
    /// That of a request.
    pub fn of(request: &PiRequest) -> Self {
        Self { nonce: request.nonce.clone(), timestamp: request.timestamp, kind: request.kind.clone() }
    }
}

/// The push protocol of this SDK, `slp-pi/1`. Not compatible with Cisco's devices and servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlpPi1;

impl SlpPi1 {
    /// The codec.
    pub fn new() -> Self {
        Self
    }
}

const OPERATION: &str = "push";

impl PiCodec for SlpPi1 {
    fn encode_request(&self, request: &PiRequest, address: &BaseUrl) -> Result<Request<Vec<u8>>, Error> {
        if request.kind != request.data.kind() {
            let text = format!("data of kind {} in a request of kind {}", request.data.kind(), request.kind);
            return Err(Error::argument(text));
        }
        let mut message = Request::new(request.to_json().into_bytes());
        *message.method_mut() = Method::POST;
        *message.uri_mut() = address.join("")?;
        let json = HeaderValue::from_static("application/json");
        let headers = message.headers_mut();
        headers.insert(header::CONTENT_TYPE, json.clone());
        headers.insert(header::ACCEPT, json);
        headers.insert(header::USER_AGENT, HeaderValue::from_static("slp-pi/1"));
        if request.kind == Kind::TrustEstablishment {
            message.extensions_mut().insert(Masked(wire::to_masked_text(request)));
        }
        Ok(message)
    }

    fn decode_request(&self, request: &Request<Vec<u8>>, limits: &Limits) -> Result<PiRequest, Error> {
        message::not_served(request, &Method::POST, OPERATION)?;
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            let text = "a content coding, where none is taken";
            return Err(Error::new(ErrorKind::Request, text).at(Location::path(OPERATION)));
        }
        wire::from_body(request.body(), limits, OPERATION)
    }

    fn encode_response(&self, response: &PiResponse) -> Result<Response<Vec<u8>>, Error> {
        let status = http_status(response);
        let mut message = message::respond(status, response.to_json());
        let wait = match status {
            StatusCode::TOO_MANY_REQUESTS => Some(response.poll_interval.unwrap_or(1)),
            StatusCode::SERVICE_UNAVAILABLE => Some(response.poll_interval.unwrap_or(30)),
            _ => None,
        };
        if let Some(wait) = wait {
            message.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            message.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        Ok(message)
    }

    fn decode_response(&self, response: &Response<Vec<u8>>, echo: &Echo, limits: &Limits) -> Result<PiResponse, Error> {
        let http = message::success(response, OPERATION);
        let answer = match wire::from_body::<PiResponse>(response.body(), limits, OPERATION) {
            Ok(answer) => answer,
            // A status that is no success says enough, whatever its body.
            Err(error) => return Err(http.err().unwrap_or(error)),
        };
        let unreadable = answer.nonce.is_empty() && answer.status == StatusWord::Failed;
        if !unreadable && (answer.nonce != echo.nonce.as_str() || answer.timestamp != echo.timestamp) {
            let text = "the answer repeats another nonce or timestamp than those of the request";
            return Err(Error::new(ErrorKind::Echo, text).at(Location::path(OPERATION)));
        }
        match (&answer.status, http) {
            (StatusWord::Ok | StatusWord::OkTryAgain, Ok(())) => Ok(answer),
            (StatusWord::OkPoll, Ok(())) if answer.poll_id.is_some() => Ok(answer),
            (StatusWord::OkPoll, Ok(())) => {
                let text = "the answer says OK_POLL and has no poll_id";
                Err(Error::new(ErrorKind::Schema, text).at(Location::path(OPERATION)))
            }
            (StatusWord::Failed, http) => {
                let retry = http.err().map_or(Retry::Never, |error| error.retry());
                Err(refused(answer, response, retry))
            }
            (_, Err(error)) => Err(error),
            (word, Ok(())) => {
                let text = format!("the status word {} is not one of a push", slp_model::Quoted(word.as_str()));
                Err(Error::new(ErrorKind::Schema, text).at(Location::path(OPERATION)))
            }
        }
    }
}

fn refused(answer: PiResponse, response: &Response<Vec<u8>>, retry: Retry) -> Error {
    let mut refusal = Refusal::new(response.status().as_u16());
    refusal.retry = retry;
    refusal.body = response.body().get(..4_096).unwrap_or(response.body()).to_vec();
    refusal.message_code = answer.message_code;
    refusal.message = answer.message;
    refusal.errors = answer.errors.unwrap_or_default();
    refusal.correlation_id = Some(answer.correlation_id);
    let kind = match retry {
        Retry::Throttle { .. } => ErrorKind::Throttled,
        Retry::Transient => ErrorKind::Unavailable,
        _ => ErrorKind::Server,
    };
    Error::refused(kind, OPERATION, refusal)
}

/// The HTTP status of an answer. Spec: transport, "HTTP status, message codes, device view" (choice).
pub fn http_status(response: &PiResponse) -> StatusCode {
    match (&response.status, response.message_code.as_deref()) {
        (StatusWord::Ok | StatusWord::OkTryAgain, _) => StatusCode::OK,
        (StatusWord::OkPoll, _) => StatusCode::ACCEPTED,
        (_, Some(code)) => match code {
            message_code::BAD_REQUEST => StatusCode::BAD_REQUEST,
            message_code::NOT_ALLOWED | message_code::NAT_IDENTITY_REQUIRED => StatusCode::FORBIDDEN,
            message_code::UNKNOWN_TENANT => StatusCode::NOT_FOUND,
            message_code::METHOD => StatusCode::METHOD_NOT_ALLOWED,
            message_code::MEDIA_TYPE => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message_code::NONCE_REUSED => StatusCode::CONFLICT,
            message_code::TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
            message_code::RATE => StatusCode::TOO_MANY_REQUESTS,
            message_code::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
            message_code::BUSY => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[cfg(test)]
mod tests;
