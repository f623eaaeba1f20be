//! Devices talk to the cloud: trust, usage, result, code.

use std::io::Write;

use slp_kit::Error;

use crate::world::{DAY, ID_TOKEN, World, lock};

pub(crate) fn run(world: &mut World, out: &mut dyn Write) -> Result<(), Error> {
    world.everywhere(&format!("license smart trust idtoken {ID_TOKEN} all"))?;
    world.pass(120, out)?;
    world.everywhere("license network-advantage 1")?;
    // one device wants an export-controlled licence: acquire before use
    if let Some(first) = world.runners.first() {
        world.said("operator", "device", "license smart authorization request add hseck9 local");
        lock(first).command("license smart authorization request add hseck9 local", world.now())?;
        first.turn()?;
    }
    world.pass(DAY, out)?;
    if let Some(first) = world.runners.first() {
        world.said("operator", "device", "license hseck9 1");
        lock(first).use_license("hseck9", 1, world.now())?;
    }
    for month in 0..world.options.months {
        world.live(month)?;
        world.pass(30 * DAY, out)?;
    }
    // what is under way comes to its end
    world.everywhere("license smart sync all")?;
    world.pass(DAY, out)
}
