//! From a document to verdicts, in the order of its signatures.

use std::thread;

use slp_crypto::{Batch, Identity, NotVerified, Reason, TimePolicy, Verified, Verifier};
use slp_model::{Quoted, Signed, SignedContent, UnixSeconds};
use slp_rum::{Content, Document, ErrorKind, UsageReport};

use super::row::{Row, Verdict};
use super::trust::Trust;
use super::{certificates, own, requests, siblings, statement};
use crate::arguments::Asked;
use crate::facts::CertificateFacts;
use crate::fault::Fault;
use crate::input::Input;

/// Reports that are in memory at once.
const AT_ONCE: usize = 256;
/// Fewer values are not worth a second thread.
const ALONE: usize = 32;

/// What one file has to say.
#[derive(Debug)]
pub(super) struct FileVerdicts {
    pub(super) name: String,
    pub(super) rows: Vec<Row>,
    pub(super) certificates: Vec<CertificateFacts>,
    /// Parts that never carry a signature.
    pub(super) unsigned: Vec<String>,
    pub(super) faults: Vec<Fault>,
}

impl FileVerdicts {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rows: Vec::new(),
            certificates: Vec::new(),
            unsigned: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// Judges documents with one trust store.
pub(super) struct Judge<'t> {
    pub(super) trust: &'t Trust,
    pub(super) verifier: Verifier<'t>,
    /// The time that the caller names.
    pub(super) at: Option<UnixSeconds>,
    pub(super) now: UnixSeconds,
    /// The nonce that devices were asked with.
    pub(super) nonce: Option<&'t Asked>,
    pub(super) threads: usize,
}

impl Judge<'_> {
    pub(super) fn read(&self, input: &Input<'_>) -> FileVerdicts {
        let mut file = FileVerdicts::new(input.name);
        if own::is_document(input.bytes) {
            own::read(self, input, &mut file);
            return file;
        }
        if statement::is_answer(input.bytes) {
            statement::read(self, input, &mut file);
            return file;
        }
        match Document::parse_with(input.bytes, input.options) {
            Ok(document) => {
                self.reports(&document, input, &mut file);
                self.parts(&document, input, &mut file);
            }
            Err(error) if error.kind() == ErrorKind::UnknownRoot => {
                let is_capture = statement::is_capture(input.bytes);
                if is_capture {
                    statement::read(self, input, &mut file);
                }
                if certificates::are_in(input.bytes) {
                    certificates::read(self, input, &mut file);
                } else if !is_capture {
                    file.faults.push(input.fault(error));
                }
            }
            Err(error) => file.faults.push(input.fault(error)),
        }
        file
    }

    /// The time for what has no time of its own.
    pub(super) fn present(&self) -> UnixSeconds {
        self.at.unwrap_or(self.now)
    }

    fn reports(&self, document: &Document<'_>, input: &Input<'_>, file: &mut FileVerdicts) {
        let mut left = document.reports();
        loop {
            let mut reports = Vec::new();
            let mut seen = 0_usize;
            for report in left.by_ref().take(AT_ONCE) {
                seen = seen.saturating_add(1);
                match report {
                    Ok(report) => reports.push(report),
                    Err(error) => file.faults.push(input.fault(error)),
                }
            }
            if seen == 0 {
                return;
            }
            match self.verifier.batch_at(&reports, |report| self.time_of(report)) {
                Ok(batch) => {
                    for (report, verdict) in reports.iter().zip(self.work(batch, reports.len())) {
                        file.rows.push(outer(report, &verdict));
                        file.rows.extend(inner(report));
                    }
                }
                Err(error) => file.faults.push(too_many(input, &error)),
            }
        }
    }

    /// Everything else that the cloud signs.
    fn parts(&self, document: &Document<'_>, input: &Input<'_>, file: &mut FileVerdicts) {
        let mut parts = Vec::new();
        for content in document.contents() {
            match content {
                Ok(Content::Report(_)) => {}
                Ok(content) => parts.push(content),
                // the end of a damaged document is told with its reports
                Err(error) if error.is_fatal() => {}
                Err(error) => file.faults.push(input.fault(error)),
            }
        }
        let signed: Vec<(&Content<'_>, SignedContent<'_>)> = parts
            .iter()
            .filter(|part| by_the_cloud(part))
            .filter_map(|part| Some((part, part.signed_content()?)))
            .collect();
        let contents: Vec<&SignedContent<'_>> = signed.iter().map(|(_, content)| content).collect();
        let contents: Vec<Lent<'_>> = contents.into_iter().map(Lent).collect();
        let time = TimePolicy::At(self.present());
        let mut verdicts = match self.verifier.batch(&contents, time) {
            Ok(batch) => self.work(batch, contents.len()).into_iter(),
            Err(error) => {
                file.faults.push(too_many(input, &error));
                return;
            }
        };
        for part in &parts {
            match (part, part.signed_content()) {
                (Content::TrustRequest(request), _) => file.rows.extend(requests::rows(self, request)),
                (_, Some(content)) => {
                    let Some(verdict) = verdicts.next() else { return };
                    let mut row = Row::of(part.name(), verdict.as_ref().map(Verified::evidence));
                    row.outside = siblings::outside(part.raw(), part.name(), &content.at.path);
                    row.place = content.at;
                    file.rows.push(row);
                }
                (Content::Unknown(unknown), None) => {
                    let name = unknown.kind.as_str();
                    let text = format!(
                        "this version does not know {}: whether it is signed, and how, cannot be said",
                        Quoted(name)
                    );
                    file.rows.push(Row::not(name, Reason::Unsupported, "format", text));
                }
                (_, None) => file.unsigned.push(part.name().to_owned()),
            }
            if let Content::TrustCode(code) = part {
                file.certificates.extend(certificates::facts(code.view().certificates.as_bytes()));
            }
        }
    }

    /// The last time that the report tells, which is when it was signed at the earliest.
    fn time_of(&self, report: &UsageReport) -> TimePolicy {
        let measured = report.measurements().iter().map(|one| one.log_time.map_or(one.end, |log| log.max(one.end)));
        let shot = report.snapshots().iter().map(|one| one.log_time.map_or(one.end, |log| log.max(one.end)));
        self.at.or_else(|| measured.chain(shot).max()).map_or(TimePolicy::Ignore, TimePolicy::At)
    }

    /// Works through a batch on as many threads as it is worth.
    fn work<'v, T: Signed + Sync>(
        &self,
        batch: Batch<'v, T>,
        count: usize,
    ) -> Vec<Result<Verified<&'v T>, NotVerified>> {
        let helpers = if count < ALONE { 0 } else { self.threads.saturating_sub(1) };
        thread::scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|| batch.work());
            }
            batch.work();
        });
        batch.finish()
    }
}

