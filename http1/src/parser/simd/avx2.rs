//! AVX2: 32 bytes in one register, one instruction for the bits.

#![allow(unsafe_code)]

use core::arch::x86_64::*;

use super::super::lines::{Lines, Reader, Whole};
use super::super::stages::{LANES, Lanes, Stages};
use super::super::{FieldSpan, Fields, Limits};
use super::TOKEN_ROWS;

/// Proof that this processor has the instructions: only the functions below, whose callers have looked, make one.
#[derive(Clone, Copy)]
struct Avx2(());

/// A whole request head.
///
/// # Safety
/// The processor has AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn whole_request(input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
    Stages(Avx2(())).whole_request(input, fields, limits)
}

/// A whole response head.
///
/// # Safety
/// The processor has AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn whole_response(input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
    Stages(Avx2(())).whole_response(input, fields, limits)
}

/// Many field lines.
///
/// # Safety
/// The processor has AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline(never)]
unsafe fn many_lines(input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
    Stages(Avx2(())).many_lines(input, from, spans, ends)
}

/// Field lines.
///
/// # Safety
/// The processor has AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn more_lines(
    input: &[u8],
    from: usize,
    count: usize,
    fields: &mut Fields,
    limits: &Limits,
) -> Lines {
    Stages(Avx2(())).more_lines(input, from, count, fields, limits)
}

impl Lanes for Avx2 {
    #[inline(always)]
    fn many_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
        // SAFETY: a `Avx2` exists where the processor has these instructions.
        unsafe { many_lines(input, from, spans, ends) }
    }

    #[inline(always)]
    fn controls(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: an `Avx2` exists where the processor has AVX2; the 32 bytes are there to be read.
        unsafe {
            // ANCHOR: controls
            let bytes = _mm256_loadu_si256(bytes.as_ptr().cast());
            let low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
            let del = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F));
            _mm256_movemask_epi8(_mm256_or_si256(low, del)) as u32
            // ANCHOR_END: controls
        }
    }

    #[inline(always)]
    fn not_token(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: as above.
        unsafe {
            let bytes = _mm256_loadu_si256(bytes.as_ptr().cast());
            // The shuffle gives 0 for a byte of 0x80 and more, so obs-text needs no column of its own.
            let rows = _mm256_broadcastsi128_si256(_mm_loadu_si128(TOKEN_ROWS.as_ptr().cast()));
            let columns = _mm256_setr_epi8(
                1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0,
                0, 0,
            );
            let high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
            let token = _mm256_and_si256(_mm256_shuffle_epi8(rows, bytes), _mm256_shuffle_epi8(columns, high));
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(token, _mm256_setzero_si256())) as u32
        }
    }

    #[inline(always)]
    fn not_target(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: as above.
        unsafe {
            let bytes = _mm256_loadu_si256(bytes.as_ptr().cast());
            // The comparison is signed: obs-text is negative, and so below 0x21 too.
            let outside = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), bytes);
            let hash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'#' as i8));
            let del = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F));
            _mm256_movemask_epi8(_mm256_or_si256(outside, _mm256_or_si256(hash, del))) as u32
        }
    }
}
