//! Requests that are shown and not sent, and errors in words.

use std::io::Write as _;

use slp_model::UnixSeconds;
use slp_transport::{Error, ErrorKind};

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
    match advice(error) {
        Some(advice) => format!("{text}; {advice}"),
        None => text,
    }
}

/// What the operator can do about it.
pub(crate) fn advice(error: &Error) -> Option<&'static str> {
    if error.is_retryable() {
        return Some("try again later");
    }
    match error.kind() {
        ErrorKind::Auth => Some("the name, the password or the secret is wrong"),
        ErrorKind::Forbidden => Some("these credentials are good, but may not do this"),
        ErrorKind::NotFound => Some("nothing is served there: a service that is off, an old release, another address"),
        ErrorKind::Redirect => Some("give the address that it leads to, if that is the right one"),
        ErrorKind::Tls => Some("its certificate is not known: give ca_file or pins for its connection"),
        _ => None,
    }
}

/// Waits before something is tried again, and says why.
pub(crate) fn wait(name: &str, why: Option<String>, due: UnixSeconds, session: &mut Session<'_>) -> Result<(), Stop> {
    let seconds = due.since(session.world.now()).get();
    if let Some(why) = why.filter(|_| seconds > 0) {
        session.messages.note(&format!("{name}: {why}: once more in {seconds} s"));
    }
    session.flush()?;
    session.world.wait_until(due);
    Ok(())
}

/// Why something did not work, in short.
pub(crate) fn reason<T>(result: &Result<T, Error>) -> Option<String> {
    result.as_ref().err().map(|error| error.message().to_owned())
}

/// `1 report`, `2 reports`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use slp_transport::device::AllReports;
    use slp_transport::{Exchange as _, Limits};

    use super::*;

    #[test]
    fn what_an_operator_can_do_stands_behind_an_error() {
        for (status, says) in [
            (401, "status 401; the name, the password or the secret is wrong"),
            (403, "status 403; these credentials are good, but may not do this"),
            (404, "status 404; nothing is served there: a service that is off, an old release, another address"),
            (
                302,
                "a redirect (302), which is not followed; give the address that it leads to, if that is the right one",
            ),
            (503, "status 503; try again later"),
            (418, "status 418"),
        ] {
            let response = http::Response::builder().status(status).body(Vec::new()).unwrap();
            let error = AllReports::answer(&response, &Limits::default()).unwrap_err();
            assert!(words(&error).ends_with(says), "{}", words(&error));
        }
        assert_eq!((counted(1, "report"), counted(0, "report")), ("1 report".to_owned(), "0 reports".to_owned()));
    }
}
