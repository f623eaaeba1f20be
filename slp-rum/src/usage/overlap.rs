//! Cuts measurements that cover the same time, so that the greatest count wins. Spec: rum, "Usage intervals", steps 3
//! to 6.

use std::collections::BTreeSet;

use slp_model::UnixSeconds;

/// The most reports that one overlap names as losers. There may be as many overlaps as measurements.
const NAMED: usize = 8;

/// How many losers are looked at where a run begins: a report may have several measurements there.
const SEEN: usize = 64;

/// One measurement on its way. The order of fields is the order in which the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    pub(crate) count: u64,
    /// The id of its report.
    pub(crate) id: u64,
    /// Its number in the report.
    pub(crate) measurement: usize,
    /// The number of the report, for the caller.
    pub(crate) report: usize,
    /// Before `end`.
    pub(crate) start: UnixSeconds,
    pub(crate) end: UnixSeconds,
}

/// Time in which one segment has the greatest count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) segment: Segment,
    pub(crate) start: UnixSeconds,
    pub(crate) end: UnixSeconds,
}

/// Time that one segment won from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// The id of the report that won.
    pub(crate) winner: u64,
    measurement: usize,
    pub(crate) start: UnixSeconds,
    pub(crate) end: UnixSeconds,
    /// The ids of reports that lost, at most [`NAMED`], sorted.
    pub(crate) losers: Vec<u64>,
    /// Other reports lost too.
    pub(crate) more: bool,
    /// How many measurements lost.
    pub(crate) lost: u64,
}

impl Overlap {
    fn add(&mut self, loser: &Segment) {
        self.lost = self.lost.saturating_add(1);
        self.name(loser);
    }

    fn name(&mut self, loser: &Segment) {
        if let Err(place) = self.losers.binary_search(&loser.id) {
            if self.losers.len() < NAMED {
                self.losers.insert(place, loser.id);
            } else {
                self.more = true;
            }
        }
    }
}

/// Cuts the segments of one device and licence. Pieces and overlaps are in the order of time, and no piece overlaps
/// another. `n log n` steps, however many segments share a second.
pub(crate) fn cut(segments: &[Segment]) -> (Vec<Piece>, Vec<Overlap>) {
    let sorted_by = |time: fn(&Segment) -> UnixSeconds| {
        let mut sorted: Vec<_> = segments.iter().collect();
        sorted.sort_unstable_by_key(|one| (time(one), *one));
        sorted.into_iter().peekable()
    };
    let (mut starts, mut ends) = (sorted_by(|one| one.start), sorted_by(|one| one.end));
    let mut active: BTreeSet<&Segment> = BTreeSet::new();
    let mut fresh: Vec<&Segment> = Vec::new();
    let (mut pieces, mut overlaps) = (Vec::new(), Vec::new());
    let mut next = starts.peek().map(|one| one.start);
    while let Some(now) = next {
        while let Some(over) = ends.next_if(|one| one.end <= now) {
            active.remove(over);
        }
        fresh.clear();
        while let Some(begun) = starts.next_if(|one| one.start <= now) {
            active.insert(begun);
            fresh.push(begun);
        }
        let end = ends.peek().map(|one| one.end);
        next = starts.peek().map(|one| one.start).into_iter().chain(end).min();
        if let (Some(winner), Some(until)) = (active.last().copied(), next) {
            add_piece(&mut pieces, winner, now, until);
            if active.len() > 1 {
                add_overlap(&mut overlaps, &active, &fresh, now, until);
            }
        }
    }
    (pieces, overlaps)
}

fn add_piece(pieces: &mut Vec<Piece>, winner: &Segment, now: UnixSeconds, until: UnixSeconds) {
    match pieces.last_mut() {
        Some(last) if last.segment == *winner && last.end == now => last.end = until,
        _ => pieces.push(Piece { segment: *winner, start: now, end: until }),
    }
}

