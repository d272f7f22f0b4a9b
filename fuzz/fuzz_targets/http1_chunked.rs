//! Any bytes through the chunked decoder, whole and byte by byte: the same data, the same end, the same error at the same
//! byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_http1::parser::Rule;
use wirebook_http1::parser::chunked::{Chunk, Chunked};

type Outcome = (Vec<u8>, Result<bool, (Rule, usize)>, usize);

fn read(input: &[u8], step: usize) -> Outcome {
    let (mut chunked, mut data, mut at, mut seen) = (Chunked::new(), Vec::new(), 0, 0);
    loop {
        match chunked.decode(&input[at..seen]) {
            Err(error) => return (data, Err((error.rule, at + error.offset as usize)), 0),
            Ok((used, chunk)) => {
                at += used;
                match chunk {
                    Some(Chunk::Data(piece)) => data.extend_from_slice(piece),
                    Some(Chunk::Last) => return (data, Ok(true), at),
                    None if seen == input.len() => return (data, Ok(false), 0),
                    None => seen = input.len().min(seen + step),
                }
            }
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let whole = read(input, input.len().max(1));
    for step in [1, 3, 17] {
        assert_eq!(read(input, step), whole, "in steps of {step}");
    }
});
