//! Serves messages: an axum router over a handler, and TLS for it. Feature `server`.
//!
//! The push endpoint takes `POST {base}` and `POST {base}/{tenant}`. Whatever comes, a device gets an answer of the protocol:
//! an unreadable body, another method, too many bytes, too many requests. Spec: transport, "Who may push", "HTTP status".

mod limiter; // how much at once
mod listen; // plain and TLS listeners

pub use listen::{serve, serve_tls, tls_config};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State};
use http::{Method, Request, Response, StatusCode, header};
use slp_model::UnixMillis;

use crate::message::Serve;
use crate::push::{Kind, PiCodec, PiRequest, PiResponse, SlpPi1, Tenant, message_code};
use crate::{Error, ErrorKind, Limits};
use limiter::{Admit, Limiter};

/// What a server does with push messages.
pub trait PushHandler: Send + Sync + 'static {
    /// The answer to a request. `tenant` is the segment behind the base address, `from` the address of the sender.
    ///
    /// Runs on a thread that may block, for a disk say: at most [`at_once`](ServerSettings::at_once) of them do.
    fn handle(&self, tenant: Option<&Tenant>, from: Option<SocketAddr>, request: PiRequest) -> PiResponse;

    /// The server's clock.
    fn now(&self) -> UnixMillis;

    /// A fresh id for the server's support.
    fn correlation_id(&self) -> String;
}

/// How much a push endpoint takes. Spec: transport, "Who may push" (choice).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Requests at once. Default 64.
    pub at_once: usize,
    /// Requests that wait. Default 1,024; one more gets 503 `PI_BUSY`.
    pub waiting: usize,
    /// Requests of one address in a second. Default 20; one more gets 429 `PI_RATE`. 0: as many as there are.
    pub per_second: u32,
    /// Until a body is read. Default 30 s: a slow sender must not hold its place.
    pub body_time: Duration,
    /// What a message may cost.
    pub limits: Limits,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            at_once: 64,
            waiting: 1_024,
            per_second: 20,
            body_time: Duration::from_secs(30),
            limits: Limits::default(),
        }
    }
}

struct Push<H> {
    handler: Arc<H>,
    codec: Arc<dyn PiCodec + Send + Sync>,
    settings: ServerSettings,
    limiter: Limiter,
    base: String,
}

/// A router for push messages under `base`, such as `/cslu/v1/pi`, with the protocol of this SDK.
pub fn push_router<H: PushHandler>(base: &str, handler: Arc<H>, settings: ServerSettings) -> Router {
    push_router_with(base, handler, settings, Arc::new(SlpPi1::new()))
}

/// As [`push_router`], with another codec.
pub fn push_router_with<H: PushHandler>(
    base: &str,
    handler: Arc<H>,
    settings: ServerSettings,
    codec: Arc<dyn PiCodec + Send + Sync>,
) -> Router {
    let base = format!("/{}", base.trim_matches('/'));
    let limiter = Limiter::new(&settings);
    let push = Arc::new(Push { handler, codec, settings, limiter, base: base.clone() });
    Router::new().fallback(entry::<H>).with_state(push)
}

async fn entry<H: PushHandler>(State(push): State<Arc<Push<H>>>, request: Request<Body>) -> Response<Body> {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| *from);
    let answer = push.answer(from, request).await;
    #[cfg(feature = "tracing")]
    tracing::debug!(status = answer.status().as_u16(), "answered");
    answer.map(Body::from)
}

