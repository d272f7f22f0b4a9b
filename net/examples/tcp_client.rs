//! A TCP client by Node's event names: connect, data, end, error.
//!
//! Run: cargo run --example tcp_client -- --addr 127.0.0.1:7000        (while tcp_echo runs)

use wirebook_net::{
    self as net,
    node::{Event, Socket},
};
use wirebook_terminal as terminal;

fn main() -> std::io::Result<()> {
    let addr = terminal::address(include_str!("tcp_client.rs"), "127.0.0.1:7000");
    // ANCHOR: client
    net::block_on(async move {
        let client = Socket::connect(addr);
        let socket = client.clone();
        client.on("connect", move |_| {
            println!("connected");
            socket.write(b"world\n");
        });
        let socket = client.clone();
        client.on("data", move |event| {
            let Event::Data(bytes) = event else { return };
            print!("{}", String::from_utf8_lossy(bytes));
            socket.end();
        });
        client.on("end", |_| println!("disconnected"));
        client.on("error", |event| {
            let Event::Error(error) = event else { return };
            eprintln!("error: {error}");
            std::process::exit(1)
        });
    })
    // ANCHOR_END: client
}
