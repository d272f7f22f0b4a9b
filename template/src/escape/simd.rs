#![allow(unsafe_code)]
//! Escaping 32 or 16 bytes at a time on x86-64.
//!
//! **Theory.** Compare a block with each of the five special bytes, or the results, and gather one bit for each byte.
//! A block without a special byte is stored as it is: load, five compares, store. Otherwise the bits are walked: the
//! run before each special byte is copied, then its entity. Copies are done in whole registers: a block is stored at
//! the output's end, the length moves on by the run only, and the next store overwrites what was too much. The same
//! trick serves the entities, which are stored as eight bytes of which five or four count. That needs room: before each
//! block the output has capacity for the block's worst case (every byte an entity of five) and one register more.
//!
//! The safe twin is [`super::wordwise`]; tests hold both to [`super::naive`].

use std::arch::x86_64::*;

/// Worst growth of one byte.
const WORST: usize = 5;

/// Length and bytes of each entity, by the low bits that tell the five apart.
const ENTITIES: [(u8, [u8; 8]); 256] = {
    let mut table = [(0, [0; 8]); 256];
    let mut n = 0;
    while n < 5 {
        let byte = b"&<>\"'"[n];
        let text = match super::entity(byte) {
            Some(text) => text.as_bytes(),
            None => b"",
        };
        let mut entry = [0; 8];
        let mut at = 0;
        while at < text.len() {
            entry[at] = text[at];
            at += 1;
        }
        table[byte as usize] = (text.len() as u8, entry);
        n += 1;
    }
    table
};

#[inline]
pub(super) fn append(out: &mut String, text: &str) {
    if text.len() < 16 {
        return super::word::append(out, text);
    }
    if text.len() >= 64 && std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: AVX2 was detected; the function appends only whole entities and bytes of `text` in order, so `out`
        // stays UTF-8: special bytes are ASCII, and nothing is put between the bytes of a character.
        unsafe { avx2(out.as_mut_vec(), text.as_bytes()) }
    } else {
        // SAFETY: SSE2 is part of x86-64; UTF-8 as above.
        unsafe { sse2(out.as_mut_vec(), text.as_bytes()) }
    }
}

/// Walks the special bytes of one block of `WIDTH` bytes at `block`, of which `mask` has a bit set for each.
///
/// # Safety
/// `block` is readable for `WIDTH` bytes (a power of two ≥ 16); `to` is writable for `WIDTH * WORST + 2 * WIDTH`.
#[inline(always)]
unsafe fn walk<const WIDTH: usize>(block: *const u8, mut mask: u32, mut to: *mut u8) -> *mut u8 {
    let mut from = 0usize;
    while mask != 0 {
        let at = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        // SAFETY: `from <= at < WIDTH`, so both lie in the block; the output has room by the caller's promise: what was
        // written so far is at most WORST times what was read, and each copy writes less than WIDTH beyond that.
        unsafe {
            let run = at - from;
            std::ptr::copy_nonoverlapping(block.add(from), to, run);
            to = to.add(run);
            let (length, bytes) = ENTITIES[*block.add(at) as usize];
            to.cast::<[u8; 8]>().write_unaligned(bytes);
            to = to.add(length as usize);
        }
        from = at + 1;
    }
    // SAFETY: as above.
    unsafe {
        std::ptr::copy_nonoverlapping(block.add(from), to, WIDTH - from);
        to.add(WIDTH - from)
    }
}

/// Escapes what is left of a text when less than a register remains.
fn tail(out: &mut Vec<u8>, rest: &[u8]) {
    for &byte in rest {
        match super::entity(byte) {
            Some(entity) => out.extend_from_slice(entity.as_bytes()),
            None => out.push(byte),
        }
    }
}

macro_rules! blocks {
    ($out:ident, $text:ident, $width:literal, $load:expr, $mask:expr, $store:expr) => {{
        let mut at = 0;
        while at + $width <= $text.len() {
            // One reservation serves as many blocks as keep clear of its end.
            $out.reserve(($text.len() - at) + $width * (WORST + 2) + 64);
            let start = $out.as_mut_ptr();
            // SAFETY: `len..capacity` was reserved just now, at least `$width * (WORST + 2)` bytes.
            let mut to = unsafe { start.add($out.len()) };
            // SAFETY: the end of the allocation less one block's worst case; both in bounds of the reservation.
            let safe_end = unsafe { start.add($out.capacity() - $width * (WORST + 2)) };
            while at + $width <= $text.len() && to <= safe_end {
                // SAFETY: a whole block lies in `text` at `at`; `to` has room for its worst case, by `safe_end`.
                unsafe {
                    let from = $text.as_ptr().add(at);
                    let block = $load(from.cast());
                    let mask = $mask(block);
                    if mask == 0 {
                        $store(to.cast(), block);
                        to = to.add($width);
                    } else {
                        to = walk::<$width>(from, mask as u32, to);
                    }
                }
                at += $width;
            }
            // SAFETY: everything up to `to` was written above, and `to` lies in the allocation.
            unsafe {
                let length = to.offset_from(start) as usize;
                $out.set_len(length);
            }
        }
        tail($out, &$text[at..]);
    }};
}

/// # Safety
/// The machine has AVX2, and the caller keeps `out` UTF-8 when `text` is.
#[target_feature(enable = "avx2")]
unsafe fn avx2(out: &mut Vec<u8>, text: &[u8]) {
    let special = [b'&', b'<', b'>', b'"', b'\''].map(|b| _mm256_set1_epi8(b as i8));
    let mask = |block: __m256i| {
        let mut any = _mm256_cmpeq_epi8(block, special[0]);
        for s in &special[1..] {
            any = _mm256_or_si256(any, _mm256_cmpeq_epi8(block, *s));
        }
        _mm256_movemask_epi8(any)
    };
    blocks!(out, text, 32, |p| _mm256_loadu_si256(p), mask, |p, b| _mm256_storeu_si256(p, b))
}

/// # Safety
/// The caller keeps `out` UTF-8 when `text` is.
unsafe fn sse2(out: &mut Vec<u8>, text: &[u8]) {
    // SAFETY: SSE2 is part of x86-64; the intrinsics on values have no other requirement.
    let special = [b'&', b'<', b'>', b'"', b'\''].map(|b| unsafe { _mm_set1_epi8(b as i8) });
    let mask = |block: __m128i| {
        // SAFETY: as above.
        unsafe {
            let mut any = _mm_cmpeq_epi8(block, special[0]);
            for s in &special[1..] {
                any = _mm_or_si128(any, _mm_cmpeq_epi8(block, *s));
            }
            _mm_movemask_epi8(any)
        }
    };
    blocks!(out, text, 16, |p| _mm_loadu_si128(p), mask, |p, b| _mm_storeu_si128(p, b))
}
