//! NEON: 16 bytes in a register. There is no instruction that gathers bits, so four pairwise additions do it.

#![allow(unsafe_code)]

use core::arch::aarch64::*;

use super::super::lines::{Lines, Reader, Whole};
use super::super::stages::{LANES, Lanes, Stages};
use super::super::{FieldSpan, Fields, Limits};
use super::TOKEN_ROWS;

/// Proof that this processor has the instructions: only the functions below, whose callers have looked, make one.
#[derive(Clone, Copy)]
struct Neon(());

/// A whole request head.
///
/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn whole_request(input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
    Stages(Neon(())).whole_request(input, fields, limits)
}

/// A whole response head.
///
/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn whole_response(input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
    Stages(Neon(())).whole_response(input, fields, limits)
}

/// Many field lines.
///
/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
#[inline(never)]
unsafe fn many_lines(input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
    Stages(Neon(())).many_lines(input, from, spans, ends)
}

/// Field lines.
///
/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn more_lines(
    input: &[u8],
    from: usize,
    count: usize,
    fields: &mut Fields,
    limits: &Limits,
) -> Lines {
    Stages(Neon(())).more_lines(input, from, count, fields, limits)
}

/// The bit of each lane, twice over.
static BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

/// The two halves of 32 bytes.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn halves(bytes: &[u8; LANES]) -> [uint8x16_t; 2] {
    // SAFETY: the caller's promise; both halves are there to be read.
    unsafe { [vld1q_u8(bytes.as_ptr()), vld1q_u8(bytes.as_ptr().add(16))] }
}

/// One bit for each lane, which is all ones or all zeros.
///
/// # Safety
/// The processor has NEON.
#[inline(always)]
unsafe fn gather(low: uint8x16_t, high: uint8x16_t) -> u32 {
    // SAFETY: the caller's promise; `BITS` has 16 bytes.
    unsafe {
        let bits = vld1q_u8(BITS.as_ptr());
        let pairs = vpaddq_u8(vandq_u8(low, bits), vandq_u8(high, bits));
        let fours = vpaddq_u8(pairs, pairs);
        let eights = vpaddq_u8(fours, fours);
        vgetq_lane_u32::<0>(vreinterpretq_u32_u8(eights))
    }
}

impl Lanes for Neon {
    #[inline(always)]
    fn many_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
        // SAFETY: a `Neon` exists where the processor has these instructions.
        unsafe { many_lines(input, from, spans, ends) }
    }

    #[inline(always)]
    fn controls(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: a `Neon` exists where the processor has NEON.
        unsafe {
            let [low, high] = halves(bytes)
                .map(|bytes| vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x20)), vceqq_u8(bytes, vdupq_n_u8(0x7F))));
            gather(low, high)
        }
    }

    #[inline(always)]
    fn not_token(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: as above; `TOKEN_ROWS` and `BITS` have 16 bytes.
        unsafe {
            // A shift by 8 and more gives 0: obs-text is in no column.
            let (rows, columns) = (vld1q_u8(TOKEN_ROWS.as_ptr()), vdupq_n_u8(1));
            let [low, high] = halves(bytes).map(|bytes| {
                let row = vqtbl1q_u8(rows, vandq_u8(bytes, vdupq_n_u8(0x0F)));
                let column = vshlq_u8(columns, vreinterpretq_s8_u8(vshrq_n_u8::<4>(bytes)));
                vceqq_u8(vandq_u8(row, column), vdupq_n_u8(0))
            });
            gather(low, high)
        }
    }

    #[inline(always)]
    fn not_target(self, bytes: &[u8; LANES]) -> u32 {
        // SAFETY: as above.
        unsafe {
            let [low, high] = halves(bytes).map(|bytes| {
                let outside = vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x21)), vcgeq_u8(bytes, vdupq_n_u8(0x7F)));
                vorrq_u8(outside, vceqq_u8(bytes, vdupq_n_u8(b'#')))
            });
            gather(low, high)
        }
    }
}
