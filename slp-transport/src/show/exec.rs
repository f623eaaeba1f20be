//! What commands that do something print: imports, saves, resets. Spec: transport, "Commands" (seen, code).

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExecOutcome {
    /// Nothing was printed: it was done.
    Done,
    /// `Import Data Successful`.
    Imported,
    /// `The requested item was not found`: there is nothing to save.
    NothingToSave,
    /// `No reservation authorization code installed in device`.
    NoReservationCode,
    /// `%Warning: reload required after "license smart factory reset" command`.
    ReloadRequired,
    /// `Number of lines which match regexp = 3`: how many reports a file has, by the vendor's own count.
    Lines(u64),
    /// Something else, as it stands without echo and prompt.
    Other(String),
}

impl ExecOutcome {
    /// Reads what stands between the command and the next prompt; both may be part of the text.
    ///
    /// ```
    /// use slp_transport::show::ExecOutcome;
    ///
    /// let text = "edge-1#license smart import bootflash:ACK_usage.txt\r\nImport Data Successful\r\n\r\nedge-1#";
    /// assert_eq!(ExecOutcome::read(text), ExecOutcome::Imported);
    /// assert_eq!(ExecOutcome::read("Number of lines which match regexp = 12\n"), ExecOutcome::Lines(12));
    /// assert_eq!(ExecOutcome::read("\r\n"), ExecOutcome::Done);
    /// ```
    pub fn read(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_echo(line)).collect();
        let has = |words: &str| lines.iter().any(|line| line.contains(words));
        let count = |line: &&str| line.strip_prefix("Number of lines which match regexp =")?.trim().parse().ok();
        if lines.is_empty() {
            Self::Done
        } else if let Some(lines) = lines.iter().find_map(count) {
            Self::Lines(lines)
        } else if has("The requested item was not found") {
            Self::NothingToSave
        } else if has("No reservation authorization code installed") {
            Self::NoReservationCode
        } else if has("reload required after") {
            Self::ReloadRequired
        } else if has("Import Data Successful") {
            Self::Imported
        } else {
            Self::Other(lines.join("\n"))
        }
    }
}

/// The command itself, behind a prompt or bare, and a prompt alone.
fn is_echo(line: &str) -> bool {
    let behind = super::behind_prompt(line).unwrap_or(line);
    behind.is_empty() || behind.starts_with("license smart ") || behind.starts_with("more ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_its_outcome_and_others_are_kept() {
        for (text, outcome) in [
            ("", ExecOutcome::Done),
            ("edge-1#license smart save usage all file flash:x.txt\nedge-1#", ExecOutcome::Done),
            ("The requested item was not found\n", ExecOutcome::NothingToSave),
            ("No reservation authorization code installed in device", ExecOutcome::NoReservationCode),
            ("%Warning: reload required after \"license smart factory reset\" command", ExecOutcome::ReloadRequired),
            (
                "edge-1#more flash:x.txt | count RUMReport\nNumber of lines which match regexp = 0",
                ExecOutcome::Lines(0),
            ),
            (
                "Number of lines which match regexp = many",
                ExecOutcome::Other("Number of lines which match regexp = many".into()),
            ),
            ("% Error: no\r\n  why: that\r\n", ExecOutcome::Other("% Error: no\nwhy: that".into())),
        ] {
            assert_eq!(ExecOutcome::read(text), outcome, "{text}");
        }
    }

    #[test]
    fn a_failure_beside_a_success_is_not_a_success() {
        let text = "Import Data Successful\nThe requested item was not found\n";
        assert_eq!(ExecOutcome::read(text), ExecOutcome::NothingToSave);
        let text = "Import Data Successful\nNumber of lines which match regexp = 2\n";
        assert_eq!(ExecOutcome::read(text), ExecOutcome::Lines(2));
    }
}
