//! Asking again, what it costs, and the answers of "A WebSocket, an event stream, or HTTP/2?".

use crate::hpack::{PATHS, request};
use wirebook_hpack::{Encoder, Indexing};
use wirebook_http2::StreamId;
use wirebook_http2::wire::{Flags, Header as FrameHeader, Kind};
use wirebook_sse::{Event, encoder};
use wirebook_websocket::frame::{Header, Opcode};

/// A request of the chapter on HPACK as HTTP/1.1 sends it.
fn as_text() -> Vec<u8> {
    let path = PATHS[1];
    let mut text = format!("GET {path} HTTP/1.1\r\nhost: tea.example\r\n");
    request(path).iter().filter(|(name, _)| !name.starts_with(':')).for_each(|(name, value)| {
        text += &format!("{name}: {value}\r\n");
    });
    (text + "\r\n").into_bytes()
}

// ANCHOR: naive
/// What a page sends in so many seconds if it asks each second, and how late it hears of something on average.
fn asking(seconds: usize) -> (usize, f64) {
    (seconds * as_text().len(), 0.5)
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn an_hour_of_asking_is_nearly_a_megabyte_for_three_words() {
    let (bytes, late) = asking(3600);
    assert!(bytes > 900_000 && late > 0.4, "{bytes} bytes, {late} s late");
    let said: usize = ["green", "black", "none left"].map(|news| event(news).len()).iter().sum();
    assert_eq!(said, 43, "what an event stream would have sent");
}
// ANCHOR_END: breaks

// ANCHOR: exercise_choice
#[derive(Clone, Copy, PartialEq)]
enum Speaks {
    /// The page asks, and is answered.
    Page,
    /// The server has news; what the page says is rare, and may be a request.
    Server,
    /// Both, unasked, many times a second.
    Both,
}

#[derive(Debug, PartialEq)]
enum Way {
    Request,
    Events,
    Socket,
}

/// `seconds` is the time between two news.
fn choose(who: Speaks, seconds: f64, bytes: bool) -> Way {
    match who {
        Speaks::Page => Way::Request,
        Speaks::Both => Way::Socket,
        // Events are text.
        Speaks::Server if bytes => Way::Socket,
        // So rare that a request each time costs less than a connection that is held.
        Speaks::Server if seconds >= 600.0 => Way::Request,
        Speaks::Server => Way::Events,
    }
}
// ANCHOR_END: exercise_choice

// ANCHOR: exercise_choice_test
#[test]
fn the_smallest_thing_that_can_say_it() {
    assert_eq!(choose(Speaks::Page, 1.0, true), Way::Request, "a report");
    assert_eq!(choose(Speaks::Server, 30.0, false), Way::Events, "the price of tea");
    assert_eq!(choose(Speaks::Server, 3600.0, false), Way::Request, "the weather");
    assert_eq!(choose(Speaks::Server, 0.1, true), Way::Socket, "a picture ten times a second");
    assert_eq!(choose(Speaks::Both, 0.05, false), Way::Socket, "a game");
}
// ANCHOR_END: exercise_choice_test

// ANCHOR: exercise_bytes
fn event(data: &str) -> Vec<u8> {
    let mut out = Vec::new();
    encoder::encode(Event::data(data), &mut out).expect("data of one line");
    out
}

/// A chunk of HTTP/1.1: its size in hexadecimal, and two line ends.
fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// A frame of HTTP/2.
fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let header = FrameHeader { length, kind, flags: Flags(0), stream: StreamId::new(1) };
    [&header.bytes()[..], payload].concat()
}

/// A message of a WebSocket; with a key if a client sends it.
fn message(data: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let length = data.len() as u64;
    let header = Header { fin: true, rsv: 0, opcode: Opcode::Text, mask, length };
    let mut bytes = [0; 14];
    let size = header.encode(&mut bytes);
    [&bytes[..size], data].concat()
}

/// The same request again, as one block after the other.
fn blocks(count: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(4096);
    let block = |_| {
        let mut out = Vec::new();
        let mut block = encoder.block(&mut out);
        for (name, value) in request(PATHS[1]) {
            block.field(name.as_bytes(), value.as_bytes(), Indexing::Allowed);
        }
        frame(Kind::Headers, &out)
    };
    (0..count).map(block).collect()
}
// ANCHOR_END: exercise_bytes

// ANCHOR: exercise_bytes_test
#[test]
fn a_hundred_messages_of_twenty_bytes() {
    let text = "a message: 20 bytes.";
    assert_eq!(text.len(), 20);
    let hundred = |one: Vec<u8>| 100 * one.len();
    assert_eq!(hundred(chunk(&event(text))), 3_400);
    assert_eq!(hundred(frame(Kind::Data, &event(text))), 3_700);
    assert_eq!(hundred(message(text.as_bytes(), None)), 2_200);
    assert_eq!(hundred(message(text.as_bytes(), Some([0; 4]))), 2_600);
    assert_eq!(hundred(frame(Kind::Data, &message(text.as_bytes(), None))), 3_100);
    // A request each time, without the answers.
    assert!((25_000..30_000).contains(&hundred(as_text())));
    assert!((3_000..6_000).contains(&blocks(100).concat().len()));
}
// ANCHOR_END: exercise_bytes_test
