//! Sends messages: blocking, with time-outs, a proxy and private roots. Feature `client`.
//!
//! Redirects are never followed, statuses are never errors of the connection, and certificates are checked unless
//! [`Certificates::Unchecked`] says otherwise in as many words.

mod pin; // peers known by fingerprint
mod tls; // TLS of our own under the HTTP client

pub use pin::Pin;

use std::fmt;
use std::time::Duration;

use http::{Request, Response};
use slp_model::Location;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, TcpConnector};

use crate::secret::without_password;
use crate::{Call, Error, ErrorKind, Limits};

/// Whose certificates are good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificates {
    /// Those of the public roots that are built in.
    #[default]
    Public,
    /// Those that these certificates (PEM, one or more) sign, or that are one of them: a private authority, or a device's
    /// own certificate. None of the public roots counts then.
    Private(Vec<u8>),
    /// Those with one of these fingerprints, whoever signed them, whatever name and dates they bear: a device's own
    /// certificate.
    Pinned(Vec<Pin>),
    /// Any. Whoever stands between can read and change everything: for a laboratory, never for real credentials.
    Unchecked,
}

/// How a client connects. `Debug` hides the password of a proxy.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientSettings {
    /// Until the connection stands. Default 10 s.
    pub connect: Duration,
    /// Until the answer is read completely. Default 60 s, as long as a device with a thousand reports may take.
    pub whole: Duration,
    /// Address of a proxy, such as `http://proxy.example:3128`. The environment is not asked.
    pub proxy: Option<String>,
    /// Whose certificates are good.
    pub certificates: Certificates,
    /// Bytes of an answer. Default 64 MiB.
    pub body_bytes: usize,
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSettings")
            .field("connect", &self.connect)
            .field("whole", &self.whole)
            .field("proxy", &self.proxy.as_deref().map(without_password))
            .field("certificates", &self.certificates)
            .field("body_bytes", &self.body_bytes)
            .finish()
    }
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            whole: Duration::from_secs(60),
            proxy: None,
            certificates: Certificates::default(),
            body_bytes: Limits::default().device_body_bytes,
        }
    }
}

/// A client that keeps its connections.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    body_bytes: usize,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("body_bytes", &self.body_bytes).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with these settings.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for certificates, pins or a proxy address that cannot be used.
    pub fn new(settings: ClientSettings) -> Result<Self, Error> {
        let tls = ureq::tls::TlsConfig::builder();
        let mut pins = None;
        let tls = match settings.certificates {
            Certificates::Public => tls,
            Certificates::Private(pem) => tls.root_certs(ureq::tls::RootCerts::new_with_certs(&roots(&pem)?)),
            Certificates::Pinned(pinned) => {
                pins = Some(pin::config(pinned)?);
                tls
            }
            Certificates::Unchecked => tls.disable_verification(true),
        };
        let proxy = settings.proxy.as_deref().map(proxy).transpose()?;
        let config = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(64 * 1_024)
            .accept_encoding("identity")
            .timeout_connect(Some(settings.connect))
            .timeout_global(Some(settings.whole))
            .build();
        let agent = match pins {
            None => config.into(),
            Some(pins) => {
                let connector = ().chain(ConnectProxyConnector::default()).chain(TcpConnector::default());
                ureq::Agent::with_parts(config, connector.chain(tls::Tls(pins)), DefaultResolver::default())
            }
        };
        Ok(Self { agent, body_bytes: settings.body_bytes })
    }

    /// Sends one message and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`NoReply`](ErrorKind::NoReply) if nobody answers in time, [`Tls`](ErrorKind::Tls) if the peer cannot prove who it
    /// is, [`Limit`](ErrorKind::Limit) `body_bytes`.
    pub fn send(&self, request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let operation = format!("{} {}", request.method(), request.uri().path());
        let answer =
            self.exchange(request).map_err(|error| failure(error, self.body_bytes).at(Location::path(operation)));
        #[cfg(feature = "tracing")]
        match &answer {
            Ok(response) => tracing::debug!(
                method = %request.method(),
                status = response.status().as_u16(),
                sent = request.body().len(),
                received = response.body().len(),
                "exchanged"
            ),
            Err(error) => tracing::warn!(method = %request.method(), kind = error.kind().as_str(), "not exchanged"),
        }
        answer
    }

    fn exchange(&self, request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Box<ureq::Error>> {
        let mut sent = Request::new(request.body().as_slice());
        *sent.method_mut() = request.method().clone();
        *sent.uri_mut() = request.uri().clone();
        *sent.headers_mut() = request.headers().clone();
        let response =
            if request.body().is_empty() && !matches!(*request.method(), http::Method::POST | http::Method::PUT) {
                self.agent.run(sent.map(|_| ())).map_err(Box::new)?
            } else {
                self.agent.run(sent).map_err(Box::new)?
            };
        let (parts, mut body) = response.into_parts();
        let limit = u64::try_from(self.body_bytes).unwrap_or(u64::MAX);
        let body = body.with_config().limit(limit).read_to_vec().map_err(Box::new)?;
        Ok(Response::from_parts(parts, body))
    }

    /// Sends a message and reads its answer.
    ///
    /// # Errors
    /// Those of building it, of [`send`](Self::send), and of reading the answer.
    pub fn call<S, M: Call<S>>(&self, session: &S, message: M, limits: &Limits) -> Result<M::Answer, Error> {
        let request = message.into_http(session)?;
        M::answer(&self.send(&request)?, limits)
    }
}

