//! What all answers have in common: status first, then the body.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use slp_model::Location;
use slp_model::json::ValueKind;

use crate::message::Template;
use crate::retry::{self, RetryAfter};
use crate::wire::{self, Fail, In, Wire};
use crate::{Error, ErrorKind, Limits, Refusal};

/// How much of a refusing body is kept.
const KEPT: usize = 4_096;
/// The longest refusing body that is read for its words. Real ones have some hundred bytes.
const READ: usize = 64 * 1_024;

/// Is the answer a success? Looks at nothing but the status, before anything is read.
///
/// A redirect is a refusal: the credential of this request belongs to the address that was asked.
pub(crate) fn success(response: &Response<Vec<u8>>, operation: &str) -> Result<(), Error> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() {
        let text = format!("the peer answered with a redirect ({}), which is not followed", status.as_u16());
        return Err(Error::new(ErrorKind::Redirect, text).at(Location::path(operation)));
    }
    let refusal = refusal(response);
    let kind = match refusal.retry {
        retry::Retry::Throttle { .. } => ErrorKind::Throttled,
        retry::Retry::Transient => ErrorKind::Unavailable,
        _ => match status.as_u16() {
            401 => ErrorKind::Auth,
            403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            _ => ErrorKind::Status,
        },
    };
    Err(Error::refused(kind, operation, refusal))
}

