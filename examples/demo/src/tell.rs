//! Who says what to whom. Messages of one moment that are alike are told as one line, and those that come again and again,
//! as polls do, once and with their number.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use slp_kit::Error;
use slp_model::UnixMillis;

/// What was said and not told yet, in order, and what was told last.
#[derive(Debug, Default)]
pub(crate) struct Teller(Mutex<Vec<Said>>, Mutex<Last>);

/// The last line, and how often it came again since.
#[derive(Debug, Default)]
struct Last {
    line: String,
    again: usize,
    at: Option<UnixMillis>,
}

impl Last {
    fn tell_again(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        if let (Some(at), again @ 1..) = (self.at, std::mem::take(&mut self.again)) {
            writeln!(out, "{}  … the same {again} more times until here", at.to_seconds())?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Said {
    at: UnixMillis,
    from: &'static str,
    to: &'static str,
    what: String,
    times: usize,
}

impl Teller {
    /// Somebody said something.
    pub(crate) fn said(&self, at: UnixMillis, from: &'static str, to: &'static str, what: impl fmt::Display) {
        let what = what.to_string();
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this_moment = list.iter_mut().rev().take_while(|said| said.at == at);
        let mut alike = of_this_moment.filter(|said| (said.from, said.to) == (from, to) && said.what == what);
        match alike.next() {
            Some(said) => said.times += 1,
            None => list.push(Said { at, from, to, what, times: 1 }),
        }
    }

    /// Tells it, oldest first.
    pub(crate) fn tell(&self, out: &mut dyn Write) -> Result<(), Error> {
        let mut last = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        for said in std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            let Said { at, from, to, what, times } = &said;
            let times = if *times > 1 { format!("  ({times} times)") } else { String::new() };
            let line = format!("{from:<8} -> {to:<8} {what}{times}");
            if line == last.line {
                (last.again, last.at) = (last.again + 1, Some(*at));
                continue;
            }
            last.tell_again(out)?;
            writeln!(out, "{}  {line}", at.to_seconds())?;
            last.line = line;
        }
        out.flush()?;
        Ok(())
    }

    /// Tells all of it, to the end.
    pub(crate) fn end(&self, out: &mut dyn Write) -> Result<(), Error> {
        self.tell(out)?;
        self.1.lock().unwrap_or_else(PoisonError::into_inner).tell_again(out)
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
}
