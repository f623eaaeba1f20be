//! Who says what to whom. Messages of one moment that are alike are told as one line, with the number of devices that said so.
//! Where the same comes again and again, as while everybody waits for an answer, it is told once and with its number.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use slp_kit::Error;
use slp_model::UnixMillis;

/// Lines that may come again as one round: those of everybody who waits.
const ROUND: usize = 8;

/// What was said and not told yet, in order, and what was told last.
#[derive(Debug, Default)]
pub(crate) struct Teller(Mutex<Vec<Said>>, Mutex<Told>);

/// The last lines, and whether they are coming again.
#[derive(Debug, Default)]
struct Told {
    lines: VecDeque<String>,
    round: Option<Round>,
}

/// The last lines come again.
#[derive(Debug)]
struct Round {
    /// So many of them.
    lines: usize,
    /// So often to the end.
    times: usize,
    /// Until when.
    until: UnixMillis,
    /// What came of it since.
    begun: Vec<(UnixMillis, String)>,
}

impl Told {
    fn tell(&mut self, at: UnixMillis, line: String, out: &mut dyn Write) -> Result<(), Error> {
        if self.round.as_ref().is_some_and(|round| self.line(round.lines - round.begun.len()) != Some(&line)) {
            self.end(out)?;
        }
        if self.round.is_none() {
            let waits = |from: usize| (1..=from).filter_map(|back| self.line(back)).all(|line| is_waiting(line));
            let lines =
                (1..=ROUND).find(|back| self.line(*back) == Some(&line)).filter(|back| *back == 1 || waits(*back));
            let Some(lines) = lines else { return self.write(at, line, out) };
            self.round = Some(Round { lines, times: 0, until: at, begun: Vec::new() });
        }
        if let Some(round) = &mut self.round {
            round.begun.push((at, line));
            if round.begun.len() == round.lines {
                (round.times, round.until) = (round.times + 1, at);
                round.begun.clear();
            }
        }
        Ok(())
    }

    /// The line so many before the next one.
    fn line(&self, back: usize) -> Option<&String> {
        self.lines.get(self.lines.len().checked_sub(back)?)
    }

    fn write(&mut self, at: UnixMillis, line: String, out: &mut dyn Write) -> Result<(), Error> {
        writeln!(out, "{}  {line}", at.to_seconds())?;
        self.lines.push_back(line);
        if self.lines.len() > ROUND {
            self.lines.pop_front();
        }
        Ok(())
    }

    /// Something else comes, or nothing more.
    fn end(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        let Some(round) = self.round.take() else { return Ok(()) };
        if round.times > 0 {
            let what = if round.lines == 1 { "the same".into() } else { format!("the same {} lines", round.lines) };
            let times = if round.times == 1 { "once more".into() } else { format!("{} more times", round.times) };
            writeln!(out, "{}  … {what} {times} until here", round.until.to_seconds())?;
        }
        for (at, line) in round.begun {
            self.write(at, line, out)?;
        }
        Ok(())
    }
}

/// Is it of somebody who waits for an answer?
fn is_waiting(line: &str) -> bool {
    line.contains(" - not yet)") || line.contains("(are you there?)")
}

/// The same for every device: what stands before and after its serial number.
fn around_serial(what: &str) -> Option<(&str, &str)> {
    let (head, rest) = what.split_once(",SN:")?;
    let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
    Some((head, rest.get(end..)?))
}

#[derive(Debug)]
struct Said {
    at: UnixMillis,
    from: &'static str,
    to: &'static str,
    what: String,
    times: usize,
    /// Others said the same about themselves.
    others: usize,
}

impl Teller {
    /// Somebody said something.
    pub(crate) fn said(&self, at: UnixMillis, from: &'static str, to: &'static str, what: impl fmt::Display) {
        let what = what.to_string();
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this_moment = list.iter_mut().rev().take_while(|said| said.at == at);
        let own = around_serial(&what);
        let mut alike = of_this_moment
            .filter(|said| (said.from, said.to) == (from, to))
            .filter(|said| said.what == what || (own.is_some() && around_serial(&said.what) == own));
        match alike.next() {
            Some(said) if said.what == what => said.times += 1,
            Some(said) => said.others += 1,
            None => list.push(Said { at, from, to, what, times: 1, others: 0 }),
        }
    }

