//! Integers: RFC 7541 §5.1.
//!
//! An integer begins in the low `prefix` bits of an octet whose high bits say something else. What does not fit there goes
//! on in octets of seven bits, the lowest first, each but the last with its high bit set:
//!
//! ```text
//!   0   1   2   3   4   5   6   7           1337 with a prefix of five bits
//! +---+---+---+---+---+---+---+---+
//! | X | X | X | 1 | 1 | 1 | 1 | 1 |         31 fit: 1337 - 31 = 1306 are left
//! | 1 | 0 | 0 | 1 | 1 | 0 | 1 | 0 |         1306 mod 128 = 26, and more to come
//! | 0 | 0 | 0 | 0 | 1 | 0 | 1 | 0 |         1306 / 128 = 10
//! +---+---+---+---+---+---+---+---+
//! ```
//!
//! The format has no end of its own: a sender may go on with zeros for ever. Four octets behind the prefix are all that any
//! real block needs, so a fifth is an error, and a value always fits 28 bits.

use crate::error::Violation;

/// What every integer stays below: what four octets of seven bits can say.
pub const MAX: u32 = 1 << 28;

/// Reads the integer whose first octet is `input[at]`, of which the low `prefix` bits (1 to 8) count. Gives the value and
/// the position behind it.
///
/// # Errors
///
/// [`Violation::Truncated`] if `input` ends first, [`Violation::IntegerTooLarge`] for more than five octets or for a value
/// of [`MAX`] or more.
///
/// ```
/// use wirebook_hpack::integer;
///
/// assert_eq!(integer::read(&[0b1110_1010], 0, 5), Ok((10, 1)));
/// assert_eq!(integer::read(&[0x1f, 0x9a, 0x0a], 0, 5), Ok((1337, 3)));
/// ```
#[inline]
// ANCHOR: read
pub fn read(input: &[u8], at: usize, prefix: u32) -> Result<(u32, usize), Violation> {
    let full = (1u32 << prefix) - 1;
    let first = u32::from(*input.get(at).ok_or(Violation::Truncated)?) & full;
    if first < full { Ok((first, at + 1)) } else { read_on(input, at, full) }
}

fn read_on(input: &[u8], at: usize, full: u32) -> Result<(u32, usize), Violation> {
    let mut rest = 0u32;
    for more in 0..4 {
        let octet = *input.get(at + 1 + more).ok_or(Violation::Truncated)?;
        rest |= u32::from(octet & 0x7f) << (7 * more);
        if octet < 0x80 {
            let value = full + rest;
            return if value < MAX { Ok((value, at + 2 + more)) } else { Err(Violation::IntegerTooLarge) };
        }
    }
    Err(Violation::IntegerTooLarge)
}
// ANCHOR_END: read

/// Appends `value` to `out` with a prefix of `prefix` bits (1 to 8), whose octet has the high bits of `mark`. In the shortest
/// form there is.
///
/// ```
/// let mut out = Vec::new();
/// wirebook_hpack::integer::write(1337, 5, 0b0010_0000, &mut out);
/// assert_eq!(out, [0x3f, 0x9a, 0x0a]);
/// ```
pub fn write(value: u32, prefix: u32, mark: u8, out: &mut Vec<u8>) {
    let full = (1u32 << prefix) - 1;
    if value < full {
        return out.push(mark | value as u8);
    }
    out.push(mark | full as u8);
    let mut rest = value - full;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}
