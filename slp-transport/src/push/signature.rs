//! `X-SLP-Signature`: who sent a body, both ways. Spec: transport, "HTTP" (choice).

use http::{HeaderMap, HeaderName, HeaderValue};
use slp_model::{Place, SignedContent};

use crate::Error;

/// The header that carries a signature over the body.
pub const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("x-slp-signature");
/// The longest value that is read.
const LONGEST: usize = 4_096;

/// A signature over the exact octets of a body: `{signing_type};{key};{base64}`. Optional, and nothing is verified here:
/// who does not know the key passes it over, who does hands [`signed_content`](Self::signed_content) to a verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodySignature {
    /// As in reports. It never selects an algorithm.
    pub signing_type: String,
    /// A hint at the key.
    pub key: String,
    /// The signature, base64.
    pub value: String,
}

impl BodySignature {
    /// A signature of these parts.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) for parts that are empty, have a semicolon, or cannot stand in a header.
    pub fn new(
        signing_type: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, Error> {
        let signature = Self { signing_type: signing_type.into(), key: key.into(), value: value.into() };
        let fits = |part: &String| {
            !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'!'..=b'~' | b' ') && byte != b';')
        };
        if [&signature.signing_type, &signature.key, &signature.value].into_iter().all(fits) {
            return Ok(signature);
        }
        Err(Error::argument("the parts of a signature header are printable ASCII without semicolons"))
    }

    /// The signature that came with a message. None if there is none, there are several, or it cannot be read.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(SIGNATURE_HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let mut parts = value.to_str().ok().filter(|text| text.len() <= LONGEST)?.split(';');
        let read = Self::new(parts.next()?.trim(), parts.next()?.trim(), parts.next()?.trim()).ok()?;
        parts.next().is_none().then_some(read)
    }

    /// Puts it on a message whose body is complete.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) for parts that cannot stand in a header.
    pub fn attach(&self, headers: &mut HeaderMap) -> Result<(), Error> {
        let text = format!("{};{};{}", self.signing_type, self.key, self.value);
        let value = HeaderValue::try_from(text)
            .map_err(|error| Error::argument("the signature cannot be a header").caused_by(error))?;
        headers.insert(SIGNATURE_HEADER, value);
        Ok(())
    }

    /// What it covers, for a verifier.
    pub fn signed_content<'a>(&'a self, body: &'a [u8]) -> SignedContent<'a> {
        let mut content = SignedContent::new(body, Place::ApiBody);
        content.signing_word = Some(self.signing_type.as_str().into());
        content.key_text = Some(self.key.as_str().into());
        content.signature = Some(self.value.as_str().into());
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_comes_as_it_went() {
        let signature = BodySignature::new("SHA256", "regid.2017-05.com.cisco.C9300,v1_x", "AAAA").unwrap();
        let mut headers = HeaderMap::new();
        signature.attach(&mut headers).unwrap();
        assert_eq!(headers[SIGNATURE_HEADER], "SHA256;regid.2017-05.com.cisco.C9300,v1_x;AAAA");
        assert_eq!(BodySignature::of(&headers).as_ref(), Some(&signature));
        let content = signature.signed_content(b"{}");
        assert_eq!((&*content.bytes, content.signature.as_deref()), (&b"{}"[..], Some("AAAA")));
    }

    #[test]
    fn what_cannot_be_read_is_none_and_two_are_none() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(SIGNATURE_HEADER, HeaderValue::try_from(*value).unwrap());
            }
            BodySignature::of(&headers)
        };
        let long = format!("a;b;{}", "A".repeat(5_000));
        for values in [&[][..], &["a;b"], &["a;b;c;d"], &["a;;c"], &["a;b;c", "a;b;c"], &[&long]] {
            assert_eq!(of(values), None, "{values:.40?}");
        }
        assert!(BodySignature::new("a;b", "c", "d").is_err() && BodySignature::new("a\n", "c", "d").is_err());
    }
}
