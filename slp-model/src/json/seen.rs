//! Which member names an object had already.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// The member names of one object so far. Names that the caller knows cost one bit; only unknown names are kept.
#[derive(Debug, Default)]
pub struct Seen<'a> {
    known: u64,
    others: Option<BTreeSet<Cow<'a, str>>>,
}

impl<'a> Seen<'a> {
    /// Takes note of known name number `index` (0 to 63). False if it was there before.
    pub fn known(&mut self, index: u8) -> bool {
        let bit = 1_u64.checked_shl(u32::from(index)).unwrap_or(0);
        let fresh = self.known & bit == 0;
        self.known |= bit;
        fresh
    }

    /// Takes note of an unknown name. False if it was there before.
    #[expect(clippy::ptr_arg, reason = "a name that borrows from the document is kept as it is, without a copy")]
    pub fn other(&mut self, name: &Cow<'a, str>) -> bool {
        self.others.get_or_insert_default().insert(name.clone())
    }
}
