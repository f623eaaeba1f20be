//! A server that devices push to: `cargo run --features server --example collector`. It keeps nothing and promises nothing:
//! each report is counted, and acknowledged never.

#![expect(clippy::print_stdout, reason = "a program may print")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use slp_model::UnixMillis;
use slp_transport::push::{ConnectInfo, HelloAnswer, PiRequest, PiResponse, RequestData, Tenant};
use slp_transport::server::{PushHandler, ServerSettings, push_router, serve};

struct Collector;

impl PushHandler for Collector {
    fn handle(&self, _: Option<&Tenant>, from: Option<SocketAddr>, request: PiRequest) -> PiResponse {
        let answer = PiResponse::to(&request, self.now(), self.correlation_id());
        match request.data {
            RequestData::Hello(hello) => {
                let mut known = ConnectInfo::new("CSLU_V1", "v1");
                known.capabilities = hello.capabilities;
                answer.with_data(HelloAnswer::new(known))
            }
            RequestData::UsageReporting(usage) => {
                let reports: usize = usage.reports.iter().map(|device| device.usage.len()).sum();
                println!("{reports} reports from {from:?}");
                answer.try_again("PI_UPSTREAM", 300)
            }
            _ => answer,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a program has a clock")]
    fn now(&self) -> UnixMillis {
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        u64::try_from(millis).ok().and_then(|millis| UnixMillis::new(millis).ok()).unwrap_or(UnixMillis::MIN)
    }

    fn correlation_id(&self) -> String {
        "00000000-0000-4000-8000-000000000000".into()
    }
}

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:8182").await?;
        serve(listener, push_router("/cslu/v1/pi", Arc::new(Collector), ServerSettings::default())).await
    })
}
