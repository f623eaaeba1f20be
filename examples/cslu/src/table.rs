//! What an operator looks at: devices, jobs. Spec: sync, "CSLU".

use std::fmt::Write as _;

use serde::Serialize;
use slp_kit::Error;
use slp_model::UnixMillis;

use crate::collector::Collector;

/// One device, in the columns of the vendor's program (seen).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// Host name or address, and UDI.
    pub device: String,
    /// Product id.
    pub product_type: String,
    /// Virtual account.
    pub virtual_account: String,
    /// When it was last heard of.
    pub last_contacted: Option<String>,
    /// When it last reported.
    pub last_reported: Option<String>,
    /// How many reports are here.
    pub reports: u64,
    /// How many of them its device has no acknowledgement of.
    pub open: u64,
    /// What an operator has to see: `Failed to Connect` (seen), and more.
    pub alerts: Vec<String>,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Job {
    /// `usage_upload` or `device_pull`.
    pub job_name: &'static str,
    /// `RUNNING`, `SCHEDULED` or `IDLE`.
    pub current_status: &'static str,
    /// When it runs next.
    pub next_run: Option<String>,
}

/// A device with its counts, and the row of the list that goes with it.
const ROWS: &str = "
SELECT device.id, coalesce(hostname, target.host, address, ''), pid, serial, virtual_account,
       max(coalesce(device.contacted, 0), coalesce(target.contacted, 0)), reported,
       (SELECT count(*) FROM report WHERE report.device = device.id),
       (SELECT count(*) FROM report WHERE report.device = device.id AND state < 4),
       device.alert, target.alert
FROM device LEFT JOIN target ON target.device = device.id
UNION ALL
SELECT NULL, host, '', '', '', coalesce(contacted, 0), NULL, 0, 0, NULL, alert FROM target WHERE device IS NULL
ORDER BY 3, 4, 2";

fn time(millis: Option<i64>) -> Option<String> {
    let millis = millis.filter(|millis| *millis > 0).and_then(|millis| u64::try_from(millis).ok())?;
    UnixMillis::new(millis).ok().map(|time| time.to_seconds().to_string())
}

impl Collector {
    /// All devices, sorted by product and serial number.
    ///
    /// # Errors
    /// Those of the store.
    pub fn table(&self) -> Result<Vec<Row>, Error> {
        let mut find = self.store.db().prepare(ROWS)?;
        let mut rows = find.query([])?;
        let mut table = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, pid, serial): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let udi = if pid.is_empty() { String::new() } else { format!("P:{pid},S:{serial}") };
            let device = [name, udi].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            let alerts: [Option<String>; 2] = [row.get(9)?, row.get(10)?];
            let account: String = row.get(4)?;
            table.push(Row {
                device,
                product_type: pid,
                virtual_account: if account.is_empty() { self.settings.virtual_account.clone() } else { account },
                last_contacted: time(row.get(5)?),
                last_reported: time(row.get(6)?),
                reports: u64::try_from(row.get::<_, i64>(7)?)?,
                open: u64::try_from(row.get::<_, i64>(8)?)?,
                alerts: alerts.into_iter().flatten().collect(),
            });
        }
        Ok(table)
    }

    /// What runs on a schedule.
    ///
    /// # Errors
    /// Those of the store.
    pub fn jobs(&self) -> Result<Vec<Job>, Error> {
        let status = |running: bool, next: bool| match (running, next) {
            (true, _) => "RUNNING",
            (false, true) => "SCHEDULED",
            (false, false) => "IDLE",
        };
        let next = self.next_round()?;
        let forward = self.forward_at;
        Ok(vec![
            Job {
                job_name: "usage_upload",
                current_status: status(!self.uploads.is_empty(), forward.is_some()),
                next_run: forward.map(|at| at.to_string()),
            },
            Job {
                job_name: "device_pull",
                current_status: status(self.is_pulling(), next.is_some()),
                next_run: next.map(|at| at.to_string()),
            },
        ])
    }
}

/// The table as text, column by column. What devices say is printed without what a terminal acts on.
pub fn print(rows: &[Row]) -> String {
    let clean = |text: &str| text.chars().map(|one| if slp_model::is_unprintable(one) { '?' } else { one }).collect();
    let mut lines: Vec<[String; 7]> = vec![
        ["Device", "Product Type", "Virtual Account", "Last Contacted", "Last Reported", "Reports", "Alerts"]
            .map(str::to_owned),
    ];
    for row in rows {
        lines.push([
            clean(&row.device),
            clean(&row.product_type),
            clean(&row.virtual_account),
            row.last_contacted.clone().unwrap_or_else(|| "never".into()),
            row.last_reported.clone().unwrap_or_else(|| "never".into()),
            format!("{} ({} open)", row.reports, row.open),
            row.alerts.join("; "),
        ]);
    }
    let mut widths = [0_usize; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in &lines {
        let mut printed = String::new();
        for (width, cell) in widths.iter().zip(line) {
            let _ = write!(printed, "{cell:<width$}  ");
        }
        text.push_str(printed.trim_end());
        text.push('\n');
    }
    text
}
