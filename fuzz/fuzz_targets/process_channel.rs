//! The channel between processes: any bytes, handles, cuts, sends and writes, in any order. No panic, what is kept stays within
//! the limits, a fault stays, and every handle is somewhere. Its twin in `cargo test` is `cluster/process/tests/it/any_bytes.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../cluster/process/tests/any_bytes/mod.rs"]
mod any_bytes;

fuzz_target!(|input: &[u8]| any_bytes::play(input));
