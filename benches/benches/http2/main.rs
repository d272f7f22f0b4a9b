//! What requests of HTTP/2 take: "Hello, World!" over one connection in clear text on this machine, one request at a time and thirty-two
//! at once, from our server, from hyper's and from the h2 crate alone. The client is the same for all: our core on a blocking socket.
//!
//! Run: cargo bench -p wirebook-benches --bench http2

#[path = "client.rs"]
mod client;
#[path = "servers.rs"]
mod servers;

use client::Client;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::net::SocketAddr;

/// Starts a server in a thread of its own, which ends with the process.
type Start = fn() -> SocketAddr;

const SERVERS: [(&str, Start); 3] = [("wirebook", servers::wirebook), ("hyper", servers::hyper), ("h2", servers::h2)];

fn requests(criterion: &mut Criterion) {
    let addresses = SERVERS.map(|(name, start)| (name, start()));
    for together in [1, 32] {
        let mut group = criterion.benchmark_group(format!("{together} at once"));
        group.throughput(Throughput::Elements(together));
        for (name, address) in addresses {
            let mut client = Client::connect(address);
            group.bench_function(name, |bencher| bencher.iter(|| client.ask(together)));
        }
        group.finish();
    }
}

criterion_group!(benches, requests);
criterion_main!(benches);
