//! A look at eight bits: the codes that matter are short.
//!
//! The letters, digits and most signs have codes of at most eight bits. So the next eight bits say which symbol comes and how
//! many of them are its own; the bits are kept in a word, from which each symbol takes its part. A longer code is looked for by
//! its length ([`code::symbol`]).

use super::bits::Bits;
use super::code;
use super::fault::Fault;
use crate::class::{Class, KINDS};

/// For each eight bits: the symbol at their head and its length, which is 0 where the code is longer.
static SYMBOLS: [(u8, u8); 256] = symbols();

const fn symbols() -> [(u8, u8); 256] {
    let (mut symbols, mut head) = ([(0, 0); 256], 0);
    while head < 256 {
        let (symbol, length) = code::symbol((head as u32) << 24);
        if length <= 8 {
            symbols[head] = (symbol as u8, length as u8);
        }
        head += 1;
    }
    symbols
}

/// Appends the text of `input` to `out`.
///
/// # Errors
///
/// A [`Fault`]; `out` is as it was.
pub fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<Class, Fault> {
    let start = out.len();
    run(input, out).inspect_err(|_| out.truncate(start))
}

fn run(input: &[u8], out: &mut Vec<u8>) -> Result<Class, Fault> {
    let (mut bits, mut kinds) = (Bits::new(input), 0);
    while bits.fill() {
        // 56 bits are held: three short symbols and one long one.
        for _ in 0..3 {
            let (symbol, length) = SYMBOLS[bits.peek(8)];
            let symbol = if length > 0 {
                bits.skip(u32::from(length));
                symbol
            } else {
                bits.long()?
            };
            out.push(symbol);
            kinds |= KINDS[usize::from(symbol)];
            if length == 0 {
                break;
            }
        }
    }
    while bits.fill_last() {
        let symbol = bits.last()?;
        out.push(symbol);
        kinds |= KINDS[usize::from(symbol)];
    }
    Ok(Class(kinds))
}
