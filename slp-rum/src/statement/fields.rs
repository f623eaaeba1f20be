//! Walks the elements of one part: each name once, texts within limits, everything odd recorded or refused.

use std::borrow::Cow;

use slp_model::json::{self, Fault};
use slp_model::{EntitlementTag, Quoted, Udi, UnixMillis, UnixSeconds};

use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::ReadOptions;
use crate::text::ElementText;
use crate::xml::{Node, Tree};
use crate::{ErrorKind, Tolerance};

/// One part that is being read.
#[derive(Debug)]
pub(crate) struct Fields<'d> {
    pub(crate) text: &'d str,
    pub(crate) tree: &'d Tree,
    pub(crate) options: &'d ReadOptions,
    pub(crate) notes: Notes<'d>,
    /// Its path, such as `smartLicenseAuthorization[2]`.
    pub(crate) prefix: &'d str,
    /// The node of the part itself.
    pub(crate) root: usize,
    /// The device that the part names, as text of the usual form.
    pub(crate) device: Option<Box<str>>,
}

/// The JSON text of a part, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) node: usize,
    pub(crate) text: ElementText,
}

impl<'d> Fields<'d> {
    fn node(&self, index: usize) -> Option<&'d Node> {
        self.tree.get(index)
    }

    fn name_of(&self, index: usize) -> &'d str {
        self.node(index).and_then(|node| self.text.get(node.name.clone())).unwrap_or_default()
    }

    /// `smartLicensePolicy/policyCode/name`.
    pub(crate) fn path(&self, index: usize) -> String {
        let mut names = Vec::new();
        let mut at = index;
        while at != self.root {
            names.push(self.name_of(at));
            match self.node(at).and_then(|node| node.parent) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        let mut path = self.prefix.to_owned();
        for name in names.into_iter().rev() {
            path.push('/');
            path.push_str(name);
        }
        path
    }

    #[cold]
    pub(crate) fn flaw(&self, kind: ErrorKind, index: usize, text: impl Into<String>) -> Flaw {
        let offset = self.node(index).map_or(0, |node| node.range.start);
        Flaw::structure(kind, offset, self.path(index), text)
    }

    #[cold]
    pub(crate) fn limit(&self, index: usize, name: &'static str, limit: usize, what: &str) -> Flaw {
        let text = format!("{what}: more than {limit} (limit {name}); raise it if you trust the file");
        self.flaw(ErrorKind::Limit, index, text).named(name)
    }

    #[cold]
    pub(crate) fn note(&mut self, tolerance: Tolerance, index: usize, text: impl Into<String>) -> Result<(), Flaw> {
        let offset = self.node(index).map_or(0, |node| node.range.start);
        let path = self.path(index);
        self.notes.take_at(tolerance, Layer::Document, offset, || path, text)
    }

    /// The elements of one, by name: each at most once, others noted, in the order of `names` or noted.
    ///
    /// # Errors
    /// `structure` if one comes twice or text stands between them.
    pub(crate) fn children<const N: usize>(
        &mut self,
        parent: usize,
        names: [&str; N],
    ) -> Result<[Option<usize>; N], Flaw> {
        let mut found = [None; N];
        self.find_children(parent, &names, &mut found)?;
        Ok(found)
    }

    /// As [`children`](Self::children), compiled once for every number of names.
    fn find_children(&mut self, parent: usize, names: &[&str], found: &mut [Option<usize>]) -> Result<(), Flaw> {
        self.only_elements(parent)?;
        let mut latest = 0;
        let tree = self.tree;
        for (index, _) in tree.children(parent) {
            let name = self.name_of(index);
            // most documents keep the usual order: look onward first
            let onward = names.iter().skip(latest).position(|known| *known == name);
            let rank = match onward.map(|step| latest.saturating_add(step)) {
                Some(rank) => Some(rank),
                None => names.iter().position(|known| *known == name),
            };
            let Some(rank) = rank else {
                let text = format!("an element {} that is not known: kept as it stands", Quoted(name));
                self.note(Tolerance::UnknownElement, index, text)?;
                continue;
            };
            if let Some(slot) = found.get_mut(rank) {
                if slot.is_some() {
                    let text = format!("{name} stands twice where it is allowed once");
                    return Err(self.flaw(ErrorKind::Structure, index, text));
                }
                *slot = Some(index);
            }
            if rank < latest {
                let (tolerance, text) = match name {
                    "udi" => (Tolerance::UdiPosition, "udi stands at an unusual place".to_owned()),
                    _ => (Tolerance::ChildOrder, format!("{name} stands behind an element that usually follows it")),
                };
                self.note(tolerance, index, text)?;
            } else {
                latest = rank;
            }
        }
        Ok(())
    }

    /// The elements of a list that all have one name.
    ///
    /// # Errors
    /// `structure` if text stands between them, `limit` if there are too many.
    pub(crate) fn list(
        &mut self,
        parent: usize,
        name: &str,
        limit: usize,
        limit_name: &'static str,
    ) -> Result<Vec<usize>, Flaw> {
        self.only_elements(parent)?;
        let mut found = Vec::new();
        let tree = self.tree;
        for (index, _) in tree.children(parent) {
            if self.name_of(index) == name {
                if found.len() >= limit {
                    return Err(self.limit(index, limit_name, limit, &format!("{name} elements")));
                }
                found.push(index);
            } else {
                let text = format!("an element {} that is not known: kept as it stands", Quoted(self.name_of(index)));
                self.note(Tolerance::UnknownElement, index, text)?;
            }
        }
        Ok(found)
    }

    fn only_elements(&self, index: usize) -> Result<(), Flaw> {
        match self.node(index).and_then(Node::text_at) {
            Some(at) => {
                let text = "text where only elements stand";
                Err(Flaw::structure(ErrorKind::Structure, at, self.path(index), text))
            }
            None => Ok(()),
        }
    }

    /// The node, or the error of a missing one.
    ///
    /// # Errors
    /// `missing-element`.
    pub(crate) fn needed(&self, found: Option<usize>, parent: usize, name: &str) -> Result<usize, Flaw> {
        found.ok_or_else(|| {
            let text = format!("{name} is missing, and nothing can stand in for it; get the document again");
            self.flaw(ErrorKind::MissingElement, parent, text)
        })
    }

    /// The text of an element that holds text alone.
    ///
    /// # Errors
    /// `structure` if it holds an element, a comment or an instruction; `limit` if the text is too long.
    pub(crate) fn leaf_within(&self, index: usize, limit: usize, name: &'static str) -> Result<ElementText, Flaw> {
        let Some(node) = self.node(index) else {
            return Ok(ElementText::Single(0..0));
        };
        if node.after > index.saturating_add(1) {
            return Err(self.flaw(ErrorKind::Structure, index, "an element inside an element that holds text alone"));
        }
        if node.has_aside() {
            let text = "a comment or processing instruction inside an element that holds text alone";
            return Err(self.flaw(ErrorKind::Structure, index, text));
        }
        let text = self.tree.text_of(node, self.text);
        if text.get(self.text).len() > limit {
            return Err(self.limit(index, name, limit, "bytes of text"));
        }
        Ok(text)
    }

    /// The text of a leaf, nothing trimmed.
    pub(crate) fn leaf(&self, index: usize) -> Result<Cow<'d, str>, Flaw> {
        let text = self.leaf_within(index, self.options.limits.leaf_bytes, "leaf_bytes")?;
        Ok(match text {
            ElementText::Single(range) => Cow::Borrowed(self.text.get(range).unwrap_or_default()),
            joined @ ElementText::Joined(_) => Cow::Owned(joined.get(self.text).to_owned()),
        })
    }

    /// The text of a leaf that may be absent.
    pub(crate) fn text(&self, found: Option<usize>) -> Result<Option<String>, Flaw> {
        found.map(|index| self.leaf(index).map(Cow::into_owned)).transpose()
    }

    /// The text of a name: of an account, a licence, a policy.
    ///
    /// # Errors
    /// Those of [`leaf`](Self::leaf), and `limit`.
    pub(crate) fn name(&self, found: Option<usize>) -> Result<Option<String>, Flaw> {
        let Some(index) = found else { return Ok(None) };
        let text = self.leaf(index)?;
        self.within_name(index, &text)?;
        Ok(Some(text.into_owned()))
    }

    fn within_name(&self, index: usize, text: &str) -> Result<(), Flaw> {
        let limit = self.options.limits.name_chars;
        if text.len() > limit && text.chars().nth(limit).is_some() {
            return Err(self.limit(index, "name_chars", limit, "characters of a name"));
        }
        Ok(())
    }

    /// A UDI. An empty element counts as a missing one.
    ///
    /// # Errors
    /// `missing-element`, `udi-syntax`, `limit`.
    pub(crate) fn udi(&mut self, index: usize) -> Result<Udi, Flaw> {
        let text = self.leaf(index)?;
        if text.trim_ascii().is_empty() {
            let text = "the UDI is empty; expected a text such as P:C9300-24UX,S:TST00000001";
            return Err(self.flaw(ErrorKind::MissingElement, index, text));
        }
        self.within_name(index, &text)?;
        let udi: Udi =
            text.parse().map_err(|error: slp_model::Error| self.flaw(ErrorKind::UdiSyntax, index, error.message()))?;
        self.note_udi(index, &text)?;
        self.device = Some(udi.to_string().into());
        Ok(udi)
    }

    /// Takes note of a UDI text that is not written as usual.
    fn note_udi(&mut self, index: usize, text: &str) -> Result<(), Flaw> {
        let pieces = || text.split(',').map(|piece| piece.split_once(':').unwrap_or((piece, "")));
        if pieces().any(|(key, value)| key.trim_ascii() != key || value.trim_ascii() != value) {
            self.note(Tolerance::UdiBlank, index, "blanks in the text of a UDI: trimmed")?;
        }
        let usual = |key: &str| !["PID", "SN", "VID", "UUID", "p", "s", "v", "u"].contains(&key);
        if !pieces().all(|(key, _)| usual(key.trim_ascii())) {
            self.note(Tolerance::UdiKey, index, "a UDI with the keys that commands print")?;
        }
        Ok(())
    }

    /// A tag. An empty element counts as a missing one.
    ///
    /// # Errors
    /// `missing-element`, `limit`.
    pub(crate) fn tag(&self, index: usize) -> Result<EntitlementTag, Flaw> {
        let text = self.leaf(index)?;
        if text.trim_ascii().is_empty() {
            let text = "the tag is empty; expected a text such as regid.2020-01.com.cisco.NAME,1.0_UUID";
            return Err(self.flaw(ErrorKind::MissingElement, index, text));
        }
        self.within_name(index, text.trim_ascii())?;
        text.parse().map_err(|error: slp_model::Error| self.flaw(ErrorKind::BadValue, index, error.message()))
    }

    /// A count or a number of days: 1 to 10 digits, at most 4294967295. `None` if absent.
    ///
    /// # Errors
    /// `bad-number`, also for an empty element.
    pub(crate) fn number(&self, found: Option<usize>) -> Result<Option<u32>, Flaw> {
        let Some(index) = found else { return Ok(None) };
        let text = self.leaf(index)?;
        let trimmed = text.trim_ascii();
        let digits = (1..=10).contains(&trimmed.len()) && trimmed.bytes().all(|byte| byte.is_ascii_digit());
        match trimmed.parse() {
            Ok(number) if digits => Ok(Some(number)),
            _ => {
                let text = format!("{} is not a whole decimal number from 0 to 4294967295", Quoted(&text));
                Err(self.flaw(ErrorKind::BadNumber, index, text))
            }
        }
    }

    /// Milliseconds since 1970. `None` if absent or empty.
    ///
    /// # Errors
    /// `bad-number`.
    pub(crate) fn millis(&self, found: Option<usize>) -> Result<Option<UnixMillis>, Flaw> {
        let Some(index) = found else { return Ok(None) };
        let text = self.leaf(index)?;
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let digits = trimmed.bytes().all(|byte| byte.is_ascii_digit());
        match trimmed.parse().ok().and_then(|millis| UnixMillis::new(millis).ok()) {
            Some(millis) if digits => Ok(Some(millis)),
            _ => {
                let text = format!("{} is not a time in whole milliseconds since 1970", Quoted(&text));
                Err(self.flaw(ErrorKind::BadNumber, index, text))
            }
        }
    }

    /// A date and time of UTC, such as `2022-07-01T14:10:28`. Texts of another form are noted, and no time.
    pub(crate) fn stamp(&mut self, found: Option<usize>) -> Result<Option<UnixSeconds>, Flaw> {
        let Some(index) = found else { return Ok(None) };
        let text = self.leaf(index)?;
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let time = Some(trimmed).filter(|text| text.contains('T')).and_then(|text| text.parse::<UnixSeconds>().ok());
        if time.is_none() {
            let text = format!("{} is no time such as 2022-07-01T14:10:28: kept as text", Quoted(&text));
            self.note(Tolerance::DateForm, index, text)?;
        } else if trimmed.len() != "2022-07-01T14:10:28".len() {
            self.note(Tolerance::ZoneSuffix, index, "a time with a zone or a fraction: read as UTC, the fraction cut")?;
        }
        Ok(time)
    }

    /// True or false; `usual` are the two words of this place. `None` if absent, empty, or another word.
    pub(crate) fn boolean(&mut self, found: Option<usize>, usual: [&str; 2]) -> Result<Option<bool>, Flaw> {
        let Some(index) = found else { return Ok(None) };
        let text = self.leaf(index)?;
        let word = text.trim_ascii();
        let is = |words: [&str; 3]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
        let value = match () {
            () if word.is_empty() => return Ok(None),
            () if is(["true", "yes", "1"]) => true,
            () if is(["false", "no", "0"]) => false,
            () => {
                let text = format!("{} is neither true nor false: kept as text", Quoted(&text));
                self.note(Tolerance::UnknownWord, index, text)?;
                return Ok(None);
            }
        };
        let [first, second] = usual;
        if word != first && word != second {
            let text = format!("{} where {} or {} is usual", Quoted(word), first, second);
            self.note(Tolerance::BooleanWord, index, text)?;
        }
        Ok(Some(value))
    }

    /// A word of an open set, noted when it is not known and not empty.
    pub(crate) fn word<E: for<'w> From<&'w str>>(
        &mut self,
        found: Option<usize>,
        is_known: impl Fn(&E) -> bool,
    ) -> Result<Option<E>, Flaw> {
        let Some(index) = found else { return Ok(None) };
        let text = self.leaf(index)?;
        let word = E::from(&text);
        if !text.is_empty() && !is_known(&word) {
            let text = format!("the word {} is not known: kept", Quoted(&text));
            self.note(Tolerance::UnknownWord, index, text)?;
        }
        Ok(Some(word))
    }

    /// The text of a signature; `None` when it is absent or empty.
    pub(crate) fn signature(&mut self, found: Option<usize>, is_usual: bool) -> Result<Option<Box<str>>, Flaw> {
        let text = match found {
            Some(index) => {
                let limit = self.options.limits.part_signature_chars;
                let text = self.leaf_within(index, limit, "part_signature_chars")?;
                text.get(self.text).to_owned()
            }
            None => String::new(),
        };
        if text.trim_ascii().is_empty() {
            if is_usual {
                let at = found.unwrap_or(self.root);
                self.note(Tolerance::Unsigned, at, "no signature: it cannot be verified")?;
            }
            return Ok(None);
        }
        if !crate::envelope::is_base64(text.as_bytes()) {
            let index = found.unwrap_or(self.root);
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            if text.bytes().any(|byte| blank(&byte)) {
                let reason = "white space in the text of a signature: removed before decoding";
                self.note(Tolerance::SignatureBlank, index, reason)?;
            }
            let packed: Vec<u8> = text.bytes().filter(|byte| !blank(byte)).collect();
            if !crate::envelope::is_base64(&packed) {
                let reason = "the text of a signature is not Base64: kept, but it verifies nothing";
                self.note(Tolerance::SignatureText, index, reason)?;
            }
        }
        Ok(Some(text.into()))
    }

    /// Refuses comments and instructions inside the signed element, and takes note of others in the part.
    pub(crate) fn asides(&mut self, signed: Option<usize>) -> Result<(), Flaw> {
        let Some(part) = self.node(self.root) else {
            return Ok(());
        };
        let signed = signed.and_then(|index| self.node(index)).map_or(0..0, |node| node.range.clone());
        let tree = self.tree;
        for (at, tolerance) in tree.asides(&part.range) {
            let what = if tolerance == Tolerance::Comment { "a comment" } else { "a processing instruction" };
            if signed.contains(&at) {
                let text = format!("{what} inside a signed element");
                return Err(Flaw::structure(ErrorKind::Structure, at, self.prefix.to_owned(), text));
            }
            let prefix = self.prefix;
            let text = format!("{what} between elements: ignored");
            self.notes.take_at(tolerance, Layer::Document, at, || prefix.to_owned(), text)?;
        }
        Ok(())
    }

    /// Refuses a device of a JSON text whose names are longer than a UDI may be.
    ///
    /// # Errors
    /// `limit`.
    pub(crate) fn device_within(
        &self,
        device: Option<&Udi>,
        data: &Data,
        offset: usize,
        path: &Path<'_>,
    ) -> Result<(), Flaw> {
        let limit = self.options.limits.name_chars;
        match device {
            Some(udi) if udi.pid().chars().chain(udi.serial().chars()).nth(limit).is_some() => {
                let text =
                    format!("the device: more than {limit} characters (limit name_chars); is this a licence file?");
                Err(self.data_flaw(ErrorKind::Limit, data, offset, path, text).named("name_chars"))
            }
            _ => Ok(()),
        }
    }

    /// The JSON text of `data`.
    ///
    /// # Errors
    /// `missing-element`, and those of [`leaf_within`](Self::leaf_within).
    pub(crate) fn data(&self, found: Option<usize>) -> Result<Data, Flaw> {
        let node = self.needed(found, self.root, "data")?;
        let text = self.leaf_within(node, self.options.limits.data_bytes, "data_bytes")?;
        Ok(Data { node, text })
    }

    pub(crate) fn json_limits(&self) -> json::Limits {
        json::Limits::new(self.options.limits.json_depth, self.options.limits.leaf_bytes)
    }

    /// The fault of a JSON text, its place in the document.
    #[cold]
    pub(crate) fn json_flaw(&self, data: &Data, fault: &Fault, path: &Path<'_>) -> Flaw {
        let place = format!("{}${path}", self.path(data.node));
        Flaw::json(fault, Layer::Document, path).in_document(data.text.to_document(fault.offset()), place)
    }

    #[cold]
    pub(crate) fn data_flaw(
        &self,
        kind: ErrorKind,
        data: &Data,
        offset: usize,
        path: &Path<'_>,
        text: impl Into<String>,
    ) -> Flaw {
        Flaw::structure(kind, data.text.to_document(offset), format!("{}${path}", self.path(data.node)), text)
    }

    #[cold]
    pub(crate) fn data_note(
        &mut self,
        tolerance: Tolerance,
        data: &Data,
        offset: usize,
        path: &Path<'_>,
        text: impl Into<String>,
    ) -> Result<(), Flaw> {
        let place = format!("{}${path}", self.path(data.node));
        self.notes.take_at(tolerance, Layer::Document, data.text.to_document(offset), || place, text)
    }
}
