//! Whole blocks: every rule broken once, every bound at its edge, and any bytes against the naive decoder.

use proptest::prelude::*;
use wirebook_hpack::{Block, Class, Decoder, Encoder, Error, Indexing, Limits, Violation, huffman, integer, naive};

fn decoder(limits: Limits) -> (Decoder, Block) {
    (Decoder::new(limits), Block::default())
}

fn shown(room: &Block) -> Vec<String> {
    room.fields().map(|field| format!("{field:?}")).collect()
}

fn decoded(block: &[u8]) -> Result<Vec<String>, Error> {
    let (mut decoder, mut room) = decoder(Limits::default());
    decoder.decode(block, &mut room)?;
    Ok(shown(&room))
}

/// A block of one field that goes into the table.
fn inserted(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut block = vec![0x40];
    for text in [name, value] {
        integer::write(text.len() as u32, 7, 0, &mut block);
        block.extend_from_slice(text);
    }
    block
}

#[test]
fn every_violation_and_where() {
    let coded = |octets: &[u8]| [&[0x82, 0x00, 0x01, b'a', 0x80 | octets.len() as u8], octets].concat();
    let table = [
        (Violation::IntegerTooLarge, vec![0x82, 0xff, 0x80, 0x80, 0x80, 0x80, 0x00], 1),
        (Violation::IntegerTooLarge, [vec![0x00, 0x7f], vec![0xff; 4]].concat(), 1),
        (Violation::Truncated, vec![0x82, 0x00, 0x7f], 2),
        (Violation::Truncated, vec![0x82, 0x00, 0x01, b'a', 0x02, b'b'], 4),
        (Violation::Truncated, vec![0x82, 0x00, 0x01, b'a'], 4),
        (Violation::Truncated, vec![0x82, 0xff], 1),
        (Violation::HuffmanEos, coded(&[0xff; 4]), 4),
        (Violation::HuffmanPadding, coded(&[0x1f, 0xff]), 4),
        (Violation::IndexZero, vec![0x82, 0x80], 1),
        (Violation::IndexUnknown, vec![0x82, 0x80 | 62], 1),
        (Violation::IndexUnknown, vec![0x82, 0x40 | 62, 0x00], 1),
        (Violation::SizeTooLarge, vec![0x3f, 0xe2, 0x1f], 0),
        (Violation::SizeTooLarge, vec![0x20, 0x3f, 0xe2, 0x1f], 1),
        (Violation::SizeTooLate, vec![0x82, 0x20], 1),
    ];
    for (violation, block, offset) in &table {
        assert_eq!(decoded(block), Err(Error { violation: *violation, offset: *offset }), "{block:02x?}");
        assert_eq!(naive::Decoder::new(4096).decode(block), Err(*violation), "{block:02x?}");
    }
    for violation in Violation::ALL {
        // That one needs SETTINGS, and has its own test.
        assert!(violation == Violation::SizeMissing || table.iter().any(|row| row.0 == violation), "{violation:?}");
    }
}

/// An integer of five octets is read up to its bound, a shorter form or not.
#[test]
fn rfc7541_5_1_integers_at_the_bound() {
    for prefix in 1..=8 {
        let full = (1u32 << prefix) - 1;
        for value in [0, 1, full - 1, full, full + 127, full + 128, integer::MAX - 1] {
            let mut out = Vec::new();
            integer::write(value, prefix, 0, &mut out);
            assert_eq!(integer::read(&out, 0, prefix), Ok((value, out.len())), "{value} in {prefix}");
            for end in 0..out.len() {
                assert_eq!(integer::read(&out[..end], 0, prefix), Err(Violation::Truncated));
            }
        }
        let mut out = Vec::new();
        integer::write(integer::MAX, prefix, 0, &mut out);
        assert_eq!(integer::read(&out, 0, prefix), Err(Violation::IntegerTooLarge));
        assert_eq!(integer::read(&[0xff, 0x80, 0x80, 0x80, 0x00], 0, prefix), Ok((full, 5)));
        assert_eq!(integer::read(&[0xff, 0x80, 0x80, 0x80, 0x80, 0x00], 0, prefix), Err(Violation::IntegerTooLarge));
    }
}

