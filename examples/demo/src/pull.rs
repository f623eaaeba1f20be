//! A collector asks devices, once a month: reports are closed, fetched, forwarded, and their acknowledgements imported.

use std::io::Write;

use slp_kit::Error;

use crate::world::{DAY, World};

pub(crate) fn run(world: &mut World, out: &mut dyn Write) -> Result<(), Error> {
    world.everywhere("license network-advantage 1")?;
    // the service of devices asks for no code: the operator of the collector does
    world.ask_for_a_code_at_the_collector()?;
    for month in 0..world.options.months {
        world.live(month)?;
        // the round is at the end of it
        world.pass(30 * DAY, out)?;
        world.use_the_code()?;
    }
    // the answers to the last round come back
    world.pass(DAY, out)
}
