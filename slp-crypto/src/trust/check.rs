//! One step under a known issuer, of fixed depth: no path building, no fetching, no revocation. Spec: crypto, "Checking
//! certificates" (choice).

use slp_model::Quoted;

use crate::certificate::{Certificate, Outline};
use crate::key::PublicKey;
use crate::scheme::Scheme;
use crate::time::TimePolicy;
use crate::trust::TrustStore;
use crate::verdict::{Detail, Evidence, NotVerified, Reason, Source, Verified, Warning};
use crate::verify;

/// Issuers of one name that are tried.
const MAX_ISSUERS: usize = 4;
/// CAs of a chain.
const MAX_CAS: usize = 3;

/// What the certificate has to be.
#[derive(Clone, Copy)]
enum Need {
    Leaf,
    /// A CA with this many CAs between it and the leaf.
    Ca {
        below: u32,
    },
}

/// A CA that may have issued a certificate, and why it is believed.
struct Issuer {
    certificate: Certificate,
    source: Source,
    /// What its own check had to say.
    warnings: Vec<Warning>,
}

impl TrustStore {
    /// Checks a device certificate. `candidates` are certificates that came along: one counts as issuer when it is
    /// pinned or an anchor, or when an anchor issued it (one further step, no more).
    ///
    /// # Errors
    /// The first broken rule in the order of the spec: crypto, "Checking certificates". The rules that are none are
    /// listed there too: no extension but basicConstraints and keyUsage has a say, nor has the common name.
    pub fn verify_leaf(
        &self,
        der: &[u8],
        candidates: &[&[u8]],
        time: TimePolicy,
    ) -> Result<Verified<Certificate>, NotVerified> {
        let subject = Subject::read(der, Need::Leaf)?;
        let issuers = self.issuers(&subject.certificate, candidates, 0, time)?;
        subject.under(&issuers, time)
    }

    /// Checks a CA certificate with `below` further CAs between it and the leaf.
    ///
    /// # Errors
    /// As [`TrustStore::verify_leaf`], but it has to be a CA that allows so many below.
    pub fn verify_ca(
        &self,
        der: &[u8],
        candidates: &[&[u8]],
        below: u32,
        time: TimePolicy,
    ) -> Result<Verified<Certificate>, NotVerified> {
        let subject = Subject::read(der, Need::Ca { below })?;
        let issuers = self.issuers(&subject.certificate, candidates, below.saturating_add(1), time)?;
        subject.under(&issuers, time)
    }

    /// Checks a chain in the order given: the leaf, then at most three CAs, each issued by the next one; the last is
    /// pinned or an anchor, or issued by one. Checked from the top down.
    ///
    /// # Errors
    /// As [`TrustStore::verify_leaf`]; a gap or a surplus certificate is [`Detail::Issuer`].
    pub fn verify_chain(&self, chain: &[&[u8]], time: TimePolicy) -> Result<Verified<Certificate>, NotVerified> {
        let Some((leaf, cas)) = chain.split_first() else {
            return Err(NotVerified::malformed(Detail::Absent, "there is no certificate"));
        };
        if cas.len() > MAX_CAS {
            let text = format!("a chain has at most {MAX_CAS} CA certificates, this one {}", cas.len());
            return Err(NotVerified::new(Reason::KeyUnknown, Detail::Issuer, text));
        }
        let mut above: Option<Issuer> = None;
        let below: Vec<(u32, &&[u8])> = (0..).zip(cas).collect();
        for (below, der) in below.into_iter().rev() {
            above = Some(self.step(der, below, above, time)?);
        }
        let subject = Subject::read(leaf, Need::Leaf)?;
        let issuers = match above {
            Some(issuer) if issuer.certificate.subject().der() == subject.certificate.issuer().der() => vec![issuer],
            Some(_) => return Err(unknown_issuer(&subject.certificate)),
            None => self.issuers(&subject.certificate, &[], 0, time)?,
        };
        subject.under(&issuers, time)
    }

