//! Peers on this machine.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use slp_transport::server::{serve, serve_tls, tls_config};

/// A certificate of its own, with its key.
pub(crate) struct Certificate {
    pub(crate) chain: String,
    pub(crate) key: String,
    pub(crate) der: Vec<u8>,
    public_key: Vec<u8>,
}

impl Certificate {
    /// Chain and key, as a server needs them.
    pub(crate) fn tls(&self) -> (String, String) {
        (self.chain.clone(), self.key.clone())
    }

    /// SHA-256 of its public key.
    #[allow(dead_code, reason = "not every test pins keys")]
    pub(crate) fn key_digest(&self) -> [u8; 32] {
        Sha256::digest(&self.public_key).into()
    }
}

/// A certificate for the loopback address.
pub(crate) fn certificate() -> Certificate {
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    Certificate {
        chain: signed.cert.pem(),
        key: signed.signing_key.serialize_pem(),
        der: signed.cert.der().to_vec(),
        public_key: rcgen::PublicKeyData::subject_public_key_info(&signed.signing_key),
    }
}

/// Runs a router on a thread of its own; its address.
pub(crate) fn start(router: axum::Router, tls: Option<(String, String)>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            match tls {
                Some((chain, key)) => {
                    serve_tls(listener, tls_config(chain.as_bytes(), key.as_bytes()).unwrap(), router).await.unwrap();
                }
                None => serve(listener, router).await.unwrap(),
            }
        });
    });
    address
}

/// A peer that sends these bytes, whatever it is asked, and hangs up.
pub(crate) fn peer(answer: Vec<u8>, wait: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head);
            std::thread::sleep(wait);
            let _ = stream.write_all(&answer);
        }
    });
    address
}
