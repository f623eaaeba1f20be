//! What is written down about those who were refused: bounded, however many there are and however often they come.

use std::collections::BTreeMap;
use std::net::IpAddr;

use slp_model::UnixMillis;

/// How long the repeats of a source are counted before they are said: a minute, in milliseconds.
const INTERVAL: u64 = 60_000;
/// How often those whose minute is over are looked for: a flood must not cost a walk through all of them each time.
const SWEEP: u64 = 1_000;
/// Sources and reasons that are counted one by one; those beyond share one count.
const SOURCES: usize = 1_024;
/// Who those beyond are.
const OTHERS: &str = "many others";

/// Says the first refusal of a source and reason at once, and how many more there were when a minute is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strangers {
    known: BTreeMap<(Option<IpAddr>, String), Counted>,
    /// When those whose minute is over were last looked for.
    swept: Option<UnixMillis>,
}

#[derive(Clone, Debug)]
struct Counted {
    since: UnixMillis,
    more: u64,
}

/// Has so much time gone by? A clock that was set back says yes.
fn is_over(since: UnixMillis, millis: u64, now: UnixMillis) -> bool {
    now < since || now.get() - since.get() >= millis
}

impl Strangers {
    /// Somebody was refused, for a reason; `detail` is said of the first alone. The lines to write down: none for a repeat.
    /// Neither may hold a secret, and reasons have to be few.
    pub(crate) fn refused(&mut self, from: Option<IpAddr>, reason: &str, detail: &str, now: UnixMillis) -> Vec<String> {
        let is_due = self.swept.is_none_or(|swept| is_over(swept, SWEEP, now));
        let mut lines = if is_due { self.over(now) } else { Vec::new() };
        let own = (from, reason.to_owned());
        // every stranger beyond shares the place of nobody, whatever the reason
        let is_beyond = self.known.len() >= SOURCES && !self.known.contains_key(&own);
        let key = if is_beyond { (None, OTHERS.to_owned()) } else { own };
        let source = if is_beyond { OTHERS.to_owned() } else { name(from) };
        self.known.entry(key).and_modify(|known| known.more = known.more.saturating_add(1)).or_insert_with(|| {
            let detail = if detail.is_empty() { String::new() } else { format!("{detail}: ") };
            lines.push(format!("{source}: {detail}{reason}"));
            Counted { since: now, more: 0 }
        });
        lines
    }

    /// What was counted in minutes that are over. Ask from time to time, so that the end of a flood is said too.
    pub(crate) fn over(&mut self, now: UnixMillis) -> Vec<String> {
        self.swept = Some(now);
        let mut lines = Vec::new();
        self.known.retain(|(from, reason), known| {
            if !is_over(known.since, INTERVAL, now) {
                return true;
            }
            if known.more > 0 {
                let source = if reason == OTHERS { OTHERS.to_owned() } else { name(*from) };
                let reason = if reason == OTHERS { "refused" } else { reason };
                lines.push(format!("{source}: {} more within a minute: {reason}", known.more));
            }
            false
        });
        lines
    }
}

fn name(from: Option<IpAddr>) -> String {
    from.map_or_else(|| "somebody".to_owned(), |from| from.to_string())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn at(millis: u64) -> UnixMillis {
        UnixMillis::new(1_790_000_000_000 + millis).unwrap()
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(0xc000_0200 + number))
    }

    #[test]
    fn the_first_is_said_at_once_and_the_repeats_as_a_count_when_the_minute_is_over() {
        let mut strangers = Strangers::default();
        assert_eq!(strangers.refused(Some(address(1)), "not TLS", "TLS", at(0)), ["192.0.2.1: TLS: not TLS"]);
        for millis in 1..1_000 {
            assert!(strangers.refused(Some(address(1)), "not TLS", "TLS", at(millis)).is_empty());
        }
        assert_eq!(strangers.refused(Some(address(2)), "not TLS", "", at(30_000)), ["192.0.2.2: not TLS"]);
        assert_eq!(strangers.refused(Some(address(1)), "too slow", "", at(30_000)), ["192.0.2.1: too slow"]);
        assert!(strangers.over(at(59_999)).is_empty());
        assert_eq!(strangers.over(at(60_000)), ["192.0.2.1: 999 more within a minute: not TLS"]);
        assert_eq!(strangers.over(at(900_000)), Vec::<String>::new(), "those that came once were said already");
        assert!(strangers.known.is_empty(), "and forgotten");
        assert_eq!(strangers.refused(None, "not TLS", "", at(900_000)), ["somebody: not TLS"]);
    }

    #[test]
    fn a_flood_of_sources_takes_a_bounded_table_and_a_bounded_number_of_lines() {
        let mut strangers = Strangers::default();
        let mut lines = 0;
        for number in 0..50_000 {
            lines += strangers.refused(Some(address(number)), "not TLS", "", at(u64::from(number) / 1_000)).len();
        }
        assert_eq!((strangers.known.len(), lines), (SOURCES + 1, SOURCES + 1));
        let said = strangers.over(at(120_000));
        assert_eq!(said, [format!("many others: {} more within a minute: refused", 50_000 - SOURCES - 1)]);
    }

    #[test]
    fn a_clock_that_is_set_back_ends_the_minute() {
        let mut strangers = Strangers::default();
        strangers.refused(Some(address(1)), "x", "", at(500_000));
        strangers.refused(Some(address(1)), "x", "", at(500_000));
        assert_eq!(strangers.over(at(0)), ["192.0.2.1: 1 more within a minute: x"]);
    }
}