/// §4.2: sizes stand first, in any number; a smaller SETTINGS must be confirmed, by the smallest of them.
#[test]
fn rfc7541_4_2_sizes() {
    assert_eq!(decoded(&[0x20, 0x3f, 0xe1, 0x1f, 0x82]).unwrap(), [":method: GET"]);
    assert_eq!(decoded(&[[0x20; 10_000].as_slice(), &[0x82]].concat()).unwrap(), [":method: GET"]);

    let (mut decoder, mut room) = decoder(Limits::default());
    let missing = Err(Error { violation: Violation::SizeMissing, offset: 0 });
    decoder.allow(100);
    decoder.allow(4096);
    assert_eq!(decoder.decode(&[0x82], &mut room), missing, "it was 100 in between");
    assert_eq!(decoder.decode(&[], &mut room), missing);
    assert_eq!(
        decoder.decode(&[0x3f, 0x46, 0x82], &mut room),
        Err(Error { violation: Violation::SizeMissing, offset: 2 })
    );
    decoder.decode(&[0x3f, 0x45, 0x3f, 0xe1, 0x1f, 0x82], &mut room).unwrap();
    decoder.decode(&[0x82], &mut room).unwrap();
    // More is allowed, and need not be taken.
    decoder.allow(8192);
    decoder.decode(&[0x82], &mut room).unwrap();
    decoder.decode(&[0x3f, 0xe1, 0x3f], &mut room).unwrap();
    assert_eq!(
        decoder.decode(&[0x3f, 0xe2, 0x3f], &mut room),
        Err(Error { violation: Violation::SizeTooLarge, offset: 0 })
    );
}

/// §4.1, §4.4: an entry counts 32 more than its text; at the table's size it stays, one byte more empties the table.
#[test]
fn rfc7541_4_4_eviction_at_the_edge() {
    let limits = Limits { table: 100, ..Limits::default() };
    for (value, left) in [(66, (100, 1)), (67, (0, 0))] {
        let (mut decoder, mut room) = decoder(limits);
        decoder.decode(&inserted(b"a", b"b"), &mut room).unwrap();
        assert_eq!(decoder.table(), (34, 1));
        decoder.decode(&inserted(b"ab", &vec![b'v'; value]), &mut room).unwrap();
        assert_eq!(decoder.table(), left);
        assert_eq!(room.fields().len(), 1, "and the field is there");
    }
    // Two that fit together stay; the index counts from the newest.
    let (mut decoder, mut room) = decoder(limits);
    decoder.decode(&inserted(b"one", &[b'1'; 15]), &mut room).unwrap();
    decoder.decode(&inserted(b"two", &[b'2'; 15]), &mut room).unwrap();
    assert_eq!(decoder.table(), (100, 2));
    assert_eq!(decoder.entry(62), Some((&b"two"[..], &[b'2'; 15][..])));
    assert_eq!(decoder.entry(63).unwrap().0, b"one");
    assert_eq!((decoder.entry(64), decoder.entry(0)), (None, None));
    assert_eq!(decoder.entry(61).unwrap().0, b"www-authenticate");
}

/// §4.4: the name of the entry that must leave names the new one.
#[test]
fn rfc7541_4_4_a_name_that_leaves() {
    let (mut decoder, mut room) = decoder(Limits { table: 64, ..Limits::default() });
    decoder.decode(&inserted(b"name", b"value"), &mut room).unwrap();
    decoder.decode(&[0x40 | 62, 0x05, b'o', b't', b'h', b'e', b'r'], &mut room).unwrap();
    assert_eq!(shown(&room), ["name: other"]);
    assert_eq!(decoder.entry(62), Some((&b"name"[..], &b"other"[..])));
}

/// Limits: at the bound all, one beyond less, and the table has everything either way.
#[test]
fn lists_at_the_bound() {
    // :method GET counts 7 + 3 + 32 = 42, x-a: b 3 + 1 + 32 = 36.
    let block = [&[0x82][..], &inserted(b"x-a", b"b"), &[0x82]].concat();
    for (list, fields, kept) in [
        (120, 3, 3),
        (119, 3, 2),
        (usize::MAX, usize::MAX, 3),
        (120, 2, 2),
        (78, 128, 2),
        (77, 128, 1),
        (42, 128, 1),
        (41, 128, 0),
        (1, 128, 0),
        (0, 128, 0),
        (120, 1, 1),
        (120, 0, 0),
    ] {
        let (mut decoder, mut room) = decoder(Limits { list, fields, ..Limits::default() });
        decoder.decode(&block, &mut room).unwrap();
        assert_eq!((room.fields().len(), room.over()), (kept, kept < 3), "{list} bytes, {fields} fields");
        assert_eq!(decoder.entry(62), Some((&b"x-a"[..], &b"b"[..])), "{list} bytes, {fields} fields");
        decoder.decode(&[], &mut room).unwrap();
        assert_eq!((room.fields().len(), room.over(), room.size()), (0, false, 0));
    }
}

