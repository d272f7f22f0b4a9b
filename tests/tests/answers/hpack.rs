//! What one would send before HPACK, why not, and the answers of "Fields that were sent before".

use flate2::{Compress, Compression, FlushCompress};
use std::collections::VecDeque;
use wirebook_hpack::{Block, Decoder, Encoder, Indexing, Kind, Limits, integer, naive, representations};

#[allow(dead_code, reason = "a program, of which the requests are wanted")]
#[path = "../../../http2/hpack/examples/hpack_blocks.rs"]
mod hpack_blocks;
pub(crate) use hpack_blocks::{PATHS, request};

// ANCHOR: as_text
fn as_text(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>().into_bytes()
}
// ANCHOR_END: as_text

// ANCHOR: deflated
/// One compressor for all heads of a connection.
struct Deflated(Compress);

impl Deflated {
    fn block(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        let result = self.0.compress_vec(&as_text(fields), &mut out, FlushCompress::Sync);
        result.expect("deflate takes every text");
        out
    }
}
// ANCHOR_END: deflated

fn deflated() -> Deflated {
    Deflated(Compress::new(Compression::default(), false))
}

fn hpack(encoder: &mut Encoder, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = encoder.block(&mut out);
    for (name, value) in fields {
        block.field(name.as_bytes(), value.as_bytes(), Indexing::Allowed);
    }
    out
}

/// The chapter's table.
#[test]
fn three_requests_three_ways() {
    let (mut deflate, mut encoder) = (deflated(), Encoder::new(4096));
    let lengths = PATHS.map(|path| {
        let fields = request(path);
        [as_text(&fields).len(), deflate.block(&fields).len(), hpack(&mut encoder, &fields).len()]
    });
    assert_eq!(lengths, [[298, 231, 124], [301, 16, 33], [307, 18, 37]]);
}

// ANCHOR: exercise_room
/// Representations of the second request that name an entry of a table of `size` bytes: their first octet has a 1 in front,
/// and behind it a number above 61.
fn named(size: u32) -> usize {
    let mut encoder = Encoder::new(size);
    hpack(&mut encoder, &request("/"));
    let block = hpack(&mut encoder, &request("/tea"));
    let kinds = representations(&block).map(|one| one.expect("a block of ours"));
    kinds.filter(|one| one.kind == Kind::Indexed && one.number > 61).count()
}

#[test]
fn a_byte_less_and_each_entry_pushes_out_the_next() {
    assert_eq!(53 + 71 + 79 + 61 + 62, 326);
    assert_eq!((named(326), named(325)), (5, 0));
}
// ANCHOR_END: exercise_room

// ANCHOR: crime
/// Finds a cookie of digits. `length` is what travels when the victim's browser asks for a path of the attacker's.
fn guess(digits: usize, length: impl Fn(&str) -> usize) -> String {
    let mut known = String::from("session=");
    for _ in 0..digits {
        let cost = |digit: &char| length(&format!("/?{known}{digit}"));
        let shortest = ('0'..='9').min_by_key(cost).expect("ten digits");
        known.push(shortest);
    }
    known
}
// ANCHOR_END: crime

#[test]
fn deflate_tells_a_cookie_digit_by_digit() {
    for secret in ["session=70412839", "session=31415926"] {
        let length = |path: &str| deflated().block(&[(":path", path), ("cookie", secret)]).len();
        assert_eq!(guess(8, length), secret);
    }
}

#[test]
fn a_table_tells_nothing_of_a_part() {
    // The same digits in another order: equally long, coded or not.
    let length = |secret: &'static str| {
        move |path: &str| hpack(&mut Encoder::new(4096), &[(":path", path), ("cookie", secret)]).len()
    };
    let (one, other) = (length("session=70412839"), length("session=93821407"));
    for path in ["/", "/?session=7", "/?session=9", "/?session=70412839", "/?session=93821407"] {
        assert_eq!(one(path), other(path), "{path}");
    }
    assert_ne!(guess(8, one), "session=70412839");
}

/// What a proxy that joins the requests of two people to one connection would do.
#[test]
fn a_table_tells_a_whole_guess_unless_it_is_never_indexed() {
    for (wish, tells) in [(Indexing::Allowed, true), (Indexing::Never, false)] {
        let mut encoder = Encoder::new(4096);
        let mut length = |token: &str| {
            let mut out = Vec::new();
            encoder.block(&mut out).field(b"x-token", token.as_bytes(), wish);
            out.len()
        };
        length("70412839");
        let [wrong, right] = ["93821407", "70412839"].map(&mut length);
        assert_eq!((right < wrong, right == 1), (tells, tells), "{wish:?}");
    }
}

// ANCHOR: bomb
/// A field of 4,000 bytes that goes into the table, and a block that names it twelve thousand times.
fn bomb() -> [Vec<u8>; 2] {
    let mut first = vec![0x40, 1, b'x'];
    integer::write(4_000, 7, 0, &mut first);
    first.extend([b'y'; 4_000]);
    [first, vec![0x80 | 62; 12_000]]
}
// ANCHOR_END: bomb

