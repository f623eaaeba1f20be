//! Members of an object, in the one order there is.

use std::cmp::Ordering;

use super::Value;

/// The members of a JSON object: unique names, in the order of their UTF-16 code units (RFC 8785).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    members: Vec<(String, Value)>,
}

impl Object {
    /// No members.
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// Members in any order. The error is a name that is there twice.
    pub(super) fn from_members(mut members: Vec<(String, Value)>) -> Result<Self, String> {
        // a document that is canonical already is the usual case
        if !members.is_sorted_by(|(a, _), (b, _)| compare(a, b) == Ordering::Less) {
            // in place: equal names are refused, so their order does not matter
            members.sort_unstable_by(|(a, _), (b, _)| compare(a, b));
            let pairs = members.iter().zip(members.iter().skip(1));
            if let Some(((name, _), _)) = pairs.into_iter().find(|((a, _), (b, _))| a == b) {
                return Err(name.clone());
            }
        }
        Ok(Self { members })
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let index = self.find(name).ok()?;
        self.members.get(index).map(|(_, value)| value)
    }

    /// Sets a member; the value it had is returned.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        match self.find(&name) {
            Ok(index) => self.members.get_mut(index).map(|(_, old)| std::mem::replace(old, value)),
            Err(index) => {
                self.members.insert(index, (name, value));
                None
            }
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.find(name).ok()?;
        Some(self.members.remove(index).1)
    }

    /// The members in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, (String, Value)> {
        self.members.iter()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Are there none?
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.members.binary_search_by(|(found, _)| compare(found, name))
    }
}

impl<'a> IntoIterator for &'a Object {
    type Item = &'a (String, Value);
    type IntoIter = std::slice::Iter<'a, (String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The order of UTF-16 code units. It is the order of the UTF-8 bytes, except that the surrogates of characters above
/// U+FFFF (first byte F0 and up) come before U+E000 to U+FFFF (first byte EE or EF).
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match a.iter().zip(b).find(|(x, y)| x != y) {
        Some((0xee | 0xef, 0xf0..)) => Ordering::Greater,
        Some((0xf0.., 0xee | 0xef)) => Ordering::Less,
        Some((x, y)) => x.cmp(y),
        None => a.len().cmp(&b.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_are_in_the_order_of_their_utf_16_code_units(
            a in "[a\u{7f}\u{7ff}\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff}]{0,4}",
            b in "[a\u{7f}\u{7ff}\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff}]{0,4}",
        ) {
            prop_assert_eq!(compare(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
        }
    }

    #[test]
    fn a_member_is_set_once() {
        let mut object = Object::new();
        assert_eq!(object.insert("b", "1"), None);
        assert_eq!(object.insert("a", "2"), None);
        assert_eq!(object.insert("b", "3"), Some("1".into()));
        assert_eq!(object.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(object.remove("a"), Some("2".into()));
        assert_eq!((object.len(), object.get("a"), object.get("b")), (1, None, Some(&"3".into())));
    }
}
