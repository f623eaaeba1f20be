//! What devices push: kept before it is answered, all messages of a batch in one transaction.

use std::net::IpAddr;

use rusqlite::Connection;
use slp_kit::{Error, Events, Random, reports_of};
use slp_model::{Udi, UnixMillis};
use slp_rum::UsageReport;
use slp_transport::cssm::AuthorizationFor;
use slp_transport::push::{
    Admission, Admitted, ConnectInfo, Hello, HelloAnswer, PiRequest, PiResponse, RequestData, SyncAnswer,
    UsageReporting, admit, message_code,
};
use slp_transport::{Acknowledged, Action, Authorized, PollId, Results, RumEnvelope, SmartLicense, StatusWord, Sudi};

use crate::collector::Collector;
use crate::settings::Settings;
use crate::store::reports::{Item, Wish};
use crate::store::{ReportState, answers, devices, reports};

/// What this collector can do, of what agents can. No telemetry: the cloud has no call for it.
const CAPABILITIES: [&str; 7] = ["UTILITY", "DLC", "AppHA", "MULTITIER", "EXPORT_2", "OK_TRY_AGAIN", "POLICY_USAGE"];
/// A document that a device was given so often, and whose reports it still sends, is one that it does not take.
const DELIVERIES: i64 = 2;

impl Collector {
    /// Answers a message of a device; `from` is the address from which it came.
    pub fn push(&mut self, from: Option<IpAddr>, message: &PiRequest, now: UnixMillis) -> PiResponse {
        let mut answers = self.push_all(&[(from, message)], now);
        answers.pop().unwrap_or_else(|| self.broken(message, now))
    }

    /// Answers messages of devices, in their order. All of them are durable, or none: then each is told so. The same message
    /// twice does no harm; who listens may answer it from memory.
    pub fn push_all(&mut self, messages: &[(Option<IpAddr>, &PiRequest)], now: UnixMillis) -> Vec<PiResponse> {
        let Self { store, settings, random, events, .. } = self;
        let done = store.write(|db| {
            let mut desk = Desk { db, settings, random, events, now };
            messages.iter().map(|(from, message)| desk.take(*from, message)).collect::<Result<Vec<_>, Error>>()
        });
        match done {
            Ok(answers) => {
                self.schedule_forward(now);
                answers
            }
            Err(error) => {
                self.events.say(format!("nothing could be kept: {error}"));
                messages.iter().map(|(_, message)| self.broken(message, now)).collect()
            }
        }
    }

    fn broken(&mut self, message: &PiRequest, now: UnixMillis) -> PiResponse {
        let answer = PiResponse::to(message, now, self.random.uuid());
        answer.because(message_code::INTERNAL, "server", "nothing could be kept: send it again later")
    }
}

/// One message at work.
struct Desk<'a> {
    db: &'a Connection,
    settings: &'a Settings,
    random: &'a mut Random,
    events: &'a mut Events,
    now: UnixMillis,
}

