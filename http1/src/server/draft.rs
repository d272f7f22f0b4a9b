//! What a handler has said of its answer and that has not gone out yet: the same, whatever carries it.

use crate::connection::{FieldBlock, Misuse};

/// The head of an answer in the making.
#[derive(Debug)]
pub struct Draft {
    /// The status: 200, until another is said.
    pub status: u16,
    /// The field lines.
    pub lines: FieldBlock,
    /// The first field that could not be added. It is reported when the head is sent, so that calls can be chained.
    pub misuse: Option<Misuse>,
    /// The head is out.
    pub begun: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Draft { status: 200, lines: FieldBlock::default(), misuse: None, begun: false }
    }
}

impl Draft {
    /// Forgets what was said, and keeps the room for it.
    #[inline]
    pub fn clear(&mut self) {
        self.lines.clear();
        (self.status, self.misuse, self.begun) = (200, None, false);
    }

    /// Adds a field.
    #[inline]
    pub(super) fn header(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let pushed = if self.begun { Err(Misuse::OutOfTurn) } else { self.lines.push(name, value) };
        self.misuse = self.misuse.or(pushed.err());
    }
}
