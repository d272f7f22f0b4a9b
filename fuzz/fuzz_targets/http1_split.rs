//! Any bytes through the head parser `split`, whole and in growing pieces: no panic, and the same outcome.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| wirebook_fuzz::parsers::pieces("split", bytes));
