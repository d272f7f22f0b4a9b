//! Our reader against tungstenite's, on the same bytes from a server's view: the same messages, the same pings and pongs, and
//! an end in the same place. Where the two are known to differ, the difference is named here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Instant;
use tungstenite::protocol::{Role, WebSocketConfig};
use wirebook_websocket::{Config, Connection, Error, Event};

/// Gives out bytes, then "would block"; takes anything.
struct Memory<'a>(&'a [u8]);

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() { Err(std::io::ErrorKind::WouldBlock.into()) } else { self.0.read(buffer) }
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn theirs(input: &[u8]) -> (Vec<String>, bool) {
    let config = WebSocketConfig::default();
    let mut socket = tungstenite::WebSocket::from_raw_socket(Memory(input), Role::Server, Some(config));
    let mut events = Vec::new();
    loop {
        match socket.read() {
            Ok(tungstenite::Message::Close(_)) => return (events, false),
            Ok(tungstenite::Message::Text(text)) => events.push(format!("text {:?}", text.as_str())),
            Ok(tungstenite::Message::Binary(bytes)) => events.push(format!("binary {:?}", &bytes[..])),
            Ok(tungstenite::Message::Ping(bytes)) => events.push(format!("ping {:?}", &bytes[..])),
            Ok(tungstenite::Message::Pong(bytes)) => events.push(format!("pong {:?}", &bytes[..])),
            Ok(tungstenite::Message::Frame(_)) => {}
            Err(tungstenite::Error::Io(_)) => return (events, false),
            Err(_) => return (events, true),
        }
    }
}

fn ours(input: &[u8]) -> (Vec<String>, Option<Error>) {
    let mut connection = Connection::server(Arc::new(Config::default()), None, Instant::now());
    let (mut bytes, mut events, mut at) = (input.to_vec(), Vec::new(), 0);
    loop {
        match connection.receive(&mut bytes[at..]) {
            Ok((_, None)) => return (events, None),
            Ok((used, Some(event))) => {
                at += used;
                match event {
                    Event::Message(message) => events.push(match message.as_text() {
                        Some(text) => format!("text {text:?}"),
                        None => format!("binary {:?}", message.as_bytes()),
                    }),
                    Event::Ping(payload) => events.push(format!("ping {payload:?}")),
                    Event::Pong(payload) => events.push(format!("pong {payload:?}")),
                    Event::Close(_) => return (events, None),
                    Event::Chunk(_) => {}
                }
            }
            Err(error) => return (events, Some(error)),
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let (their_events, their_error) = theirs(input);
    let (our_events, our_error) = ours(input);
    let shared = their_events.len().min(our_events.len());
    assert_eq!(their_events[..shared], our_events[..shared]);
    // tungstenite takes lengths that are not minimal, waits for the end of a frame before it judges its text, and sets no bound
    // on empty fragments or on frames below 16 MiB; and it does not judge the codes of Close frames as strictly.
    let stricter = matches!(
        our_error,
        Some(
            Error::LengthNotMinimal
                | Error::InvalidUtf8
                | Error::TooManyEmptyFragments
                | Error::FrameTooLarge
                | Error::MessageTooLarge
                | Error::LengthTooLarge
                | Error::CloseTooShort
                | Error::CloseCode
                | Error::CloseReason
                | Error::ReservedOpcode
                | Error::ReservedBits
                | Error::Unmasked
                | Error::ControlTooLong
                | Error::ControlFragmented
                | Error::NothingToContinue
                | Error::MessageInsideMessage
        )
    );
    if !stricter {
        assert_eq!(our_error, None);
        assert!(our_events.len() == their_events.len() && !their_error, "they refuse what we take: {our_events:?}");
    }
});
