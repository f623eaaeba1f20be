//! Disconnected: reports out as a bundle that an operator carries to the cloud, and its answer in.
//!
//! The beginning of a bundle is in the ledger before a byte of it is written, and its bytes follow from what is kept: one
//! that a kill interrupted is written again, byte for byte, and no report stands in two bundles that count.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use slp_kit::Error;
use slp_model::{Udi, UnixMillis};
use slp_rum::UsageReport;
use slp_rum::auth_request::{RequestEntry, RequestMode, RequestedKey};
use slp_rum::write::{DeviceFile, request as write_request};
use slp_sync::ExportedLeaf;
use slp_sync::bundle::{
    Answer, ExportIndex, LeafDigest, LeafName, Plan, Reader, Sealed, Verdict, VirtualAccount, Writer, answered_names,
    pair,
};
use slp_sync::ledger::{Begin, Event, Ledger, Via};
use slp_transport::Limits;
use slp_transport::cssm::{AuthorizationFor, AuthorizationMode};

use crate::collector::Collector;
use crate::documents;
use crate::store::devices::millis;
use crate::store::reports::{Item, Wish};
use crate::store::{ReportState, devices, fact, reports, set_fact};

/// Reports of one bundle; the next export takes the rest.
const REPORTS: i64 = 20_000;

/// A bundle to be written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Export {
    /// The name of the file.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many devices are in it.
    pub devices: usize,
    sealed: Sealed,
}

/// What became of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// The bundle that it answers.
    pub bundle: String,
    /// Devices whose document is here now.
    pub answered: usize,
    /// Documents that were not taken: another device's, not signed by the cloud, not readable.
    pub refused: usize,
    /// Devices of the bundle without a document.
    pub missing: usize,
}

/// The leaf of one device.
struct Sheet {
    device: i64,
    items: Vec<Item>,
    wishes: Vec<Wish>,
}

impl Collector {
    pub(crate) fn open_ledger(&mut self, now: UnixMillis) -> Result<(), Error> {
        (self.ledger, _) = Ledger::open(self.ledger()?.as_bytes())?;
        self.note_deliveries(now)
    }

