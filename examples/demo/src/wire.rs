//! Loopback, and somebody who listens: what is sent is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response, Uri};
use slp_kit::{Clock as _, ManualClock, Network};
use slp_model::Udi;
use slp_transport::client::Client;

use crate::tell::Teller;

pub(crate) const DEVICE_USER: &str = "collector";
pub(crate) const DEVICE_PASSWORD: &str = "secret-of-the-collector";

/// Where the services of devices listen, by the names that stand in a device list: a resolver of the demonstration.
pub(crate) type Hosts = Arc<Mutex<BTreeMap<String, SocketAddr>>>;

/// The name under which a device is reached.
pub(crate) fn host(udi: &Udi) -> String {
    format!("{}.example", udi.serial().to_ascii_lowercase())
}

/// A way from one party to another.
pub(crate) struct Wire {
    pub(crate) client: Client,
    pub(crate) teller: Arc<Teller>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) hosts: Hosts,
}

impl Network for Wire {
    fn send(&self, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        let response = match self.resolved(request.uri()) {
            Some(uri) => {
                let mut request = request.clone();
                *request.uri_mut() = uri;
                self.client.send(&request).ok()
            }
            None => self.client.send(request).ok(),
        };
        let what = self.what(request, response.as_ref());
        self.teller.said(self.clock.now(), self.from, self.to, what);
        response
    }
}

impl Wire {
    /// The same place by its number, for a host of the demonstration.
    fn resolved(&self, uri: &Uri) -> Option<Uri> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let address = hosts.get(uri.host()?)?;
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        format!("http://{address}{path}").parse().ok()
    }

    /// The kind of a push, or the last word of a path; and the status in the answer, or that of HTTP.
    fn what(&self, request: &Request<Vec<u8>>, response: Option<&Response<Vec<u8>>>) -> String {
        let path = request.uri().path().rsplit('/').next().unwrap_or_default();
        let name = member(request.body(), "kind").unwrap_or_else(|| path.to_owned());
        let word = response.map_or_else(
            || "no reply".to_owned(),
            |response| {
                let said = if self.to == "device" { None } else { member(response.body(), "status") };
                said.unwrap_or_else(|| response.status().to_string())
            },
        );
        match plain(&name) {
            Some(words) => format!("{name}: {word}  ({words}{})", outcome(&name, &word)),
            None => format!("{name}: {word}"),
        }
    }
}

/// What a message is, in plain words.
fn plain(name: &str) -> Option<&'static str> {
    Some(match name {
        "hello" => "are you there?",
        "trust_establishment" => "trust me: here is an id token",
        "trust_sync" => "is there a newer policy?",
        "usage_reporting" => "here are usage reports",
        "result_polling" | "poll" => "is there an answer yet?",
        "authorization_request" | "authrequest" => "may I have an authorization code?",
        "authorization_confirmation" => "the code is installed",
        "token.oauth2" => "log in",
        "search" => "which accounts are mine?",
        "reportusage" => "here are usage reports of devices",
        "close-reports" => "end your open reports",
        "all-reports" => "give me your reports",
        "import" => "here is the cloud's answer for you",
        _ => return None,
    })
}

/// What an answer says beyond yes, in plain words.
fn outcome(name: &str, word: &str) -> &'static str {
    match (name, word) {
        (_, "no reply") => " - nobody answered",
        ("result_polling" | "poll", "OK_POLL") => " - not yet",
        ("result_polling" | "poll", "OK" | "COMPLETE" | "SUCCESS") => " - yes",
        (_, "OK_POLL") => " - taken, the answer comes later",
        _ => "",
    }
}

/// The text of a member that stands somewhere in compact JSON.
fn member(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next().map(str::to_owned)
}