/// A table of nothing keeps nothing, one of 33 bytes keeps one byte, and the largest is a number.
#[test]
fn tables_of_every_size() {
    for (table, entries) in [(0, 0), (1, 0), (32, 0), (33, 0), (34, 1), (u32::MAX, 1)] {
        let (mut decoder, mut room) = decoder(Limits { table, ..Limits::default() });
        decoder.decode(&inserted(b"a", b"b"), &mut room).unwrap();
        assert_eq!(decoder.table().1, entries, "{table}");
    }
    for size in [0, 1, 33, 34, 100, 4096, 4097, u32::MAX] {
        let mut encoder = Encoder::new(size);
        let (mut decoder, mut room) = decoder(Limits { table: size, ..Limits::default() });
        for _ in 0..4 {
            let mut out = Vec::new();
            encoder.block(&mut out).field(b"x-a", b"b", Indexing::Allowed);
            decoder.decode(&out, &mut room).unwrap();
            assert_eq!(shown(&room), ["x-a: b"], "{size}");
        }
        assert_eq!(encoder.table(), decoder.table());
        assert!(encoder.table().0 <= wirebook_hpack::MOST as usize);
    }
}

/// §7.3: a small block that names a large entry twelve thousand times costs neither memory nor time.
#[test]
fn rfc7541_7_3_a_bomb() {
    let (mut decoder, mut room) = decoder(Limits::default());
    decoder.decode(&inserted(b"x", &[b'y'; 4000]), &mut room).unwrap();
    for block in [vec![0xbe; 12_000], [0x0f, 0x2f, 0x00].repeat(4_000)] {
        decoder.decode(&block, &mut room).unwrap();
        assert!(room.over());
        assert!(room.fields().map(|field| field.name.len() + field.value.len() + 32).sum::<usize>() <= 48 * 1024);
    }
}

/// RFC 9113 §8.2.1 asks for these, and an entry of the table still knows them.
#[test]
fn classes_are_those_of_the_text() {
    let (mut decoder, mut room) = decoder(Limits::default());
    decoder.decode(&inserted(b"X-A", b"a b\xff"), &mut room).unwrap();
    for block in [&[][..], &[0xbe]] {
        if !block.is_empty() {
            decoder.decode(block, &mut room).unwrap();
        }
        let field = room.fields().next().unwrap();
        assert_eq!((field.name_class, field.value_class), (Class::UPPER, Class::BLANK.or(Class::HIGH)));
    }
    for (text, class) in [
        (&b"a\0"[..], Class::BREAK),
        (b"\r", Class::BREAK),
        (b"\n", Class::BREAK),
        (b"\x01", Class::CONTROL),
        (b"\x7f", Class::CONTROL),
        (b"\t", Class::BLANK),
        (b":", Class::COLON),
        (b"(", Class::DELIMITER),
        (b"!#$%&'*+-.^_`|~09az", Class::default()),
    ] {
        assert_eq!(Class::of(text), class, "{}", text.escape_ascii());
        assert_eq!(class == Class::default(), !Class::of(text).any(class.or(Class::UPPER)));
    }
}

/// §7.1.3: what must not be compressed with other things, and what is different each time.
#[test]
fn secrets_and_changing_values_stay_out_of_the_table() {
    for (name, value, never) in [
        (&b"authorization"[..], &b"Bearer 0123456789"[..], true),
        (b"proxy-authorization", b"Basic eA==", true),
        (b"cookie", b"a=0123456789abcdefg", true),
        (b"cookie", b"a=0123456789abcdefgh", false),
        (b"content-length", b"17", false),
        (b"x-large", &[b'v'; 3_040], false),
        (b"x-a", b"b", false),
    ] {
        let (mut encoder, mut decoder, mut room) =
            (Encoder::new(4096), Decoder::new(Limits::default()), Block::default());
        for _ in 0..3 {
            let mut out = Vec::new();
            encoder.block(&mut out).field(name, value, Indexing::Allowed);
            decoder.decode(&out, &mut room).unwrap();
            let field = room.fields().next().unwrap();
            assert_eq!((field.name, field.value, field.never_indexed), (name, value, never));
        }
        let stays = name == b"x-a" || value.len() == 20;
        assert_eq!(encoder.table().1, usize::from(stays), "{}", name.escape_ascii());
        assert_eq!(encoder.table(), decoder.table());
    }
    for (wish, never) in [(Indexing::Without, false), (Indexing::Never, true)] {
        let (mut encoder, mut decoder, mut room) =
            (Encoder::new(4096), Decoder::new(Limits::default()), Block::default());
        for _ in 0..3 {
            let mut out = Vec::new();
            encoder.block(&mut out).field(b"x-a", b"b", wish);
            decoder.decode(&out, &mut room).unwrap();
            assert_eq!(room.fields().next().unwrap().never_indexed, never);
        }
        assert_eq!(encoder.table().1, 0);
    }
}