impl Desk<'_> {
    fn take(&mut self, from: Option<IpAddr>, message: &PiRequest) -> Result<PiResponse, Error> {
        let answer = PiResponse::to(message, self.now, self.random.uuid());
        let udi = match message.sudi.udi() {
            Ok(udi) => udi,
            Err(error) => return Ok(answer.because(message_code::BAD_REQUEST, "sudi", error.to_string())),
        };
        let device = match self.admit(&udi, from, message)? {
            Ok(device) => device,
            Err(code) => {
                self.events.say(format!("{udi}: refused, {code}"));
                return Ok(answer.because(code, "sudi", "this device may not report here"));
            }
        };
        Ok(match &message.data {
            RequestData::Hello(hello) => self.hello(device, hello, answer)?,
            RequestData::TrustSync(_) => answer.with_data(SyncAnswer::new()),
            RequestData::UsageReporting(usage) => self.usage(device, usage, answer)?,
            RequestData::ResultPolling(poll) => self.poll(poll.poll_id, &poll.action, answer)?,
            RequestData::AuthorizationRequest(request) => self.wishes(device, &request.licenses, answer)?,
            RequestData::AuthorizationReturn(back) => {
                let give = |returned: &slp_transport::push::Returned| {
                    AuthorizationFor::give_back(returned.sudi.clone(), returned.remove_code.clone())
                };
                let wishes: Vec<AuthorizationFor> = back.returns.iter().map(give).collect();
                self.wishes(device, &wishes, answer)?
            }
            RequestData::TrustAcknowledgement(_) | RequestData::AuthorizationConfirmation(_) => answer,
            RequestData::TrustEstablishment(_) => {
                answer.because(message_code::NOT_SUPPORTED, "kind", "no trust is needed towards a collector")
            }
            _ => answer.because(message_code::NOT_SUPPORTED, "kind", "a kind that is not served"),
        })
    }

    /// The number of the device, or the code of the refusal. Spec: transport, "Who may push".
    fn admit(
        &mut self,
        udi: &Udi,
        from: Option<IpAddr>,
        message: &PiRequest,
    ) -> Result<Result<i64, &'static str>, Error> {
        let address = from.map(|address| address.to_string());
        let known = devices::find(self.db, udi)?;
        let mut facts = Admission::new();
        (facts.nat, facts.listed_only) = (self.settings.nat, self.settings.listed_only);
        facts.udi_known = known.is_some();
        if facts.listed_only {
            facts.udi_listed = devices::is_listed(self.db, known, address.as_deref())?;
        }
        if let (false, Some(address)) = (facts.nat || facts.udi_known, &address) {
            facts.address_of_other = devices::is_address_of_other(self.db, address, known)?;
        }
        match admit(facts) {
            Err(refused) => return Ok(Err(refused.code)),
            Ok(Admitted::AddedBesideOther) => {
                self.events.say(format!("{udi}: a new device at the address of another one"));
            }
            Ok(_) => {}
        }
        let id = match known {
            Some(id) => id,
            None => devices::add(self.db, udi, &self.settings.virtual_account)?,
        };
        let software = Some(message.software_tag_identifier.as_str());
        devices::heard(self.db, id, address.as_deref(), message.hostname.as_deref(), software, self.now)?;
        Ok(Ok(id))
    }

    fn hello(&mut self, device: i64, hello: &Hello, answer: PiResponse) -> Result<PiResponse, Error> {
        let mut data = HelloAnswer::new(ConnectInfo::collector(&hello.capabilities, &CAPABILITIES));
        for poll in answers::open_polls(self.db, device)? {
            let (reports, wishes) = self.of_poll(poll)?;
            if is_ready(&reports, &wishes) {
                data.pending = true;
                break;
            }
        }
        Ok(answer.with_data(data))
    }

    fn usage(&mut self, device: i64, usage: &UsageReporting, answer: PiResponse) -> Result<PiResponse, Error> {
        // all of them are read before one is kept
        let read = match reports_of(&usage.reports) {
            Ok(read) => read,
            Err(text) => return Ok(answer.because(message_code::BAD_REQUEST, "reports", text)),
        };
        let mut items = Vec::with_capacity(read.len());
        for (report, envelope) in &read {
            items.push(keep(self.db, self.settings, self.events, report, envelope, self.now)?);
        }
        if !items.is_empty() {
            devices::reported(self.db, device, self.now)?;
        }
        let mut wishes = Vec::new();
        for wish in usage.authorization_requests.iter().flatten() {
            match self.keep_wish(wish)? {
                Ok(kept) => wishes.push(kept),
                Err(text) => return Ok(answer.because(message_code::BAD_REQUEST, "authorization_requests", text)),
            }
        }
        self.result(device, Action::Acknowledgements, &items, &wishes, answer)
    }

    fn wishes(&mut self, device: i64, list: &[AuthorizationFor], answer: PiResponse) -> Result<PiResponse, Error> {
        let mut wishes = Vec::new();
        for wish in list {
            match self.keep_wish(wish)? {
                Ok(kept) => wishes.push(kept),
                Err(text) => return Ok(answer.because(message_code::BAD_REQUEST, "licenses", text)),
            }
        }
        self.result(device, Action::Authorizations, &[], &wishes, answer)
    }

    fn keep_wish(&mut self, wish: &AuthorizationFor) -> Result<Result<Wish, String>, Error> {
        let udi = match wish.sudi.udi() {
            Ok(udi) => udi,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let device = devices::add(self.db, &udi, &self.settings.virtual_account)?;
        reports::keep_wish(self.db, device, &wish.to_json(), self.now).map(Ok)
    }

    fn of_poll(&self, poll: i64) -> Result<(Vec<Item>, Vec<Wish>), Error> {
        Ok((reports::of_poll(self.db, poll)?, reports::wishes(self.db, "poll", poll)?))
    }

    /// The result, if all of it is here; else an id to poll for.
    fn result(
        &mut self,
        device: i64,
        action: Action,
        items: &[Item],
        wishes: &[Wish],
        answer: PiResponse,
    ) -> Result<PiResponse, Error> {
        if is_ready(items, wishes) {
            let results = self.deliver(&action, items, wishes)?;
            return Ok(answer.with_data(results));
        }
        let id = self.random.poll_id();
        let row = i64::try_from(id.get())?;
        let rows: (Vec<i64>, Vec<i64>) =
            (items.iter().map(|item| item.row).collect(), wishes.iter().map(|wish| wish.row).collect());
        answers::add_poll(self.db, row, device, action.as_str(), &rows.0, &rows.1, self.now)?;
        Ok(answer.later(id, self.settings.poll_seconds, action))
    }

    fn poll(&mut self, id: PollId, action: &Action, answer: PiResponse) -> Result<PiResponse, Error> {
        answers::forget_polls(self.db, self.now)?;
        let row = i64::try_from(id.get()).unwrap_or(-1);
        if !answers::is_poll(self.db, row, action.as_str())? {
            return Ok(answer.because(message_code::POLL_UNKNOWN, "poll_id", "no result waits under this id"));
        }
        let (items, wishes) = self.of_poll(row)?;
        if !is_ready(&items, &wishes) {
            return Ok(answer.later(id, self.settings.poll_seconds, action.clone()));
        }
        answers::poll_delivered(self.db, row, self.now)?;
        let results = self.deliver(action, &items, &wishes)?;
        Ok(answer.with_data(results))
    }

    /// Documents, each once, and what became of wishes. They count as delivered from here on.
    fn deliver(&mut self, action: &Action, items: &[Item], wishes: &[Wish]) -> Result<Results, Error> {
        let mut results = Results::new();
        let mut acknowledgements = Vec::new();
        let mut documents: Vec<i64> = items.iter().filter_map(|item| item.answer).collect();
        documents.sort_unstable();
        documents.dedup();
        for id in documents {
            let (device, document) = answers::document(self.db, id)?;
            let mut item = Acknowledged::new(Sudi::from(&devices::udi(self.db, device)?));
            item.smart_license = Some(SmartLicense::encode(&document));
            acknowledgements.push(item);
            answers::delivered(self.db, id, self.now)?;
        }
        let mut codes = Vec::new();
        for wish in wishes {
            let sudi = Sudi::from(&devices::udi(self.db, wish.device)?);
            let status = if wish.refusal.is_some() { StatusWord::Failed } else { StatusWord::Success };
            let mut item = Authorized::new(sudi, status);
            item.status_message.clone_from(&wish.refusal);
            if let Some(id) = wish.answer {
                item.smart_license = Some(SmartLicense::encode(&answers::document(self.db, id)?.1));
                answers::delivered(self.db, id, self.now)?;
            }
            codes.push(item);
        }
        if *action == Action::Acknowledgements {
            results.acknowledgements = Some(acknowledgements);
        }
        if *action == Action::Authorizations || !codes.is_empty() {
            results.authorizations = Some(codes);
        }
        Ok(results)
    }
}

