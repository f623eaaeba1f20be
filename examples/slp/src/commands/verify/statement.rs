//! What devices say about themselves and sign with their hardware key: certificates, boot registers, compliance. Spec:
//! crypto, "SUDI statements".
//!
//! A chain brings the certificate of its signer. Registers and attributes do not: it stands in a chain of the same file, or
//! in the trust directory.

use slp_crypto::{
    Body, BootRegister, Certificate, Detail, Expect, Nonce, NotVerified, Reason, Statement, TimePolicy, Verified,
};
use slp_model::Quoted;
use slp_transport::sudi::{self, Answer, Carrier, Measured, Measurement};
use slp_transport::{ErrorKind, Limits};

use super::certificates;
use super::judge::{FileVerdicts, Judge};
use super::row::{Row, Verdict};
use crate::fault::Fault;
use crate::input::Input;

/// The most certificates that are tried for one statement.
const MAX_TRIED: usize = 4_096;

/// Is it an answer in XML or JSON? Those of the command line are told from other text later.
pub(super) fn is_answer(bytes: &[u8]) -> bool {
    matches!(Carrier::detect(bytes), Some(Carrier::Netconf | Carrier::Restconf | Carrier::XrJson))
}

/// Does a terminal show such an answer?
pub(super) fn is_capture(bytes: &[u8]) -> bool {
    Carrier::detect(bytes) == Some(Carrier::Cli)
}

/// A verdict for each statement, and the certificates in them.
pub(super) fn read(judge: &Judge<'_>, input: &Input<'_>, file: &mut FileVerdicts) {
    let Some(carrier) = Carrier::detect(input.bytes) else { return };
    let mut limits = Limits::default();
    limits.device_body_bytes = input.options.limits.document_bytes;
    limits.cli_bytes = input.options.limits.document_bytes;
    let answer = match Answer::read(carrier, input.bytes, &limits) {
        Ok(answer) => answer,
        Err(error) => return file.faults.push(fault(input, &error)),
    };
    let chains: Vec<[&[u8]; 3]> = answer.statements.iter().flatten().filter_map(chain).collect();
    for statement in &answer.statements {
        match statement {
            Ok(statement) => file.rows.push(row(judge, statement, &chains)),
            Err(error) if error.kind() == ErrorKind::Device => file.faults.push(fault(input, error)),
            Err(error) => {
                let mut row = Row::not("statement of a device", Reason::Malformed, "statement", error.message());
                row.place = error.location().clone();
                file.rows.push(row);
            }
        }
    }
    if carrier == Carrier::Cli {
        return;
    }
    let mut found: Vec<&[u8]> = chains.iter().flatten().copied().collect();
    found.sort_unstable();
    found.dedup();
    let found: Vec<_> = found.into_iter().map(Certificate::inspect).collect();
    certificates::judge(judge, &found, file);
}

fn fault(input: &Input<'_>, error: &slp_transport::Error) -> Fault {
    let place = error.location().clone().inside(input.name);
    Fault { name: error.name(), place, ..Fault::of_file(error.kind().as_str(), input.name, error.message()) }
}

/// Root, issuing CA and device.
fn chain(statement: &sudi::Statement) -> Option<[&[u8]; 3]> {
    match &statement.body {
        sudi::Body::Chain { root, sub_ca, leaf } => Some([root, sub_ca, leaf]),
        _ => None,
    }
}

fn row(judge: &Judge<'_>, printed: &sudi::Statement, chains: &[[&[u8]; 3]]) -> Row {
    let of = match &printed.body {
        sudi::Body::Chain { .. } => "chain of a device",
        sudi::Body::Measurement(_) => "measurement of a device",
        _ => "compliance of a device",
    };
    let mut row = match (&printed.signature, body(&printed.body)) {
        (None, _) => {
            let text = "the device was not asked to sign: add `sign nonce N` to the command";
            Row::not(of, Reason::NotCheckable, "absent", text)
        }
        (Some(_), None) => Row::not(of, Reason::Unsupported, "format", "this version does not know such a statement"),
        (Some(signature), Some(body)) => {
            let mut statement = Statement::new(printed.nonce.as_ref().and_then(nonce), body);
            statement.version = signature.version;
            signed(judge, of, printed, &Signed { statement, signature: &signature.bytes }, chains)
        }
    };
    if row.place.is_empty() {
        row.place = printed.place.clone();
    }
    row
}

fn nonce(printed: &sudi::Nonce) -> Option<Nonce> {
    match printed {
        sudi::Nonce::Number(number) => Some(Nonce::Number(*number)),
        sudi::Nonce::Bytes(bytes) => Some(Nonce::Bytes(bytes.clone())),
        _ => None,
    }
}

fn body(printed: &sudi::Body) -> Option<Body> {
    match printed {
        sudi::Body::Chain { root, sub_ca, leaf } => {
            Some(Body::Chain { root: root.clone(), sub_ca: sub_ca.clone(), leaf: leaf.clone() })
        }
        sudi::Body::Measurement(measured) => Some(Body::Measurement { pcr0: measured.pcr0?, pcr8: measured.pcr8? }),
        sudi::Body::Compliance(pairs) => Some(Body::Compliance(pairs.clone())),
        _ => None,
    }
}

/// A statement as it was signed, and its signature.
struct Signed<'s> {
    statement: Statement,
    signature: &'s [u8],
}