#[test]
fn a_bomb_goes_off_in_a_decoder_without_a_limit() {
    // ANCHOR: bomb_breaks
    let mut decoder = naive::Decoder::new(4096);
    let [first, second] = bomb();
    decoder.decode(&first).unwrap();
    let fields = decoder.decode(&second).unwrap();
    let text: usize = fields.iter().map(|(name, value, _)| name.len() + value.len()).sum();
    assert_eq!((second.len(), text), (12_000, 48_012_000));
    // ANCHOR_END: bomb_breaks
}

#[test]
fn a_bomb_is_over_the_limit_and_the_connection_goes_on() {
    // ANCHOR: bomb_holds
    let (mut decoder, mut room) = (Decoder::new(Limits::default()), Block::default());
    let [first, second] = bomb();
    decoder.decode(&first, &mut room).unwrap();
    decoder.decode(&second, &mut room).unwrap();
    assert!(room.over());
    assert_eq!(room.fields().len(), 12, "48 KiB of them");
    // The next request of the connection is read as ever, from the same table.
    decoder.decode(&[0x82, 0xbe], &mut room).unwrap();
    assert_eq!((room.fields().len(), room.over()), (2, false));
    // ANCHOR_END: bomb_holds
}

/// The answers of ten minutes.
#[test]
fn small_answers() {
    let mut out = Vec::new();
    integer::write(1337, 4, 0, &mut out);
    assert_eq!(out, [0x0f, 0xaa, 0x0a]);
    let mut decoder = Decoder::new(Limits::default());
    let error = decoder.decode(&[0x82, 0xbe], &mut Block::default()).unwrap_err();
    assert_eq!((error.offset, error.violation.rule().0), (1, "2.3.3"));
}

// ANCHOR: integers
/// Puts the number behind `mark`, whose low `prefix` bits are free.
fn put(number: u32, prefix: u32, mark: u8, out: &mut Vec<u8>) {
    let full = (1 << prefix) - 1;
    out.push(mark | number.min(full) as u8);
    let Some(mut rest) = number.checked_sub(full) else { return };
    while rest > 127 {
        out.push(128 | (rest % 128) as u8);
        rest /= 128;
    }
    out.push(rest as u8);
}

/// The number, and how many octets it took. `None` if they are not all there, or more than five.
fn take(octets: &[u8], prefix: u32) -> Option<(u32, usize)> {
    let full = (1 << prefix) - 1;
    let mut number = u32::from(*octets.first()?) & full;
    if number < full {
        return Some((number, 1));
    }
    for (at, &octet) in octets[1..].iter().take(4).enumerate() {
        number += u32::from(octet & 127) << (7 * at);
        if octet < 128 {
            return Some((number, at + 2));
        }
    }
    None
}
// ANCHOR_END: integers

#[test]
fn the_integers_are_those_of_the_crate() {
    for prefix in 1..=8 {
        for number in (0..70_000).chain([integer::MAX - 1]) {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            put(number, prefix, 0, &mut ours);
            integer::write(number, prefix, 0, &mut theirs);
            assert_eq!(ours, theirs, "{number} with {prefix}");
            assert_eq!(take(&ours, prefix), Some((number, ours.len())));
            assert!((0..ours.len()).all(|end| take(&ours[..end], prefix).is_none()));
        }
        assert_eq!(take(&[0xff, 0x80, 0x80, 0x80, 0x80, 0], prefix), None);
    }
}

// ANCHOR: table
/// A dynamic table of at most `most` bytes, the newest entry first.
struct Table {
    entries: VecDeque<(Vec<u8>, Vec<u8>)>,
    size: usize,
    most: usize,
}

impl Table {
    fn insert(&mut self, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len() + 32;
        self.evict(self.most.saturating_sub(size));
        if size <= self.most {
            self.entries.push_front((name.to_vec(), value.to_vec()));
            self.size += size;
        }
    }

    fn resize(&mut self, most: usize) {
        self.most = most;
        self.evict(most);
    }

    fn evict(&mut self, most: usize) {
        while self.size > most {
            let (name, value) = self.entries.pop_back().expect("the size is that of the entries");
            self.size -= name.len() + value.len() + 32;
        }
    }

    fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let (name, value) = self.entries.get(index.checked_sub(62)?)?;
        Some((name, value))
    }
}
// ANCHOR_END: table

#[test]
fn the_table_is_the_decoders() {
    let mut table = Table { entries: VecDeque::new(), size: 0, most: 4096 };
    let (mut decoder, mut room) = (Decoder::new(Limits::default()), Block::default());
    // Numbers without an order that anybody chose.
    let mut random = 7u32;
    let mut number = |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % below
    };
    for _ in 0..2_000 {
        let mut block = Vec::new();
        if number(10) == 0 {
            let size = [0, 31, 100, 400, 4096][number(5) as usize];
            table.resize(size as usize);
            integer::write(size, 5, 0x20, &mut block);
        }
        let (name, value) = (vec![b'n'; number(9) as usize], vec![b'a' + number(26) as u8; number(400) as usize]);
        block.push(0x40);
        for text in [&name, &value] {
            integer::write(text.len() as u32, 7, 0, &mut block);
            block.extend(text);
        }
        table.insert(&name, &value);
        decoder.decode(&block, &mut room).unwrap();
        assert_eq!((table.size, table.entries.len()), decoder.table());
        for index in 62..=62 + table.entries.len() {
            assert_eq!(table.get(index), decoder.entry(index));
        }
    }
}
