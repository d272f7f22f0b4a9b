//! The cluster's cores: what strangers send to a sticky port, lines of cron, what workers say at any moment, two clocks that jump. No
//! panic, no spin, and what each promises holds. Its twin in `cargo test` is in `cluster/tests/simulated.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../cluster/tests/any_bytes/mod.rs"]
mod any_bytes;

fuzz_target!(|input: &[u8]| any_bytes::play(input));
