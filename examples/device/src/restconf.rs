//! RESTCONF: the licensing state, and the procedures that a puller calls. Spec: transport, "a2".
//!
//! Procedures are taken under both paths: the one of the standard, and the one that a working client uses.

use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use slp_model::UnixMillis;
use slp_model::error_code::DeviceError;
use slp_transport::agent::{Event, Phase};
use slp_transport::cssm::Token;
use slp_transport::push::TrustScope;
use slp_transport::restconf::state::Part as _;
use slp_transport::rpc::{FilePath, Rpc, RpcAnswer};

use crate::codes::Road;
use crate::fault::Fault;
use crate::files::Which;
use crate::instance::Device;
use crate::setup::Transport;
use crate::store::Wanted;

const MODULE: &str = "cisco-smart-license";
const TREE: &str = "cisco-smart-license:licensing";
/// Lists, with what they stand in.
const LISTS: [(&str, &str); 7] = [
    ("state-info", "usage"),
    ("state-info", "trust-code"),
    ("state-info", "conversion"),
    ("state-info", "rum-reports-closed-keys"),
    ("state-info", "factory-purchase"),
    ("imported-authorizations", "overall-status"),
    ("imported-authorizations", "authorization-list"),
];
/// Bytes of the input of a procedure.
const INPUT_BYTES: usize = 64 << 10;

