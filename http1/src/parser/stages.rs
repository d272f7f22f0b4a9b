//! Two stages: first find all line ends, then look at each line's name. Both without branches that depend on the bytes.
//!
//! A parser that walks from name to colon to value to line end asks at each step "is it over?", and the answer comes
//! after a different number of bytes for each field. The processor guesses; on varied heads it guesses wrong once or
//! twice a line, at some 20 cycles each. So we ask questions whose answer is a number:
//!
//! 1. *Index.* For 64 bytes at a time, one bit for each control byte (and DEL). In a correct head these are the CRs and LFs
//!    and an occasional HTAB, so the first bit of each pair is a line end. All positions of such bits are written out with
//!    a fixed number of stores; only their number depends on the data. Three control bytes in a row are the end of the
//!    head, or something that the state machine should see.
//! 2. *Probe.* Between two line ends lies one field line. The first 32 bytes of it give one bit for each byte that is not a
//!    token's: the lowest one must be the colon. The value starts behind it and one space, and ends at the line end, if
//!    there is no more white space.
//!
//! Whoever can make the bits ([`Lanes`]) can run this: eight bytes in a word ([`swar`](super::swar)), or a vector
//! register ([`simd`](super::simd)). The code here is the same for all, and safe.
//!
//! The end of the input: the last block of it is read again from as far behind as needed, and its bits shifted, so that no
//! byte beyond the input is touched. Fewer than 32 bytes are left to the state machine.

use super::lines::{Kernel, Lines, RequestLine, StatusLine};
use super::table::{status_and_version, trim};
use super::{FieldSpan, Version, is_value_byte};

/// Bytes looked at together.
pub(super) const LANES: usize = 32;

/// What a set of vector instructions must be able to say about 32 bytes. Bit 0 is the first byte.
pub(super) trait Lanes: Copy {
    /// The bytes below 0x20 and 0x7F.
    fn controls(self, bytes: &[u8; LANES]) -> u32;
    /// The bytes that cannot stand in a token.
    fn not_token(self, bytes: &[u8; LANES]) -> u32;
    /// The bytes that cannot stand in a request-target.
    fn not_target(self, bytes: &[u8; LANES]) -> u32;
}

/// The two stages, on these lanes.
#[derive(Clone, Copy)]
pub(super) struct Stages<L>(pub L);

impl<L: Lanes> Kernel for Stages<L> {
    #[inline(always)]
    fn request_line(self, input: &[u8], from: usize) -> Option<RequestLine> {
        let (bytes, shift) = lanes_at(input, from)?;
        let method_end = from + ((self.0.not_token(bytes) >> shift).trailing_zeros() as usize);
        if *input.get(method_end)? != b' ' || method_end == from {
            return None;
        }
        let mut target_end = method_end + 1;
        loop {
            let (bytes, shift) = lanes_at(input, target_end)?;
            let others = self.0.not_target(bytes) >> shift;
            if others != 0 {
                target_end += others.trailing_zeros() as usize;
                break;
            }
            target_end += LANES - shift as usize;
        }
        if target_end == method_end + 1 {
            return None;
        }
        let version = match input.get(target_end..target_end + 11)? {
            b" HTTP/1.1\r\n" => Version::Http11,
            b" HTTP/1.0\r\n" => Version::Http10,
            _ => return None,
        };
        Some(RequestLine { method_end, target_end, version, next: target_end + 11 })
    }

    #[inline(always)]
    fn status_line(self, input: &[u8]) -> Option<StatusLine> {
        let (version, status, reason_start) = status_and_version(input)?;
        let mut reason_end = reason_start;
        loop {
            let (bytes, shift) = lanes_at(input, reason_end)?;
            let others = self.0.controls(bytes) >> shift;
            if others != 0 {
                reason_end += others.trailing_zeros() as usize;
                break;
            }
            reason_end += LANES - shift as usize;
        }
        let next = reason_end + 2;
        (input.get(reason_end..next)? == b"\r\n").then_some(StatusLine {
            version,
            status,
            reason_start,
            reason_end,
            next,
        })
    }

