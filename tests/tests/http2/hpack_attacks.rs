//! The rows of `tests/attacks/hpack.jsonl`, as the decoder of a connection meets them: frame by frame, each field block
//! whole. That the connection then ends with COMPRESSION_ERROR is HTTP/2's part.

use serde_json::Value;
use wirebook_hpack::{Block, Decoder, Limits};

/// What came of one block.
#[derive(Debug, PartialEq)]
enum Outcome {
    Error,
    TooLarge,
    Fields,
}

fn rows() -> Vec<Value> {
    let lines = include_str!("../../attacks/hpack.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

/// The field blocks in the bytes that a client sends, the preface before them.
fn blocks(bytes: &[u8]) -> Vec<Vec<u8>> {
    const HEADERS: u8 = 1;
    const CONTINUATION: u8 = 9;
    const END_HEADERS: u8 = 4;
    let mut rest = bytes.strip_prefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap_or(bytes);
    let (mut blocks, mut block) = (Vec::new(), Vec::new());
    while let Some((head, behind)) = rest.split_first_chunk::<9>() {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (payload, next) = behind.split_at(length);
        if head[3] == HEADERS || head[3] == CONTINUATION {
            assert_eq!(head[4] & 0x28, 0, "these rows have neither padding nor priority");
            block.extend_from_slice(payload);
            if head[4] & END_HEADERS != 0 {
                blocks.push(std::mem::take(&mut block));
            }
        }
        rest = next;
    }
    blocks
}

fn run(row: &Value) -> Vec<Outcome> {
    let sends = row["steps"].as_array().expect("steps").iter().filter_map(|step| step["data"].as_str());
    // A character of the row is an octet.
    let bytes: Vec<u8> = sends.flat_map(|data| data.chars().map(|c| u8::try_from(c).expect("an octet"))).collect();
    let (mut decoder, mut room) = (Decoder::new(Limits::default()), Block::default());
    let mut outcomes = Vec::new();
    for block in blocks(&bytes) {
        let result = decoder.decode(&block, &mut room);
        outcomes.push(match result {
            Err(_) => Outcome::Error,
            Ok(()) if room.over() => Outcome::TooLarge,
            Ok(()) => Outcome::Fields,
        });
        if result.is_err() {
            break;
        }
    }
    outcomes
}

#[test]
fn every_row() {
    let mut played = 0;
    for row in rows() {
        let id = row["id"].as_str().expect("an id");
        if row["steps"].as_array().expect("steps").iter().any(|step| step["op"] == "send_generated") {
            continue;
        }
        let outcomes = run(&row);
        let last = outcomes.last().unwrap_or_else(|| panic!("{id} has no block"));
        let expected = &row["expect"]["h2"];
        match expected["status"].as_str() {
            None => {
                assert_eq!(expected["goaway"], "COMPRESSION_ERROR", "{id}");
                assert_eq!(*last, Outcome::Error, "{id}: {outcomes:?}");
            }
            Some("200") => assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Fields), "{id}: {outcomes:?}"),
            Some("431") => assert_eq!(*last, Outcome::TooLarge, "{id}: {outcomes:?}"),
            Some("431 on 1, 200 on 3") => assert_eq!(outcomes, [Outcome::TooLarge, Outcome::Fields], "{id}"),
            Some(other) => panic!("{id} expects {other}"),
        }
        played += 1;
    }
    assert!(played >= 15, "{played} rows");
}

/// Row h2-087 is a conversation; its heart is that a refused request's block goes through the decoder like any other.
#[test]
fn h2_087_a_block_of_a_refused_stream_is_decoded() {
    let (mut decoder, mut room) = (Decoder::new(Limits { fields: 0, ..Limits::default() }), Block::default());
    decoder.decode(&[0x82, 0x40, 0x03, b'x', b'-', b'k', 0x01, b'v'], &mut room).expect("a valid block");
    assert!(room.over());
    assert_eq!(decoder.entry(62), Some((&b"x-k"[..], &b"v"[..])));
}
