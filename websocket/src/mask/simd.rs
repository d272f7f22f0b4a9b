//! Vectors of 16 and 32 bytes.
//!
//! What it buys, step by step:
//! 1. A vector holds the key four or eight times, so one XOR masks 16 or 32 bytes.
//! 2. The tail is not a loop over bytes. XOR would undo itself where two stores overlap, so the last vector is *loaded*
//!    before the loop stores anything and *stored* after it: the overlap is written twice with the same bytes. Its key is
//!    rotated to where it begins. A frame of 33 bytes costs two vectors, not one vector and one byte.
//! 3. Lengths below 16 do the same with 8-byte and 4-byte words, in safe code; below 4 there are bytes.
//! 4. From 32 to 255 bytes the word variant wins: the compiler inlines it, and a vector function cannot be inlined into
//!    code that does not know its feature.
//! 5. The loop takes four vectors a turn, so that loads run ahead of stores.
#![allow(unsafe_code)]

use super::{doubled, rotate};

/// Masks or unmasks in place; see the [module](super).
#[inline]
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
    let key = rotate(key, offset);
    match payload.len() {
        0..16 => return short(payload, key),
        32..256 => return super::word::apply(payload, key, 0),
        _ => {}
    }
    #[cfg(target_arch = "x86_64")]
    {
        if payload.len() >= 32 && std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was just detected, and the slice has at least 32 bytes.
            return unsafe { x86::avx2(payload, key) };
        }
        // SAFETY: SSE2 is part of x86-64, and the slice has at least 16 bytes.
        unsafe { x86::sse2(payload, key) }
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: NEON is part of AArch64, and the slice has at least 16 bytes.
    unsafe {
        neon::neon(payload, key)
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    super::word::apply(payload, key, 0)
}

/// Fewer than 16 bytes: two overlapping words, each with the key as it stands where the word begins.
#[inline]
fn short(payload: &mut [u8], key: [u8; 4]) {
    let length = payload.len();
    if let (Some(&head), Some(&tail)) = (payload.first_chunk::<8>(), payload.last_chunk::<8>()) {
        let head = u64::from_ne_bytes(head) ^ doubled(key);
        let tail = u64::from_ne_bytes(tail) ^ doubled(rotate(key, length));
        payload[..8].copy_from_slice(&head.to_ne_bytes());
        payload[length - 8..].copy_from_slice(&tail.to_ne_bytes());
    } else if let (Some(&head), Some(&tail)) = (payload.first_chunk::<4>(), payload.last_chunk::<4>()) {
        let head = u32::from_ne_bytes(head) ^ u32::from_ne_bytes(key);
        let tail = u32::from_ne_bytes(tail) ^ u32::from_ne_bytes(rotate(key, length));
        payload[..4].copy_from_slice(&head.to_ne_bytes());
        payload[length - 4..].copy_from_slice(&tail.to_ne_bytes());
    } else {
        for (byte, key) in payload.iter_mut().zip(key) {
            *byte ^= key;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::rotate;
    use std::arch::x86_64::*;

    /// # Safety
    /// The machine has AVX2, and `payload` has at least 32 bytes.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn avx2(payload: &mut [u8], key: [u8; 4]) {
        let length = payload.len();
        let start = payload.as_mut_ptr();
        let keys = _mm256_set1_epi32(i32::from_ne_bytes(key));
        let tail_keys = _mm256_set1_epi32(i32::from_ne_bytes(rotate(key, length)));
        // SAFETY: every access is 32 bytes at an offset of at most `length - 32`, inside the slice; all loads and stores
        // are the unaligned kind; the slice is borrowed mutably, so nothing else reads or writes it meanwhile.
        unsafe {
            // ANCHOR: tail
            let tail_at = start.add(length - 32).cast::<__m256i>();
            let tail = _mm256_xor_si256(_mm256_loadu_si256(tail_at), tail_keys);
            // ANCHOR_END: tail
            let mut at = 0;
            while at + 128 <= length {
                let p = start.add(at).cast::<__m256i>();
                let a = _mm256_xor_si256(_mm256_loadu_si256(p), keys);
                let b = _mm256_xor_si256(_mm256_loadu_si256(p.add(1)), keys);
                let c = _mm256_xor_si256(_mm256_loadu_si256(p.add(2)), keys);
                let d = _mm256_xor_si256(_mm256_loadu_si256(p.add(3)), keys);
                _mm256_storeu_si256(p, a);
                _mm256_storeu_si256(p.add(1), b);
                _mm256_storeu_si256(p.add(2), c);
                _mm256_storeu_si256(p.add(3), d);
                at += 128;
            }
            while at + 32 <= length {
                let p = start.add(at).cast::<__m256i>();
                _mm256_storeu_si256(p, _mm256_xor_si256(_mm256_loadu_si256(p), keys));
                at += 32;
            }
            _mm256_storeu_si256(tail_at, tail);
        }
    }

    /// # Safety
    /// `payload` has at least 16 bytes. (SSE2 is part of x86-64.)
    #[inline]
    pub(super) unsafe fn sse2(payload: &mut [u8], key: [u8; 4]) {
        let length = payload.len();
        let start = payload.as_mut_ptr();
        // SAFETY: as in `avx2`, with 16 bytes.
        unsafe {
            let keys = _mm_set1_epi32(i32::from_ne_bytes(key));
            let tail_keys = _mm_set1_epi32(i32::from_ne_bytes(rotate(key, length)));
            let tail_at = start.add(length - 16).cast::<__m128i>();
            let tail = _mm_xor_si128(_mm_loadu_si128(tail_at), tail_keys);
            let mut at = 0;
            while at + 16 <= length {
                let p = start.add(at).cast::<__m128i>();
                _mm_storeu_si128(p, _mm_xor_si128(_mm_loadu_si128(p), keys));
                at += 16;
            }
            _mm_storeu_si128(tail_at, tail);
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::rotate;
    use std::arch::aarch64::*;

    /// # Safety
    /// `payload` has at least 16 bytes. (NEON is part of AArch64.)
    #[inline]
    pub(super) unsafe fn neon(payload: &mut [u8], key: [u8; 4]) {
        let length = payload.len();
        let start = payload.as_mut_ptr();
        // SAFETY: every access is 16 bytes at an offset of at most `length - 16`; NEON loads need no alignment.
        unsafe {
            let keys = vreinterpretq_u8_u32(vdupq_n_u32(u32::from_ne_bytes(key)));
            let tail_keys = vreinterpretq_u8_u32(vdupq_n_u32(u32::from_ne_bytes(rotate(key, length))));
            let tail = veorq_u8(vld1q_u8(start.add(length - 16)), tail_keys);
            let mut at = 0;
            while at + 16 <= length {
                let p = start.add(at);
                vst1q_u8(p, veorq_u8(vld1q_u8(p), keys));
                at += 16;
            }
            vst1q_u8(start.add(length - 16), tail);
        }
    }
}