/// What the caller says is never loosened: a secret stays one under a name that would stay out of our table anyway, in a table that is
/// too small for it, and where it stands in the table already because somebody sent it as no secret.
#[test]
fn rfc7541_7_1_3_a_wish_is_kept_whatever_the_field() {
    let long = vec![b'v'; 5000];
    for (name, value) in [
        (&b"set-cookie"[..], &b"id=1"[..]),
        (b":path", b"/reset?token=1"),
        (b":method", b"GET"),
        (b"x-a", &long),
        (b"x-a", b"b"),
    ] {
        let (mut encoder, mut decoder) = (Encoder::new(4096), Decoder::new(Limits::default()));
        let (mut out, mut room) = (Vec::new(), Block::default());
        encoder.block(&mut out).field(b"x-a", b"b", Indexing::Allowed);
        let wishes = [(Indexing::Never, true), (Indexing::Without, false)];
        wishes.iter().for_each(|(wish, _)| encoder.block(&mut out).field(name, value, *wish));
        decoder.decode(&out, &mut room).unwrap();
        let told: Vec<bool> = room.fields().skip(1).map(|field| field.never_indexed).collect();
        assert_eq!(told, wishes.map(|(_, never)| never), "{}", name.escape_ascii());
        assert_eq!(encoder.table().1, 1, "{}", name.escape_ascii());
    }
}

/// Three quarters of the table for one field, and not a byte more.
#[test]
fn a_field_takes_three_quarters_of_the_table_at_most() {
    for (size, value, entries) in
        [(4096, 3072 - 35, 1), (4096, 3072 - 34, 0), (64, 48 - 35, 1), (64, 48 - 34, 0), (0, 0, 0)]
    {
        let mut encoder = Encoder::new(size);
        encoder.block(&mut Vec::new()).field(b"x-a", &vec![b'v'; value], Indexing::Allowed);
        assert_eq!(encoder.table().1, entries, "{value} bytes in a table of {size}");
    }
}

/// SETTINGS that say what was true already cost no octet of the next block.
#[test]
fn rfc7541_4_2_a_size_that_stays_is_not_told() {
    let mut encoder = Encoder::new(4096);
    encoder.allow(4096);
    encoder.allow(65_536);
    let mut out = Vec::new();
    encoder.block(&mut out).field(b":method", b"GET", Indexing::Allowed);
    assert_eq!(out, [0x82]);
    // One that changed is told once; two where it was smaller in between.
    for (sizes, told) in [(&[0][..], &[0x20, 0x82][..]), (&[30, 0], &[0x20, 0x82]), (&[0, 30], &[0x20, 0x3e, 0x82])] {
        let (mut encoder, mut out) = (Encoder::new(4096), Vec::new());
        sizes.iter().for_each(|size| encoder.allow(*size));
        encoder.block(&mut out).field(b":method", b"GET", Indexing::Allowed);
        assert_eq!(out, told, "{sizes:?}");
    }
}

/// The peer's SETTINGS between blocks, any: both tables stay one.
#[test]
fn rfc7541_4_2_our_sizes() {
    let (mut encoder, mut decoder) = (Encoder::new(4096), Decoder::new(Limits::default()));
    let mut room = Block::default();
    for sizes in [&[4096][..], &[0], &[0, 4096], &[100, 50, 2000], &[], &[65_536], &[40, 4096]] {
        for &size in sizes {
            encoder.allow(size);
            decoder.allow(size);
        }
        for _ in 0..3 {
            let mut out = Vec::new();
            encoder.block(&mut out).field(b"x-a", b"some value", Indexing::Allowed);
            decoder.decode(&out, &mut room).unwrap();
            assert_eq!(encoder.table(), decoder.table(), "{sizes:?}");
        }
    }
}

