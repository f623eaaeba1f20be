//! Where a reader stands in a capture, and what it knows there.

use super::line::{Line, Parts};
use super::vocabulary::{LICENSE_KEYS, PROXY_KEYS, ROLES, Section};
use super::{NAME, ShowCommand};

/// Where a reader stands: section, group, and the group inside it.
#[derive(Debug)]
pub(super) struct Walk {
    section: Option<Section>,
    groups: Vec<String>,
}

impl Walk {
    pub(super) fn new(command: ShowCommand) -> Self {
        let section = match command {
            ShowCommand::License => Some(Section::ANYTHING),
            ShowCommand::EventLog => Section::find("Event Log").copied(),
            ShowCommand::Udi => Section::find("Product Information").copied(),
            // These begin without a heading.
            ShowCommand::TechSupport | ShowCommand::All | ShowCommand::Status => {
                Section::find("Smart Licensing Status").copied()
            }
            ShowCommand::Usage => Section::find("License Usage").copied(),
            _ => None,
        };
        Self { section, groups: Vec::new() }
    }

    pub(super) fn enter(&mut self, section: &Section) {
        self.section = Some(*section);
        self.groups.clear();
    }

    pub(super) fn is_in(&self, name: &str) -> bool {
        self.section.is_some_and(|section| section.name == name)
    }

    /// Is this what a device without Smart Licensing Using Policy prints?
    pub(super) fn is_classic(&self) -> bool {
        self.is_in("Registration") || self.is_in("Classic licences")
    }

    /// The path of a key here.
    pub(super) fn path(&self, key: &str) -> String {
        let mut path = self.section.map(|section| section.name.to_owned()).unwrap_or_default();
        for part in self.groups.iter().map(String::as_str).chain(std::iter::once(key)).filter(|part| !part.is_empty()) {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
        }
        path
    }

    /// A line that is a heading and nothing else.
    pub(super) fn header(&mut self, line: Line<'_>) -> bool {
        let text = line.text.trim();
        let name = text.trim_end_matches([':', ' ']);
        if let Some(section) = self.section
            && text.ends_with(':')
            && section.groups.contains(&name)
            && !ROLES.contains(&name)
        {
            // A heading below `Measurements` stands inside it, every other one beside its like.
            if name == "ENTITLEMENT" || name == "Measurements" {
                self.groups.retain(|group| group != "Measurements" && group != "ENTITLEMENT");
                if name == "ENTITLEMENT" {
                    self.groups.push("Measurements".into());
                }
            } else {
                self.groups.clear();
            }
            self.groups.push(name.to_owned());
            return true;
        }
        if let Some(section) = Section::find(name) {
            // `Usage Reporting:` among the statistics is a kind of message.
            self.enter(section);
            return true;
        }
        if text.ends_with("):") && name.contains(" (") && Section::find("License Usage").is_some() {
            if name.len() > NAME {
                return self.nameless();
            }
            // Licences may follow without a heading of their own; those of authorization codes have one.
            if !self.is_in("Authorizations") {
                self.section = Section::find("License Usage").copied();
            }
            self.groups = vec![name.to_owned()];
            return true;
        }
        // `P:…,S:…:` above its licences.
        let device = name.starts_with("P:") && name.contains(",S:") && text.ends_with(':') && !name.contains(' ');
        if device && self.is_in("Platform Provided Mapping Table") {
            if name.len() > NAME {
                return self.nameless();
            }
            self.groups.truncate(1);
            self.groups.push(name.to_owned());
            return true;
        }
        false
    }

    /// A name that is too long to be repeated: the line is not understood, and what follows it is not of the name before.
    fn nameless(&mut self) -> bool {
        self.groups.clear();
        false
    }

    /// Are all keys of a line those of this section?
    pub(super) fn knows_all(&mut self, parts: &Parts<'_>) -> bool {
        // A heading may have facts behind it: `Trust Code Installed:    Trust Code Type: CSSM`.
        if let Some((name, "")) = parts.iter().next()
            && parts.iter().count() > 1
            && let Some(section) = Section::find(name)
        {
            self.enter(section);
            return parts.iter().skip(1).all(|(key, _)| section.keys.contains(&key));
        }
        if let Some((name, value)) = parts.iter().next() {
            // `Trust Code Installed: Nov 20 …` and `Trust Code Installed: <none>`.
            let single = parts.iter().count() == 1 && !value.is_empty();
            if single
                && name == "Trust Code Installed"
                && let Some(section) = Section::find(name)
            {
                self.enter(section);
                return true;
            }
            // Addresses of a capture may stand at the left edge: nothing but names counts.
        }
        let Some(section) = self.section else { return false };
        parts.iter().all(|(key, value)| {
            section.open
                || section.keys.contains(&key)
                || (section.name == "License Usage" && LICENSE_KEYS.contains(&key))
                || (section.groups.contains(&key) && is_device(value))
                || (key == "UDI" && self.is_in("Product Information"))
                || (key == "Handle" && section.name == "License Usage")
                || (section.name == Section::ANYTHING.name && key.starts_with("Index "))
                || (section.name == "Trust Code Installed" && key == "Trust Code Installed")
        })
    }

    /// A fact that names what the following lines are about: a device of a set, a handle, an index.
    pub(super) fn opens_group(&mut self, key: &str, value: &str) -> bool {
        let Some(section) = self.section else { return false };
        if section.name == "Transport" && !PROXY_KEYS.contains(&key) {
            self.groups.clear();
        }
        if section.groups.contains(&key) && is_device(value) {
            self.groups = vec![key.to_owned()];
            return true;
        }
        if (key == "Handle" && section.name == "License Usage") || key.starts_with("Index ") {
            if key.len().saturating_add(value.len()) > NAME {
                return self.nameless();
            }
            self.groups = vec![format!("{} {value}", key.trim_end_matches(" Feature"))];
            if key == "Handle" {
                return true;
            }
        }
        key == section.name
    }

    /// Whole lines that are facts here.
    pub(super) fn takes_text(&self, text: &str) -> bool {
        self.section.is_some_and(|section| {
            section.texts.iter().any(|known| text == *known || (known.ends_with(" on") && text.starts_with(known)))
        })
    }
}

fn is_device(value: &str) -> bool {
    value.starts_with("PID:") && value.contains(",SN:")
}
