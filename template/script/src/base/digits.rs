#![allow(unsafe_code)]
//! Whole numbers at the end of a text: the digits come from a table by threes, and are stored as one block of which their own
//! length counts.
//!
//! The safe twin is `push_str` of `format!`, which a test compares this with.

/// Bytes of a block.
pub(crate) const BLOCK: usize = 16;
/// A block.
pub(crate) type Block = [u8; BLOCK];

/// Appends a whole number.
#[inline(always)]
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

/// The digits of every number below 1000, and in the highest byte how many they are; behind these the same numbers with
/// their zeros and a fourth digit in front, which is still zero. The highest byte is then a digit itself, and more than four.
/// The rest is filled up to a power of two, so that every index can be cut to the table.
static DIGITS: [u32; 2048] = {
    let mut table = [0; 2048];
    let mut n = 0;
    while n < 1000 {
        let digits = (n / 100) | ((n / 10 % 10) << 8) | ((n % 10) << 16) | 0x30_3030;
        let count = 1 + (n >= 10) as u32 + (n >= 100) as u32;
        table[n as usize] = (digits >> (8 * (3 - count))) | (count << 24);
        table[n as usize + 1000] = (digits << 8) | 0x30;
        n += 1;
    }
    table
};

/// The digits of a number below 10 000, which is most of what a table holds, and how many they are. No branch and no shift
/// waits for the number: how long the numbers of a list are can not be foreseen.
#[inline(always)]
fn up_to_four(n: u32) -> ([u8; 4], usize) {
    // A division by 1000, for numbers of four digits.
    let thousands = (n * 8_389) >> 23;
    let place = n - 1000 * thousands + 1000 * u32::from(thousands > 0);
    let entry = DIGITS[place as usize % DIGITS.len()];
    ((entry | thousands).to_le_bytes(), (entry >> 24).min(4) as usize)
}

/// The text of a whole number at the start of a block, and its length: its digits by threes, of which the first that is not
/// zero has no zeros in front.
#[cold]
fn digits_of(n: i32) -> (Block, usize) {
    let size = n.unsigned_abs();
    let threes = [size / 1_000_000_000, size / 1_000_000 % 1000, size / 1000 % 1000, size % 1000];
    let first = threes.iter().position(|&three| three > 0).unwrap_or(threes.len() - 1);
    let entry = DIGITS[threes[first] as usize];
    let (mut text, mut length) = (u128::from(entry & 0xff_ffff), (entry >> 24) as usize);
    for three in &threes[first + 1..] {
        text |= u128::from(DIGITS[*three as usize + 1000] >> 8) << (8 * length);
        length += 3;
    }
    if n >= 0 { (text.to_le_bytes(), length) } else { (((text << 8) | u128::from(b'-')).to_le_bytes(), length + 1) }
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
