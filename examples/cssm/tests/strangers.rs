//! Those who may not, over real sockets: refused, logged without secrets, and the service goes on. Nothing here is timed.

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cssm::{Cloud, Listening};
use http::Request;
use slp_kit::ManualClock;
use slp_transport::client::{Certificates, Client, ClientSettings};
use support::{at, cloud_with};

/// Bytes that no request may have: 1 GiB.
const GIB: u64 = 1 << 30;

struct Served {
    cloud: Arc<Mutex<Cloud>>,
    address: SocketAddr,
    client: Client,
    scheme: &'static str,
    _listening: Listening,
    _runtime: tokio::runtime::Runtime,
}

fn serve(plain: bool) -> Served {
    let cloud = Arc::new(Mutex::new(cloud_with([])));
    let mut settings = ClientSettings::default();
    let authority = cloud.lock().unwrap().authority().certificate_pem().as_bytes().to_vec();
    settings.certificates = Certificates::Private(authority);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let clock = Arc::new(ManualClock::new(at(0).to_seconds()));
    let anywhere: SocketAddr = ([127, 0, 0, 1], 0).into();
    let listening = runtime.block_on(cssm::serve(Arc::clone(&cloud), clock, anywhere, &["127.0.0.1"], plain)).unwrap();
    let scheme = if plain { "http" } else { "https" };
    let (address, client) = (listening.address, Client::new(settings).unwrap());
    Served { cloud, address, client, scheme, _listening: listening, _runtime: runtime }
}

impl Served {
    /// An honest client gets its token.
    fn token(&self) -> u16 {
        let request = Request::post(format!("{}://{}{}", self.scheme, self.address, cssm::TOKEN_PATH))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(b"client_id=client&client_secret=hush&grant_type=client_credentials".to_vec())
            .unwrap();
        self.client.send(&request).unwrap().status().as_u16()
    }

    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // a connection that is reset has said what it had to say
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The first line that is said: a connection may end before it is there.
    fn said(&self) -> Vec<String> {
        for _ in 0..600 {
            let said = self.cloud.lock().unwrap().take_events();
            if !said.is_empty() {
                return said;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Vec::new()
    }
}

#[test]
fn plain_http_to_the_tls_port_is_logged_and_the_next_client_is_answered() {
    let served = serve(false);
    let answer = served.raw(b"GET /files?token=hush HTTP/1.1\r\nAuthorization: Bearer hush\r\n\r\n");
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
    assert_eq!(served.said(), ["127.0.0.1: TLS handshake failed: what came is not TLS: plain HTTP?"]);
    assert_eq!(served.token(), 200);
}

#[test]
fn a_wrong_token_and_a_body_of_one_gib_are_refused_and_logged_without_secrets() {
    let served = serve(true);
    let head = "Host: x\r\nAuthorization: Bearer hush\r\nConnection: close\r\n";
    let answer = served.raw(format!("GET /files?token=hush HTTP/1.1\r\n{head}\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(served.said(), ["127.0.0.1: GET /files: refused, 401 Unauthorized"]);
    let answer = served.raw(format!("POST /files/x HTTP/1.1\r\n{head}Content-Length: {GIB}\r\n\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(served.said(), ["127.0.0.1: POST /files/x: refused, 413 Payload Too Large"]);
    assert_eq!(served.token(), 200);
}
