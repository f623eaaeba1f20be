//! Codes that the operator asks for, for devices that are pulled from: the REST service of devices asks for none. Spec: sync,
//! "CSLU".

use slp_kit::Error;
use slp_model::{EntitlementTag, Udi, UnixMillis};
use slp_transport::Sudi;
use slp_transport::cssm::{AuthorizationFor, AuthorizationMode, WantedKey};

use crate::collector::Collector;
use crate::store::{devices, reports};

impl Collector {
    /// Asks for an authorization code for a device that is listed or reported here: by API, or with the next bundle. What
    /// comes is imported into the device like its acknowledgements. The same wish is not kept twice.
    ///
    /// # Errors
    /// For a device that is not known here, for no licence at all, and those of the store.
    pub fn ask_for_code(
        &mut self,
        device: &Udi,
        tag: &EntitlementTag,
        count: u32,
        now: UnixMillis,
    ) -> Result<(), Error> {
        if count == 0 {
            return Err("a code for no licence at all: give a count from 1 on".into());
        }
        let mut wish = AuthorizationFor::new(Sudi::from(device));
        wish.mode = Some(AuthorizationMode::Add);
        wish.keys.push(WantedKey::new(tag.as_str(), u64::from(count)));
        let id = devices::find(self.store.db(), device)?;
        let id = id.ok_or_else(|| format!("{device} is not known here: list it with 'cslu devices' first"))?;
        self.store.write(|db| reports::keep_wish(db, id, &wish.to_json(), now).map(drop))?;
        self.schedule_forward(now);
        Ok(())
    }
}
