//! JSON containers: which one it is, and where its reports stand.

use std::ops::Range;

use slp_model::json::{Fault, Limits as JsonLimits, Reader, Seen, ValueKind};

use super::read::{Found, unknown_root};
use super::{Container, PartKind};
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::{Limits, ReadOptions};
use crate::text::ElementText;
use crate::xml::Element;
use crate::{ErrorKind, Member, Tolerance};

/// Finds the container and its reports. What was found before an error stays in `found`.
pub(super) fn read(text: &str, options: &ReadOptions, notes: &mut Notes<'_>, found: &mut Found) -> Result<(), Flaw> {
    Walk { text, limits: &options.limits, notes, found }.read()
}

/// The walk over one container.
struct Walk<'t, 'w, 'o> {
    text: &'t str,
    limits: &'w Limits,
    notes: &'w mut Notes<'o>,
    found: &'w mut Found,
}

/// Where the members of the top object stand, as far as they can be told apart.
#[derive(Default)]
struct Top {
    members: usize,
    usage: bool,
    data: Option<usize>,
    payload: bool,
    bare: bool,
}

impl<'t> Walk<'t, '_, '_> {
    fn read(mut self) -> Result<(), Flaw> {
        let mut reader = self.reader();
        match reader.kind() {
            Ok(ValueKind::Object) => self.object(),
            Ok(ValueKind::Array) => self.array(),
            Ok(ValueKind::String) => self.literal(),
            _ => Err(unknown_root(self.text)),
        }
    }