/// Why a request is no good: status, `error-tag`, `error-message`.
type Wrong = (StatusCode, &'static str, String);

fn wrong<T>(status: StatusCode, tag: &'static str, text: impl Into<String>) -> Result<T, Wrong> {
    Err((status, tag, text.into()))
}

impl Device {
    /// Answers a request below `/restconf/`.
    pub(crate) fn restconf(&mut self, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        let answered =
            if request.method() == Method::GET { self.state_of(request, now) } else { self.call(request, now) };
        let (status, body) = answered.unwrap_or_else(|(status, tag, text)| {
            let error = json!({ "error-type": "application", "error-tag": tag, "error-message": text });
            (status, json!({ "ietf-restconf:errors": { "error": [error] } }))
        });
        let mut response = Response::new(body.to_string().into_bytes());
        *response.status_mut() = status;
        let yang = header::HeaderValue::from_static("application/yang-data+json");
        response.headers_mut().insert(header::CONTENT_TYPE, yang);
        response
    }

    /// A part of the tree, without anything around it but its name.
    fn state_of(&self, request: &Request<Vec<u8>>, now: UnixMillis) -> Result<(StatusCode, Value), Wrong> {
        if request.uri().query().is_some() {
            return wrong(StatusCode::BAD_REQUEST, "invalid-value", "no query parameters are taken");
        }
        let unknown = |path: &str| (StatusCode::NOT_FOUND, "invalid-value", format!("uri keypath not found: {path}"));
        let path = request.uri().path();
        let below = path.strip_prefix("/restconf/data/").ok_or_else(|| unknown(path))?;
        let below = below.strip_prefix(MODULE).and_then(|rest| rest.strip_prefix(':')).ok_or_else(|| unknown(path))?;
        let tree = self.licensing(now).to_restconf();
        let mut value: Value = serde_json::from_str(&tree).map_err(|error| {
            (StatusCode::INTERNAL_SERVER_ERROR, "operation-failed", format!("the state cannot be written: {error}"))
        })?;
        value = value.get_mut(TREE).map(|tree| json!({ "licensing": tree.take() })).unwrap_or_default();
        let mut last = String::new();
        for segment in below.strip_suffix('/').unwrap_or(below).split('/') {
            let (name, key) = match segment.split_once('=') {
                Some((name, key)) => (name, Some(decoded(key).ok_or_else(|| unknown(path))?)),
                None => (segment, None),
            };
            let name = decoded(name).ok_or_else(|| unknown(path))?;
            let inside = value.as_object_mut().ok_or_else(|| unknown(path))?;
            // the tree leaves out lists without entries
            let nothing = || LISTS.contains(&(last.as_str(), name.as_str())).then(|| json!([]));
            value = inside.remove(&name).or_else(nothing).ok_or_else(|| unknown(path))?;
            if let Some(key) = key {
                let entries = value.as_array_mut().ok_or_else(|| unknown(path))?;
                let is_it = |entry: &Value| entry.get(key_of(&name)).and_then(Value::as_str) == Some(key.as_str());
                entries.retain(is_it);
                value = entries.pop().ok_or_else(|| unknown(path))?;
            }
            last = name;
        }
        Ok((StatusCode::OK, json!({ format!("{MODULE}:{last}"): value })))
    }

    fn call(&mut self, request: &Request<Vec<u8>>, now: UnixMillis) -> Result<(StatusCode, Value), Wrong> {
        let path = request.uri().path();
        let rest = path.strip_prefix("/restconf/").unwrap_or(path);
        let rpc = rest.strip_prefix("operations/").or_else(|| rest.strip_prefix("data/"));
        let name = rpc.and_then(|name| name.strip_prefix(MODULE)).and_then(|name| name.strip_prefix(':'));
        let name = name.and_then(|name| Rpc::NAMES.into_iter().find(|known| *known == name));
        let Some(name) = name else {
            return wrong(StatusCode::NOT_FOUND, "invalid-value", format!("uri keypath not found: {path}"));
        };
        if request.method() != Method::POST {
            return wrong(StatusCode::METHOD_NOT_ALLOWED, "operation-not-supported", "a procedure is called with POST");
        }
        if request.body().len() > INPUT_BYTES {
            return wrong(StatusCode::PAYLOAD_TOO_LARGE, "too-big", "the input of a procedure is short");
        }
        let rpc = Inputs::read(name, request.body())?.rpc(name)?;
        let answer = self.carry_out(rpc.as_ref(), now).unwrap_or_else(|fault| {
            // what an operator at the device would read
            self.note(fault.to_string());
            RpcAnswer::new(fault.word())
        });
        let mut output = Map::new();
        output.insert("return-code".into(), answer.return_code.into());
        if let Some(text) = answer.authorization_return_string {
            output.insert("authorization-return-string".into(), text.into());
        }
        if let Some(codes) = answer.confirmation_codes {
            output.insert("confirmation-codes".into(), codes.into());
        }
        Ok((StatusCode::OK, json!({ format!("{MODULE}:output"): output })))
    }

    /// Calls a procedure; those of the classic way are none here.
    fn carry_out(&mut self, rpc: Option<&Rpc>, now: UnixMillis) -> Result<RpcAnswer, Fault> {
        let success = RpcAnswer::new(DeviceError::Success.as_str());
        let classic = || Fault::denied(DeviceError::NotSupported, "the classic kind of licensing is not supported");
        match rpc.ok_or_else(classic)? {
            Rpc::IdTokenTrust { token, all_ha, force, .. } => {
                if self.saved.transport == Transport::Off {
                    return Err(Fault::denied(DeviceError::CommDisabled, "Device configured for Offline transport"));
                }
                let active = self.active().clone();
                slp_rum::import::may_request_trust(&self.state, &active, *force)?;
                let scope = if *all_ha { TrustScope::All } else { TrustScope::Local };
                self.act(Event::token_for(Token::new(token.expose()), scope, *force), now)?;
                Ok(RpcAnswer::new(DeviceError::RegistrationInProgress.as_str()))
            }
            Rpc::SaveUsageAll(path) => self.save_usage_to(path.as_str(), Which::All, now).map(|()| success),
            Rpc::SaveUsageUnreported(path) => {
                self.save_usage_to(path.as_str(), Which::Unreported, now).map(|()| success)
            }
            Rpc::SaveUsageDays(path, days) => {
                self.save_usage_to(path.as_str(), Which::Days(days.unwrap_or(90)), now).map(|()| success)
            }
            Rpc::TrustRequestSave(path) => {
                let file = self.trust_request_file(now)?;
                self.write_file(path.as_str(), &file).map(|()| success)
            }
            Rpc::AuthorizationRequestOnline { feature_name, local, add, .. } => {
                if matches!(self.agent.state().phase, Phase::Off | Phase::NoTrust) {
                    return Err(Fault::denied(DeviceError::CommDisabled, "there is no server to ask"));
                }
                let feature = feature_name.clone();
                self.ask_for_code(Wanted { feature, count: 1, replace: !*add, all: !*local }, now)?;
                Ok(success)
            }
            Rpc::AuthorizationReturnOnline { local, .. } => {
                let (codes, _) = self.give_back(!*local, Road::Online, now)?;
                Ok(returned(success, &codes))
            }
            Rpc::AuthorizationReturnOffline { local, file_path, .. } => {
                let codes = self.give_back_to(!*local, file_path.as_str(), now)?;
                Ok(returned(success, &codes))
            }
            Rpc::ImportFile(path) => {
                let document = self.read_file(path.as_str())?;
                let taken = self.try_import(&document, now)?;
                let codes: Vec<&str> = taken.confirmations().map(|(_, code)| code).collect();
                let mut answer = success;
                answer.confirmation_codes = (!codes.is_empty()).then(|| codes.join(" "));
                Ok(answer)
            }
            _ => Err(classic()),
        }
    }
}

fn returned(mut answer: RpcAnswer, codes: &[(slp_model::Udi, String)]) -> RpcAnswer {
    let codes: Vec<&str> = codes.iter().map(|(_, code)| code.as_str()).collect();
    answer.authorization_return_string = Some(codes.join(" "));
    answer
}

/// The key of a list of the module.
fn key_of(list: &str) -> &'static str {
    match list {
        "rum-reports-closed-keys" => "rum-report-key",
        "usage" | "authorization-list" => "entitlement-tag",
        "installed-list" => "install-type",
        _ => "key_udi",
    }
}

