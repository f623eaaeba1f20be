//! Whom a device certificate names. Spec: crypto, "Identity".

use std::fmt;

use slp_model::Udi;
use x509_parser::asn1_rs::Tag;
use x509_parser::oid_registry::OID_X509_SERIALNUMBER;
use x509_parser::x509::X509Name;

/// The most characters of each part.
const MAX_PART: usize = 64;

/// Product and serial number from the subject of a certificate: `PID:ISR4451-X/K9 SN:TST00000001` (seen).
///
/// Kept as it stands. Compared with a UDI by [`Identity::is`], which forgives trailing blanks and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pid: Box<str>,
    serial: Box<str>,
}

impl Identity {
    /// Reads the text of the subject attribute serialNumber: split at the last ` SN:`.
    ///
    /// ```
    /// use slp_crypto::Identity;
    ///
    /// let identity = Identity::parse("PID:A SN:B SN:C").unwrap();
    /// assert_eq!((identity.pid(), identity.serial()), ("A SN:B", "C"));
    /// assert_eq!(Identity::parse("SN:X PID:Y"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (pid, serial) = text.strip_prefix("PID:")?.rsplit_once(" SN:")?;
        let fits = |part: &str| !part.is_empty() && part.chars().count() <= MAX_PART;
        (fits(pid) && fits(serial)).then(|| Self { pid: pid.into(), serial: serial.into() })
    }

    /// The product id.
    pub fn pid(&self) -> &str {
        &self.pid
    }

    /// The serial number.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Is it this device? Trailing blanks do not count: a platform field is padded to 20 characters (seen).
    pub fn is(&self, udi: &Udi) -> bool {
        self.compared() == (cut(udi.pid()), cut(udi.serial()))
    }

    /// Both parts as they are compared.
    pub(crate) fn compared(&self) -> (&str, &str) {
        (cut(&self.pid), cut(&self.serial))
    }
}

impl From<&Udi> for Identity {
    fn from(udi: &Udi) -> Self {
        Self { pid: udi.pid().into(), serial: udi.serial().into() }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PID:{} SN:{}", self.pid, self.serial)
    }
}

fn cut(text: &str) -> &str {
    text.trim_end_matches([' ', '\t'])
}

/// The identity of a subject: exactly one serialNumber, in one of three string types.
pub(super) fn of(subject: &X509Name<'_>) -> Option<Identity> {
    let mut numbers = subject.iter_attributes().filter(|attribute| *attribute.attr_type() == OID_X509_SERIALNUMBER);
    let number = numbers.next()?;
    if numbers.next().is_some() {
        return None;
    }
    let text = matches!(number.attr_value().tag(), Tag::PrintableString | Tag::Utf8String | Tag::Ia5String);
    Identity::parse(number.as_str().ok().filter(|_| text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mark_splits_and_both_parts_are_there() {
        let parts =
            |text| Identity::parse(text).map(|identity| (identity.pid().to_owned(), identity.serial().to_owned()));
        let pair = |pid: &str, serial: &str| Some((pid.to_owned(), serial.to_owned()));
        assert_eq!(parts("PID:ISR4451-X/K9 SN:TST00000001"), pair("ISR4451-X/K9", "TST00000001"));
        assert_eq!(parts("PID:A SN:B SN:C"), pair("A SN:B", "C"));
        for text in ["PID: SN:X", "PID:A SN:", "pid:A SN:B", "SN:X PID:Y", "PID:A", ""] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn sixty_four_characters_pass_and_one_more_is_refused() {
        assert!(Identity::parse(&format!("PID:{} SN:1", "é".repeat(64))).is_some());
        assert!(Identity::parse(&format!("PID:{} SN:1", "é".repeat(65))).is_none());
    }
}
