//! `slp pull`: the reports of devices, as they came.

pub(super) mod found; // which device gave which reports

use std::io::Write as _;
use std::path::Path;

use slp_model::Udi;
use slp_transport::client::Client;
use slp_transport::collector::{Collector, CollectorAction, CollectorEvent};
use slp_transport::device::{AllReports, CloseReports, DeviceReports};
use slp_transport::{Call as _, Error, Exchange as _, Limits, printable};

use super::request;
use crate::Status;
use crate::arguments::Pull;
use crate::config::{self, Config, Target};
use crate::console::{Session, Stop};
use crate::kept;
use found::Found;

pub(crate) fn run(arguments: &Pull, session: &mut Session<'_>) -> Result<Status, Stop> {
    let config = Config::load(arguments.sending.config.as_deref(), &session.world.variables)?;
    let targets = arguments.devices.iter().map(|name| config.device(name)).collect::<Result<Vec<_>, _>>()?;
    if arguments.sending.dry_run {
        for target in &targets {
            let build = |error: Error| Stop::Call(error.to_string());
            let close = CloseReports::new().into_http(&target.session).map_err(build)?;
            let fetch = AllReports::new().into_http(&target.session).map_err(build)?;
            request::show(&[printable(&close), printable(&fetch)], session)?;
        }
        return Ok(Status::Fine);
    }
    kept::folder(&arguments.output)?;
    let mut found = Found::load(&arguments.output)?;
    let mut failed = false;
    for target in &targets {
        match pull(target, &arguments.output, &mut found, session) {
            Ok(is_whole) => failed |= !is_whole,
            Err(Stop::Data(text)) => {
                session.messages.error(&format!("{}: {text}", target.name));
                failed = true;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(Status::of_errors(failed))
}

/// False if the device has reports that cannot be read; they are kept all the same.
fn pull(target: &Target, folder: &Path, found: &mut Found, session: &mut Session<'_>) -> Result<bool, Stop> {
    let client = config::client(&target.client)?;
    let limits = Limits::default();
    let mut collector = Collector::new().with_seed(session.world.number());
    let (mut body, mut is_whole, mut why) = (Vec::new(), true, None);
    let mut event = Some(CollectorEvent::Start);
    loop {
        let Some(next) = event.take() else {
            let Some(due) = collector.next_deadline() else {
                return Ok(is_whole);
            };
            request::wait(&target.name, why.take(), due, session)?;
            event = Some(CollectorEvent::Tick);
            continue;
        };
        for action in collector.handle(next, session.world.now()) {
            match action {
                CollectorAction::Close => {
                    let closed = client.call(&target.session, CloseReports::new(), &limits);
                    why = request::reason(&closed);
                    event = Some(CollectorEvent::Closed(closed));
                }
                CollectorAction::Fetch => {
                    let fetched = fetch(&client, target, &mut body);
                    why = request::reason(&fetched);
                    event = Some(CollectorEvent::Fetched(fetched));
                }
                CollectorAction::Forward(reports) => {
                    is_whole = keep(target, folder, &reports, &body, found, session)?;
                }
                CollectorAction::Failed(error) => return Err(Stop::Data(request::words(&error))),
                // The device keeps its reports: what is interrupted begins again.
                _ => {}
            }
        }
    }
}

/// The reports, and the body that they came in: that is what is kept, byte for byte.
fn fetch(client: &Client, target: &Target, body: &mut Vec<u8>) -> Result<DeviceReports, Error> {
    let response = client.send(&AllReports::new().into_http(&target.session)?)?;
    let reports = AllReports::answer(&response, &Limits::default())?;
    *body = response.into_body();
    Ok(reports)
}

fn keep(
    target: &Target,
    folder: &Path,
    reports: &DeviceReports,
    body: &[u8],
    found: &mut Found,
    session: &mut Session<'_>,
) -> Result<bool, Stop> {
    let name = super::printable_name(&target.name);
    if reports.usage.is_empty() && reports.unread.is_empty() {
        writeln!(session.output, "{name}: no reports")?;
        return Ok(true);
    }
    let mut unread: Vec<String> = reports.unread.iter().map(|report| report.reason.clone()).collect();
    let mut devices: Vec<Udi> = Vec::new();
    for envelope in &reports.usage {
        match envelope.to_report() {
            Ok(report) if devices.contains(report.device()) => {}
            Ok(report) => devices.push(report.device().clone()),
            Err(error) => unread.push(error.to_string()),
        }
    }
    let stamp = session.world.now().to_string().replace(':', "");
    let file = format!("{}_{stamp}.json", kept::safe(&target.name));
    kept::create(&folder.join(&file), body)?;
    found.add(&target.name, devices);
    found.save(folder)?;
    for reason in &unread {
        session.messages.error(&format!("{}: a report is kept and cannot be read: {reason}", target.name));
    }
    let count = reports.usage.len().saturating_add(reports.unread.len());
    writeln!(session.output, "{name}: {}, {file}", request::counted(count, "report"))?;
    Ok(unread.is_empty())
}
