#![cfg_attr(fuzzing, no_main)]
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| slp_fuzz::rum::authorization(data));
#[cfg(not(fuzzing))]
fn main() {
    slp_fuzz::over_arguments(slp_fuzz::rum::authorization);
}
