//! Writes reports, byte for byte the same on every machine.
//!
//! A document that was read and not changed is given back as it came:
//! [`Document::to_bytes`](crate::Document::to_bytes). Everything else goes out in the strict form: no white space
//! outside strings, one way to escape, members in a fixed order. The payload of a report is never re-made: its text
//! goes out as it came in, so its signature stays good. Spec: rum, "Writer rules, strict form".
//!
//! | form | builder | what it is |
//! |---|---|---|
//! | F | [`DeviceFile`] | the XML file of one device, also the leaf of a bundle |
//! | R | [`RestUsage`] | the answer of a device over REST |
//! | C | [`CloudRequest`] | the body of a `reportusage` request, any number of devices |
//! | E | [`envelope`](envelope()) | one report by itself, as JSON |
//! | P | [`UsageDraft`], [`TelemetryDraft`] | a new payload, for simulated devices only |
//!
//! What flows back to a device has modules of its own: [`answer`], and [`request`] for what asks for it.
//!
//! Each builder has `to_text`, and `write_to`, which adds to a buffer that the caller may use again and again. What
//! cannot be written is refused before anything is added.
//!
//! ```
//! use slp_rum::write::{DeviceFile, RestUsage};
//! use slp_rum::{Document, Error, UsageReport};
//!
//! // The reports of a device, moved from the form of its REST answer into the form of its file.
//! let answer = include_bytes!("../tests/fixtures/golden/rest.json");
//! let document = Document::parse(answer)?;
//! let reports = document.reports().collect::<Result<Vec<UsageReport>, Error>>()?;
//! let file = DeviceFile::new().reports(&reports).to_text()?;
//! assert!(file.starts_with("<smartLicense><RUMReport><![CDATA[{"));
//!
//! // And nothing of what was signed has changed.
//! let again = Document::parse(file.as_bytes())?;
//! for (before, after) in reports.iter().zip(again.reports()) {
//!     assert_eq!(before.payload_text(), after?.payload_text());
//! }
//! # Ok::<(), Error>(())
//! ```

pub mod answer; // what a server sends back to a device
mod cloud; // form C: the body of a request to the cloud, any number of devices
mod device_file; // form F: the XML file of one device
mod draft; // form P: payloads of simulated devices, usage
mod element; // elements and JSON members of what flows back
mod envelope; // form E: one report by itself; the signature object
mod object; // members of one JSON object, comma between
pub mod request; // what a device sends to ask for something
mod rest; // form R: the answer of a device over REST
mod telemetry; // form P: payloads of simulated devices, telemetry

pub use cloud::CloudRequest;
pub use device_file::{DeviceFile, file_name};
pub use draft::UsageDraft;
pub use envelope::{envelope, envelope_to};
pub use rest::RestUsage;
pub use telemetry::TelemetryDraft;

use crate::Error;

/// The text that `write` makes, in a buffer of its own.
fn to_text(write: impl FnOnce(&mut String) -> Result<(), Error>) -> Result<String, Error> {
    let mut out = String::new();
    write(&mut out)?;
    Ok(out)
}

/// Calls `write`; if it fails, what it added to `out` is taken back.
fn all_or_nothing(out: &mut String, write: impl FnOnce(&mut String) -> Result<(), Error>) -> Result<(), Error> {
    let before = out.len();
    let outcome = write(out);
    if outcome.is_err() {
        out.truncate(before);
    }
    outcome
}
