//! A server that shows the bytes of each read and answers by hand, with the standard library alone.
//!
//! Run: cargo run --example wire -- --addr 127.0.0.1:7004        (then: nc 127.0.0.1 7004; with --whole it waits)

use std::{
    io::{self, Read, Write},
    net::TcpListener,
};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7004")]
    addr: String,
    /// Wait for the whole head of a request before the answer
    #[arg(long)]
    whole: bool,
}

/// Bytes of a request's head that the patient server keeps.
const MAX_HEAD: usize = 16 * 1024;

// ANCHOR: main
fn main() -> terminal::Result {
    let Arguments { addr, whole } = terminal::arguments(include_str!("wire.rs"));
    let listener = TcpListener::bind(&addr).map_err(terminal::at(&addr))?;
    let here = listener.local_addr()?;
    terminal::listening(here, &[&format!("curl http://{here}/tea")]);
    loop {
        let (connection, client) = listener.accept()?;
        println!("connected: {client}");
        let answered = if whole { answer_whole(connection) } else { answer(connection) };
        if let Err(error) = answered {
            println!("given up: {error}");
        }
    }
}
// ANCHOR_END: main

const TEA: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntea\n";

// ANCHOR: answer
pub(crate) fn answer(mut connection: impl Read + Write) -> io::Result<()> {
    let mut bytes = [0; 1024];
    let count = connection.read(&mut bytes)?;
    println!("a read of {count} bytes: {}", bytes[..count].escape_ascii());
    connection.write_all(TEA)
}
// ANCHOR_END: answer

// ANCHOR: answer_whole
pub(crate) fn answer_whole(mut connection: impl Read + Write) -> io::Result<()> {
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let count = connection.read(&mut bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        println!("a read of {count} bytes: {}", bytes[..count].escape_ascii());
        head.extend_from_slice(&bytes[..count]);
        if head.len() > MAX_HEAD {
            return Err(io::Error::other("the head is too long"));
        }
    }
    connection.write_all(TEA)
}
// ANCHOR_END: answer_whole
