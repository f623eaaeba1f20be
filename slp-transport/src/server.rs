//! Serves messages: an axum router over a handler, and TLS for it. Feature `server`.
//!
//! The push endpoint takes `POST {base}` and `POST {base}/{tenant}`. Whatever comes, a device gets an answer of the protocol:
//! an unreadable body, another method, too many bytes, too many requests. Spec: transport, "Who may push", "HTTP status".

mod handshake; // why TLS did not come about
mod limiter; // how much at once
mod listen; // plain and TLS listeners
mod once; // copies of one message
mod patient; // peers that do not take what they are sent

pub use handshake::HandshakeFault;
pub use listen::{serve, serve_tls, serve_tls_noting, tls_config};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{ConnectInfo, State};
use http::{Method, Request, Response, StatusCode, header};
use slp_model::UnixMillis;

use crate::message::Serve;
use crate::push::{Kind, PiCodec, PiRequest, PiResponse, SlpPi1, Tenant, clock_skew, message_code, sha256};
use crate::{Error, ErrorKind, Limits, StatusWord};
use limiter::{Admit, Limiter};
use once::{Message, Once};

/// The longest answer that is remembered: a server holds at most as many of them as its settings say.
const REMEMBERED_BYTES: usize = 64 * 1_024;

/// What a server does with push messages.
pub trait PushHandler: Send + Sync + 'static {
    /// The answer to a request. `tenant` is the segment behind the base address, `from` the address of the sender.
    ///
    /// The device has a usable identity, and the same message does not come twice while it is worked on or its answer is
    /// remembered. Runs on a thread that may block, for a disk say: at most [`at_once`](ServerSettings::at_once) of
    /// them do.
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
    /// Messages of the last day whose answers are remembered, by account, device and nonce: a repeat gets the stored answer and does no work again, the same
    /// nonce with another body is refused. Copies that come while the first is worked on wait for its answer, unless the server
    /// fails it (5xx): then the next one is worked on. Default 4,096; beyond, the oldest are forgotten. 0 remembers none, and
    /// every copy is worked on. An answer of more than 64 KiB is not remembered.
    pub remembered: usize,
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
            remembered: 4_096,
            limits: Limits::default(),
        }
    }
}

struct Push<H> {
    handler: Arc<H>,
    codec: Arc<dyn PiCodec + Send + Sync>,
    settings: ServerSettings,
    limiter: Limiter,
    once: Once,
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
    let once = Once::new(settings.remembered);
    let push = Arc::new(Push { handler, codec, settings, limiter, once, base });
    Router::new().fallback(entry::<H>).with_state(push)
}

/// A router that answers with a function, whatever the path: for test doubles, and for servers of the cloud's or a device's
/// calls that decide with [`respond_to`]. Bodies, times and numbers are bounded as for push messages; what is too much gets
/// its bare status. Answers are made on threads of their own, so they may take their time: sign, unpack, write to disk. One
/// that panics is a 500.
pub fn exchange_router<F>(answer: F, settings: ServerSettings) -> Router
where
    F: Fn(Option<SocketAddr>, Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync + 'static,
{
    let (limiter, answer) = (Limiter::new(&settings), Arc::new(answer));
    let shared = Arc::new((limiter, settings));
    Router::new().fallback(move |request: Request<Body>| {
        let (shared, answer) = (Arc::clone(&shared), Arc::clone(&answer));
        async move {
            let from = sender(&request);
            let (limiter, settings) = &*shared;
            let place = match limiter.admit(from).await {
                Admit::Yes(place) => place,
                Admit::Rate => return status(StatusCode::TOO_MANY_REQUESTS).map(Body::from),
                Admit::Busy => return status(StatusCode::SERVICE_UNAVAILABLE).map(Body::from),
            };
            let (parts, body) = request.into_parts();
            let response = match collect(body, settings).await {
                Ok(body) => {
                    let request = Request::from_parts(parts, body);
                    let answered = tokio::task::spawn_blocking(move || {
                        // The work goes on when the sender hangs up: so long it has its place.
                        let _place = place;
                        answer(from, request)
                    });
                    answered.await.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
                }
                Err(Unread::TooLong) => status(StatusCode::PAYLOAD_TOO_LARGE),
                Err(Unread::TooSlow) => status(StatusCode::REQUEST_TIMEOUT),
            };
            response.map(Body::from)
        }
    })
}

/// Why a body was not read.
enum Unread {
    TooLong,
    TooSlow,
}

/// The whole body, within its bytes and its time. One whose announced length is too much is not waited for.
async fn collect(body: Body, settings: &ServerSettings) -> Result<Vec<u8>, Unread> {
    let most = u64::try_from(settings.limits.body_bytes).unwrap_or(u64::MAX);
    if body.size_hint().lower() > most {
        return Err(Unread::TooLong);
    }
    match tokio::time::timeout(settings.body_time, to_bytes(body, settings.limits.body_bytes)).await {
        Ok(Ok(body)) => Ok(Vec::from(body)),
        Ok(Err(_)) => Err(Unread::TooLong),
        Err(_) => Err(Unread::TooSlow),
    }
}

fn sender(request: &Request<Body>) -> Option<SocketAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| *from)
}

