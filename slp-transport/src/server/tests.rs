//! Two copies of a message, as the router hands them on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::*;
use crate::push::{Identity, UsageReporting};
use crate::{Action, Nonce, PollId, Sudi};

/// Holds each message until told to go on.
struct Slow {
    handled: AtomicUsize,
    entered: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

impl PushHandler for Slow {
    fn handle(&self, _: Option<&Tenant>, _: Option<SocketAddr>, request: PiRequest) -> PiResponse {
        let number = self.handled.fetch_add(1, Ordering::SeqCst);
        self.entered.lock().unwrap().send(()).unwrap();
        let _ = self.go.lock().unwrap().recv();
        let id = (1_u64 << 54).saturating_add(u64::try_from(number).unwrap());
        PiResponse::to(&request, self.now(), self.correlation_id()).later(
            PollId::from(id),
            60,
            Action::Acknowledgements,
        )
    }

    fn now(&self) -> UnixMillis {
        UnixMillis::new(1_790_000_000_000).unwrap()
    }

    fn correlation_id(&self) -> String {
        "11111111-2222-4333-8444-555555555555".into()
    }
}

/// A server of [`Slow`]; when a message has come to it, and what lets it go on. Without the latter nothing is held.
fn slow(settings: ServerSettings) -> (Push<Slow>, Receiver<()>, Sender<()>) {
    let (entered, is_in) = channel();
    let (go, may_go) = channel();
    let push = Push {
        handler: Arc::new(Slow { handled: AtomicUsize::new(0), entered: entered.into(), go: may_go.into() }),
        codec: Arc::new(SlpPi1::new()),
        limiter: Limiter::new(&settings),
        once: Once::new(settings.remembered),
        settings,
        base: "/cslu/v1/pi".into(),
    };
    (push, is_in, go)
}

/// Reports of one device, under a nonce of this byte.
fn message(handler: &Slow, nonce: u8) -> PiRequest {
    let identity = Identity::new(Sudi::new("C9300-24UX", "TST00000001"), "regid.2017-05.com.cisco.C9300,v1_x");
    PiRequest::of(&identity, handler.now(), Nonce::from_random([nonce; 16]), UsageReporting::new().into())
}

#[test]
fn each_account_of_a_server_has_its_own_answer_to_one_and_the_same_message() {
    let (push, _is_in, go) = slow(ServerSettings::default());
    drop(go);
    let tenants =
        [None, Some("Acme-1"), Some("Acme-2"), Some("Acme-11")].map(|text| text.map(|text| text.parse().unwrap()));
    let send =
        |tenant: &Option<Tenant>| push.handle(tenant.as_ref(), None, message(&push.handler, 1), b"one").into_body();
    let mut answers: Vec<_> = tenants.iter().map(send).collect();
    assert_eq!(tenants.iter().map(send).collect::<Vec<_>>(), answers, "each is remembered");
    answers.sort();
    answers.dedup();
    assert_eq!((answers.len(), push.handler.handled.load(Ordering::SeqCst)), (4, 4));
    let other = push.handle(tenants[1].as_ref(), None, message(&push.handler, 1), b"two");
    assert_eq!(other.status(), StatusCode::CONFLICT);
}

#[test]
fn two_copies_at_the_same_moment_reach_the_handler_once_and_another_body_is_refused_meanwhile() {
    let (push, is_in, go) = slow(ServerSettings::default());
    let handler = Arc::clone(&push.handler);
    let send = |body: &[u8]| push.handle(None, None, message(&handler, 1), body);
    thread::scope(|scope| {
        let go = go;
        let first = scope.spawn(|| send(b"one"));
        is_in.recv().unwrap();
        let second = scope.spawn(|| send(b"one"));
        push.once.until_waiting(&sha256(b"one"), 1, || assert_eq!(handler.handled.load(Ordering::SeqCst), 1));
        assert_eq!(send(b"two").status(), 409);
        go.send(()).unwrap();
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        assert_eq!((first.status(), first.body()), (StatusCode::ACCEPTED, second.body()));
        assert_eq!(send(b"one").body(), first.body(), "and afterwards from memory");
    });
    assert_eq!(handler.handled.load(Ordering::SeqCst), 1);
}

/// One place, nobody may wait, and requests of one address in a second are not counted.
fn one_place() -> ServerSettings {
    ServerSettings { at_once: 1, waiting: 0, per_second: 0, ..ServerSettings::default() }
}

fn in_runtime<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// As many threads may block as are at work: were a place free once its sender has gone, a peer that comes and goes could
/// have all those of the runtime.
#[test]
fn a_message_keeps_its_place_while_it_is_worked_on_though_its_sender_has_gone() {
    let (push, is_in, go) = slow(one_place());
    let push = Arc::new(push);
    let handler = Arc::clone(&push.handler);
    let http = |nonce: u8| {
        let base = "http://192.0.2.1/cslu/v1/pi".parse().unwrap();
        let (mut parts, body) = SlpPi1::new().encode_request(&message(&handler, nonce), &base).unwrap().into_parts();
        parts.uri = "/cslu/v1/pi".parse().unwrap();
        Request::from_parts(parts, Body::from(body))
    };
    let status = in_runtime(async move {
        let (request, pushed) = (http(1), Arc::clone(&push));
        let first = tokio::spawn(async move { pushed.answer(None, request).await });
        let _is_in = tokio::task::spawn_blocking(move || is_in.recv().map(|()| is_in)).await.unwrap().unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled(), "as when its connection ends");
        let answer = tokio::time::timeout(Duration::from_secs(20), push.answer(None, http(2))).await;
        // what is at work ends with this
        drop(go);
        answer.map(|answer| answer.status())
    });
    assert_eq!(status.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(handler.handled.load(Ordering::SeqCst), 1);
}

#[test]
fn an_exchange_keeps_its_place_while_it_is_answered_though_its_sender_has_gone() {
    use hyper::service::Service as _;
    let (entered, is_in) = channel();
    let (go, may_go) = channel::<()>();
    let (entered, may_go) = (Mutex::new(entered), Mutex::new(may_go));
    let answer = move |_, request: Request<Vec<u8>>| {
        if request.uri().path() == "/slow" {
            entered.lock().unwrap().send(()).unwrap();
            let _ = may_go.lock().unwrap().recv();
        }
        status(StatusCode::OK)
    };
    let service = hyper_util::service::TowerToHyperService::new(exchange_router(answer, one_place()));
    let http = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let status = in_runtime(async move {
        let first = tokio::spawn(service.call(http("/slow")));
        tokio::task::spawn_blocking(move || is_in.recv()).await.unwrap().unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        let answer = service.call(http("/other")).await;
        drop(go);
        answer.map(|answer| answer.status())
    });
    assert_eq!(status.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
}
