//! `slp poll`: the answers of the cloud, one file a document.

use std::io::Write as _;
use std::path::Path;

use slp_model::UnixSeconds;
use slp_transport::cssm::SelectedAccounts;
use slp_transport::upload::Deliveries;
use slp_transport::{Error, Limits};

use super::push_ack::index::Index;
use super::request::{counted, words};
use crate::Status;
use crate::arguments::Poll;
use crate::cloud::job::{self, Job, Stage};
use crate::cloud::run::Run;
use crate::cloud::{self, Cloud};
use crate::config::Config;
use crate::console::{Session, Stop};
use crate::kept;

pub(crate) fn run(arguments: &Poll, session: &mut Session<'_>) -> Result<Status, Stop> {
    let target = Config::load(arguments.sending.config.as_deref(), &session.world.variables)?.cloud()?;
    let mut failed = false;
    let mut jobs = job::all(&arguments.state, |fault| {
        session.messages.error(fault);
        failed = true;
    })?;
    if arguments.sending.dry_run {
        jobs.retain(|job| job.stage == Stage::Open);
        rehearse(&target, &jobs, &arguments.state, session).map_err(|error| Stop::Call(error.to_string()))??;
        return Ok(Status::of_errors(failed));
    }
    kept::folder(&arguments.output)?;
    let mut index = Index::load(&arguments.output)?;
    let (open, ended): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.stage == Stage::Open);
    let is_quiet = open.is_empty() && !ended.iter().any(|job| job.stage == Stage::Answered);
    for mut job in ended {
        failed |= hand_out(&mut job, arguments, &mut index, session)?;
    }
    if open.is_empty() {
        if is_quiet {
            session.messages.note("no answer is waited for");
        }
        return Ok(Status::of_errors(failed));
    }
    let mut cloud = Cloud::connect(target)?;
    let mut runs = open.into_iter().map(|job| Run::new(job, &arguments.state)).collect::<Result<Vec<_>, _>>()?;
    let mut is_first = true;
    loop {
        for run in &mut runs {
            cloud.use_accounts(&SelectedAccounts::new(&*run.job.smart_account, &*run.job.virtual_account));
            if is_first { run.start(&mut cloud, session)? } else { run.tick(&mut cloud, session)? }
        }
        is_first = false;
        let mut next: Option<UnixSeconds> = None;
        let mut rest = Vec::new();
        for mut run in runs {
            match (&run.job.stage, run.due()) {
                (Stage::Open, Some(due)) => {
                    next = Some(next.map_or(due, |next| next.min(due)));
                    rest.push(run);
                }
                // It stopped for a reason that was told, and may go on another time.
                (Stage::Open, None) => failed = true,
                _ => failed |= hand_out(&mut run.job, arguments, &mut index, session)?,
            }
        }
        let Some(next) = next else { break };
        if !arguments.wait {
            for run in &rest {
                writeln!(session.output, "{}: not ready, ask again from {next} on", run.job.name())?;
            }
            break;
        }
        session.flush()?;
        session.world.wait_until(next);
        runs = rest;
    }
    Ok(Status::of_errors(failed))
}

/// Writes the documents of an answer. True if a device was refused or left out.
fn hand_out(job: &mut Job, arguments: &Poll, index: &mut Index, session: &mut Session<'_>) -> Result<bool, Stop> {
    match &job.stage {
        Stage::Answered => {}
        Stage::Refused(_) => return Ok(true),
        Stage::Open | Stage::Done | Stage::AlreadyReported => return Ok(false),
    }
    let results = job.result(&arguments.state)?;
    let deliveries = Deliveries::of(&results, &job.devices, &Limits::default());
    let mut written = 0_usize;
    for delivery in &deliveries.deliveries {
        let Some(document) = &delivery.document else { continue };
        let device = &delivery.device;
        let name = format!("ACK_{}_{}_{}", kept::safe(device.pid()), kept::safe(device.serial()), job.name());
        let file = keep(&arguments.output, &name, document)?;
        index.add(file, device.clone());
        written = written.saturating_add(1);
    }
    // Where the documents belong is known before the job is done with.
    index.save(&arguments.output)?;
    for (sudi, error) in &deliveries.refused {
        let device = format!("{} {}", sudi.udi_pid, sudi.udi_serial_number);
        session.messages.error(&format!("{}: {device}: {}", job.name(), words(error)));
    }
    for device in &deliveries.unanswered {
        session.messages.error(&format!("{}: {device}: no answer for this device", job.name()));
    }
    job.stage = Stage::Done;
    job.save(&arguments.state)?;
    writeln!(session.output, "{}: {}", job.name(), counted(written, "document"))?;
    Ok(!deliveries.refused.is_empty() || !deliveries.unanswered.is_empty())
}

/// Writes a document under a name of its own, and says which. One that is there already with these bytes is that one.
fn keep(folder: &Path, name: &str, document: &[u8]) -> Result<String, Stop> {
    for number in 1_u32..=1_000 {
        let file = if number == 1 { format!("{name}.txt") } else { format!("{name}-{number}.txt") };
        let path = folder.join(&file);
        if !path.exists() {
            kept::create(&path, document)?;
            return Ok(file);
        }
        if kept::bytes(&path, 64 << 20)? == document {
            return Ok(file);
        }
    }
    Err(Stop::Data(format!("{name}: a thousand other documents have this name")))
}

fn rehearse(
    target: &crate::config::CloudTarget,
    jobs: &[Job],
    folder: &Path,
    session: &mut Session<'_>,
) -> Result<Result<(), Stop>, Error> {
    let (token, mut with) = cloud::rehearse(target)?;
    let mut requests: Vec<String> = token.into_iter().take(1).collect();
    for job in jobs {
        if job.upload.poll_id.is_none() {
            with = with.with_accounts(&*job.smart_account, &*job.virtual_account);
            match job.message(folder) {
                Ok(message) => requests.push(cloud::rehearse_submit(&with, &message)?),
                Err(stop) => return Ok(Err(stop)),
            }
            continue;
        }
        let (request, session) = cloud::rehearse_poll(with, job, session.world.clock.now())?;
        requests.push(request);
        with = session;
    }
    Ok(super::request::show(&requests, session))
}
