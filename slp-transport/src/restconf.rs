//! RESTCONF of a device: read its licensing state, call its procedures. Spec: transport, "a2".
//!
//! The report bodies are not in the model: the keys tell which reports there are, `rum-save-usage-*` writes them to a
//! file, the file is copied. Calls use the user of [`device::Session`](crate::device::Session).

pub mod state; // the tree of the module, typed

pub use state::{Read, ReportKey};

use http::{HeaderValue, Method, Request, Response, header};
use slp_model::Location;
use slp_model::json::ValueKind;

use crate::device::Session;
use crate::message::{self, Masked};
use crate::rpc::{Input, Rpc, RpcAnswer};
use crate::secret::without_password;
use crate::wire::{self, Fail, In, Out, RawJson, Wire, record};
use crate::{Call, Error, Exchange, Limits};

const MODULE: &str = "cisco-smart-license";

/// Under which path a device takes its procedures. RFC 8040 says `/operations`, a working client uses `/data`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RpcPath {
    /// `/restconf/operations/…`, input wrapped as `cisco-smart-license:input` (doc).
    #[default]
    Operations,
    /// `/restconf/data/…`, input wrapped under the name of the call (code).
    Data,
}

/// The other path to try after this error, if any. Remember per device what worked. Spec: transport, "Addressing".
pub fn rpc_fallback(tried: RpcPath, error: &Error) -> Option<RpcPath> {
    let refusal = error.refusal()?;
    let tag = refusal.message_code.as_deref().unwrap_or_default();
    let moved = match refusal.status {
        404 | 405 => true,
        400 => matches!(tag, "invalid-value" | "unknown-element" | "operation-not-supported"),
        _ => false,
    };
    (moved && tried == RpcPath::Operations).then_some(RpcPath::Data)
}

/// A procedure call under one of the paths.
#[derive(Debug)]
#[non_exhaustive]
pub struct RpcCall {
    /// What is called.
    pub rpc: Rpc,
    /// Under which of the two paths it is called.
    pub path: RpcPath,
}

impl RpcCall {
    /// The call, under the path of the standard.
    pub fn new(rpc: Rpc) -> Self {
        Self { rpc, path: RpcPath::default() }
    }

    /// The same call under this path.
    #[must_use]
    pub fn under(mut self, path: RpcPath) -> Self {
        self.path = path;
        self
    }

    fn body(&self, masked: bool) -> String {
        let inputs = self.rpc.inputs();
        if inputs.is_empty() {
            return String::new();
        }
        let mut out = Out { text: String::from("{"), masked };
        let mut first = true;
        match self.path {
            RpcPath::Operations => out.member(&mut first, "cisco-smart-license:input"),
            RpcPath::Data => out.member(&mut first, &format!("{MODULE}:{}", self.rpc.name())),
        }
        out.text.push('{');
        first = true;
        for (name, input) in inputs {
            out.member(&mut first, name);
            match input {
                Input::Secret(_) if masked => out.string("***"),
                Input::Path(path) if masked => out.string(&without_password(path)),
                Input::Text(text) | Input::Path(text) | Input::Secret(text) => out.string(text),
                Input::Flag(flag) => flag.write(&mut out),
                Input::Number(number) => number.write(&mut out),
            }
        }
        out.text.push_str("}}");
        out.text
    }
}

impl Exchange for RpcCall {
    type Answer = RpcAnswer;
    const OPERATION: &'static str = "POST /restconf/operations/cisco-smart-license:{rpc}";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<RpcAnswer, Error> {
        success(response, Self::OPERATION)?;
        let answer: Wrapped<Output> = wire::from_body(response.body(), limits, Self::OPERATION)?;
        let output = answer.0;
        let mut answer = RpcAnswer::new(output.return_code);
        answer.authorization_return_string = output.authorization_return_string;
        answer.confirmation_codes = output.confirmation_codes;
        answer.checked(Self::OPERATION)
    }
}

impl Call<Session> for RpcCall {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        let root = match self.path {
            RpcPath::Operations => "operations",
            RpcPath::Data => "data",
        };
        let path = format!("/restconf/{root}/{MODULE}:{}", self.rpc.name());
        let (body, masked) = (self.body(false), self.body(true));
        let mut request = request(session, Method::POST, &path, body)?;
        request.extensions_mut().insert(Masked(masked));
        Ok(request)
    }
}

/// A part of the state as raw JSON, by its path below `state-info`, such as `udi/pid` or `usage={tag}/count`. The parts with
/// types are read by [`Read`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadState {
    /// Names of the tree, joined by slashes; `udi`, `transport/transport-type`, …
    pub leaf: String,
}

impl ReadState {
    /// The part at this path; see [`leaf`](Self::leaf).
    pub fn new(leaf: impl Into<String>) -> Self {
        Self { leaf: leaf.into() }
    }

    /// The keys of the closed reports: read the answer with [`ReportKey::list`].
    pub fn report_keys() -> Self {
        Self::new("rum-reports-closed-keys")
    }
}

