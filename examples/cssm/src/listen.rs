//! Behind a listener: bodies with a limit and a time, one request after the other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use http::{Request, Response, StatusCode};
use slp_kit::{Clock, Error};
use tokio::net::TcpListener;

use crate::Cloud;

/// Until a body is read.
const BODY_TIME: Duration = Duration::from_secs(30);
/// Bytes of a body; a bundle may be larger than a message.
const BODY_BYTES: usize = 1 << 28;

#[derive(Debug)]
struct Shared {
    cloud: Arc<Mutex<Cloud>>,
    clock: Arc<dyn Clock>,
}

/// A cloud that listens.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    /// The cloud, for those who look inside.
    pub cloud: Arc<Mutex<Cloud>>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Listening {
    /// Waits until the listener fails.
    ///
    /// # Errors
    /// The fault of the listener.
    pub async fn wait(&mut self) -> Result<(), Error> {
        Ok((&mut self.task).await??)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens on an address, over TLS with a certificate of the cloud's own authority unless `plain`.
///
/// # Errors
/// When the address cannot be had, or no certificate can be made.
pub async fn serve(
    cloud: Arc<Mutex<Cloud>>,
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    names: &[&str],
    plain: bool,
) -> Result<Listening, Error> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Shared { cloud: Arc::clone(&cloud), clock });
    let router = Router::new().fallback(entry).with_state(shared);
    let task = if plain {
        tokio::spawn(slp_transport::server::serve(listener, router))
    } else {
        let leaf = cloud.lock().unwrap_or_else(PoisonError::into_inner).authority().certify_server(names)?;
        let tls = slp_transport::server::tls_config(leaf.chain_pem.as_bytes(), leaf.key_pem.as_bytes())?;
        tokio::spawn(slp_transport::server::serve_tls(listener, tls, router))
    };
    Ok(Listening { address, cloud, task })
}

async fn entry(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_TIME, to_bytes(body, BODY_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return status(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return status(StatusCode::REQUEST_TIMEOUT),
    };
    let request = Request::from_parts(parts, Vec::from(body));
    // signing and unpacking take longer than a turn of the loop may
    let answered = tokio::task::spawn_blocking(move || {
        let now = shared.clock.now();
        shared.cloud.lock().unwrap_or_else(PoisonError::into_inner).handle(&request, now)
    });
    match answered.await {
        Ok(response) => response.map(Body::from),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}
