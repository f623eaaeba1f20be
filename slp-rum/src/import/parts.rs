//! The first steps of an import: reading everything, and checking every signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use slp_model::error_code::DeviceError;
use slp_model::{Quoted, Signed, Udi};

use super::judge::{Judge, SignatureRule, Verdict};
use super::{ImportClass, Refusal};
use crate::ack::Acknowledgement;
use crate::ack::conversion::ConversionAcknowledgement;
use crate::{
    AccountFile, AuthorizationCode, Content, Document, Error, ErrorKind, PolicyFile, ReadOptions, Statement, TrustCode,
};

/// The most signatures of one document that are checked.
const SIGNATURES: usize = 1_024;

/// The parts of a document that an import looks at, by class.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) policy: Option<Box<PolicyFile>>,
    pub(super) codes: Vec<AuthorizationCode>,
    pub(super) trust: Vec<TrustCode>,
    pub(super) acks: Vec<Acknowledgement>,
    pub(super) conversions: Vec<ConversionAcknowledgement>,
    pub(super) account: Option<Box<AccountFile>>,
    /// What was read although it is odd, and signatures that nobody checked.
    pub(super) warnings: Vec<String>,
}

/// Reads the document.
pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<Parts, Refusal> {
    let document = Document::parse_with(bytes, options).map_err(|error| refuse_document(bytes, &error))?;
    if !document.container().is_xml() {
        return Err(Refusal::new(DeviceError::UnsupportedResponse, OF_AN_INTERFACE));
    }
    if let Some(damage) = document.damage() {
        return Err(refuse_document(bytes, &damage));
    }
    let mut parts =
        Parts { warnings: document.warnings().iter().map(ToString::to_string).collect(), ..Parts::default() };
    let mut kinds = document.parts();
    let mut is_known = false;
    let mut seen_id = false;
    for content in document.contents() {
        let kind = kinds.next().map(|part| part.kind);
        let content = content.map_err(|error| refuse_part(kind.as_ref(), &error))?;
        parts.warnings.extend(content.warnings().iter().map(ToString::to_string));
        let mut once = |is_second: bool, name: &str| {
            is_known = true;
            if is_second {
                let text = format!("{name} stands twice where it is allowed once");
                return Err(Refusal::new(DeviceError::MsgParse, text));
            }
            Ok(())
        };
        match content {
            Content::Policy(policy) => {
                once(parts.policy.is_some(), policy.name())?;
                parts.policy = Some(policy);
            }
            Content::Account(account) => {
                once(parts.account.is_some(), account.name())?;
                parts.account = Some(account);
            }
            Content::Authorization(code) => {
                once(parts.codes.iter().any(|other| other.view().udi == code.view().udi), code.name())?;
                parts.codes.push(*code);
            }
            Content::TrustCode(code) => {
                once(parts.trust.iter().any(|other| other.view().udi == code.view().udi), code.name())?;
                parts.trust.push(*code);
            }
            Content::Acknowledgement(ack) => {
                once(false, "")?;
                parts.acks.push(*ack);
            }
            Content::ConversionAcknowledgement(ack) => {
                once(false, "")?;
                parts.conversions.push(*ack);
            }
            Content::CorrelationId(id) => {
                if seen_id {
                    return Err(Refusal::new(DeviceError::MsgParse, format!("{} stands twice", id.name())));
                }
                seen_id = true;
            }
            _ => {} // what a device sends, and what is not known
        }
    }
    if !is_known {
        let text = "nothing in this document is for a device: no authorization, policy, trust code or acknowledgement";
        return Err(Refusal::new(DeviceError::UnsupportedResponse, text));
    }
    Ok(parts)
}

/// What a device says to the answer of an interface.
const OF_AN_INTERFACE: &str =
    "this is the answer of an interface: decode the text of its smart_license and import that";

/// The vendor's number for a document that cannot be read. Spec: ack-auth, "Table", rows 2 to 5.
fn refuse_document(bytes: &[u8], error: &Error) -> Refusal {
    let first = |bytes: &[u8]| bytes.trim_ascii_start().first().copied();
    let start = first(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes));
    let code = match (error.kind(), start) {
        (ErrorKind::Limit, _) => {
            return Refusal::of(DeviceError::BadInputParams, error).on_xr(DeviceError::MsgSizeExceed);
        }
        // whatever is wrong with it: it is no file for a device
        (_, Some(b'{' | b'[' | b'"')) => return Refusal::new(DeviceError::UnsupportedResponse, OF_AN_INTERFACE),
        // neither XML nor the Base64 of something: the fault of the text inside is told as if it had come by itself
        (kind, Some(byte)) if byte != b'<' && kind != ErrorKind::Encoding && !is_base64_of_xml(bytes) => {
            if kind != ErrorKind::UnknownRoot {
                return Refusal::of(DeviceError::Base64Decoding, error);
            }
            let start: String = String::from_utf8_lossy(bytes).trim().chars().take(24).collect();
            let text = format!(
                "neither XML nor the Base64 of it: it begins with {}; a file for a device begins with <smartLicense>",
                Quoted(&start)
            );
            return Refusal::new(DeviceError::Base64Decoding, text);
        }
        (ErrorKind::UnknownRoot | ErrorKind::Unsupported, Some(_)) => {
            return Refusal::of(DeviceError::UnsupportedResponse, error);
        }
        _ => DeviceError::MsgParse,
    };
    Refusal::of(code, error).on_xr(DeviceError::InvalidXml)
}

/// Is the whole of it the Base64 of a text that begins like XML?
fn is_base64_of_xml(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let packed: Vec<u8> = text.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    let decoded = STANDARD.decode(packed).unwrap_or_default();
    decoded.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&decoded).trim_ascii_start().starts_with(b"<")
}

