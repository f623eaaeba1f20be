//! `POST /smartlic-service/import`: a licence document into the device. Spec: transport, "a1".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, Response};

use crate::device::Session;
use crate::envelope::decode_base64;
use crate::message::{self, Serve, Template};
use crate::{Call, Error, ErrorKind, Exchange, Limits};

/// How the document travels. The published documents say base64, the published program sends XML (code).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportEncoding {
    /// Standard alphabet, padded, no line breaks, bare text without quotes.
    #[default]
    Base64,
    /// The bytes of the document.
    RawXml,
}

/// Imports one document: an acknowledgement, an authorization code, a policy, a trust code. Not a byte of it is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// The document, as the cloud gave it.
    pub document: Vec<u8>,
    /// How it travels.
    pub encoding: ImportEncoding,
}

impl Import {
    /// Imports a document, as base64.
    pub fn new(document: impl Into<Vec<u8>>) -> Self {
        Self { document: document.into(), encoding: ImportEncoding::default() }
    }

    /// The same document in this encoding.
    #[must_use]
    pub fn with_encoding(mut self, encoding: ImportEncoding) -> Self {
        self.encoding = encoding;
        self
    }
}

/// The encoding to try once more after this error, if any: 400, 415, 422 and 500 may mean that the device wants the other
/// one. Remember per device what worked. Spec: transport, "a1" (choice).
pub fn import_fallback(tried: ImportEncoding, error: &Error) -> Option<ImportEncoding> {
    let status = error.refusal().map(|refusal| refusal.status);
    match (tried, status) {
        (ImportEncoding::Base64, Some(400 | 415 | 422 | 500)) => Some(ImportEncoding::RawXml),
        _ => None,
    }
}

impl Exchange for Import {
    type Answer = ();
    const OPERATION: &'static str = "POST /smartlic-service/import";

    fn answer(response: &Response<Vec<u8>>, _: &Limits) -> Result<(), Error> {
        message::success(response, Self::OPERATION)
    }
}

impl Call<Session> for Import {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        let body = match self.encoding {
            ImportEncoding::Base64 => STANDARD.encode(&self.document).into_bytes(),
            ImportEncoding::RawXml => self.document,
        };
        session.request(Method::POST, "/smartlic-service/import", Some(body))
    }
}

impl Serve for Import {
    /// A body whose first byte is `<` is XML; else it is base64, bare or as a JSON string.
    fn from_http(request: &Request<Vec<u8>>, limits: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::POST, Self::OPERATION)?;
        message::take(Template("/smartlic-service/import"), request, Self::OPERATION)?;
        let body = request.body();
        if body.trim_ascii_start().starts_with(b"<") {
            if body.len() > limits.document_bytes {
                let limit = u64::try_from(limits.document_bytes).unwrap_or(u64::MAX);
                return Err(Error::limit("document_bytes", limit, Self::OPERATION));
            }
            return Ok(Self::new(body.as_slice()).with_encoding(ImportEncoding::RawXml));
        }
        let text = body.trim_ascii();
        let bare = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
        // Some JSON writers escape the slashes of base64.
        let plain: Vec<u8> = bare.unwrap_or(text).iter().copied().filter(|byte| *byte != b'\\').collect();
        if plain.trim_ascii().is_empty() {
            let error = Error::new(ErrorKind::Schema, "there is no document in the request");
            return Err(error.at(slp_model::Location::path(Self::OPERATION)));
        }
        decode_base64(&plain, limits).map(Self::new)
    }

    fn respond((): &()) -> Result<Response<Vec<u8>>, Error> {
        Ok(Response::new(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BaseUrl, Secret};

    const DOCUMENT: &[u8] = b"<smartLicense a='it\\'s'>\r\n\xc3\xa9</smartLicense>";

    fn request(encoding: ImportEncoding) -> Request<Vec<u8>> {
        let base: BaseUrl = "https://192.0.2.1".parse().unwrap();
        let session = Session::new(base, "slp", Secret::new("x"));
        Import::new(DOCUMENT).with_encoding(encoding).into_http(&session).unwrap()
    }

    #[test]
    fn base64_a_json_string_of_it_and_xml_bring_the_same_bytes() {
        let limits = Limits::default();
        let bare = request(ImportEncoding::Base64);
        let mut quoted = bare.clone();
        let text = format!("\"{}\"\n", String::from_utf8(bare.body().clone()).unwrap().replace('/', "\\/"));
        *quoted.body_mut() = text.into_bytes();
        for request in [bare, quoted, request(ImportEncoding::RawXml)] {
            assert_eq!(Import::from_http(&request, &limits).unwrap().document, DOCUMENT);
        }
    }

    #[test]
    fn a_refused_encoding_is_followed_by_the_other_one_once() {
        let refused = |status: u16| {
            let response = Response::builder().status(status).body(Vec::new()).unwrap();
            Import::answer(&response, &Limits::default()).unwrap_err()
        };
        for status in [400, 415, 422, 500] {
            let error = refused(status);
            assert_eq!(import_fallback(ImportEncoding::Base64, &error), Some(ImportEncoding::RawXml));
            assert_eq!(import_fallback(ImportEncoding::RawXml, &error), None);
        }
        assert_eq!(import_fallback(ImportEncoding::Base64, &refused(401)), None);
    }

    #[test]
    fn an_empty_or_broken_import_is_refused() {
        for body in ["", "  ", "\"\"", " \"\" \n", "\"  \"", "\\"] {
            let mut request = request(ImportEncoding::Base64);
            *request.body_mut() = body.as_bytes().to_vec();
            let error = Import::from_http(&request, &Limits::default()).unwrap_err();
            assert_eq!(error.message(), "there is no document in the request", "{body}");
        }
        let mut request = request(ImportEncoding::Base64);
        *request.body_mut() = b"%%%".to_vec();
        assert!(Import::from_http(&request, &Limits::default()).is_err());
    }
}
