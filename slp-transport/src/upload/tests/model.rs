//! The machine against a cloud behind a bad network, with a process that dies between any two actions: reports are handed
//! in, and their answer is handed out before the kept state says that it was.

use proptest::prelude::*;

use super::*;
use crate::dice::Dice;

/// A cloud that knows one message.
#[derive(Default)]
struct Cloud {
    taken: u32,
    polled: u32,
}

impl Cloud {
    fn submit(&mut self, dice: &mut Dice) -> String {
        self.taken += 1;
        // What came before is known: the same answer again, or a refusal.
        if self.taken > 1 && dice.roll(2) == 0 {
            return r#"{"status":"FAILED","message":"Duplicate report id"}"#.into();
        }
        TAKEN.into()
    }

    fn poll(&mut self) -> String {
        self.polled += 1;
        if self.polled.is_multiple_of(3) { DONE.into() } else { r#"{"status":"OK_POLL","message":"None"}"#.into() }
    }
}

struct Run {
    machine: Upload,
    kept: String,
    cloud: Cloud,
    dice: Dice,
    calm: bool,
    handed_out: u32,
    known_already: u32,
    deaths: u32,
}

impl Run {
    /// Sends one message: it may be lost, or its answer, or a gateway may be in the way.
    fn send(&mut self, say: impl FnOnce(&mut Cloud, &mut Dice) -> String) -> UploadEvent {
        let fate = if self.calm { 9 } else { self.dice.roll(10) };
        let lost = || UploadEvent::answered(Err(Error::new(ErrorKind::NoReply, "no answer in time")));
        match fate {
            0 => lost(),
            1 => status(503),
            2 => status(401),
            _ => {
                let text = say(&mut self.cloud, &mut self.dice);
                if fate == 3 { lost() } else { answer(&text) }
            }
        }
    }

    /// What an event leads to; the next event, if one comes by itself.
    fn step(&mut self, event: UploadEvent, now: UnixSeconds) -> Option<UploadEvent> {
        let (mut next, mut said) = (None, false);
        for action in self.machine.handle(event, now) {
            if !self.calm && self.dice.roll(15) == 0 {
                self.deaths += 1;
                self.machine = Upload::resume(serde_json::from_str(&self.kept).unwrap());
                return Some(UploadEvent::Start);
            }
            said |= matches!(action, UploadAction::Finished(_));
            match action {
                UploadAction::Save => {
                    assert!(said || self.machine.state().phase != UploadPhase::Over, "kept as over before it was said");
                    self.kept = serde_json::to_string(self.machine.state()).unwrap();
                }
                UploadAction::Submit => next = Some(self.send(Cloud::submit)),
                UploadAction::Poll { .. } => next = Some(self.send(|cloud, _| cloud.poll())),
                UploadAction::RefreshToken => next = Some(UploadEvent::TokenRefreshed(Ok(()))),
                UploadAction::Finished(UploadOutcome::Done(_)) => self.handed_out += 1,
                UploadAction::Finished(UploadOutcome::AlreadyReported) => self.known_already += 1,
                // Somebody starts it again later.
                UploadAction::Finished(_) => next = Some(UploadEvent::Start),
                UploadAction::OtherNonce => {}
            }
        }
        next
    }

    fn is_over(&self) -> bool {
        serde_json::from_str::<UploadState>(&self.kept).unwrap().phase == UploadPhase::Over
            && self.handed_out + self.known_already > 0
    }
}

fn run(seed: u64) -> Run {
    let machine = Upload::new(Nonce::from_random([0; 16]), Action::Acknowledgements, seed);
    let kept = serde_json::to_string(machine.state()).unwrap();
    let (cloud, dice) = (Cloud::default(), Dice(seed | 1));
    let (calm, handed_out, known_already, deaths) = (false, 0, 0, 0);
    let mut run = Run { machine, kept, cloud, dice, calm, handed_out, known_already, deaths };
    let (mut now, mut event) = (at(0), UploadEvent::Start);
    for turn in 0..500 {
        run.calm = turn > 200;
        let next = run.step(event, now);
        if run.is_over() {
            break;
        }
        event = next.unwrap_or_else(|| match run.machine.next_deadline() {
            Some(due) => {
                now = due.max(now);
                UploadEvent::Tick
            }
            None => UploadEvent::Start,
        });
    }
    run
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_handed_out_and_never_kept_as_taken_before(seed in any::<u64>()) {
        let run = run(seed);
        prop_assert!(run.is_over(), "{:?}", run.machine.state());
        prop_assert!(run.cloud.taken > 0, "what ends well was handed in");
        prop_assert!(run.handed_out + run.known_already == 1 || run.deaths > 0, "once, unless a process died");
        prop_assert!(run.known_already == 0 || run.cloud.taken > 1, "known already is what was sent before");
    }
}
