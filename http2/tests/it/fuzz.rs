//! The fuzz targets of `fuzz/`, on inputs from seeds: any bytes, and frames that are nearly right, which go deeper.

// What is public there is for the targets.
#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/http2.rs"]
mod target;

use wirebook_http2::wire::{Dependency, Frame, Header, Kind};
use wirebook_http2::{Code, StreamId};

struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % u64::from(bound)) as u32
    }

    fn bytes(&mut self, most: u32) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

/// Blocks that are requests, responses, trailers, or nothing.
const BLOCKS: [&[u8]; 8] = [
    b"\x82\x86\x84\x01\x01a",
    b"\x83\x86\x84\x01\x01a\x00\x0econtent-length\x013",
    b"\x88",
    b"\x00\x07:status\x03103",
    b"\x40\x01k\x01v",
    b"\xbe",
    b"",
    b"\x00\x01X\x01y",
];

fn frame(random: &mut Random, out: &mut Vec<u8>) {
    let stream = StreamId::new([0, 1, 1, 1, 2, 3, 3, 5, 7, 1_000_001][random.below(10) as usize]);
    let (flag, payload) = (random.below(2) == 0, random.bytes(12));
    let dependency = Dependency { on: StreamId::new(random.below(4)), exclusive: flag, weight: 7 };
    let block = BLOCKS[random.below(8) as usize];
    match random.below(14) {
        0..3 => {
            let dependency = (random.below(5) == 0).then_some(dependency);
            let end_headers = random.below(5) > 0;
            Frame::Headers { stream, end_stream: flag, end_headers, dependency, fragment: block }.write(out);
        }
        3..5 => Frame::Data { stream, end_stream: flag, padding: random.below(4), data: &payload }.write(out),
        5 => Frame::RstStream { stream, code: Code(random.below(20)) }.write(out),
        6 => {
            let entries: Vec<u8> = (0..random.below(3))
                .flat_map(|_| [0, random.below(10) as u8, 0, 0, random.below(65) as u8, 1])
                .collect();
            Frame::Settings { payload: &entries }.write(out);
        }
        7 => Frame::Ping { ack: flag, data: *b"12345678" }.write(out),
        8 => Frame::WindowUpdate { stream, increment: random.below(3) * random.below(1 << 30) }.write(out),
        9 => Frame::Continuation { stream, end_headers: flag, fragment: block }.write(out),
        10 => Frame::Priority { stream, dependency }.write(out),
        11 => Frame::PriorityUpdate { stream, value: b"u=1, i" }.write(out),
        12 => Frame::Goaway { last: stream, code: Code::NO_ERROR, debug: &payload }.write(out),
        _ => {
            let kind = Kind::new(random.below(20) as u8);
            let flags = wirebook_http2::wire::Flags(random.below(256) as u8);
            let header = Header { length: payload.len() as u32, kind, flags, stream };
            out.extend_from_slice(&header.bytes());
            out.extend_from_slice(&payload);
        }
    }
}

#[test]
fn frames_that_are_nearly_right() {
    for seed in 0..4000 {
        let mut random = Random::new(seed);
        let mut input = vec![random.below(256) as u8];
        (0..1 + random.below(25)).for_each(|_| frame(&mut random, &mut input));
        target::connection(&input);
    }
}

#[test]
fn any_bytes() {
    for seed in 0..2000 {
        let input = Random::new(seed).bytes(300);
        target::connection(&input);
        target::frame(&input);
    }
    for seed in 0..4000 {
        let (mut random, mut input) = (Random::new(seed), Vec::new());
        frame(&mut random, &mut input);
        target::frame(&input);
    }
}
