//! Any octets through every Huffman decoder: the tree's text, class and fault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_hpack::huffman::{VARIANTS, encode, interleaved, tree};

fuzz_target!(|input: &[u8]| {
    let mut judged = Vec::new();
    let judgement = tree::decode(input, &mut judged);
    for (name, decode) in VARIANTS {
        let mut out = Vec::new();
        assert_eq!(decode(input, &mut out), judgement, "{name}");
        assert_eq!(out, judged, "{name}");
    }
    let (first, second) = input.split_at(input.len() / 2);
    let mut out = Vec::new();
    let both = interleaved::decode_two(first, second, &mut out);
    let (mut one, mut two) = (Vec::new(), Vec::new());
    match (tree::decode(first, &mut one), tree::decode(second, &mut two)) {
        (Ok(class), Ok(second_class)) => {
            assert_eq!(both, Ok([(one.len(), class), (two.len(), second_class)]));
            assert_eq!(out, [one, two].concat());
        }
        _ => assert!(both.is_err()),
    }
    let mut coded = Vec::new();
    encode::encode(input, &mut coded);
    judged.clear();
    assert!(tree::decode(&coded, &mut judged).is_ok());
    assert_eq!(judged, input);
});
