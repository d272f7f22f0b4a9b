//! Eight bytes in a word ("SIMD within a register"), without a line of unsafe code.
//!
//! A `u64` is eight lanes of eight bits, as long as no carry crosses from one lane into the next. With the top bit of each
//! lane cleared, adding `0x80 - n` sets it exactly where the byte was `n` or more, and cannot overflow. All questions about
//! bytes are sums of such comparisons; a multiplication gathers the eight top bits into one byte. The rest is
//! `stages.rs`.

use super::lines;
use super::stages::{LANES, Lanes, Stages};
use super::{Error, Fields, Limits, Progress, RequestHead, ResponseHead, Trailers};

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
    #[inline(always)]
    fn controls(self, bytes: &[u8; LANES]) -> u32 {
        each_word(bytes, |word| {
            let low = word & !TOPS;
            !word & (!at_least(low, 0x20) | at_least(low, 0x7F))
        })
    }

    #[inline(always)]
    fn not_token(self, bytes: &[u8; LANES]) -> u32 {
        each_word(bytes, |word| {
            let low = word & !TOPS;
            // Letters of both cases, digits and the hyphen: what names are made of, nearly always.
            let letters = at_least(low | (ONES * 0x20), b'a') ^ at_least(low | (ONES * 0x20), b'z' + 1);
            let digits = at_least(low, b'0') ^ at_least(low, b'9' + 1);
            let hyphens = at_least(low, b'-') ^ at_least(low, b'-' + 1);
            let inside = letters | digits | hyphens;
            word | !inside
        })
    }

    #[inline(always)]
    fn not_target(self, bytes: &[u8; LANES]) -> u32 {
        each_word(bytes, |word| {
            let low = word & !TOPS;
            word | !at_least(low, 0x21) | (at_least(low, b'#') ^ at_least(low, b'#' + 1)) | at_least(low, 0x7F)
        })
    }
}

/// One in each lane.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The top bit of each lane.
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The top bit of each lane of `low` that is `least` or more; lanes of `low` must be below 0x80, the rest is noise.
#[inline(always)]
fn at_least(low: u64, least: u8) -> u64 {
    low + ONES * u64::from(0x80 - least)
}

/// Asks a question of four words, and gathers the top bit of each lane.
#[inline(always)]
fn each_word(bytes: &[u8; LANES], question: impl Fn(u64) -> u64) -> u32 {
    let (words, _) = bytes.as_chunks::<8>();
    let mut answer = 0;
    for (nth, word) in words.iter().enumerate() {
        let tops = question(u64::from_le_bytes(*word)) & TOPS;
        // Lane n's bit, at 8n, goes to 56 + n: it is multiplied by 2^(56 - 7n). No two products meet below it.
        let gathered = (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        answer |= (gathered as u32) << (8 * nth);
    }
    answer
}