/// While the winner stays the same, only segments that are new can add a loser.
fn add_overlap(
    overlaps: &mut Vec<Overlap>,
    active: &BTreeSet<&Segment>,
    fresh: &[&Segment],
    now: UnixSeconds,
    until: UnixSeconds,
) {
    let mut ranking = active.iter().rev();
    let Some(winner) = ranking.next() else { return };
    match overlaps.last_mut() {
        Some(last) if (last.winner, last.measurement) == (winner.id, winner.measurement) && last.end == now => {
            last.end = until;
            for loser in fresh {
                last.add(loser);
            }
        }
        _ => {
            let (winner, measurement) = (winner.id, winner.measurement);
            let lost = u64::try_from(active.len()).unwrap_or(u64::MAX).saturating_sub(1);
            let (losers, more) = (Vec::new(), false);
            let mut overlap = Overlap { winner, measurement, start: now, end: until, losers, more, lost };
            // a few more than are named, to see whether there are any
            for loser in ranking.take(SEEN) {
                overlap.name(loser);
            }
            overlaps.push(overlap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(id: u64, start: i64, end: i64, count: u64) -> Segment {
        let time = |seconds| UnixSeconds::new(seconds).unwrap();
        Segment { count, id, measurement: 0, report: 0, start: time(start), end: time(end) }
    }

    /// (start, end, count, id) of each piece.
    fn pieces(segments: &[Segment]) -> Vec<(i64, i64, u64, u64)> {
        let pieces = cut(segments).0;
        pieces.iter().map(|one| (one.start.get(), one.end.get(), one.segment.count, one.segment.id)).collect()
    }

    #[test]
    fn the_greatest_count_wins_and_what_it_cuts_goes_on_after_it() {
        let segments = [segment(1, 0, 100, 1), segment(2, 40, 60, 5), segment(3, 200, 300, 0)];
        assert_eq!(pieces(&segments), [(0, 40, 1, 1), (40, 60, 5, 2), (60, 100, 1, 1), (200, 300, 0, 3)]);
        let overlaps = cut(&segments).1;
        assert_eq!(overlaps.len(), 1);
        let one = &overlaps[0];
        assert_eq!((one.start.get(), one.end.get(), one.winner), (40, 60, 2));
        assert_eq!((&*one.losers, one.lost, one.more), (&[1][..], 1, false));
    }

    #[test]
    fn equal_counts_go_to_the_greater_id_then_to_the_greater_index() {
        assert_eq!(pieces(&[segment(2, 0, 10, 1), segment(1, 5, 15, 1)]), [(0, 10, 1, 2), (10, 15, 1, 1)]);
        let later = Segment { measurement: 1, ..segment(1, 5, 15, 1) };
        let cut = cut(&[segment(1, 0, 10, 1), later]);
        let pieces: Vec<_> = cut.0.iter().map(|one| (one.start.get(), one.segment.measurement)).collect();
        assert_eq!(pieces, [(0, 0), (5, 1)]);
        assert_eq!((cut.1[0].winner, &*cut.1[0].losers), (1, &[1][..]));
    }

    #[test]
    fn segments_that_touch_do_not_overlap_and_a_slice_in_two_halves_is_one_piece() {
        let segments = [segment(1, 0, 10, 1), segment(2, 10, 20, 1)];
        assert!(cut(&segments).1.is_empty());
        // the loser's end cuts the winner's time, the winner's piece stays whole
        assert_eq!(pieces(&[segment(2, 0, 20, 2), segment(1, 0, 10, 1)]), [(0, 20, 2, 2)]);
    }

    #[test]
    fn a_run_names_those_that_come_while_it_lasts() {
        let segments = [segment(9, 0, 100, 9), segment(1, 0, 20, 1), segment(2, 10, 30, 1), segment(3, 50, 60, 1)];
        let overlaps = cut(&segments).1;
        let found: Vec<_> = overlaps.iter().map(|one| (one.start.get(), one.end.get(), one.losers.len())).collect();
        assert_eq!(found, [(0, 30, 2), (50, 60, 1)]);
    }

    #[test]
    fn a_hundred_thousand_segments_over_one_another_are_no_work() {
        let segments: Vec<_> =
            (0_i64..100_000).map(|n| segment(n.unsigned_abs(), n, 200_000 - n, n.unsigned_abs() % 1_000)).collect();
        let (pieces, overlaps) = cut(&segments);
        assert!(pieces.iter().zip(pieces.iter().skip(1)).all(|(one, next)| one.end <= next.start));
        assert_eq!(pieces.iter().map(|one| one.end.get() - one.start.get()).sum::<i64>(), 200_000);
        assert!(overlaps.iter().all(|one| one.losers.len() <= NAMED));
    }
}
