#![allow(unsafe_code)]
//! Escaping 32 or 16 bytes at a time on x86-64.
//!
//! **Theory.** Compare a block with each of the five special bytes, or the results, and gather one bit for each byte.
//! A block without a special byte is stored as it is: load, five compares, store. Otherwise the bits are walked: the
//! run before each special byte is copied, then its entity. Copies are whole registers: as much is stored at the output's
//! end, the length moves on by the run only, and the next store overwrites what was too much. Entities are stored in the
//! same way: eight bytes are stored, and the length moves on by four or five. That needs room: before a block the output has
//! capacity for its worst case (every byte an entity of five) and one register more. And it reads a register from any byte of a
//! block, so the last blocks are walked in a padded copy.
//!
//! Most values are shorter than a register. Two loads that overlap gather such a text into one.
//!
//! **What this relies on.** `entity` gives an entity of at most eight bytes for ASCII bytes alone, which the table below is
//! made of at compile time; a mask has a bit for a byte only when that table has an entity for it, because both are made
//! of the same five bytes (a test goes through all 256); and a `&str` is UTF-8. Nothing is asked of the callers of
//! [`append`], which is safe.
//!
//! The safe twin is [`super::wordwise`]; tests hold both to [`super::naive`].

use std::arch::x86_64::*;

/// Worst growth of one byte.
const WORST: usize = 5;

/// The bytes of each entity, and in the highest byte how many they are; 0 for a byte that needs none.
const ENTITIES: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(text) = super::entity::entity(byte as u8) {
            let text = text.as_bytes();
            let mut entry = [0; 8];
            let mut at = 0;
            while at < text.len() {
                entry[at] = text[at];
                at += 1;
            }
            entry[7] = text.len() as u8;
            table[byte] = u64::from_le_bytes(entry);
        }
        byte += 1;
    }
    table
};

#[inline]
pub(super) fn append(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    if bytes.len() < 16 {
        // SAFETY: the length is as asked. `short` appends only whole entities and bytes of `text` in order, so `out` is UTF-8
        // again when it returns: special bytes are ASCII, and nothing is put between the bytes of a character. It reserves
        // before it appends, so that it never panics in between.
        return unsafe { short(out.as_mut_vec(), bytes) };
    }
    long(out, bytes);
}

/// Sixteen bytes and more. Apart, as is all that a short text without special bytes does not need.
#[inline(never)]
fn long(out: &mut String, bytes: &[u8]) {
    // A block may end within a character, and a reservation behind it may panic: nobody must see `out` then.
    let mut whole = std::mem::take(out).into_bytes();
    // SAFETY: SSE2 is part of x86-64, and AVX2 was detected. Both append as `short` does, so `whole` is UTF-8 at the end.
    *out = unsafe {
        if bytes.len() >= 64 && std::arch::is_x86_feature_detected!("avx2") {
            avx2(&mut whole, bytes);
        } else {
            sse2(&mut whole, bytes);
        }
        String::from_utf8_unchecked(whole)
    };
}

/// Fewer than sixteen bytes, with zeros after them. Loads that overlap bring the same bytes twice, to the same place.
#[inline]
fn gather(text: &[u8]) -> u128 {
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << (8 * (text.len() - 8))
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        u128::from(
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (text.len() - 4)),
        )
    } else if let [first, .., last] = text {
        let middle = text[text.len() / 2];
        u128::from(
            u32::from(*first)
                | u32::from(middle) << (8 * (text.len() / 2))
                | u32::from(*last) << (8 * (text.len() - 1)),
        )
    } else {
        text.first().map_or(0, |&byte| u128::from(byte))
    }
}

/// # Safety
/// `text` is shorter than sixteen bytes, and the caller keeps `out` UTF-8 when it is.
#[inline]
unsafe fn short(out: &mut Vec<u8>, text: &[u8]) {
    let padded = gather(text).to_le_bytes();
    out.reserve(16);
    // SAFETY: SSE2 is part of x86-64; both arrays are sixteen bytes, and as many were reserved.
    unsafe {
        let block = _mm_loadu_si128(padded.as_ptr().cast());
        if special_16(block) == 0 {
            _mm_storeu_si128(out.as_mut_ptr().add(out.len()).cast(), block);
            out.set_len(out.len() + text.len());
        } else {
            short_with_entities(out, text);
        }
    }
}

/// # Safety
/// As for [`short`].
#[inline(never)]
unsafe fn short_with_entities(out: &mut Vec<u8>, text: &[u8]) {
    // SAFETY: as promised to this function; sixteen bytes are readable where `rest` asks for the mask.
    unsafe { rest::<16>(out, text, |block| special_16(_mm_loadu_si128(block.cast()))) }
}

/// Appends one block: `count` bytes at `block`, of which `mask` has a bit set for each that is special. Gives the end.
///
/// # Safety
/// `count <= WIDTH`; `block` is readable for `2 * WIDTH` bytes, `to` writable for [`room`] of `WIDTH`.
#[inline(always)]
unsafe fn walk<const WIDTH: usize>(block: *const u8, count: usize, mut mask: u32, mut to: *mut u8) -> *mut u8 {
    let mut from = 0;
    // SAFETY: `from <= at < count <= WIDTH`, so a register read from there ends before `2 * WIDTH`; the output has room by
    // the caller's promise: what counts so far is at most WORST times what was read, and a store is WIDTH bytes at most.
    unsafe {
        while mask != 0 {
            let at = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            to.cast::<[u8; WIDTH]>().write_unaligned(block.add(from).cast::<[u8; WIDTH]>().read_unaligned());
            to = to.add(at - from);
            let entity = ENTITIES[usize::from(*block.add(at))];
            to.cast::<u64>().write_unaligned(entity.to_le());
            to = to.add((entity >> 56) as usize);
            from = at + 1;
        }
        to.cast::<[u8; WIDTH]>().write_unaligned(block.add(from).cast::<[u8; WIDTH]>().read_unaligned());
        to.add(count - from)
    }
}

