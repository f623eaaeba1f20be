//! Plain and TLS listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::handshake::HandshakeFault;
use super::patient::Patient;
use crate::Error;

/// Connections at once; more wait in the system's queue.
const CONNECTIONS: usize = 4_096;
/// Until a TLS handshake is done, and until the head of a request is read.
const HEAD: Duration = Duration::from_secs(30);
/// Until a peer takes what is sent to it, each time.
const TAKES: Duration = Duration::from_secs(30);
/// After a failure to take a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Hears of handshakes that failed.
type Note = Arc<dyn Fn(SocketAddr, HandshakeFault) + Send + Sync>;

/// TLS with this certificate chain and key, PEM both. TLS 1.2 and 1.3, HTTP/1.1.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) if they cannot be read or do not fit one another.
pub fn tls_config(chain: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, Error> {
    let bad = |what: &str| Error::argument(format!("the {what} cannot be read as PEM"));
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| bad("certificate chain").caused_by(error))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| bad("private key").caused_by(error))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let unfit =
        |error: tokio_rustls::rustls::Error| Error::argument("certificate and key cannot be used").caused_by(error);
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(unfit)?.with_no_client_auth().with_single_cert(chain, key).map_err(unfit)?;
    Ok(Arc::new(config))
}

/// Serves a router for as long as the program runs: what fails for one connection, or for want of files, is waited out. A peer
/// that does not send its request, or does not take its answer, is hung up on after 30 s.
///
/// # Errors
/// None so far.
pub async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    listen(listener, None, router).await
}

/// The same over TLS. A handshake that fails ends its connection alone; to hear of it, see [`serve_tls_noting`].
///
/// # Errors
/// None so far.
pub async fn serve_tls(listener: TcpListener, tls: Arc<ServerConfig>, router: Router) -> std::io::Result<()> {
    serve_tls_noting(listener, tls, router, |_, _| {}).await
}

/// As [`serve_tls`]; `note` hears of each handshake that fails: from where, and why. Whoever can reach the port can make many of
/// them: what is written down about them needs a bound. It must not wait for anything.
///
/// # Errors
/// None so far.
pub async fn serve_tls_noting(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    router: Router,
    note: impl Fn(SocketAddr, HandshakeFault) + Send + Sync + 'static,
) -> std::io::Result<()> {
    let note: Note = Arc::new(note);
    listen(listener, Some((TlsAcceptor::from(tls), note)), router).await
}

async fn listen(listener: TcpListener, tls: Option<(TlsAcceptor, Note)>, router: Router) -> std::io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return Ok(());
        };
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // The other side went away already, or there is no file or memory free: others will end and free some.
                if !matches!(error.kind(), std::io::ErrorKind::ConnectionAborted | std::io::ErrorKind::ConnectionReset)
                {
                    #[cfg(feature = "tracing")]
                    tracing::warn!(kind = %error.kind(), "no connection can be taken");
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
        };
        let (tls, router) = (tls.clone(), router.clone());
        tokio::spawn(async move {
            connection(stream, from, tls, router).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, from: SocketAddr, tls: Option<(TlsAcceptor, Note)>, router: Router) {
    let _ = stream.set_nodelay(true);
    // Routes see the address of the sender.
    let router = router.layer(axum::Extension(ConnectInfo(from)));
    let service = TowerToHyperService::new(router);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(64 * 1_024);
    match tls {
        None => drop(http.serve_connection(TokioIo::new(Patient::new(stream, TAKES)), service).await),
        Some((acceptor, note)) => {
            let accepted = tokio::time::timeout(HEAD, acceptor.accept(Patient::new(stream, TAKES))).await;
            let fault = match accepted {
                Ok(Ok(stream)) => return drop(http.serve_connection(TokioIo::new(stream), service).await),
                Ok(Err(error)) => HandshakeFault::of(&error),
                Err(_) => HandshakeFault::TooSlow,
            };
            #[cfg(feature = "tracing")]
            tracing::debug!(%fault, "no TLS handshake");
            note(from, fault);
        }
    }
}
