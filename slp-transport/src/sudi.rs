//! What devices say about themselves and sign with their hardware key, as each carrier spells it. Spec: crypto, "Carriers".
//!
//! Nothing is verified here: these are the parts that a verifier takes. The nonce is the one that the carrier repeats; the
//! one that counts is in the caller's own request. Signed are nonce, version and certificates, boot registers or
//! compliance pairs; name of the location, platform, versions and hashes of a measurement are outside.
//!
//! ```
//! use slp_transport::Limits;
//! use slp_transport::sudi::{Answer, Body, Carrier, Nonce};
//!
//! let text = b"R1#show system integrity all compliance nonce 7\n  Compliance:\n  secure_boot: true\n\n  Signature:\n  \
//!     Version: 1\n  Value:\n  C0FFEE\nR1#";
//! let carrier = Carrier::detect(text).unwrap_or(Carrier::Cli);
//! let answer = Answer::read(carrier, text, &Limits::default())?;
//! let statement = answer.statements.into_iter().next().ok_or("nothing was said")??;
//! assert_eq!(statement.nonce, Some(Nonce::Number(7)));
//! assert_eq!(statement.body, Body::Compliance(vec![("secure_boot".into(), "true".into())]));
//! assert_eq!(statement.signature.map(|signature| signature.bytes), Some(vec![0xc0, 0xff, 0xee]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use slp_model::Location;

use crate::{Error, ErrorKind, Limits};

mod cli; // terminals
mod draft; // a statement while it is read
mod entry; // one entry of the YANG module, and what it says
mod netconf; // XML
mod restconf; // JSON of the YANG module
mod text; // hexadecimal, base64, places
mod tree; // the elements of a small document
mod xr; // JSON of IOS XR

slp_model::word_enum! {
    /// How an answer is spelt.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Carrier: "carrier of a statement" {
        /// A capture of a terminal: `show platform sudi certificate`, `show platform integrity`, `show system integrity all`
        /// (seen).
        Cli = "cli",
        /// XML with `system-integrity-oper-data` in it (seen).
        Netconf = "netconf",
        /// JSON with `Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data` (seen).
        Restconf = "restconf",
        /// JSON with `system-certificates`: `show platform security attest certificate` of IOS XR (code).
        XrJson = "xr-json",
    }
}

impl Carrier {
    /// Tells the carrier from the first element, the first member, or the commands and labels on the lines. A document
    /// that only quotes such an answer is none.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        match text.first()? {
            b'<' => netconf::is_answer(text).then_some(Self::Netconf),
            b'{' => restconf::is_answer(text)
                .then_some(Self::Restconf)
                .or_else(|| xr::is_answer(text).then_some(Self::XrJson)),
            _ if xr::is_capture(text) => Some(Self::XrJson),
            _ => cli::is_capture(text).then_some(Self::Cli),
        }
    }
}

/// What was asked with, as the carrier repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nonce {
    /// A number (seen). Zero is one; "none" is no nonce at all.
    Number(u64),
    /// Bytes: IOS XR (code).
    Bytes(Vec<u8>),
}

/// A signature and the number of its form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature {
    /// 1 so far (seen).
    pub version: u32,
    /// The signature itself; 256 bytes so far (seen).
    pub bytes: Vec<u8>,
}

/// A hash that the device printed, and what it calls it. Not covered by the signature, except through the registers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Measured {
    /// Version of a boot stage, or file name of a package; of a capture the first 512 bytes.
    pub name: String,
    /// 32 or 64 bytes. None where the device printed none, or something else.
    pub hash: Option<Vec<u8>>,
}

/// What the device measured when it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Measurement {
    /// The product, as printed; blanks at the end are left out. Not covered by the signature.
    pub platform: Option<String>,
    /// Boot stages, the first to run first: some devices print boot 0 behind the boot loader (seen).
    pub boot: Vec<Measured>,
    /// Version of the operating system. Not covered by the signature.
    pub os_version: Option<String>,
    /// The operating system, or its packages in the order printed.
    pub packages: Vec<Measured>,
    /// Boot register 0: boot stages.
    pub pcr0: Option<[u8; 32]>,
    /// Boot register 8: operating system.
    pub pcr8: Option<[u8; 32]>,
}

