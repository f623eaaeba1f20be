//! One opaque error per crate: kind, place, sentence, cause. Made by one macro so that all of them behave alike.

use std::error::Error as StdError;
use std::fmt;

use crate::{Location, word_enum};

word_enum! {
    /// Who has to act so that the error goes away. Its words are the variants in lower case.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Actor: "actor" {
        /// The machine or the network: a disk, a socket, a server that is down.
        Environment = "environment",
        /// Whoever made the document: it is damaged or not what it claims to be.
        Document = "document",
        /// The calling program: an argument is wrong.
        Caller = "caller",
        /// Whoever set the limits: the document is larger than they allow.
        Limits = "limits",
        /// Whoever keeps the keys and certificates.
        Trust = "trust",
    }
}

/// What every error of these crates holds. Public for [`error_type!`](crate::error_type), not to be used by itself.
#[doc(hidden)]
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "only the macro of this crate builds it")]
pub struct Inner<K> {
    pub kind: K,
    pub at: Location,
    pub text: String,
    pub name: Option<&'static str>,
    pub fatal: bool,
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

#[doc(hidden)]
pub use serde as __serde;

#[doc(hidden)]
impl<K> Inner<K> {
    pub fn fmt_display(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.at, self.text) }
    }
}

/// Declares the error of a crate and its kinds.
///
/// The error is one pointer wide, so results stay small. A kind has a stable word (for programs and for JSON), and says
/// who must act; the sentence is for people and may change in any release. Nobody should match on text.
///
/// A kind is read back from its word (`FromStr`, serde). An error is written (`Display`, `Serialize`) and never read: it
/// belongs to the run that met it, and its source is no text.
#[macro_export]
macro_rules! error_type {
    (
        $(#[$error_doc:meta])* pub struct $error:ident;
        $(#[$kind_doc:meta])* pub enum $kind:ident {
            $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, $actor:ident; )+
        }
    ) => {
        $(#[$kind_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $kind { $( $(#[$variant_doc])* $variant, )+ }

        impl $kind {
            /// Every kind there is, in the order of the declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable word of this kind.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// Who has to act.
            pub const fn actor(self) -> $crate::error::Actor {
                match self { $( Self::$variant => $crate::error::Actor::$actor, )+ }
            }
        }

        $crate::word_forms!($kind, "kind of error");

        $(#[$error_doc])*
        pub struct $error(::std::boxed::Box<$crate::error::Inner<$kind>>);

        const _: () = assert!(::std::mem::size_of::<$error>() <= 64, "errors stay small");

        #[allow(dead_code, reason = "each crate uses the constructors it needs")]
        impl $error {
            pub(crate) fn new(kind: $kind, text: impl Into<String>) -> Self {
                Self(::std::boxed::Box::new($crate::error::Inner {
                    kind,
                    at: $crate::Location::default(),
                    text: text.into(),
                    name: None,
                    fatal: false,
                    source: None,
                }))
            }

            /// Says where.
            pub(crate) fn at(mut self, at: $crate::Location) -> Self {
                self.0.at = at;
                self
            }

            /// Nothing can be read after this one.
            pub(crate) fn fatal(mut self) -> Self {
                self.0.fatal = true;
                self
            }

            /// Names the limit or the tolerance that decided.
            pub(crate) fn named(mut self, name: &'static str) -> Self {
                self.0.name = Some(name);
                self
            }

            pub(crate) fn caused_by(
                mut self,
                source: impl Into<::std::boxed::Box<dyn ::std::error::Error + Send + Sync>>,
            ) -> Self {
                self.0.source = Some(source.into());
                self
            }

            /// The same error, its place seen from one file or archive further out.
            #[must_use]
            pub fn inside(mut self, entry: impl Into<String>) -> Self {
                self.0.at = ::std::mem::take(&mut self.0.at).inside(entry);
                self
            }

            /// What kind of fault it is: match on this, never on the text.
            pub fn kind(&self) -> $kind {
                self.0.kind
            }

            /// Where it is.
            pub fn location(&self) -> &$crate::Location {
                &self.0.at
            }

            /// What is wrong and what to do, without the place.
            pub fn message(&self) -> &str {
                &self.0.text
            }

            /// The name of the limit or tolerance that decided, where one did.
            pub fn name(&self) -> Option<&'static str> {
                self.0.name
            }

            /// Who has to act so that it goes away.
            pub fn actor(&self) -> $crate::error::Actor {
                self.0.kind.actor()
            }

            /// Does the input end here? Otherwise this item alone is lost, and reading goes on with the next.
            pub fn is_fatal(&self) -> bool {
                self.0.fatal
            }

            /// May the same call succeed later?
            pub fn is_retryable(&self) -> bool {
                matches!(self.actor(), $crate::error::Actor::Environment)
            }
        }

        /// As JSON: `{"kind":…,"name"?:…,"fatal":…,"text":…,"place"?:…}`.
        impl $crate::error::__serde::Serialize for $error {
            fn serialize<S: $crate::error::__serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use $crate::error::__serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("kind", self.kind().as_str())?;
                if let Some(name) = self.name() {
                    map.serialize_entry("name", name)?;
                }
                map.serialize_entry("fatal", &self.is_fatal())?;
                map.serialize_entry("text", self.message())?;
                if !self.location().is_empty() {
                    map.serialize_entry("place", self.location())?;
                }
                map.end()
            }
        }

        impl ::std::fmt::Display for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt_display(f)
            }
        }

        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, "{}({}: {})", stringify!($error), self.0.kind, self)
            }
        }

        impl ::std::error::Error for $error {
            fn source(&self) -> Option<&(dyn ::std::error::Error + 'static)> {
                self.0.source.as_ref().map(|source| {
                    let source: &(dyn ::std::error::Error + 'static) = source.as_ref();
                    source
                })
            }
        }
    };
}

error_type! {
    /// Why a text is not the value it should be.
    pub struct Error;
    /// Kinds of [`Error`].
    pub enum ErrorKind {
        /// A UDI text that does not fit any of the spellings.
        UdiSyntax = "udi-syntax", Document;
        /// Not a whole decimal number in range.
        BadNumber = "bad-number", Document;
        /// A time that is negative, beyond year 9999, or not in the expected form.
        BadTime = "bad-time", Document;
        /// A span that ends before it begins, or arithmetic that leaves the range.
        BadSpan = "bad-span", Document;
        /// A tag that is empty or too long.
        BadTag = "bad-tag", Document;
        /// A word that is empty or too long.
        BadWord = "bad-word", Document;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_and_names_place_and_fault() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        let error = Error::new(ErrorKind::BadNumber, "count \"two\" is not a decimal number").at(Location::byte(4));
        assert_eq!(error.to_string(), "byte 4: count \"two\" is not a decimal number");
        assert_eq!(error.inside("a.txt").to_string(), "a.txt, byte 4: count \"two\" is not a decimal number");
    }

    #[test]
    fn an_error_as_json_names_kind_text_and_place() {
        let error = Error::new(ErrorKind::BadNumber, "no number").at(Location::byte(4));
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(json, r#"{"kind":"bad-number","fatal":false,"text":"no number","place":{"byte":4}}"#);
    }

    #[test]
    fn words_of_kinds_are_unique() {
        let mut words: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ErrorKind::ALL.len());
    }
}
