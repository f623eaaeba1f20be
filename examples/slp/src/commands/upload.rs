//! `slp upload`: reports to the cloud, message by message.

mod reports; // from files and bundles to messages

use std::io::Write as _;

use slp_transport::cssm::ReportUsage;
use slp_transport::upload::Upload as Machine;
use slp_transport::{Action, DeviceUsage, batches};

use super::request::counted;
use crate::Status;
use crate::arguments::Upload;
use crate::cloud::job::{Job, Stage};
use crate::cloud::run::Run;
use crate::cloud::{self, Cloud};
use crate::config::Config;
use crate::console::{Session, Stop};
use crate::kept;

pub(crate) fn run(arguments: &Upload, session: &mut Session<'_>) -> Result<Status, Stop> {
    let target = Config::load(arguments.sending.config.as_deref(), &session.world.variables)?.cloud()?;
    let (devices, mut failed) = reports::read(&arguments.sources, session);
    if devices.is_empty() {
        return Err(Stop::Data("there is no report to upload".to_owned()));
    }
    let messages: Vec<_> = batches(devices).into_iter().map(|devices| message(devices, session)).collect();
    if arguments.sending.dry_run {
        let build = |error: slp_transport::Error| Stop::Call(error.to_string());
        let (mut requests, cloud) = cloud::rehearse(&target).map_err(build)?;
        for message in &messages {
            requests.push(cloud::rehearse_submit(&cloud, message.to_json().as_bytes()).map_err(build)?);
        }
        if !target.has_numbers() {
            session.messages.note("the account numbers are 0 here: the answer to the search has them");
        }
        super::request::show(&requests, session)?;
        return Ok(Status::of_errors(failed));
    }
    let mut cloud = Cloud::connect(target)?;
    let accounts = cloud.accounts()?;
    cloud.use_accounts(&accounts);
    kept::folder(&arguments.state)?;
    // All jobs are kept before the first is sent: an interruption loses none of them.
    let mut jobs = Vec::new();
    for message in messages {
        let devices = message.reports.iter().filter_map(|device| device.sudi.udi().ok()).collect();
        let reports = message.reports.iter().map(|device| device.usage.len()).sum();
        let machine = Machine::new(message.nonce.clone(), Action::Acknowledgements, session.world.number());
        let accounts = (accounts.account_id.clone(), accounts.virtual_account_id.clone());
        let job = Job::new(accounts, devices, reports, machine.state().clone());
        job.create(&arguments.state, message.to_json().as_bytes())?;
        jobs.push(job);
    }
    for job in jobs {
        let mut run = Run::new(job, &arguments.state)?;
        run.start(&mut cloud, session)?;
        let (devices, reports) = (run.job.devices.len(), run.job.reports);
        let what = match &run.job.stage {
            Stage::Open if run.job.upload.poll_id.is_some() => "accepted; fetch the answer with slp poll",
            Stage::Answered => "answered; hand the answer out with slp poll",
            Stage::AlreadyReported => "known already",
            Stage::Open | Stage::Refused(_) | Stage::Done => {
                failed = true;
                "not accepted"
            }
        };
        let (reports, devices) = (counted(reports, "report"), counted(devices, "device"));
        writeln!(session.output, "{}: {reports} of {devices}, {what}", run.job.name())?;
    }
    Ok(Status::of_errors(failed))
}

fn message(mut devices: Vec<DeviceUsage>, session: &mut Session<'_>) -> ReportUsage {
    // The header of a report is not sent to the cloud (code).
    for envelope in devices.iter_mut().flat_map(|device| &mut device.usage) {
        envelope.header = None;
    }
    ReportUsage::of(session.world.clock.now(), session.world.nonce(), devices)
}
