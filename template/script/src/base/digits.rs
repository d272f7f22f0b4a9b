#![allow(unsafe_code)]
//! Whole numbers at the end of a text: the digits are made in a register and stored as one block of sixteen bytes, of
//! which their own length counts.
//!
//! The safe twin is `push_str` of `format!`, which a test compares this with.

/// Bytes of a block.
pub(crate) const BLOCK: usize = 16;
/// A block.
pub(crate) type Block = [u8; BLOCK];

/// Appends a whole number.
#[inline]
pub(crate) fn append(out: &mut String, n: i32) {
    out.reserve(BLOCK);
    // SAFETY: one block was reserved; what `store` puts there is ASCII.
    unsafe {
        let bytes = out.as_mut_vec();
        let start = bytes.as_mut_ptr().add(bytes.len());
        let end = store(start, n);
        bytes.set_len(bytes.len() + end.offset_from(start) as usize);
    }
}

/// Stores a whole number; gives its end, at most eleven bytes on.
///
/// # Safety
/// One block is writable at `to`.
#[inline(always)]
pub(crate) unsafe fn store(to: *mut u8, n: i32) -> *mut u8 {
    // SAFETY: each store is one block at most, and so is what counts of it.
    unsafe {
        if (0..10_000).contains(&n) {
            let (digits, length) = up_to_four(n as u32);
            to.cast::<[u8; 4]>().write_unaligned(digits);
            to.add(length)
        } else {
            let (digits, length) = digits_of(n);
            to.cast::<Block>().write_unaligned(digits);
            to.add(length)
        }
    }
}

/// The digits of a number below 10 000, which is most of what a table holds, and how many they are. They are made side
/// by side in one register: each step splits every part of it in two, 1234 into 12 and 34, and these into 1, 2, 3 and 4.
#[inline]
fn up_to_four(n: u32) -> ([u8; 4], usize) {
    let hundreds = (n * 5_243) >> 19;
    let pairs = hundreds | (n - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f;
    let digits = tens | (pairs - 10 * tens) << 8;
    // Leading zeros, but never the last digit.
    let leading = (digits | 1 << 24).trailing_zeros() / 8;
    (((digits | 0x3030_3030) >> (8 * leading)).to_le_bytes(), 4 - leading as usize)
}

/// Eight digits, with leading zeros, in the same way.
fn eight(n: u32) -> u64 {
    let fours = u64::from(n / 10_000) | u64::from(n % 10_000) << 32;
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | (fours - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (pairs - 10 * tens) << 8
}

/// The text of a whole number at the start of a block, and its length.
fn digits_of(n: i32) -> ([u8; 16], usize) {
    let size = n.unsigned_abs();
    let (high, low) = (size / 100_000_000, eight(size % 100_000_000));
    let (text, length) = if high == 0 {
        let leading = (low | 1 << 56).trailing_zeros() / 8;
        (u128::from((low | 0x3030_3030_3030_3030) >> (8 * leading)), 8 - leading as usize)
    } else {
        let (first, length) = up_to_four(high);
        let rest = u128::from(low | 0x3030_3030_3030_3030) << (8 * length);
        (u128::from(u32::from_le_bytes(first)) | rest, length + 8)
    };
    if n >= 0 { (text.to_le_bytes(), length) } else { ((text << 8 | u128::from(b'-')).to_le_bytes(), length + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int_equals_its_safe_twin() {
        let edges =
            (0..10).flat_map(|n| [10i32.pow(n) - 1, 10i32.pow(n), 10i32.pow(n) + 1, -10i32.pow(n), 1 - 10i32.pow(n)]);
        for n in (-20_000..120_000).chain(edges).chain([
            i32::MAX,
            i32::MAX - 1,
            i32::MIN,
            i32::MIN + 1,
            99_999_999,
            100_000_007,
        ]) {
            let mut out = String::from("x");
            append(&mut out, n);
            assert_eq!(out, format!("x{n}"));
        }
    }
}
