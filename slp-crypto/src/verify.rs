//! The one door: bytes and a claim about them in, a witness or a reason out. Spec: crypto, "Verdicts", "Usage reports
//! and cloud elements".

use slp_model::{Place, Quoted, Signed, SignedContent};

use crate::batch::Batch;
use crate::error::Error;
use crate::key::{KeyType, PublicKey};
use crate::resolve::{KeyAnswer, KeyHint, KeyResolver};
use crate::scheme::Scheme;
use crate::signature_text;
use crate::time::TimePolicy;
use crate::trust::TrustStore;
use crate::verdict::{Detail, Evidence, NotVerified, Reason, Source, Verified, Warning};

/// The most keys that are tried for one signature.
const MAX_KEYS: usize = 16;
/// Signatures of one document other than usage reports, unless the builder says otherwise.
const SIGNATURES: u64 = 1024;

/// Judges signatures with the keys of a trust store, and with those of a resolver if one is given.
///
/// ```
/// use slp_crypto::{Reason, TimePolicy, TrustStore, Verifier};
/// use slp_model::{Place, SignedContent};
///
/// let trust = TrustStore::empty();
/// let mut content = SignedContent::new(&b"{}"[..], Place::UsageReport);
/// content.signing_word = Some("builtin".into());
/// content.signature = Some("AAAA".into());
/// let why = Verifier::new(&trust).verify(&content, TimePolicy::Ignore).unwrap_err();
/// assert_eq!(why.reason(), Reason::NotCheckable);        // and never "valid"
/// ```
#[derive(Clone, Copy)]
pub struct Verifier<'a> {
    trust: &'a TrustStore,
    resolver: Option<&'a (dyn KeyResolver + Sync)>,
    budget: u64,
}

/// Makes a [`Verifier`].
#[derive(Clone, Copy)]
#[must_use]
pub struct VerifierBuilder<'a>(Verifier<'a>);

impl<'a> VerifierBuilder<'a> {
    /// A resolver that is asked before the keys of the trust store.
    pub fn keys(mut self, resolver: &'a (dyn KeyResolver + Sync)) -> Self {
        self.0.resolver = Some(resolver);
        self
    }

    /// How many signatures a batch may hold, those of usage reports not counted. Default 1,024.
    pub fn budget(mut self, signatures: u64) -> Self {
        self.0.budget = signatures;
        self
    }

    /// The verifier.
    pub const fn build(self) -> Verifier<'a> {
        self.0
    }
}

impl std::fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("trust", self.trust).field("budget", &self.budget).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for VerifierBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'a> Verifier<'a> {
    /// Judges with the keys of this store.
    pub const fn new(trust: &'a TrustStore) -> Self {
        Self { trust, resolver: None, budget: SIGNATURES }
    }

