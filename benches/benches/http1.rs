//! What a request costs: CPU and user instructions of the server for "Hello, World!", beside a constant-answer epoll loop,
//! hyper, may_minihttp and Node; and a loop over our core alone, as an outsider would write it.
//!
//! Run: cargo bench -p wirebook-benches --bench http1 [-- plain | pipelined | memory]
//!
//! 64 connections, with one request at a time on each, or sixteen in a pipeline. Servers take turns in short rounds, as
//! `benches/src/lib.rs` says. Instructions are counted by valgrind, where there is one. Results go to `benches/results/PROCESSOR/http1.json`.

#[path = "http1/load.rs"]
mod load;
#[path = "http1/servers.rs"]
mod servers;

use wirebook_benches::{Results, served, wanted};

fn main() {
    if let Some(server) = served() {
        return servers::serve(&server);
    }
    let mut results = Results::open("http1");
    if wanted("plain") {
        results.set("plain", load::run(1));
    }
    if wanted("pipelined") {
        results.set("pipelined", load::run(16));
    }
    if wanted("memory") {
        results.set("memory", load::memory());
    }
    results.save();
}
