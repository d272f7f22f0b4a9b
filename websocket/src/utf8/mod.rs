//! UTF-8, checked as it arrives: across fragments, across reads, across inflated pieces (RFC 6455 §8.1).
//!
//! [`step`] is the definition: one state machine with one arm for each row of the Unicode standard's table 3-7. It is the
//! oracle. [`Utf8`] gives the same answer faster: a vectorised check (the `simdutf8` crate) over everything but a code
//! point left open at either end, and the machine for those few bytes. When the vectorised check fails, the machine runs
//! once more over the piece to find the first bad byte; this happens at most once in a connection's life.

pub(crate) mod trusted;

/// What the bytes so far leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum State {
    /// Nothing: a code point is complete. Text may end here.
    #[default]
    Complete,
    /// One continuation byte (80..BF).
    One,
    /// Two continuation bytes.
    Two,
    /// Three continuation bytes.
    Three,
    /// After E0: A0..BF, then one (no overlong form).
    AfterE0,
    /// After ED: 80..9F, then one (no surrogate).
    AfterEd,
    /// After F0: 90..BF, then two (no overlong form).
    AfterF0,
    /// After F4: 80..8F, then two (nothing above U+10FFFF).
    AfterF4,
}

// ANCHOR: dfa
/// The state after one more byte, or `None` where no UTF-8 text goes on so.
pub fn step(state: State, byte: u8) -> Option<State> {
    use State::*;
    Some(match (state, byte) {
        (Complete, 0x00..=0x7f) => Complete,
        (Complete, 0xc2..=0xdf) => One,
        (Complete, 0xe0) => AfterE0,
        (Complete, 0xe1..=0xec | 0xee..=0xef) => Two,
        (Complete, 0xed) => AfterEd,
        (Complete, 0xf0) => AfterF0,
        (Complete, 0xf1..=0xf3) => Three,
        (Complete, 0xf4) => AfterF4,
        (AfterE0, 0xa0..=0xbf) | (AfterEd, 0x80..=0x9f) => One,
        (AfterF0, 0x90..=0xbf) | (AfterF4, 0x80..=0x8f) => Two,
        (Three, 0x80..=0xbf) => Two,
        (Two, 0x80..=0xbf) => One,
        (One, 0x80..=0xbf) => Complete,
        _ => return None,
    })
}
// ANCHOR_END: dfa
/// A check that goes on where it stopped.
///
/// ```
/// use wirebook_websocket::utf8::Utf8;
/// let mut check = Utf8::default();
/// assert_eq!(check.feed(&[0xe2, 0x82]), Ok(())); // "€" is e2 82 ac
/// assert!(!check.is_complete());
/// assert_eq!(check.feed(&[0xac, b'!', 0xff]), Err(2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8 {
    state: State,
}

impl Utf8 {
    /// Takes the next piece. `Err` holds the index in this piece of the first byte that cannot be.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), usize> {
        let mut start = 0;
        while self.state != State::Complete {
            let Some(&byte) = piece.get(start) else { return Ok(()) };
            self.state = step(self.state, byte).ok_or(start)?;
            start += 1;
        }
        let rest = &piece[start..];
        let whole = rest.len() - open_tail(rest);
        if simdutf8::basic::from_utf8(&rest[..whole]).is_ok() {
            return self.walk(&rest[whole..]).map_err(|at| start + whole + at);
        }
        self.walk(rest).map_err(|at| start + at)
    }

    /// Whether the text may end here.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    fn walk(&mut self, piece: &[u8]) -> Result<(), usize> {
        for (at, &byte) in piece.iter().enumerate() {
            self.state = step(self.state, byte).ok_or(at)?;
        }
        Ok(())
    }
}

/// Whether these bytes are text, whole.
#[inline]
pub fn is_text(bytes: &[u8]) -> bool {
    text(bytes).is_some()
}

/// These bytes as text, if they are text.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    simdutf8::basic::from_utf8(bytes).ok()
}

/// How many bytes at the end begin a code point without finishing it, going by its first byte alone: 0 to 3.
fn open_tail(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let needs = match bytes[bytes.len() - back] {
            0x00..=0x7f => 1,
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xff => 4,
        };
        return if needs > back { back } else { 0 };
    }
    0
}