async fn entry<H: PushHandler>(State(push): State<Arc<Push<H>>>, request: Request<Body>) -> Response<Body> {
    let from = sender(&request);
    let answer = push.answer(from, request).await;
    #[cfg(feature = "tracing")]
    tracing::debug!(status = answer.status().as_u16(), "answered");
    answer.map(Body::from)
}

impl<H: PushHandler> Push<H> {
    async fn answer(self: &Arc<Self>, from: Option<SocketAddr>, request: Request<Body>) -> Response<Vec<u8>> {
        let place = match self.limiter.admit(from).await {
            Admit::Yes(place) => place,
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
        let (parts, body) = request.into_parts();
        let body = match collect(body, &self.settings).await {
            Ok(body) => body,
            Err(Unread::TooLong) => return self.refuse(message_code::TOO_LARGE, "body", "more bytes than are taken"),
            Err(Unread::TooSlow) => {
                return self.refuse(message_code::BAD_REQUEST, "body", "the body did not come in time");
            }
        };
        let request = Request::from_parts(parts, body);
        let response = match self.codec.decode_request(&request, &self.settings.limits) {
            Ok(request) if request.protocol != PiRequest::PROTOCOL || matches!(request.kind, Kind::Other(_)) => {
                let answer = PiResponse::to(&request, self.handler.now(), self.handler.correlation_id());
                answer.because(message_code::NOT_SUPPORTED, "kind", "a protocol or kind that is not served")
            }
            Ok(message) => {
                let push = Arc::clone(self);
                // A handler writes to a disk before it answers: the workers of the runtime must not wait for that.
                let answer = tokio::task::spawn_blocking(move || {
                    // The work goes on when the sender hangs up: so long it has its place.
                    let _place = place;
                    push.handle(tenant.as_ref(), from, message, request.body())
                });
                return match answer.await {
                    Ok(response) => response,
                    Err(_) => self.refuse(message_code::INTERNAL, "server", "the server failed"),
                };
            }
            Err(error) => {
                let code =
                    if error.kind() == ErrorKind::Limit { message_code::TOO_LARGE } else { message_code::BAD_REQUEST };
                return self.refuse(code, "body", &error.to_string());
            }
        };
        self.encode(&response)
    }

    /// What holds for every message, before and after the handler has it.
    fn handle(
        &self,
        tenant: Option<&Tenant>,
        from: Option<SocketAddr>,
        message: PiRequest,
        body: &[u8],
    ) -> Response<Vec<u8>> {
        let now = self.handler.now();
        let refused = |code: &str, field: &str, text: &str| {
            self.encode(&PiResponse::to(&message, now, self.handler.correlation_id()).because(code, field, text))
        };
        let Ok(udi) = message.sudi.udi() else {
            return refused(message_code::BAD_REQUEST, "sudi", "the device has no usable product id and serial number");
        };
        if message.kind == Kind::TrustEstablishment && clock_skew(message.timestamp, now).is_some() {
            return refused(message_code::CLOCK_SKEW, "timestamp", "the clocks differ by an hour or more");
        }
        if self.settings.remembered == 0 {
            return self.encode(&self.handler.handle(tenant, from, message));
        }
        // Hashed before a lock is taken: nobody waits for the length of somebody else's body.
        let (nonce, digest, time) = (message.nonce.clone(), sha256(body), now.to_seconds());
        let mut conflict = PiResponse::to(&message, now, String::new());
        let answer = self.once.answer(Message { tenant, udi: &udi, nonce: &nonce, digest, time }, || {
            let answer = self.handler.handle(tenant, from, message);
            // A refusal or a wish to try again is no answer to keep: the next time may go better.
            let is_kept = matches!(answer.status, StatusWord::Ok | StatusWord::OkPoll);
            let response = self.encode(&answer);
            let is_kept = is_kept && response.status().is_success() && response.body().len() <= REMEMBERED_BYTES;
            (response, is_kept)
        });
        answer.unwrap_or_else(|| {
            conflict.correlation_id = self.handler.correlation_id();
            let text = "the nonce was used with another body";
            self.encode(&conflict.because(message_code::NONCE_REUSED, "nonce", text))
        })
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

/// An answer of this status, without a body.
pub fn status(code: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = code;
    response
}

#[cfg(test)]
mod tests;
