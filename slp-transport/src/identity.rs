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

impl Sudi {
    /// The identity that the other crates compare: product id and serial number, blanks around them cut.
    ///
    /// # Errors
    /// [`Schema`](ErrorKind::Schema) if a part is empty or cannot be one.
    pub fn udi(&self) -> Result<Udi, Error> {
        let fault = |error: slp_model::Error| Error::new(ErrorKind::Schema, error.message().to_owned());
        let udi = Udi::new(&self.udi_pid, &self.udi_serial_number).map_err(fault)?;
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        Ok(udi
            .with_vid(text(&self.udi_vid))
            .with_uuid(text(&self.uuid))
            .with_suvi(text(&self.suvi))
            .with_host_identifier(text(&self.host_identifier))
            .with_mac_address(text(&self.mac_address)))
    }

    /// Is it this device? Product id and serial number, byte for byte after trimming.
    pub fn is(&self, udi: &Udi) -> bool {
        self.udi_pid.trim_ascii() == udi.pid() && self.udi_serial_number.trim_ascii() == udi.serial()
    }
}

impl From<&Udi> for Sudi {
    fn from(udi: &Udi) -> Self {
        let mut sudi = Self::new(udi.pid(), udi.serial());
        sudi.udi_vid = udi.vid().map(str::to_owned);
        sudi.uuid = udi.uuid().map(str::to_owned);
        sudi.suvi = udi.suvi().map(str::to_owned);
        sudi.host_identifier = udi.host_identifier().map(str::to_owned);
        sudi.mac_address = udi.mac_address().map(str::to_owned);
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
        sudi.udi_vid = udi.vid().map(str::to_owned);
        sudi.uuid = udi.uuid().map(str::to_owned);
        sudi.suvi = udi.suvi().map(str::to_owned);
        sudi.host_identifier = udi.host_identifier().map(str::to_owned);
        sudi.mac_address = udi.mac_address().map(str::to_owned);
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
        Sudi::new(pid.unwrap_or_default(), serial.unwrap_or_default()).udi()
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
