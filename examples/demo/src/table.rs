//! How it ended.

use std::io::Write;

use slp_kit::Error;
use slp_model::{Udi, UnixSeconds};

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// Which.
    pub device: Udi,
    /// Closed reports that it wrote.
    pub written: u64,
    /// Those that the cloud has.
    pub delivered: u64,
    /// Those that it knows to be acknowledged.
    pub acknowledged: u64,
    /// When it has to report next; none when nothing is due.
    pub due: Option<UnixSeconds>,
}

/// A licence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Licence {
    /// Its name.
    pub name: String,
    /// How many are used, as the cloud knows.
    pub used: u64,
    /// How many are owned.
    pub owned: u64,
}

/// How a path ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Device by device.
    pub rows: Vec<Row>,
    /// Licence by licence.
    pub licences: Vec<Licence>,
}

impl Outcome {
    pub(crate) fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        writeln!(
            out,
            "\nUsage reports: written by the device, delivered to the cloud, acknowledged by it as far as the device knows."
        )?;
        writeln!(
            out,
            "\n{:<34} {:>8} {:>10} {:>13}  next report due",
            "device", "written", "delivered", "acknowledged"
        )?;
        for row in &self.rows {
            let due = row.due.map_or_else(|| "nothing due".to_owned(), |due| due.to_string());
            let device = row.device.to_string();
            writeln!(out, "{device:<34} {:>8} {:>10} {:>13}  {due}", row.written, row.delivered, row.acknowledged)?;
        }
        writeln!(out, "\nLicences: used as the cloud counts them from the reports, owned as they were bought.")?;
        writeln!(out, "\n{:<34} {:>8} {:>10}", "licence", "used", "owned")?;
        for licence in &self.licences {
            let short = if licence.used > licence.owned {
                "  OUT OF COMPLIANCE: buy more; nothing is switched off"
            } else {
                ""
            };
            writeln!(out, "{:<34} {:>8} {:>10}{short}", licence.name, licence.used, licence.owned)?;
        }
        writeln!(out)?;
        Ok(())
    }
}
