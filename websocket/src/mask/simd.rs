//! Vectors of 16 and 32 bytes.
//!
//! What it buys, step by step:
//! 1. A vector holds the key four or eight times, so one XOR masks 16 or 32 bytes.
//! 2. The tail is not a loop over bytes. XOR would undo itself where two stores overlap, so the last vectors are *loaded*
//!    before anything is stored and *stored* at the end: the overlap is written twice with the same bytes. Their key is
//!    rotated to where they begin. A frame of 33 bytes costs four vectors, not two and one byte.
//! 3. So up to 128 bytes there is no loop at all: as many vectors from the front as from the back, whatever the length.
//! 4. Up to 64 bytes they are of 16, which every x86-64 has: this much is inlined into the caller. A function that uses 32
//!    cannot be inlined into code that does not know its feature, so a call and a look at the feature come first.
//! 5. Beyond, the head overlaps as the tail does, so that the loop's stores are aligned: a store over the border of a cache
//!    line costs two. This is worth more than the width of the vectors. Four vectors a turn let loads run ahead of stores.
//! 6. A machine without AVX2 has the loop over words, of which the compiler makes vectors of what there is, and so has one that
//!    is no x86-64.
//! 7. Lengths below 16 do the same with 8-byte and 4-byte words, in safe code; below 4 there are bytes.
#![allow(unsafe_code)]

use super::{doubled, rotate};

/// Masks or unmasks `payload` in place; `offset` bytes of the frame came before. See the [module](super).
///
/// ```
/// let mut payload = *b"Hello";
/// wirebook_websocket::mask::apply(&mut payload, [0x37, 0xfa, 0x21, 0x3d], 0);
/// assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
/// ```
#[cfg_attr(not(debug_assertions), inline)]
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
    let key = rotate(key, offset);
    if payload.len() < 16 {
        return short(payload, key);
    }
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2 is part of x86-64; every arm has the length that its function asks for.
    unsafe {
        match payload.len() {
            16..=32 => x86::ends::<1>(payload, key),
            33..=64 => x86::ends::<2>(payload, key),
            _ => x86::long(payload, key),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
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
    use super::{super::word, rotate};
    use std::arch::x86_64::*;
    use std::array::from_fn;

    /// `N` vectors from the front and `N` from the back.
    ///
    /// # Safety
    /// `payload` has 16 `N` to 32 `N` bytes. (SSE2 is part of x86-64.)
    #[inline]
    pub(super) unsafe fn ends<const N: usize>(payload: &mut [u8], key: [u8; 4]) {
        let length = payload.len();
        debug_assert!((16 * N..=32 * N).contains(&length));
        let head_at = payload.as_mut_ptr().cast::<__m128i>();
        // SAFETY: the accesses are 16 bytes each, from the slice's start and to its end, unaligned; the slice is borrowed
        // mutably, so nothing else reads or writes it meanwhile.
        unsafe {
            // ANCHOR: tail
            let tail_at = head_at.byte_add(length - 16 * N);
            let (head_key, tail_key) = (repeated(key), repeated(rotate(key, length)));
            let head: [__m128i; N] = from_fn(|i| _mm_xor_si128(_mm_loadu_si128(head_at.add(i)), head_key));
            let tail: [__m128i; N] = from_fn(|i| _mm_xor_si128(_mm_loadu_si128(tail_at.add(i)), tail_key));
            for i in 0..N {
                _mm_storeu_si128(head_at.add(i), head[i]);
                _mm_storeu_si128(tail_at.add(i), tail[i]);
            }
            // ANCHOR_END: tail
        }
    }

    #[inline]
    fn repeated(key: [u8; 4]) -> __m128i {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_set1_epi32(i32::from_ne_bytes(key)) }
    }

    /// # Safety
    /// `payload` has more than 64 bytes.
    #[inline]
    pub(super) unsafe fn long(payload: &mut [u8], key: [u8; 4]) {
        // SAFETY: the feature was just detected, and the lengths are as asked.
        unsafe {
            match payload.len() {
                _ if !std::arch::is_x86_feature_detected!("avx2") => word::apply(payload, key, 0),
                ..=128 => avx2_ends(payload, key),
                _ => avx2(payload, key),
            }
        }
    }

    /// Two vectors from the front and two from the back.
    ///
    /// # Safety
    /// The machine has AVX2, and `payload` has 64 to 128 bytes.
    #[target_feature(enable = "avx2")]
    unsafe fn avx2_ends(payload: &mut [u8], key: [u8; 4]) {
        let length = payload.len();
        let head_at = payload.as_mut_ptr().cast::<__m256i>();
        let head_key = _mm256_set1_epi32(i32::from_ne_bytes(key));
        let tail_key = _mm256_set1_epi32(i32::from_ne_bytes(rotate(key, length)));
        // SAFETY: as in `ends`, with 32 bytes each.
        unsafe {
            let tail_at = head_at.byte_add(length - 64);
            let head = [0, 1].map(|i| _mm256_xor_si256(_mm256_loadu_si256(head_at.add(i)), head_key));
            let tail = [0, 1].map(|i| _mm256_xor_si256(_mm256_loadu_si256(tail_at.add(i)), tail_key));
            for i in 0..2 {
                _mm256_storeu_si256(head_at.add(i), head[i]);
                _mm256_storeu_si256(tail_at.add(i), tail[i]);
            }
        }
    }

    /// # Safety
    /// The machine has AVX2, and `payload` has at least 128 bytes.
    #[target_feature(enable = "avx2")]
    unsafe fn avx2(payload: &mut [u8], key: [u8; 4]) {
        let length = payload.len();
        let start = payload.as_mut_ptr();
        // To the next border of 32 bytes, 1 to 32 of them: what the head covers.
        let skipped = 32 - start.addr() % 32;
        let key_at = |offset: usize| _mm256_set1_epi32(i32::from_ne_bytes(rotate(key, offset)));
        let (head_key, aligned_key, tail_key) = (key_at(0), key_at(skipped), key_at(length));
        // SAFETY: the head ends at 32; the loop's accesses end at most at `length`, because `at` is below
        // `length - 128`, and are aligned, because it grows by 128 from a border of 32; the tail begins at `length - 128`.
        // The slice is borrowed mutably, so nothing else reads or writes it meanwhile.
        unsafe {
            let head = _mm256_xor_si256(_mm256_loadu_si256(start.cast()), head_key);
            let tail_at = start.add(length - 128).cast::<__m256i>();
            let tail = [0, 1, 2, 3].map(|i| _mm256_xor_si256(_mm256_loadu_si256(tail_at.add(i)), tail_key));
            let mut at = skipped;
            while at < length - 128 {
                let p = start.add(at).cast::<__m256i>();
                let four = [0, 1, 2, 3].map(|i| _mm256_xor_si256(_mm256_load_si256(p.add(i)), aligned_key));
                for (i, vector) in four.into_iter().enumerate() {
                    _mm256_store_si256(p.add(i), vector);
                }
                at += 128;
            }
            _mm256_storeu_si256(start.cast(), head);
            for (i, vector) in tail.into_iter().enumerate() {
                _mm256_storeu_si256(tail_at.add(i), vector);
            }
        }
    }
}
