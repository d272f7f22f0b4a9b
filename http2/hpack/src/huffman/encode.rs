//! The way there: each symbol's code behind the one before.

use super::code::{CODES, LENGTHS};

/// How many octets `text` becomes.
pub fn length(text: &[u8]) -> usize {
    let bits: usize = text.iter().map(|&byte| usize::from(LENGTHS[usize::from(byte)])).sum();
    bits.div_ceil(8)
}

/// Appends the code of `text` to `out`, filled up with ones (§5.2).
///
/// ```
/// use wirebook_hpack::huffman::encode;
///
/// let mut out = Vec::new();
/// encode::encode(b"www.example.com", &mut out);
/// assert_eq!(out, [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff]);
/// assert_eq!(out.len(), encode::length(b"www.example.com"));
/// ```
pub fn encode(text: &[u8], out: &mut Vec<u8>) {
    // The bits that are no octet yet, the last of them lowest.
    let (mut word, mut held) = (0u64, 0);
    for &byte in text {
        let length = u32::from(LENGTHS[usize::from(byte)]);
        word = word << length | u64::from(CODES[usize::from(byte)]);
        held += length;
        if held >= 32 {
            held -= 32;
            out.extend_from_slice(&((word >> held) as u32).to_be_bytes());
        }
    }
    if held > 0 {
        let octets = (held as usize).div_ceil(8);
        let padded = (word << (32 - held)) as u32 | u32::MAX.checked_shr(held).unwrap_or(0);
        out.extend_from_slice(&padded.to_be_bytes()[..octets]);
    }
}