    /// What became of bundles: the lines of the ledger, `slp-ledger/1`. What devices were given is in it from the next start,
    /// export or import on.
    ///
    /// # Errors
    /// Those of the store.
    pub fn ledger(&self) -> Result<String, Error> {
        let mut find = self.store.db().prepare("SELECT line FROM ledger ORDER BY seq")?;
        let mut text = String::new();
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            text.push_str(&row.get::<_, String>(0)?);
        }
        Ok(text)
    }

    /// Writes into the ledger which answers devices were given since the last time. The store knew before: a kill loses none.
    fn note_deliveries(&mut self, now: UnixMillis) -> Result<(), Error> {
        let mut found = Vec::new();
        for (name, exported) in self.ledger.bundles().filter(|(_, exported)| exported.seal.is_some() && !exported.void)
        {
            let waiting = exported.begin.leaves.iter().filter(|leaf| !exported.delivered.contains(&leaf.leaf));
            for leaf in waiting {
                let Some(ack) = exported.acks.get(&leaf.leaf) else { continue };
                if let Some(via) = delivery(self.store.db(), &leaf.device, &ack.sha256)? {
                    found.push((name.to_owned(), Event::delivered(leaf.leaf.as_str(), via)));
                }
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let mut ledger = self.ledger.clone();
        self.store.write(|db| {
            for (name, event) in found {
                add_line(db, &ledger.append(&name, now, event)?)?;
            }
            Ok(())
        })?;
        self.ledger = ledger;
        Ok(())
    }

    /// Writes what waits for the cloud as bundles, by `write`, which takes name and bytes and returns when they are durable.
    /// Those that an earlier run did not finish come first. Connected, only reports are in it that the cloud has and did not
    /// acknowledge. The names.
    ///
    /// # Errors
    /// Those of `write` and of the store. Call it again then: nothing is lost, and nothing stands in two bundles.
    pub fn export(
        &mut self,
        mut write: impl FnMut(&str, &[u8]) -> io::Result<()>,
        now: UnixMillis,
    ) -> Result<Vec<String>, Error> {
        self.note_deliveries(now)?;
        let mut names = Vec::new();
        let open: Vec<String> = self.ledger.unsealed().map(|(name, _)| name.to_owned()).collect();
        for name in open {
            let export = self.build_again(&name)?;
            write(&export.name, &export.bytes)?;
            self.seal(&export, now)?;
            names.push(export.name);
        }
        if let Some(export) = self.begin(now)? {
            write(&export.name, &export.bytes)?;
            self.seal(&export, now)?;
            names.push(export.name);
        }
        Ok(names)
    }

    fn plan(&mut self, at: UnixMillis) -> Result<Plan, Error> {
        if fact(self.store.db(), "instance")?.is_none() {
            let instance = self.random.uuid();
            self.store.write(|db| set_fact(db, "instance", &instance))?;
        }
        let db = self.store.db();
        let mut plan = Plan::new(self.settings.smart_account(), at);
        plan.smart_account_id = fact(db, "smart_account_id")?.unwrap_or_default();
        plan.collector_instance_id = fact(db, "instance")?.unwrap_or_default();
        let id = fact(db, "virtual_account_id")?.unwrap_or_default();
        plan.virtual_accounts = vec![VirtualAccount::new(self.settings.virtual_account.as_str(), id)];
        Ok(plan)
    }

    fn begin(&mut self, now: UnixMillis) -> Result<Option<Export>, Error> {
        let mut states = vec![ReportState::Unanswered];
        if self.settings.cloud.is_none() {
            states.push(ReportState::Received);
        }
        let items = reports::open(self.store.db(), &states, REPORTS)?;
        let wishes = if self.settings.cloud.is_none() {
            reports::wishes(self.store.db(), "state", ReportState::Received.code())?
        } else {
            Vec::new()
        };
        let sheets = sheets(items, wishes);
        if sheets.is_empty() {
            return Ok(None);
        }
        let plan = self.plan(now)?;
        let plan = self.ledger.free(plan)?;
        let (export, leaves) = build(self.store.db(), &plan, &sheets)?;
        let mut ledger = self.ledger.clone();
        let begin = Begin::new(self.settings.virtual_account.as_str(), export.sealed.content_sha256, leaves);
        let line = ledger.append(&export.name, now, Event::Begin(begin))?;
        self.store.write(|db| {
            let sql = "INSERT INTO bundle (name, at) VALUES (?1, ?2)";
            db.prepare_cached(sql)?.execute(params![export.name, millis(plan.at)])?;
            for sheet in &sheets {
                for item in &sheet.items {
                    reports::into_bundle(db, item.row, &export.name)?;
                }
                for wish in &sheet.wishes {
                    reports::forward_wish(db, wish.row, "bundle", export.name.as_str())?;
                }
            }
            add_line(db, &line)
        })?;
        self.ledger = ledger;
        Ok(Some(export))
    }

    fn build_again(&mut self, name: &str) -> Result<Export, Error> {
        let db = self.store.db();
        let mut find = db.prepare("SELECT at FROM bundle WHERE name = ?1")?;
        let at: i64 = find.query_row([name], |row| row.get(0))?;
        drop(find);
        let sql =
            "SELECT device FROM report WHERE bundle = ?1 UNION SELECT device FROM wish WHERE bundle = ?1 ORDER BY 1";
        let mut find = db.prepare(sql)?;
        let devices = find.query_map([name], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        drop(find);
        let mut sheets = Vec::new();
        for device in devices {
            let items = reports::of_bundle(db, name, device)?;
            let wishes = reports::wishes(db, "bundle", name)?;
            sheets.push(Sheet { device, items, wishes: of_device(wishes, device) });
        }
        let plan = self.plan(UnixMillis::new(u64::try_from(at)?)?)?;
        let (export, _) = build(self.store.db(), &plan, &sheets)?;
        let planned = self.ledger.bundle(name).map(|exported| exported.begin.content_sha256);
        if export.name != name || planned != Some(export.sealed.content_sha256) {
            return Err(format!("{name}: it cannot be written as it was begun; was the account renamed?").into());
        }
        Ok(export)
    }

    fn seal(&mut self, export: &Export, now: UnixMillis) -> Result<(), Error> {
        let mut ledger = self.ledger.clone();
        let event = Event::seal(export.sealed.sha256, export.sealed.size);
        let line = ledger.append(&export.name, now, event)?;
        self.store.write(|db| add_line(db, &line))?;
        self.ledger = ledger;
        self.events.say(format!("{}: exported, {} devices", export.name, export.devices));
        Ok(())
    }

    /// Takes the answer to a bundle from memory. See [`import_from`](Self::import_from).
    ///
    /// # Errors
    /// As [`import_from`](Self::import_from).
    pub fn import(&mut self, name: &str, bytes: &[u8], now: UnixMillis) -> Result<Imported, Error> {
        self.import_from(name, || Ok(bytes), now)
    }

    /// Takes the answer to a bundle, document by document: never are all of them in memory. It is read twice, each time from
    /// what `open` gives, once to judge it as a whole and once to keep its documents. Those that are their device's wait for
    /// it from here on; taking an answer twice changes nothing.
    ///
    /// # Errors
    /// For an answer to a bundle that this collector never wrote, one that cannot be read or was changed between the two
    /// times, and those of `open` and the store: nothing has changed then.
    pub fn import_from<R: Read>(
        &mut self,
        name: &str,
        mut open: impl FnMut() -> io::Result<R>,
        now: UnixMillis,
    ) -> Result<Imported, Error> {
        self.note_deliveries(now)?;
        let names = answered_names(name);
        let found = names.iter().find_map(|name| Some((name.clone(), self.ledger.bundle(name)?)));
        let Some((bundle, exported)) = found else {
            return Err(format!("{name}: not the answer to a bundle of this collector").into());
        };
        let index = ExportIndex::of_ledger(&bundle, exported);
        let limits = slp_sync::Limits::default();
        let (pairing, unreadable) = pair(&index, &mut Reader::new(open()?, &limits).named(name))?;
        let mut ledger = self.ledger.clone();
        let mut imported =
            Imported { bundle: bundle.clone(), missing: pairing.missing().count(), ..Imported::default() };
        imported.refused = unreadable.len();
        let Self { store, settings, events, .. } = self;
        store.write(|db| {
            let mut documents = Documents(Reader::new(open()?, &limits).named(name));
            for answer in pairing.answers() {
                let document = documents.of(&answer)?;
                let Some(leaf) = answer.exported.and_then(|at| index.leaf(at)) else {
                    imported.refused = imported.refused.saturating_add(1);
                    events.say(format!("{}: {}, not taken", answer.name, answer.verdict.as_str()));
                    continue;
                };
                let Some(device) = devices::find(db, leaf.device)? else { continue };
                let claims = match answer.verdict {
                    Verdict::Repeated => continue,
                    Verdict::Acked => documents::judge(settings, leaf.device, &document),
                    _ => Err("Answer of the cloud for another device"),
                };
                let claims = match claims {
                    Ok(claims) => claims,
                    Err(text) => {
                        imported.refused = imported.refused.saturating_add(1);
                        devices::alert(db, device, text)?;
                        events.say(format!("{}: {text}, not taken", answer.name));
                        continue;
                    }
                };
                let items = reports::of_bundle(db, &bundle, device)?;
                let kept = documents::take(db, device, &document, &claims, &items, now)?;
                devices::well(db, device)?;
                for wish in of_device(reports::wishes(db, "bundle", bundle.as_str())?, device) {
                    if !wish.state.is_final() {
                        reports::end_wish(db, wish.row, ReportState::Answered, Some(kept), None)?;
                    }
                }
                imported.answered = imported.answered.saturating_add(1);
            }
            for event in pairing.events() {
                let Event::Ack(ack) = &event else { continue };
                if !ledger.is_applied(&bundle, &ack.leaf, &ack.sha256) && is_taken(db, &index, ack)? {
                    add_line(db, &ledger.append(&bundle, now, event)?)?;
                }
            }
            Ok(())
        })?;
        self.ledger = ledger;
        self.woken = Some(now.to_seconds());
        Ok(imported)
    }
}

/// The documents of an answer that was judged, one after the other.
struct Documents<R: Read>(Reader<R>);

impl<R: Read> Documents<R> {
    /// The one that was judged so. Those before it that could not be read are passed over.
    fn of(&mut self, answer: &Answer<'_>) -> Result<Vec<u8>, Error> {
        for leaf in &mut self.0 {
            match leaf {
                Ok(leaf) if leaf.index < answer.index => {}
                Ok(leaf)
                    if leaf.index == answer.index && <[u8; 32]>::from(Sha256::digest(&leaf.bytes)) == answer.sha256 =>
                {
                    return Ok(leaf.bytes.into_owned());
                }
                Err(error) if !error.is_fatal() => {}
                Ok(_) | Err(_) => break,
            }
        }
        Err(format!("{}: the answer was changed while it was read, nothing is taken of it", answer.name).into())
    }
}

/// Is the document of this entry one that was kept?
fn is_taken(db: &Connection, index: &ExportIndex, ack: &slp_sync::ledger::AckEntry) -> Result<bool, Error> {
    let leaf = index.leaves().find(|leaf| leaf.leaf == ack.leaf);
    let Some(device) = leaf.map(|leaf| devices::find(db, leaf.device)).transpose()?.flatten() else {
        return Ok(false);
    };
    Ok(db
        .prepare_cached("SELECT 1 FROM answer WHERE device = ?1 AND sha256 = ?2")?
        .exists(params![device, ack.sha256])?)
}

/// How a device was given the document with this digest, if it was.
fn delivery(db: &Connection, device: &Udi, sha256: &[u8; 32]) -> Result<Option<Via>, Error> {
    let sql = "SELECT target IS NOT NULL FROM answer JOIN device ON device.id = answer.device \
               WHERE pid = ?1 AND serial = ?2 AND sha256 = ?3 AND delivered IS NOT NULL";
    let mut find = db.prepare_cached(sql)?;
    let is_pulled: Option<bool> =
        find.query_row(params![device.pid(), device.serial(), sha256], |row| row.get(0)).optional()?;
    Ok(is_pulled.map(|is_pulled| if is_pulled { Via::Pull } else { Via::Push }))
}

fn of_device(wishes: Vec<Wish>, device: i64) -> Vec<Wish> {
    wishes.into_iter().filter(|wish| wish.device == device).collect()
}

fn add_line(db: &Connection, line: &str) -> Result<(), Error> {
    db.prepare_cached("INSERT INTO ledger (line) VALUES (?1)")?.execute([line])?;
    Ok(())
}

fn sheets(items: Vec<Item>, wishes: Vec<Wish>) -> Vec<Sheet> {
    let mut sheets: BTreeMap<i64, Sheet> = BTreeMap::new();
    let devices: BTreeSet<i64> =
        items.iter().map(|item| item.device).chain(wishes.iter().map(|wish| wish.device)).collect();
    for device in devices {
        sheets.insert(device, Sheet { device, items: Vec::new(), wishes: Vec::new() });
    }
    for item in items {
        if let Some(sheet) = sheets.get_mut(&item.device) {
            sheet.items.push(item);
        }
    }
    for wish in wishes {
        if let Some(sheet) = sheets.get_mut(&wish.device) {
            sheet.wishes.push(wish);
        }
    }
    sheets.into_values().collect()
}

/// The bundle of these leaves: the same bytes each time.
fn build(db: &Connection, plan: &Plan, sheets: &[Sheet]) -> Result<(Export, Vec<ExportedLeaf>), Error> {
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), plan)?;
    let archive = writer.archives().first().cloned().unwrap_or_default();
    let mut leaves = Vec::new();
    for sheet in sheets {
        let udi = devices::udi(db, sheet.device)?;
        let mut read: Vec<UsageReport> = Vec::new();
        for item in &sheet.items {
            read.push(reports::envelope(db, item.row)?.to_report()?);
        }
        let mut file = DeviceFile::new().reports(&read);
        if !sheet.wishes.is_empty() {
            let entries = sheet.wishes.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
            file = file.element(write_request::authorization_request(&entries)?)?;
        }
        let text = file.to_text()?;
        let number = u64::try_from(sheet.device)?;
        writer.add_leaf(0, number, text.as_bytes())?;
        let name = LeafName::new(number, &plan.name()).to_string();
        let mut leaf = ExportedLeaf::new(archive.as_str(), name, udi.clone(), LeafDigest::of(text.as_bytes()));
        let mut members: Vec<_> = read.iter().flat_map(UsageReport::ha).map(|member| member.device.clone()).collect();
        members.sort();
        members.dedup();
        leaf.ha = members.into_iter().filter(|member| *member != udi).collect();
        leaf.reports = read.iter().map(UsageReport::id).collect();
        leaves.push(leaf);
    }
    let (bytes, sealed) = writer.finish()?;
    Ok((Export { name: sealed.name.clone(), bytes, devices: leaves.len(), sealed }, leaves))
}

/// A wish as it stands in a device's file.
fn entry(wish: &Wish) -> Result<RequestEntry, Error> {
    let wanted = AuthorizationFor::from_json(wish.request.as_bytes(), &Limits::default())?;
    let device = wanted.sudi.udi()?;
    if let Some(code) = wanted.remove_code {
        return Ok(RequestEntry::giving_back(device, code));
    }
    let mode = if wanted.mode == Some(AuthorizationMode::Replace) { RequestMode::Replace } else { RequestMode::Add };
    let mut keys = Vec::new();
    for key in wanted.keys {
        keys.push(RequestedKey::new(key.entitlement, u32::try_from(key.count.get())?));
    }
    Ok(RequestEntry::request(device, mode, keys))
}
