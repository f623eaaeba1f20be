//! What a bundle is as a whole. It comes after its leaves: only at its end it is known to be sound.

use serde::Serialize;
use slp_model::Location;
use slp_sync::bundle::Summary;
use slp_sync::{Warning, Warnings};

use crate::fault::Fault;
use crate::printable::{printable, shown};
use crate::style::{Paint, Style};
use crate::wording::{count_of, grouped};

#[derive(Serialize)]
pub(super) struct Bundle<'a> {
    path: &'a str,
    container: &'static str,
    #[serde(flatten)]
    held: Option<Held<'a>>,
    warnings: Vec<OneWarning<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    warnings_dropped: u64,
    errors: Vec<&'a Fault>,
}

#[derive(Serialize)]
struct Held<'a> {
    bytes: u64,
    inflated_bytes: u64,
    archives: u64,
    leaves: u64,
    /// Leaves that could not be read at all.
    refused: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Manifest<'a>>,
}

#[derive(Serialize)]
struct Manifest<'a> {
    smart_account: &'a str,
    smart_account_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by_uuid: Option<String>,
    sections: Vec<Section<'a>>,
}

#[derive(Serialize)]
struct Section<'a> {
    archive: &'a str,
    virtual_account: &'a str,
    virtual_account_id: &'a str,
}

/// A warning as programs read it.
#[derive(Serialize)]
pub(crate) struct OneWarning<'a> {
    kind: &'static str,
    place: &'a Location,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

pub(super) fn view<'a>(path: &'a str, ended: &'a Result<Summary, Fault>) -> Bundle<'a> {
    let summary = ended.as_ref().ok();
    let held = summary.map(|summary| Held {
        bytes: summary.file_bytes,
        inflated_bytes: summary.inflated_bytes,
        archives: summary.archives,
        leaves: summary.leaves,
        refused: summary.refused,
        manifest: summary.manifest.as_ref().map(|manifest| Manifest {
            smart_account: &manifest.smart_account,
            smart_account_id: &manifest.smart_account_id,
            created_by_uuid: manifest.uuid(),
            sections: manifest.sections.iter().map(section).collect(),
        }),
    });
    let warnings: Vec<_> = summary.into_iter().flat_map(|summary| &summary.warnings).map(OneWarning::from).collect();
    Bundle {
        path,
        container: "bundle",
        held,
        warnings_dropped: dropped(summary.map(|summary| &summary.warnings)),
        warnings,
        errors: ended.as_ref().err().into_iter().collect(),
    }
}

fn section(section: &slp_sync::bundle::Section) -> Section<'_> {
    Section {
        archive: section.member(),
        virtual_account: &section.virtual_account,
        virtual_account_id: &section.virtual_account_id,
    }
}

impl<'a> From<&'a Warning> for OneWarning<'a> {
    fn from(warning: &'a Warning) -> Self {
        Self { kind: warning.kind.as_str(), place: &warning.at, text: &warning.text }
    }
}

fn dropped(warnings: Option<&Warnings>) -> u64 {
    let kept = warnings.map_or(0, |warnings| warnings.iter().len());
    warnings.map_or(0, Warnings::total).saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX))
}

pub(super) fn tree(name: &str, ended: &Result<Summary, Fault>, style: Style) -> String {
    let mut text = format!("{}\n", style.paint(Paint::Heading, printable(name)));
    let mut line = |one: std::fmt::Arguments<'_>| {
        text.push_str("   ");
        text.push_str(&one.to_string());
        text.push('\n');
    };
    let summary = match ended {
        Ok(summary) => summary,
        Err(fault) => {
            let mut place = fault.place.clone();
            // the file is named above it
            place.entries = place.entries.split_off(place.entries.len().min(1));
            let at = if place.is_empty() { String::new() } else { format!("{place}: ") };
            let said = format!("{at}{} ({})", fault.text, fault.kind);
            line(format_args!("{} {}", style.paint(Paint::Error, "error:"), printable(&said)));
            line(format_args!("the bundle is broken: what was shown of it above does not count"));
            return text;
        }
    };
    let archives = match summary.archives {
        0 => String::new(),
        number => format!(" in {}", count_of(number, "archive", "archives")),
    };
    line(format_args!(
        "bundle, {} bytes, {} inflated, {}{archives}",
        grouped(summary.file_bytes),
        grouped(summary.inflated_bytes),
        count_of(summary.leaves, "leaf", "leaves"),
    ));
    if summary.refused > 0 {
        line(format_args!("{} not read", count_of(summary.refused, "leaf", "leaves")));
    }
    if let Some(manifest) = &summary.manifest {
        line(format_args!("smart account {}", account(&manifest.smart_account, &manifest.smart_account_id)));
        for section in &manifest.sections {
            let account = account(&section.virtual_account, &section.virtual_account_id);
            line(format_args!("virtual account {account}: {}", shown(section.member())));
        }
    }
    for warning in &summary.warnings {
        line(format_args!("{} {}", style.paint(Paint::Warning, "warning:"), printable(&warning.to_string())));
    }
    match dropped(Some(&summary.warnings)) {
        0 => {}
        more => line(format_args!("{} not kept", count_of(more, "more warning", "more warnings"))),
    }
    text
}

fn account(name: &str, id: &str) -> String {
    let name = if name.is_empty() { "not named".into() } else { shown(name) };
    if id.is_empty() { name.into_owned() } else { format!("{name} (id {})", shown(id)) }
}