    /// Strings of payloads are long, and are measured again when they are read.
    fn reader(&self) -> Reader<'t> {
        Reader::new(self.text, scan_limits(self.limits))
    }

    fn reader_at(&self, offset: usize) -> Reader<'t> {
        self.reader().resumed_at(offset)
    }

    fn flaw(fault: &Fault, path: &Path<'_>) -> Flaw {
        Flaw::json(fault, Layer::Document, path).rooted()
    }

    fn object(&mut self) -> Result<(), Flaw> {
        let mut top = Top::default();
        let outcome = self.members(&mut top);
        let is_cloud = !top.usage && top.data.is_some_and(|at| self.holds_reports(at));
        if top.usage || is_cloud {
            self.found.container = Some(if is_cloud { Container::Cloud } else { Container::Rest });
            if top.payload || top.bare || (top.usage && top.data.is_some()) {
                let text = format!(
                    "members of another container beside `{}`: not looked into",
                    if is_cloud { "data" } else { "usage" }
                );
                self.notes.take(Tolerance::SeveralContainers, Layer::Document, 0, &Path::ROOT, text)?;
            }
            let walked = if is_cloud { self.cloud() } else { self.rest() };
            // What was found is what stands before the first flaw; the reason is the one that explains most.
            return match (walked, outcome) {
                (Err(walked), Err(syntax)) => Err(walked.or_better(syntax)),
                (walked, outcome) => walked.and(outcome),
            };
        }
        if top.payload || top.bare {
            let container = if top.payload { Container::Envelope } else { Container::Payload };
            self.found.container = Some(container);
            if !top.payload {
                let text = "a payload without envelope: read, but there is no outer signature to check";
                self.notes.take(Tolerance::BarePayload, Layer::Document, 0, &Path::ROOT, text)?;
            }
            return self.whole(outcome);
        }
        outcome?;
        if top.members > 0 {
            return Err(unknown_root(self.text));
        }
        self.found.container = Some(Container::Rest);
        let text = "an object without members: the answer of a device that has no reports";
        self.notes.take(Tolerance::UsageMissing, Layer::Document, 0, &Path::ROOT, text)
    }

    /// Looks at every member of the top object, in order.
    fn members(&mut self, top: &mut Top) -> Result<(), Flaw> {
        let mut reader = self.reader();
        let flaw = |fault: Fault| Self::flaw(&fault, &Path::ROOT);
        reader.begin_object().map_err(flaw)?;
        while let Some(name) = reader.next_member().map_err(flaw)? {
            let value = reader.value_offset();
            top.members = top.members.saturating_add(1);
            match &*name {
                "usage" => top.usage = true,
                "data" => top.data = top.data.or(Some(value)),
                "payload" => top.payload = true,
                "asset_identification" | "measurements" => top.bare = true,
                _ => {}
            }
            reader.skip_syntax().map_err(flaw)?;
        }
        reader.end().map_err(flaw)
    }

    /// `usage`, and the members beside it, which are written again.
    fn rest(&mut self) -> Result<(), Flaw> {
        let mut reader = self.reader();
        self.each_member(&mut reader, &Path::ROOT, |this, reader, name, path| {
            if name == "usage" {
                return this.usage(reader, path);
            }
            let raw = reader.skip().map_err(|fault| Self::flaw(&fault, path))?;
            this.found.extra.push(Member::new(name, raw));
            Ok(())
        })
    }

    fn holds_reports(&self, at: usize) -> bool {
        let mut reader = self.reader_at(at);
        if reader.begin_object().is_err() {
            return false;
        }
        while let Ok(Some(name)) = reader.next_member() {
            if name == "reports" {
                return true;
            }
            if reader.skip_syntax().is_err() {
                return false;
            }
        }
        false
    }

    /// The value of a `usage` member: a list of reports, or what stands in its place. Whatever it is, reading goes on
    /// behind it.
    fn usage(&mut self, reader: &mut Reader<'t>, path: &Path<'_>) -> Result<(), Flaw> {
        let at = reader.value_offset();
        match reader.kind().map_err(|fault| Self::flaw(&fault, path))? {
            ValueKind::Array => self.entries(reader, path),
            ValueKind::Object => {
                let text = "`usage` is one object instead of an array: taken as one report";
                self.notes.take_at(Tolerance::UsageObject, Layer::Document, at, || format!("${path}"), text)?;
                self.entry(reader, format!("${path}"), path)
            }
            ValueKind::Null => {
                let text = "`usage` is null: no reports";
                self.notes.take_at(Tolerance::NullMember, Layer::Document, at, || format!("${path}"), text)?;
                skip(reader, path)
            }
            other => self.refuse(reader, path, format!("`usage` is {}, not an array of reports", other.as_str())),
        }
    }

    /// Refuses one value of the wrong type in the place of a report, and goes on behind it.
    fn refuse(&mut self, reader: &mut Reader<'t>, path: &Path<'_>, text: String) -> Result<(), Flaw> {
        let at = reader.value_offset();
        self.entry(reader, format!("${path}"), path)?;
        if let Some(element) = self.found.elements.last_mut() {
            element.flaw = Some(Flaw::structure(ErrorKind::WrongType, at, format!("${path}"), text));
        }
        Ok(())
    }

    fn array(&mut self) -> Result<(), Flaw> {
        self.found.container = Some(Container::Array);
        let text = "an array at the top: each element is taken as a report";
        self.notes.take(Tolerance::ArrayRoot, Layer::Document, 0, &Path::ROOT, text)?;
        let mut reader = self.reader();
        self.entries(&mut reader, &Path::ROOT)?;
        reader.end().map_err(|fault| Self::flaw(&fault, &Path::ROOT))
    }

    fn literal(&mut self) -> Result<(), Flaw> {
        self.found.container = Some(Container::PayloadLiteral);
        let text = "a payload as a string literal: read, but there is no outer signature to check";
        self.notes.take(Tolerance::PayloadLiteral, Layer::Document, 0, &Path::ROOT, text)?;
        let outcome = self.reader().skip_syntax().map(drop);
        self.whole(outcome.map_err(|fault| Self::flaw(&fault, &Path::ROOT)))
    }

    /// The one report that the text is. What is wrong in it is the report's own fault, unless the value has no end.
    fn whole(&mut self, outcome: Result<(), Flaw>) -> Result<(), Flaw> {
        let mut reader = self.reader();
        let start = reader.value_offset();
        if reader.skip_syntax().is_err() {
            return outcome;
        }
        self.push(start..self.text.trim_ascii_end().len(), "$".to_owned())
    }

    /// `data.reports[].usage[]`. Members around the reports must be unique; other members are passed over.
    fn cloud(&mut self) -> Result<(), Flaw> {
        let mut reader = self.reader();
        self.each_member(&mut reader, &Path::ROOT, |this, reader, name, path| {
            if name != "data" {
                return skip(reader, path);
            }
            this.each_member(reader, path, |this, reader, name, path| match name {
                "reports" => this.devices(reader, path),
                _ => skip(reader, path),
            })
        })
    }

    /// The entries of a cloud request, each the reports of a device.
    fn devices(&mut self, reader: &mut Reader<'t>, path: &Path<'_>) -> Result<(), Flaw> {
        let mut index = 0_usize;
        self.each_element(reader, path, |this, reader| {
            let report = path.index(index);
            index = index.saturating_add(1);
            let kind = reader.kind().map_err(|fault| Self::flaw(&fault, &report))?;
            if kind != ValueKind::Object {
                let text = format!("{} instead of the reports of a device, which are an object", kind.as_str());
                return this.refuse(reader, &report, text);
            }
            this.each_member(reader, &report, |this, reader, name, path| match name {
                "usage" => this.usage(reader, path),
                _ => skip(reader, path),
            })
        })
    }

    fn entries(&mut self, reader: &mut Reader<'t>, path: &Path<'_>) -> Result<(), Flaw> {
        let mut index = 0_usize;
        self.each_element(reader, path, |this, reader| {
            let here = path.index(index);
            index = index.saturating_add(1);
            this.entry(reader, format!("${here}"), &here)
        })
    }

    fn entry(&mut self, reader: &mut Reader<'t>, full: String, path: &Path<'_>) -> Result<(), Flaw> {
        let start = reader.value_offset();
        reader.skip_syntax().map_err(|fault| Self::flaw(&fault, path))?;
        self.push(start..reader.offset(), full)
    }

    fn push(&mut self, range: Range<usize>, path: String) -> Result<(), Flaw> {
        let limit = self.limits.reports_per_document;
        if self.found.elements.len() >= limit {
            let text = format!(
                "reports in one document: more than {limit} (limit reports_per_document); raise it if you trust the file"
            );
            let flaw = Flaw::structure(ErrorKind::Limit, range.start, path, text);
            return Err(flaw.named("reports_per_document"));
        }
        self.found.paths.push(path);
        let text = ElementText::Single(range.clone());
        self.found.elements.push(Element { kind: PartKind::Report, range, text, flaw: None, node: None });
        Ok(())
    }

    fn each_element(
        &mut self,
        reader: &mut Reader<'t>,
        path: &Path<'_>,
        mut take: impl FnMut(&mut Self, &mut Reader<'t>) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        reader.begin_array().map_err(|fault| Self::flaw(&fault, path))?;
        while reader.next_element().map_err(|fault| Self::flaw(&fault, path))? {
            take(self, reader)?;
        }
        Ok(())
    }

    fn each_member(
        &mut self,
        reader: &mut Reader<'t>,
        path: &Path<'_>,
        mut take: impl FnMut(&mut Self, &mut Reader<'t>, &str, &Path<'_>) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        let mut seen = Seen::default();
        reader.begin_object().map_err(|fault| Self::flaw(&fault, path))?;
        loop {
            let Some(name) = reader.next_member().map_err(|fault| Self::flaw(&fault, path))? else {
                return Ok(());
            };
            let at = reader.name_offset();
            if !seen.other(&name) {
                return Err(Self::flaw(&Fault::duplicate(at, &name), path));
            }
            take(self, reader, &name, &path.member(&name))?;
        }
    }
}

fn skip(reader: &mut Reader<'_>, path: &Path<'_>) -> Result<(), Flaw> {
    reader.skip().map(drop).map_err(|fault| Flaw::json(&fault, Layer::Document, path).rooted())
}

/// Limits for a walk that only looks for structure: no string may be longer than the longest that any reader takes.
fn scan_limits(limits: &Limits) -> JsonLimits {
    // A payload of n bytes may be written with escapes, but it is measured un-escaped.
    let longest = limits.payload_bytes.max(limits.json_encode).max(limits.string_bytes);
    JsonLimits::new(limits.json_depth, longest)
}
