//! See `wirebook_fuzz::tls`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| wirebook_fuzz::tls::record(data));
