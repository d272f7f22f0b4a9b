//! The reader that one would write first, what it gets wrong, and the answers of "Frames: many messages on one connection".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use wirebook_http2::wire::{Frame, Header, Kind, PREFACE};
use wirebook_http2::{Code, Config, Connection, Event, Fields, StreamId, Violation};

// ANCHOR: naive
/// The next frame, once all of it is there: its kind, its stream, its payload.
fn naive<'a>(input: &mut &'a [u8]) -> Option<(u8, u32, &'a [u8])> {
    let (head, rest) = input.split_first_chunk::<9>()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    let payload = rest.get(..length)?;
    *input = &rest[length..];
    Some((head[3], stream, payload))
}
// ANCHOR_END: naive

#[test]
fn the_naive_reader_reads_what_is_right() {
    let mut wire = Vec::new();
    Frame::Ping { ack: false, data: *b"12345678" }.write(&mut wire);
    let mut input = &wire[..];
    assert_eq!(naive(&mut input), Some((6, 0, &b"12345678"[..])));
    assert!(input.is_empty() && naive(&mut input).is_none());
}

// ANCHOR: breaks
#[test]
fn nine_bytes_promise_sixteen_megabytes() {
    let nine = [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1];
    // It waits, and whoever reads for it keeps what comes.
    assert_eq!(naive(&mut &nine[..]), None);
    // The nine bytes are enough to know better.
    let result = Header::read(&nine).check(16_384);
    assert_eq!(result, Err(Violation::FrameTooLarge));
}

#[test]
fn one_bit_makes_another_stream_of_it() {
    let nine = [0, 0, 0, 0, 1, 0x80, 0, 0, 1];
    assert_eq!(naive(&mut &nine[..]), Some((0, 0x8000_0001, &b""[..])));
    assert_eq!(Header::read(&nine).stream, StreamId::new(1));
}
// ANCHOR_END: breaks

/// The mistakes that a server finds on streams of these frames, behind a preface and SETTINGS.
fn mistakes(frames: &[Vec<u8>]) -> Vec<Violation> {
    let bytes = [PREFACE.to_vec(), frame(4, 0, 0, b""), frames.concat()].concat();
    let mut server = Connection::server(Arc::new(Config::default()), Instant::now());
    let (mut room, mut at, mut found) = (Fields::default(), 0, Vec::new());
    while let (used, Some(event)) = server.receive(&bytes[at..], &mut room).expect("no mistake of the connection") {
        at += used;
        if let Event::StreamError(error) = event {
            found.push(error.violation);
        }
    }
    found
}

// ANCHOR: exercise_flip
#[test]
fn a_bit_says_that_something_follows() {
    // :method: GET, :scheme: https, :path: /, :authority: a
    let block = *b"\x82\x87\x84\x01\x01a";
    let data = frame(0, 0x1, 1, b"more");
    let ended = [frame(1, 0x5, 1, &block), data.clone()];
    assert_eq!(mistakes(&ended), [Violation::StreamClosed]);
    let open = [frame(1, 0x4, 1, &block), data];
    assert_eq!(mistakes(&open), []);
}
// ANCHOR_END: exercise_flip

// ANCHOR: exercise_write
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).expect("less than 4 GiB").to_be_bytes();
    let head = [a, b, c, kind, flags];
    [&head[..], &stream.to_be_bytes(), payload].concat()
}
// ANCHOR_END: exercise_write

// ANCHOR: exercise_write_test
#[test]
fn mine_are_the_crates() {
    let stream = StreamId::new(3);
    let pairs = [
        (frame(0, 1, 3, b"tea"), Frame::Data { stream, end_stream: true, padding: 0, data: b"tea" }),
        (frame(3, 0, 3, &[0, 0, 0, 8]), Frame::RstStream { stream, code: Code::CANCEL }),
        (frame(4, 1, 0, b""), Frame::SettingsAck),
        (frame(8, 0, 3, &[0, 1, 0, 0]), Frame::WindowUpdate { stream, increment: 65_536 }),
    ];
    for (mine, theirs) in pairs {
        let mut wire = Vec::new();
        theirs.write(&mut wire);
        assert_eq!(mine, wire);
    }
}
// ANCHOR_END: exercise_write_test

// ANCHOR: exercise_count
/// Counts frames and bytes by kind. It keeps nine bytes at most, whatever comes.
#[derive(Default)]
struct Counter {
    head: Vec<u8>,
    /// Bytes of payload that have not come.
    left: usize,
    counts: BTreeMap<&'static str, (u64, u64)>,
}

impl Counter {
    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                bytes = &bytes[skipped..];
                self.left -= skipped;
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            if let Ok(nine) = <&[u8; 9]>::try_from(&self.head[..]) {
                let header = Header::read(nine);
                self.left = header.length as usize;
                let (frames, size) = self.counts.entry(header.kind.name()).or_default();
                *frames += 1;
                *size += u64::from(header.length);
                self.head.clear();
            }
        }
    }
}
// ANCHOR_END: exercise_count

// ANCHOR: exercise_count_test
#[test]
fn it_counts_the_same_wherever_the_bytes_are_cut() {
    let wire = [frame(0, 0, 1, &[7; 3000]), frame(6, 0, 0, b"12345678"), frame(0, 1, 1, b"")].concat();
    for size in [1, 2, 8, 9, 10, 1000, wire.len()] {
        let mut counter = Counter::default();
        wire.chunks(size).for_each(|piece| counter.feed(piece));
        let expected = BTreeMap::from([("DATA", (2, 3000)), ("PING", (1, 8))]);
        assert_eq!(counter.counts, expected);
    }
}
// ANCHOR_END: exercise_count_test

#[test]
fn exercise_an_update_by_nothing() {
    let bytes = [0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    let (nine, payload) = bytes.split_first_chunk().expect("a header");
    let header = Header::read(nine);
    assert_eq!((header.kind, header.check(16_384)), (Kind::WindowUpdate, Ok(())));
    let update = Frame::WindowUpdate { stream: StreamId::new(1), increment: 0 };
    assert_eq!(Frame::read(header, payload), Ok(update));
}
