//! Results by device: which document goes where, and who got none.

use std::collections::BTreeSet;

use slp_model::Udi;

use crate::{Action, Error, ErrorKind, Limits, Refusal, Results, SmartLicense, StatusWord, Sudi};

/// One device's part of a result.
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The device that imports the document.
    pub device: Udi,
    /// What kind of document it is.
    pub action: Action,
    /// The document, byte for byte as the device imports it. None: done without a document, as after a return.
    pub document: Option<Vec<u8>>,
}

/// A result, device by device. One device's failure is not that of the others.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Deliveries {
    /// What to bring to the devices.
    pub deliveries: Vec<Delivery>,
    /// Devices that were refused, or whose document cannot be read.
    pub refused: Vec<(Sudi, Error)>,
    /// Devices that were asked for and do not occur.
    pub unanswered: Vec<Udi>,
}

impl Deliveries {
    /// Sorts a result by device. `asked` are the devices of the submit.
    pub fn of(results: &Results, asked: &[Udi], limits: &Limits) -> Self {
        let mut sorted = Self::default();
        for item in results.acknowledgements.iter().flatten() {
            let missing = || Error::new(ErrorKind::Schema, "the acknowledgement has no document");
            let document = item.smart_license.as_ref().ok_or_else(missing).and_then(|text| text.decode(limits));
            sorted.add(&item.sudi, Action::Acknowledgements, document.map(Some));
        }
        for item in results.authorizations.iter().flatten() {
            let document = match &item.status {
                StatusWord::Success => decode(item.smart_license.as_ref(), limits),
                _ => Err(refused(item.error_code.as_ref(), item.status_message.as_ref())),
            };
            sorted.add(&item.sudi, Action::Authorizations, document);
        }
        for item in results.trusts.iter().flatten() {
            let document = match &item.status {
                StatusWord::Success => decode(item.trust_code.as_ref(), limits),
                _ => Err(refused(item.error_code.as_ref(), item.status_message.as_ref())),
            };
            sorted.add(&item.sudi, Action::Trusts, document);
        }
        let delivered = sorted.deliveries.iter().map(|delivery| (delivery.device.pid(), delivery.device.serial()));
        let refused = sorted.refused.iter().map(|(sudi, _)| {
            // as `Sudi::is` compares them
            (sudi.udi_pid.trim_ascii(), sudi.udi_serial_number.trim_ascii())
        });
        let answered: BTreeSet<(&str, &str)> = delivered.chain(refused).collect();
        let unanswered = asked.iter().filter(|udi| !answered.contains(&(udi.pid(), udi.serial()))).cloned().collect();
        sorted.unanswered = unanswered;
        sorted
    }

    fn add(&mut self, sudi: &Sudi, action: Action, document: Result<Option<Vec<u8>>, Error>) {
        match document.and_then(|document| Ok((sudi.udi()?, document))) {
            Ok((device, document)) => self.deliveries.push(Delivery { device, action, document }),
            Err(error) => self.refused.push((sudi.clone(), error)),
        }
    }
}

fn decode(text: Option<&SmartLicense>, limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
    text.map(|text| text.decode(limits)).transpose()
}

fn refused(code: Option<&String>, message: Option<&String>) -> Error {
    let mut refusal = Refusal::new(200);
    (refusal.message_code, refusal.message) = (code.cloned(), message.cloned());
    Error::refused(ErrorKind::Server, "result", refusal)
}
