//! Where a message ends: Node's two framings.
//!
//! `json`: a message is a line. `advanced`: it stands behind its length, four octets in network order. (What Node puts there is
//! V8's own notation; here it is JSON in both.)

use super::error::Violation;

/// How messages are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Each on a line: Node's `serialization: 'json'`, and its default.
    #[default]
    Lines,
    /// Each behind its length: the frame of Node's `serialization: 'advanced'`.
    Lengths,
}

/// Octets of a length.
const LENGTH: usize = 4;

impl Framing {
    /// Appends a frame.
    pub fn write(self, json: &[u8], out: &mut Vec<u8>) {
        match self {
            Framing::Lines => {
                out.extend_from_slice(json);
                out.push(b'\n');
            }
            Framing::Lengths => {
                // A message is at most as long as its limit, and a limit beyond 4 GiB cannot be reached by a `Vec` that is sent.
                let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(json);
            }
        }
    }
}

/// Finds frames in what has arrived. No octet is looked at twice.
#[derive(Debug)]
pub struct Frames {
    framing: Framing,
    limit: usize,
    /// Octets of the unfinished line that have no end in them.
    scanned: usize,
}

impl Frames {
    /// Frames of at most `limit` octets, without their line end or length. 0 lets empty ones through alone, `usize::MAX` is no limit.
    pub fn new(framing: Framing, limit: usize) -> Self {
        Frames { framing, limit, scanned: 0 }
    }

    // ANCHOR: next
    /// The first frame of `input`, which begins where the one before ended: how much of it that is, and the message. `None`:
    /// bring more octets behind these.
    ///
    /// ```
    /// use wirebook_process::ipc::frame::{Frames, Framing};
    /// let mut frames = Frames::new(Framing::Lines, 100);
    /// assert_eq!(frames.next(b"[1,").unwrap(), None);
    /// assert_eq!(frames.next(b"[1,2]\n{").unwrap(), Some((6, &b"[1,2]"[..])));
    /// ```
    ///
    /// # Errors
    /// [`Violation::MessageTooLong`], as soon as that is certain.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> Result<Option<(usize, &'a [u8])>, Violation> {
        let (start, end) = match self.framing {
            Framing::Lines => {
                let end = memchr::memchr(b'\n', &input[self.scanned..]);
                let length = end.map_or(input.len(), |at| self.scanned + at);
                if length > self.limit {
                    return Err(Violation::MessageTooLong);
                }
                self.scanned = if end.is_some() { 0 } else { length };
                if end.is_none() {
                    return Ok(None);
                }
                (0, length)
            }
            Framing::Lengths => {
                let Some((length, rest)) = input.split_first_chunk::<LENGTH>() else { return Ok(None) };
                let length = u32::from_be_bytes(*length) as usize;
                if length > self.limit {
                    return Err(Violation::MessageTooLong);
                }
                if rest.len() < length {
                    return Ok(None);
                }
                (LENGTH, LENGTH + length)
            }
        };
        let used = if self.framing == Framing::Lines { end + 1 } else { end };
        Ok(Some((used, &input[start..end])))
    }
    // ANCHOR_END: next
}
