//! The tree: what is written is read again equal, whatever is in it.

use proptest::prelude::*;

use super::*;
use crate::Unknown;
use crate::dice::Dice;

/// A value by chance, for the identity of reading and writing.
pub(in crate::restconf) trait Draw: Sized {
    fn draw(dice: &mut Dice) -> Self;
}

impl Draw for bool {
    fn draw(dice: &mut Dice) -> Self {
        dice.roll(2) == 0
    }
}

impl Draw for u32 {
    fn draw(dice: &mut Dice) -> Self {
        [0, 1, 30, u32::MAX][usize::try_from(dice.roll(4)).unwrap()]
    }
}

impl Draw for u64 {
    fn draw(dice: &mut Dice) -> Self {
        [0, 1, (1 << 53) + 1, u64::MAX][usize::try_from(dice.roll(4)).unwrap()]
    }
}

impl Draw for String {
    fn draw(dice: &mut Dice) -> Self {
        let texts = ["", "None", "PID:C9300-24UX,SN:TST00000001", "\"\\/\u{1}\n\u{7f}ä\u{2028}\u{1f980}", "null", "7"];
        texts[usize::try_from(dice.roll(6)).unwrap()].to_owned()
    }
}

impl Draw for DateAndTime {
    fn draw(dice: &mut Dice) -> Self {
        ["2026-01-01T00:00:00+00:00", "", "2026-01-01T00:00:00.000001Z"][usize::try_from(dice.roll(3)).unwrap()].into()
    }
}

impl<T: Draw> Draw for Option<T> {
    fn draw(dice: &mut Dice) -> Self {
        (dice.roll(3) > 0).then(|| T::draw(dice))
    }
}

impl<T: Draw> Draw for Vec<T> {
    fn draw(dice: &mut Dice) -> Self {
        (0..dice.roll(3)).map(|_| T::draw(dice)).collect()
    }
}

impl Draw for NoAuthorization {
    fn draw(dice: &mut Dice) -> Self {
        Self { unknown: Draw::draw(dice) }
    }
}

impl Draw for Unknown {
    fn draw(dice: &mut Dice) -> Self {
        let members = [("other:leaf", "[1,{\"a\":null}]"), ("later", "\"\\u0001\""), ("", "-1.5e300")];
        let members = members.into_iter().filter(|_| dice.roll(8) == 0);
        Self::of(members.map(|(name, raw)| (name.to_owned(), raw.to_owned())))
    }
}

macro_rules! draw_words {
    ($($name:ident),+ $(,)?) => {$(
        impl Draw for $name {
            fn draw(dice: &mut Dice) -> Self {
                let known = Self::KNOWN;
                let at = dice.roll(u64::try_from(known.len()).unwrap().saturating_add(1));
                known.get(usize::try_from(at).unwrap()).copied().unwrap_or("a-word-of-tomorrow").into()
            }
        }
    )+};
}
value::each_enumeration!(draw_words);

