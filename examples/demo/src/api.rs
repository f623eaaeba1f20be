//! A collector of one's own: device REST on one side, the cloud's API on the other.

use std::io::Write;

use slp_kit::{Error, Random};
use slp_transport::cssm::{
    AccessToken, Grant, Poll, PollOutcome, ReportUsage, SearchAccounts, Session, SubmitOutcome, TokenRequest,
};
use slp_transport::device::{AllReports, CloseReports, Import, Session as DeviceSession};
use slp_transport::{Action, BaseUrl, DeviceUsage, Limits, Secret, batches};

use crate::wire::{DEVICE_PASSWORD, DEVICE_USER};
use crate::world::{CLIENT, DAY, World, number};

pub(crate) fn run(world: &mut World, out: &mut dyn Write) -> Result<(), Error> {
    let mut devices = Vec::new();
    for runner in &world.runners {
        devices.push(format!("http://{}", world.serve(runner)?).parse::<BaseUrl>()?);
    }
    world.everywhere("license network-advantage 1")?;
    for month in 0..world.options.months {
        world.live(month)?;
        world.pass(30 * DAY, out)?;
        let addresses: Vec<&BaseUrl> = devices.iter().collect();
        round(world, &addresses, out)?;
    }
    Ok(())
}

/// Collect, report, poll, bring back.
fn round(world: &World, devices: &[&BaseUrl], out: &mut dyn Write) -> Result<(), Error> {
    let limits = Limits::default();
    let mut random = Random::system();
    let session = session(world, &limits)?;
    let mut usage = Vec::new();
    for address in devices {
        let device = DeviceSession::new((*address).clone(), DEVICE_USER, Secret::new(DEVICE_PASSWORD));
        world.client.call(&device, CloseReports::new(), &limits)?;
        let reports = world.client.call(&device, AllReports::new(), &limits)?;
        world.said("tool", "device", format!("all-reports: {}", number(reports.usage.len(), "report")));
        let reports = reports.usage.iter().map(slp_transport::RumEnvelope::to_report).collect::<Result<Vec<_>, _>>()?;
        usage.extend(DeviceUsage::group(&reports)?);
    }
    for batch in batches(usage) {
        let nonce = random.nonce();
        let message = ReportUsage::of(world.now(), nonce.clone(), batch);
        let submitted = world.client.call(&session, message, &limits)?.submitted("reportusage");
        let (id, interval) = match submitted {
            Ok(SubmitOutcome::Poll { id, interval, .. }) => (id, interval),
            Ok(_) => continue,
            Err(error) if error.refusal().is_some_and(slp_transport::Refusal::is_duplicate) => {
                world.said("tool", "cloud", "reportusage: the cloud has these already");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        world.said("tool", "cloud", "reportusage: OK_POLL");
        world.pass(i64::from(interval), out)?;
        let poll = Poll::new(world.now(), nonce, id, Action::Acknowledgements);
        let polled = world.client.call(&session, poll, &limits)?.polled(&Action::Acknowledgements, "poll")?;
        let PollOutcome::Done(results) = polled else { continue };
        world.said("tool", "cloud", "poll: COMPLETE");
        for item in results.acknowledgements.unwrap_or_default() {
            let Some(document) = item.smart_license else { continue };
            // whose document it is, the device itself decides
            let place = world.runners.iter().position(|runner| item.sudi.is(crate::world::lock(runner).active()));
            let Some(address) = place.and_then(|place| devices.get(place)) else { continue };
            let device = DeviceSession::new((*address).clone(), DEVICE_USER, Secret::new(DEVICE_PASSWORD));
            world.client.call(&device, Import::new(document.decode(&limits)?), &limits)?;
            world.said("tool", "device", "import: done");
        }
    }
    world.logs();
    world.teller.tell(out)
}

fn session(world: &World, limits: &Limits) -> Result<Session, Error> {
    let token: BaseUrl = format!("https://{}{}", world.address, cssm::TOKEN_PATH).parse()?;
    let request = TokenRequest::new(CLIENT.0, Secret::new(CLIENT.1), Grant::ClientCredentials);
    let answer = world.client.call(&token, request, limits)?;
    let base: BaseUrl = format!("https://{}/services/api/smart-accounts-and-licensing", world.address).parse()?;
    let session = Session::new(base.clone(), AccessToken::new(answer.access_token.expose()));
    let found = world.client.call(&session, SearchAccounts::new(), limits)?;
    let accounts = found.select("account.example", "Default")?;
    world.said("tool", "cloud", "token, accounts/search");
    Ok(session.with_accounts(accounts.account_id, accounts.virtual_account_id))
}
