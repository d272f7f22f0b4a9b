//! Conditional and range requests for something that lies there, such as a file (RFC 9110 §13, §14).

use crate::connection::FieldBlock;
use crate::parser::FieldLines;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The age that a file must have for its date, or a tag made of it, to tell it from any later one: clocks of file systems
/// are coarse (RFC 9110 §8.8.1, §8.8.2.2).
const SETTLED: Duration = Duration::from_secs(1);

/// What identifies the present state of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) struct Validators {
    /// `entity-tag` (RFC 9110 §8.8.3), with its quotes.
    pub(in crate::server) tag: Vec<u8>,
    /// The second in which it was last changed; none before 1970.
    pub(in crate::server) modified: Option<SystemTime>,
    /// The date alone is enough to tell it from any later state.
    strong_date: bool,
}

impl Validators {
    /// Those of a file of that length, changed at that time; `now` is a time at which it was so.
    pub(in crate::server) fn of(length: u64, modified: Option<SystemTime>, now: SystemTime) -> Self {
        // RFC 9110 §8.8.2.1: a date in the future is replaced by the present.
        let modified = modified.map(|modified| modified.min(now));
        let since = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        let settled = modified.is_some_and(|modified| now.duration_since(modified).is_ok_and(|age| age > SETTLED));
        let tag = match since {
            Some(since) if settled => format!("\"{:x}-{length:x}\"", since.as_nanos()),
            since => format!("W/\"{:x}-{length:x}\"", since.unwrap_or_default().as_nanos()),
        };
        let seconds = since.map(|since| UNIX_EPOCH + Duration::from_secs(since.as_secs()));
        Validators { tag: tag.into_bytes(), modified: seconds, strong_date: settled }
    }

    /// Those that a handler has said take the place of these.
    pub(in crate::server) fn or_said(mut self, lines: &FieldBlock) -> Self {
        if let Some(tag) = lines.get("etag") {
            self.tag = tag.to_vec();
        }
        if let Some(date) = lines.get("last-modified") {
            (self.modified, self.strong_date) = (parse_date(date), false);
        }
        self
    }
}

/// How a request is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum Wanted {
    /// 200, all of it.
    Whole,
    /// 206.
    Part(Range<u64>),
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 416.
    Unsatisfiable,
}

/// Weighs the conditions of a GET or HEAD in the order of RFC 9110 §13.2.2.
pub(in crate::server) fn weigh(method: &[u8], fields: &FieldLines<'_>, validators: &Validators, length: u64) -> Wanted {
    let changed_since = |name: &str| {
        let date = fields.get(name).and_then(parse_date);
        date.zip(validators.modified).map(|(date, modified)| modified > date)
    };
    if let Some(matches) = tags_match(fields, "if-match", &validators.tag, strong) {
        if !matches {
            return Wanted::Failed;
        }
    } else if changed_since("if-unmodified-since") == Some(true) {
        return Wanted::Failed;
    }
    if let Some(matches) = tags_match(fields, "if-none-match", &validators.tag, weak) {
        if matches {
            return Wanted::NotModified;
        }
    } else if changed_since("if-modified-since") == Some(false) {
        return Wanted::NotModified;
    }
    // RFC 9110 §14.2: Range has a meaning with GET alone.
    match fields.get("range") {
        Some(range) if method == b"GET" && range_holds(fields, validators) => part(range, length),
        _ => Wanted::Whole,
    }
}

/// RFC 9110 §13.1.5: a range of something that has changed is of no use; then all of it is sent.
fn range_holds(fields: &FieldLines<'_>, validators: &Validators) -> bool {
    match fields.get("if-range") {
        None => true,
        Some(tag) if tag.starts_with(b"\"") || tag.starts_with(b"W/") => strong(tag, &validators.tag),
        Some(date) => validators.strong_date && parse_date(date).is_some_and(|date| validators.modified == Some(date)),
    }
}

/// `range-unit "=" range-set` (RFC 9110 §14.1.1). What is not understood is ignored, and so is more than one range: all of
/// the file has them, too (§14.2).
fn part(range: &[u8], length: u64) -> Wanted {
    let split = range.split_at_checked(6).filter(|(unit, _)| unit.eq_ignore_ascii_case(b"bytes="));
    let Some((_, set)) = split else { return Wanted::Whole };
    let mut ends = set.trim_ascii().splitn(2, |&byte| byte == b'-');
    let (Some(first), Some(last)) = (ends.next(), ends.next()) else { return Wanted::Whole };
    let range = match (first, last) {
        ([], last) => match number(last) {
            Some(0) => return Wanted::Unsatisfiable,
            // An empty file has no last bytes, and no way to say so.
            Some(_) if length == 0 => return Wanted::Whole,
            Some(suffix) => length.saturating_sub(suffix)..length,
            None => return Wanted::Whole,
        },
        (first, []) => match number(first) {
            Some(first) => first..length,
            None => return Wanted::Whole,
        },
        (first, last) => match number(first).zip(number(last)) {
            Some((first, last)) if first <= last => first..last.saturating_add(1).min(length),
            _ => return Wanted::Whole,
        },
    };
    if range.start < length { Wanted::Part(range) } else { Wanted::Unsatisfiable }
}

/// `1*DIGIT`; a number that does not fit is as good as the largest.
fn number(digits: &[u8]) -> Option<u64> {
    let valid = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    valid.then(|| digits.iter().fold(0, add))
}

