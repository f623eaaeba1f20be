//! IOS XR: the procedures of `Cisco-IOS-XR-smart-license-act`, and where the device sends to. Spec: transport, "Other
//! platforms" (doc).
//!
//! There is no procedure for usage reports, imports or trust on this system: reports travel by push alone.

use std::fmt::Write as _;

use super::{BASE, escape, reply};
use crate::cssm::Token;
use crate::rpc::FilePath;
use crate::yang::{XR_ERRORS, XR_TRANSPORT_TYPE};
use crate::{BaseUrl, Error, ErrorKind, Refusal};

const ACTIONS: &str = "http://cisco.com/ns/yang/Cisco-IOS-XR-smart-license-act";
const CONFIGURATION: &str = "http://cisco.com/ns/yang/Cisco-IOS-XR-smart-license-cfg";

/// For which members of a set a reservation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestType {
    /// `None`
    None,
    /// `local`
    Local,
    /// `all`
    All,
    /// `universal`
    Universal,
}

impl RequestType {
    /// Its word in the module.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Local => "local",
            Self::All => "all",
            Self::Universal => "universal",
        }
    }
}

/// A code, or the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeSource {
    /// The code itself.
    Code(String),
    /// A file on the device or on a server that it reaches.
    File(FilePath),
}

/// A procedure of the device, with what it is given.
#[derive(Debug)]
#[non_exhaustive]
pub enum XrRpc {
    /// Ends a registration.
    DeRegister,
    /// Renews the identity.
    RenewId,
    /// Renews the authorization.
    RenewAuth,
    /// Registers.
    #[non_exhaustive]
    RegisterIdToken {
        /// The token, 1 to 255 characters.
        token: Token,
        /// Also where there is a registration already?
        force: bool,
    },
    /// Makes a request code.
    ReservationRequest(RequestType),
    /// Gives a reservation back.
    ReservationReturn(RequestType),
    /// Gives one authorization back.
    ReservationReturnAuthorization(CodeSource),
    /// Installs a reservation.
    ReservationInstall(CodeSource),
    /// Forgets a request.
    ReservationCancel(RequestType),
}

impl XrRpc {
    /// Registers with this token.
    pub fn register(token: Token) -> Self {
        Self::RegisterIdToken { token, force: false }
    }

    /// Names of all procedures of the module.
    pub const NAMES: [&'static str; 9] = [
        "de-register",
        "renew-id",
        "renew-auth",
        "register-id-token",
        "reservation-request",
        "reservation-return",
        "reservation-return-authorization",
        "reservation-install",
        "reservation-cancel",
    ];

    /// Its name in the module.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DeRegister => "de-register",
            Self::RenewId => "renew-id",
            Self::RenewAuth => "renew-auth",
            Self::RegisterIdToken { .. } => "register-id-token",
            Self::ReservationRequest(_) => "reservation-request",
            Self::ReservationReturn(_) => "reservation-return",
            Self::ReservationReturnAuthorization(_) => "reservation-return-authorization",
            Self::ReservationInstall(_) => "reservation-install",
            Self::ReservationCancel(_) => "reservation-cancel",
        }
    }
}

/// The `<rpc>` of a procedure.
///
/// ```
/// use slp_transport::netconf::xr::{self, RequestType, XrRpc};
///
/// let rpc = xr::rpc(7, &XrRpc::ReservationRequest(RequestType::Local));
/// assert!(rpc.ends_with("<request-type>local</request-type></reservation-request></rpc>"));
/// ```
pub fn rpc(message_id: u32, rpc: &XrRpc) -> String {
    let mut out = format!("<rpc message-id=\"{message_id}\" xmlns=\"{BASE}\"><{} xmlns=\"{ACTIONS}\">", rpc.name());
    match rpc {
        XrRpc::DeRegister | XrRpc::RenewId | XrRpc::RenewAuth => {}
        XrRpc::RegisterIdToken { token, force } => {
            element(&mut out, "id-token", token.expose());
            element(&mut out, "force", if *force { "true" } else { "false" });
        }
        XrRpc::ReservationRequest(of) | XrRpc::ReservationReturn(of) | XrRpc::ReservationCancel(of) => {
            element(&mut out, "request-type", of.as_str());
        }
        XrRpc::ReservationReturnAuthorization(source) => code(&mut out, "auth-code", source),
        XrRpc::ReservationInstall(source) => code(&mut out, "authorization-code", source),
    }
    let _ = write!(out, "</{}></rpc>", rpc.name());
    out
}

fn element(out: &mut String, name: &str, text: &str) {
    let _ = write!(out, "<{name}>");
    escape(out, text);
    let _ = write!(out, "</{name}>");
}

fn code(out: &mut String, name: &str, source: &CodeSource) {
    match source {
        CodeSource::Code(text) => element(out, name, text),
        CodeSource::File(path) => {
            out.push_str("<file>");
            element(out, "file-path", path.as_str());
            out.push_str("</file>");
        }
    }
}

