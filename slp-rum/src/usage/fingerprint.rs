//! Digests of a payload by which two versions of one report are compared as JSON values.
//!
//! Member order, white space and escapes do not matter, and `1.0` is `1`: each value is brought into one form and that
//! form is digested. A report keeps its digests only, never its text. Spec: rum, "Usage intervals", step 2.

use std::borrow::Cow;
use std::ops::Range;

use sha2::{Digest as _, Sha256};
use slp_model::UnixSeconds;
use slp_model::json::{Fault, Limits, Reader, ValueKind};

/// The first half of a SHA-256.
pub(super) type Digest = [u8; 16];

/// Enough for the members of an ordinary object.
const ROOM: usize = 1_024;

/// What a payload says, apart from its writing.
#[derive(Debug)]
pub(super) struct Fingerprint {
    /// Everything but `meta`, `measurements` and the inner signature.
    pub(super) identity: Digest,
    /// The report's `meta`.
    pub(super) meta: Digest,
    /// The inner signature; zeros when there is none.
    pub(super) inner: Digest,
    pub(super) measurements: Vec<MeasurementPrint>,
}

/// What one measurement says.
#[derive(Debug)]
pub(super) struct MeasurementPrint {
    pub(super) whole: Digest,
    /// What stays when the measurement grows: start, metric, value, lists of devices, clock delta.
    pub(super) stem: Digest,
    pub(super) start: Option<UnixSeconds>,
    pub(super) end: Option<UnixSeconds>,
}

/// Reads the text of a payload. It was read before, so its depth and lengths were bounded then.
pub(super) fn of(payload: &str) -> Result<Fingerprint, Fault> {
    let mut walk = Walk { reader: Reader::new(payload, Limits::new(u32::MAX, usize::MAX)), out: Vec::new() };
    let mut identity = Pieces::default();
    let mut meta = Pieces::default();
    let mut inner = Pieces::default();
    let mut measurements = Vec::new();
    walk.reader.begin_object()?;
    while let Some(name) = walk.reader.next_member()? {
        match &*name {
            "measurements" if walk.reader.kind()? == ValueKind::Array => {
                walk.reader.begin_array()?;
                while walk.reader.next_element()? {
                    measurements.push(walk.measurement()?);
                }
            }
            "signature" => inner.add(0, name, walk.value()?),
            "meta" => meta.add(0, name, walk.value()?),
            "asset_identification" if walk.reader.kind()? == ValueKind::Object => {
                walk.reader.begin_object()?;
                while let Some(name) = walk.reader.next_member()? {
                    // the first generation has the inner signature here
                    let place = if name == "signature" { &mut inner } else { &mut identity };
                    place.add(1, name, walk.value()?);
                }
            }
            _ => identity.add(0, name, walk.value()?),
        }
    }
    Ok(Fingerprint {
        identity: identity.digest(&walk.out),
        meta: meta.digest(&walk.out),
        inner: if inner.0.is_empty() { Digest::default() } else { inner.digest(&walk.out) },
        measurements,
    })
}

/// A member: depth of its object, name, and where its canonical form stands in the output.
type Piece<'a> = (u8, Cow<'a, str>, Range<usize>);

#[derive(Default)]
struct Pieces<'a>(Vec<Piece<'a>>);

impl<'a> Pieces<'a> {
    fn add(&mut self, depth: u8, name: Cow<'a, str>, value: Range<usize>) {
        self.0.push((depth, name, value));
    }

    fn digest(&mut self, out: &[u8]) -> Digest {
        self.0.sort_unstable_by(|one, next| (one.0, &one.1).cmp(&(next.0, &next.1)));
        digest_of(self.0.iter(), out)
    }
}

fn digest_of<'p, 'a: 'p>(pieces: impl Iterator<Item = &'p Piece<'a>>, out: &[u8]) -> Digest {
    // one long text is digested faster than many short ones
    let mut text = Vec::with_capacity(ROOM);
    for (depth, name, value) in pieces {
        text.push(*depth);
        text.extend_from_slice(&length(name.len()));
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(out.get(value.clone()).unwrap_or_default());
    }
    half(&Sha256::digest(&text).into())
}

/// The first half of a digest.
pub(super) fn half(whole: &[u8; 32]) -> Digest {
    whole.first_chunk().copied().unwrap_or_default()
}

/// Lengths stand before texts, so that two values never have one form.
fn length(bytes: usize) -> [u8; 8] {
    u64::try_from(bytes).unwrap_or(u64::MAX).to_le_bytes()
}

/// An object or array that is not at its end yet.
struct Open<'a> {
    /// Where its content begins in the output.
    begin: usize,
    /// The members of an object; `None` for an array.
    members: Option<Vec<(Cow<'a, str>, Range<usize>)>>,
}

