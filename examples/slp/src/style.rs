//! Colours, where a terminal shows them.

use std::fmt;

/// What a piece of text is, as far as its looks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Heading,
    Error,
    Warning,
    Info,
    Dim,
}

/// Colours on or off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    colored: bool,
}

impl Style {
    pub(crate) fn new(colored: bool) -> Self {
        Self { colored }
    }

    /// The text in the colours of its kind.
    pub(crate) fn paint<T>(self, paint: Paint, text: T) -> Painted<T> {
        Painted { code: if self.colored { paint.code() } else { "" }, text }
    }
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Heading => "1",
            Self::Error => "1;31",
            Self::Warning => "33",
            Self::Info => "36",
            Self::Dim => "2",
        }
    }
}

/// A text in its colours.
pub(crate) struct Painted<T> {
    code: &'static str,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() { self.text.fmt(f) } else { write!(f, "\u{1b}[{}m{}\u{1b}[0m", self.code, self.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_put_round_a_text_only_when_they_are_on() {
        assert_eq!(Style::new(true).paint(Paint::Error, "no").to_string(), "\u{1b}[1;31mno\u{1b}[0m");
        assert_eq!(Style::new(false).paint(Paint::Error, "no").to_string(), "no");
    }
}