/// A proxy that takes HTTP. Others are refused here: the HTTP client below would panic when it connects.
fn proxy(address: &str) -> Result<ureq::Proxy, Error> {
    let proxy = ureq::Proxy::new(address)
        .map_err(|error| Error::argument("the proxy address cannot be read").caused_by(error))?;
    if !matches!(proxy.protocol(), ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https) {
        return Err(Error::argument("a SOCKS proxy is not supported: give one with http:// or https://"));
    }
    Ok(proxy)
}

fn roots(pem: &[u8]) -> Result<Vec<ureq::tls::Certificate<'static>>, Error> {
    let bad = || Error::argument("the certificates cannot be read: PEM with CERTIFICATE blocks is needed");
    let mut roots = Vec::new();
    for item in ureq::tls::parse_pem(pem) {
        match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => roots.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(bad().caused_by(error)),
        }
    }
    if roots.is_empty() { Err(bad()) } else { Ok(roots) }
}

/// Whose fault it is: the network's, the peer's certificate, or a limit.
fn failure(error: Box<ureq::Error>, body_bytes: usize) -> Error {
    let is_tls = match &*error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => true,
        // The handshake is done inside the first write, so its error comes wrapped.
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    };
    let text = match &*error {
        _ if is_tls => return Error::new(ErrorKind::Tls, "the peer cannot prove who it is").caused_by(error),
        ureq::Error::BodyExceedsLimit(_) => {
            let text = format!("the answer is longer than {body_bytes} bytes (limit body_bytes)");
            return Error::new(ErrorKind::Limit, text).named("body_bytes");
        }
        ureq::Error::Timeout(_) => "no answer in time",
        ureq::Error::HostNotFound => "the host name is not known",
        ureq::Error::Protocol(_) => "the peer does not speak HTTP, or hung up in the middle",
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            return Error::argument("the request cannot be sent").caused_by(error);
        }
        _ => "the connection could not be made, or broke",
    };
    Error::new(ErrorKind::NoReply, text).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_a_proxy_is_not_shown() {
        let proxy = Some("http://me:hunter2@proxy.example:3128".into());
        let mut settings = ClientSettings { proxy, ..ClientSettings::default() };
        let shown = format!("{settings:?}");
        assert!(shown.contains("proxy.example") && !shown.contains("hunter2"), "{shown}");
        let client = Client::new(settings.clone()).unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
        settings.proxy = Some("http://me:hunter2@proxy example".into());
        let error = Client::new(settings.clone()).unwrap_err();
        assert!(!format!("{settings:?} {error} {error:?} {:?}", std::error::Error::source(&error)).contains("hunter2"));
    }
}
