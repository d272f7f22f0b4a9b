//! Answers of "The attacks".

use super::{
    bodies::{Body, body, unchunked},
    head::naive,
};
use wirebook_http1::connection::{Connection, Event};
use wirebook_http1::parser::Fields;

/// Row h1-001: what follows the head is six bytes for one reader, and a chunk for the other.
const SMUGGLING: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n\
                           0\r\n\r\nGET /smug HTTP/1.1\r\nHost: a\r\n\r\n";

// ANCHOR: two_readings
/// Where the next request begins for a reader that goes by the length, and for one that goes by the chunks.
fn two_readings(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = str::from_utf8(&bytes[..head]).ok()?;
    let (_, _, fields) = naive(text)?;
    let Body::Length(length) = body(&fields) else { return None };
    let (_, used) = unchunked(&bytes[head..]).ok()??;
    Some((head + length, head + used))
}
// ANCHOR_END: two_readings

#[test]
fn one_string_of_bytes_has_two_ends() {
    let (by_length, by_chunks) = two_readings(SMUGGLING).expect("both find an end");
    assert_eq!(by_length, by_chunks + 1);
    assert!(SMUGGLING[by_chunks..].starts_with(b"GET /smug"));
    assert!(SMUGGLING[by_length..].starts_with(b"ET /smug"));
}

/// The body that our server announces for a head, if it takes the head.
fn ours(head: &[u8]) -> Option<Body> {
    let (mut connection, mut room) = (Connection::server(), Fields::new());
    match connection.receive(head, &mut room) {
        Ok((_, Some(Event::Request(_)))) => {}
        _ => return None,
    }
    Some(match connection.body_left() {
        Some(0) => Body::Empty,
        Some(length) => Body::Length(length as usize),
        None => Body::Chunked,
    })
}

// ANCHOR: hunt
/// All heads that differ from this one in a byte, that our server takes, and whose body it reads otherwise than the naive reader.
fn hunt(head: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for at in 0..head.len() {
        for byte in 0..=255 {
            let mut bytes = head.to_vec();
            bytes[at] = byte;
            let Some(strict) = ours(&bytes) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            let lenient = naive(&text).map(|(_, _, fields)| match body(&fields) {
                Body::Length(0) => Body::Empty,
                other => other,
            });
            if lenient != Some(strict) {
                found.push(bytes);
            }
        }
    }
    found
}
// ANCHOR_END: hunt

#[test]
fn no_changed_byte_of_a_length_has_two_readings() {
    let found = hunt(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    let found: Vec<_> = found.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_list_of_equal_lengths_has_two_readings() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n";
    assert!(hunt(head).contains(&head.to_vec()), "we read 5, and the naive reader cannot parse it and takes 0");
}