/// Whether a list of tags, or `*`, has this one; `None` where there is no such field.
fn tags_match(fields: &FieldLines<'_>, name: &str, tag: &[u8], compare: impl Fn(&[u8], &[u8]) -> bool) -> Option<bool> {
    let mut lists = fields.get_all(name).peekable();
    lists.peek()?;
    Some(lists.any(|list| list.trim_ascii() == b"*" || tags(list).any(|other| compare(other, tag))))
}

/// The tags of a list. A comma may stand within the quotes of one.
fn tags(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let start = list.iter().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
        let rest = &list[start..];
        let open = rest.iter().position(|&byte| byte == b'"')?;
        let close = rest[open + 1..].iter().position(|&byte| byte == b'"')?;
        let (tag, behind) = rest.split_at(open + close + 2);
        list = behind;
        Some(tag)
    })
}

/// RFC 9110 §8.8.3.2: weak tags are never strongly alike.
fn strong(one: &[u8], other: &[u8]) -> bool {
    one == other && !one.starts_with(b"W/")
}

fn weak(one: &[u8], other: &[u8]) -> bool {
    one.strip_prefix(b"W/").unwrap_or(one) == other.strip_prefix(b"W/").unwrap_or(other)
}

fn parse_date(date: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(str::from_utf8(date).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of ten bytes that was changed at the second 784111777 (Sun, 06 Nov 1994 08:49:37 GMT), long ago.
    fn validators() -> Validators {
        let modified = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let mut validators = Validators::of(10, Some(modified), modified + Duration::from_secs(60));
        validators.tag = b"\"a\"".to_vec();
        validators
    }

    fn asked(method: &str, fields: &[(&str, &str)]) -> Wanted {
        let mut block = FieldBlock::default();
        fields.iter().for_each(|(name, value)| block.push(name, value).expect("a valid field"));
        weigh(method.as_bytes(), &block.lines(), &validators(), 10)
    }

    #[test]
    fn rfc9110_14_2_ranges() {
        use Wanted::*;
        let rows = [
            ("bytes=0-3", Part(0..4)),
            ("bytes=0-0", Part(0..1)),
            ("Bytes=3-", Part(3..10)),
            ("bytes=-3", Part(7..10)),
            ("bytes=-99", Part(0..10)),
            ("bytes=8-99", Part(8..10)),
            ("bytes=9-99999999999999999999999", Part(9..10)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=10-11", Unsatisfiable),
            ("bytes=99999999999999999999999-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=3-2", Whole),
            ("bytes=0-1,3-4", Whole),
            ("bytes=", Whole),
            ("bytes=-", Whole),
            ("bytes=a-b", Whole),
            ("bytes=+1-2", Whole),
            ("lines=0-3", Whole),
            ("", Whole),
        ];
        for (range, wanted) in rows {
            assert_eq!(asked("GET", &[("range", range)]), wanted, "{range}");
        }
        assert_eq!(asked("HEAD", &[("range", "bytes=0-3")]), Whole);
        assert_eq!(part(b"bytes=-5", 0), Whole);
        assert_eq!(part(b"bytes=0-", 0), Unsatisfiable);
    }

    #[test]
    fn rfc9110_13_2_2_conditions_in_their_order() {
        use Wanted::*;
        let (then, before, after) =
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:38 GMT");
        let rows: &[(&[(&str, &str)], Wanted)] = &[
            (&[("if-match", "\"a\"")], Whole),
            (&[("if-match", "*")], Whole),
            (&[("if-match", "W/\"a\"")], Failed),
            (&[("if-match", "\"b\", \"c,a\"")], Failed),
            (&[("if-match", "\"b\""), ("if-unmodified-since", then)], Failed),
            (&[("if-match", "\"a\""), ("if-unmodified-since", before)], Whole),
            (&[("if-unmodified-since", before)], Failed),
            (&[("if-unmodified-since", then)], Whole),
            (&[("if-none-match", "\"b\", W/\"a\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"b\""), ("if-modified-since", after)], Whole),
            (&[("if-modified-since", then)], NotModified),
            (&[("if-modified-since", before)], Whole),
            (&[("if-modified-since", "yesterday")], Whole),
            (&[("if-none-match", "\"a\""), ("range", "bytes=0-3")], NotModified),
            (&[("if-range", "\"a\""), ("range", "bytes=0-3")], Part(0..4)),
            (&[("if-range", "\"b\""), ("range", "bytes=0-3")], Whole),
            (&[("if-range", "W/\"a\""), ("range", "bytes=0-3")], Whole),
            (&[("if-range", then), ("range", "bytes=0-3")], Part(0..4)),
            (&[("if-range", after), ("range", "bytes=0-3")], Whole),
            (&[("if-range", "\"b\""), ("range", "bytes=99-")], Whole),
        ];
        for (fields, wanted) in rows {
            assert_eq!(asked("GET", fields), *wanted, "{fields:?}");
        }
    }

    #[test]
    fn a_file_that_was_just_changed_has_a_weak_tag_and_a_weak_date() {
        let modified = UNIX_EPOCH + Duration::from_millis(1_500);
        let fresh = Validators::of(10, Some(modified), modified + SETTLED);
        assert!(fresh.tag.starts_with(b"W/") && !fresh.strong_date);
        let old = Validators::of(10, Some(modified), modified + SETTLED + Duration::from_millis(1));
        assert!(old.tag.starts_with(b"\"") && old.strong_date);
        assert_eq!(old.modified, Some(UNIX_EPOCH + Duration::from_secs(1)));
        let future = Validators::of(10, Some(modified), UNIX_EPOCH);
        assert_eq!(future.modified, Some(UNIX_EPOCH), "nothing was changed after now");
        assert!(Validators::of(10, None, modified).modified.is_none());
    }
}
