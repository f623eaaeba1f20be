//! What is in a file: parts, reports, and what is odd or broken.

use slp_rum::{Container, Document, PartKind, UsageReport, Warning};

use crate::fault::Fault;
use crate::input::Input;

/// A file and everything in it.
pub(super) struct File {
    pub(super) name: String,
    /// How long it is, if it could be read.
    pub(super) bytes: Option<usize>,
    /// What it is, if it is a document.
    pub(super) container: Option<Container>,
    pub(super) items: Vec<Item>,
    /// Of the document itself; those of a report are with the report.
    pub(super) warnings: Vec<Warning>,
    pub(super) dropped: u64,
    /// What could not be read: broken reports first.
    pub(super) faults: Vec<Fault>,
    /// How many of them are broken reports.
    pub(super) report_faults: usize,
}

/// One part of a document.
pub(super) struct Item {
    pub(super) kind: PartKind,
    /// Where it begins, and how long it is, in bytes.
    pub(super) at: usize,
    pub(super) bytes: usize,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// A report, numbered from 1.
    Report(usize, Box<UsageReport>),
    /// A report that could not be read: its number, and which of the faults tells why.
    Broken(usize, usize),
    /// Another part: what it says.
    Other(Vec<String>),
}

impl File {
    pub(super) fn read(input: &Input<'_>) -> Self {
        let mut file = Self {
            name: input.name.to_owned(),
            bytes: Some(input.bytes.len()),
            container: None,
            items: Vec::new(),
            warnings: Vec::new(),
            dropped: 0,
            faults: Vec::new(),
            report_faults: 0,
        };
        match Document::parse_with(input.bytes, input.options) {
            Ok(document) => file.add(&document, input),
            Err(error) => file.faults.push(input.fault(error)),
        }
        file
    }

    fn add(&mut self, document: &Document<'_>, input: &Input<'_>) {
        self.container = Some(document.container());
        self.warnings = document.warnings();
        let mut reports = document.reports();
        let mut number = 0_usize;
        let mut broken_parts = Vec::new();
        let mut contents = document.contents();
        for part in document.parts() {
            let read = contents.next();
            let mut content = Content::Other(Vec::new());
            if part.kind == PartKind::Report {
                number = number.saturating_add(1);
                match reports.next() {
                    Some(Ok(report)) => content = Content::Report(number, Box::new(report)),
                    Some(Err(error)) => {
                        content = Content::Broken(number, self.faults.len());
                        self.faults.push(input.fault(error));
                    }
                    None => {}
                }
            } else {
                content = Content::Other(match read {
                    Some(Ok(read)) => super::parts::lines(&read),
                    Some(Err(error)) => {
                        broken_parts.push(input.fault(error));
                        Vec::new()
                    }
                    None => Vec::new(),
                });
            }
            self.items.push(Item { kind: part.kind, at: part.range.start, bytes: part.raw.len(), content });
        }
        self.report_faults = self.faults.len();
        self.faults.append(&mut broken_parts);
        // what ends the document comes after its parts
        self.faults.extend(reports.by_ref().filter_map(Result::err).map(|error| input.fault(error)));
        self.dropped = document.warnings_dropped().saturating_add(reports.warnings_dropped());
    }

    /// The faults that are not those of a numbered report.
    pub(super) fn own_faults(&self) -> &[Fault] {
        self.faults.get(self.report_faults..).unwrap_or_default()
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = (usize, &UsageReport)> {
        self.items.iter().filter_map(|item| match &item.content {
            Content::Report(number, report) => Some((*number, &**report)),
            _ => None,
        })
    }
}
