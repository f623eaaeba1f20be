//! Who says what to whom. Messages of one moment that are alike are told as one line.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use slp_kit::Error;
use slp_model::UnixMillis;

/// What was said and not told yet, in order.
#[derive(Debug, Default)]
pub(crate) struct Teller(Mutex<Vec<Said>>);

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
        for said in std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            let Said { from, to, what, times, .. } = &said;
            let times = if *times > 1 { format!("  ({times} times)") } else { String::new() };
            writeln!(out, "{}  {from:<8} -> {to:<8} {what}{times}", said.at.to_seconds())?;
        }
        out.flush()?;
        Ok(())
    }
}
