//! What a collector keeps from the cloud about its devices.

use std::fmt::Write as _;

use slp_model::Udi;
use slp_model::json::{self, Profile, Reader, ValueKind, write_string};
use slp_rum::Member;
use slp_rum::system_info::{SystemDevice, SystemFacts};

use crate::document::ProductInstance;

/// The switches of an account. Usage itself is never withheld, nor a byte of a signed report changed. Spec: sync, "Data
/// privacy" (doc that it can be withheld, choice how).
///
/// ```
/// use slp_sync::Privacy;
///
/// let mut privacy = Privacy::default();
/// privacy.hostname = true;
/// assert_eq!((privacy.withheld(), Privacy::all().withheld()), (vec!["hostname"], vec!["hostname", "ip", "mac"]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Privacy {
    /// Host names stay here.
    pub hostname: bool,
    /// IP addresses stay here.
    pub ip: bool,
    /// MAC addresses stay here.
    pub mac: bool,
}

impl Privacy {
    /// Everything that can be withheld is.
    pub fn all() -> Self {
        Self { hostname: true, ip: true, mac: true }
    }

    /// The words of the member `withheld` of a synchronization request, sorted.
    pub fn withheld(self) -> Vec<&'static str> {
        let words = [(self.hostname, "hostname"), (self.ip, "ip"), (self.mac, "mac")];
        words.into_iter().filter_map(|(on, word)| on.then_some(word)).collect()
    }

    /// Takes out of a device what is withheld.
    pub fn apply(self, device: &mut ProductInstance) {
        let members = [(self.hostname, &mut device.hostname), (self.ip, &mut device.ip), (self.mac, &mut device.mac)];
        for (_, member) in members.into_iter().filter(|(on, _)| *on) {
            *member = None;
        }
    }

    /// Is a member of this name one of those that are withheld, however it is spelled?
    fn hides(self, name: &str) -> bool {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        match &*plain.to_ascii_lowercase() {
            "hostname" | "host" => self.hostname,
            "ip" | "ipaddress" | "ipaddr" | "ipv4" | "ipv6" | "ipv4address" | "ipv6address" => self.ip,
            "mac" | "macaddress" | "macaddr" => self.mac,
            _ => false,
        }
    }

    /// The element `smartLicenseSystemInfo` without what is withheld.
    pub(crate) fn rewrite(self, facts: &SystemFacts) -> Rewritten {
        let mut out = Out { privacy: self, text: "{".to_owned(), hidden: false };
        if out.object(facts).is_none() {
            return Rewritten::Drop;
        }
        if !out.hidden {
            return Rewritten::Keep;
        }
        // A section ends at `]]>`, wherever that stands.
        let data = out.text.replace("]]>", "]]]]><![CDATA[>");
        Rewritten::Replace(format!("<smartLicenseSystemInfo><data><![CDATA[{data}]]></data></smartLicenseSystemInfo>"))
    }
}

/// What becomes of an element.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rewritten {
    /// Nothing in it is withheld.
    Keep,
    /// This stands in its place.
    Replace(String),
    /// It cannot be written again without what is withheld: it is left out.
    Drop,
}

/// JSON under way. `None` from its functions: it cannot be written.
struct Out {
    privacy: Privacy,
    text: String,
    hidden: bool,
}

impl Out {
    fn object(&mut self, facts: &SystemFacts) -> Option<()> {
        self.device(facts.device.as_ref()?);
        if let Some(time) = facts.timestamp {
            self.name("timestamp");
            let _ = write!(self.text, "{}", time.get());
        }
        self.string("nonce", facts.nonce.as_deref());
        self.string("hostname", facts.hostname.as_deref());
        self.string("software_tag_identifier", facts.software_tag.as_deref());
        if !facts.devices.is_empty() {
            self.name("device_list");
            self.text.push('[');
            for (index, member) in facts.devices.iter().enumerate() {
                self.text.push_str(if index == 0 { "{" } else { ",{" });
                self.member_of_set(member)?;
            }
            self.text.push(']');
        }
        self.rest(&facts.extra)
    }

    fn member_of_set(&mut self, member: &SystemDevice) -> Option<()> {
        self.string("role", member.role.as_ref().map(slp_model::license::HaRole::as_str));
        self.device(member.device.as_ref()?);
        self.string("hostname", member.hostname.as_deref());
        self.string("software_tag_identifier", member.software_tag.as_deref());
        self.rest(&member.extra)
    }

