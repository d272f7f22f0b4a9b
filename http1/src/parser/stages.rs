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
use super::table::{self, status_and_version};
use super::{FieldSpan, Version};

/// Bytes looked at together.
pub(super) const LANES: usize = 32;

/// What a set of vector instructions must be able to say about 32 bytes. Bit 0 is the first byte.
pub(super) trait Lanes: Copy {
    /// The bytes below 0x20 and 0x7F.
    fn controls(self, bytes: &[u8; LANES]) -> u32;
    /// The bytes that cannot stand in a token, and perhaps others that rarely do.
    fn not_token(self, bytes: &[u8; LANES]) -> u32;
    /// The bytes that cannot stand in a request-target.
    fn not_target(self, bytes: &[u8; LANES]) -> u32;
    /// How many bytes from `start` on are a token's, as far as the lanes are sure; 32 or more: ask again, differently.
    /// `last` is where the last 32 bytes start.
    #[inline(always)]
    fn token_len(self, input: &[u8], start: usize, last: usize) -> usize {
        let base = start.min(last);
        let Some(bytes) = input[base..].first_chunk() else { return 0 };
        (self.not_token(bytes) >> (start - base)).trailing_zeros() as usize
    }
    /// How many bits are set.
    #[inline(always)]
    fn count(self, bits: u64) -> usize {
        bits.count_ones() as usize
    }
    /// [`Stages::many_lines`] as a function of its own: small heads need not save the registers that it wants.
    fn many_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines;
}

/// Which question to ask.
#[derive(Clone, Copy)]
enum Kind {
    Control,
    NotTarget,
    NotToken,
}

/// The two stages, on these lanes.
#[derive(Clone, Copy)]
pub(super) struct Stages<L>(pub L);

impl<L: Lanes> Kernel for Stages<L> {
    #[inline(always)]
    fn request_line(self, input: &[u8]) -> Option<RequestLine> {
        let first: &[u8; LANES] = input.first_chunk()?;
        let method_end = self.0.token_len(first, 0, 0);
        if method_end == 0 || first.get(method_end) != Some(&b' ') {
            return None;
        }
        // A short target ends among the same bytes, and this answer need not wait for the one above.
        let target = method_end + 1;
        let target_end = match self.0.not_target(first) >> method_end >> 1 {
            0 => self.find(input, LANES, Kind::NotTarget)?,
            others => target + others.trailing_zeros() as usize,
        };
        let next = target_end + 11;
        let version = version(input.get(..next)?.last_chunk()?)?;
        (target_end > target).then_some(RequestLine { method_end, target_end, version, next })
    }

    #[inline(always)]
    fn status_line(self, input: &[u8]) -> Option<StatusLine> {
        let (version, status, reason_start) = status_and_version(input)?;
        let reason_end = self.find(input, reason_start, Kind::Control)?;
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
        if input.len() - from <= 64 {
            let Some(bits) = self.rest(input, from) else { return Lines { count: 0, next: from, done: false } };
            return self.few_lines(input, from, spans, bits);
        }
        // In a pipeline other heads stand behind a small one.
        if let Some(block) = input[from..].first_chunk::<64>() {
            let controls = self.bits_of(block, Kind::Control);
            // CR LF CR LF: nothing else in a correct head is four controls in a row.
            let pairs = controls & controls >> 1;
            if pairs & pairs >> 2 != 0 {
                return self.few_lines(input, from, spans, (controls, self.bits_of(block, Kind::NotToken)));
            }
        }
        self.0.many_lines(input, from, spans, ends)
    }
}

