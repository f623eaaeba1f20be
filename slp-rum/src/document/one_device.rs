//! Is a document about one device? Spec: rum, "Tolerances", `mixed-devices`; sync, "Application HA".

use super::Document;
use crate::borrowed::{Sudi, UsageReport};
use crate::envelope::{self, Frame};
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::sets::FileDevices;
use crate::{PartKind, Tolerance};

/// The devices that the reports of one document are about, as far as it had to be asked.
#[derive(Debug, Default)]
pub(super) struct OneDevice {
    first: Option<(Box<str>, Box<str>)>,
    /// All of them, found when the first other one was met: most documents have one device and need no second look.
    all: Option<FileDevices>,
}

impl OneDevice {
    /// Takes note when a report is about another device than the first one, and no lists of the document tie the two.
    pub(super) fn judge(
        &mut self,
        document: &Document<'_>,
        report: &UsageReport<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Flaw> {
        let (pid, serial) = name(&report.device);
        let (first_pid, first_serial) = self.first.get_or_insert_with(|| (pid.into(), serial.into()));
        let first = (&**first_pid, &**first_serial);
        if first == (pid, serial) {
            return Ok(());
        }
        let all = self.all.get_or_insert_with(|| every_device(document));
        if all.are_tied(first, (pid, serial)) {
            return Ok(());
        }
        let text = "another device than that of the first report: each report keeps its own";
        notes.take(Tolerance::MixedDevices, Layer::Payload, 0, &Path::ROOT, text)
    }
}

fn name<'n>(device: &'n Sudi<'_>) -> (&'n str, &'n str) {
    (&device.pid, &device.serial)
}

/// What all reports say that can be read, whatever their order.
fn every_device(document: &Document<'_>) -> FileDevices {
    let mut devices = FileDevices::default();
    let mut payload = String::new();
    for element in document.elements.iter().filter(|one| one.kind == PartKind::Report && one.flaw.is_none()) {
        let text = element.text.get(document.text());
        let (mut notes, mut frame) = (Notes::new(&document.options, 0), Frame::Inside(0));
        let read = envelope::read(text, document.container, &mut notes, &mut payload, &mut frame);
        if let Ok(report) = read {
            devices.add(name(&report.device), report.ha.iter().map(|(_, member)| name(member)));
        }
    }
    devices
}