struct Walk<'a> {
    reader: Reader<'a>,
    /// The canonical forms of the values that were read.
    out: Vec<u8>,
}

impl<'a> Walk<'a> {
    fn measurement(&mut self) -> Result<MeasurementPrint, Fault> {
        let begin = self.out.len();
        let mut whole = Pieces::default();
        let (mut start, mut end) = (None, None);
        if self.reader.kind()? == ValueKind::Object {
            self.reader.begin_object()?;
            while let Some(name) = self.reader.next_member()? {
                if name == "meta" && self.reader.kind()? == ValueKind::Object {
                    whole.add(0, name, 0..0);
                    self.reader.begin_object()?;
                    while let Some(name) = self.reader.next_member()? {
                        whole.add(1, name, self.value()?);
                    }
                    continue;
                }
                match &*name {
                    "start_time" => start = self.time(),
                    "end_time" => end = self.time(),
                    _ => {}
                }
                whole.add(0, name, self.value()?);
            }
        } else {
            whole.add(2, Cow::Borrowed(""), self.value()?);
        }
        let digest = whole.digest(&self.out);
        let stem = digest_of(whole.0.iter().filter(|(depth, name, _)| is_stem(*depth, name)), &self.out);
        self.out.truncate(begin);
        Ok(MeasurementPrint { whole: digest, stem, start, end })
    }

    /// The time that comes next, if it is one, without passing over it.
    fn time(&self) -> Option<UnixSeconds> {
        let mut ahead = self.reader.clone();
        let seconds = match ahead.kind().ok()? {
            ValueKind::Number => ahead.number().ok()?.parse().ok()?,
            ValueKind::String => ahead.string().ok()?.parse().ok()?,
            _ => return None,
        };
        UnixSeconds::new(seconds).ok()
    }

    /// Passes over one value of any kind and tells where its canonical form stands. With a stack of its own: depth costs
    /// no thread stack.
    fn value(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.out.len();
        let mut open: Vec<Open<'a>> = Vec::new();
        let mut value = true;
        loop {
            if value {
                self.begin_value(&mut open)?;
            }
            value = match open.last_mut() {
                None => return Ok(start..self.out.len()),
                Some(Open { members: None, .. }) => self.reader.next_element()?,
                Some(Open { begin, members: Some(members) }) => {
                    let here = self.out.len().saturating_sub(*begin);
                    if let Some((_, range)) = members.last_mut() {
                        range.end = here;
                    }
                    match self.reader.next_member()? {
                        None => false,
                        Some(name) => {
                            self.out.push(b':');
                            self.out.extend_from_slice(&length(name.len()));
                            self.out.extend_from_slice(name.as_bytes());
                            members.push((name, here..here));
                            true
                        }
                    }
                }
            };
            if !value {
                if let Some(Open { begin, members: Some(members) }) = open.pop() {
                    sort_members(&mut self.out, begin, members);
                }
                self.out.push(b'.');
            }
        }
    }

    /// A whole scalar, or the opening of an object or array.
    fn begin_value(&mut self, open: &mut Vec<Open<'a>>) -> Result<(), Fault> {
        match self.reader.kind()? {
            ValueKind::Object => {
                self.reader.begin_object()?;
                self.out.push(b'{');
                open.push(Open { begin: self.out.len(), members: Some(Vec::new()) });
            }
            ValueKind::Array => {
                self.reader.begin_array()?;
                self.out.push(b'[');
                open.push(Open { begin: self.out.len(), members: None });
            }
            ValueKind::String => {
                let text = self.reader.string()?;
                self.out.push(b'"');
                self.out.extend_from_slice(&length(text.len()));
                self.out.extend_from_slice(text.as_bytes());
            }
            ValueKind::Number => {
                self.out.push(b'#');
                write_number(&mut self.out, self.reader.number()?);
                self.out.push(b'.');
            }
            ValueKind::Bool => {
                let value = self.reader.bool()?;
                self.out.push(if value { b't' } else { b'f' });
            }
            _ => {
                self.reader.null()?;
                self.out.push(b'n');
            }
        }
        Ok(())
    }
}

fn is_stem(depth: u8, name: &str) -> bool {
    match depth {
        0 => matches!(name, "start_time" | "metric_name" | "value" | "values"),
        _ => matches!(name, "added_sudi_list" | "removed_sudi_list" | "clock_change_delta"),
    }
}

fn sort_members(out: &mut Vec<u8>, begin: usize, mut members: Vec<(Cow<'_, str>, Range<usize>)>) {
    if members.is_sorted_by(|one, next| one.0 <= next.0) {
        return;
    }
    let content = out.split_off(begin);
    members.sort_unstable_by(|one, next| one.0.cmp(&next.0));
    for (_, range) in members {
        out.extend_from_slice(content.get(range).unwrap_or_default());
    }
}

/// Equal numbers get one form: plain digits, or digits and a power of ten where there is a fraction.
fn write_number(out: &mut Vec<u8>, raw: &str) {
    if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        out.extend_from_slice(raw.as_bytes());
    } else {
        out.extend_from_slice(odd_number(raw).as_deref().unwrap_or(raw).as_bytes());
    }
}

