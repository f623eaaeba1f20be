//! Behind a listener: bodies with a limit and a time, one request after the other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use slp_kit::{Clock, Error};
use slp_transport::server::{self, ServerSettings, exchange_router};
use tokio::net::TcpListener;

use crate::Cloud;

/// Bytes of a body; a bundle may be larger than a message.
const BODY_BYTES: usize = 1 << 28;
/// Whoever has a connection may wait: no more connections are taken than this.
const CONNECTIONS: usize = 4_096;

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
    let mut settings = ServerSettings::default();
    (settings.per_second, settings.waiting) = (0, CONNECTIONS);
    settings.limits.body_bytes = BODY_BYTES;
    let answers = Arc::clone(&cloud);
    let answer = move |_, request: Request<Vec<u8>>| {
        answers.lock().unwrap_or_else(PoisonError::into_inner).handle(&request, clock.now())
    };
    let router = exchange_router(answer, settings);
    let task = if plain {
        tokio::spawn(server::serve(listener, router))
    } else {
        let leaf = cloud.lock().unwrap_or_else(PoisonError::into_inner).authority().certify_server(names)?;
        let tls = server::tls_config(leaf.chain_pem.as_bytes(), leaf.key_pem.as_bytes())?;
        tokio::spawn(server::serve_tls(listener, tls, router))
    };
    Ok(Listening { address, cloud, task })
}
