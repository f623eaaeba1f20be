//! What the parts beside reports say, in a few lines each.

use slp_model::account::Account;
use slp_rum::ack::conversion::ConversionAck;
use slp_rum::auth_request::{RequestEntry, RequestKind};
use slp_rum::{AckList, AckStatus, Authorization, Content, Warning};

use crate::printable::shown;

/// The most lines of a list that are shown.
const SHOWN: usize = 20;

/// The lines of a part; empty for parts that are not looked into.
pub(super) fn lines(content: &Content<'_>) -> Vec<String> {
    let mut lines = match content {
        Content::Authorization(code) => authorization(code.view()),
        Content::Policy(policy) => policy.view().to_string().lines().map(|line| line.trim().to_owned()).collect(),
        Content::TrustCode(code) => {
            let end = code.view().not_after.map_or("without end".to_owned(), |end| format!("up to {end}"));
            vec![format!("trust for {}, {end}", code.view().udi)]
        }
        Content::Acknowledgement(list) => acknowledgement(list.view()),
        Content::ConversionAcknowledgement(list) => list.view().iter().map(conversion).collect(),
        Content::Account(account) => vec![names(account.view())],
        Content::CorrelationId(id) => vec![id.view().to_string()],
        Content::SystemInfo(facts) => {
            let facts = facts.view();
            let device = facts.device.as_ref().map_or("no device".to_owned(), ToString::to_string);
            vec![format!("{device}, host {}", facts.hostname.as_deref().unwrap_or("not named"))]
        }
        Content::AuthorizationRequest(entries) => entries.view().iter().map(request).collect(),
        Content::TrustRequest(entries) => {
            entries.view().iter().map(|entry| format!("{} asks for trust", entry.device)).collect()
        }
        _ => Vec::new(),
    };
    if lines.len() > SHOWN {
        let more = lines.len().saturating_sub(SHOWN);
        lines.truncate(SHOWN);
        lines.push(format!("and {more} more"));
    }
    if let Some(signed) = content.signed_content() {
        lines.push(match &signed.signature {
            Some(_) => format!("signed     {} bytes from {}; not verified here", signed.bytes.len(), signed.at),
            None => "not signed".to_owned(),
        });
    }
    lines.extend(content.warnings().iter().map(warning));
    lines
}

fn warning(warning: &Warning) -> String {
    format!("warning: {warning}")
}

fn names(account: &Account) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "not named".to_owned());
    format!("account {}, virtual account {}", name(&account.smart_account), name(&account.virtual_account))
}

fn authorization(code: &Authorization) -> Vec<String> {
    let issued = code.issued().map_or("at an unknown time".to_owned(), |time| format!("at {time}"));
    let mut lines = vec![format!("{} for {}, issued {issued}", code.kind, code.udi)];
    lines.extend(code.entitlements.iter().map(|one| {
        let end = one.end.as_ref().map(|end| format!(" up to {end}")).unwrap_or_default();
        format!("{} × {}{end}", one.count, one.tag)
    }));
    lines
}

fn acknowledgement(list: &AckList) -> Vec<String> {
    let mut lines: Vec<String> = list
        .named()
        .map(|ack| {
            let device = ack.device.as_ref().map(|device| format!(" of {device}")).unwrap_or_default();
            let why = match (&ack.status, &ack.error_code, &ack.message) {
                (AckStatus::Acknowledged, ..) => String::new(),
                (_, code, message) => {
                    let text = |text: &Option<String>| shown(text.as_deref().unwrap_or_default()).into_owned();
                    format!(" {} {}", text(code), text(message))
                }
            };
            format!("report {}{device}: {}{why}", ack.report, ack.status)
        })
        .collect();
    lines.extend(list.opaque().map(|opaque| format!("names no report: {}", shown(&opaque.raw))));
    lines
}

fn conversion(ack: &ConversionAck) -> String {
    let device = ack.device.as_ref().map_or("no device".to_owned(), ToString::to_string);
    format!("{device}: {}", ack.status)
}

fn request(entry: &RequestEntry) -> String {
    let device = entry.device.as_ref().map_or("the device".to_owned(), ToString::to_string);
    let what = match entry.kind() {
        RequestKind::Request => {
            let keys = entry.keys.iter().map(|key| format!("{} × {}", key.count.unwrap_or(1), key.entitlement));
            format!("asks for {}", keys.collect::<Vec<_>>().join(", "))
        }
        RequestKind::Confirmation => format!("confirms with {}", entry.confirm_code.as_deref().unwrap_or_default()),
        RequestKind::Return => format!("gives back with {}", entry.remove_code.as_deref().unwrap_or_default()),
        _ => "asks for nothing".to_owned(),
    };
    format!("{device} {what}")
}