    /// The next CA of a chain, from the top down.
    fn step(&self, der: &[u8], below: u32, above: Option<Issuer>, time: TimePolicy) -> Result<Issuer, NotVerified> {
        let subject = Subject::read(der, Need::Ca { below });
        let issuers = match above {
            None => {
                // a certificate that is trusted itself needs no check of its own signature
                let certificate = Certificate::inspect(der)?;
                if let Some(source) = self.source_of(&certificate) {
                    may_issue(&certificate)?;
                    allows(&certificate, below)?;
                    return Ok(Issuer { certificate, source, warnings: Vec::new() });
                }
                self.issuers(&certificate, &[], below.saturating_add(1), time)?
            }
            Some(issuer) => vec![issuer],
        };
        let subject = subject?;
        if issuers.iter().all(|issuer| issuer.certificate.subject().der() != subject.certificate.issuer().der()) {
            return Err(unknown_issuer(&subject.certificate));
        }
        let verified = subject.under(&issuers, time)?;
        let warnings = verified.evidence().warnings().to_vec();
        Ok(Issuer { certificate: verified.into_inner(), source: Source::Document, warnings })
    }

    /// Trusted CAs with the name that the certificate calls its issuer. `below`: CAs between them and the leaf.
    fn issuers(
        &self,
        certificate: &Certificate,
        candidates: &[&[u8]],
        below: u32,
        time: TimePolicy,
    ) -> Result<Vec<Issuer>, NotVerified> {
        let name = certificate.issuer().der();
        let named = |anchor: &&Certificate| anchor.subject().der() == name;
        let mut issuers: Vec<Issuer> = Vec::new();
        let mut problem: Option<NotVerified> = None;
        for anchor in self.anchors().iter().filter(named) {
            match allows(anchor, below) {
                Ok(()) => issuers.push(Issuer::trusted(anchor.clone(), Source::Anchor)),
                Err(why) => keep(&mut problem, why),
            }
        }
        let mut tried = 0;
        for der in candidates {
            if tried == MAX_ISSUERS {
                break;
            }
            let Ok(candidate) = Certificate::inspect(der) else {
                continue;
            };
            let known = issuers.iter().any(|issuer| issuer.certificate == candidate);
            if known || candidate.subject().der() != name {
                continue;
            }
            tried = tried.saturating_add(1);
            match self.candidate(candidate, below, time) {
                Ok(issuer) => issuers.push(issuer),
                Err(why) => keep(&mut problem, why),
            }
        }
        if issuers.is_empty() {
            // that the issuer of a candidate is unknown says no more than that the candidate is
            let problem = problem.filter(|why| why.detail() != Detail::Issuer);
            return Err(problem.unwrap_or_else(|| unknown_issuer(certificate)));
        }
        Ok(issuers)
    }

    /// A certificate that came along: pinned, or one step under an anchor.
    fn candidate(&self, candidate: Certificate, below: u32, time: TimePolicy) -> Result<Issuer, NotVerified> {
        if let Some(source) = self.source_of(&candidate) {
            may_issue(&candidate)?;
            allows(&candidate, below)?;
            return Ok(Issuer::trusted(candidate, source));
        }
        // who nobody trusted issued is unknown, whatever else is wrong with it
        if self.anchors().iter().all(|anchor| anchor.subject() != candidate.issuer()) {
            return Err(unknown_issuer(&candidate));
        }
        let verified = self.verify_ca(candidate.der(), &[], below, time)?;
        let warnings = verified.evidence().warnings().to_vec();
        Ok(Issuer { certificate: candidate, source: Source::Document, warnings })
    }
}

impl Issuer {
    fn trusted(certificate: Certificate, source: Source) -> Self {
        Self { certificate, source, warnings: Vec::new() }
    }
}

/// A certificate that has passed all checks but those that need its issuer.
struct Subject<'a> {
    outline: Outline<'a>,
    algorithm: crate::certificate::Algorithm,
    certificate: Certificate,
    leaf: bool,
}

impl<'a> Subject<'a> {
    /// The checks 1 to 10.
    fn read(der: &'a [u8], need: Need) -> Result<Self, NotVerified> {
        let outline = Outline::read(der)?;
        let algorithm = outline.algorithm()?;
        let certificate = Certificate::parse(&outline)?;
        if !certificate.one_algorithm() {
            let text = "the certificate names one signature algorithm inside and another one outside";
            return Err(NotVerified::malformed(Detail::AlgorithmMismatch, text));
        }
        let extensions = certificate.extensions();
        if let Some(oid) = &extensions.duplicate {
            let text = format!("the certificate has the extension {oid} twice");
            return Err(NotVerified::malformed(Detail::DuplicateExtension, text));
        }
        certificate.key().map_err(|error| NotVerified::key(&error))?;
        if let Some(oid) = &extensions.unknown_critical {
            let text = format!("has a critical extension {oid} that this version does not know");
            return Err(NotVerified::invalid(Detail::CriticalExtension, text));
        }
        if let Some(name) = extensions.unreadable {
            return Err(NotVerified::malformed(Detail::Extension, format!("the extension {name} cannot be read")));
        }
        match need {
            Need::Leaf => {
                if certificate.is_ca() {
                    let text = "this is the certificate of a CA, not of a device";
                    return Err(NotVerified::invalid(Detail::LeafIsCa, text));
                }
                if extensions.usage.is_some_and(|usage| !usage.signs_content) {
                    let text = "the key of this certificate is not meant for signatures";
                    return Err(NotVerified::invalid(Detail::KeyUsage, text));
                }
            }
            Need::Ca { below } => {
                may_issue(&certificate)?;
                allows(&certificate, below)?;
            }
        }
        let leaf = matches!(need, Need::Leaf);
        Ok(Self { outline, algorithm, certificate, leaf })
    }