/// `None` for a power of ten beyond all reason: such numbers are equal when they are written alike.
fn odd_number(raw: &str) -> Option<String> {
    let unsigned = raw.strip_prefix('-');
    let sign = if unsigned.is_some() { "-" } else { "" };
    let (mantissa, power) = unsigned.unwrap_or(raw).split_once(['e', 'E']).unwrap_or((unsigned.unwrap_or(raw), "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let zeros = digits.len().saturating_sub(digits.trim_end_matches('0').len());
    let shift = i64::try_from(zeros).ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let power = power.parse::<i64>().ok()?.checked_add(shift)?;
    Some(match usize::try_from(power) {
        // a finite number has at most 309 digits before its point
        Ok(zeros @ 0..=400) => format!("{sign}{significant}{}", "0".repeat(zeros)),
        _ => format!("{sign}{significant}e{power}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let form = |text| {
            let mut walk = Walk { reader: Reader::new(text, Limits::new(u32::MAX, usize::MAX)), out: Vec::new() };
            walk.value().unwrap();
            walk.out
        };
        form(one) == form(other)
    }

    #[test]
    fn writing_does_not_count_and_everything_else_does() {
        for (one, other) in [
            (r#"{"a":1,"b":[true,null]}"#, "{ \"b\" : [true , null],\n\"a\":1.0 }"),
            (r#"{"b":{"d":1,"c":2},"a":0}"#, r#"{"a":-0,"b":{"c":2,"d":1}}"#),
            (r#""a\/\u0041""#, r#""a/A""#),
            ("100", "1e2"),
            ("0.10", "1E-1"),
            ("-12.50", "-125e-1"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            ("[1,2]", "[2,1]"),
            ("[[1],2]", "[[1,2]]"),
            ("[]", "{}"),
            (r#"["ab",""]"#, r#"["a","b"]"#),
            (r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#),
            ("[1,0]", "[10]"),
            ("1", "10"),
            ("1", "-1"),
            ("0.1", "1"),
            ("18446744073709551615", "18446744073709551616"),
            ("null", "false"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn powers_of_ten_beyond_all_reason_do_no_harm() {
        assert!(same("1e-99999999999999999999", "1e-99999999999999999999"));
        assert!(same("0e99", "0"));
    }

    const PAYLOAD: &str = r#"{"version":"2.0","asset_identification":{"report_id":7},"signature":{"value":"x"},
        "meta":{"ha_udi":[]},"measurements":[{"start_time":1,"end_time":"5","log_time":1,"metric_name":"ENTITLEMENT",
        "meta":{"clock_change_delta":"-1"},"value":{"type":"COUNT","value":"1"}}]}"#;

    #[test]
    fn each_part_of_a_payload_has_a_digest_of_its_own() {
        let print = of(PAYLOAD).unwrap();
        let other = |from, to| of(&PAYLOAD.replace(from, to)).unwrap();
        let moved = r#""asset_identification":{"report_id":7,"signature":{"value":"x"}}"#;
        let first = other(r#""signature":{"value":"x"},"#, "");
        assert_eq!((first.identity, first.meta, first.inner), (print.identity, print.meta, [0; 16]));
        assert_eq!(other(r#""asset_identification":{"report_id":7}"#, moved).identity, print.identity);
        assert_ne!(other(":7", ":8").identity, print.identity);
        assert_ne!(other(r#""ha_udi":[]"#, "").meta, print.meta);
        let print = print.measurements.into_iter().next().unwrap();
        assert_eq!((print.start, print.end), (UnixSeconds::new(1).ok(), UnixSeconds::new(5).ok()));
        for (from, to, stem) in [
            (r#""end_time":"5""#, r#""end_time":6"#, true),
            (r#""log_time":1"#, r#""log_time":2"#, true),
            (r#"{"clock"#, r#"{"termination_reason":"x","clock"#, true),
            (r#""-1""#, r#""-2""#, false),
            ("\"COUNT\"", "\"OTHER\"", false),
            ("start_time\":1", "start_time\":2", false),
            ("clock_change_delta", "added_sudi_list", false),
        ] {
            let other = other(from, to).measurements.into_iter().next().unwrap();
            assert_eq!(other.stem == print.stem, stem, "{to}");
            assert_ne!(other.whole, print.whole, "{to}");
        }
    }

    #[test]
    fn a_hundred_thousand_brackets_need_no_thread_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(same(&deep, &deep));
    }
}
