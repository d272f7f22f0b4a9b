//! The five decoders are one.

use proptest::prelude::*;
use wirebook_hpack::huffman::{Fault, VARIANTS, code, encode, fewest, interleaved, most, pair, tree};
use wirebook_hpack::{Class, Violation};

type Outcome = (Result<Class, Fault>, Vec<u8>);

fn outcome(decode: wirebook_hpack::huffman::Decode, input: &[u8]) -> Outcome {
    let mut out = b"before".to_vec();
    let result = decode(input, &mut out);
    assert!(out.starts_with(b"before"));
    (result, out.split_off(6))
}

/// All variants, and the two halves of the interleaved one, say of `input` what the tree says.
fn agree(input: &[u8]) -> Outcome {
    let judged = outcome(tree::decode, input);
    for (name, decode) in VARIANTS {
        assert_eq!(outcome(decode, input), judged, "{name} on {input:02x?}");
    }
    if let Ok(class) = judged.0 {
        assert_eq!(class, Class::of(&judged.1));
        assert!((fewest(input.len())..=most(input.len())).contains(&judged.1.len()), "{input:02x?}");
    }
    judged
}

fn agree_two(first: &[u8], second: &[u8]) {
    let (one, two) = (outcome(tree::decode, first), outcome(tree::decode, second));
    let mut out = b"before".to_vec();
    match (interleaved::decode_two(first, second, &mut out), one.0, two.0) {
        (Ok([(length, class), (more, second_class)]), Ok(one_class), Ok(two_class)) => {
            assert_eq!((class, second_class), (one_class, two_class));
            assert_eq!((length, more), (one.1.len(), two.1.len()));
            assert_eq!(out[6..], [one.1, two.1].concat());
        }
        (Err((fault, is_second)), one, two) => {
            assert_eq!(if is_second { two } else { one }, Err(fault));
            assert_eq!(out, b"before");
        }
        (Ok(_), _, _) => panic!("{first:02x?} {second:02x?} is no pair of strings"),
    }
}

/// RFC 7541 Appendix B, here and there.
#[test]
fn rfc7541_b_codes() {
    for (symbol, length, written) in [
        (b'0' as usize, 5, 0x0),
        (b' ' as usize, 6, 0x14),
        (b'a' as usize, 5, 0x3),
        (b'&' as usize, 8, 0xf8),
        (b'X' as usize, 8, 0xfc),
        (b'#' as usize, 12, 0xffa),
        (b'{' as usize, 15, 0x7ffe),
        (b'\\' as usize, 19, 0x7fff0),
        (0, 13, 0x1ff8),
        (9, 24, 0xffffea),
        (10, 30, 0x3ffffffc),
        (22, 30, 0x3ffffffe),
        (127, 28, 0xffffffc),
        (249, 28, 0xffffffe),
        (255, 26, 0x3ffffee),
        (code::EOS, 30, 0x3fffffff),
    ] {
        assert_eq!((u32::from(code::LENGTHS[symbol]), code::CODES[symbol]), (length, written), "symbol {symbol}");
    }
}

/// No code begins another, and every row of bits begins with one.
#[test]
fn rfc7541_b_the_code_is_complete() {
    let room: u64 = code::LENGTHS.iter().map(|length| 1u64 << (30 - length)).sum();
    assert_eq!(room, 1 << 30);
    for symbol in 0..257 {
        let length = u32::from(code::LENGTHS[symbol]);
        let window = code::CODES[symbol] << (32 - length);
        for filled in [window, window | u32::MAX.checked_shr(length).unwrap_or(0)] {
            assert_eq!(code::symbol(filled), (symbol as u16, length));
        }
    }
}

#[test]
fn every_string_of_at_most_two_octets() {
    let _ = agree(&[]);
    for first in 0..=255 {
        let _ = agree(&[first]);
        for second in 0..=255 {
            let _ = agree(&[first, second]);
        }
    }
}

#[test]
fn every_string_of_three_octets_by_the_tree_and_by_pairs() {
    let (mut judged, mut out) = (Vec::new(), Vec::new());
    for number in 0u32..1 << 24 {
        let input = &number.to_be_bytes()[1..];
        judged.clear();
        out.clear();
        assert_eq!(pair::decode(input, &mut out), tree::decode(input, &mut judged), "{input:02x?}");
        assert_eq!(out, judged, "{input:02x?}");
    }
}

/// Every byte, alone and behind text of any length, so that each code stands at each place of the word.
#[test]
fn every_symbol_at_every_place() {
    for byte in 0..=255 {
        for before in 0..20 {
            for behind in 0..20 {
                let text = [vec![b'e'; before], vec![byte], vec![b'Z'; behind]].concat();
                let mut input = Vec::new();
                encode::encode(&text, &mut input);
                assert_eq!(input.len(), encode::length(&text));
                assert_eq!(agree(&input), (Ok(Class::of(&text)), text));
            }
        }
    }
}

/// §5.2: the symbol EOS is a fault wherever it stands, and so is padding of eight bits, or of zeros.
#[test]
fn rfc7541_5_2_ends() {
    for (input, fault) in [
        (&[0xff, 0xff, 0xff, 0xff][..], Fault::Eos),
        (&[0xff, 0xff, 0xff, 0xfc], Fault::Eos),
        (&[0x1f, 0xff], Fault::Padding),
        (&[0xff], Fault::Padding),
        (&[0xff, 0xff, 0xff], Fault::Padding),
        (&[0x18], Fault::Padding),
        (&[0x1e], Fault::Padding),
    ] {
        assert_eq!(agree(input).0, Err(fault), "{input:02x?}");
        let long = [[0x18, 0xc6, 0x31, 0x8c, 0x63].repeat(7), input.to_vec()].concat();
        assert_eq!(agree(&long).0, Err(fault), "{long:02x?}");
    }
    assert_eq!(Violation::from(Fault::Eos).rule().0, "5.2");
    assert_eq!(agree(&[0x1f]), (Ok(Class::default()), b"a".to_vec()));
}

proptest! {
    #[test]
    fn any_octets(input in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = agree(&input);
    }

    #[test]
    fn any_text(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut input = Vec::new();
        encode::encode(&text, &mut input);
        prop_assert_eq!(agree(&input), (Ok(Class::of(&text)), text));
    }

    #[test]
    fn any_two(one in proptest::collection::vec(any::<u8>(), 0..100), two in "[ -~]{0,100}", cut in 0usize..100) {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        encode::encode(&one, &mut first);
        encode::encode(two.as_bytes(), &mut second);
        agree_two(&first, &second);
        agree_two(&second, &first);
        agree_two(&first[..cut.min(first.len())], &second);
        agree_two(&second, &one);
    }
}
