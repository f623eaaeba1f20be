//! No connectivity: each quarter the files of all devices go into one bundle, and its answer back to each device.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use slp_kit::Error;
use slp_model::Udi;
use slp_sync::Limits;
use slp_sync::bundle::{Claims, ExportIndex, Pairer, Plan, Reader, Writer};

use crate::world::{DAY, World, lock, number};

/// The code comes with an answer, and its use is reported with the next file.
const UNREPORTED: &str = "hseck9 is in use only now: the next file reports it, here none (4 months or more show it)";

pub(crate) fn run(world: &mut World, out: &mut dyn Write) -> Result<(), Error> {
    world.everywhere("license network-advantage 1")?;
    for month in 0..world.options.months {
        world.live(month)?;
        world.pass(30 * DAY, out)?;
        if month % 3 == 2 || month + 1 == world.options.months {
            let was_in_use = world.uses_the_code();
            quarter(world)?;
            if month + 1 == world.options.months && !was_in_use && world.uses_the_code() {
                world.said("device", "operator", UNREPORTED);
            }
            world.teller.tell(out)?;
        }
    }
    Ok(())
}

fn quarter(world: &World) -> Result<(), Error> {
    let mut plan = Plan::new("Example Account", world.now());
    plan.smart_account_id = "100001".into();
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan)?;
    let mut leaves = Vec::new();
    for (number, runner) in (1_u64..).zip(&world.runners) {
        // the first file of the first device also asks for a code
        let is_asking = number == 1 && lock(runner).imported().codes.is_empty();
        let file = lock(runner).save_usage(if is_asking { &["hseck9"] } else { &[] }, world.now())?;
        if lock(runner).saved().life.kept.is_empty() {
            world.said("device", "operator", "nothing to report: no licence in use since the last file");
            continue;
        }
        if is_asking {
            let serial = lock(runner).active().serial().to_owned();
            world.said("device", "file", format!("{serial}: usage, with a request for a code for hseck9"));
        } else {
            world.said("device", "file", "license smart save usage all");
        }
        leaves.push(writer.add(0, number, &file)?);
    }
    let (bytes, sealed) = writer.finish()?;
    world.said("operator", "file", format!("slp bundle create: {}, {}", sealed.name, number(sealed.leaves, "device")));
    let upload = world.cloud().upload(&sealed.name, &bytes, world.now());
    world.said("operator", "cloud", format!("upload: {}, {}", upload.status, number(upload.reports, "report")));
    let Some(name) = upload.answer else { return Ok(()) };
    let answer = world.cloud().answer(&name).map(<[u8]>::to_vec).unwrap_or_default();
    world.said("cloud", "operator", format!("download: {name}"));
    let index = ExportIndex::new(&*sealed.name, leaves);
    let mut pairer = Pairer::new(&index);
    let mut documents: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for leaf in Reader::new(&answer[..], &Limits::default()).named(&name) {
        let leaf = leaf?;
        pairer.add(&leaf, &Claims::read(&leaf.bytes)?);
        documents.insert(leaf.index, leaf.bytes.into_owned());
    }
    let pairing = pairer.finish();
    world.said(
        "operator",
        "file",
        format!("slp ack split: {}, {} missing", number(documents.len(), "document"), pairing.missing().count()),
    );
    for answer in pairing.answers() {
        let exported = answer.exported.and_then(|place| index.leaf(place));
        let (Some(leaf), Some(document)) = (exported, documents.get(&answer.index)) else { continue };
        let is_for = |udi: &Udi| leaf.device.matches(udi);
        if let Some(runner) = world.runners.iter().find(|runner| is_for(lock(runner).active())) {
            let printed = lock(runner).import(document, world.now())?;
            world.said("file", "device", format!("license smart import: {printed}"));
        }
    }
    world.logs();
    world.use_the_code()
}