/// The vendor's number for a part that cannot be read: rows 2, 4, 6 and 7.
fn refuse_part(kind: Option<&crate::PartKind>, error: &Error) -> Refusal {
    use crate::PartKind::{Authorization, SpecificPlr};
    let is_code = matches!(kind, Some(Authorization | SpecificPlr));
    match error.kind() {
        ErrorKind::Limit => Refusal::of(DeviceError::BadInputParams, error).on_xr(DeviceError::MsgSizeExceed),
        ErrorKind::MissingElement | ErrorKind::UdiSyntax | ErrorKind::BadNumber | ErrorKind::BadValue if is_code => {
            Refusal::of(DeviceError::ReservationInstallParseFail, error).on_xr(DeviceError::InvalidXml)
        }
        _ => Refusal::of(DeviceError::MsgParse, error).on_xr(DeviceError::InvalidXml),
    }
}

impl Parts {
    /// Checks every signature, in the order of classes; gives what nobody could check as warnings.
    pub(super) fn check_signatures(&mut self, judge: &dyn Judge, rule: SignatureRule) -> Result<(), Refusal> {
        if rule == SignatureRule::Ignore {
            return Ok(());
        }
        let required = rule == SignatureRule::Required || judge.has_server_key();
        let mut checks = Checks { judge, required, left: SIGNATURES, unchecked: Vec::new(), first: None };
        if let Some(policy) = &self.policy {
            checks.check(policy.as_ref());
        }
        self.codes.iter().for_each(|code| checks.check(code));
        self.trust.iter().for_each(|code| checks.check(code));
        self.acks.iter().for_each(|ack| checks.check(ack));
        self.conversions.iter().for_each(|ack| checks.check(ack));
        if let Some(account) = &self.account {
            checks.check(account.as_ref());
        }
        self.warnings.extend(unchecked(&checks.unchecked));
        checks.first.map_or(Ok(()), |(_, refusal)| Err(refusal))
    }

    /// Every device that the document names, without those of acknowledgements that name none.
    pub(super) fn devices(&self) -> Vec<&Udi> {
        let codes = self.codes.iter().map(|code| &code.view().udi);
        let trust = self.trust.iter().map(|code| &code.view().udi);
        let acks = self.acks.iter().flat_map(|ack| ack.view().named()).filter_map(|ack| ack.device.as_ref());
        let conversions = self.conversions.iter().flat_map(Statement::view).filter_map(|ack| ack.device.as_ref());
        codes.chain(trust).chain(acks).chain(conversions).collect()
    }
}

/// One warning for all signatures that nobody could check.
fn unchecked(places: &[String]) -> Option<String> {
    Some(match places {
        [] => return None,
        [one] => format!("{one}: the signature was not checked (not-checkable)"),
        [first, ..] => {
            let count = places.len();
            format!("{count} signatures were not checked (not-checkable), the first at {first}")
        }
    })
}

/// One signature after another; the first fault in the order of the document is kept.
struct Checks<'j> {
    judge: &'j dyn Judge,
    required: bool,
    left: usize,
    /// Where signatures stand that nobody could check.
    unchecked: Vec<String>,
    first: Option<(Option<u64>, Refusal)>,
}

impl Checks<'_> {
    fn check<T>(&mut self, statement: &Statement<T>) {
        let Some(left) = self.left.checked_sub(1) else {
            let text = format!("more than {SIGNATURES} signatures in one document");
            let refusal = Refusal::new(DeviceError::BadInputParams, text).on_xr(DeviceError::MsgSizeExceed);
            self.first.get_or_insert((None, refusal));
            return;
        };
        self.left = left;
        let content = statement.signed_content();
        let what = content.at.to_string();
        let refuse = |error, text: &str| Some(Refusal::new(error, format!("{what}: {text}")));
        let where_required = |error, text: &str| if self.required { refuse(error, text) } else { None };
        let verdict = self.judge.judge(&content);
        let refusal = match verdict {
            Verdict::Verified => return,
            Verdict::Invalid => {
                refuse(DeviceError::VerifySignatureFailed, "the signature does not hold: it was changed")
            }
            Verdict::SignerExpired => {
                refuse(DeviceError::SignCertVerificationFailed, "the certificate of the signer has ended or not begun")
            }
            Verdict::ChainBroken => {
                refuse(DeviceError::CouldNotValidateTrustChain, "the signer leads to no trusted root")
            }
            Verdict::WrongEnvironment => refuse(
                DeviceError::CertificateMismatch,
                "signed for development and this is production, or the reverse",
            ),
            Verdict::Malformed => {
                where_required(DeviceError::VerifySignatureFailed, "there is no signature, or none that is one")
            }
            Verdict::KeyUnknown => {
                where_required(DeviceError::VerifySignatureFailed, "no key of the server fits the signature")
            }
            Verdict::NotCheckable | Verdict::Unsupported => {
                where_required(DeviceError::CouldNotValidateTrustChain, "the signature cannot be checked")
            }
        };
        match refusal {
            Some(refusal) => {
                let byte = content.at.byte;
                if self.first.as_ref().is_none_or(|(first, _)| byte < *first) {
                    self.first = Some((byte, refusal));
                }
            }
            None => self.unchecked.push(what),
        }
    }
}

/// The class of a part, for the history.
impl ImportClass {
    /// The name that the history prints behind `Import` (seen).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "POLICY",
            Self::Authorization => "AUTH",
            Self::TrustCode => "TRUST CODE",
            Self::RumAck => "RUM ACK",
            Self::ConversionAck => "CONVERSION ACK",
            Self::AccountInfo => "ACCOUNT INFO",
        }
    }
}
