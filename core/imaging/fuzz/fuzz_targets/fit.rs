#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fieldpost_imaging::fuzzing::fit(data));
