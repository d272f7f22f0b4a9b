//! A page and its style sheet over one HTTP/2 connection, in memory: each frame that goes either way, byte by byte.
//!
//! Run: cargo run --example h2_frames

use std::sync::Arc;
use std::time::Instant;
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{RequestHead, ResponseHead};
use wirebook_http2::wire::{Header, Kind, PREFACE};
use wirebook_http2::{Config, Connection, Event, Fields, StreamId};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("h2_frames.rs"));
    conversation()
}

// ANCHOR: conversation
fn conversation() -> terminal::Result {
    let (config, now) = (Arc::new(Config::default()), Instant::now());
    let mut client = Connection::client(config.clone(), now);
    let mut server = Connection::server(config, now);
    let (mut up, mut down) = (Vec::new(), Vec::new());

    for path in ["/", "/style.css"] {
        ask(&mut client, path, &mut up)?;
    }
    show("client", &up);

    for stream in requests(&mut server, &up)? {
        let head = ResponseHead::new(200, Default::default());
        server.send(Event::Response { stream, head, end: false }, &mut down)?;
    }
    // Nobody waits for the other's end: their pieces take turns.
    for (stream, piece, end) in [(1, "<title>", false), (3, "p {", false), (1, "Tea", true), (3, "}", true)] {
        server.send_data(StreamId::new(stream), piece.as_bytes(), end, &mut down)?;
    }
    show("server", &down);

    let mut last = Vec::new();
    receive(&mut client, &down, |_| {})?;
    client.answers(&mut last);
    show("client", &last);
    Ok(())
}
// ANCHOR_END: conversation

fn ask(client: &mut Connection, path: &str, out: &mut Vec<u8>) -> terminal::Result {
    let mut fields = FieldBlock::default();
    fields.push("host", "tea.example")?;
    let stream = client.next_stream().expect("two of a hundred");
    let head = RequestHead::new(b"GET", path.as_bytes(), fields.lines());
    client.send(Event::Request { stream, head, scheme: b"https", protocol: None, end: true }, out)?;
    Ok(())
}

fn requests(server: &mut Connection, bytes: &[u8]) -> terminal::Result<Vec<StreamId>> {
    let mut streams = Vec::new();
    receive(server, bytes, |event| {
        if let Event::Request { stream, .. } = event {
            streams.push(*stream);
        }
    })?;
    Ok(streams)
}

// ANCHOR: receive
fn receive(end: &mut Connection, bytes: &[u8], mut hear: impl FnMut(&Event<'_>)) -> Result<(), wirebook_http2::Error> {
    let (mut at, mut room) = (0, Fields::default());
    loop {
        let (used, event) = end.receive(&bytes[at..], &mut room)?;
        at += used;
        match event {
            Some(event) => hear(&event),
            None => return Ok(()),
        }
    }
}
// ANCHOR_END: receive

// ANCHOR: show
/// A line for each frame: its header, its payload, and what the nine bytes of the header say.
fn show(who: &str, bytes: &[u8]) {
    println!("{who}:");
    let mut rest = bytes;
    if let Some(behind) = bytes.strip_prefix(PREFACE) {
        println!("  \"{}\"", PREFACE.escape_ascii());
        rest = behind;
    }
    while let Some((nine, behind)) = rest.split_first_chunk::<9>() {
        let header = Header::read(nine);
        let (payload, next) = behind.split_at(header.length as usize);
        println!("  {}  {}", hex(nine), describe(&header));
        if !payload.is_empty() {
            println!("      {}", if header.kind == Kind::Data { text(payload) } else { hex(payload) });
        }
        rest = next;
    }
    println!();
}
// ANCHOR_END: show

fn describe(header: &Header) -> String {
    let Header { length, kind, flags, stream } = header;
    format!("{} of stream {stream}, {length} bytes, flags {:02x}", kind.name(), flags.0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn text(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}
