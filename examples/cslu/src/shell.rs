//! Listener and management: devices push to `/cslu/v1/pi`, an operator asks for health, jobs and devices.
//!
//! Messages that arrive while the disk is busy are kept together, in one transaction.

use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use slp_kit::{Clock, Error, Listening, Random};
use slp_model::UnixMillis;
use slp_transport::device::is_basic;
use slp_transport::push::{PiRequest, PiResponse, Tenant, message_code};
use slp_transport::server::{PushHandler, ServerSettings, push_router};

use crate::collector::Collector;

/// Where devices push (doc).
const PUSH: &str = "/cslu/v1/pi";
/// Messages that one transaction takes.
const TOGETHER: usize = 256;

struct Waiting {
    from: Option<IpAddr>,
    request: PiRequest,
    answer: SyncSender<PiResponse>,
}

/// Hands messages to the thread that keeps them.
struct Intake {
    queue: SyncSender<Waiting>,
    clock: Arc<dyn Clock>,
    random: Mutex<Random>,
}

impl Intake {
    fn start(collector: Arc<Mutex<Collector>>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let (queue, waiting) = sync_channel(TOGETHER);
        let time = Arc::clone(&clock);
        std::thread::Builder::new().name("intake".into()).spawn(move || keep(&collector, &waiting, &*time))?;
        Ok(Self { queue, clock, random: Mutex::new(Random::system()) })
    }

    fn broken(&self, timestamp: UnixMillis, text: &str) -> PiResponse {
        PiResponse::unreadable(timestamp, self.correlation_id(), text).because(message_code::INTERNAL, "server", text)
    }
}

/// Keeps what waits, all of it in one transaction, until nobody can send any more.
fn keep(collector: &Mutex<Collector>, waiting: &Receiver<Waiting>, clock: &dyn Clock) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        batch.extend(waiting.try_iter().take(TOGETHER - 1));
        let messages: Vec<(Option<IpAddr>, &PiRequest)> = batch.iter().map(|one| (one.from, &one.request)).collect();
        let answers = lock(collector).push_all(&messages, clock.now());
        for (waiting, answer) in batch.iter().zip(answers) {
            // the device may have gone away
            let _ = waiting.answer.send(answer);
        }
    }
}

impl PushHandler for Intake {
    fn handle(&self, _: Option<&Tenant>, from: Option<SocketAddr>, request: PiRequest) -> PiResponse {
        let (answer, answered) = sync_channel(1);
        let from = from.map(|from| from.ip().to_canonical());
        let sent = self.queue.send(Waiting { from, request, answer });
        match sent.ok().and_then(|()| answered.recv().ok()) {
            Some(answer) => answer,
            None => self.broken(self.now(), "the collector has stopped"),
        }
    }

    fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    fn correlation_id(&self) -> String {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).uuid()
    }
}

/// The routes of a collector.
///
/// # Errors
/// When no thread can be started.
pub fn router(
    collector: Arc<Mutex<Collector>>,
    clock: Arc<dyn Clock>,
    settings: ServerSettings,
) -> Result<Router, Error> {
    let intake = Arc::new(Intake::start(Arc::clone(&collector), clock)?);
    // every route but the devices' own asks who is there
    Ok(Router::new()
        .route("/cslu/v1/health", get(health))
        .route("/cslu/v1/scheduler/jobs", get(jobs))
        .route("/cslu/v1/devices", get(devices))
        .with_state(collector)
        .fallback_service(push_router(PUSH, intake, settings)))
}

type Shared = State<Arc<Mutex<Collector>>>;

async fn health(State(collector): Shared, headers: HeaderMap) -> Response<Body> {
    if !is_admin(&collector, &headers) {
        return unauthorized();
    }
    json(&serde_json::json!({ "status": "UP" }))
}

async fn devices(State(collector): Shared, headers: HeaderMap) -> Response<Body> {
    if !is_admin(&collector, &headers) {
        return unauthorized();
    }
    match lock(&collector).table() {
        Ok(rows) => json(&rows),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn jobs(State(collector): Shared, headers: HeaderMap) -> Response<Body> {
    if !is_admin(&collector, &headers) {
        return unauthorized();
    }
    match lock(&collector).jobs() {
        Ok(jobs) => json(&jobs),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn is_admin(collector: &Mutex<Collector>, headers: &HeaderMap) -> bool {
    let collector = lock(collector);
    let (Some(admin), Some(given)) = (&collector.settings().admin, headers.get(header::AUTHORIZATION)) else {
        return false;
    };
    is_basic(given, &admin.user, &admin.password)
}

fn unauthorized() -> Response<Body> {
    let mut response = status(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"cslu\""));
    response
}

fn status(code: StatusCode) -> Response<Body> {
    slp_transport::server::status(code).map(Body::from)
}

fn json<T: serde::Serialize>(value: &T) -> Response<Body> {
    let Ok(bytes) = serde_json::to_vec(value) else {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn lock(collector: &Mutex<Collector>) -> MutexGuard<'_, Collector> {
    collector.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens on an address: over TLS with this chain and key (PEM both), or plain.
///
/// # Errors
/// When the address cannot be had, or chain and key cannot be used.
pub async fn serve(
    collector: Arc<Mutex<Collector>>,
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    tls: Option<(&[u8], &[u8])>,
    settings: ServerSettings,
) -> Result<Listening, Error> {
    let events = lock(&collector).events.clone();
    let router = router(collector, Arc::clone(&clock), settings)?;
    Listening::start(address, tls, router, events, clock).await
}