    /// The checks 12 and 13, under issuers whose name fits.
    fn under(self, issuers: &[Issuer], time: TimePolicy) -> Result<Verified<Certificate>, NotVerified> {
        let mut keys = Vec::new();
        for issuer in issuers.iter().take(MAX_ISSUERS) {
            let Ok(key) = issuer.certificate.key() else { continue };
            if let Some(scheme) = self.outline.signed_by(self.algorithm, key) {
                return self.verified(issuer, issuers.len() > 1, scheme, key, time);
            }
            keys.push(key.clone());
        }
        let mut why = verify::mismatch(&keys);
        if let [issuer] = issuers {
            why = why
                .hint(&format!("{} did not issue this certificate", Quoted(&issuer.certificate.subject().to_string())));
        }
        Err(why)
    }

    fn verified(
        self,
        issuer: &Issuer,
        several: bool,
        scheme: Scheme,
        key: &PublicKey,
        time: TimePolicy,
    ) -> Result<Verified<Certificate>, NotVerified> {
        let mut evidence = Evidence::new(scheme, key, issuer.source, self.outline.signed.len(), time);
        evidence.signer = self.certificate.identity().cloned();
        let mut warnings = issuer.warnings.clone();
        warnings.extend(self.certificate.validity().judge(time)?);
        if issuer.source != Source::Document {
            warnings.extend(issuer.certificate.validity().judge_anchor(time));
        }
        if several {
            warnings.push(Warning::SeveralIssuers);
        }
        if self.leaf {
            if self.certificate.identity().is_none() {
                warnings.push(Warning::NoIdentity);
            }
            let unparsed = &self.certificate.extensions().unparsed;
            warnings.extend(unparsed.iter().cloned().map(Warning::UnparsedExtension));
        }
        for warning in warnings {
            if !evidence.warnings.contains(&warning) {
                evidence.warnings.push(warning);
            }
        }
        Ok(Verified::new(self.certificate, evidence))
    }
}

/// A CA whose key may sign certificates.
pub(super) fn may_issue(certificate: &Certificate) -> Result<(), NotVerified> {
    if !certificate.is_ca() {
        let text = format!("{} is not the certificate of a CA", Quoted(&certificate.subject().to_string()));
        return Err(NotVerified::invalid(Detail::NotACa, text));
    }
    if certificate.extensions().usage.is_some_and(|usage| !usage.signs_certificates) {
        let text = format!("the key of {} may not sign certificates", Quoted(&certificate.subject().to_string()));
        return Err(NotVerified::invalid(Detail::KeyUsage, text));
    }
    Ok(())
}

/// May so many CAs stand below it?
fn allows(certificate: &Certificate, below: u32) -> Result<(), NotVerified> {
    match certificate.extensions().basic {
        Some((_, Some(allowed))) if allowed < below => {
            let name = certificate.subject().to_string();
            let text = format!("{} allows {allowed} CAs below it, here are {below}", Quoted(&name));
            Err(NotVerified::invalid(Detail::PathLength, text))
        }
        _ => Ok(()),
    }
}

fn unknown_issuer(certificate: &Certificate) -> NotVerified {
    let name = certificate.issuer().to_string();
    let text = format!("issued by {}, which is neither pinned nor among the anchors: add that CA", Quoted(&name));
    NotVerified::new(Reason::KeyUnknown, Detail::Issuer, text)
}

/// Of two reasons the one that says more.
fn keep(problem: &mut Option<NotVerified>, why: NotVerified) {
    if problem.as_ref().is_none_or(|old| old.reason() < why.reason()) {
        *problem = Some(why);
    }
}
