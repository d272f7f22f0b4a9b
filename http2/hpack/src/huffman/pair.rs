//! A look at twelve bits, which mostly hold two symbols.
//!
//! The time of a decoder goes by in one chain: look up, learn the length, shift, look up. Two symbols with each look-up halve
//! the chain. An entry also says of which kinds its symbols are, so that the check of a field costs one `or`.

use super::bits::Bits;
use super::code::{self, EOS, most};
use super::fault::Fault;
use crate::class::{Class, KINDS};

/// How many bits are looked at: 4,096 entries of four bytes stay in the processor's first cache.
const LOOK: u32 = 12;

/// What twelve bits begin with.
#[derive(Clone, Copy)]
// ANCHOR: entry
pub(super) struct Entry {
    symbols: [u8; 2],
    /// The bits of the symbols in the low half, and in the high half their count: 1 or 2, and 0 for a code of more than
    /// twelve bits.
    taken: u8,
    kinds: u8,
}
// ANCHOR_END: entry

pub(super) static ENTRIES: [Entry; 1 << LOOK] = entries();

const fn entries() -> [Entry; 1 << LOOK] {
    let mut entries = [Entry { symbols: [0; 2], taken: 0, kinds: 0 }; 1 << LOOK];
    let mut head = 0;
    while head < 1 << LOOK {
        let window = (head as u32) << (32 - LOOK);
        let (first, length) = code::symbol(window);
        if length <= LOOK {
            let entry = &mut entries[head];
            *entry = Entry { symbols: [first as u8, 0], taken: 1 << 4 | length as u8, kinds: KINDS[first as usize] };
            let (second, more) = code::symbol(window << length);
            if length + more <= LOOK {
                entry.symbols[1] = second as u8;
                entry.taken = 2 << 4 | (length + more) as u8;
                entry.kinds |= KINDS[second as usize];
            }
        }
        head += 1;
    }
    entries
}

// EOS is no byte; the entries above hold none, because it has thirty bits.
const _: () = assert!(code::LENGTHS[EOS] as u32 > LOOK);

/// Where a text is being written: it has room for whatever the string may say.
pub(super) struct Text<'a> {
    pub(super) out: &'a mut [u8],
    pub(super) at: usize,
    pub(super) kinds: u8,
}

impl Text<'_> {
    #[inline(always)]
    pub(super) fn push(&mut self, symbol: u8) {
        self.out[self.at] = symbol;
        self.at += 1;
        self.kinds |= KINDS[usize::from(symbol)];
    }

    /// One look-up; `false` where the code is a long one.
    #[inline(always)]
    pub(super) fn look(&mut self, bits: &mut Bits<'_>) -> bool {
        let entry = ENTRIES[bits.peek(LOOK)];
        self.take(entry, bits);
        entry.taken != 0
    }

    #[inline(always)]
    fn take(&mut self, entry: Entry, bits: &mut Bits<'_>) {
        // The second may be no symbol: it is overwritten by the next.
        self.out[self.at..self.at + 2].copy_from_slice(&entry.symbols);
        self.at += usize::from(entry.taken >> 4);
        self.kinds |= entry.kinds;
        bits.skip(u32::from(entry.taken & 15));
    }

    /// What is left of a string of which less than eight octets are left to read.
    #[inline(always)]
    pub(super) fn finish(&mut self, bits: &mut Bits<'_>) -> Result<(), Fault> {
        while bits.fill_last() {
            let entry = ENTRIES[bits.peek_padded(LOOK)];
            // Ones that are not there may look like a part of a symbol.
            if entry.taken != 0 && u32::from(entry.taken & 15) <= bits.held() {
                self.take(entry, bits);
            } else {
                let symbol = bits.last()?;
                self.push(symbol);
            }
        }
        Ok(())
    }

    /// Up to the last octets.
    #[inline(always)]
    pub(super) fn run(&mut self, bits: &mut Bits<'_>) -> Result<(), Fault> {
        while bits.fill() {
            // 56 bits are held, four looks take at most 48 of them. A long code may want thirty: it gets a word of its own.
            let short = self.look(bits) && self.look(bits) && self.look(bits) && self.look(bits);
            if !short {
                if !bits.fill() {
                    break;
                }
                let symbol = bits.long()?;
                self.push(symbol);
            }
        }
        Ok(())
    }
}

/// Appends the text of `input` to `out`.
///
/// # Errors
///
/// A [`Fault`]; `out` is as it was.
pub fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<Class, Fault> {
    let start = out.len();
    out.resize(start + room(input), 0);
    let result = decode_into(input, &mut out[start..]);
    out.truncate(start + result.map_or(0, |(length, _)| length));
    result.map(|(_, class)| class)
}

/// The room that a text may take while it is decoded: one byte more, for the look-up that writes two and means one.
pub(crate) const fn room(input: &[u8]) -> usize {
    most(input.len()) + 1
}

/// Decodes to the start of `out`, which has the [`room`]. Gives the text's length and class.
pub(crate) fn decode_into(input: &[u8], out: &mut [u8]) -> Result<(usize, Class), Fault> {
    let mut text = Text { out, at: 0, kinds: 0 };
    let mut bits = Bits::new(input);
    text.run(&mut bits)?;
    text.finish(&mut bits)?;
    Ok((text.at, Class(text.kinds)))
}
