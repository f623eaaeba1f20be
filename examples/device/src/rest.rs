//! The service that a collector pulls from: `/smartlic-service`. Spec: transport, "a1".

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use http::{Request, Response, StatusCode, header};
use slp_kit::{Clock, Error};
use slp_model::UnixMillis;
use slp_model::license::ReportState;
use slp_transport::device::{
    AllReports, CloseReports, DayReports, DeviceReports, Import, ListItem, ListReports, ReportById, ReportList,
    is_basic,
};
use slp_transport::{ErrorKind, Limits, Refusal, RumEnvelope, Secret, server};
use tokio::net::TcpListener;

use crate::instance::Device;
use crate::life::KeptReport;

/// Until a body is read.
const BODY_TIME: std::time::Duration = std::time::Duration::from_secs(30);

/// Who may ask: one user, HTTP Basic.
#[non_exhaustive]
pub struct Access {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Access {
    /// This user.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: Secret::new(password) }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Device {
    /// Answers a request to the service of this device.
    pub fn rest(&mut self, access: &Access, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        let given = request.headers().get(header::AUTHORIZATION);
        if !given.is_some_and(|given| is_basic(given, &access.user, &access.password)) {
            let mut response = status(StatusCode::UNAUTHORIZED);
            let basic = header::HeaderValue::from_static("Basic realm=\"smartlic-service\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
            return response;
        }
        let limits = Limits::default();
        let path = request.uri().path();
        if path == "/smartlic-service/import" {
            return self.rest_import(request, &limits, now);
        }
        if path == "/smartlic-service/close-reports" {
            return server::respond_to(request, &limits, |_: CloseReports| {
                self.close_reports(now).map_err(|error| ours(&error))
            });
        }
        if path == "/smartlic-service/list" {
            return server::respond_to(request, &limits, |_: ListReports| Ok(self.list()));
        }
        if path == "/smartlic-service/all-reports" {
            return server::respond_to(request, &limits, |_: AllReports| self.reports(|_| true));
        }
        let by_id = server::respond_to(request, &limits, |wanted: ReportById| {
            let found = self.reports(|kept| kept.id.get() == wanted.id)?;
            if found.usage.is_empty() { Err(refused(404)) } else { Ok(found) }
        });
        if by_id.status() != StatusCode::NOT_FOUND || path.contains("rum-report-id") {
            return by_id;
        }
        let local = self.local(now);
        server::respond_to(request, &limits, |wanted: DayReports| {
            let days = i64::from(wanted.days.unwrap_or(90));
            let from = local.get().saturating_sub(days.saturating_mul(86_400));
            self.reports(|kept| kept.end.get() >= from)
        })
    }

    fn rest_import(&mut self, request: &Request<Vec<u8>>, limits: &Limits, now: UnixMillis) -> Response<Vec<u8>> {
        use slp_transport::Serve as _;
        let document = match Import::from_http(request, limits) {
            Ok(import) => import.document,
            Err(error) if error.kind() == ErrorKind::Limit => return status(StatusCode::PAYLOAD_TOO_LARGE),
            Err(_) => return status(StatusCode::BAD_REQUEST),
        };
        match self.import(&document, now) {
            Ok(_) => status(StatusCode::OK),
            Err(error) => {
                let body = serde_json::json!({ "error": error.to_string() }).to_string().into_bytes();
                let mut response = Response::new(body);
                *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                let json = header::HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                response
            }
        }
    }

    fn list(&self) -> ReportList {
        let mut list = ReportList::new();
        for kept in &self.saved.life.kept {
            let item = ListItem::new(kept.id.get(), kept.start, kept.end, kept.state.as_str());
            list.usage_list.push(item.to_raw());
        }
        list
    }

    fn reports(&mut self, wanted: impl Fn(&KeptReport) -> bool) -> Result<DeviceReports, slp_transport::Error> {
        let mut usage = Vec::new();
        for kept in self.saved.life.kept.iter_mut().filter(|kept| wanted(kept)) {
            if kept.state == ReportState::Closed {
                kept.state = ReportState::Unacknowledged;
            }
            usage.push(RumEnvelope::try_from(&kept.report().map_err(|error| ours(&error))?)?);
        }
        Ok(DeviceReports::new(usage))
    }
}

fn ours(error: &Error) -> slp_transport::Error {
    let mut refusal = Refusal::new(500);
    refusal.message = Some(error.to_string());
    slp_transport::Error::refused(ErrorKind::Status, "/smartlic-service", refusal)
}

fn refused(code: u16) -> slp_transport::Error {
    slp_transport::Error::refused(ErrorKind::Status, "/smartlic-service", Refusal::new(code))
}

fn status(code: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = code;
    response
}

/// Puts the service of a device behind a listener. It runs until the task is dropped.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(
    device: Arc<Mutex<Device>>,
    access: Access,
    clock: Arc<dyn Clock>,
    address: SocketAddr,
) -> Result<(SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>), Error> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let shared = Arc::new((device, access, clock));
    let router = Router::new().fallback(entry).with_state(shared);
    Ok((address, tokio::spawn(slp_transport::server::serve(listener, router))))
}

type Shared = (Arc<Mutex<Device>>, Access, Arc<dyn Clock>);

async fn entry(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_TIME, to_bytes(body, Limits::default().body_bytes)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return status(StatusCode::PAYLOAD_TOO_LARGE).map(Body::from),
        Err(_) => return status(StatusCode::REQUEST_TIMEOUT).map(Body::from),
    };
    let request = Request::from_parts(parts, Vec::from(body));
    let (device, access, clock) = &*shared;
    device.lock().unwrap_or_else(PoisonError::into_inner).rest(access, &request, clock.now()).map(Body::from)
}