    /// Tells it, oldest first.
    pub(crate) fn tell(&self, out: &mut dyn Write) -> Result<(), Error> {
        let mut told = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        for said in std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            let Said { at, from, to, what, times, others } = &said;
            let times = match (times, others) {
                (1, 0) => String::new(),
                (1, 1) => "  (and 1 other device)".into(),
                (1, others) => format!("  (and {others} other devices)"),
                (times, _) => format!("  ({} times)", times + others),
            };
            told.tell(*at, format!("{from:<8} -> {to:<8} {what}{times}"), out)?;
        }
        out.flush()?;
        Ok(())
    }

    /// Tells all of it, to the end.
    pub(crate) fn end(&self, out: &mut dyn Write) -> Result<(), Error> {
        self.tell(out)?;
        self.1.lock().unwrap_or_else(PoisonError::into_inner).end(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_told_once_with_its_number() {
        let at = |seconds: u64| UnixMillis::new(seconds * 1_000).unwrap();
        let (teller, mut out) = (Teller::default(), Vec::new());
        for second in 0..3 {
            teller.said(at(second), "device", "cloud", "poll");
            teller.said(at(second), "device", "cloud", "poll");
            teller.tell(&mut out).unwrap();
        }
        teller.said(at(9), "device", "cloud", "done");
        teller.end(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "1970-01-01T00:00:00Z  device   -> cloud    poll  (2 times)\n\
             1970-01-01T00:00:02Z  … the same 2 more times until here\n\
             1970-01-01T00:00:09Z  device   -> cloud    done\n"
        );
    }

    fn told(said: &[(u64, &str)]) -> Vec<String> {
        let (teller, mut out) = (Teller::default(), Vec::new());
        for (day, what) in said {
            teller.said(UnixMillis::new(day * 86_400_000).unwrap(), "device", "cslu", what);
            teller.tell(&mut out).unwrap();
        }
        teller.end(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(|line| line.replace("T00:00:00Z  ", " ").replace("device   -> cslu     ", "")).collect()
    }

    #[test]
    fn rounds_of_those_who_wait_are_told_once_and_nothing_of_another_round_is_left_out() {
        let (hello, poll, report) = ("hello (are you there?)", "poll (well? - not yet)", "here are reports");
        let mut said = vec![(0, report)];
        said.extend((1..30).flat_map(|day| [(day, hello), (day, poll)]));
        said.extend([(30, hello), (30, "poll (well? - yes)"), (31, hello), (31, report)]);
        assert_eq!(
            told(&said),
            [
                "1970-01-01 here are reports",
                "1970-01-02 hello (are you there?)",
                "1970-01-02 poll (well? - not yet)",
                "1970-01-30 … the same 2 lines 28 more times until here",
                "1970-01-31 hello (are you there?)",
                "1970-01-31 poll (well? - yes)",
                "1970-02-01 hello (are you there?)",
                "1970-02-01 here are reports",
            ]
        );
        // what is done each month is told each month
        let months: Vec<_> = (0..4).flat_map(|month| [(month * 30, "close"), (month * 30, report)]).collect();
        assert_eq!(told(&months).len(), 8);
    }

    #[test]
    fn what_each_device_says_of_itself_is_told_for_the_first_one_with_the_number_of_the_others() {
        let (teller, mut out, at) = (Teller::default(), Vec::new(), UnixMillis::new(0).unwrap());
        for what in ["trusted PID:X,SN:A1", "trusted PID:X,SN:A2", "trusted PID:X,SN:A3 again", "trusted PID:X,SN:A4"] {
            teller.said(at, "device", "log", what);
        }
        teller.end(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "1970-01-01T00:00:00Z  device   -> log      trusted PID:X,SN:A1  (and 2 other devices)\n\
             1970-01-01T00:00:00Z  device   -> log      trusted PID:X,SN:A3 again\n"
        );
    }
}
