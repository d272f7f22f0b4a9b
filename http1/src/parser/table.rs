//! One table look-up per byte instead of range checks, and a tight loop for each run of bytes of one kind.
//!
//! A token byte is one of 77 values in a dozen ranges; asking a table of 256 bytes costs one load, whatever the byte. And
//! because a line is a few runs (name, value; method, target), the state need not be stored and looked up for each byte:
//! the place in the code is the state. What stops a loop decides what comes next.

use super::lines::{self, Kernel, Lines, RequestLine, StatusLine};
use super::{
    Error, FieldSpan, Fields, Limits, MAX_METHOD, Progress, RequestHead, ResponseHead, Trailers, Version,
    is_target_byte, is_token_byte, is_value_byte,
};

/// Parses a request head; `Ok(None)` until it is complete. See the [contract](super).
pub fn request<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    lines::request(Table, input, fields, progress, limits)
}

/// Parses a response head; `Ok(None)` until it is complete. See the [contract](super).
pub fn response<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    lines::response(Table, input, fields, progress, limits)
}

/// Parses a trailer section; `Ok(None)` until it is complete. See the [contract](super).
pub fn trailers<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<Trailers<'a>>, Error> {
    lines::trailers(Table, input, fields, progress, limits)
}

/// A byte may stand in a token.
const TOKEN: u8 = 1;
/// A byte may stand in a request-target.
const TARGET: u8 = 2;
/// A byte may stand in a field value or a reason phrase.
const VALUE: u8 = 4;

/// What each byte may be part of.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (token, target, value) = (is_token_byte(byte as u8), is_target_byte(byte as u8), is_value_byte(byte as u8));
        classes[byte] = (token as u8 * TOKEN) | (target as u8 * TARGET) | (value as u8 * VALUE);
        byte += 1;
    }
    classes
}

// ANCHOR: run
/// The first byte at or behind `from` that is not of `class`; the end of `input` if all are.
#[inline(always)]
fn run(input: &[u8], from: usize, class: u8) -> usize {
    let len = input[from..].iter().position(|&byte| CLASS[usize::from(byte)] & class == 0);
    len.map_or(input.len(), |len| from + len)
}
// ANCHOR_END: run

#[derive(Clone, Copy)]
struct Table;

impl Kernel for Table {
    fn request_line(self, input: &[u8]) -> Option<RequestLine> {
        let method_end = run(input, 0, TOKEN);
        if !(1..=MAX_METHOD).contains(&method_end) || input.get(method_end) != Some(&b' ') {
            return None;
        }
        let target_end = run(input, method_end + 1, TARGET);
        if target_end == method_end + 1 || input.get(target_end) != Some(&b' ') {
            return None;
        }
        let version = match input.get(target_end + 1..target_end + 11)? {
            b"HTTP/1.1\r\n" => Version::Http11,
            b"HTTP/1.0\r\n" => Version::Http10,
            _ => return None,
        };
        Some(RequestLine { method_end, target_end, version, next: target_end + 11 })
    }

    fn status_line(self, input: &[u8]) -> Option<StatusLine> {
        let (version, status, reason_start) = status_and_version(input)?;
        let reason_end = run(input, reason_start, VALUE);
        let next = reason_end + 2;
        (input.get(reason_end..next)? == b"\r\n").then_some(StatusLine {
            version,
            status,
            reason_start,
            reason_end,
            next,
        })
    }

    fn field_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], _: &mut [u16]) -> Lines {
        let (mut next, mut count) = (from, 0);
        loop {
            if input[next..].starts_with(b"\r\n") {
                return Lines { count, next: next + 2, done: true };
            }
            let (Some(free), Some((span, after))) = (spans.get_mut(count), field_line(input, next)) else {
                return Lines { count, next, done: false };
            };
            *free = span;
            count += 1;
            next = after;
        }
    }
}

/// The field line at `from`, and where the next one starts.
#[inline(never)]
pub(super) fn field_line(input: &[u8], from: usize) -> Option<(FieldSpan, usize)> {
    let name_end = run(input, from, TOKEN);
    if name_end == from || input.get(name_end) != Some(&b':') {
        return None;
    }
    let line_end = run(input, name_end + 1, VALUE);
    if input.get(line_end..line_end + 2)? != b"\r\n" {
        return None;
    }
    let (value_start, value_end) = trim(input, name_end + 1, line_end);
    let [name_start, name_end, value_start, value_end] = [from, name_end, value_start, value_end].map(|at| at as u16);
    Some((FieldSpan { name_start, name_end, value_start, value_end }, line_end + 2))
}

/// `OWS = *( SP / HTAB )`, left out on both sides of what lies between `start` and `end`.
#[inline(always)]
fn trim(input: &[u8], start: usize, end: usize) -> (usize, usize) {
    let is_white = |at: usize| input[at] == b' ' || input[at] == b'\t';
    let (mut start, mut end) = (start, end);
    while start < end && is_white(start) {
        start += 1;
    }
    while start < end && is_white(end - 1) {
        end -= 1;
    }
    (start, end)
}

/// What is of fixed size in a status-line: the version, the code, and where the reason phrase would start.
#[inline(always)]
pub(super) fn status_and_version(input: &[u8]) -> Option<(Version, u16, usize)> {
    let (version, rest) = input.split_first_chunk()?;
    let (status, rest) = rest.split_first_chunk::<4>()?;
    let version = match u64::from_le_bytes(*version) {
        HTTP_1_1 => Version::Http11,
        HTTP_1_0 => Version::Http10,
        _ => return None,
    };
    // What differs from a space and zeros: nothing, and 0 to 9, to which 6 can be added within four bits.
    let digits = u32::from_le_bytes(*status) ^ u32::from_le_bytes(*b" 000");
    let [_, hundreds, tens, ones] = digits.to_le_bytes();
    if (digits | digits.wrapping_add(0x0606_0600)) & 0xF0F0_F0FF != 0 || hundreds == 0 {
        return None;
    }
    let reason_start = match rest {
        [b' ', ..] => 13,
        [b'\r', b'\n', ..] => 12,
        _ => return None,
    };
    Some((version, u16::from(hundreds) * 100 + u16::from(tens) * 10 + u16::from(ones), reason_start))
}

const HTTP_1_1: u64 = u64::from_le_bytes(*b"HTTP/1.1");
const HTTP_1_0: u64 = u64::from_le_bytes(*b"HTTP/1.0");
