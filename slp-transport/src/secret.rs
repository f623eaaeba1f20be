//! Text that must not be seen: passwords, tokens, client secrets.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that is wiped when it is dropped, prints as `Secret(hidden)`, and is compared in constant time.
///
/// It cannot be cloned, displayed or serialized. [`expose`](Self::expose) is the one way to the text.
///
/// ```
/// use slp_transport::Secret;
///
/// let password = Secret::new("hunter2");
/// assert_eq!(format!("{password:?}"), "Secret(hidden)");
/// assert!(password.matches("hunter2"));
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every copy made of it is the caller's to wipe.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Is it this text? Takes the same time for every text of the same length.
    pub fn matches(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// An address without the password that may stand before its host: `scp://me:***@host/file`.
pub(crate) fn without_password(address: &str) -> std::borrow::Cow<'_, str> {
    let masked = || {
        let (scheme, rest) = address.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (person, _) = authority.rsplit_once('@')?;
        let (name, _) = person.split_once(':')?;
        let behind = rest.strip_prefix(person)?;
        Some(format!("{scheme}://{name}:***{behind}"))
    };
    masked().map_or(address.into(), Into::into)
}

/// Declares a secret with a name of its own, so that one kind cannot be taken for another.
macro_rules! secret_type {
    ($(#[$doc:meta])* pub struct $name:ident;) => {
        $(#[$doc])*
        pub struct $name($crate::Secret);

        impl $name {
            /// Takes the text over.
            pub fn new(text: impl Into<String>) -> Self {
                Self($crate::Secret::new(text))
            }

            /// The text itself. Every copy made of it is the caller's to wipe.
            pub fn expose(&self) -> &str {
                self.0.expose()
            }

            /// Is it this text? Takes the same time for every text of the same length.
            pub fn matches(&self, text: &str) -> bool {
                self.0.matches(text)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    };
}
pub(crate) use secret_type;

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_matches_itself_alone_and_never_prints() {
        let secret = Secret::new("abc");
        assert!(secret.matches("abc"));
        assert!(!secret.matches("abd"));
        assert!(!secret.matches("abcd"));
        assert!(!format!("{secret:?}").contains("abc"));
    }
}
