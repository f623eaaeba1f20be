//! A device and a cloud that listen on this machine, over TLS.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use sha2::{Digest as _, Sha256};
use slp_transport::cssm::{
    AccessToken, CloudAnswer, FoundAccount, FoundAccounts, FoundVirtualAccount, Poll, ReportUsage, SearchAccounts,
    TokenAnswer, TokenRequest,
};
use slp_transport::device::{AllReports, CloseReports, DeviceReports, Import, is_basic};
use slp_transport::server::{ServerSettings, exchange_router, respond_to, serve_tls, tls_config};
use slp_transport::{
    Acknowledged, Action, DeviceUsage, Limits, PollId, Results, RumEnvelope, Secret, SmartLicense, StatusWord,
};

/// Where somebody listens, and how to know that it is he.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: String,
    pub(crate) pin: String,
}

impl Peer {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }
}

/// Serves a function on a thread of its own.
pub(crate) fn serve(answer: impl Fn(Request<Vec<u8>>) -> Response<Vec<u8>> + Send + Sync + 'static) -> Peer {
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (chain, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
    let digest = Sha256::digest(signed.cert.der());
    let pin = digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let tls = tls_config(chain.as_bytes(), key.as_bytes()).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let mut settings = ServerSettings::default();
            settings.per_second = 0;
            let router = exchange_router(move |_, request| answer(request), settings);
            serve_tls(listener, tls, router).await.unwrap();
        });
    });
    Peer { address, certificate: chain, pin }
}

fn status(code: u16) -> Response<Vec<u8>> {
    Response::builder().status(code).body(b"<html>an error page</html>".to_vec()).unwrap()
}

/// A device with these reports. It wants documents as XML.
#[derive(Default)]
pub(crate) struct Device {
    pub(crate) reports: Vec<RumEnvelope>,
    pub(crate) imported: Mutex<Vec<Vec<u8>>>,
    pub(crate) closed: Mutex<u32>,
}

impl Device {
    pub(crate) fn answer(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let limits = Limits::default();
        let header = request.headers().get("authorization");
        if !header.is_some_and(|header| is_basic(header, "slp", &Secret::new("hunter2"))) {
            return status(401);
        }
        match request.uri().path() {
            "/smartlic-service/close-reports" => {
                *self.closed.lock().unwrap() += 1;
                respond_to(request, &limits, |_: CloseReports| Ok(()))
            }
            "/smartlic-service/all-reports" => {
                respond_to(request, &limits, |_: AllReports| Ok(DeviceReports::new(self.reports.clone())))
            }
            "/smartlic-service/import" if !request.body().starts_with(b"<") => status(415),
            _ => respond_to(request, &limits, |import: Import| {
                self.imported.lock().unwrap().push(import.document);
                Ok(())
            }),
        }
    }
}

/// A cloud that answers at the second poll.
#[derive(Default)]
pub(crate) struct Cloud {
    /// Messages by poll id: the position.
    pub(crate) taken: Mutex<Vec<Vec<DeviceUsage>>>,
    pub(crate) polls: Mutex<u32>,
    /// So many requests are answered with 503 first.
    pub(crate) storm: Mutex<u32>,
    /// So many tokens are no good.
    pub(crate) stale: Mutex<u32>,
}

impl Cloud {
    pub(crate) fn answer(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let limits = Limits::default();
        if request.uri().path() == "/token" {
            return respond_to(request, &limits, |asked: TokenRequest| {
                assert!(asked.client_secret.matches("hunter2"));
                Ok(TokenAnswer::new(AccessToken::new("a-token"), 3_600))
            });
        }
        assert_eq!(request.headers()["authorization"], "Bearer a-token");
        let take = |left: &Mutex<u32>| {
            let mut left = left.lock().unwrap();
            *left = left.checked_sub(1)?;
            Some(())
        };
        if request.uri().path().starts_with("/v2/accounts/search") {
            return respond_to(request, &limits, |_: SearchAccounts| {
                let mut account = FoundAccount::new("77", "acme.example", "Acme");
                account.virtual_accounts = vec![FoundVirtualAccount::new("Lab", "88")];
                let mut found = FoundAccounts::new(StatusWord::Complete);
                found.accounts.push(account);
                Ok(found)
            });
        }
        if take(&self.stale).is_some() {
            return status(401);
        }
        if take(&self.storm).is_some() {
            return status(503);
        }
        assert_eq!(request.headers()["x-csw-smart-account-id"], "77");
        if request.uri().path().ends_with("/poll") {
            return respond_to(request, &limits, |poll: Poll| Ok(self.poll(&poll)));
        }
        respond_to(request, &limits, |message: ReportUsage| {
            let mut taken = self.taken.lock().unwrap();
            let mut answer = CloudAnswer::new(StatusWord::OkPoll);
            answer.poll_id = Some(PollId::from(773_126_444_402_795_033 + taken.len() as u64));
            answer.poll_interval = Some(300);
            answer.action = Some(Action::Acknowledgements);
            taken.push(message.reports);
            Ok(answer)
        })
    }

    fn poll(&self, poll: &Poll) -> CloudAnswer {
        let mut polls = self.polls.lock().unwrap();
        *polls += 1;
        if *polls == 1 {
            return CloudAnswer::new(StatusWord::OkPoll);
        }
        let place = usize::try_from(poll.poll_id.get() - 773_126_444_402_795_033).unwrap();
        let acknowledge = |device: &DeviceUsage| {
            let mut item = Acknowledged::new(device.sudi.clone());
            item.smart_license = Some(SmartLicense::encode(document(device).as_bytes()));
            item
        };
        let mut results = Results::new();
        results.acknowledgements = Some(self.taken.lock().unwrap()[place].iter().map(acknowledge).collect());
        let mut answer = CloudAnswer::new(StatusWord::Complete);
        answer.nonce = Some(poll.nonce.clone());
        answer.data = Some(results);
        answer
    }
}

/// The acknowledgement of a device's reports.
fn document(device: &DeviceUsage) -> String {
    let acks = device.usage.iter().map(|envelope| {
        let report = envelope.to_report().unwrap();
        format!(
            r#"{{"sudi":{{"udi_pid":"{}","udi_serial_number":"{}"}},"report_id":{},"status":"ACK"}}"#,
            report.device().pid(),
            report.device().serial(),
            report.id()
        )
    });
    let acks = acks.collect::<Vec<_>>().join(",");
    format!(
        "<smartLicense><smartLicenseRumAck><data><![CDATA[[{acks}]]]></data><signature>AAAA</signature>\
         </smartLicenseRumAck></smartLicense>"
    )
}

/// A shared peer of this kind.
pub(crate) fn cloud(cloud: &Arc<Cloud>) -> Peer {
    let cloud = Arc::clone(cloud);
    serve(move |request| cloud.answer(&request))
}

pub(crate) fn device(device: &Arc<Device>) -> Peer {
    let device = Arc::clone(device);
    serve(move |request| device.answer(&request))
}
