//! Behind a listener: bodies with a limit and a time, one request after the other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use slp_kit::{Clock, Error, Listening};
use slp_transport::server::{ServerSettings, exchange_router};

use crate::Cloud;

/// Bytes of a body; a bundle may be larger than a message.
const BODY_BYTES: usize = 1 << 28;
/// Whoever has a connection may wait: no more connections are taken than this.
const CONNECTIONS: usize = 4_096;

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
    let mut settings = ServerSettings::default();
    (settings.per_second, settings.waiting) = (0, CONNECTIONS);
    settings.limits.body_bytes = BODY_BYTES;
    let (events, leaf) = {
        let cloud = cloud.lock().unwrap_or_else(PoisonError::into_inner);
        let leaf = if plain { None } else { Some(cloud.authority().certify_server(names)?) };
        (cloud.events.clone(), leaf)
    };
    let tls = leaf.as_ref().map(|leaf| (leaf.chain_pem.as_bytes(), leaf.key_pem.as_bytes()));
    let time = Arc::clone(&clock);
    let answer = move |_, request: Request<Vec<u8>>| {
        cloud.lock().unwrap_or_else(PoisonError::into_inner).handle(&request, time.now())
    };
    Listening::start(address, tls, exchange_router(answer, settings), events, clock).await
}
