//! One entry of `system-integrity-oper-data`, as NETCONF and RESTCONF share it, and the statement in it.
#![expect(unreachable_pub, dead_code, reason = "the macro makes public records with everything that messages need")]

use slp_model::Location;

use super::draft::{Draft, Kind};
use super::{Answer, Measured, Nonce, Statement, Tolerance, schema, text};
use crate::Error;
use crate::wire::record;

record! {
    /// The list `integrity`.
    pub struct Integrity {
        nonce: opt String = "nonce",
        request: opt String = "request",
        measurement: opt Measuring = "measurement",
        trust_chain: opt Chain = "trust-chain",
        compliance: opt Complying = "compliance",
    }
}

record! {
    /// The container `signature`.
    pub struct Signing {
        version: req u32 = "version",
        signature: req String = "signature",
    }
}

record! {
    /// The container `trust-chain`.
    pub struct Chain {
        certificates: list Link = "trust-chain",
        signature: opt Signing = "signature",
    }
}

record! {
    /// The list `trust-chain` in it.
    pub struct Link {
        name: opt String = "name",
        value: req String = "value",
    }
}

record! {
    /// The container `compliance`.
    pub struct Complying {
        capabilities: list Capability = "capability",
        signature: opt Signing = "signature",
    }
}

record! {
    /// The list `capability`.
    pub struct Capability {
        attribute: req String = "attribute",
        value: req String = "value",
    }
}

record! {
    /// The container `measurement`.
    pub struct Measuring {
        platform: opt String = "platform",
        boot: list Stage = "boot-loader",
        os: opt System = "operating-system",
        registers: list Register = "register",
        signature: opt Signing = "signature",
    }
}

record! {
    /// The list `boot-loader`.
    pub struct Stage {
        version: opt String = "version",
        hash: opt String = "hash",
    }
}

record! {
    /// The container `operating-system`.
    pub struct System {
        version: opt String = "version",
        packages: list Package = "package-integrity",
    }
}

record! {
    /// The list `package-integrity`.
    pub struct Package {
        name: opt String = "name",
        hash: opt String = "hash",
    }
}

record! {
    /// The list `register`.
    pub struct Register {
        index: req u32 = "index",
        content: req String = "pcr-content",
    }
}

/// The statement of an entry.
pub(super) fn statement(
    entry: Integrity,
    place: &Location,
    location: Option<String>,
    answer: &mut Answer,
) -> Result<Statement, Error> {
    let asked = match entry.request.as_deref().map(str::trim) {
        None => None,
        Some("choice-trust-chain") => Some(Kind::Chain),
        Some("choice-measurement") => Some(Kind::Measurement),
        Some("choice-compliance") => Some(Kind::Compliance),
        Some(other) => {
            let text = format!("{} is no request that this version knows", slp_model::Quoted(other));
            return Err(schema(place, text));
        }
    };
    let nonce = entry.nonce.as_deref().map(str::trim).map(|nonce| {
        number(nonce).ok_or_else(|| schema(place, format!("the nonce {} is no number", slp_model::Quoted(nonce))))
    });
    let nonce = nonce.transpose()?;
    let mut draft = Draft::at(place.clone(), location);
    let mut signed = Vec::new();
    if let Some(chain) = entry.trust_chain {
        signed.extend(chain.signature);
        for link in chain.certificates {
            match text::base64(&link.value, text::MAX_CERTIFICATE, "a certificate") {
                Ok(der) => draft.certificate(link.name.map(|name| name.trim().to_owned()), der, place),
                Err(text) => draft.fail(schema(place, text)),
            }
        }
    }
    if let Some(complying) = entry.compliance {
        signed.extend(complying.signature);
        draft.pairs.get_or_insert_default();
        for pair in complying.capabilities {
            draft.pair(pair.attribute.trim(), pair.value.trim(), place);
        }
    }
    if let Some(measuring) = entry.measurement {
        signed.extend(measuring.signature.clone());
        measurement(measuring, place, &mut draft, answer);
    }
    for signing in signed {
        if draft.version.replace(signing.version).is_some() {
            draft.fail(schema(place, "there are two signatures in one entry"));
        }
        match text::signature(signing.signature.trim()) {
            Ok(bytes) => draft.signature = Some(bytes),
            Err(text) => draft.fail(schema(place, text)),
        }
    }
    draft.finish(asked, nonce)
}

/// Digits alone: no sign, no blank.
pub(super) fn number(text: &str) -> Option<Nonce> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok().map(Nonce::Number) } else { None }
}

fn measurement(measuring: Measuring, place: &Location, draft: &mut Draft, answer: &mut Answer) {
    let mut trimmed = |text: Option<String>| {
        text.map(|text| {
            let plain = text.trim();
            if plain.len() < text.len() {
                answer.warn(Tolerance::Padded, place);
            }
            plain.to_owned()
        })
    };
    draft.measurement().platform = trimmed(measuring.platform);
    let (os_version, packages) = measuring.os.map(|os| (os.version, os.packages)).unwrap_or_default();
    draft.measurement().os_version = trimmed(os_version);
    let mut hashed = |name: Option<String>, hash: Option<String>| {
        let hash = hash.as_deref().map(str::trim).filter(|hash| !hash.is_empty());
        let bytes = hash.and_then(text::hash);
        if hash.is_some() && bytes.is_none() {
            answer.warn(Tolerance::UnreadableHash, place);
        }
        Measured { name: name.unwrap_or_default().trim().to_owned(), hash: bytes }
    };
    for stage in measuring.boot {
        if draft.takes_hash() {
            let measured = hashed(stage.version, stage.hash);
            draft.measurement().boot.push(measured);
        }
    }
    for package in packages {
        if draft.takes_hash() {
            let measured = hashed(package.name, package.hash);
            draft.measurement().packages.push(measured);
        }
    }
    for register in measuring.registers {
        let index = u8::try_from(register.index).unwrap_or(u8::MAX);
        draft.register(index, text::register(register.content.trim()), place);
    }
}
