//! The two loops in which the codec spends its time, with vector instructions where the processor has them.
//!
//! * [`line`] finds the end of a line. The obvious way is `memchr2`, and then `str::from_utf8` reads the same bytes again.
//!   Here one pass does both: while it looks for CR and LF it notes whether any byte had its high bit set, and a line of
//!   ASCII is text already. Only other lines are checked again.
//! * [`append_data`] writes an event whose data is one line. The obvious way looks for line ends first and copies then.
//!   Here each block is compared on its way from one place to the other, and the length of the buffer changes once.
//!
//! Blocks are 32 bytes with AVX2 and 16 with SSE2, which every x86-64 has. What is left at the end is read with one block
//! that overlaps the one before: no loop over single bytes, no branch on how many. Other processors, and inputs shorter
//! than a block, take the safe twins below; a test compares the two.
#![allow(unsafe_code)]

use memchr::memchr2;

/// A line without its end, and what the search learned about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    bytes: &'a [u8],
    /// Every byte is ASCII. Never set without having looked: [`text`](Self::text) relies on it.
    ascii: bool,
}

impl<'a> Line<'a> {
    /// An empty line.
    pub(crate) const EMPTY: Line<'static> = Line { bytes: &[], ascii: true };

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What follows the first `n` bytes.
    #[inline]
    pub(crate) fn skip(self, n: usize) -> Self {
        Line { bytes: &self.bytes[n..], ..self }
    }

    /// The text, or `None` for broken UTF-8.
    #[inline]
    pub(crate) fn text(self) -> Option<&'a str> {
        if self.ascii {
            // SAFETY: `ascii` is set by `line` alone, after it saw the high bit of every byte of the line to be 0; parts
            // of the line have no other bytes. ASCII is UTF-8.
            return Some(unsafe { std::str::from_utf8_unchecked(self.bytes) });
        }
        std::str::from_utf8(self.bytes).ok()
    }
}

/// The line of `input` that starts at `at`, or `None` if it does not end there.
#[inline]
pub(crate) fn line(input: &[u8], at: usize) -> Option<Line<'_>> {
    #[cfg(target_arch = "x86_64")]
    {
        if input.len() >= 32 && is_x86_feature_detected!("avx2") {
            // SAFETY: AVX2 was detected.
            return unsafe { x86::line_avx2(input, at) };
        }
        if input.len() >= 16 {
            // SAFETY: SSE2 is part of x86-64.
            return unsafe { x86::line_sse2(input, at) };
        }
    }
    line_safe(input, at)
}

fn line_safe(input: &[u8], at: usize) -> Option<Line<'_>> {
    let rest = input.get(at..)?;
    memchr2(b'\r', b'\n', rest).map(|end| Line { bytes: &rest[..end], ascii: false })
}

const PREFIX: &[u8; 6] = b"data: ";
const SUFFIX: &[u8; 2] = b"\n\n";

/// Appends `text` as the only data line of an event and ends the event, unless there is a CR or LF in it: then nothing is
/// appended. Returns whether it was.
#[inline]
pub(crate) fn append_data(text: &[u8], out: &mut Vec<u8>) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        if text.len() >= 32 && is_x86_feature_detected!("avx2") {
            // SAFETY: AVX2 was detected, and the text has a block.
            return unsafe { x86::append_avx2(text, out) };
        }
        if text.len() >= 16 {
            // SAFETY: SSE2 is part of x86-64, and the text has a block.
            return unsafe { x86::append_sse2(text, out) };
        }
    }
    append_safe(text, out)
}

fn append_safe(text: &[u8], out: &mut Vec<u8>) -> bool {
    let found = match text.len() {
        // Short: eight at a time, the last eight overlapping.
        8..16 => [text.first_chunk::<8>(), text.last_chunk::<8>()].into_iter().flatten().any(|block| any_end(block)),
        0..8 => any_end(text),
        _ => memchr2(b'\r', b'\n', text).is_some(),
    };
    if !found {
        out.reserve(PREFIX.len() + text.len() + SUFFIX.len());
        out.extend_from_slice(PREFIX);
        out.extend_from_slice(text);
        out.extend_from_slice(SUFFIX);
    }
    !found
}

