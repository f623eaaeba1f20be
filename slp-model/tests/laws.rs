//! Laws of the small values: what is written reads back the same, and nothing panics at the ends of a range.

use proptest::prelude::*;
use slp_model::license::{
    CloseReason, Enforcement, HaRole, HeaderType, LicenseTerm, MetricName, PolicyKind, ReportState, ReportType,
    SigningType, StateChangeReason, StorageState, TerminationReason, ValueType,
};
use slp_model::open_enum::OpenEnum;
use slp_model::tag::is_tag;
use slp_model::{
    EntitlementTag, Location, Quoted, ReportId, Seconds, SoftwareTag, Span, Udi, UdiForm, UnixMillis, UnixSeconds,
};

const FORMS: [UdiForm; 3] = [UdiForm::Document, UdiForm::Cli, UdiForm::Certificate];

/// 64 cases, unless `PROPTEST_CASES` asks for more than proptest's own 256.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: if config.cases > 256 { config.cases } else { 64 }, ..config }
}

/// Parts of device identities: mostly what stands in products' names, and what the forms use as marks.
fn part() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Z0-9/:;= -]{1,20}", "( SN:|PID:|P:|,S:|UDI_PID:|; |[A-Z]){1,6}", r"\PC{1,20}", any::<String>(),]
}

fn seconds() -> impl Strategy<Value = UnixSeconds> {
    (0..=UnixSeconds::MAX.get()).prop_map(|seconds| UnixSeconds::new(seconds).expect("in range"))
}

fn lengths() -> impl Strategy<Value = Seconds> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -100_000_i64..100_000].prop_map(Seconds::new)
}

/// Names of files and paths: mostly what the text of a place uses as marks.
fn name() -> impl Strategy<Value = String> {
    let marks = "(line |column |byte |[0-9]{1,2}|, |!|,|\\\\|\\\\u\\{|41|\\}| |\n|\u{ad}|[a-z\\[\\]/$.]){0,6}";
    prop_oneof![marks, "[a-zA-Z0-9_./$\\[\\]-]{0,12}", any::<String>()]
}

fn tag_text() -> impl Strategy<Value = String> {
    "regid\\.[0-9]{4}-[0-9]{2}\\.com\\.cisco\\.[A-Za-z0-9_-]{1,40},[A-Za-z0-9.]{1,6}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
}

/// Reading a word keeps it, finds its variant exactly if it has one, and JSON agrees.
fn keeps_the_word<E>(word: &str) -> Result<(), TestCaseError>
where
    E: OpenEnum + Clone + std::fmt::Debug + std::fmt::Display + Ord + serde::Serialize + serde::de::DeserializeOwned,
{
    let value = E::from_word(word);
    prop_assert_eq!(value.to_string(), word);
    prop_assert_eq!(E::known(word).is_some(), E::KNOWN.contains(&word));
    if let Some(known) = E::known(word) {
        prop_assert_eq!(&value, &known);
    }
    let json = serde_json::to_string(&value).expect("words are JSON");
    prop_assert_eq!(&json, &serde_json::to_string(word).expect("words are JSON"));
    prop_assert_eq!(serde_json::from_str::<E>(&json).expect("words are read"), value);
    Ok(())
}

macro_rules! for_every_open_enum {
    ($call:ident($word:expr)) => {
        for_every_open_enum!(@ $call($word), CloseReason Enforcement HaRole HeaderType LicenseTerm MetricName PolicyKind
            ReportState ReportType SigningType StateChangeReason StorageState TerminationReason ValueType)
    };
    (@ $call:ident($word:expr), $($name:ident)+) => { $( $call::<$name>($word)?; )+ };
}

/// Every known word of an enum is read as itself, and no two are the same.
fn known_words_are_known<E: OpenEnum + Ord + std::fmt::Display>(_: ()) -> Result<(), String> {
    let values: std::collections::BTreeSet<E> = E::KNOWN.iter().map(|word| E::from_word(*word)).collect();
    let words: Vec<String> = values.iter().map(E::to_string).collect();
    let mut known = E::KNOWN.to_vec();
    known.sort_unstable();
    if words == known { Ok(()) } else { Err(format!("{words:?} is not {known:?}")) }
}

