//! A statement while it is read: the parts so far, and what is wrong with them.

use slp_model::{Location, Quoted};

use super::{Body, Measurement, Nonce, Signature, Statement, limit, schema};
use crate::Error;

/// Certificates of a chain. Spec: crypto, "Signed bytes" (seen).
const CHAIN: usize = 3;
/// The most attributes.
const MAX_PAIRS: usize = 1_024;
/// The most hashes: a device has a few dozen packages.
const MAX_HASHES: usize = 4_096;
/// The most bytes of an attribute or value.
const MAX_TEXT: usize = 4_096;
/// The order in which certificates are printed and signed (seen).
const NAMES: [&str; CHAIN] = ["CRCA CERTIFICATE", "CMCA CERTIFICATE", "SUDI CERTIFICATE"];

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Chain,
    Measurement,
    Compliance,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Measurement => "measurement",
            Self::Compliance => "compliance",
        }
    }
}

/// The parts so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) place: Location,
    pub(super) location: Option<String>,
    pub(super) chain: Vec<(Option<String>, Vec<u8>)>,
    pub(super) measurement: Option<Box<Measurement>>,
    pub(super) pairs: Option<Vec<(String, String)>>,
    pub(super) version: Option<u32>,
    pub(super) signature: Option<Vec<u8>>,
    /// Was a signature announced?
    pub(super) is_signed: bool,
    /// The first fault decides.
    fault: Option<Error>,
}

impl Draft {
    pub(super) fn at(place: Location, location: Option<String>) -> Self {
        Self { place, location, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chain.is_empty()
            && self.measurement.is_none()
            && self.pairs.is_none()
            && self.version.is_none()
            && self.signature.is_none()
            && !self.is_signed
            && self.fault.is_none()
    }

    pub(super) fn fail(&mut self, error: Error) {
        self.fault.get_or_insert(error);
    }

    pub(super) fn measurement(&mut self) -> &mut Measurement {
        self.measurement.get_or_insert_default()
    }

    pub(super) fn certificate(&mut self, name: Option<String>, der: Vec<u8>, place: &Location) {
        if self.chain.len() >= CHAIN {
            self.fail(schema(place, "a chain has three certificates: root, issuing CA, device; here is a fourth"));
        } else {
            self.chain.push((name, der));
        }
    }

    pub(super) fn pair(&mut self, attribute: &str, value: &str, place: &Location) {
        if let Some(odd) = [attribute, value].into_iter().find(|text| !is_plain(text)) {
            let text = format!("{} is no plain text of ASCII, as attributes and values are", Quoted(odd));
            self.fail(schema(place, text));
        }
        let pairs = self.pairs.get_or_insert_default();
        if pairs.len() >= MAX_PAIRS {
            self.fail(limit("sudi_pairs", MAX_PAIRS));
        } else {
            pairs.push((attribute.to_owned(), value.to_owned()));
        }
    }

    /// Is there room for one more hash?
    pub(super) fn takes_hash(&mut self) -> bool {
        let measured = self.measurement();
        let room = measured.boot.len().saturating_add(measured.packages.len()) < MAX_HASHES;
        if !room {
            self.fail(limit("sudi_hashes", MAX_HASHES));
        }
        room
    }

    pub(super) fn register(&mut self, index: u8, value: Result<[u8; 32], &'static str>, place: &Location) {
        let value = match value {
            Ok(value) => value,
            Err(text) => return self.fail(schema(place, text)),
        };
        let slot = match index {
            0 => &mut self.measurement().pcr0,
            8 => &mut self.measurement().pcr8,
            _ => return self.fail(schema(place, format!("boot register {index} is not signed: only 0 and 8 are"))),
        };
        if slot.replace(value).is_some() {
            self.fail(schema(place, format!("boot register {index} stands here twice")));
        }
    }

    /// The statement, if the parts make one of the kind that was asked for.
    pub(super) fn finish(self, asked: Option<Kind>, nonce: Option<Nonce>) -> Result<Statement, Error> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let place = self.place;
        let broken = |text: &str| schema(&place, text);
        let signature = match (self.version, self.signature) {
            (Some(version), Some(bytes)) => Some(Signature { version, bytes }),
            (None, None) if self.is_signed => return Err(broken("a signature is announced, and does not follow")),
            (None, None) => None,
            (None, Some(_)) => return Err(broken("the signature has no version")),
            (Some(_), None) => return Err(broken("there is a version of a signature, and no signature")),
        };
        let chain = (!self.chain.is_empty()).then_some(self.chain);
        let (kind, body) = match (chain, self.measurement, self.pairs) {
            (Some(chain), None, None) => {
                let names = chain.iter().map(|(name, _)| name.as_deref());
                if names.zip(NAMES).any(|(name, due)| name.is_some_and(|name| name != due && NAMES.contains(&name))) {
                    return Err(broken("the certificates stand in another order than root, issuing CA, device"));
                }
                let chain: Vec<Vec<u8>> = chain.into_iter().map(|(_, der)| der).collect();
                let Ok([root, sub_ca, leaf]) = <[Vec<u8>; CHAIN]>::try_from(chain) else {
                    return Err(broken("a chain has three certificates: root, issuing CA, device"));
                };
                (Kind::Chain, Body::Chain { root, sub_ca, leaf })
            }
            (None, Some(measured), None) => {
                if signature.is_some() && (measured.pcr0.is_none() || measured.pcr8.is_none()) {
                    return Err(broken("a signed measurement has the boot registers 0 and 8"));
                }
                (Kind::Measurement, Body::Measurement(measured))
            }
            (None, None, Some(pairs)) => (Kind::Compliance, Body::Compliance(pairs)),
            (None, None, None) => return Err(broken("there is a signature, and nothing that it could be over")),
            _ => {
                return Err(broken(
                    "certificates, registers and attributes are mixed: a signature is over one of them",
                ));
            }
        };
        if let Some(asked) = asked.filter(|asked| *asked != kind) {
            let text = format!("asked for a {}, the device cannot answer with a {}", asked.as_str(), kind.as_str());
            return Err(broken(&text));
        }
        Ok(Statement { place, location: self.location, nonce, body, signature })
    }
}

/// Printable ASCII: nothing that could pass for the header of another statement.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