/// Without an early end, so that the compiler may compare all at once.
#[inline]
fn any_end(block: &[u8]) -> bool {
    block.iter().fold(false, |found, &byte| found | (byte == b'\r') | (byte == b'\n'))
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Line, PREFIX, SUFFIX, line_safe};

    /// One variant for each width of block: the same steps with other instructions.
    macro_rules! variant {
        ($feature:literal, $line:ident, $append:ident, $vector:ty, $width:literal, $load:ident, $store:ident, $splat:ident,
         $equal:ident, $or:ident, $mask:ident) => {
            /// What the slices say bounds every load, so the only thing that it relies on is the feature.
            #[target_feature(enable = $feature)]
            pub(super) fn $line(input: &[u8], start: usize) -> Option<Line<'_>> {
                let (cr, lf) = ($splat(b'\r' as i8), $splat(b'\n' as i8));
                // SAFETY: it reads as many bytes as the reference is to.
                let load = |block: &[u8; $width]| -> $vector { unsafe { $load(block.as_ptr().cast()) } };
                let ends = |block: $vector| $or($equal(block, cr), $equal(block, lf));
                // The line whose end is in this block, of which `seen` bytes were looked at before.
                let line_in = |block: $vector, seen: usize, high: $vector, at: usize| {
                    let found = ($mask(ends(block)) as u32) >> seen;
                    if found == 0 {
                        return None;
                    }
                    let end = found.trailing_zeros();
                    let last = (($mask(block) as u32) >> seen) & !(u32::MAX << end);
                    let ascii = last == 0 && $mask(high) == 0;
                    Some(Line { bytes: &input[start..at + end as usize], ascii })
                };
                let mut high = $splat(0);
                let mut rest = input.get(start..)?;
                // Four blocks in a step while none of them has an end.
                while let Some((four, behind)) = rest.split_first_chunk::<{ 4 * $width }>() {
                    let [a, b, c, d] = four.as_chunks().0 else { break };
                    let blocks = [load(a), load(b), load(c), load(d)];
                    let [a, b, c, d] = blocks.map(ends);
                    if $mask($or($or(a, b), $or(c, d))) != 0 {
                        break;
                    }
                    let [a, b, c, d] = blocks;
                    high = $or(high, $or($or(a, b), $or(c, d)));
                    rest = behind;
                }
                while let Some((block, behind)) = rest.split_first_chunk() {
                    let block = load(block);
                    if let Some(line) = line_in(block, 0, high, input.len() - rest.len()) {
                        return Some(line);
                    }
                    high = $or(high, block);
                    rest = behind;
                }
                if rest.is_empty() {
                    return None;
                }
                // The last block starts early, so that it ends with the input; the bits of what was seen go.
                match input.last_chunk() {
                    Some(block) => line_in(load(block), $width - rest.len(), high, input.len() - rest.len()),
                    None => line_safe(input, start),
                }
            }

            /// # Safety
            /// The processor has the feature, and `text` has at least one block.
            #[target_feature(enable = $feature)]
            pub(super) unsafe fn $append(text: &[u8], out: &mut Vec<u8>) -> bool {
                debug_assert!(text.len() >= $width);
                out.reserve(PREFIX.len() + text.len() + SUFFIX.len());
                let (cr, lf) = ($splat(b'\r' as i8), $splat(b'\n' as i8));
                let source = text.as_ptr();
                let start = out.spare_capacity_mut().as_mut_ptr().cast::<u8>();
                // SAFETY: prefix, text and suffix fit in what was reserved behind the end of `out`, in this order.
                let (target, end) = unsafe { (start.add(PREFIX.len()), start.add(PREFIX.len() + text.len())) };
                // Copies one block and says whether there is an end in it.
                // ANCHOR: append
                let copy = |from: usize| -> $vector {
                    // SAFETY: `copy` is called where `from + $width <= text.len()`: the block lies in the text, and its
                    // copy in the place of the text.
                    unsafe {
                        let block = $load(source.add(from).cast());
                        $store(target.add(from).cast(), block);
                        $or($equal(block, cr), $equal(block, lf))
                    }
                };
                // ANCHOR_END: append
                let four = |from: usize| -> $vector {
                    let [a, b] =
                        [$or(copy(from), copy(from + $width)), $or(copy(from + 2 * $width), copy(from + 3 * $width))];
                    $or(a, b)
                };
                // The last step overlaps the one before instead of being shorter: there is no loop over what is left,
                // whose length no branch predictor could guess.
                let last = text.len() - $width;
                let found = if text.len() <= 2 * $width {
                    $or(copy(0), copy(last))
                } else if text.len() <= 4 * $width {
                    $or($or(copy(0), copy($width)), $or(copy(last - $width), copy(last)))
                } else if text.len() <= 8 * $width {
                    $or(four(0), four(text.len() - 4 * $width))
                } else {
                    let mut found = four(text.len() - 4 * $width);
                    let mut at = 0;
                    while at + 4 * $width < text.len() {
                        found = $or(found, four(at));
                        at += 4 * $width;
                    }
                    found
                };
                let clean = $mask(found) == 0;
                if clean {
                    // SAFETY: with these two, all that the new length counts is written, within the reservation.
                    unsafe {
                        start.cast::<[u8; 6]>().write_unaligned(*PREFIX);
                        end.cast::<[u8; 2]>().write_unaligned(*SUFFIX);
                        out.set_len(out.len() + PREFIX.len() + text.len() + SUFFIX.len());
                    }
                }
                clean
            }
        };
    }

    variant!(
        "avx2",
        line_avx2,
        append_avx2,
        __m256i,
        32,
        _mm256_loadu_si256,
        _mm256_storeu_si256,
        _mm256_set1_epi8,
        _mm256_cmpeq_epi8,
        _mm256_or_si256,
        _mm256_movemask_epi8
    );
    variant!(
        "sse2",
        line_sse2,
        append_sse2,
        __m128i,
        16,
        _mm_loadu_si128,
        _mm_storeu_si128,
        _mm_set1_epi8,
        _mm_cmpeq_epi8,
        _mm_or_si128,
        _mm_movemask_epi8
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length around the widths of a block, with each byte of interest at every place.
    fn each_text(mut check: impl FnMut(&[u8])) {
        for length in (0..=100).chain([127, 128, 129, 511, 512, 513]) {
            let clean = vec![b'a'; length];
            check(&clean);
            for place in 0..length {
                for byte in [b'\r', b'\n', 0x80, 0xff, 0x0b, 0x8d, 0x8a] {
                    let mut text = clean.clone();
                    text[place] = byte;
                    check(&text);
                }
            }
        }
    }

    #[test]
    fn lines_are_those_of_the_safe_twin() {
        each_text(|text| {
            for at in [0, 1, text.len() / 2, text.len()] {
                let (fast, safe) = (line(text, at), line_safe(text, at));
                assert_eq!(fast.map(|line| line.bytes), safe.map(|line| line.bytes), "{text:?} from {at}");
                if let Some(line) = fast {
                    assert!(!line.ascii || line.bytes.is_ascii(), "{text:?} from {at}");
                    assert_eq!(line.text(), std::str::from_utf8(line.bytes).ok());
                }
            }
        });
    }

    #[test]
    fn a_line_that_starts_behind_the_input_is_none() {
        for length in 0..200 {
            let text = vec![b'\n'; length];
            for at in [length, length + 1, length + 1000, usize::MAX - 100, usize::MAX] {
                assert!(line(&text, at).is_none(), "{length} from {at}");
            }
        }
    }

    #[test]
    fn appends_are_those_of_the_safe_twin() {
        each_text(|text| {
            let (mut fast, mut safe) = (b"before".to_vec(), b"before".to_vec());
            assert_eq!(append_data(text, &mut fast), append_safe(text, &mut safe));
            assert_eq!(fast, safe);
        });
    }
}