impl<L: Lanes> Stages<L> {
    /// Field lines of more than 64 bytes: index, then probe.
    #[inline(always)]
    pub(super) fn many_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], ends: &mut [u16]) -> Lines {
        if input[from..].starts_with(b"\r\n") {
            return Lines { count: 0, next: from + 2, done: true };
        }
        let last = input.len() - LANES;
        let (found, complete) = self.index(input, from, ends);
        let mut ends = &ends[..found];
        let (mut next, mut count) = (from, 0);
        loop {
            let free = spans.get_mut(count..).unwrap_or_default();
            let mut usual = 0;
            for (&end, free) in ends.iter().zip(free) {
                let after = usize::from(end) + 2;
                let colon = next + self.0.token_len(input, next, last);
                if !usual_line(input, next, colon, after, free) {
                    break;
                }
                next = after;
                usual += 1;
            }
            (count, ends) = (count + usual, &ends[usual..]);
            let (false, Some(free)) = (ends.is_empty(), spans.get_mut(count)) else { break };
            let Some((span, after)) = table::field_line(input, next) else { break };
            *free = span;
            (count, next) = (count + 1, after);
            // There may be a HTAB in the value, which the index took for a line end.
            while let [end, rest @ ..] = ends
                && usize::from(*end) < after
            {
                ends = rest;
            }
        }
        let done = complete && ends.is_empty() && input[next..].starts_with(b"\r\n");
        Lines { count, next: if done { next + 2 } else { next }, done }
    }

    /// The first byte from `from` on that is in question.
    #[inline(always)]
    fn find(self, input: &[u8], from: usize, kind: Kind) -> Option<usize> {
        let mut at = from;
        loop {
            let answer = self.ask(input, at, kind)?;
            if answer != 0 {
                return Some(at + answer.trailing_zeros() as usize);
            }
            at += LANES;
        }
    }

    /// The bits of the 32 bytes from `at` on, or of as many as there are; `None` if there are none, or if the input is too
    /// short to be read 32 bytes at a time at all.
    #[inline(always)]
    fn ask(self, input: &[u8], at: usize, kind: Kind) -> Option<u32> {
        if let Some(bytes) = input.get(at..)?.first_chunk() {
            return Some(self.bits(bytes, kind));
        }
        let shift = (at + LANES).checked_sub(input.len())?;
        if shift < LANES { Some(self.bits(input.last_chunk()?, kind) >> shift) } else { None }
    }

    /// No closure does this: a closure would be compiled without the instructions that its caller may use.
    #[inline(always)]
    fn bits(self, bytes: &[u8; LANES], kind: Kind) -> u32 {
        match kind {
            Kind::Control => self.0.controls(bytes),
            Kind::NotTarget => self.0.not_target(bytes),
            Kind::NotToken => self.0.not_token(bytes),
        }
    }

    /// Writes where lines end to `ends`, until the head ends or the input is over or `ends` is full. Gives their number, and
    /// whether it was the head that ended.
    #[inline(always)]
    fn index(self, input: &[u8], from: usize, ends: &mut [u16]) -> (usize, bool) {
        let (mut at, mut found) = (from, 0);
        // The last two bits of the block before, and one bit for each of the latest pairs of blocks that had no controls.
        let (mut before, mut calm) = (0, 0_u32);
        while at < input.len() {
            let Some(room) = ends.get_mut(found..).and_then(|free| free.first_chunk_mut::<128>()) else { break };
            let low;
            let mut high = 0;
            if let Some(block) = input[at..].first_chunk::<128>() {
                let (quarters, _) = block.as_chunks::<LANES>();
                low = u64::from(self.0.controls(&quarters[0])) | u64::from(self.0.controls(&quarters[1])) << 32;
                high = u64::from(self.0.controls(&quarters[2])) | u64::from(self.0.controls(&quarters[3])) << 32;
            } else {
                let Some(bits) = self.block(input, at, Kind::Control) else { break };
                low = bits;
                if at + 64 < input.len() {
                    let Some(bits) = self.block(input, at + 64, Kind::Control) else { break };
                    high = bits;
                }
            }
            let mut low_starts = low & !(low << 1 | before >> 1);
            let mut high_starts = high & !(high << 1 | low >> 63);
            // CR LF CR: a bit two above another ends the head.
            let (low_third, high_third) = (low & (low << 2 | before), high & (high << 2 | low >> 62));
            let complete = low_third | high_third != 0;
            if complete {
                if low_third != 0 {
                    low_starts &= low_third ^ (low_third - 1);
                    high_starts = 0;
                } else {
                    high_starts &= high_third ^ (high_third - 1);
                }
            }
            let number = self.emit(low_starts, at, room);
            found += number + self.emit(high_starts, at + 64, &mut room[number..]);
            if complete {
                return (found, true);
            }
            before = high >> 62;
            at += 128;
            calm = calm << 1 | u32::from(low | high == 0);
            if calm & 0b11 == 0b11 {
                at = self.skip(input, at);
            }
        }
        (found, false)
    }

    /// Writes out the places of the bits, and gives their number.
    #[inline(always)]
    fn emit(self, starts: u64, at: usize, room: &mut [u16]) -> usize {
        let mut starts = starts;
        let number = self.0.count(starts);
        for slot in &mut room[..FEW] {
            *slot = (at + starts.trailing_zeros() as usize) as u16;
            starts &= starts.wrapping_sub(1);
        }
        if number > FEW {
            for slot in &mut room[FEW..number] {
                *slot = (at + starts.trailing_zeros() as usize) as u16;
                starts &= starts.wrapping_sub(1);
            }
        }
        number
    }

    /// Within a very long value: goes on by 128 bytes while there is no control byte in them.
    #[inline(always)]
    fn skip(self, input: &[u8], from: usize) -> usize {
        let mut at = from;
        let (blocks, _) = input.get(from..).unwrap_or_default().as_chunks::<128>();
        for block in blocks {
            let (quarters, _) = block.as_chunks::<LANES>();
            let mut all = 0;
            for quarter in quarters {
                all |= self.0.controls(quarter);
            }
            if all != 0 {
                break;
            }
            at += 128;
        }
        at
    }

    /// Field lines that end within 64 bytes: both stages happen in registers, on their controls and what is not a token's.
    #[inline(always)]
    fn few_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], (controls, others): (u64, u64)) -> Lines {
        let (mut next, mut count) = (from, 0);
        loop {
            if input[next..].starts_with(b"\r\n") {
                return Lines { count, next: next + 2, done: true };
            }
            // At the end of a full block the shift wraps; `usual_line` sees that nothing is left.
            let shift = (next - from) as u32;
            let colon = next + others.wrapping_shr(shift).trailing_zeros() as usize;
            let end = next + controls.wrapping_shr(shift).trailing_zeros() as usize;
            let Some(free) = spans.get_mut(count) else { break };
            if !usual_line(input, next, colon, end + 2, free) {
                break;
            }
            count += 1;
            next = end + 2;
        }
        Lines { count, next, done: false }
    }

    /// The bits of the at most 64 bytes from `from` to the end: controls, and what is not a token's.
    #[inline(always)]
    fn rest(self, input: &[u8], from: usize) -> Option<(u64, u64)> {
        let len = input.len() - from;
        let tail = input.last_chunk()?;
        let (controls, others) = (u64::from(self.0.controls(tail)), u64::from(self.0.not_token(tail)));
        if len <= LANES {
            let shift = LANES - len;
            return Some((controls >> shift, others >> shift));
        }
        let head = input[from..].first_chunk()?;
        let shift = 2 * LANES - len;
        let join = |low: u32, high: u64| u64::from(low) | high >> shift << LANES;
        Some((join(self.0.controls(head), controls), join(self.0.not_token(head), others)))
    }

    /// The bits of 64 bytes.
    #[inline(always)]
    fn bits_of(self, block: &[u8; 64], kind: Kind) -> u64 {
        let (halves, _) = block.as_chunks::<LANES>();
        u64::from(self.bits(&halves[0], kind)) | u64::from(self.bits(&halves[1], kind)) << 32
    }

    /// The bits of the 64 bytes from `at` on, or of as many as there are.
    #[inline(always)]
    fn block(self, input: &[u8], at: usize, kind: Kind) -> Option<u64> {
        if let Some(block) = input[at..].first_chunk() {
            return Some(self.bits_of(block, kind));
        }
        let low = u64::from(self.ask(input, at, kind)?);
        if input.len() - at <= LANES {
            return Some(low);
        }
        Some(low | u64::from(self.ask(input, at + LANES, kind)?) << 32)
    }
}

