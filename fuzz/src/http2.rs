//! What every connection of HTTP/2 must do with any bytes: no panic, no memory without bound, and the same events and answers
//! wherever they are cut.

use std::sync::Arc;
use std::time::Instant;
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::RequestHead;
use wirebook_http2::wire::{Frame, Header, PREFACE};
use wirebook_http2::{Config, Connection, Event, Fields};

/// The first byte chooses the end and how the rest is cut; the rest is what comes behind the introduction of both.
pub fn connection(data: &[u8]) {
    let Some((how, bytes @ [_, ..])) = data.split_first() else { return };
    let is_client = how & 1 == 1;
    let whole = run(is_client, &[bytes]);
    let cut = usize::from(how >> 1) * bytes.len() / 127;
    assert_eq!(run(is_client, &[&bytes[..cut], &bytes[cut..]]), whole, "cut at {cut}");
    assert_eq!(run(is_client, &bytes.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
}

/// Events and answers, the pieces of content joined.
fn run(is_client: bool, pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let (config, now) = (Arc::new(Config::default()), Instant::now());
    let (mut out, mut room, mut events) = (Vec::new(), Fields::default(), Vec::new());
    let mut buffer = Vec::new();
    let mut connection = if is_client {
        let mut connection = Connection::client(config, now);
        let mut fields = FieldBlock::default();
        fields.push("host", "a").expect("a field");
        let head = RequestHead::new(b"GET", b"/", fields.lines());
        let stream = connection.next_stream().expect("the first");
        let event = Event::Request { stream, head, scheme: b"http", protocol: None, end: true };
        connection.send(event, &mut out).expect("a request");
        connection
    } else {
        buffer.extend_from_slice(PREFACE);
        Connection::server(config, now)
    };
    buffer.extend_from_slice(b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0");
    let mut content = None;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        let mut at = 0;
        loop {
            match connection.receive(&buffer[at..], &mut room) {
                Ok((used, event)) => {
                    at += used;
                    match event {
                        Some(Event::Data { stream, bytes, end }) => {
                            let (before, joined) = content.get_or_insert((stream, 0));
                            if *before != stream {
                                events.push(format!("{before} {joined}"));
                                (*before, *joined) = (stream, 0);
                            }
                            *joined += bytes.len();
                            if end {
                                events.push(format!("{stream} {joined} end"));
                                content = None;
                            }
                        }
                        Some(event) => {
                            events.extend(content.take().map(|(stream, joined)| format!("{stream} {joined}")));
                            events.push(format!("{event:?}"));
                        }
                        None => break,
                    }
                }
                Err(error) => {
                    events.push(format!("{error:?}"));
                    at = buffer.len();
                    break;
                }
            }
        }
        buffer.drain(..at);
        assert!(buffer.len() <= 64 * 1024, "what is kept has a bound");
        assert!(connection.streams() <= 100);
    }
    events.extend(content.map(|(stream, joined)| format!("{stream} {joined}")));
    connection.answers(&mut out);
    (events, out)
}

/// A frame that can be read is written back byte by byte, but for what means nothing: reserved bits, unknown flags, the content
/// of padding.
pub fn frame(data: &[u8]) {
    let Some((bytes, payload)) = data.split_first_chunk() else { return };
    let header = Header { length: payload.len() as u32, ..Header::read(bytes) };
    if header.check((1 << 24) - 1).is_err() {
        return;
    }
    let Ok(frame) = Frame::read(header, payload) else { return };
    let mut written = Vec::new();
    frame.write(&mut written);
    let (bytes, payload) = written.split_first_chunk().expect("a header");
    let again = Header::read(bytes);
    assert_eq!(again.length as usize, payload.len());
    // Padding of HEADERS is taken off and not remembered.
    assert_eq!(Frame::read(again, payload), Ok(frame));
}
