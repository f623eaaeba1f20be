//! The list of devices that are pulled from, as CSV. Spec: sync, "Device list CSV".

use rusqlite::{OptionalExtension as _, params};
use slp_kit::Error;
use slp_model::{Udi, UnixMillis};
use slp_sync::inventory::{self, ConnectMethod, Inventory, Rules};

use crate::collector::Collector;
use crate::store::devices;

impl Collector {
    /// Takes a device list: rows that push may push, rows that are pulled from are pulled from at once. What is there stays,
    /// with what the list says. How many rows there were.
    ///
    /// # Errors
    /// When one row is wrong: nothing is taken then, and every wrong row is named. No password stands in the text.
    pub fn take_list(&mut self, csv: &[u8], now: UnixMillis) -> Result<usize, Error> {
        let accounts = vec![self.settings.virtual_account.clone()];
        let rules = Rules::new(self.settings.nat, accounts);
        let (list, errors) = inventory::read(csv, &rules, &slp_sync::Limits::default())?;
        if !errors.is_empty() {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return Err(lines.join("\n").into());
        }
        let Self { store, settings, .. } = self;
        store.write(|db| {
            for row in &list.devices {
                let device = if row.pid.is_empty() || row.serial.is_empty() {
                    None
                } else {
                    let udi = Udi::new(&row.pid, &row.serial)?;
                    let id = devices::add(db, &udi, &settings.virtual_account)?;
                    db.prepare_cached("UPDATE device SET listed = 1 WHERE id = ?1")?.execute([id])?;
                    Some(id)
                };
                if row.method == ConnectMethod::Push && device.is_some() {
                    continue;
                }
                let alert = match row.method {
                    ConnectMethod::RestApi | ConnectMethod::Push => None,
                    _ => Some("Method not served: use REST_API"),
                };
                let sql = "INSERT INTO target (host, method, username, password, device, round, alert) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (host, method) DO UPDATE SET \
                           username = excluded.username, password = excluded.password, \
                           device = coalesce(excluded.device, device), round = excluded.round, alert = excluded.alert";
                let password = row.password.expose();
                let round = now.to_seconds().get();
                let values = params![row.host, row.method.as_str(), row.username, password, device, round, alert];
                db.prepare_cached(sql)?.execute(values)?;
            }
            Ok(())
        })?;
        Ok(list.devices.len())
    }

    /// All devices as a list, without passwords.
    ///
    /// # Errors
    /// Those of the store.
    pub fn list(&self) -> Result<Vec<u8>, Error> {
        let mut list = Inventory::default();
        let db = self.store.db();
        let mut targets = db.prepare("SELECT host, method, username, device FROM target ORDER BY id")?;
        let mut rows = targets.query([])?;
        while let Some(row) = rows.next()? {
            let mut entry = inventory::Device::default();
            (entry.host, entry.username) = (row.get(0)?, row.get(2)?);
            let method: String = row.get(1)?;
            let methods = [ConnectMethod::Netconf, ConnectMethod::Restconf, ConnectMethod::RestApi];
            entry.method = methods.into_iter().find(|known| known.as_str() == method).unwrap_or_default();
            if let Some(device) = row.get::<_, Option<i64>>(3)? {
                let udi = devices::udi(db, device)?;
                (entry.pid, entry.serial) = (udi.pid().to_owned(), udi.serial().to_owned());
            }
            list.devices.push(entry);
        }
        let sql = "SELECT pid, serial, coalesce(address, '') FROM device \
                   WHERE id NOT IN (SELECT device FROM target WHERE device IS NOT NULL) ORDER BY id";
        let mut others = db.prepare(sql)?;
        let mut rows = others.query([])?;
        while let Some(row) = rows.next()? {
            let mut entry = inventory::Device::default();
            (entry.pid, entry.serial, entry.host) = (row.get(0)?, row.get(1)?, row.get(2)?);
            list.devices.push(entry);
        }
        Ok(inventory::write(&list))
    }

    /// When the next round of pulls begins.
    pub(crate) fn next_round(&self) -> Result<Option<slp_model::UnixSeconds>, Error> {
        let sql = "SELECT min(round) FROM target WHERE method = 'REST_API'";
        let mut find = self.store.db().prepare_cached(sql)?;
        let round: Option<i64> = find.query_row([], |row| row.get(0)).optional()?.flatten();
        Ok(round.map(slp_model::UnixSeconds::new).transpose()?)
    }
}
