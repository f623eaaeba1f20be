//! NETCONF: `system-integrity-oper-data/location/integrity`, by itself or inside an `<rpc-reply>` (seen).

use slp_model::{Location, Quoted};

use super::entry::{self, Capability, Chain, Complying, Integrity, Link, Measuring, Package, Register, Signing, Stage};
use super::tree::Element;
use super::{Answer, restconf, schema, text};
use crate::wire::body_text;
use crate::{Error, ErrorKind, Limits};

const DATA: &str = "system-integrity-oper-data";

/// Is the first element the one of such an answer, or the frame that it may stand in?
pub(super) fn is_answer(mut text: &[u8]) -> bool {
    while let Some(rest) = text.strip_prefix(b"<?") {
        let Some(end) = rest.windows(2).position(|pair| pair == b"?>") else { return false };
        text = rest.get(end.saturating_add(2)..).unwrap_or_default().trim_ascii_start();
    }
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    let name = text.strip_prefix(b"<").and_then(|rest| rest.split(is_end).next()).unwrap_or_default();
    let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    let inside = || text.windows(DATA.len()).any(|window| window == DATA.as_bytes());
    local == DATA.as_bytes() || (matches!(local, b"rpc-reply" | b"data") && inside())
}

pub(super) fn read(bytes: &[u8], limits: &Limits, answer: &mut Answer) -> Result<(), Error> {
    let text = body_text(bytes, limits.device_body_bytes, "")?;
    let root = Element::parse(text)?;
    let data = match root.name.as_str() {
        DATA => Some(&root),
        "data" => root.all(DATA).next(),
        "rpc-reply" => root.all("data").next().and_then(|data| data.all(DATA).next()),
        _ => None,
    };
    let Some(data) = data else {
        let what = format!("there is no element {DATA}, which such an answer has");
        return Err(schema(&text::place(text, root.offset, root.name.clone()), what));
    };
    let mut places = text::Places::of(text);
    for (number, part) in data.all("location").enumerate() {
        let keys =
            ["fru", "slot", "bay", "chassis", "node"].map(|name| part.all(name).next().map(|key| key.text.clone()));
        let [fru, slot, bay, chassis, node] = &keys;
        let location = restconf::location([fru, slot, bay, chassis, node]);
        for (index, entry) in part.all("integrity").enumerate() {
            let place = places.at(entry.offset, format!("{DATA}/location[{number}]/integrity[{index}]"));
            let statement = integrity(entry, &Parts { text, path: &place.path })
                .and_then(|read| entry::statement(read, &place, location.clone(), answer));
            answer.push(statement)?;
        }
    }
    Ok(())
}

/// Takes elements apart, and names the place of what does not fit.
struct Parts<'t> {
    text: &'t str,
    path: &'t str,
}

impl Parts<'_> {
    fn fault(&self, element: &Element, name: &str, what: &str) -> Error {
        let place: Location = text::place(self.text, element.offset, format!("{}/{name}", self.path));
        Error::new(ErrorKind::Schema, what).at(place)
    }

    /// The only child of this name, if there is one.
    fn child<'e>(&self, element: &'e Element, name: &str) -> Result<Option<&'e Element>, Error> {
        let mut found = element.children.iter().filter(|child| child.name == name);
        match (found.next(), found.next()) {
            (_, Some(second)) => Err(self.fault(second, name, "the element stands here twice")),
            (first, None) => Ok(first),
        }
    }

    /// The text of the only child of this name.
    fn leaf(&self, element: &Element, name: &str) -> Result<Option<String>, Error> {
        match self.child(element, name)? {
            Some(leaf) if !leaf.children.is_empty() => {
                Err(self.fault(leaf, name, "elements where a text should stand"))
            }
            leaf => Ok(leaf.map(|leaf| leaf.text.clone())),
        }
    }

    fn needed(&self, element: &Element, name: &str) -> Result<String, Error> {
        self.leaf(element, name)?.ok_or_else(|| self.fault(element, name, "the element is missing"))
    }

    fn number(&self, element: &Element, name: &str) -> Result<u32, Error> {
        let text = self.needed(element, name)?;
        let text = text.trim();
        text.parse().map_err(|_| {
            let what = format!("{} where a whole number in range should stand", Quoted(text));
            self.fault(element, name, &what)
        })
    }

    fn signing(&self, element: &Element) -> Result<Option<Signing>, Error> {
        let Some(signing) = self.child(element, "signature")? else { return Ok(None) };
        Ok(Some(Signing::new(self.number(signing, "version")?, self.needed(signing, "signature")?)))
    }

    fn list<T>(element: &Element, name: &str, one: impl FnMut(&Element) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        element.children.iter().filter(|child| child.name == name).map(one).collect()
    }
}

fn integrity(element: &Element, parts: &Parts<'_>) -> Result<Integrity, Error> {
    let mut read = Integrity::new();
    read.nonce = parts.leaf(element, "nonce")?;
    read.request = parts.leaf(element, "request")?;
    read.measurement = parts.child(element, "measurement")?.map(|part| measuring(part, parts)).transpose()?;
    read.trust_chain = parts.child(element, "trust-chain")?.map(|part| chain(part, parts)).transpose()?;
    read.compliance = parts.child(element, "compliance")?.map(|part| complying(part, parts)).transpose()?;
    Ok(read)
}

fn chain(element: &Element, parts: &Parts<'_>) -> Result<Chain, Error> {
    let mut chain = Chain::new();
    chain.certificates = Parts::list(element, "trust-chain", |link| {
        let mut read = Link::new(parts.needed(link, "value")?);
        read.name = parts.leaf(link, "name")?;
        Ok(read)
    })?;
    chain.signature = parts.signing(element)?;
    Ok(chain)
}

fn complying(element: &Element, parts: &Parts<'_>) -> Result<Complying, Error> {
    let mut complying = Complying::new();
    complying.capabilities = Parts::list(element, "capability", |pair| {
        Ok(Capability::new(parts.needed(pair, "attribute")?, parts.needed(pair, "value")?))
    })?;
    complying.signature = parts.signing(element)?;
    Ok(complying)
}

fn measuring(element: &Element, parts: &Parts<'_>) -> Result<Measuring, Error> {
    let mut measuring = Measuring::new();
    measuring.platform = parts.leaf(element, "platform")?;
    measuring.boot = Parts::list(element, "boot-loader", |stage| {
        let mut read = Stage::new();
        (read.version, read.hash) = (parts.leaf(stage, "version")?, parts.leaf(stage, "hash")?);
        Ok(read)
    })?;
    if let Some(system) = parts.child(element, "operating-system")? {
        let mut read = entry::System::new();
        read.version = parts.leaf(system, "version")?;
        read.packages = Parts::list(system, "package-integrity", |package| {
            let mut read = Package::new();
            (read.name, read.hash) = (parts.leaf(package, "name")?, parts.leaf(package, "hash")?);
            Ok(read)
        })?;
        measuring.os = Some(read);
    }
    measuring.registers = Parts::list(element, "register", |register| {
        Ok(Register::new(parts.number(register, "index")?, parts.needed(register, "pcr-content")?))
    })?;
    measuring.signature = parts.signing(element)?;
    Ok(measuring)
}
