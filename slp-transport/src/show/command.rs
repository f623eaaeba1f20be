//! The commands whose output is read.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// A command of the `show license` family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ShowCommand {
    /// `show license tech support`: the most valuable one.
    TechSupport,
    /// `show license all`
    All,
    /// `show license status`
    Status,
    /// `show license summary`
    Summary,
    /// `show license usage`
    Usage,
    /// `show license udi`
    Udi,
    /// `show license authorization`
    Authorization,
    /// `show license rum id all`
    RumIdAll,
    /// `show license rum id <n> detail`
    RumIdDetail,
    /// `show license eventlog`
    EventLog,
    /// `show license history message`
    HistoryMessage,
    /// `show call-home smart-licensing`: detected, its addresses are read.
    CallHome,
    /// `show license`: the classic list. Such a device has no Smart Licensing Using Policy.
    License,
}

impl ShowCommand {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::TechSupport,
        Self::All,
        Self::Status,
        Self::Summary,
        Self::Usage,
        Self::Udi,
        Self::Authorization,
        Self::RumIdAll,
        Self::RumIdDetail,
        Self::EventLog,
        Self::HistoryMessage,
        Self::CallHome,
        Self::License,
    ];

    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TechSupport => "show license tech support",
            Self::All => "show license all",
            Self::Status => "show license status",
            Self::Summary => "show license summary",
            Self::Usage => "show license usage",
            Self::Udi => "show license udi",
            Self::Authorization => "show license authorization",
            Self::RumIdAll => "show license rum id all",
            Self::RumIdDetail => "show license rum id detail",
            Self::EventLog => "show license eventlog",
            Self::HistoryMessage => "show license history message",
            Self::CallHome => "show call-home smart-licensing",
            Self::License => "show license",
        }
    }

    /// The command that printed a text, by its echo, else by what it begins with.
    pub fn detect(text: &str) -> Option<Self> {
        for line in text.lines().take(20) {
            let line = line.split_once('#').map_or(line, |(_, command)| command).trim();
            if line.starts_with("show ")
                && let Ok(command) = line.parse()
            {
                return Some(command);
            }
        }
        let has = |words: &str| text.contains(words);
        [
            ("Smart Licensing Tech Support info", Self::TechSupport),
            ("Smart Licensing Usage Report Detail:", Self::RumIdDetail),
            ("Smart Licensing Usage Report:", Self::RumIdAll),
            ("Message History (oldest to newest):", Self::HistoryMessage),
            ("EventLog Found", Self::EventLog),
            ("**** Event Log ****", Self::EventLog),
            ("smart-licensing transport settings", Self::CallHome),
            (" Feature: ", Self::License),
            ("Product Information", Self::All),
            ("Entitlement Tag               Count Status", Self::Summary),
            ("Data Privacy:", Self::Status),
            ("Enforcement type:", Self::Usage),
            ("Purchased Licenses:", Self::Authorization),
            ("HA UDI List:", Self::Udi),
            ("SlotID", Self::Udi),
        ]
        .into_iter()
        .find(|(words, _)| has(words))
        .map(|(_, command)| command)
    }
}

impl FromStr for ShowCommand {
    type Err = Error;

    /// Reads a command as it is typed; the number of `rum id <n>` may stand in it, and `show` may be left out.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
        if words.first() != Some(&"show") {
            words.insert(0, "show");
        }
        if words.get(2..4) == Some(&["rum", "id"]) {
            return Ok(if words.get(4) == Some(&"all") { Self::RumIdAll } else { Self::RumIdDetail });
        }
        if words.get(2) == Some(&"eventlog") {
            return Ok(Self::EventLog);
        }
        let plain = words.join(" ");
        Self::ALL
            .into_iter()
            .find(|command| command.as_str() == plain)
            .ok_or_else(|| Error::argument(format!("{} is no command whose output is read", slp_model::Quoted(text))))
    }
}

impl fmt::Display for ShowCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::ShowCommand;

    #[test]
    fn a_command_is_read_as_it_is_typed() {
        for command in ShowCommand::ALL {
            assert_eq!(command.as_str().parse::<ShowCommand>().unwrap(), command);
        }
        assert_eq!("show license rum id 1780000001 detail".parse::<ShowCommand>().unwrap(), ShowCommand::RumIdDetail);
        assert_eq!("license  eventlog 30".parse::<ShowCommand>().unwrap(), ShowCommand::EventLog);
        assert!("show version".parse::<ShowCommand>().is_err());
    }
}
