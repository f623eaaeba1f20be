//! The service that a collector pulls from: `/smartlic-service`, and RESTCONF beside it. Spec: transport, "a1", "a2".

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response, StatusCode, header};
use slp_kit::{Clock, Error};
use slp_model::UnixMillis;
use slp_model::error_code::DeviceError;
use slp_model::license::ReportState;
use slp_transport::device::{
    AllReports, CloseReports, DayReports, DeviceReports, Import, ListItem, ListReports, ReportById, ReportList,
    is_basic,
};
use slp_transport::server::{self, ServerSettings, exchange_router, status};
use slp_transport::{ErrorKind, Limits, Refusal, RumEnvelope, Secret};
use tokio::net::TcpListener;

use crate::fault::Fault;
use crate::instance::Device;
use crate::life::KeptReport;

/// Whoever has a connection may wait: no more connections are taken than this.
const CONNECTIONS: usize = 4_096;
/// Bytes of a request: the largest is a document of 4 MiB in Base64.
const BODY_BYTES: usize = 6 << 20;

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
        if path.starts_with("/restconf/") {
            return self.restconf(request, now);
        }
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
        match self.try_import(&document, now) {
            Ok(_) => status(StatusCode::OK),
            Err(Fault::Denied(DeviceError::StorageFailToStore, _) | Fault::Broken(_)) => {
                status(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Err(refused) => {
                let body = serde_json::json!({ "error": refused.word() }).to_string().into_bytes();
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

    /// Reports that are asked for. That they were is kept before they leave, at the first time and after a failure.
    fn reports(&mut self, wanted: impl Fn(&KeptReport) -> bool) -> Result<DeviceReports, slp_transport::Error> {
        let (mut usage, mut asked) = (Vec::new(), Vec::new());
        for kept in self.saved.life.kept.iter_mut().filter(|kept| wanted(kept)) {
            if kept.state == ReportState::Closed {
                kept.state = ReportState::Unacknowledged;
                asked.push((kept.device.clone(), kept.id));
            }
            usage.push(RumEnvelope::try_from(&kept.report().map_err(|error| ours(&error))?)?);
        }
        if !asked.is_empty()
            && let Err(error) = self.save()
        {
            for (device, id) in asked {
                if let Some(kept) = self.saved.life.find(&device, id) {
                    kept.state = ReportState::Closed;
                }
            }
            return Err(ours(&error));
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

/// A service that listens: where, and until when.
pub type Served = (SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>);

/// Puts the service of a device behind a listener, without TLS. It runs until the task is aborted or its runtime ends.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(
    device: Arc<Mutex<Device>>,
    access: Access,
    clock: Arc<dyn Clock>,
    address: SocketAddr,
) -> Result<Served, Error> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((address, tokio::spawn(server::serve(listener, exchange_router(answers(device, access, clock), settings())))))
}

/// As [`serve`], over TLS with this certificate chain and its private key, PEM both.
///
/// # Errors
/// When the address cannot be had, or certificate and key cannot be used.
pub async fn serve_tls(
    device: Arc<Mutex<Device>>,
    access: Access,
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    chain: &[u8],
    key: &[u8],
) -> Result<Served, Error> {
    let tls = server::tls_config(chain, key)?;
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((
        address,
        tokio::spawn(server::serve_tls(listener, tls, exchange_router(answers(device, access, clock), settings()))),
    ))
}

fn answers(
    device: Arc<Mutex<Device>>,
    access: Access,
    clock: Arc<dyn Clock>,
) -> impl Fn(Option<SocketAddr>, Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync + 'static {
    move |_, request| device.lock().unwrap_or_else(PoisonError::into_inner).rest(&access, &request, clock.now())
}

fn settings() -> ServerSettings {
    let mut settings = ServerSettings::default();
    (settings.per_second, settings.waiting) = (0, CONNECTIONS);
    settings.limits.body_bytes = BODY_BYTES;
    settings
}
