//! Requests that are shown and not sent, and errors in words.

use std::io::Write as _;

use slp_transport::Error;

use crate::console::{Session, Stop};

/// Requests as text, one after the other.
pub(crate) fn show(requests: &[String], session: &mut Session<'_>) -> Result<(), Stop> {
    for request in requests {
        for line in request.trim_end().lines() {
            writeln!(session.output, "{}", crate::printable::printable(line))?;
        }
        writeln!(session.output)?;
    }
    Ok(())
}

/// An error, what is behind it, and whether to try again.
pub(crate) fn words(error: &Error) -> String {
    let mut text = error.to_string();
    if let Some(refusal) = error.refusal()
        && let Some(message) = &refusal.message
    {
        text = format!("{text}: {}", slp_model::Quoted(message));
    }
    let cause = std::error::Error::source(error).filter(|_| error.refusal().is_none());
    if let Some(cause) = cause {
        text = format!("{text} ({cause})");
    }
    if error.is_retryable() { format!("{text}; try again later") } else { text }
}