/// What the device said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Its certificates in DER, in the order of the signed bytes. Whether the bytes are certificates is not looked at.
    Chain {
        /// The root.
        root: Vec<u8>,
        /// The issuing CA.
        sub_ca: Vec<u8>,
        /// The device.
        leaf: Vec<u8>,
    },
    /// What it measured.
    Measurement(Box<Measurement>),
    /// Attributes and values in the order printed, blanks around them left out. The signature covers the texts without
    /// separators, so where one ends and the next begins is the word of the carrier.
    Compliance(Vec<(String, String)>),
}

impl Body {
    /// The stable word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Chain { .. } => "chain",
            Self::Measurement(_) => "measurement",
            Self::Compliance(_) => "compliance",
        }
    }
}

/// What one part of a device says about itself, with its signature if it was asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Where it stands: its first line, or its path.
    pub place: Location,
    /// Which part of the device says it: `FRU=fru-rp SLOT=0 BAY=0 CHASSIS=-1 NODE=0`, or the node of IOS XR. Not covered by
    /// the signature.
    pub location: Option<String>,
    /// What was asked with, as repeated.
    pub nonce: Option<Nonce>,
    /// What it says.
    pub body: Body,
    /// None where the device was not asked to sign.
    pub signature: Option<Signature>,
}

slp_model::word_enum! {
    /// A deviation that is read all the same.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Tolerance: "tolerance of a statement" {
        /// Lines end with CR LF (seen).
        CrLf = "cr-lf",
        /// A hash goes on in the next line: the terminal was narrow (seen).
        WrappedHash = "wrapped-hash",
        /// Blanks around a text, left out (seen).
        Padded = "padded",
        /// Text before the JSON, passed over (code).
        TextBefore = "text-before",
        /// What stands where a hash should is none, so the hash is not known.
        UnreadableHash = "unreadable-hash",
        /// What stands behind `nonce` in the command is no number, so the nonce is not known.
        UnreadableNonce = "unreadable-nonce",
        /// A line that belongs to no statement, passed over.
        UnknownLine = "unknown-line",
    }
}

/// A deviation and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Which deviation.
    pub tolerance: Tolerance,
    /// Line or path where it stands.
    pub place: Location,
}

/// Everything that one answer or capture says.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// How it is spelt.
    pub carrier: Carrier,
    /// The statements in their order. One that cannot be read does not spoil the others.
    pub statements: Vec<Result<Statement, Error>>,
    /// What is odd, at most 1,000 times.
    pub warnings: Vec<Warning>,
}

/// The most statements of one answer: a device has a few dozen locations (choice).
const MAX_STATEMENTS: usize = 1_024;
/// The most warnings that are kept.
const MAX_WARNINGS: usize = 1_000;

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// Of the whole: [`NotJson`](ErrorKind::NotJson), [`Schema`](ErrorKind::Schema) for another document or XML that is
    /// not well-formed, [`Empty`](ErrorKind::Empty), [`Limit`](ErrorKind::Limit). Of one statement: `Schema`, `Limit`, and
    /// [`Device`](ErrorKind::Device) where the device says that it cannot.
    pub fn read(carrier: Carrier, bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let mut answer = Self { carrier, statements: Vec::new(), warnings: Vec::new() };
        match carrier {
            Carrier::Cli => cli::read(bytes, limits, &mut answer)?,
            Carrier::Netconf => netconf::read(bytes, limits, &mut answer)?,
            Carrier::Restconf => restconf::read(bytes, limits, &mut answer)?,
            Carrier::XrJson => xr::read(bytes, limits, &mut answer)?,
        }
        Ok(answer)
    }

    fn warn(&mut self, tolerance: Tolerance, place: &Location) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(Warning { tolerance, place: place.clone() });
        }
    }

    fn push(&mut self, statement: Result<Statement, Error>) -> Result<(), Error> {
        if self.statements.len() >= MAX_STATEMENTS {
            return Err(limit("sudi_statements", MAX_STATEMENTS));
        }
        self.statements.push(statement);
        Ok(())
    }
}

fn limit(name: &'static str, limit: usize) -> Error {
    Error::limit(name, u64::try_from(limit).unwrap_or(u64::MAX), "")
}

fn schema(place: &Location, text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Schema, text).at(place.clone())
}

#[cfg(test)]
mod tests;
