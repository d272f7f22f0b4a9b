//! A string as a row of bits: the next ones stand at the top of a word.

use super::code::{self, EOS};
use super::fault::Fault;

/// The bits of a string that have not been taken.
pub(super) struct Bits<'a> {
    input: &'a [u8],
    /// Of `input`, what is in the word.
    next: usize,
    /// The next bits, the first of them highest. Below [`held`](Self::held) lie bits that will be read again.
    word: u64,
    held: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Bits { input, next: 0, word: 0, held: 0 }
    }

    /// Fills the word up to at least 56 bits. `false`, and nothing done, where less than eight octets are left to read.
    #[inline(always)]
    pub(super) fn fill(&mut self) -> bool {
        let Some(octets) = self.input.get(self.next..).and_then(|rest| rest.first_chunk::<8>()) else {
            return false;
        };
        self.word |= u64::from_be_bytes(*octets) >> self.held;
        self.next += (63 - self.held as usize) >> 3;
        self.held |= 56;
        true
    }

    /// The next `count` bits, which are held.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.word >> (64 - count)) as usize
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.word <<= count;
        self.held -= count;
    }

    /// One symbol whose whole code is held: what no table knows, because it is long.
    #[inline(never)]
    pub(super) fn long(&mut self) -> Result<u8, Fault> {
        let (symbol, length) = code::symbol((self.word >> 32) as u32);
        if usize::from(symbol) == EOS {
            return Err(Fault::Eos);
        }
        self.skip(length);
        Ok(symbol as u8)
    }

    /// Near the end of a string: fills the word octet by octet, and gives whether anything is left to decode. At its proper
    /// end there are at most seven bits, all ones (§5.2).
    #[inline(always)]
    pub(super) fn fill_last(&mut self) -> bool {
        while self.held <= 56 && self.next < self.input.len() {
            // What `fill` left below `held` are the same bits.
            self.word |= u64::from(self.input[self.next]) << (56 - self.held);
            self.held += 8;
            self.next += 1;
        }
        self.held >= 8 || self.padded() != u64::MAX
    }

    /// The next `count` bits, as if the string went on with ones behind what is held.
    #[inline(always)]
    pub(super) fn peek_padded(&self, count: u32) -> usize {
        (self.padded() >> (64 - count)) as usize
    }

    #[inline(always)]
    pub(super) fn held(&self) -> u32 {
        self.held
    }

    #[inline(always)]
    fn padded(&self) -> u64 {
        self.word | u64::MAX.checked_shr(self.held).unwrap_or(0)
    }

    /// The next symbol behind [`fill_last`](Self::fill_last), whatever its length.
    #[inline(never)]
    pub(super) fn last(&mut self) -> Result<u8, Fault> {
        let (symbol, length) = code::symbol((self.padded() >> 32) as u32);
        if length > self.held {
            return Err(Fault::Padding);
        }
        if usize::from(symbol) == EOS {
            return Err(Fault::Eos);
        }
        self.skip(length);
        Ok(symbol as u8)
    }
}