/// A segment of a path, as it was before it was encoded.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The members of an input.
struct Inputs(Map<String, Value>);

impl Inputs {
    /// What stands inside the one member around them; nothing at all is no input.
    fn read(rpc: &str, body: &[u8]) -> Result<Self, Wrong> {
        if body.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        let malformed = |text: &str| (StatusCode::BAD_REQUEST, "malformed-message", text.to_owned());
        let whole: Value = serde_json::from_slice(body).map_err(|_| malformed("the body is no JSON"))?;
        let Value::Object(whole) = whole else { return Err(malformed("the body is no object")) };
        let mut members = whole.into_iter();
        let (Some((name, inputs)), None) = (members.next(), members.next()) else {
            return Err(malformed("expected one member around the input"));
        };
        let plain = name.strip_prefix(MODULE).and_then(|name| name.strip_prefix(':')).unwrap_or(&name);
        match inputs {
            Value::Object(inputs) if plain == "input" || plain == rpc => Ok(Self(inputs)),
            Value::Object(_) => wrong(StatusCode::BAD_REQUEST, "unknown-element", format!("unknown element: {name}")),
            _ => Err(malformed("the input is no object")),
        }
    }

    /// The procedure with these inputs; none for those of the classic way, whatever their input.
    fn rpc(mut self, name: &str) -> Result<Option<Rpc>, Wrong> {
        let rpc = match name {
            "id-token-trust" => {
                let mut rpc = Rpc::id_token_trust(Token::new(self.text("id-token")?));
                if let Rpc::IdTokenTrust { all_ha, force, .. } = &mut rpc {
                    (*all_ha, *force) = (self.flag("all-ha", false)?, self.flag("force", false)?);
                }
                rpc
            }
            "rum-save-usage-all" => Rpc::SaveUsageAll(self.path()?),
            "rum-save-usage-unreported" => Rpc::SaveUsageUnreported(self.path()?),
            "rum-save-usage-days" => {
                let days = self.0.remove("days").map(|days| {
                    let number = days.as_u64().and_then(|days| u32::try_from(days).ok());
                    number.map_or_else(|| bad("days"), Ok)
                });
                Rpc::SaveUsageDays(self.path()?, days.transpose()?)
            }
            "trust-request-save" => Rpc::TrustRequestSave(self.path()?),
            "authorization-request-online" => {
                let mut rpc = Rpc::authorization_request(self.text("feature-name")?);
                if let Rpc::AuthorizationRequestOnline { local, add, .. } = &mut rpc {
                    (*local, *add) = (self.flag("local", true)?, self.flag("add", true)?);
                }
                rpc
            }
            "authorization-code-return-online" => {
                let mut rpc = Rpc::authorization_return();
                if let Rpc::AuthorizationReturnOnline { local, .. } = &mut rpc {
                    *local = self.flag("local", true)?;
                }
                rpc
            }
            "authorization-code-return-offline" => {
                let local = self.flag("local", true)?;
                Rpc::authorization_return_offline(local, self.path()?)
            }
            "import-file" => Rpc::ImportFile(self.path()?),
            _ => return Ok(None),
        };
        match self.0.keys().next() {
            None => Ok(Some(rpc)),
            Some(name) => wrong(StatusCode::BAD_REQUEST, "unknown-element", format!("unknown element: {name}")),
        }
    }

    fn text(&mut self, name: &str) -> Result<String, Wrong> {
        match self.0.remove(name) {
            Some(Value::String(text)) if (1..=255).contains(&text.chars().count()) => Ok(text),
            Some(_) => bad(name),
            None => wrong(StatusCode::BAD_REQUEST, "missing-element", format!("missing element: {name}")),
        }
    }

    fn path(&mut self) -> Result<FilePath, Wrong> {
        FilePath::new(self.text("file-path")?).or_else(|_| bad("file-path"))
    }

    fn flag(&mut self, name: &str, default: bool) -> Result<bool, Wrong> {
        match self.0.remove(name) {
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => bad(name),
            None => Ok(default),
        }
    }
}

fn bad<T>(name: &str) -> Result<T, Wrong> {
    wrong(StatusCode::BAD_REQUEST, "bad-element", format!("bad value of {name}"))
}
