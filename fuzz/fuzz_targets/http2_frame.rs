//! See `wirebook_fuzz::http2`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| wirebook_fuzz::http2::frame(data));