/// Representations that are mostly valid, so that a block gets far.
fn representation() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof!["[a-e]{0,3}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..40),];
    let string = (text, any::<bool>()).prop_map(|(text, coded)| {
        let mut out = Vec::new();
        if coded {
            integer::write(huffman::encode::length(&text) as u32, 7, 0x80, &mut out);
            huffman::encode::encode(&text, &mut out);
        } else {
            integer::write(text.len() as u32, 7, 0, &mut out);
            out.extend_from_slice(&text);
        }
        out
    });
    let index = prop_oneof![8 => 1u32..70, 1 => Just(0u32), 1 => any::<u32>().prop_map(|index| index >> 4)];
    prop_oneof![
        8 => index.clone().prop_map(|index| {
            let mut out = Vec::new();
            integer::write(index, 7, 0x80, &mut out);
            out
        }),
        8 => (prop_oneof![Just(0u32), index], string.clone(), string, 0usize..3).prop_map(|(index, name, value, kind)| {
            let mut out = Vec::new();
            integer::write(index, [6, 4, 4][kind], [0x40, 0x10, 0][kind], &mut out);
            if index == 0 {
                out.extend_from_slice(&name);
            }
            out.extend_from_slice(&value);
            out
        }),
        2 => prop_oneof![0u32..200, 0u32..5000].prop_map(|size| {
            let mut out = Vec::new();
            integer::write(size, 5, 0x20, &mut out);
            out
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever comes, in whatever order of blocks and SETTINGS, both decoders say the same.
    #[test]
    fn as_the_naive_one(
        blocks in proptest::collection::vec(
            (proptest::option::weighted(0.1, 0u32..300), proptest::collection::vec(representation(), 0..8)),
            1..6,
        ),
        size in prop_oneof![Just(4096u32), 0u32..300],
    ) {
        let limits = Limits { table: size, list: usize::MAX, fields: usize::MAX };
        let (mut decoder, mut room) = decoder(limits);
        let mut judge = naive::Decoder::new(size);
        for (settings, block) in blocks {
            if let Some(size) = settings {
                decoder.allow(size);
                judge.allow(size);
            }
            let block = block.concat();
            let result = decoder.decode(&block, &mut room).map(|()| {
                room.fields().map(|f| (f.name.to_vec(), f.value.to_vec(), f.never_indexed)).collect::<Vec<_>>()
            });
            if let Err(error) = result {
                prop_assert!(error.offset <= block.len());
            }
            let judged = judge.decode(&block);
            prop_assert_eq!(result.map_err(|error| error.violation), judged.clone());
            if judged.is_err() {
                break;
            }
            for field in room.fields() {
                prop_assert_eq!(field.name_class, Class::of(field.name));
                prop_assert_eq!(field.value_class, Class::of(field.value));
            }
        }
    }

    /// What the encoder makes, the decoder reads, with limits that leave fields out too: the tables stay one.
    #[test]
    fn there_and_back(
        blocks in proptest::collection::vec(
            (
                proptest::option::weighted(0.2, prop_oneof![0u32..300, Just(4096)]),
                proptest::collection::vec(("(x-[a-d]|cookie|:path|age|accept)", "[a-c]{0,2}|[ -~]{20,60}", 0usize..4), 0..12),
            ),
            1..12,
        ),
        list in prop_oneof![Just(usize::MAX), 0usize..300],
    ) {
        let mut encoder = Encoder::new(4096);
        let (mut decoder, mut room) = decoder(Limits { list, ..Limits::default() });
        for (settings, fields) in blocks {
            if let Some(size) = settings {
                encoder.allow(size);
                decoder.allow(size);
            }
            let mut out = Vec::new();
            let mut block = encoder.block(&mut out);
            for (name, value, wish) in &fields {
                let wish = [Indexing::Allowed, Indexing::Allowed, Indexing::Without, Indexing::Never][*wish];
                block.field(name.as_bytes(), value.as_bytes(), wish);
            }
            decoder.decode(&out, &mut room).unwrap();
            prop_assert_eq!(encoder.table(), decoder.table());
            let kept: Vec<_> = fields.iter().map(|(name, value, _)| format!("{name}: {value}")).take(room.fields().len()).collect();
            let got: Vec<_> = room.fields().map(|field| format!("{}: {}", str::from_utf8(field.name).unwrap(), str::from_utf8(field.value).unwrap())).collect();
            prop_assert_eq!(got, kept);
            prop_assert_eq!(room.over(), room.fields().len() < fields.len());
        }
    }
}
