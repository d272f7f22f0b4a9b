//! What an idle connection costs in memory of the server's process.

use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};
use wirebook_benches::{Server, round_to, sys};

const CONNECTIONS: usize = 10_000;

pub(crate) fn run() -> Value {
    sys::allow_descriptors(2 * CONNECTIONS as u64);
    let mut rows = Vec::new();
    for name in ["wirebook-readable", "wirebook-parked", "tokio-idle"] {
        let server = Server::start(name);
        // A few connections first, so that what the server allocates once is not counted.
        let mut streams: Vec<TcpStream> = (0..10).map(|_| connect(&server)).collect();
        let before = server.memory();
        streams.extend((0..CONNECTIONS).map(|_| connect(&server)));
        std::thread::sleep(Duration::from_millis(100));
        let bytes = (server.memory() - before) as f64 / CONNECTIONS as f64;
        let row = json!({ "server": name, "bytes_per_idle_connection": round_to(bytes, 0) });
        eprintln!("{row}");
        rows.push(row);
    }
    json!({ "connections": CONNECTIONS, "servers": rows })
}

/// A connection that has exchanged one message and is idle now.
fn connect(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).expect("the server accepts");
    stream.write_all(b"x").expect("the server reads");
    stream.read_exact(&mut [0]).expect("the server answers");
    stream
}
