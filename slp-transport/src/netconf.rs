//! NETCONF payloads: XML texts for a session that the caller has. Framing and SSH are not ours. Spec: transport, "a2".

use std::fmt::Write as _;

use crate::rpc::{Input, Rpc, RpcAnswer};
use crate::{BaseUrl, Error, ErrorKind};

mod reply; // reads answers
pub mod xr; // the other system

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
const MODULE: &str = "http://cisco.com/ns/yang/cisco-smart-license";

/// What carries NETCONF messages: one request in, one answer out.
pub trait NetconfSession {
    /// The error of the caller's session.
    type Error;

    /// Sends one `<rpc>` and waits for its `<rpc-reply>`.
    ///
    /// # Errors
    /// Those of the session.
    fn exchange(&mut self, rpc: &str) -> Result<String, Self::Error>;
}

/// The `<rpc>` of a procedure call.
///
/// ```
/// use slp_transport::netconf;
/// use slp_transport::rpc::{FilePath, Rpc};
///
/// let rpc = netconf::rpc(7, &Rpc::SaveUsageUnreported(FilePath::new("bootflash:slp.txt")?));
/// assert!(rpc.ends_with("<file-path>bootflash:slp.txt</file-path></rum-save-usage-unreported></rpc>"));
/// # Ok::<(), slp_transport::Error>(())
/// ```
pub fn rpc(message_id: u32, rpc: &Rpc) -> String {
    let mut out = format!("<rpc message-id=\"{message_id}\" xmlns=\"{BASE}\"><{} xmlns=\"{MODULE}\">", rpc.name());
    for (name, input) in rpc.inputs() {
        let _ = write!(out, "<{name}>");
        match input {
            Input::Text(text) | Input::Path(text) | Input::Secret(text) => escape(&mut out, text),
            Input::Flag(flag) => out.push_str(if flag { "true" } else { "false" }),
            Input::Number(number) => {
                let _ = write!(out, "{number}");
            }
        }
        let _ = write!(out, "</{name}>");
    }
    let _ = write!(out, "</{}></rpc>", rpc.name());
    out
}

/// The `<rpc>` that sets the address of the collector in the running configuration (code).
pub fn set_cslu_url(message_id: u32, url: &BaseUrl) -> String {
    let mut out = format!(
        "<rpc message-id=\"{message_id}\" xmlns=\"{BASE}\"><edit-config><target><running/></target><config>\
         <licensing xmlns=\"{MODULE}\"><config><transport><transport-cslu><url-cslu>"
    );
    escape(&mut out, &url.to_string());
    out.push_str("</url-cslu></transport-cslu></transport></config></licensing></config></edit-config></rpc>");
    out
}