/// The `<rpc>` that sets how the device sends and, for a collector, where to.
///
/// # Errors
/// [`Argument`](ErrorKind::Argument) for a word that is not in [`XR_TRANSPORT_TYPE`], and for an address of more than 200
/// characters.
pub fn set_transport(message_id: u32, transport: &str, collector: Option<&BaseUrl>) -> Result<String, Error> {
    if XR_TRANSPORT_TYPE.number(transport).is_none() {
        return Err(Error::argument(format!("{} is no transport of this system", slp_model::Quoted(transport))));
    }
    let mut out = format!(
        "<rpc message-id=\"{message_id}\" xmlns=\"{BASE}\"><edit-config><target><candidate/></target><config>\
         <licensing xmlns=\"{CONFIGURATION}\"><transport>"
    );
    if let Some(url) = collector {
        let url = url.to_string();
        if url.chars().count() > 200 {
            return Err(Error::argument("an address on this system has at most 200 characters"));
        }
        out.push_str("<transport-smart><urls>");
        element(&mut out, "url-cslu", &url);
        out.push_str("</urls></transport-smart>");
    }
    element(&mut out, "transport-type", transport);
    out.push_str("</transport></licensing></config></edit-config></rpc>");
    Ok(out)
}

/// What a device answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct XrAnswer {
    /// A word of [`XR_ERRORS`], or one that is not in the module.
    pub return_code: String,
    /// What the device says about it, for people.
    pub display_string: Option<String>,
    /// The code to reserve with.
    pub request_code: Option<String>,
    /// The code that confirms an installation.
    pub confirmation_code: Option<String>,
    /// The code of a return.
    pub return_reservation_code: Option<String>,
}

/// Reads the `<rpc-reply>` of a procedure.
///
/// # Errors
/// [`Schema`](ErrorKind::Schema) if it is no such answer; [`Echo`](ErrorKind::Echo) for the answer to another message;
/// [`Server`](ErrorKind::Server) for an `<rpc-error>`; [`Device`](ErrorKind::Device) when the device says that it failed.
pub fn answer(message_id: u32, text: &str) -> Result<XrAnswer, Error> {
    let reply = reply::Reply::read_to(message_id, text)?;
    let leaf = |name: &str| reply.leaf(name).map(str::to_owned);
    let code = leaf("return-code").ok_or_else(|| Error::new(ErrorKind::Schema, "the answer has no return-code"))?;
    if reply.leaf("operation-status") != Some("success") {
        let mut text = format!("the device answered {}", slp_model::Quoted(&code));
        if let Some(number) = XR_ERRORS.number(&code) {
            let _ = write!(text, " (error {number} of this system)");
        }
        let mut refusal = Refusal::new(0);
        (refusal.message_code, refusal.message) = (Some(code), leaf("display-string"));
        return Err(Error::new(ErrorKind::Device, text).at(slp_model::Location::path("rpc-reply")).caused_by(refusal));
    }
    Ok(XrAnswer {
        return_code: code,
        display_string: leaf("display-string"),
        request_code: leaf("request-code"),
        confirmation_code: leaf("confirmation-code"),
        return_reservation_code: leaf("reservation-return-code"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: &str, code: &str) -> String {
        format!(
            "<rpc-reply message-id=\"7\" xmlns=\"{BASE}\"><reservation-codes xmlns=\"{ACTIONS}\"><response>\
             <operation-status>{status}</operation-status><return-code>{code}</return-code></response>\
             <request-code>CA-ZTST-A1</request-code></reservation-codes></rpc-reply>"
        )
    }

    #[test]
    fn an_answer_has_a_status_of_its_own_beside_the_code() {
        let answered = answer(7, &reply("success", "success")).unwrap();
        assert_eq!(answered.request_code.as_deref(), Some("CA-ZTST-A1"));
        let error = answer(7, &reply("failed", "notenabled")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        assert_eq!(error.to_string(), "rpc-reply: the device answered \"notenabled\" (error 19 of this system)");
        assert_eq!(answer(8, &reply("success", "success")).unwrap_err().kind(), ErrorKind::Echo);
        assert_eq!(answer(7, "<rpc-reply message-id=\"7\"><ok/></rpc-reply>").unwrap_err().kind(), ErrorKind::Schema);
    }

    #[test]
    fn a_code_is_given_as_text_or_as_a_file() {
        let text = rpc(1, &XrRpc::ReservationInstall(CodeSource::Code("a<b".into())));
        assert!(text.contains("<authorization-code>a&lt;b</authorization-code>"), "{text}");
        let file = CodeSource::File(FilePath::new("disk0:code.txt").unwrap());
        let text = rpc(1, &XrRpc::ReservationReturnAuthorization(file));
        assert!(text.contains("<file><file-path>disk0:code.txt</file-path></file>"), "{text}");
    }

    #[test]
    fn the_collector_is_set_with_its_transport() {
        let url: BaseUrl = "http://192.0.2.7:8182/cslu/v1/pi".parse().unwrap();
        let text = set_transport(1, "transport-type-cslu", Some(&url)).unwrap();
        assert!(text.contains("<url-cslu>http://192.0.2.7:8182/cslu/v1/pi</url-cslu>"), "{text}");
        assert!(text.contains("<transport-type>transport-type-cslu</transport-type>"), "{text}");
        assert!(set_transport(1, "cslu", None).is_err());
    }
}