// ANCHOR: usual_line
/// Reads the field line from `start` to `after`, behind its CRLF, if it is as most are: a name, a colon, one space, and a
/// value that neither starts nor ends with white space. From `start` to `colon` stand only bytes of a token, and up to
/// `after - 2` no control: so a colon and a space stand before the line's end.
#[inline(always)]
fn usual_line(input: &[u8], start: usize, colon: usize, after: usize, span: &mut FieldSpan) -> bool {
    let Some(behind_name) = input.get(colon..).and_then(<[u8]>::first_chunk) else { return false };
    let Some(line_end) = input.get(..after).and_then(<[u8]>::last_chunk) else { return false };
    // The first byte of the value behind colon and space, the last one before CR and LF: a byte that is above the space, next
    // to two that are known. One subtraction and one comparison ask for all three.
    let first = (u32::from_be_bytes(*behind_name) >> 8).wrapping_sub(COLON_SPACE << 8 | 0x21);
    let last = (u32::from_le_bytes(*line_end) >> 8).wrapping_sub(LF_CR << 8 | 0x21);
    if first > 0xFF - 0x21 || last > 0xFF - 0x21 || colon == start {
        return false;
    }
    span.name_start = start as u16;
    span.name_end = colon as u16;
    span.value_start = colon as u16 + 2;
    span.value_end = (after - 2) as u16;
    true
}
// ANCHOR_END: usual_line

/// Line ends that are written out for each block whether it has them or not.
const FEW: usize = 3;

#[inline(always)]
fn version(bytes: &[u8; 11]) -> Option<Version> {
    let (&start, _) = bytes.split_first_chunk()?;
    let (_, &end) = bytes.split_last_chunk()?;
    match (u64::from_le_bytes(start) == u64::from_le_bytes(*b" HTTP/1."), u32::from_le_bytes(end)) {
        (true, VERSION_1_1) => Some(Version::Http11),
        (true, VERSION_1_0) => Some(Version::Http10),
        _ => None,
    }
}

/// The bytes before and behind a value, in the order in which the number that [`usual_line`] makes of them has them.
const COLON_SPACE: u32 = u16::from_be_bytes(*b": ") as u32;
const LF_CR: u32 = u16::from_le_bytes(*b"\r\n") as u32;

const VERSION_1_1: u32 = u32::from_le_bytes(*b".1\r\n");
const VERSION_1_0: u32 = u32::from_le_bytes(*b".0\r\n");
