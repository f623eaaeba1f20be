//! A service behind a listener, over TLS or plain, until it is dropped. What it refuses is said.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use http::Response;
use slp_transport::server::{HandshakeFault, serve, serve_tls_noting, tls_config};
use tokio::net::TcpListener;

use crate::{Clock, Error, Events};

/// Characters of a refused path that are said.
const PATH: usize = 100;

/// A service that listens. It ends when this is dropped.
#[non_exhaustive]
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Listening {
    /// Puts a router behind a listener: over TLS with this chain and key (PEM both), or plain. Requests that are refused and TLS
    /// handshakes that fail are said, without anything that the peer sent but method and path.
    ///
    /// # Errors
    /// When the address cannot be had, or chain and key cannot be used.
    pub async fn start(
        address: SocketAddr,
        tls: Option<(&[u8], &[u8])>,
        router: Router,
        events: Events,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let tls = tls.map(|(chain, key)| tls_config(chain, key)).transpose()?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (said, time) = (events.clone(), Arc::clone(&clock));
        let router =
            router.layer(from_fn(move |request, next| note_refusals(said.clone(), Arc::clone(&time), request, next)));
        let task = match tls {
            None => tokio::spawn(serve(listener, router)),
            Some(tls) => {
                let note = move |from: SocketAddr, fault: HandshakeFault| {
                    events.refused(Some(from.ip()), &fault.to_string(), "TLS handshake failed", clock.now());
                };
                tokio::spawn(serve_tls_noting(listener, tls, router, note))
            }
        };
        Ok(Self { address, task })
    }

    /// Waits until the listener fails.
    ///
    /// # Errors
    /// The fault of the listener.
    pub async fn wait(&mut self) -> Result<(), Error> {
        Ok((&mut self.task).await??)
    }
}

/// Says what was refused to whom: address, method, path and status, nothing else of what came.
async fn note_refusals(events: Events, clock: Arc<dyn Clock>, request: Request, next: Next) -> Response<Body> {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    let asked = format!("{} {}", request.method(), request.uri().path());
    let response = next.run(request).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        let shown = asked.chars().take(PATH).map(|one| if slp_model::is_unprintable(one) { '?' } else { one });
        let reason = format!("refused, {}", response.status());
        events.refused(from, &reason, &shown.collect::<String>(), clock.now());
    }
    response
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("address", &self.address).finish_non_exhaustive()
    }
}
