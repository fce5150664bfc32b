//! `imf`: the body lies in `src/`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rushes_fuzz::run("imf", data));
