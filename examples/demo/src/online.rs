//! Devices talk to the cloud, or push to a collector that does: usage, result, code.

use std::io::Write;

use slp_kit::Error;

use crate::world::{DAY, ID_TOKEN, World};

/// Trust first: the cloud has to know who speaks.
pub(crate) fn direct(world: &mut World, out: &mut dyn Write) -> Result<(), Error> {
    world.everywhere(&format!("license smart trust idtoken {ID_TOKEN} all"))?;
    world.pass(120, out)?;
    months(world, out)
}

/// Towards a collector no trust is needed.
pub(crate) fn push(world: &mut World, out: &mut dyn Write) -> Result<(), Error> {
    months(world, out)
}

fn months(world: &World, out: &mut dyn Write) -> Result<(), Error> {
    world.everywhere("license network-advantage 1")?;
    world.ask_for_a_code()?;
    world.pass(DAY, out)?;
    world.use_the_code()?;
    for month in 0..world.options.months {
        world.live(month)?;
        world.pass(30 * DAY, out)?;
    }
    // what is under way comes to its end
    world.everywhere("license smart sync all")?;
    world.pass(DAY, out)
}
