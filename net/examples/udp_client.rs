//! A UDP client: sends a line, waits a second for the answer, tries three times.
//!
//! Run: cargo run --example udp_client -- --addr 127.0.0.1:7002        (while udp_echo runs)

use std::{io, time::Duration};
use wirebook_net::{self as net, Datagrams, udp::UdpSocket};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("udp_client.rs"), "127.0.0.1:7002");
    net::run(ask(addr.clone())).map_err(terminal::at(addr))
}

// ANCHOR: client
async fn ask(addr: String) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(addr.parse().map_err(io::Error::other)?)?;
    let mut bytes = [0; 1500];
    for attempt in 1..=3 {
        // Datagrams get lost. A program that needs an answer asks again.
        socket.send(format!("hello, attempt {attempt}").as_bytes()).await?;
        if let Ok(received) = net::timeout(Duration::from_secs(1), socket.recv_from(&mut bytes)).await {
            println!("{}", String::from_utf8_lossy(&bytes[..received?.length]));
            return Ok(());
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}
// ANCHOR_END: client