    /// For a resolver or a budget of the caller's own.
    pub const fn builder(trust: &'a TrustStore) -> VerifierBuilder<'a> {
        VerifierBuilder(Self::new(trust))
    }

    /// Checks the signature that a value carries over its own bytes.
    ///
    /// `time` is compared with the dates of the certificate that the key came from; a bare key has none.
    ///
    /// # Errors
    /// The reason, in the order of the spec: no signature, signed bytes lost, `builtin`, not base64, no key, no key of
    /// a fitting type, [`Detail::Mismatch`] when keys were applied and none fits; and last, with [`TimePolicy::Now`], a
    /// certificate outside its dates.
    pub fn verify<'v, T: Signed>(&self, value: &'v T, time: TimePolicy) -> Result<Verified<&'v T>, NotVerified> {
        let content = value.signed_content();
        match self.judge(&content, time) {
            Ok(evidence) => Ok(Verified::new(value, evidence)),
            Err(why) => Err(why.at(content.at)),
        }
    }

    /// Checks one signature over bytes with one key: for detached signatures, such as those of known-good-values files.
    ///
    /// # Errors
    /// [`Detail::Mismatch`].
    pub fn verify_detached<'v>(
        bytes: &'v [u8],
        signature: &[u8],
        key: &PublicKey,
    ) -> Result<Verified<&'v [u8]>, NotVerified> {
        let scheme = key.scheme();
        key.check(scheme, bytes, signature).map_err(|_| mismatch(std::slice::from_ref(key)))?;
        Ok(Verified::new(bytes, Evidence::new(scheme, key, Source::Resolver, bytes.len(), TimePolicy::Ignore)))
    }

    /// Prepares the checking of many values: see [`Batch`].
    ///
    /// # Errors
    /// [`ErrorKind::Size`](crate::ErrorKind::Size) if the items other than usage reports are more than the budget.
    pub fn batch<'v, T: Signed + Sync>(&'v self, values: &'v [T], time: TimePolicy) -> Result<Batch<'v, T>, Error> {
        self.batch_at(values, move |_| time)
    }

    /// The same, each value judged at a time of its own: reports at their own last time, say.
    ///
    /// # Errors
    /// As [`Verifier::batch`].
    pub fn batch_at<'v, T: Signed + Sync>(
        &'v self,
        values: &'v [T],
        time: impl Fn(&T) -> TimePolicy + Sync + 'v,
    ) -> Result<Batch<'v, T>, Error> {
        Batch::new(self, values, Box::new(time))
    }

    pub(crate) const fn budget(&self) -> u64 {
        self.budget
    }

    fn judge(&self, content: &SignedContent<'_>, time: TimePolicy) -> Result<Evidence, NotVerified> {
        let like_report = matches!(content.place, Place::UsageReport | Place::ApiBody);
        let Some(text) = content.signature.as_deref() else {
            let reason = if like_report { Reason::NotCheckable } else { Reason::Malformed };
            return Err(NotVerified::new(reason, Detail::Absent, "there is no signature"));
        };
        if content.lost {
            let text = "the payload arrived as an object: the text that was signed no longer exists";
            return Err(NotVerified::new(Reason::NotCheckable, Detail::PayloadLost, text));
        }
        let word = content.signing_word.as_deref();
        if like_report && word == Some("builtin") {
            let text =
                "signed with a secret inside the product: cannot be checked outside it; the licence server checks it";
            return Err(NotVerified::new(Reason::NotCheckable, Detail::Builtin, text));
        }
        let (signature, wrapped) =
            signature_text::decode(text).map_err(|what| NotVerified::malformed(Detail::Base64, what))?;
        let keys = self.keys(content)?;
        let mut evidence = check_keys(&content.bytes, &signature, &keys, like_report, time)?;
        evidence.warnings.extend(dates(&keys, &evidence, time)?);
        if wrapped {
            evidence.warnings.push(Warning::Base64Space);
        }
        match word {
            Some(word) if like_report && !matches!(word, "SHA256" | "SHA-256") => {
                evidence.warnings.push(Warning::SigningWord(word.into()));
            }
            _ => {}
        }
        Ok(evidence)
    }

    fn keys(&self, content: &SignedContent<'_>) -> Result<Vec<PublicKey>, NotVerified> {
        let hint = KeyHint {
            place: &content.place,
            signer: content.signer.as_ref(),
            key_text: content.key_text.as_deref(),
            signing_word: content.signing_word.as_deref(),
        };
        let mut keys = match self.resolver.map(|resolver| resolver.keys(&hint)) {
            None => Vec::new(),
            Some(KeyAnswer::Keys(keys)) => keys,
            Some(KeyAnswer::NotCheckable(detail)) => {
                let text = "nobody but the maker can check signatures of this kind";
                return Err(NotVerified::new(Reason::NotCheckable, detail, text));
            }
        };
        if !self.trust.keys().is_empty()
            && let KeyAnswer::Keys(more) = self.trust.keys().keys(&hint)
        {
            keys.extend(more);
        }
        if keys.is_empty() {
            return Err(NotVerified::new(Reason::KeyUnknown, Detail::Key, unknown(&hint)));
        }
        Ok(keys)
    }
}

/// What the certificates of the key that verified say about the time. One that is valid then is enough.
fn dates(keys: &[PublicKey], evidence: &Evidence, time: TimePolicy) -> Result<Option<Warning>, NotVerified> {
    let mut answer = Ok(None);
    for key in keys.iter().filter(|key| key.sha256() == evidence.key_sha256()) {
        match key.validity().map_or(Ok(None), |validity| validity.judge(time)) {
            Ok(None) => return Ok(None),
            other => answer = other,
        }
    }
    answer
}

fn unknown(hint: &KeyHint<'_>) -> String {
    let signer = hint.signer.map(|udi| format!(" for signer {}", Quoted(&udi.to_string()))).unwrap_or_default();
    let key = hint.key_text.map(|text| format!(", key {}", Quoted(text))).unwrap_or_default();
    format!("no key is known{signer}{key}: put its certificate or public key into the trust directory")
}

/// Tries each key with its own scheme. `narrow`: only the types that devices sign reports with.
pub(crate) fn check_keys(
    bytes: &[u8],
    signature: &[u8],
    keys: &[PublicKey],
    narrow: bool,
    time: TimePolicy,
) -> Result<Evidence, NotVerified> {
    let fitting = |key: &PublicKey| match key.key_type() {
        KeyType::Rsa { bits } => !narrow || bits <= 4096,
        KeyType::P256 => true,
        KeyType::P384 | KeyType::Ed25519 => !narrow,
    };
    let mut applied = Vec::new();
    for key in keys.iter().filter(|key| fitting(key)).take(MAX_KEYS) {
        let scheme: Scheme = key.scheme();
        match key.check(scheme, bytes, signature) {
            Ok(()) => return Ok(Evidence::new(scheme, key, Source::Resolver, bytes.len(), time)),
            Err(_) => applied.push(key.clone()),
        }
    }
    if applied.is_empty() {
        let text = "none of the keys given for this signature is RSA of 2048 to 4096 bits or P-256";
        return Err(NotVerified::new(Reason::Unsupported, Detail::Key, text));
    }
    Err(mismatch(&applied))
}

pub(crate) fn mismatch(keys: &[PublicKey]) -> NotVerified {
    let under = match keys {
        [] => String::new(),
        [key] => format!(" under key {}", key.id()),
        [key, more @ ..] => format!(" under key {} or {} more", key.id(), more.len()),
    };
    let text = format!("the signature does not fit these bytes{under}: the content or the signature was changed");
    NotVerified::invalid(Detail::Mismatch, text)
}
