//! The target `web_xml` of `tests/src/web_fuzz.rs`, which says what holds.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirebook_fuzz::web::document(input));