fn written_is_read<T: Part + Draw + PartialEq + std::fmt::Debug>(dice: &mut Dice) {
    let part = T::draw(dice);
    let text = part.to_restconf();
    assert!(text.starts_with(&format!("{{\"cisco-smart-license:{}\":", T::name())), "{text}");
    let read = T::from_restconf(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(read, part, "{text}");
    assert_eq!(read.to_restconf(), text);
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_equal(seed in 1_u64..) {
        let dice = &mut Dice(seed);
        written_is_read::<Licensing>(dice);
        written_is_read::<StateInfo>(dice);
        written_is_read::<Config>(dice);
        written_is_read::<Vec<ReportKey>>(dice);
        written_is_read::<Vec<FactoryPurchase>>(dice);
        written_is_read::<ImportedAuthorizations>(dice);
    }

    #[test]
    fn nothing_of_a_peer_makes_the_reader_panic(seed in 1_u64.., at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = Licensing::draw(&mut Dice(seed)).to_restconf().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(read) = Licensing::from_restconf(&text, &Limits::default()) {
            let again = Licensing::from_restconf(read.to_restconf().as_bytes(), &Limits::default()).unwrap();
            prop_assert_eq!(again, read);
        }
        let _ = Licensing::from_restconf(&text[..at], &Limits::default()).unwrap_err();
    }
}

#[test]
fn the_words_of_the_types_are_those_of_the_enumerations() {
    use crate::yang;
    for (words, known) in [
        (RegistrationState::KNOWN, yang::REGISTRATION_STATE),
        (AuthorizationState::KNOWN, yang::AUTHORIZATION_STATE),
        (UtilityReportingType::KNOWN, yang::UTILITY_REPORTING_TYPE),
        (TransportType::KNOWN, yang::TRANSPORT_TYPE),
        (EnforcementMode::KNOWN, yang::ENFORCEMENT_MODE),
        (PolicyType::KNOWN, yang::POLICY_TYPE),
        (ConversionStatus::KNOWN, yang::CONVERSION_STATUS),
        (RumReportState::KNOWN, yang::RUM_REPORT_STATE),
        (LicenseEnforcementType::KNOWN, yang::LICENSE_ENFORCEMENT_TYPE),
        (LicenseTermType::KNOWN, yang::LICENSE_TERM_TYPE),
        (LicenseAuthType::KNOWN, yang::AUTHORIZATION_TYPE),
    ] {
        let theirs: Vec<_> = known.values().map(|(_, word)| word).collect();
        assert_eq!(words, theirs, "{}", known.name);
    }
    for word in RumReportState::KNOWN {
        let state = slp_model::license::ReportState::from(&RumReportState::from(*word));
        assert!(state.is_known() && state.as_model_word() == Some(word));
    }
}

#[test]
fn a_time_is_read_with_its_offset_and_kept_as_it_came() {
    let seconds = |text: &str| DateAndTime::from(text).seconds().map(|at| at.to_string());
    for same in [
        "2026-01-01T12:00:00Z",
        "2026-01-01t12:00:00z",
        "2026-01-01T12:00:00+00:00",
        "2026-01-01T12:00:00.999999-00:00",
        "2026-01-01T14:30:00+02:30",
        "2025-12-31T23:00:00-13:00",
    ] {
        assert_eq!(seconds(same).as_deref(), Some("2026-01-01T12:00:00Z"), "{same}");
    }
    assert_eq!(seconds("1970-01-01T00:00:00+00:00").as_deref(), Some("1970-01-01T00:00:00Z"));
    for none in [
        "",
        "0",
        "1767268800",
        "2026-01-01",
        "2026-01-01T12:00:00",
        "2026-01-01T12:00:00+2:00",
        "2026-01-01T12:00:00+24:00",
        "2026-01-01T12:00:00++1:00",
        "1970-01-01T00:00:00+01:00",
        "äääääääääääää",
        "2026-02-30T12:00:00Z",
        "0000-00-00T00:00:00Z",
    ] {
        assert_eq!(seconds(none), None, "{none}");
    }
    let at: slp_model::UnixSeconds = "2026-01-01T12:00:00Z".parse().unwrap();
    assert_eq!(DateAndTime::from(at).seconds(), Some(at));
}

#[test]
fn a_part_is_asked_for_under_its_path_and_an_empty_list_may_come_without_a_body() {
    let session = Session::new("https://192.0.2.1".parse().unwrap(), "slp", crate::Secret::new("x"));
    let request = Read::<Vec<TrustCode>>::new().into_http(&session).unwrap();
    let path = "/restconf/data/cisco-smart-license:licensing/state/state-info/trust-code";
    assert_eq!((request.uri().path(), request.method()), (path, &Method::GET));
    assert!(Read::<Vec<TrustCode>>::from_http(&request, &Limits::default()).is_ok());
    assert_eq!(Read::<Policy>::from_http(&request, &Limits::default()).unwrap_err().kind(), ErrorKind::Request);
    let whole = Read::<Licensing>::new().into_http(&session).unwrap();
    assert_eq!(whole.uri().path(), "/restconf/data/cisco-smart-license:licensing");
    let nothing = |status: u16| Response::builder().status(status).body(Vec::new()).unwrap();
    let limits = Limits::default();
    assert!(Read::<Vec<TrustCode>>::answer(&nothing(204), &limits).unwrap().is_empty());
    assert_eq!(Read::<Vec<TrustCode>>::answer(&nothing(200), &limits).unwrap_err().kind(), ErrorKind::Empty);
    let error = Read::<Policy>::answer(&nothing(204), &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Empty);
    assert!(error.to_string().contains("policy"), "{error}");
    let trust = TrustCode::draw(&mut Dice(7));
    let answer = Read::respond(&vec![trust.clone()]).unwrap();
    assert_eq!(Read::<Vec<TrustCode>>::answer(&answer, &limits).unwrap(), [trust]);
}

#[test]
fn a_device_is_named_both_ways() {
    let udi = slp_model::Udi::new("C9300-24UX", "TST00000001").unwrap().with_vid("V01");
    let device = DeviceUdi::from(&udi);
    assert_eq!(device.to_json(), r#"{"pid":"C9300-24UX","sn":"TST00000001","vid":"V01"}"#);
    assert_eq!(device.udi().unwrap(), udi);
    assert_eq!(DeviceUdi::new().udi().unwrap_err().kind(), ErrorKind::Schema);
}