impl Exchange for ReadState {
    type Answer = RawJson;
    const OPERATION: &'static str = "GET /restconf/data/cisco-smart-license:licensing/state/state-info/{leaf}";

    /// The value alone, without the object around it.
    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<RawJson, Error> {
        success(response, Self::OPERATION)?;
        let mut limits = limits.clone();
        limits.body_bytes = limits.device_body_bytes;
        let answer: Wrapped<RawJson> = wire::from_body(response.body(), &limits, Self::OPERATION)?;
        Ok(answer.0)
    }
}

impl Call<Session> for ReadState {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        let mut path = format!("/restconf/data/{MODULE}:licensing/state/state-info");
        for name in self.leaf.split('/') {
            path.push('/');
            message::encode_segment(&mut path, name);
        }
        request(session, Method::GET, &path, String::new())
    }
}

record! {
    /// What a procedure answers.
    pub struct Output {
        /// The return code, a word of [`XE_ERRORS`](crate::yang::XE_ERRORS) or a later one.
        return_code: req String = "return-code",
        /// The code of a return.
        authorization_return_string: opt String = "authorization-return-string",
        /// Codes that were overwritten.
        confirmation_codes: opt String = "confirmation-codes",
    }
}

/// The one member of the module in an object, whatever its name: the wrapper of a call has several.
struct Wrapped<T>(T);

impl<T: Wire> Wire for Wrapped<T> {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        member_of_module(input, None).map(Self)
    }

    fn write(&self, out: &mut Out) {
        self.0.write(out);
    }
}

/// The member of the module with this name, or the only one. Everything may be missing in a part of the tree, so another part
/// would be read as one in which nothing is known.
fn member_of_module<T: Wire>(input: &mut In<'_, '_>, wanted: Option<&'static str>) -> Result<T, Fail> {
    let start = input.reader.value_offset();
    let mut found = None;
    input.reader.begin_object()?;
    loop {
        let at = input.reader.value_offset();
        let Some(name) = input.reader.next_member()? else { break };
        let part = name.strip_prefix(MODULE).and_then(|rest| rest.strip_prefix(':'));
        if part.is_none() || wanted.is_some_and(|wanted| part != Some(wanted)) {
            input.reader.skip()?;
            continue;
        }
        if found.is_some() {
            return Err(Fail::shape(at, "a second part of the module, where one was asked for"));
        }
        found = Some(T::read(input).map_err(|fail| fail.in_member(&name))?);
    }
    found.ok_or_else(|| Fail::missing(start, wanted.unwrap_or(MODULE)))
}

fn request(session: &Session, method: Method, path: &str, body: String) -> Result<Request<Vec<u8>>, Error> {
    let mut request = Request::new(body.into_bytes());
    *request.method_mut() = method;
    *request.uri_mut() = session.base().join(path)?;
    let yang = HeaderValue::from_static("application/yang-data+json");
    let headers = request.headers_mut();
    headers.insert(header::AUTHORIZATION, session.authorization()?);
    headers.insert(header::ACCEPT, yang.clone());
    headers.insert(header::CONTENT_TYPE, yang);
    Ok(request)
}

/// A status that is no success, with the words of the RESTCONF error in it.
fn success(response: &Response<Vec<u8>>, operation: &str) -> Result<(), Error> {
    let Err(error) = message::success(response, operation) else {
        return Ok(());
    };
    let Some(refusal) = error.refusal() else {
        return Err(error);
    };
    let Some((tag, text)) = error_words(response.body()) else {
        return Err(error);
    };
    let mut refusal = refusal.clone();
    (refusal.message_code, refusal.message) = (tag, text);
    Err(Error::new(error.kind(), error.message()).at(Location::path(operation)).caused_by(refusal))
}

/// `error-tag` and `error-message` of the first error, under `errors` or `ietf-restconf:errors`.
fn error_words(body: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let limits = Limits::default();
    let text = wire::body_text(body, limits.body_bytes, "").ok()?;
    let mut input = In::new(text, &limits);
    input.reader.begin_object().ok()?;
    while let Some(name) = input.reader.next_member().ok()? {
        if &*name != "errors" && &*name != "ietf-restconf:errors" {
            input.reader.skip().ok()?;
            continue;
        }
        input.reader.begin_object().ok()?;
        while let Some(name) = input.reader.next_member().ok()? {
            if &*name != "error" {
                input.reader.skip().ok()?;
                continue;
            }
            if input.reader.kind().ok()? == ValueKind::Array {
                input.reader.begin_array().ok()?;
                if !input.reader.next_element().ok()? {
                    return None;
                }
            }
            return words_of_error(&mut input).ok();
        }
    }
    None
}

fn words_of_error(input: &mut In<'_, '_>) -> Result<(Option<String>, Option<String>), Fail> {
    let (mut tag, mut text) = (None, None);
    input.reader.begin_object()?;
    while let Some(name) = input.reader.next_member()? {
        match &*name {
            "error-tag" => tag = wire::said(input)?,
            "error-message" => text = wire::said(input)?,
            _ => drop(input.reader.skip()?),
        }
    }
    Ok((tag, text))
}

#[cfg(test)]
mod tests;
