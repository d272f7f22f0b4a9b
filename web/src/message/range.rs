//! Range (RFC 9110 §14): a part of a representation.
//!
//! ```text
//! ranges-specifier = "bytes" "=" 1#( first-pos "-" [ last-pos ] / "-" suffix-length )
//! ```
//!
//! Many small or overlapping ranges make a server do more than their asker pays (§14.2 permits to ignore the field, §17.15 asks
//! for it). So more than a few are ignored, and the whole is sent.

use crate::text::split;
use std::ops::RangeInclusive;

/// Ranges that an answer has by default. More are ignored: the whole is sent.
pub const MOST_RANGES: usize = 1;

/// What a Range comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// 200: the field is ignored: another unit, not well-formed, too many ranges, or nothing that a Content-Range could say.
    Whole,
    /// 416, with `Content-Range: bytes */LENGTH` (§15.5.17).
    Unsatisfiable,
    /// 206: these bytes, first and last, in the order in which they were asked for.
    Parts(Vec<RangeInclusive<u64>>),
}

/// Reads a Range for a representation of `length` bytes, when an answer has `most` ranges. 0 ignores every Range; `usize::MAX` is
/// no limit.
///
/// ```
/// use wirebook_web::message::{Ranges, ranges};
///
/// assert_eq!(ranges("bytes=0-9", 1000, 1), Ranges::Parts(vec![0..=9]));
/// assert_eq!(ranges("bytes=-5000", 1000, 1), Ranges::Parts(vec![0..=999]));
/// assert_eq!(ranges("bytes=1000-", 1000, 1), Ranges::Unsatisfiable);
/// assert_eq!(ranges("bytes=5-2", 1000, 1), Ranges::Whole);
/// ```
pub fn ranges(value: &str, length: u64, most: usize) -> Ranges {
    let Some((unit, set)) = value.split_once('=') else { return Ranges::Whole };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Ranges::Whole;
    }
    let (mut parts, mut asked) = (Vec::new(), 0);
    for spec in split(set, b',') {
        asked += 1;
        let Some(range) = read(spec, length).filter(|_| asked <= most) else { return Ranges::Whole };
        parts.extend(range);
    }
    match (asked, parts.is_empty()) {
        (0, _) => Ranges::Whole,
        // A suffix of nothing is satisfiable (§14.1.2), and no Content-Range can say so: the whole is as little.
        (_, true)
            if length == 0 && split(set, b',').any(|spec| spec.starts_with('-') && number(&spec[1..]) > Some(0)) =>
        {
            Ranges::Whole
        }
        (_, true) => Ranges::Unsatisfiable,
        _ => Ranges::Parts(parts),
    }
}

/// One range: `None` where it is not well-formed, `Some(None)` where it lies behind the end.
fn read(spec: &str, length: u64) -> Option<Option<RangeInclusive<u64>>> {
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        let suffix = number(last)?;
        return Some((suffix > 0 && length > 0).then(|| length.saturating_sub(suffix)..=length - 1));
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    Some((first < length).then(|| first..=last.min(length - 1)))
}

/// Digits. A number that is larger than all numbers here is the largest.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

/// The value of a Content-Range (§14.4): of a 206, or, without a range, of a 416.
pub fn content_range(range: Option<&RangeInclusive<u64>>, length: u64) -> String {
    match range {
        Some(range) => format!("bytes {}-{}/{length}", range.start(), range.end()),
        None => format!("bytes */{length}"),
    }
}