    #[inline(always)]
    fn field_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
        if input[from..].starts_with(b"\r\n") {
            return Lines { count: 0, next: from + 2, done: true };
        }
        let (found, complete) = self.index(input, from, spans.len(), ends);
        let (mut next, mut count) = (from, 0);
        for &end in &ends[..found] {
            let end = usize::from(end);
            if !input[end..].starts_with(b"\r\n") {
                // A HTAB inside a value is no line end. Anything else, even if it is right, the machine should see.
                if input[end] == b'\t' && input.get(end + 1).is_some_and(|&byte| is_value_byte(byte)) {
                    continue;
                }
                return Lines { count, next, done: false };
            }
            let (Some(free), Some(span)) = (spans.get_mut(count), self.field_line(input, next, end)) else {
                return Lines { count, next, done: false };
            };
            *free = span;
            count += 1;
            next = end + 2;
        }
        let done = complete && input[next..].starts_with(b"\r\n");
        Lines { count, next: if done { next + 2 } else { next }, done }
    }
}

impl<L: Lanes> Stages<L> {
    /// Writes where lines end to `ends`, until the head ends, `most` are found or the input is over. Gives their number, and
    /// whether it was the head that ended.
    #[inline(always)]
    fn index(self, input: &[u8], from: usize, most: usize, ends: &mut [u16]) -> (usize, bool) {
        let (mut at, mut found, mut before) = (from, 0, 0);
        while found <= most && at < input.len() {
            let Some(controls) = self.block(input, at) else { break };
            // A bit whose lower neighbour is set continues a run; `before` has the last two bits of the block before.
            let (one, two) = (controls << 1 | before >> 1, controls << 2 | before);
            let mut starts = controls & !one;
            let third = controls & one & two;
            let complete = third != 0;
            if complete {
                starts &= third ^ (third - 1);
            }
            let number = starts.count_ones() as usize;
            let Some(room) = ends.get_mut(found..found + 64) else { break };
            for slot in &mut room[..4] {
                *slot = (at + starts.trailing_zeros() as usize) as u16;
                starts &= starts.wrapping_sub(1);
            }
            for slot in &mut room[4..number.max(4)] {
                *slot = (at + starts.trailing_zeros() as usize) as u16;
                starts &= starts.wrapping_sub(1);
            }
            found += number;
            if complete {
                return (found, true);
            }
            before = controls >> 62;
            at += 64;
        }
        (found, false)
    }

    /// The control bytes among the 64 from `at` on, or as many as there are.
    #[inline(always)]
    fn block(self, input: &[u8], at: usize) -> Option<u64> {
        if let Some((low, rest)) = input[at..].split_first_chunk::<LANES>()
            && let Some((high, _)) = rest.split_first_chunk::<LANES>()
        {
            return Some(u64::from(self.0.controls(low)) | u64::from(self.0.controls(high)) << 32);
        }
        let (low, shift) = lanes_at(input, at)?;
        let mut controls = u64::from(self.0.controls(low) >> shift);
        if at + LANES < input.len() {
            let (high, shift) = lanes_at(input, at + LANES)?;
            controls |= u64::from(self.0.controls(high) >> shift) << 32;
        }
        Some(controls)
    }

    /// The field line between `start` and the CRLF at `end`.
    #[inline(always)]
    fn field_line(self, input: &[u8], start: usize, end: usize) -> Option<FieldSpan> {
        let (bytes, shift) = lanes_at(input, start)?;
        let name_end = start + (self.0.not_token(bytes) >> shift).trailing_zeros() as usize;
        if name_end >= end || input[name_end] != b':' || name_end == start {
            return None; // a name of more than 31 bytes, perhaps, or a wrong one
        }
        let mut value_start = name_end + 1 + usize::from(input[name_end + 1] == b' ');
        let mut value_end = end;
        if matches!(input[value_start], b' ' | b'\t') || matches!(input[end - 1], b' ' | b'\t') {
            (value_start, value_end) = trim(input, value_start, end);
        }
        Some(FieldSpan {
            name_start: start as u16,
            name_end: name_end as u16,
            value_start: value_start as u16,
            value_end: value_end as u16,
        })
    }
}

/// 32 bytes of `input` that hold those from `at` on, and how many stand before `at`.
#[inline(always)]
fn lanes_at(input: &[u8], at: usize) -> Option<(&[u8; LANES], u32)> {
    if at >= input.len() {
        return None;
    }
    let base = at.min(input.len().checked_sub(LANES)?);
    let bytes = input[base..].first_chunk()?;
    Some((bytes, (at - base) as u32))
}
