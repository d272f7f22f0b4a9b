//! A TCP client by Node's event names: connect, data, end, error.
//!
//! Run: cargo run --example tcp_client -- --addr 127.0.0.1:7000        (while tcp_echo runs)

use wirebook_net::{
    self as net,
    node::{Event, Socket},
};

fn main() -> std::io::Result<()> {
    let address = std::env::args().skip_while(|word| word != "--addr").nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:7000".into());
    // ANCHOR: client
    net::block_on(async move {
        let client = Socket::connect(address);
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
        client.on("error", |event| println!("{event:?}"));
    })
    // ANCHOR_END: client
}