/// Reads the `<rpc-reply>` of a procedure call.
///
/// # Errors
/// [`Schema`](ErrorKind::Schema) if it is no such answer; [`Echo`](ErrorKind::Echo) for the answer to another message;
/// [`Server`](ErrorKind::Server) for an `<rpc-error>`; [`Device`](ErrorKind::Device) for a word that is no success.
pub fn answer(message_id: u32, text: &str) -> Result<RpcAnswer, Error> {
    let reply = reply::Reply::read_to(message_id, text)?;
    if reply.ok {
        return Ok(RpcAnswer::new("success"));
    }
    let Some(word) = reply.leaf("return-code") else {
        return Err(Error::new(ErrorKind::Schema, "the answer has no return-code"));
    };
    let mut answer = RpcAnswer::new(word);
    answer.authorization_return_string = reply.leaf("authorization-return-string").map(str::to_owned);
    answer.confirmation_codes = reply.leaf("confirmation-codes").map(str::to_owned);
    answer.checked("rpc-reply")
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::FilePath;

    const REPLY: &str = r#"<?xml version="1.0"?>
<rpc-reply message-id="7" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><x:return-code xmlns:x="http://cisco.com/ns/yang/cisco-smart-license"> success </x:return-code></rpc-reply>"#;

    #[test]
    fn a_call_is_written_with_its_texts_escaped() {
        let call = Rpc::SaveUsageAll(FilePath::new("ftp://host/a&b<c>").unwrap());
        assert_eq!(
            rpc(7, &call),
            "<rpc message-id=\"7\" xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><rum-save-usage-all \
             xmlns=\"http://cisco.com/ns/yang/cisco-smart-license\"><file-path>ftp://host/a&amp;b&lt;c&gt;</file-path>\
             </rum-save-usage-all></rpc>"
        );
    }

    #[test]
    fn an_answer_is_read_whatever_its_prefix() {
        assert_eq!(answer(7, REPLY).unwrap().return_code, "success");
        assert_eq!(answer(8, REPLY).unwrap_err().kind(), ErrorKind::Echo);
        assert_eq!(answer(7, &REPLY.replace("success", "notfound")).unwrap_err().kind(), ErrorKind::Device);
        let ok = r#"<rpc-reply message-id="7"><ok/></rpc-reply>"#;
        assert_eq!(answer(7, ok).unwrap().return_code, "success");
    }

    #[test]
    fn an_rpc_error_keeps_its_tag_and_text() {
        let text = r#"<rpc-reply message-id="7"><rpc-error><error-tag>in-use</error-tag><error-message>a &amp; b</error-message></rpc-error></rpc-reply>"#;
        let error = answer(7, text).unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.message_code.as_deref(), refusal.message.as_deref()), (Some("in-use"), Some("a & b")));
    }

    #[test]
    fn hostile_answers_are_refused() {
        for text in [
            "",
            "<rpc-reply",
            "<a></b>",
            "<rpc-reply message-id=\"7\"></rpc-reply><x/>",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><rpc-reply message-id=\"7\"><return-code>&e;</return-code></rpc-reply>",
            "<rpc-reply message-id=\"7\"><return-code>&unknown;</return-code></rpc-reply>",
            &"<a>".repeat(100_000),
        ] {
            assert_eq!(answer(7, text).unwrap_err().kind(), ErrorKind::Schema, "{text:.40}");
        }
    }

    #[test]
    fn the_number_of_an_answer_is_the_attribute_and_nothing_that_looks_like_it() {
        let answer = |attributes: &str| answer(7, &format!("<rpc-reply {attributes}><ok/></rpc-reply>"));
        for good in [
            "message-id='7'",
            "message-id = \"7\"",
            "xmlns='message-id=\"8\"' message-id='7'",
            "x:message-id='8' message-id='7'",
            "message-id='&#55;' a='>'",
        ] {
            assert_eq!(answer(good).unwrap().return_code, "success", "{good}");
        }
        for (bad, kind) in [
            ("", ErrorKind::Echo),
            ("x:message-id='7'", ErrorKind::Echo),
            ("a='message-id=\"7\"'", ErrorKind::Echo),
            ("message-id='7' message-id='7'", ErrorKind::Schema),
            ("message-id=7", ErrorKind::Schema),
            ("message-id='7&#0;'", ErrorKind::Schema),
        ] {
            assert_eq!(answer(bad).unwrap_err().kind(), kind, "{bad}");
        }
    }

    #[test]
    fn a_character_that_xml_does_not_have_is_refused_however_it_is_written() {
        let answer = |word: &str| answer(7, &REPLY.replace(" success ", word));
        for good in ["success", "&#115;uccess", "s&#x75;ccess", " &#10;success&#x9;"] {
            assert_eq!(answer(good).unwrap().return_code, "success", "{good}");
        }
        for bad in [
            "success&#0;",
            "success&#x1b;",
            "success&#xFFFE;",
            "success\u{1b}",
            "succ&#+101;ss",
            "&#xD800;",
            "&#x110000;",
        ] {
            assert_eq!(answer(bad).unwrap_err().kind(), ErrorKind::Schema, "{bad}");
        }
    }

    #[test]
    fn the_address_of_the_collector_is_set_in_the_running_configuration() {
        let url: BaseUrl = "http://192.0.2.7:8182/cslu/v1/pi".parse().unwrap();
        let text = set_cslu_url(1, &url);
        assert!(text.contains("<url-cslu>http://192.0.2.7:8182/cslu/v1/pi</url-cslu>"));
        assert!(text.contains("<target><running/></target>"));
    }
}
