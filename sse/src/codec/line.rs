//! One line of an event stream: where it ends and what it says.
//!
//! ```text
//! stream        = [ bom ] *event
//! event         = *( comment / field ) end-of-line
//! comment       = colon *any-char end-of-line
//! field         = 1*name-char [ colon [ space ] *any-char ] end-of-line
//! end-of-line   = ( cr lf / cr / lf )
//! ```
//! Source: WHATWG HTML §9.2.5, "Parsing an event stream". The text decodes the whole stream as UTF-8 first. Bytes give
//! the same result: every delimiter is ASCII, and a broken UTF-8 sequence never swallows an ASCII byte.

use std::ops::Range;

use memchr::memchr2;

/// U+FEFF in UTF-8; dropped once, at the start of a stream.
pub const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// The end of an event.
    Blank,
    /// A line that starts with a colon; the bytes after it.
    Comment(&'a [u8]),
    /// A field: name, and value without its one leading space.
    Field(&'a [u8], &'a [u8]),
}

impl<'a> Line<'a> {
    /// Reads one line, given without its end.
    ///
    /// ```
    /// use wirebook_sse::line::Line;
    /// assert_eq!(Line::parse(b"data:  two"), Line::Field(b"data", b" two"));
    /// assert_eq!(Line::parse(b"data"), Line::Field(b"data", b""));
    /// assert_eq!(Line::parse(b": hi"), Line::Comment(b" hi"));
    /// ```
    pub fn parse(line: &'a [u8]) -> Self {
        match line.iter().position(|&byte| byte == b':') {
            Some(0) => Line::Comment(&line[1..]),
            Some(colon) => {
                let value = &line[colon + 1..];
                Line::Field(&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
            }
            None if line.is_empty() => Line::Blank,
            None => Line::Field(line, b""),
        }
    }
}

/// Milliseconds of a `retry` field, or `None` unless it is digits alone. A number above `u64::MAX` is `u64::MAX`.
///
/// The text leaves open what an empty value means; we ignore it, as no integer stands there.
///
/// ```
/// assert_eq!(wirebook_sse::line::retry(b"3000"), Some(3000));
/// assert_eq!(wirebook_sse::line::retry(b"-1"), None);
/// ```
pub fn retry(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// The position of the first CR or LF.
#[inline]
pub(crate) fn find_end(bytes: &[u8]) -> Option<usize> {
    memchr2(b'\r', b'\n', bytes)
}

/// The lines of a buffer with their places, for tools that show a stream; the decoder does not use it.
///
/// Yields the range of the line, the range of its end (empty for an unfinished last line) and its meaning.
///
/// ```
/// use wirebook_sse::line::{Line, Lines};
/// let lines: Vec<_> = Lines::new(b"data: x\r\n\r\n").collect();
/// assert_eq!(lines[0], (0..7, 7..9, Line::Field(b"data", b"x")));
/// assert_eq!(lines[1], (9..9, 9..11, Line::Blank));
/// ```
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    /// Starts at the beginning of a stream: a BOM is skipped.
    pub fn new(input: &'a [u8]) -> Self {
        Lines { input, at: if input.starts_with(BOM) { BOM.len() } else { 0 } }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (Range<usize>, Range<usize>, Line<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = &self.input[start..];
        if rest.is_empty() {
            return None;
        }
        let length = find_end(rest).unwrap_or(rest.len());
        let ending = match &rest[length..] {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        let end = start + length;
        self.at = end + ending;
        Some((start..end, end..self.at, Line::parse(&rest[..length])))
    }
}