fn is_ready(items: &[Item], wishes: &[Wish]) -> bool {
    items.iter().all(|item| item.state.is_final()) && wishes.iter().all(|wish| wish.state.is_final())
}

/// Keeps a report under the device that it names. One that was answered already, and comes again and again, waits for
/// another answer.
pub(crate) fn keep(
    db: &Connection,
    settings: &Settings,
    events: &mut Events,
    report: &UsageReport,
    envelope: &RumEnvelope,
    now: UnixMillis,
) -> Result<Item, Error> {
    let device = devices::add(db, report.device(), &settings.virtual_account)?;
    let (item, fresh) = reports::keep(db, device, report, envelope, now)?;
    if !fresh {
        return came_again(db, item);
    }
    if reports::versions(db, &item)? > 1 {
        events.say(format!("{}: report {} came with other content; both are kept", report.device(), item.report));
        devices::alert(db, device, "Two reports under one id")?;
    }
    Ok(item)
}

/// As [`keep`], for a payload that is in this row, if it is the one of this device.
pub(crate) fn again(db: &Connection, row: i64, device: i64, sha256: [u8; 32]) -> Result<Option<Item>, Error> {
    reports::at(db, row, device, sha256)?.map(|item| came_again(db, item)).transpose()
}

fn came_again(db: &Connection, mut item: Item) -> Result<Item, Error> {
    if let (ReportState::Acknowledged, Some(answer)) = (item.state, item.answer)
        && answers::deliveries(db, answer)? >= DELIVERIES
    {
        answers::not_taken(db, answer)?;
        (item.state, item.answer) = (ReportState::Unanswered, None);
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_payload_is_known_again_in_its_row_of_its_device_alone_and_not_taken_when_its_answer_went_out_often() {
        let store = Store::in_memory().unwrap();
        let db = store.db();
        let sha256 = [7; 32];
        db.execute_batch(
            "INSERT INTO device (id, pid, serial, virtual_account) VALUES (1, 'P', 'S', 'Default'), (2, 'P', 'T', 'Default');
             INSERT INTO answer (id, device, document, sha256, created) VALUES (5, 1, x'00', x'00', 0);",
        )
        .unwrap();
        let sql = "INSERT INTO report (id, device, report, sha256, payload, envelope, received) \
                   VALUES (3, 1, '9', ?1, '', '', 0)";
        db.execute(sql, [sha256]).unwrap();
        let state = |row, device, sha256| again(db, row, device, sha256).unwrap().map(|item| item.state);
        assert_eq!(state(3, 1, sha256), Some(ReportState::Received));
        // rows of a transaction that came to nothing are given to others
        assert_eq!([state(4, 1, sha256), state(3, 2, sha256), state(3, 1, [8; 32])], [None; 3]);
        for (deliveries, expected) in [(1, ReportState::Acknowledged), (2, ReportState::Unanswered)] {
            db.execute("UPDATE report SET state = 4, answer = 5", []).unwrap();
            db.execute("UPDATE answer SET deliveries = ?1", [deliveries]).unwrap();
            assert_eq!(state(3, 1, sha256), Some(expected), "{deliveries}");
        }
    }
}
