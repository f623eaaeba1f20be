#![cfg_attr(fuzzing, no_main)]
#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| slp_fuzz::laws::write_read(data));
#[cfg(not(fuzzing))]
fn main() {
    slp_fuzz::over_arguments(slp_fuzz::laws::write_read);
}
