//! Devices as messages name them: `snake_case` in the newer calls, `camelCase` in the older ones. Two types, no aliases.

use slp_model::Udi;

use crate::wire::record;
use crate::{Error, ErrorKind};

record! {
    /// A device in `snake_case` (v2, v3, push protocol, report envelopes). Spec: transport, "Shared types" (code).
    pub struct Sudi {
        /// Product id.
        udi_pid: req String = "udi_pid",
        /// Serial number.
        udi_serial_number: req String = "udi_serial_number",
        /// Version id of the hardware.
        udi_vid: opt String = "udi_vid",
        /// UUID, or `{pid}/{sn}` in file-driven requests (code).
        uuid: opt String = "uuid",
        /// A further identifier of the vendor's agent, of unknown meaning (code).
        suvi: opt String = "suvi",
        /// A name that the host has elsewhere.
        host_identifier: opt String = "host_identifier",
        /// A hardware address.
        mac_address: opt String = "mac_address",
        /// Tenant, for products that have tenants.
        tenant_id: opt String = "tenant_id",
    }
}

record! {
    /// A device in `camelCase` (v1). Every member is there, as text or `null` (seen). Spec: transport, "Shared types".
    pub struct SudiCamel {
        /// Hardware address.
        mac_address: null String = "macAddress",
        /// Identifier of unknown meaning.
        suvi: null String = "suvi",
        /// A name that the host has elsewhere.
        host_identifier: null String = "hostIdentifier",
        /// Serial number.
        udi_serial_number: null String = "udiSerialNumber",
        /// Product id.
        udi_pid: null String = "udiPid",
        /// UUID.
        uuid: null String = "uuid",
        /// Version id of the hardware.
        udi_vid: null String = "udiVid",
    }
}

/// A device of these parts; beside product id and serial number: version id, UUID, SUVI, host identifier, hardware address.
pub(crate) fn udi_of(pid: &str, serial: &str, beside: [&Option<String>; 5]) -> Result<Udi, Error> {
    let udi = Udi::new(pid, serial).map_err(|error| Error::new(ErrorKind::Schema, error.message()))?;
    let [vid, uuid, suvi, host_identifier, mac_address] = beside.map(|part| part.clone().unwrap_or_default());
    let udi = udi.with_vid(vid).with_uuid(uuid).with_suvi(suvi);
    Ok(udi.with_host_identifier(host_identifier).with_mac_address(mac_address))
}

/// What a device has beside product id and serial number, in the order of [`udi_of`].
pub(crate) fn beside_of(udi: &Udi) -> [Option<String>; 5] {
    [udi.vid(), udi.uuid(), udi.suvi(), udi.host_identifier(), udi.mac_address()].map(|part| part.map(str::to_owned))
}

impl Sudi {
    /// The identity that the other crates compare: product id and serial number, blanks around them cut.
    ///
    /// # Errors
    /// [`Schema`](ErrorKind::Schema) if a part is empty or cannot be one.
    pub fn udi(&self) -> Result<Udi, Error> {
        let beside = [&self.udi_vid, &self.uuid, &self.suvi, &self.host_identifier, &self.mac_address];
        udi_of(&self.udi_pid, &self.udi_serial_number, beside)
    }

    /// Is it this device? Product id and serial number, byte for byte after trimming.
    pub fn is(&self, udi: &Udi) -> bool {
        self.udi_pid.trim_ascii() == udi.pid() && self.udi_serial_number.trim_ascii() == udi.serial()
    }
}

impl From<&Udi> for Sudi {
    fn from(udi: &Udi) -> Self {
        let mut sudi = Self::new(udi.pid(), udi.serial());
        [sudi.udi_vid, sudi.uuid, sudi.suvi, sudi.host_identifier, sudi.mac_address] = beside_of(udi);
        sudi
    }
}

impl From<Udi> for Sudi {
    fn from(udi: Udi) -> Self {
        Self::from(&udi)
    }
}

impl From<&Udi> for SudiCamel {
    fn from(udi: &Udi) -> Self {
        let mut sudi = Self::new();
        sudi.udi_pid = Some(udi.pid().to_owned());
        sudi.udi_serial_number = Some(udi.serial().to_owned());
        [sudi.udi_vid, sudi.uuid, sudi.suvi, sudi.host_identifier, sudi.mac_address] = beside_of(udi);
        sudi
    }
}

impl SudiCamel {
    /// The identity that the other crates compare.
    ///
    /// # Errors
    /// [`Schema`](ErrorKind::Schema) if product id or serial number is missing or cannot be one.
    pub fn udi(&self) -> Result<Udi, Error> {
        let (pid, serial) = (self.udi_pid.as_deref(), self.udi_serial_number.as_deref());
        let beside = [&self.udi_vid, &self.uuid, &self.suvi, &self.host_identifier, &self.mac_address];
        udi_of(pid.unwrap_or_default(), serial.unwrap_or_default(), beside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn members_that_are_not_known_survive() {
        let text = r#"{"udi_pid":"C8000V","udi_serial_number":"TST00000001","new":[1, 2.50]}"#;
        let sudi = Sudi::from_json(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(sudi.unknown.get("new"), Some("[1, 2.50]"));
        assert_eq!(sudi.to_json(), text.replace(", ", ","));
        assert_eq!(sudi.udi().unwrap().serial(), "TST00000001");
    }

    #[test]
    fn every_part_of_a_device_is_kept_in_either_spelling() {
        let udi = Udi::new("C8000V", "TST00000001").unwrap().with_vid("V01").with_uuid("u").with_suvi("s");
        let udi = udi.with_host_identifier("h").with_mac_address("m");
        assert_eq!(beside_of(&Sudi::from(&udi).udi().unwrap()), beside_of(&udi));
        assert_eq!(beside_of(&SudiCamel::from(&udi).udi().unwrap()), beside_of(&udi));
    }

    #[test]
    fn snake_case_and_camel_case_are_not_mixed() {
        let camel = br#"{"udiPid":"C8000V","udiSerialNumber":"TST00000001"}"#;
        let error = Sudi::from_json(camel, &Limits::default()).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Schema, "byte 0, $.udi_pid: the member is missing")
        );
        let sudi = SudiCamel::from_json(camel, &Limits::default()).unwrap();
        assert_eq!(
            sudi.to_json(),
            r#"{"macAddress":null,"suvi":null,"hostIdentifier":null,"udiSerialNumber":"TST00000001","udiPid":"C8000V","uuid":null,"udiVid":null}"#
        );
    }
}
