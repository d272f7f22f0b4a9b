//! Where a part ends: the search for CR LF, two hyphens and the boundary.
//!
//! The obvious search looks at each byte and, where a match breaks off, goes back to the byte behind its start. Two facts save
//! that. A boundary has no CR in it, so a delimiter holds one CR, at its very start: where a match breaks off, no other one has
//! begun within it. And for the same reason an unfinished match at the end of the input can begin at its last CR alone, so
//! the tail is settled with one comparison. Everything else is `memmem`, which compares 32 bytes at a time.
//!
//! What RFC 2046 §5.1.1 leaves open: it has a reader compare the boundary with the *beginning* of a line, so that `--BX`
//! would be a delimiter for the boundary `B`, with an `X` that means nothing. Nobody writes that, and whoever reads it so cuts
//! off what others take for content. Here a delimiter is what the grammar makes: behind the boundary come the end of the line,
//! padding, or two hyphens.

use memchr::memmem::Finder;

use crate::boundary::Boundary;

/// What a search says of the bytes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// So many are content. What is behind them may be a delimiter that has not come whole.
    Content(usize),
    /// The content ends at `start`; what begins at `end` is behind the boundary.
    Delimiter { start: usize, end: usize },
}

/// What stands behind a boundary: see the head of this file.
enum Behind {
    Delimiter,
    Content,
    Unknown,
}

/// The delimiter of one form.
#[derive(Clone, Debug)]
pub(crate) struct Delimiter {
    finder: Finder<'static>,
}

impl Delimiter {
    pub(crate) fn new(boundary: &Boundary) -> Self {
        let needle = [b"\r\n--", boundary.as_bytes()].concat();
        Delimiter { finder: Finder::new(&needle).into_owned() }
    }

    /// The delimiter with its line end before it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.finder.needle()
    }

    // ANCHOR: find
    /// Looks for the delimiter. At the start of a body or of a part's content (`at_line_start`) a line begins, so the line
    /// end before it has come already.
    pub(crate) fn find(&self, input: &[u8], at_line_start: bool) -> Found {
        let needle = self.bytes();
        if at_line_start {
            let dash = &needle[2..];
            if dash.starts_with(input) {
                return Found::Content(0);
            }
            match input.strip_prefix(dash).map(behind) {
                Some(Behind::Delimiter) => return Found::Delimiter { start: 0, end: dash.len() },
                Some(Behind::Unknown) => return Found::Content(0),
                Some(Behind::Content) | None => {}
            }
        }
        let mut from = 0;
        while let Some(at) = self.finder.find(&input[from..]) {
            let (start, end) = (from + at, from + at + needle.len());
            match behind(&input[end..]) {
                Behind::Delimiter => return Found::Delimiter { start, end },
                Behind::Unknown => return Found::Content(start),
                Behind::Content => from = end,
            }
        }
        Found::Content(input.len() - self.begun(&input[from..]))
    }
    // ANCHOR_END: find

    // ANCHOR: begun
    /// How many bytes at the end of `input` may be the beginning of a delimiter.
    pub(crate) fn begun(&self, input: &[u8]) -> usize {
        let needle = self.bytes();
        let tail = &input[input.len().saturating_sub(needle.len() - 1)..];
        match memchr::memrchr(b'\r', tail) {
            Some(at) if needle.starts_with(&tail[at..]) => tail.len() - at,
            _ => 0,
        }
    }
    // ANCHOR_END: begun
}

fn behind(input: &[u8]) -> Behind {
    match input {
        [b' ' | b'\t', ..] | [b'\r', b'\n', ..] | [b'-', b'-', ..] => Behind::Delimiter,
        [] | [b'\r'] | [b'-'] => Behind::Unknown,
        _ => Behind::Content,
    }
}