/// Bytes that must be writable before a block of `width` bytes is appended: its worst case and a store behind it.
const fn room(width: usize) -> usize {
    width * (WORST + 1) + 8
}

/// Escapes `text` block by block as far as a register can be read from any byte of a block, then the rest in a copy.
///
/// # Safety
/// `mask` gives the special bytes of the `WIDTH` bytes at its argument, and the caller keeps `out` UTF-8.
#[inline(always)]
unsafe fn blocks<const WIDTH: usize>(out: &mut Vec<u8>, text: &[u8], mask: impl Fn(*const u8) -> u32) {
    let mut at = 0;
    while at + 2 * WIDTH <= text.len() {
        // One reservation serves as many blocks as keep clear of its end.
        out.reserve((text.len() - at) + room(WIDTH));
        let start = out.as_mut_ptr();
        // SAFETY: `len..capacity` was reserved just now and is at least `room` long, so all three are in the allocation.
        let (first, last) = unsafe { (start.add(out.len()), start.add(out.capacity() - room(WIDTH))) };
        let mut to = first;
        while at + 2 * WIDTH <= text.len() && to <= last {
            // SAFETY: two whole blocks lie in `text` at `at`; `to` has `room`, because it is not beyond `last`.
            unsafe {
                let from = text.as_ptr().add(at);
                to = walk::<WIDTH>(from, WIDTH, mask(from), to);
            }
            at += WIDTH;
        }
        // SAFETY: everything up to `to` was written above, and `to` lies in the allocation.
        unsafe { out.set_len(to.offset_from(start) as usize) };
    }
    // SAFETY: as promised to this function.
    unsafe { rest::<WIDTH>(out, &text[at..], mask) }
}

/// Escapes less than two blocks.
///
/// # Safety
/// As for [`blocks`].
#[inline(always)]
unsafe fn rest<const WIDTH: usize>(out: &mut Vec<u8>, text: &[u8], mask: impl Fn(*const u8) -> u32) {
    let mut padded = [[0; WIDTH]; 3];
    padded.as_flattened_mut()[..text.len()].copy_from_slice(text);
    out.reserve(2 * room(WIDTH));
    let mut left = text.len();
    for n in 0..2 {
        let count = left.min(WIDTH);
        left -= count;
        // SAFETY: of three blocks, the first or the second is walked: two are readable. Zeros are not special, so the mask
        // has no bit from `count` on. Room for both was reserved.
        unsafe {
            let block = padded.as_ptr().add(n).cast::<u8>();
            let start = out.as_mut_ptr();
            let to = walk::<WIDTH>(block, count, mask(block), start.add(out.len()));
            out.set_len(to.offset_from(start) as usize);
        }
    }
}

/// A bit for each special byte.
#[inline(always)]
fn special_16(block: __m128i) -> u32 {
    // SAFETY: SSE2 is part of x86-64; the intrinsics on values have no other requirement.
    unsafe {
        let is = |byte: u8| _mm_cmpeq_epi8(block, _mm_set1_epi8(byte as i8));
        let some = _mm_or_si128(_mm_or_si128(is(b'&'), is(b'<')), _mm_or_si128(is(b'>'), is(b'"')));
        _mm_movemask_epi8(_mm_or_si128(some, is(b'\''))) as u32
    }
}

/// # Safety
/// The caller keeps `out` UTF-8 when `text` is.
unsafe fn sse2(out: &mut Vec<u8>, text: &[u8]) {
    // SAFETY: sixteen bytes are readable where `blocks` asks for the mask.
    unsafe { blocks::<16>(out, text, |block| special_16(_mm_loadu_si128(block.cast()))) }
}

/// # Safety
/// The machine has AVX2, and the caller keeps `out` UTF-8 when `text` is.
#[target_feature(enable = "avx2")]
unsafe fn avx2(out: &mut Vec<u8>, text: &[u8]) {
    let special = |block: *const u8| {
        // SAFETY: 32 bytes are readable where `blocks` asks for the mask.
        let block = unsafe { _mm256_loadu_si256(block.cast()) };
        let is = |byte: u8| _mm256_cmpeq_epi8(block, _mm256_set1_epi8(byte as i8));
        let some = _mm256_or_si256(_mm256_or_si256(is(b'&'), is(b'<')), _mm256_or_si256(is(b'>'), is(b'"')));
        _mm256_movemask_epi8(_mm256_or_si256(some, is(b'\''))) as u32
    };
    // SAFETY: as promised to this function.
    unsafe { blocks::<32>(out, text, special) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_in_the_mask_when_it_has_an_entity() {
        for byte in 0..=u8::MAX {
            let block = [byte; 16];
            // SAFETY: SSE2 is part of x86-64; the block is sixteen bytes.
            let mask = special_16(unsafe { _mm_loadu_si128(block.as_ptr().cast()) });
            let entity = super::super::entity::entity(byte);
            assert_eq!(mask != 0, entity.is_some(), "{byte}");
            assert_eq!(ENTITIES[usize::from(byte)] >> 56, entity.map_or(0, str::len) as u64);
            assert!(entity.is_none_or(|text| byte < 128 && text.len() <= WORST));
        }
    }
}