/// Requests for trust are signed by their device.
fn by_the_cloud(part: &Content<'_>) -> bool {
    !matches!(part, Content::TrustRequest(_))
}

/// Signed content that somebody else keeps.
struct Lent<'c>(&'c SignedContent<'c>);

impl Signed for Lent<'_> {
    fn signed_content(&self) -> SignedContent<'_> {
        self.0.signed_content()
    }
}

fn too_many(input: &Input<'_>, error: &slp_crypto::Error) -> Fault {
    Fault { name: error.name(), ..Fault::of_file("limit", input.name, error.message()) }
}

fn outer(report: &UsageReport, verdict: &Result<Verified<&UsageReport>, NotVerified>) -> Row {
    let mut row = Row::of(format!("report {}", report.id()), verdict.as_ref().map(Verified::evidence));
    row.place = report.place().clone();
    row.device = Some(report.device().clone());
    row.outside = outside(report);
    if let Some(holder) = verdict.as_ref().ok().and_then(|verified| verified.evidence().signer()) {
        whose(report, holder, &mut row);
    }
    if let Some(signer) = report.signer()
        && row.verdict == Verdict::Verified
        && signer != report.device()
    {
        let text = format!("other-signer: beside the signature stands {}", Quoted(&signer.to_string()));
        row.warnings.push(text);
    }
    row
}

/// A good signature of one device under a report about another one. That they are a redundant set is the word of the
/// report, so of the signer alone.
fn whose(report: &UsageReport, holder: &Identity, row: &mut Row) {
    let device = report.device();
    if holder.is(device) {
        return;
    }
    let names = format!(
        "the signature is one of {} {}, and the report is about {} {}",
        Quoted(holder.pid()),
        Quoted(holder.serial()),
        Quoted(device.pid()),
        Quoted(device.serial())
    );
    if report.ha().iter().any(|member| holder.is(&member.device)) {
        let text =
            format!("{names}: that they are one redundant set is its own word; add the certificate of that device");
        row.refuse(Reason::KeyUnknown, "identity", text);
    } else {
        row.refuse(Reason::Invalid, "identity", format!("{names}: no device signs for another"));
    }
}

/// The members of the envelope that the signature does not cover.
fn outside(report: &UsageReport) -> Vec<String> {
    let mut outside = Vec::new();
    outside.extend(report.header().map(|_| "header".to_owned()));
    if let Some(signature) = report.outer_signature() {
        outside.extend(["signature.signing_type", "signature.key"].map(str::to_owned));
        outside.extend(signature.signer.as_ref().map(|_| "signature.sudi".to_owned()));
        outside.extend(signature.extra.iter().map(|member| format!("signature.{}", member.name)));
    }
    outside.extend(report.envelope_extra().iter().map(|member| member.name.clone()));
    outside
}

/// The signature inside the payload: nobody outside the vendor knows what it covers.
fn inner(report: &UsageReport) -> Option<Row> {
    let signature = report.inner_signature()?;
    let of = format!("inside report {}", report.id());
    let (detail, text) = if signature.signing_type.as_str() == "builtin" {
        ("builtin", "signed with a secret inside the product: the licence server checks it")
    } else {
        ("inner", "what a signature inside a payload covers is not public, so it is never checked")
    };
    let mut row = Row::not(of, Reason::NotCheckable, detail, text);
    (row.is_inner, row.device, row.place) = (true, Some(report.device().clone()), report.place().clone());
    Some(row)
}
