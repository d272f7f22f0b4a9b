//! Two strings at once.
//!
//! Even with two symbols for each look-up, a decoder mostly waits: for the entry to come from memory, then for the shift by
//! its length, then for the next entry. Two strings have two such chains, and a processor that waits in one goes on in the
//! other. A field block shows the lengths of its strings in clear, so two of them can be found before either is decoded.

use super::bits::Bits;
use super::fault::Fault;
use super::pair::{Text, room};
use crate::class::Class;

/// Appends the texts of both inputs to `out`, one behind the other, and gives the length and the class of each.
///
/// # Errors
///
/// The [`Fault`] of one of the strings, and whether it is the second; `out` is as it was.
pub fn decode_two(first: &[u8], second: &[u8], out: &mut Vec<u8>) -> Result<[(usize, Class); 2], (Fault, bool)> {
    let (start, split) = (out.len(), room(first));
    out.resize(start + split + room(second), 0);
    let (one, two) = out[start..].split_at_mut(split);
    let result = decode_two_into([first, second], [one, two]);
    let length = result.map_or(0, |[(one, _), (two, _)]| {
        out.copy_within(start + split..start + split + two, start + one);
        one + two
    });
    out.truncate(start + length);
    result
}

/// Decodes each input to the start of its `out`, which has the [`room`]. Gives the texts' lengths and classes.
pub(crate) fn decode_two_into(
    [first, second]: [&[u8]; 2],
    [one, two]: [&mut [u8]; 2],
) -> Result<[(usize, Class); 2], (Fault, bool)> {
    let mut texts = [Text { out: one, at: 0, kinds: 0 }, Text { out: two, at: 0, kinds: 0 }];
    run(&mut texts, [Bits::new(first), Bits::new(second)])?;
    Ok(texts.map(|text| (text.at, Class(text.kinds))))
}

fn run([one, two]: &mut [Text<'_>; 2], [mut first, mut second]: [Bits<'_>; 2]) -> Result<(), (Fault, bool)> {
    // While both have words to look at, look at both in turn. A long code, or the end of one, is the business of `pair`.
    // ANCHOR: two
    while first.fill() && second.fill() {
        let mut short = true;
        for _ in 0..4 {
            // No `&&`: a branch between the two would make one wait for the other.
            short &= one.look(&mut first) & two.look(&mut second);
        }
        if !short {
            // A look at a long code has taken nothing, and neither have those behind it.
            break;
        }
    }
    // ANCHOR_END: two
    one.run(&mut first).and_then(|()| one.finish(&mut first)).map_err(|fault| (fault, false))?;
    two.run(&mut second).and_then(|()| two.finish(&mut second)).map_err(|fault| (fault, true))
}