impl<H: PushHandler> Push<H> {
    async fn answer(&self, from: Option<SocketAddr>, request: Request<Body>) -> Response<Vec<u8>> {
        let permit = match self.limiter.admit(from).await {
            Admit::Yes(permit) => permit,
            Admit::Rate => return self.refuse(message_code::RATE, "source", "too many requests in a second"),
            Admit::Busy => return self.refuse(message_code::BUSY, "server", "too many requests at once"),
        };
        let Ok(tenant) = self.tenant(request.uri().path()) else {
            return self.refuse(message_code::UNKNOWN_TENANT, "path", "no such account or path");
        };
        if request.uri().query().is_some() {
            return self.refuse(message_code::UNKNOWN_TENANT, "path", "a query, where none is taken");
        }
        if request.method() != Method::POST {
            return self.refuse(message_code::METHOD, "method", "POST alone is taken");
        }
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            return self.refuse(message_code::MEDIA_TYPE, "content-encoding", "no content coding is taken");
        }
        let limit = self.settings.limits.body_bytes;
        let (parts, body) = request.into_parts();
        let body = match tokio::time::timeout(self.settings.body_time, to_bytes(body, limit)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return self.refuse(message_code::TOO_LARGE, "body", "more bytes than are taken"),
            Err(_) => return self.refuse(message_code::BAD_REQUEST, "body", "the body did not come in time"),
        };
        let request = Request::from_parts(parts, Vec::from(body));
        let response = match self.codec.decode_request(&request, &self.settings.limits) {
            Ok(request) if request.protocol != PiRequest::PROTOCOL || matches!(request.kind, Kind::Other(_)) => {
                let answer = PiResponse::to(&request, self.handler.now(), self.handler.correlation_id());
                answer.because(message_code::NOT_SUPPORTED, "kind", "a protocol or kind that is not served")
            }
            Ok(request) => {
                let handler = Arc::clone(&self.handler);
                // A handler writes to a disk before it answers: the workers of the runtime must not wait for that.
                let answer = tokio::task::spawn_blocking(move || handler.handle(tenant.as_ref(), from, request));
                match answer.await {
                    Ok(answer) => answer,
                    Err(_) => return self.refuse(message_code::INTERNAL, "server", "the server failed"),
                }
            }
            Err(error) => {
                let code =
                    if error.kind() == ErrorKind::Limit { message_code::TOO_LARGE } else { message_code::BAD_REQUEST };
                return self.refuse(code, "body", &error.to_string());
            }
        };
        drop(permit);
        self.encode(&response)
    }

    /// The account that a path names: none for the base itself, an error for another path.
    fn tenant(&self, path: &str) -> Result<Option<Tenant>, Error> {
        let other = || Error::new(ErrorKind::Request, "the path is not that of this endpoint");
        let rest = path.strip_prefix(&self.base).ok_or_else(other)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() {
            return Ok(None);
        }
        rest.strip_prefix('/').ok_or_else(other)?.parse().map(Some)
    }

    fn refuse(&self, code: &str, field: &str, text: &str) -> Response<Vec<u8>> {
        let mut answer = PiResponse::unreadable(self.handler.now(), self.handler.correlation_id(), text);
        answer.errors = None;
        self.encode(&answer.because(code, field, text))
    }

    fn encode(&self, response: &PiResponse) -> Response<Vec<u8>> {
        self.codec.encode_response(response).unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

/// The answer of an operation of the cloud or of a device, for test doubles: reads the request, asks `answer`, writes what it
/// says. Errors become their status: 400 for a body that cannot be read, 404 for another path or method, 413 for
/// too many bytes, 422 for a refusal of `answer`.
pub fn respond_to<M: Serve>(
    request: &Request<Vec<u8>>,
    limits: &Limits,
    answer: impl FnOnce(M) -> Result<M::Answer, Error>,
) -> Response<Vec<u8>> {
    let message = match M::from_http(request, limits) {
        Ok(message) => message,
        Err(error) => return status(request_status(&error)),
    };
    match answer(message).and_then(|answer| M::respond(&answer)) {
        Ok(response) => response,
        Err(error) => match error.refusal().and_then(|refusal| StatusCode::from_u16(refusal.status).ok()) {
            Some(code) if !code.is_success() => status(code),
            _ => status(StatusCode::UNPROCESSABLE_ENTITY),
        },
    }
}

fn request_status(error: &Error) -> StatusCode {
    match error.kind() {
        ErrorKind::Request => StatusCode::NOT_FOUND,
        ErrorKind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn status(code: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = code;
    response
}
