//! Enums whose words are all our own: one word a variant, read back as it is written.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Visitor};

use crate::{Error, ErrorKind, Quoted};

/// So many words are listed where another one is refused.
const LISTED: usize = 12;

/// The error of a word that is none of `words`, for the `FromStr` that the macros write.
#[doc(hidden)]
#[cold]
pub fn unknown_word(word: &str, what: &str, words: &mut dyn Iterator<Item = &'static str>) -> Error {
    let mut text = format!("{} is no {what}", Quoted(word));
    let words: Vec<&str> = words.collect();
    if words.len() <= LISTED {
        text = format!("{text}; expected one of: {}", words.join(", "));
    }
    Error::new(ErrorKind::BadWord, text)
}

/// Reads a value from a string by its `FromStr`, for the `Deserialize` that the macros write.
#[doc(hidden)]
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    struct Text<T>(PhantomData<fn() -> T>);

    impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text in quotes")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}

/// Gives a type whose `Display` and `FromStr` round-trip the same text as its serde form.
///
/// ```
/// use std::convert::Infallible;
/// use std::fmt;
/// use std::str::FromStr;
///
/// #[derive(Debug, PartialEq)]
/// struct Name(String);
///
/// impl fmt::Display for Name {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.pad(&self.0)
///     }
/// }
///
/// impl FromStr for Name {
///     type Err = Infallible;
///     fn from_str(text: &str) -> Result<Self, Infallible> {
///         Ok(Self(text.to_owned()))
///     }
/// }
///
/// slp_model::serde_as_text!(Name);
///
/// let json = serde_json::to_string(&Name("a".into()))?;
/// assert_eq!(json, "\"a\"");
/// assert_eq!(serde_json::from_str::<Name>(&json)?, Name("a".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! serde_as_text {
    ($name:ty) => {
        impl $crate::open_enum::__serde::Serialize for $name {
            fn serialize<S: $crate::open_enum::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::open_enum::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::open_enum::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::word_enum::deserialize(deserializer)
            }
        }
    };
}

/// Gives an enum with `ALL` and `as_str` the rest of what [`word_enum!`](crate::word_enum!) gives.
#[doc(hidden)]
#[macro_export]
macro_rules! word_forms {
    ($name:ident, $what:literal) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::Error;

            /// Reads exactly the words of `as_str`.
            ///
            /// # Errors
            /// [`ErrorKind::BadWord`]($crate::ErrorKind::BadWord) for any other text.
            fn from_str(word: &str) -> ::std::result::Result<Self, $crate::Error> {
                let found = Self::ALL.iter().copied().find(|known| known.as_str() == word);
                found.ok_or_else(|| {
                    $crate::word_enum::unknown_word(word, $what, &mut Self::ALL.iter().map(|known| known.as_str()))
                })
            }
        }

        $crate::serde_as_text!($name);
    };
}

/// Declares an enum whose words are all known: one word a variant, and no room for others.
///
/// The enum writes its word (`as_str`, `Display`, serde) and reads exactly these words (`FromStr`, serde). `ALL` has the
/// variants in the order of the declaration. For words of documents, which may grow without us, see
/// [`open_enum!`](crate::open_enum!).
///
/// ```
/// slp_model::word_enum! {
///     /// Which side of a file.
///     #[derive(Clone, Copy, Debug, PartialEq, Eq)]
///     pub enum Side: "side" {
///         /// The front.
///         Front = "front",
///         /// The back.
///         Back = "back",
///     }
/// }
///
/// assert_eq!("back".parse::<Side>()?, Side::Back);
/// let error = "top".parse::<Side>().unwrap_err();
/// assert_eq!(error.to_string(), "\"top\" is no side; expected one of: front, back");
/// # Ok::<(), slp_model::Error>(())
/// ```
#[macro_export]
macro_rules! word_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $what:literal {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[non_exhaustive]
        $vis enum $name {
            $( $(#[$variant_meta])* $variant, )+
        }

        impl $name {
            /// Every one, in the order of the declaration.
            $vis const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// Its word.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        $crate::word_forms!($name, $what);
    };
}

#[cfg(test)]
mod tests {
    word_enum! {
        /// Lights.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Light: "light" {
            /// Stop.
            Red = "red",
            /// Go.
            Green = "green",
        }
    }

    #[test]
    fn words_are_read_back_in_text_and_json_and_no_others_are() {
        for light in Light::ALL {
            assert_eq!(light.to_string().parse::<Light>().unwrap(), *light);
            let json = serde_json::to_string(light).unwrap();
            assert_eq!(json, format!("\"{light}\""));
            assert_eq!(serde_json::from_str::<Light>(&json).unwrap(), *light);
        }
        assert_eq!(serde_json::from_str::<Light>(r#""\u0072ed""#).unwrap(), Light::Red);
        insta::assert_snapshot!("Red".parse::<Light>().unwrap_err(), @r#""Red" is no light; expected one of: red, green"#);
        insta::assert_snapshot!(serde_json::from_str::<Light>("\"\"").unwrap_err(), @r#""" is no light; expected one of: red, green at line 1 column 2"#);
        insta::assert_snapshot!(serde_json::from_str::<Light>("7").unwrap_err(), @"invalid type: integer `7`, expected a text in quotes at line 1 column 1");
    }

    #[test]
    fn display_obeys_the_width_that_a_table_asks_for() {
        assert_eq!(format!("[{:<6}]", Light::Red), "[red   ]");
    }
}
