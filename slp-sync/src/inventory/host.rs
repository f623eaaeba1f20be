//! Addresses and names of hosts.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The host without the brackets of an IPv6 address; `None` if it is neither an address nor a name.
pub(super) fn parse(text: &str) -> Option<&str> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(inside) = bare {
        return inside.parse::<Ipv6Addr>().is_ok().then_some(inside);
    }
    let is_address = text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok();
    (is_address || is_name(text)).then_some(text)
}

/// A DNS name whose last label is not all digits: that would be a broken address.
fn is_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses_and_names_are_hosts_and_broken_addresses_are_not() {
        for good in ["192.0.2.11", "2001:db8::12", "edge-10.branch.example", "router", "a.example."] {
            assert_eq!(parse(good), Some(good));
        }
        assert_eq!(parse("[2001:db8::12]"), Some("2001:db8::12"));
        let long = "a.".repeat(130);
        for bad in ["192.0.2.999", "10.1.2", "", "a b", "-a.example", "a..b", "[router]", "a/b", &long, "2001:db8::zz"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
