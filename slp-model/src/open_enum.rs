//! Words of which new ones may appear: an unknown word is data and survives a round trip.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::de::{Deserializer, Visitor};

#[doc(hidden)]
pub use serde as __serde;

/// What [`open_enum!`](crate::open_enum!) implements: a set of known words, and room for the others.
///
/// Write no implementation by hand: `known` and `other` have to agree with the variants.
pub trait OpenEnum: Sized {
    /// The known words, in the order of the declaration.
    const KNOWN: &'static [&'static str];

    /// The variant of a known word.
    fn known(word: &str) -> Option<Self>;

    /// The variant that holds a word of no other variant.
    fn other(word: OtherWord<Self>) -> Self;

    /// Reads a word. Case counts, nothing is trimmed: `as_str` gives back the same bytes.
    fn from_word<W: AsRef<str> + Into<Box<str>>>(word: W) -> Self {
        match Self::known(word.as_ref()) {
            Some(known) => known,
            None => Self::other(OtherWord { word: word.into(), of: PhantomData }),
        }
    }
}

/// A word that `E` has no variant for, as it came.
///
/// Only reading makes one, and each belongs to its own enum. So `Other` never holds a word that has a variant, and two
/// values are equal exactly when their words are.
pub struct OtherWord<E> {
    word: Box<str>,
    of: PhantomData<fn() -> E>,
}

impl<E> OtherWord<E> {
    /// The word, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.word
    }
}

impl<E> Clone for OtherWord<E> {
    fn clone(&self) -> Self {
        Self { word: self.word.clone(), of: PhantomData }
    }
}

impl<E> fmt::Debug for OtherWord<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.word.fmt(f)
    }
}

impl<E> fmt::Display for OtherWord<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

impl<E> PartialEq for OtherWord<E> {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl<E> Eq for OtherWord<E> {}

impl<E> PartialOrd for OtherWord<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for OtherWord<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.word.cmp(&other.word)
    }
}

impl<E> Hash for OtherWord<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.word.hash(state);
    }
}

/// Reads an open enum from a string, for the `Deserialize` that the macro writes.
#[doc(hidden)]
pub fn deserialize<'de, E: OpenEnum, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    deserializer.deserialize_str(WordVisitor(PhantomData))
}

struct WordVisitor<E>(PhantomData<fn() -> E>);

impl<E: OpenEnum> Visitor<'_> for WordVisitor<E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word in quotes")
    }

    fn visit_str<X>(self, word: &str) -> Result<E, X> {
        Ok(E::from_word(word))
    }

    fn visit_string<X>(self, word: String) -> Result<E, X> {
        Ok(E::from_word(word))
    }
}

/// Declares an enum of words that may grow without us: one variant a word, and `Other` for the rest.
///
/// The enum reads from any text (`From<&str>`, `From<String>`, `FromStr`, serde) and writes the same bytes back
/// (`as_str`, `Display`, serde). Order is the byte order of the words, so it stays when the declaration is rearranged.
///
/// ```
/// slp_model::open_enum! {
///     /// What a licence is for.
///     pub enum Purpose {
///         /// The real thing.
///         Production = "PROD",
///         /// A laboratory.
///         Laboratory = "LAB",
///     }
/// }
///
/// assert_eq!(Purpose::from("LAB"), Purpose::Laboratory);
/// let unknown = Purpose::from("lab");
/// assert!(!unknown.is_known());
/// assert_eq!(unknown.as_str(), "lab");
/// ```
///
/// A word that is known cannot get into `Other`, not even one that came from another enum:
///
/// ```compile_fail,E0308
/// # slp_model::open_enum! { #[doc = "."] pub enum A { #[doc = "."] X = "x" } }
/// # slp_model::open_enum! { #[doc = "."] pub enum B { #[doc = "."] Y = "y" } }
/// if let A::Other(word) = A::from("y") {
///     let forged = B::Other(word);
/// }
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$enum_meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$enum_meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A word that this version does not know, kept as it came.
            Other($crate::open_enum::OtherWord<$name>),
        }

        impl $name {
            /// The known words, in the order of the declaration.
            $vis const KNOWN: &'static [&'static str] = &[ $( $word, )+ ];

            /// The word, byte for byte as it was read.
            $vis fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other(word) => word.as_str(),
                }
            }

            /// Does this version know the word?
            $vis fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        impl $crate::open_enum::OpenEnum for $name {
            const KNOWN: &'static [&'static str] = Self::KNOWN;

            fn known(word: &str) -> ::std::option::Option<Self> {
                match word {
                    $( $word => ::std::option::Option::Some(Self::$variant), )+
                    _ => ::std::option::Option::None,
                }
            }

            fn other(word: $crate::open_enum::OtherWord<Self>) -> Self {
                Self::Other(word)
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(word: &str) -> Self {
                $crate::open_enum::OpenEnum::from_word(word)
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(word: ::std::string::String) -> Self {
                $crate::open_enum::OpenEnum::from_word(word)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            fn from_str(word: &str) -> ::std::result::Result<Self, Self::Err> {
                ::std::result::Result::Ok($crate::open_enum::OpenEnum::from_word(word))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::cmp::PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> ::std::option::Option<::std::cmp::Ordering> {
                ::std::option::Option::Some(::std::cmp::Ord::cmp(self, other))
            }
        }

        impl ::std::cmp::Ord for $name {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                ::std::cmp::Ord::cmp(self.as_str(), other.as_str())
            }
        }

        impl $crate::open_enum::__serde::Serialize for $name {
            fn serialize<S: $crate::open_enum::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::open_enum::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::open_enum::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::open_enum::deserialize(deserializer)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    open_enum! {
        /// Lights.
        enum Light {
            /// Stop.
            Red = "red",
            /// Go.
            Green = "green"
        }
    }

    #[test]
    fn a_known_word_is_its_variant_and_case_counts() {
        assert_eq!(Light::from("green"), Light::Green);
        assert_eq!(Light::from(String::from("red")), Light::Red);
        assert_eq!("Red".parse::<Light>().unwrap().as_str(), "Red");
        assert!(!Light::from("Red").is_known() && !Light::from(" red").is_known());
        assert_eq!(Light::KNOWN, ["red", "green"]);
    }

    #[test]
    fn order_is_that_of_the_words_whatever_the_declaration_says() {
        let sorted: BTreeSet<Light> = ["red", "mauve", "green", "amber"].into_iter().map(Light::from).collect();
        assert_eq!(sorted.iter().map(Light::as_str).collect::<Vec<_>>(), ["amber", "green", "mauve", "red"]);
    }

    #[test]
    fn json_is_a_string_both_ways() {
        let text = r#"["red","\u006dauve",""]"#;
        let lights: Vec<Light> = serde_json::from_str(text).unwrap();
        assert_eq!(lights, [Light::Red, Light::from("mauve"), Light::from("")]);
        assert_eq!(serde_json::to_string(&lights).unwrap(), r#"["red","mauve",""]"#);
        insta::assert_snapshot!(
            serde_json::from_str::<Light>("7").unwrap_err(),
            @"invalid type: integer `7`, expected a word in quotes at line 1 column 1"
        );
    }

    #[test]
    fn display_obeys_the_width_that_a_table_asks_for() {
        assert_eq!(format!("[{:<6}|{:>6}]", Light::Red, Light::from("mauve")), "[red   | mauve]");
    }

    #[test]
    fn debug_escapes_what_a_terminal_would_act_on() {
        assert_eq!(format!("{:?}", Light::from("\u{1b}[2J")), r#"Other("\u{1b}[2J")"#);
    }
}
