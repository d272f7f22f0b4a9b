//! What HTTP/2 costs a server: CPU time of ours, of nghttpd, of hyper and of the h2 crate alone, all asked by h2load.
//!
//! Run: cargo bench -p wirebook-benches --bench http2 [-- one | many | tls | download | handshakes]
//!
//! "Hello, World!" with one request at a time on each of ten connections (`one`) and with thirty-two (`many`), in clear text;
//! thirty-two over TLS (`tls`); 16 MiB over TLS (`download`); and connections over TLS of one request each (`handshakes`). Servers
//! take turns in short rounds, as `benches/src/lib.rs` says. A part takes less than a minute. It wants h2load, and nghttpd if that
//! is to be measured: both are in Debian's package nghttp2. Results go to `benches/results/PROCESSOR/http2.json`.

#[path = "load.rs"]
mod load;
#[path = "servers.rs"]
mod servers;

use wirebook_benches::{Results, served, wanted};

fn main() {
    if let Some(server) = served() {
        return servers::serve(&server);
    }
    let mut results = Results::open("http2");
    for part in load::PARTS {
        if wanted(part.name) {
            eprintln!("{}", part.name);
            results.set(part.name, load::run(&part));
        }
    }
    results.save();
}