impl Signed<'_> {
    fn verdict(&self, judge: &Judge<'_>, leaf: &[u8], cas: &[&[u8]]) -> Result<Verified<&Statement>, NotVerified> {
        let asked = judge.nonce.map(|asked| match (&self.statement.nonce, asked.number(), asked.bytes()) {
            (Some(Nonce::Bytes(_)), _, Some(bytes)) | (_, None, Some(bytes)) => Nonce::Bytes(bytes),
            (_, number, _) => Nonce::Number(number.unwrap_or_default()),
        });
        let expect = asked.as_ref().map_or_else(Expect::nothing, |nonce| Expect::nothing().nonce(nonce));
        let time = TimePolicy::At(judge.present());
        judge.trust.store.verify_statement(&self.statement, self.signature, leaf, cas, time, &expect)
    }
}

fn signed(judge: &Judge<'_>, of: &str, printed: &sudi::Statement, signed: &Signed<'_>, chains: &[[&[u8]; 3]]) -> Row {
    if let Some([_, sub_ca, leaf]) = chain(printed) {
        let verdict = signed.verdict(judge, leaf, &[sub_ca]);
        let mut row = Row::of(of, verdict.as_ref().map(Verified::evidence));
        row.device = Certificate::inspect(leaf).ok().and_then(|leaf| leaf.identity().and_then(certificates::udi));
        row.outside.extend(printed.location.is_some().then(|| "location".to_owned()));
        return row;
    }
    let mut row = by_any(judge, of, printed, signed, chains);
    row.outside.extend(printed.location.is_some().then(|| "location".to_owned()));
    match &printed.body {
        sudi::Body::Measurement(measured) => measurement(measured, &mut row),
        // signed without separators: `ab`, `c` is `a`, `bc`
        _ => row.outside.push("where attributes and values end".to_owned()),
    }
    row
}

/// Whose signature it is does not stand beside it: of all devices that are known, the one that fits.
fn by_any(judge: &Judge<'_>, of: &str, printed: &sudi::Statement, signed: &Signed<'_>, chains: &[[&[u8]; 3]]) -> Row {
    let mut cas: Vec<&[u8]> = chains.iter().map(|[_, sub_ca, _]| *sub_ca).collect();
    cas.sort_unstable();
    cas.dedup();
    let beside = chains.iter().map(|[_, _, leaf]| *leaf);
    let mut known: Vec<&[u8]> = beside.chain(judge.trust.devices.iter().map(Certificate::der)).collect();
    known.sort_unstable();
    known.dedup();
    let (mut unfit, mut other) = (0_usize, None);
    for leaf in known.iter().take(MAX_TRIED) {
        match signed.verdict(judge, leaf, &cas) {
            Err(why) if why.detail() == Detail::Mismatch => unfit = unfit.saturating_add(1),
            // the certificate cannot be used, so nobody looked at the signature
            Err(why) if why.detail() != Detail::Nonce => other = other.or(Some(why)),
            verdict => return Row::of(of, verdict.as_ref().map(Verified::evidence)),
        }
    }
    if unfit == 0 {
        return other.map_or_else(
            || {
                let text = "no certificate of the device is known: put it into the trust directory, or its signed \
                            chain into the same file";
                Row::not(of, Reason::KeyUnknown, "key", text)
            },
            |why| Row::of(of, Err(&why)),
        );
    }
    let text = format!(
        "the signature fits none of the device certificates that are known ({unfit}): the content or the signature was \
         changed, or it is of another device"
    );
    let reason = if is_due(judge, printed, chains, &known) { Reason::Invalid } else { Reason::KeyUnknown };
    Row::not(of, reason, if reason == Reason::Invalid { "mismatch" } else { "key" }, text)
}

/// Should one of the certificates have fitted? Then it is no stranger: it came along, it is the only one, or it is of the
/// same product.
fn is_due(judge: &Judge<'_>, printed: &sudi::Statement, chains: &[[&[u8]; 3]], known: &[&[u8]]) -> bool {
    let platform = match &printed.body {
        sudi::Body::Measurement(measured) => measured.platform.as_deref(),
        _ => None,
    };
    let same = |device: &Certificate| device.identity().is_some_and(|holder| Some(holder.pid()) == platform);
    !chains.is_empty() || known.len() == 1 || judge.trust.devices.iter().any(same)
}

/// Platform, versions and names are outside. Hashes are signed through the registers, when they give those.
fn measurement(measured: &Measurement, row: &mut Row) {
    row.outside.extend(["platform", "versions and names"].map(str::to_owned));
    if let (Some(signer), Some(platform)) = (&row.signer, &measured.platform)
        && signer.pid != *platform
    {
        let text = format!(
            "platform: {} stands beside the signature, which is one of {}",
            Quoted(platform),
            Quoted(&signer.pid)
        );
        row.warnings.push(text);
    }
    let parts = [
        ("boot hashes", &measured.boot, measured.pcr0, "PCR0"),
        ("package hashes", &measured.packages, measured.pcr8, "PCR8"),
    ];
    for (what, list, register, name) in parts {
        let Some(hashes) = list.iter().map(hash).collect::<Option<Vec<_>>>().filter(|hashes| !hashes.is_empty()) else {
            row.outside.push(what.to_owned());
            continue;
        };
        let mut computed = BootRegister::new();
        for hash in hashes {
            computed.extend(hash);
        }
        if Some(*computed.value()) != register && row.verdict == Verdict::Verified {
            let text = format!("the {what} that stand there do not give {name}, which is signed: they were changed");
            row.refuse(Reason::Invalid, "register", text);
        }
    }
}

fn hash(measured: &Measured) -> Option<&[u8]> {
    measured.hash.as_deref()
}
