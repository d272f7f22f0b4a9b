//! Eight bytes in a word ("SIMD within a register"), without a line of unsafe code.
//!
//! A `u64` is eight lanes of eight bits, as long as no carry crosses from one lane into the next. With the top bit of each
//! lane cleared, adding `0x80 - n` sets it exactly where the byte was `n` or more, and cannot overflow. Each question
//! about bytes is made of such comparisons, joined by AND, OR and XOR; a multiplication gathers the eight top bits into one byte. The rest is
//! `stages.rs`.

use super::lines::{self, Lines};
use super::stages::{LANES, Lanes, Stages};
use super::{Error, FieldSpan, Fields, Limits, Progress, RequestHead, ResponseHead, Trailers};

/// Parses a request head; `Ok(None)` until it is complete. See the [contract](super).
pub fn request<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    lines::request(READER, input, fields, progress, limits)
}

/// Parses a response head; `Ok(None)` until it is complete. See the [contract](super).
pub fn response<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    lines::response(READER, input, fields, progress, limits)
}

/// Parses a trailer section; `Ok(None)` until it is complete. See the [contract](super).
pub fn trailers<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<Trailers<'a>>, Error> {
    lines::trailers(READER, input, fields, progress, limits)
}

/// What [`simd`](super::simd) falls back to.
pub(super) const READER: Stages<Words> = Stages(Words);

#[derive(Clone, Copy)]
pub(super) struct Words;

impl Lanes for Words {
    fn many_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
        READER.many_lines(input, from, spans, ends)
    }

    #[inline(always)]
    fn controls(self, bytes: &[u8; LANES]) -> u32 {
        others(words(bytes).map(printable))
    }

    #[inline(always)]
    fn not_token(self, bytes: &[u8; LANES]) -> u32 {
        others(words(bytes).map(usual_token))
    }

    #[inline(always)]
    fn not_target(self, bytes: &[u8; LANES]) -> u32 {
        others(words(bytes).map(|word| {
            let low = word & !TOPS;
            let visible = at_least(low, 0x21) ^ at_least(low, 0x7F);
            // A lane that differs from `#` is 1 or more after the exclusive or.
            visible & at_least(low ^ (ONES * u64::from(b'#')), 1) & !word
        }))
    }

    /// Most names end within two words, and then their bits need not be gathered.
    #[inline(always)]
    fn token_len(self, input: &[u8], start: usize, last: usize) -> usize {
        if let Some(bytes) = input[start..].first_chunk::<16>() {
            let (words, _) = bytes.as_chunks::<8>();
            let [first, second] = [words[0], words[1]].map(|word| !usual_token(u64::from_le_bytes(word)) & TOPS);
            let (stop, before) = if first != 0 { (first, 0) } else { (second, 8) };
            if stop != 0 {
                return before + stop.trailing_zeros() as usize / 8;
            }
        }
        let base = start.min(last);
        let Some(bytes) = input[base..].first_chunk() else { return 0 };
        (self.not_token(bytes) >> (start - base)).trailing_zeros() as usize
    }

    /// A few comparisons: without an instruction for it, counting bits takes a dozen.
    #[inline(always)]
    fn count(self, bits: u64) -> usize {
        let fewer = |bits: u64| bits & bits.wrapping_sub(1);
        let (one, two) = (fewer(bits), fewer(fewer(bits)));
        match fewer(two) {
            0 => usize::from(bits != 0) + usize::from(one != 0) + usize::from(two != 0),
            _ => bits.count_ones() as usize,
        }
    }
}

/// Whether these are bytes of names, nearly surely: letters of either case, digits and hyphens. `false` says only that one is another.
#[inline]
pub(crate) fn is_usual_token(bytes: &[u8]) -> bool {
    all(bytes, usual_token)
}

/// Whether no byte is a control character. `false` may be of a tab, which a value may have.
#[inline]
pub(crate) fn is_printable(bytes: &[u8]) -> bool {
    all(bytes, printable)
}

/// Whether the top bit is set for all bytes. The last eight are looked at once more, so that no byte is looked at alone; of fewer than
/// eight, the rest is letters.
#[inline(always)]
fn all(bytes: &[u8], judge: impl Fn(u64) -> u64) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        let word = bytes.iter().fold(ONES * u64::from(b'a'), |word, byte| word << 8 | u64::from(*byte));
        return judge(word) & TOPS == TOPS;
    };
    let (words, _) = bytes.as_chunks::<8>();
    let tops =
        words.iter().fold(judge(u64::from_le_bytes(*last)), |tops, word| tops & judge(u64::from_le_bytes(*word)));
    tops & TOPS == TOPS
}

/// One in each lane.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The top bit of each lane.
const TOPS: u64 = 0x8080_8080_8080_8080;

// ANCHOR: at_least
/// The top bit of each lane of `low` that is `least` or more; lanes of `low` must be below 0x80, the rest is noise.
#[inline(always)]
fn at_least(low: u64, least: u8) -> u64 {
    low + ONES * u64::from(0x80 - least)
}
// ANCHOR_END: at_least

#[inline(always)]
fn words(bytes: &[u8; LANES]) -> [u64; LANES / 8] {
    let (words, _) = bytes.as_chunks::<8>();
    [words[0], words[1], words[2], words[3]].map(u64::from_le_bytes)
}

/// The top bit of each lane that is 0x20 or more, but not 0x7F: one of the sums has its top bit. Or it is obs-text.
#[inline(always)]
fn printable(word: u64) -> u64 {
    let low = word & !TOPS;
    (at_least(low, 0x20) ^ at_least(low, 0x7F)) | word
}

/// The top bit of each lane that is a letter of either case, a digit or a hyphen: what names are made of, nearly always.
#[inline(always)]
fn usual_token(word: u64) -> u64 {
    let low = word & !TOPS;
    let lower = low | (ONES * 0x20);
    let letters = at_least(lower, b'a') ^ at_least(lower, b'z' + 1);
    let digits = at_least(low, b'0') ^ at_least(low, b'9' + 1);
    let hyphens = at_least(low, b'-') ^ at_least(low, b'-' + 1);
    (letters | digits | hyphens) & !word
}

/// One bit for each lane whose top bit is not set.
#[inline(always)]
fn others(tops: [u64; LANES / 8]) -> u32 {
    if tops[0] & tops[1] & tops[2] & tops[3] & TOPS == TOPS {
        return 0;
    }
    let mut bits = 0;
    for (nth, word) in tops.into_iter().enumerate() {
        // Lane n's bit, at 8n, goes to 56 + n: it is multiplied by 2^(56 - 7n). No two products meet below it.
        let gathered = ((word >> 7) & ONES).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= (gathered as u32) << (8 * nth);
    }
    !bits
}
