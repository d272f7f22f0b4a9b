//! What the loop costs: CPU per echoed message beside a raw epoll loop, mio and tokio; wakes, timers, memory.
//!
//! Run: cargo bench -p wirebook-benches --bench net [-- echo | micro | memory]
//!
//! Servers take turns in short rounds, as `benches/src/lib.rs` says. Results go to `benches/results/PROCESSOR/net.json`.

#[path = "net/load.rs"]
mod load;
#[path = "net/memory.rs"]
mod memory;
#[path = "net/micro.rs"]
mod micro;
#[path = "net/servers.rs"]
mod servers;

use wirebook_benches::{Results, served, wanted};

fn main() {
    if let Some(server) = served() {
        return servers::serve(&server);
    }
    let mut results = Results::open("net");
    if wanted("micro") {
        results.set("micro", micro::run());
    }
    if wanted("memory") {
        results.set("memory", memory::run());
    }
    if wanted("echo") {
        results.set("echo", load::run());
    }
    results.save();
}
