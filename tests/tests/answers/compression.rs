//! Compression, the obvious way and the exercises of its chapter.

use std::io::{self, Read};

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

// ANCHOR: deflate_naive
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A message as it travels.
fn naive_deflate(window: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 1024);
    window.compress_vec(message, &mut out, FlushCompress::Sync).expect("there is room");
    assert!(out.ends_with(&TAIL));
    out.truncate(out.len() - TAIL.len());
    out
}

/// The message again.
fn naive_inflate(travelled: &[u8]) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    // The last five bytes are an empty block that says: this is the end.
    let whole = [travelled, &TAIL, &[0x01, 0x00, 0x00, 0xff, 0xff]].concat();
    DeflateDecoder::new(&whole[..]).read_to_end(&mut message)?;
    Ok(message)
}
// ANCHOR_END: deflate_naive

fn compressor() -> Compress {
    Compress::new(Compression::new(6), false)
}

// ANCHOR: deflate_breaks
#[test]
fn the_naive_inflater_fills_the_memory() {
    let hello = naive_deflate(&mut compressor(), b"Hello");
    assert_eq!(hello, [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(naive_inflate(&hello).unwrap(), b"Hello");
    // Sixteen megabytes of zeros.
    let bomb = naive_deflate(&mut compressor(), &vec![0; 16 << 20]);
    assert!(bomb.len() < 17 << 10);
    assert_eq!(naive_inflate(&bomb).unwrap().len(), 16 << 20);
}
// ANCHOR_END: deflate_breaks

#[test]
fn exercise_hello_twice() {
    // ANCHOR: exercise_twice
    let mut window = compressor();
    assert_eq!(naive_deflate(&mut window, b"Hello").len(), 7);
    assert_eq!(naive_deflate(&mut window, b"Hello"), [0xf2, 0x00, 0x11, 0x00, 0x00]);
    // ANCHOR_END: exercise_twice
}

#[test]
fn exercise_short_messages_are_rarely_worth_it() {
    // ANCHOR: exercise_sizes
    let move_to = |x: u32| format!(r#"{{"type":"move","x":{x},"y":7,"player":"green"}}"#);
    let alone = naive_deflate(&mut compressor(), move_to(1).as_bytes());
    let mut window = compressor();
    naive_deflate(&mut window, move_to(1).as_bytes());
    let second = naive_deflate(&mut window, move_to(2).as_bytes());
    assert_eq!([move_to(1).len(), alone.len(), second.len()], [44, 46, 8]);
    // ANCHOR_END: exercise_sizes
}

// ANCHOR: exercise_inflate
/// Inflates up to `max` bytes, and never holds more.
fn inflate(travelled: &[u8], max: usize) -> Result<Vec<u8>, &'static str> {
    let mut inflater = Decompress::new(false);
    let mut message = Vec::new();
    let mut step = [0; 4096];
    for mut piece in [travelled, &TAIL] {
        loop {
            let (taken, given) = (inflater.total_in(), inflater.total_out());
            let went = inflater.decompress(piece, &mut step, FlushDecompress::Sync);
            went.map_err(|_| "this does not inflate")?;
            let inflated = &step[..(inflater.total_out() - given) as usize];
            if message.len() + inflated.len() > max {
                return Err("the message is too large");
            }
            message.extend_from_slice(inflated);
            piece = &piece[(inflater.total_in() - taken) as usize..];
            // A step that was not filled says that there is no more.
            if inflated.len() < step.len() {
                break;
            }
        }
        if !piece.is_empty() {
            return Err("there is something behind the end");
        }
    }
    Ok(message)
}
// ANCHOR_END: exercise_inflate

#[test]
fn exercise_a_bomb_is_refused_at_the_bound() {
    let zeros = vec![0; 1 << 20];
    let packed = naive_deflate(&mut compressor(), &zeros);
    assert_eq!(inflate(&packed, 1 << 20).unwrap(), zeros);
    assert_eq!(inflate(&packed, (1 << 20) - 1), Err("the message is too large"));
    assert_eq!(inflate(&naive_deflate(&mut compressor(), b"Hello"), 5).unwrap(), b"Hello");
    assert!(inflate(&[0xff; 20], 1000).is_err());
}