#[test]
fn every_known_word_has_one_variant() -> Result<(), String> {
    for_every_open_enum!(known_words_are_known(()));
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_word_survives_in_every_open_enum(word in prop_oneof![
        any::<String>(),
        "[A-Za-z -]{0,12}",
        prop::sample::select([TerminationReason::KNOWN, CloseReason::KNOWN, SigningType::KNOWN, ReportState::KNOWN].concat())
            .prop_map(String::from),
    ]) {
        for_every_open_enum!(keeps_the_word(&word));
    }

    #[test]
    fn an_unknown_word_is_never_equal_to_a_known_one(index in 0..ReportState::KNOWN.len(), tail in "[ -~]{1,3}") {
        let known = ReportState::KNOWN[index];
        let unknown = ReportState::from(format!("{known}{tail}"));
        prop_assert!(!unknown.is_known());
        prop_assert_ne!(unknown, ReportState::from(known));
    }

    #[test]
    fn a_model_word_comes_back(word in "(rum-report-state-)?(open|closed|pending|[a-z]{0,8})") {
        let state = ReportState::from_model_word(&word);
        prop_assert_eq!(state.as_model_word(), Some(word.as_str()));
    }

    #[test]
    fn a_udi_reads_back_from_every_form(pid in part(), serial in part(), uuid in part()) {
        // texts that no form can carry are refused; the others are the law
        let Ok(udi) = Udi::new(&pid, &serial) else { return Ok(()) };
        prop_assert_eq!((udi.pid(), udi.serial()), (pid.trim_ascii(), serial.trim_ascii()));
        let udi = udi.with_uuid(&uuid);
        for form in FORMS {
            let text = udi.to_text(form);
            for read in [text.parse::<Udi>(), Udi::from_text(&text, form)] {
                let read = read.expect(&text);
                prop_assert_eq!(&read, &udi, "{}", text);
                prop_assert!(read.matches(&udi));
                prop_assert_eq!(read.to_text(form), text.as_str());
            }
        }
        let json = serde_json::to_string(&udi).expect("it is JSON");
        let read: Udi = serde_json::from_str(&json).expect(&json);
        prop_assert_eq!((&read, read.uuid()), (&udi, udi.uuid()));
    }

    #[test]
    fn only_marks_controls_and_emptiness_are_refused(pid in r"[^\pC,]{0,12}", serial in r"[^\pC,]{0,12}") {
        let refused = pid.trim_ascii().is_empty() || serial.trim_ascii().is_empty() || serial.contains(" SN:");
        prop_assert_eq!(Udi::new(&pid, &serial).is_err(), refused);
    }

    #[test]
    fn any_text_is_a_udi_or_an_error(text in prop_oneof![part(), "([PSVUpsn]:?|,|;| |UDI_|PID:| SN:){0,12}"]) {
        if let Ok(udi) = text.parse::<Udi>() {
            prop_assert_eq!(udi.to_string().parse::<Udi>().expect("written by us"), udi);
        }
    }

    #[test]
    fn a_report_id_reads_back(id: u64) {
        let id = ReportId::new(id);
        prop_assert_eq!(id.to_string().parse::<ReportId>().expect("digits"), id);
        prop_assert_eq!(serde_json::from_str::<ReportId>(&format!("\"{id}\"")).expect("digits"), id);
        prop_assert_eq!(serde_json::from_str::<ReportId>(&serde_json::to_string(&id).expect("a number")).expect("a number"), id);
    }

    #[test]
    fn a_tag_is_its_text_and_its_parts_make_it_up_again(text in tag_text()) {
        let tag: EntitlementTag = text.parse().expect("a tag");
        let parts = tag.parts().expect("well formed");
        prop_assert_eq!(
            format!("regid.{}.com.cisco.{},{}_{}", parts.date, parts.name, parts.version, parts.uuid),
            text.as_str()
        );
        prop_assert_eq!(tag.to_string(), text);
    }

    #[test]
    fn one_wrong_byte_makes_a_tag_opaque(text in tag_text(), at in any::<prop::sample::Index>()) {
        let at = at.index(text.len());
        let mut damaged = text.clone();
        damaged.replace_range(at..=at, "\u{7f}");
        prop_assert!(is_tag(&text) && !is_tag(&damaged));
        let opaque = SoftwareTag::new(damaged.as_str()).expect("any text");
        prop_assert_eq!(opaque.short_name(), damaged);
    }

    #[test]
    fn any_text_is_a_tag_of_255_characters_or_an_error(text in prop_oneof![any::<String>(), "[ é]{250,260}"]) {
        let trimmed = text.trim_ascii();
        match SoftwareTag::new(text.as_str()) {
            Ok(tag) => prop_assert_eq!((tag.as_str(), tag.is_well_formed()), (trimmed, is_tag(&text))),
            Err(_) => prop_assert!(trimmed.is_empty() || trimmed.chars().count() > 255),
        }
    }

    #[test]
    fn a_time_reads_back_in_both_units(time in seconds(), fraction in 0..1_000_u64) {
        prop_assert_eq!(time.to_string().parse::<UnixSeconds>().expect("a time"), time);
        prop_assert_eq!(time.get().to_string().parse::<UnixSeconds>().expect("a time"), time);
        prop_assert_eq!(time.to_millis().to_seconds(), time);
        let millis = UnixMillis::new(time.to_millis().get() + fraction).expect("in range");
        prop_assert_eq!(millis.to_string().parse::<UnixMillis>().expect("a time"), millis);
        prop_assert_eq!(millis.to_string().parse::<UnixSeconds>().expect("a time"), time);
        prop_assert_eq!(millis.to_seconds(), time);
    }

    #[test]
    fn later_times_are_greater_texts(one in seconds(), two in seconds()) {
        prop_assert_eq!(one.cmp(&two), one.to_string().cmp(&two.to_string()));
    }

    #[test]
    fn any_text_is_a_time_or_an_error(text in prop_oneof![any::<String>(), "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{0,11})?)?Z?)?"]) {
        if let Ok(time) = text.parse::<UnixMillis>() {
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit()) || text.starts_with(&time.to_string()[..10]));
        }
    }

    #[test]
    fn arithmetic_at_the_extremes_gives_none_and_no_panic(time in seconds(), other in seconds(), one in lengths(), two in lengths()) {
        let expected = time.get().checked_add(one.get()).filter(|sum| UnixSeconds::new(*sum).is_ok());
        prop_assert_eq!(time.checked_add(one).map(UnixSeconds::get), expected);
        let held = time.saturating_add(one);
        prop_assert!(expected.is_none_or(|sum| held.get() == sum));
        prop_assert_eq!(other.checked_add(time.since(other)), Some(time));
        prop_assert_eq!(one.checked_add(two).map(Seconds::get), one.get().checked_add(two.get()));
        prop_assert_eq!(one.checked_sub(two).map(Seconds::get), one.get().checked_sub(two.get()));
        prop_assert!(!one.human().is_empty());
    }

    #[test]
    fn a_length_and_a_span_read_back(one in lengths(), start in seconds(), end in seconds()) {
        prop_assert_eq!(one.to_string().parse::<Seconds>().expect("a length"), one);
        let span = Span::new(start.min(end), start.max(end)).expect("in order");
        prop_assert_eq!(span.to_string().parse::<Span>().expect("a span"), span);
        prop_assert_eq!(serde_json::from_str::<Span>(&serde_json::to_string(&span).expect("an object")).expect("an object"), span);
    }

    #[test]
    fn a_place_reads_back_from_its_text(
        entries in prop::collection::vec(name(), 0..4), line in prop::option::of(any::<u64>()),
        column in prop::option::of(any::<u64>()), byte in prop::option::of(any::<u64>()), path in name(),
    ) {
        let mut place = Location::path(path);
        place.entries = entries;
        (place.line, place.column, place.byte) = (line, column, byte);
        let json = serde_json::to_string(&place).expect("an object");
        prop_assert_eq!(&serde_json::from_str::<Location>(&json).expect("an object"), &place);
        // what the text leaves out
        if place.line.is_some() { place.byte = None } else { place.column = None }
        let text = place.to_string();
        prop_assert!(!text.contains(slp_model::is_unprintable));
        let read = text.parse::<Location>().unwrap_or_default();
        prop_assert_eq!(read.to_string(), text.as_str());
        // one entry alone looks like a path
        if place.entries.len() != 1 || place.line.is_some() || place.byte.is_some() || !place.path.is_empty() {
            prop_assert_eq!(read, place, "{}", text);
        }
    }

    #[test]
    fn quoted_text_never_has_a_character_that_a_terminal_acts_on(text in prop_oneof![any::<String>(), name()]) {
        let quoted = Quoted(&text).to_string();
        prop_assert!(!quoted.contains(slp_model::is_unprintable));
        prop_assert!(quoted.starts_with('"') && quoted.ends_with('"') && quoted.chars().count() >= 2);
    }

    #[test]
    fn spans_share_what_lies_in_both(points in prop::collection::vec(prop_oneof![seconds(), (0_i64..20).prop_map(|seconds| UnixSeconds::new(seconds).expect("small"))], 5)) {
        prop_assert_eq!(Span::new(points[0], points[1]).is_err(), points[1] < points[0]);
        let span = |one: UnixSeconds, two: UnixSeconds| Span::new(one.min(two), one.max(two)).expect("in order");
        let (left, right, probe) = (span(points[0], points[1]), span(points[2], points[3]), points[4]);
        let shared = left.overlap(&right);
        prop_assert_eq!(shared, right.overlap(&left));
        prop_assert_eq!(left.contains(probe) && right.contains(probe), shared.is_some_and(|span| span.contains(probe)));
        prop_assert!(shared.is_none_or(|span| !span.is_empty() && span.length() <= left.length().min(right.length())));
        prop_assert_eq!(left.start().checked_add(left.length()), Some(left.end()));
        prop_assert_eq!(left.overlap(&left).is_none(), left.is_empty());
    }
}
