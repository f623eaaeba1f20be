//! The `slp` program: standard streams and the clock around [`slp::run`].

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use slp_model::{Seconds, UnixMillis, UnixSeconds};

fn main() -> ExitCode {
    let (mut input, mut output, mut errors) = (io::stdin(), io::stdout().lock(), io::stderr());
    let (output_is_terminal, errors_is_terminal) = (output.is_terminal(), errors.is_terminal());
    let mut console = slp::Console::new(&mut input, &mut output, &mut errors, now());
    console.output_is_terminal = output_is_terminal;
    console.errors_is_terminal = errors_is_terminal;
    console.no_color = is_set("NO_COLOR");
    console.clock = Some(Box::new(SystemClock));
    console.variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("SLP_"))
        .collect();
    console.chance = RandomState::new().build_hasher().finish();
    slp::run(std::env::args_os(), console).into()
}

/// A variable that is there and not empty.
#[expect(clippy::disallowed_methods, reason = "the program asks on behalf of its library")]
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// The clock of this machine.
struct SystemClock;

impl slp::Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the program reads the clock for its library")]
    fn now(&self) -> UnixMillis {
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        u64::try_from(millis).ok().and_then(|millis| UnixMillis::new(millis).ok()).unwrap_or(UnixMillis::MAX)
    }

    fn sleep(&self, time: Seconds) {
        std::thread::sleep(Duration::from_secs(u64::try_from(time.get()).unwrap_or(0)));
    }
}

/// A clock that stands before 1970 or after 9999 is taken to stand at the edge.
#[expect(clippy::disallowed_methods, reason = "the program reads the clock for its library")]
fn now() -> UnixSeconds {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).ok().and_then(|seconds| UnixSeconds::new(seconds).ok()).unwrap_or(UnixSeconds::MAX)
}