    /// Members that are not known, and the end of the object.
    fn rest(&mut self, extra: &[Member]) -> Option<()> {
        for member in extra {
            if self.privacy.hides(&member.name) {
                self.hidden = true;
                continue;
            }
            self.name(&member.name);
            let mut reader = Reader::new(&member.raw, json::Limits::new(16, member.raw.len()));
            self.copy(&mut reader).ok()?;
        }
        self.text.push('}');
        Some(())
    }

    fn name(&mut self, name: &str) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        write_string(&mut self.text, name, Profile::Rum);
        self.text.push(':');
    }

    fn string(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        if self.privacy.hides(name) {
            self.hidden = true;
            return;
        }
        self.name(name);
        write_string(&mut self.text, value, Profile::Rum);
    }

    fn device(&mut self, device: &Udi) {
        self.name("sudi");
        self.text.push('{');
        self.string("udi_pid", Some(device.pid()));
        self.string("udi_serial_number", Some(device.serial()));
        self.text.push('}');
    }

    /// Copies a value without the members that are withheld, at any depth. The depth is that of the reader.
    fn copy(&mut self, reader: &mut Reader<'_>) -> Result<(), json::Fault> {
        match reader.kind()? {
            ValueKind::Object => {
                reader.begin_object()?;
                self.text.push('{');
                while let Some(name) = reader.next_member()? {
                    if self.privacy.hides(&name) {
                        self.hidden = true;
                        reader.skip()?;
                        continue;
                    }
                    self.name(&name);
                    self.copy(reader)?;
                }
                self.text.push('}');
            }
            ValueKind::Array => {
                reader.begin_array()?;
                self.text.push('[');
                let mut first = true;
                while reader.next_element()? {
                    if !std::mem::take(&mut first) {
                        self.text.push(',');
                    }
                    self.copy(reader)?;
                }
                self.text.push(']');
            }
            _ => json::write_compact(&mut self.text, reader.skip()?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use slp_rum::{Content, Document};

    use super::{Privacy, Rewritten};

    fn rewritten(privacy: Privacy, data: &str) -> Rewritten {
        let text = format!(
            "<smartLicense><smartLicenseSystemInfo><data><![CDATA[{data}]]></data></smartLicenseSystemInfo></smartLicense>"
        );
        let document = Document::parse(text.as_bytes()).unwrap();
        let Some(Ok(Content::SystemInfo(info))) = document.contents().next() else { panic!("system information") };
        privacy.rewrite(info.view())
    }

    const SUDI: &str = r#""sudi":{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST00000001"}"#;

    #[test]
    fn what_is_withheld_is_gone_at_any_depth_and_the_rest_stays() {
        let data = format!(
            r#"{{{SUDI},"timestamp":1700000000000,"hostname":"secret-1","software_tag_identifier":"t","device_list":[{{"role":"Active",{SUDI},"hostname":"secret-1","x":1.50}}],"IP-Address":"192.0.2.7","net":[{{"mac_address":"00:00:5e:00:53:01","ipv6":"2001:db8::7","vlan":[1, 2]}},{{}}],"odd":"]]]]><![CDATA[>"}}"#
        );
        let Rewritten::Replace(text) = rewritten(Privacy::all(), &data) else { panic!("it is rewritten") };
        for private in ["secret", "192.0.2", "5e:00", "2001:db8"] {
            assert!(!text.contains(private), "{text}");
        }
        assert_eq!(
            text,
            format!(
                r#"<smartLicenseSystemInfo><data><![CDATA[{{{SUDI},"timestamp":1700000000000,"software_tag_identifier":"t","device_list":[{{"role":"Active",{SUDI},"x":1.50}}],"net":[{{"vlan":[1,2]}},{{}}],"odd":"]]]]><![CDATA[>"}}]]></data></smartLicenseSystemInfo>"#
            )
        );
        let hostname = Privacy { hostname: true, ..Privacy::default() };
        let Rewritten::Replace(text) = rewritten(hostname, &data) else { panic!("it is rewritten") };
        assert!(!text.contains("secret") && text.contains("192.0.2.7") && text.contains("5e:00"), "{text}");
    }

    #[test]
    fn an_element_without_anything_private_stays_and_one_that_cannot_be_written_goes() {
        assert_eq!(rewritten(Privacy::all(), &format!(r#"{{{SUDI},"vlan":1}}"#)), Rewritten::Keep);
        assert_eq!(rewritten(Privacy::default(), &format!(r#"{{{SUDI},"hostname":"x"}}"#)), Rewritten::Keep);
        assert_eq!(rewritten(Privacy::all(), r#"{"hostname":"x"}"#), Rewritten::Drop, "it names no device");
    }
}
