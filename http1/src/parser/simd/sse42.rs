//! SSE4.2 (in truth SSSE3 and POPCNT): 16 bytes in a register, two of them for each question.

#![allow(unsafe_code)]

use core::arch::x86_64::*;

use super::super::lines::{Lines, Reader, Whole};
use super::super::stages::{LANES, Lanes, Stages};
use super::super::{FieldSpan, Fields, Limits};
use super::TOKEN_ROWS;

/// Proof that this processor has the instructions: only the functions below, whose callers have looked, make one.
#[derive(Clone, Copy)]
struct Sse42(());

/// A whole request head.
///
/// # Safety
/// The processor has SSE4.2 and POPCNT.
#[target_feature(enable = "sse4.2,popcnt")]
pub(super) unsafe fn whole_request(input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
    Stages(Sse42(())).whole_request(input, fields, limits)
}

/// A whole response head.
///
/// # Safety
/// The processor has SSE4.2 and POPCNT.
#[target_feature(enable = "sse4.2,popcnt")]
pub(super) unsafe fn whole_response(input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
    Stages(Sse42(())).whole_response(input, fields, limits)
}

/// Many field lines.
///
/// # Safety
/// The processor has SSE4.2 and POPCNT.
#[target_feature(enable = "sse4.2,popcnt")]
#[inline(never)]
unsafe fn many_lines(input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
    Stages(Sse42(())).many_lines(input, from, spans, ends)
}

/// Field lines.
///
/// # Safety
/// The processor has SSE4.2 and POPCNT.
#[target_feature(enable = "sse4.2,popcnt")]
pub(super) unsafe fn more_lines(
    input: &[u8],
    from: usize,
    count: usize,
    fields: &mut Fields,
    limits: &Limits,
) -> Lines {
    Stages(Sse42(())).more_lines(input, from, count, fields, limits)
}

/// The two halves of 32 bytes.
///
/// # Safety
/// The processor has SSE2.
#[inline(always)]
unsafe fn halves(bytes: &[u8; LANES]) -> [__m128i; 2] {
    // SAFETY: the caller's promise; both halves are there to be read.
    unsafe { [_mm_loadu_si128(bytes.as_ptr().cast()), _mm_loadu_si128(bytes.as_ptr().add(16).cast())] }
}

impl Lanes for Sse42 {
    #[inline(always)]
    fn many_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
        // SAFETY: a `Sse42` exists where the processor has these instructions.
        unsafe { many_lines(input, from, spans, ends) }
    }

    #[inline(always)]
    fn controls(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: a `Sse42` exists where the processor has SSE4.2.
        unsafe {
            let [low, high] = halves(bytes).map(|bytes| {
                let low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
                let del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
                _mm_movemask_epi8(_mm_or_si128(low, del)) as u32
            });
            low | high << 16
        }
    }

    #[inline(always)]
    fn not_token(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: as above.
        unsafe {
            let rows = _mm_loadu_si128(TOKEN_ROWS.as_ptr().cast());
            let columns = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
            let [low, high] = halves(bytes).map(|bytes| {
                let high = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0F));
                let token = _mm_and_si128(_mm_shuffle_epi8(rows, bytes), _mm_shuffle_epi8(columns, high));
                _mm_movemask_epi8(_mm_cmpeq_epi8(token, _mm_setzero_si128())) as u32
            });
            low | high << 16
        }
    }

    #[inline(always)]
    fn not_target(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: as above.
        unsafe {
            let [low, high] = halves(bytes).map(|bytes| {
                let outside = _mm_cmpgt_epi8(_mm_set1_epi8(0x21), bytes);
                let hash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'#' as i8));
                let del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
                _mm_movemask_epi8(_mm_or_si128(outside, _mm_or_si128(hash, del))) as u32
            });
            low | high << 16
        }
    }
}
