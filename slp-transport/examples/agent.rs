//! A device's first push, with a clock that jumps and a server that is three lines long: `cargo run --example agent`.

#![expect(clippy::print_stdout, reason = "a program may print")]

use slp_model::{ReportId, Udi, UnixSeconds};
use slp_transport::agent::{Action, Agent, Event, Mode, Reply, ReportKey, Say};
use slp_transport::push::{ConnectInfo, HelloAnswer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut now: UnixSeconds = "2026-01-01T00:00:00Z".parse()?;
    let report = ReportKey::new(Udi::new("C9300-24UX", "TST00000001")?, ReportId::new(1_780_000_001));
    let mut agent = Agent::new();
    let mut events = vec![Event::Configured(Mode::Cslu)];
    for _ in 0..6 {
        let mut next = Vec::new();
        for action in events.drain(..).flat_map(|event| agent.handle(event, now)) {
            println!("{now}  {action:?}");
            match action {
                Action::CloseReports => next.push(Event::ReportsClosed(vec![report.clone()])),
                Action::Send { exchange, say, .. } => {
                    let hello = HelloAnswer::new(ConnectInfo::new("CSLU_V1", "v1")).into();
                    let reply = if matches!(say, Say::Hello { .. }) { Reply::Ok(Some(hello)) } else { Reply::Ok(None) };
                    next.push(Event::answered(exchange, reply));
                }
                _ => {}
            }
        }
        if next.is_empty() {
            let Some(deadline) = agent.next_deadline() else { break };
            now = deadline;
            next.push(Event::Tick);
        }
        events = next;
    }
    Ok(())
}
