//! A collector without a cloud: devices push, and each month an operator carries a bundle out and its answer in.

use std::io::Write;

use slp_kit::Error;

use crate::world::{DAY, World, number};

pub(crate) fn run(world: &mut World, out: &mut dyn Write) -> Result<(), Error> {
    world.everywhere("license network-advantage 1")?;
    world.ask_for_a_code()?;
    for month in 0..world.options.months {
        world.live(month)?;
        world.pass(30 * DAY, out)?;
        carry(world)?;
        // devices poll once a day
        world.pass(DAY, out)?;
        world.use_the_code()?;
    }
    // what is under way comes to its end
    world.everywhere("license smart sync all")?;
    world.pass(DAY, out)?;
    carry(world)?;
    world.pass(2 * DAY, out)
}

/// The operator's round: Download All For Cisco, upload, download, Upload From Cisco.
fn carry(world: &World) -> Result<(), Error> {
    let collector = world.collecting.as_ref().ok_or("this path has a collector")?;
    for (name, bytes) in collector.export(world.now())? {
        world.said("cslu", "operator", format!("cslu export: {name}"));
        let upload = world.cloud().upload(&name, &bytes, world.now());
        world.said("operator", "cloud", format!("upload: {}, {}", upload.status, number(upload.reports, "report")));
        let Some(answer) = upload.answer else { continue };
        let bytes = world.cloud().answer(&answer).map(<[u8]>::to_vec).unwrap_or_default();
        world.said("cloud", "operator", format!("download: {answer}"));
        let imported = collector.import(&answer, &bytes, world.now())?;
        let answered = number(imported.answered, "device");
        let text = format!("cslu import: {answered} answered, {} without a document", imported.missing);
        world.said("operator", "cslu", text);
    }
    Ok(())
}
