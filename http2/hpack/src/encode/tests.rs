//! What the blocks alone do not show: the encoder's memory keeps its bounds, and a hash is only where to look.

use super::*;
use crate::{Block, Decoder, Limits};
use std::collections::HashMap;

/// Two texts that `hash` cannot tell apart, of some hundred thousand.
fn alike(hash: impl Fn(&[u8]) -> u32) -> [String; 2] {
    let mut seen = HashMap::new();
    let mut texts = (0..1_000_000).map(|number| format!("x-{number:06}"));
    let pair = texts.find_map(|text| seen.insert(hash(text.as_bytes()), text.clone()).map(|other| [other, text]));
    pair.expect("a million texts have two with one hash of 32 bits")
}

#[test]
fn fields_and_names_of_one_hash_are_told_apart() {
    let values = alike(|value| hashes(b"x-a", value).0);
    let names = alike(|name| hashes(name, b"").1);
    let (mut encoder, mut decoder) = (Encoder::new(MOST), Decoder::new(Limits::default()));
    let (mut out, mut room) = (Vec::new(), Block::default());
    let sent = [("x-a", &*values[0]), ("x-a", &*values[1]), (&*names[0], "1"), (&*names[1], "2"), (&*names[0], "3")];
    let mut block = encoder.block(&mut out);
    sent.iter().for_each(|(name, value)| block.field(name.as_bytes(), value.as_bytes(), Indexing::Allowed));
    decoder.decode(&out, &mut room).expect("a block of ours");
    assert!(room.fields().map(|field| (field.name, field.value)).eq(sent.map(|(n, v)| (n.as_bytes(), v.as_bytes()))));
    assert_eq!(encoder.table(), decoder.table());
}

/// Hashes leave with their entries, and no block makes us remember more positions than are predicted.
#[test]
fn the_index_is_no_larger_than_the_table() {
    let mut encoder = Encoder::new(MOST);
    for size in [MOST, 200, 0, MOST] {
        encoder.allow(size);
        for round in 0..3 {
            let mut out = Vec::new();
            let mut block = encoder.block(&mut out);
            (0..500).for_each(|at| block.field(b"x-a", format!("{round} {at}").as_bytes(), Indexing::Allowed));
            let (index, entries) = (encoder.index.as_ref().expect("a block was made"), encoder.table.len());
            assert_eq!((index.fields.len(), index.names.len()), (entries, entries), "{size}");
            assert!(index.predicted.len() <= PREDICTED, "{}", index.predicted.len());
        }
    }
}

/// A block like the last one finds each of its entries where it stood, without a hash.
#[test]
fn what_stood_at_a_place_is_expected_there() {
    let fields = [b"x-a", b"x-b", b"x-c"];
    let mut encoder = Encoder::new(MOST);
    let numbers = |encoder: &Encoder| encoder.index.as_ref().expect("a block was made").predicted.clone();
    let mut send = |order: [usize; 3]| {
        let mut out = Vec::new();
        let mut block = encoder.block(&mut out);
        order.iter().for_each(|at| block.field(fields[*at], b"1", Indexing::Allowed));
        numbers(&encoder)
    };
    let first = send([0, 1, 2]);
    assert!(first.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{first:?}");
    assert_eq!(send([0, 1, 2]), first);
    assert_eq!(send([2, 1, 0]), [first[2], first[1], first[0]]);
}

/// A name of the static table is called by its number there, though the dynamic one has it, too: the number is smaller.
#[test]
fn a_name_that_both_tables_have() {
    let (mut encoder, mut out) = (Encoder::new(MOST), Vec::new());
    let mut block = encoder.block(&mut out);
    for value in [b"a", b"b"] {
        block.field(b"accept", value, Indexing::Allowed);
    }
    assert_eq!((out[0], out[3]), (0x40 | 19, 0x40 | 19), "{out:02x?}");
}

/// RFC 7541, Appendix C.4.1: the codes where they are shorter. Where they are as long, the text as it is.
#[test]
fn strings_are_coded_where_that_is_shorter() {
    let (mut encoder, mut out) = (Encoder::new(MOST), Vec::new());
    encoder.block(&mut out).field(b":authority", b"www.example.com", Indexing::Allowed);
    assert_eq!(out, b"\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff");
    out.clear();
    encoder.block(&mut out).field(b":authority", b"ab", Indexing::Without);
    assert_eq!(out, b"\x01\x02ab");
}

/// What was forgotten to save memory can be told from the table: its entries are found again, wherever they are asked for.
#[test]
fn what_is_in_the_table_is_found_after_its_memory_went() {
    let (mut encoder, mut out) = (Encoder::new(MOST), Vec::new());
    let mut block = encoder.block(&mut out);
    [b"x-a", b"x-b"].iter().for_each(|name| block.field(*name, b"1", Indexing::Allowed));
    let again: [fn(&mut Encoder); 2] = [Encoder::shrink, |encoder| encoder.allow(1000)];
    for forget in again {
        forget(&mut encoder);
        assert!(encoder.index.is_none());
        let mut out = Vec::new();
        let mut block = encoder.block(&mut out);
        [b"x-b", b"x-a"].iter().for_each(|name| block.field(*name, b"1", Indexing::Allowed));
        assert_eq!(out[out.len() - 2..], [0x80 | 62, 0x80 | 63]);
    }
}
