//! Reads `<rpc-reply>`: a small reader that knows elements, texts and the five entities, and refuses everything else.

use crate::{Error, ErrorKind, Refusal};

/// Elements inside one another; real answers have four.
const DEPTH: usize = 32;
/// Leaves that are kept.
const LEAVES: usize = 1_000;

/// The leaves of an answer: names without prefix, with their texts.
#[derive(Debug, Default)]
pub(super) struct Reply {
    message_id: Option<String>,
    pub(super) ok: bool,
    leaves: Vec<(String, String)>,
    error: bool,
}

impl Reply {
    pub(super) fn leaf(&self, name: &str) -> Option<&str> {
        self.leaves.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The answer to this message, unless it is an error.
    pub(super) fn read_to(message_id: u32, text: &str) -> Result<Self, Error> {
        let reply = Self::read(text)?;
        if reply.message_id.as_deref() != Some(message_id.to_string().as_str()) {
            return Err(Error::new(ErrorKind::Echo, "the answer is that to another message"));
        }
        match reply.refusal() {
            Some(refusal) => Err(Error::refused(ErrorKind::Server, "rpc-reply", refusal)),
            None => Ok(reply),
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        let mut refusal = Refusal::new(0);
        refusal.message_code = self.leaf("error-tag").map(str::to_owned);
        refusal.message = self.leaf("error-message").map(str::to_owned);
        self.error.then_some(refusal)
    }

    fn read(text: &str) -> Result<Self, Error> {
        let mut reply = Self::default();
        let mut open: Vec<&str> = Vec::new();
        let mut rest = text.trim_start_matches('\u{feff}');
        let mut closed = false;
        loop {
            let (plain, tail) = match rest.split_once('<') {
                Some((plain, tail)) => (plain, Some(tail)),
                None => (rest, None),
            };
            match open.last() {
                None if !plain.trim().is_empty() => return Err(broken("text outside the answer")),
                Some(name) if !plain.trim().is_empty() => {
                    if reply.leaves.len() >= LEAVES {
                        return Err(broken("too many elements"));
                    }
                    reply.leaves.push((local(name).to_owned(), unescape(plain.trim())?));
                }
                _ => {}
            }
            let Some(tail) = tail else { break };
            if let Some(tail) = tail.strip_prefix("?") {
                rest = tail.split_once("?>").ok_or_else(|| broken("it ends inside a declaration"))?.1;
                continue;
            }
            if tail.starts_with('!') {
                return Err(broken("a declaration or comment, where none is taken"));
            }
            let (tag, tail) = tail.split_once('>').ok_or_else(|| broken("it ends inside an element"))?;
            rest = tail;
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop() != Some(name.trim_end()) {
                    return Err(broken("an end that fits no beginning"));
                }
                closed |= open.is_empty();
                continue;
            }
            if closed {
                return Err(broken("a second answer in one text"));
            }
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let name = tag.split_ascii_whitespace().next().ok_or_else(|| broken("an element without a name"))?;
            if open.is_empty() {
                reply.message_id = attribute(tag, "message-id");
                if local(name) != "rpc-reply" {
                    return Err(broken("it is no rpc-reply"));
                }
            }
            reply.ok |= local(name) == "ok";
            reply.error |= local(name) == "rpc-error";
            if empty {
                closed |= open.is_empty();
            } else {
                if open.len() >= DEPTH {
                    return Err(broken("elements stand too deep"));
                }
                open.push(name);
            }
        }
        if open.is_empty() && closed { Ok(reply) } else { Err(broken("it ends too early")) }
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(name)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, _) = rest.strip_prefix(quote)?.split_once(quote)?;
    unescape(value).ok()
}

fn unescape(text: &str) -> Result<String, Error> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((plain, tail)) = rest.split_once('&') {
        out.push_str(plain);
        let (name, tail) = tail.split_once(';').ok_or_else(|| broken("an entity without an end"))?;
        let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        });
        out.push(match (name, number.and_then(char::from_u32)) {
            ("amp", _) => '&',
            ("lt", _) => '<',
            ("gt", _) => '>',
            ("quot", _) => '"',
            ("apos", _) => '\'',
            (_, Some(character)) => character,
            _ => return Err(broken("an entity that XML does not define")),
        });
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("the NETCONF answer cannot be read: {what}"))
}
