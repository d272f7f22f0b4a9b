//! WebSocket: ours and its peers, in one run: the codec in memory, and echo servers under load.
//!
//! Run: cargo bench -p wirebook-benches --bench websocket [-- codec | servers | idle | broadcast]
//!
//! Servers take turns in short rounds, as `benches/src/lib.rs` says. The codec is given hundreds of frames of different content and keys, because one
//! frame repeated teaches the branch predictor. `-- codec`, `-- servers` and `-- idle` run a part and leave the others'
//! results as they were.

mod codec;
mod load;
mod servers;

use wirebook_benches::{Results, served, wanted};

fn main() {
    if let Some(server) = served() {
        return servers::serve(&server);
    }
    let mut results = Results::open("websocket");
    if wanted("codec") {
        results.set("codec_ns", codec::run());
        results.set("deflate_ns", codec::deflate());
        results.set("unmask_gb_per_s", codec::unmask());
    }
    if wanted("servers") {
        results.set("echo", load::echo());
    }
    if wanted("idle") {
        results.set("idle_bytes", load::idle());
    }
    if wanted("broadcast") {
        results.set("broadcast_per_cpu_second", load::broadcast());
    }
    results.save();
}
