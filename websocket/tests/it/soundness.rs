//! Safe programs that once reached undefined behaviour: a caller that does to its buffer what any caller may.
//!
//! They are held in both profiles, because a `debug_assert` once hid the first of them in the dev profile and let it through
//! in the other: `cargo test -p wirebook-websocket --test it soundness`, and the same with `--release`. Neither expects a panic;
//! each looks at the bytes that were handed over, so it fails in either profile where they are no text.

use std::sync::Arc;
use std::time::Instant;

use wirebook_websocket::{Code, Config, Connection, Delivery, Error, Event, Kind, Message};

fn server() -> Connection {
    Connection::server(Arc::new(Config { heartbeat: None, ..Config::default() }), None, Instant::now())
}

fn client(config: Config) -> Connection {
    Connection::client(Arc::new(config), None, |bytes| bytes.fill(7), Instant::now())
}

/// "abcde" as one frame, from a client (with a mask of zeroes) or from a server.
fn hello(masked: bool) -> Vec<u8> {
    if masked { b"\x81\x85\0\0\0\0abcde".to_vec() } else { b"\x81\x05abcde".to_vec() }
}

/// What was handed over as text is text, whatever the caller did.
#[track_caller]
fn is_text_or_an_error(result: Result<(usize, Option<Event<'_>>), Error>) {
    match result {
        Ok((_, Some(Event::Message(Message::Text(text))))) => {
            assert!(std::str::from_utf8(text.as_bytes()).is_ok(), "{:?} was called text", text.as_bytes());
        }
        Ok((_, Some(other))) => panic!("{other:?} never came"),
        Ok((_, None)) | Err(_) => {}
    }
}

#[test]
fn bytes_that_were_changed_between_two_calls_are_checked_again() {
    for masked in [true, false] {
        let mut connection = if masked { server() } else { client(Config::default()) };
        let mut bytes = hello(masked);
        let header = bytes.len() - 5;
        // Four of five bytes of the payload.
        let (used, event) = connection.receive(&mut bytes[..header + 4]).expect("good so far");
        assert_eq!((used, event), (header, None));
        // The payload lies in the caller's buffer, and the caller writes to it.
        bytes[header..header + 4].copy_from_slice(&[0xff, 0xfe, 0xc0, 0x80]);
        assert_eq!(connection.receive(&mut bytes[header..]).unwrap_err(), Error::InvalidUtf8);
    }
}

#[test]
fn every_single_byte_that_is_changed_at_every_cut_is_seen() {
    let text = "aé€😀z";
    let frame = [&[0x81, 0x80 | text.len() as u8, 0, 0, 0, 0][..], text.as_bytes()].concat();
    for cut in 7..frame.len() {
        for at in 6..cut {
            for byte in [0x00, 0x80, 0xbf, 0xc0, 0xe2, 0xf4, 0xff] {
                let (mut connection, mut bytes) = (server(), frame.clone());
                assert_eq!(connection.receive(&mut bytes[..cut]), Ok((6, None)));
                bytes[at] = byte;
                is_text_or_an_error(connection.receive(&mut bytes[6..]));
            }
        }
    }
}

#[test]
fn a_client_that_reads_into_the_same_buffer_again_is_told_or_served_but_never_lied_to() {
    // The loop that one writes first: read into the front of one buffer, and forget what was not consumed.
    let mut connection = client(Config::default());
    let mut buffer = [0_u8; 64];
    buffer[..6].copy_from_slice(b"\x81\x05abcd");
    assert_eq!(connection.receive(&mut buffer[..6]), Ok((2, None)));
    buffer[..1].copy_from_slice(&[0xff]);
    is_text_or_an_error(connection.receive(&mut buffer[..1]));
    // More than enough bytes, and none of them those that were checked.
    let mut connection = client(Config::default());
    buffer[..6].copy_from_slice(b"\x81\x05abcd");
    assert_eq!(connection.receive(&mut buffer[..6]), Ok((2, None)));
    buffer[..5].copy_from_slice(&[0xf0, 0x28, 0x8c, 0xbc, b'e']);
    is_text_or_an_error(connection.receive(&mut buffer[..5]));
}

#[test]
fn fewer_bytes_than_before_are_an_error_and_no_panic() {
    for opcode in [0x81, 0x82, 0x89, 0x8a, 0x88] {
        for (again, earns) in [(0, false), (1, false), (3, false), (4, true)] {
            let mut connection = client(Config::default());
            let mut bytes = [opcode, 5, b'a', b'b', b'c', b'd', b'e'];
            assert_eq!(connection.receive(&mut bytes[..6]), Ok((2, None)));
            let result = connection.receive(&mut bytes[2..2 + again]);
            if earns {
                assert_eq!(result, Ok((0, None)), "as many as before are no fault");
                continue;
            }
            assert_eq!(result, Err(Error::InputLost));
            let mut out = Vec::new();
            connection.fail(Error::InputLost, &mut out);
            assert_eq!(Error::InputLost.close_code(), Some(Code::INTERNAL_ERROR), "it is not the peer's fault");
            assert_eq!(out[..2], [0x88, 0x82], "and the peer is told so");
        }
    }
}

#[test]
fn pieces_that_are_consumed_need_not_be_kept() {
    // Fragments are consumed as they come, so the caller may do with them what it likes.
    let mut connection = server();
    let mut bytes = b"\x01\x82\0\0\0\0\xe2\x82".to_vec();
    assert_eq!(connection.receive(&mut bytes), Ok((8, None)));
    bytes.fill(0xff);
    let mut rest = b"\x80\x81\0\0\0\0\xac".to_vec();
    assert_eq!(connection.receive(&mut rest), Ok((7, Some(Event::Message(Message::text("€"))))));
    // So are parts of a message that is handed over in parts; they are bytes, and never called text.
    let mut connection = client(Config { delivery: Delivery::Chunks, ..Config::default() });
    let mut bytes = b"\x81\x03\xe2\x82".to_vec();
    let (used, event) = connection.receive(&mut bytes).expect("half a code point is no error yet");
    let Some(Event::Chunk(chunk)) = event else { panic!("a part") };
    assert_eq!((used, chunk.kind, &chunk.payload[..], chunk.last), (4, Kind::Text, &[0xe2, 0x82][..], false));
}
