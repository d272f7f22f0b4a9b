//! The naive parser of "The request head", and the answers.

use wirebook_http1::parser::{self, Fields, Limits, Progress};

// ANCHOR: naive
/// Method, target, and the fields.
pub(crate) type Head<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);

pub(crate) fn naive(head: &str) -> Option<Head<'_>> {
    let mut lines = head.lines();
    let mut words = lines.next()?.split_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    let fields = lines.take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    Some((method, target, fields.map(|(name, value)| (name.trim(), value.trim())).collect()))
}
// ANCHOR_END: naive

/// Whether the variant that judges all others takes a head for a whole one.
fn strict(head: &str) -> bool {
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    matches!(parser::split::request(head.as_bytes(), &mut fields, &mut progress, &Limits::default()), Ok(Some(_)))
}

#[test]
fn the_naive_parser_is_kind_in_five_ways() {
    let right = "GET /tea HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(naive(right), Some(("GET", "/tea", vec![("Host", "a")])));
    assert!(strict(right));
    for wrong in [
        "GET /tea HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
        "GET /tea HTTP/1.1\nHost: a\n\n",
        "GET\t /tea \tHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /tea\r\nHost: a\r\n\r\n",
        "GET /tea HTTP/1.1\r\nHost: a\r\nno colon at all\r\n\r\n",
    ] {
        assert!(naive(wrong).is_some() && !strict(wrong), "{wrong:?}");
    }
}

#[test]
fn the_naive_parser_takes_half_a_head_for_a_whole_one() {
    assert_eq!(naive("GET /tea HTTP/1.1\r\nHost: a"), Some(("GET", "/tea", vec![("Host", "a")])), "and of what site?");
    assert!(!strict("GET /tea HTTP/1.1\r\nHost: a"));
}

// ANCHOR: end_of_head
/// Looks for the end of a head while it arrives. No byte is looked at twice.
#[derive(Default)]
struct EndOfHead {
    /// How many bytes have been looked at.
    seen: usize,
    /// How many of `\r\n\r\n` came last.
    matched: usize,
}

impl EndOfHead {
    /// Given all bytes so far, the length of the head if its end is among them.
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        for &byte in &bytes[self.seen..] {
            self.seen += 1;
            self.matched = match byte {
                b'\r' if self.matched.is_multiple_of(2) => self.matched + 1,
                b'\r' => 1,
                b'\n' if self.matched % 2 == 1 => self.matched + 1,
                _ => 0,
            };
            if self.matched == 4 {
                return Some(self.seen);
            }
        }
        None
    }
}
// ANCHOR_END: end_of_head

#[test]
fn the_end_of_a_head_is_found_at_every_cut() {
    let head = b"GET / HTTP/1.1\r\nA: \r\r\nB: \n\r\nHost: a\r\n\r\nbody\r\n\r\n";
    let whole = head.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    for cut in 0..=head.len() {
        let mut end = EndOfHead::default();
        let first = end.find(&head[..cut]);
        assert_eq!(first.or_else(|| end.find(head)), whole, "cut at {cut}");
        assert!(end.seen <= head.len(), "no byte twice");
    }
}

// ANCHOR: line_end
/// Where the first CR or LF stands, eight bytes at a time.
fn line_end(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // The top bit of each byte that is zero. Above the first such byte there may be false ones.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & TOPS;
    let (eights, rest) = bytes.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        let found = zeros(word ^ (ONES * b'\r' as u64)) | zeros(word ^ (ONES * b'\n' as u64));
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let in_rest = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    Some(bytes.len() - rest.len() + in_rest)
}
// ANCHOR_END: line_end

#[test]
fn eight_bytes_at_a_time_find_what_one_at_a_time_finds() {
    for length in 0..40 {
        for at in 0..length {
            for (end, other) in [(b'\r', b'\x0e'), (b'\n', b'\x0b'), (b'x', b'\x8d')] {
                let mut bytes = vec![other; length];
                bytes[at] = end;
                let obvious = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                assert_eq!(line_end(&bytes), obvious, "{end} at {at} of {length}");
            }
        }
    }
}