/// What a refusing answer says.
pub(crate) fn refusal(response: &Response<Vec<u8>>) -> Refusal {
    let status = response.status().as_u16();
    let headers = response.headers();
    let mut refusal = Refusal::new(status);
    refusal.retry = retry::of_status(status, header_text(headers, "retry-after").and_then(RetryAfter::parse));
    refusal.correlation_id =
        header_text(headers, "x-correlation-id").or_else(|| header_text(headers, "x-request-id")).map(str::to_owned);
    refusal.body = response.body().get(..KEPT).unwrap_or(response.body()).to_vec();
    read_error_body(response.body(), &mut refusal);
    refusal
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Error bodies come in many shapes; what cannot be read stays in `body`.
fn read_error_body(body: &[u8], refusal: &mut Refusal) {
    let limits = Limits::default();
    let Some(Ok(text)) = (body.len() <= READ).then(|| std::str::from_utf8(body)) else {
        return;
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut found = Refusal::new(refusal.status);
    if read_members(&mut In::new(text, &limits), &mut found).is_ok() {
        refusal.message_code = found.message_code;
        refusal.message = found.message;
        refusal.errors = found.errors;
        refusal.correlation_id = found.correlation_id.or(refusal.correlation_id.take());
    }
}

fn read_members(input: &mut In<'_, '_>, found: &mut Refusal) -> Result<(), Fail> {
    input.reader.begin_object()?;
    while let Some(name) = input.reader.next_member()? {
        let kind = input.reader.kind()?;
        match (&*name, kind) {
            (
                "message_code" | "error_code" | "error" | "code",
                ValueKind::String | ValueKind::Number | ValueKind::Null,
            ) => {
                found.message_code = wire::said(input)?;
            }
            (
                "message" | "status_message" | "statusMessage" | "error_description",
                ValueKind::String | ValueKind::Null,
            ) => {
                found.message = wire::said(input)?.or(found.message.take());
            }
            ("correlation_id", ValueKind::String) => found.correlation_id = wire::said(input)?,
            ("errors", ValueKind::Object) => {
                if let Ok(errors) = BTreeMap::read(&mut input.probe()) {
                    found.errors.extend(errors);
                }
                input.reader.skip()?;
            }
            // A bare `{"field":["text"]}` (seen in failure reasons of devices).
            (_, ValueKind::Array) => {
                let name = name.into_owned();
                if let Ok(texts) = Vec::<String>::read(&mut input.probe()) {
                    found.errors.insert(name, texts);
                } else if let Ok(reasons) = reasons_of_items(&mut input.probe())
                    && let Some(first) = reasons.first()
                {
                    // Some calls have the reasons in the items that were refused (code).
                    found.message.get_or_insert_with(|| first.clone());
                    found.errors.insert(name, reasons);
                }
                input.reader.skip()?;
            }
            _ => drop(input.reader.skip()?),
        }
    }
    Ok(())
}

/// `statusMessage` of the items of an array.
fn reasons_of_items(input: &mut In<'_, '_>) -> Result<Vec<String>, Fail> {
    let mut reasons = Vec::new();
    input.reader.begin_array()?;
    while input.reader.next_element()? {
        input.reader.begin_object()?;
        while let Some(name) = input.reader.next_member()? {
            match &*name {
                "statusMessage" | "status_message" => reasons.extend(wire::said(input)?),
                _ => drop(input.reader.skip()?),
            }
        }
    }
    Ok(reasons)
}

/// The typed body of a success.
pub(crate) fn body_of<T: Wire>(response: &Response<Vec<u8>>, limits: &Limits, operation: &str) -> Result<T, Error> {
    success(response, operation)?;
    wire::from_body(response.body(), limits, operation)
}

/// The error of a success whose body says that it is none.
pub(crate) fn failed(response: &Response<Vec<u8>>, operation: &str) -> Error {
    Error::refused(ErrorKind::Server, operation, refusal(response))
}

/// The values of a path template, or the error of another path.
pub(crate) fn take(template: Template, request: &Request<Vec<u8>>, operation: &str) -> Result<Vec<String>, Error> {
    template.take(request.uri().path()).ok_or_else(|| {
        Error::new(ErrorKind::Request, "the path is not that of this call").at(Location::path(operation))
    })
}

/// A JSON answer.
pub(crate) fn respond(status: StatusCode, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The error of a request that is not the one an operation serves, if it is not.
pub(crate) fn not_served<T>(request: &Request<T>, method: &Method, operation: &str) -> Result<(), Error> {
    if request.method() == method {
        return Ok(());
    }
    let text = format!("{} where {method} should stand", slp_model::Quoted(request.method().as_str()));
    Err(Error::new(ErrorKind::Request, text).at(Location::path(operation)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Error {
        let response = Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        success(&response, "GET /x").unwrap_err()
    }

    #[test]
    fn error_bodies_of_every_shape_are_read_and_kept() {
        let text = r#"{"product_instance_identifier":["The identity is not valid.Please re-register the instance."]}"#;
        let error = refused(422, text);
        let refusal = error.refusal().unwrap();
        assert!(refusal.identity_lost());
        assert_eq!(refusal.body, text.as_bytes());
        let error = refused(400, r#"{"message_code":"LS_X","message":"no","errors":{"a":["b"],"c":"d"}}"#);
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.message_code.as_deref(), refusal.message.as_deref()), (Some("LS_X"), Some("no")));
        assert_eq!(refusal.errors.len(), 2);
    }

    #[test]
    fn an_error_page_is_kept_up_to_four_kibibytes() {
        let page = format!("<html>{}</html>", "x".repeat(10_000));
        let error = refused(502, &page);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
        assert_eq!(error.refusal().unwrap().body.len(), 4_096);
    }

    #[test]
    fn a_refusal_with_a_flood_of_fields_has_a_short_text_and_little_memory() {
        let fields: Vec<_> = (0..2_000).map(|number| format!("\"field{number}\":[\"no\"]")).collect();
        let error = refused(400, &format!("{{{}}}", fields.join(",")));
        assert!(error.to_string().len() < 600, "{}", error.to_string().len());
        let long = "x".repeat(60_000);
        let many = vec![format!("\"{long}\""); 100].join(",");
        let error = refused(400, &format!("{{\"message\":\"no\",\"errors\":{{\"a\":[{many}]}}}}"));
        let kept: usize = error.refusal().unwrap().errors.values().flatten().map(String::len).sum();
        assert!(kept < 100_000, "{kept} bytes");
    }

    #[test]
    fn the_reasons_of_refused_items_are_kept() {
        let body = r#"{"status":"ERROR","authorizationCodes":[{"status":"ERROR","statusMessage":"No such code"},{"status":"SUCCESS","statusMessage":"None"},{"status_message":"Other"}]}"#;
        let error = failed(&Response::new(body.as_bytes().to_vec()), "POST /x");
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.errors["authorizationCodes"], ["No such code", "Other"]);
        assert_eq!(refusal.message.as_deref(), Some("No such code"));
    }

    #[test]
    fn a_redirect_is_not_followed() {
        assert_eq!(refused(302, "").kind(), ErrorKind::Redirect);
        assert_eq!(refused(301, "").retry(), retry::Retry::Never);
    }
}
