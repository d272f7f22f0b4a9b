//! Received bytes that are not consumed yet.
//!
//! Reads go into a large buffer that belongs to the thread: a connection takes it when there is something to read and
//! gives it back as soon as everything in it is consumed. A connection in the middle of a frame keeps what came of it: in
//! a vector of its own while that is little, in the large buffer while it is much.

use std::cell::RefCell;

/// Bytes of a large buffer: room for the longest frame that is handed over in place by default, and its header.
pub(crate) const SIZE: usize = (80 << 10) + 64;

/// A rest of at most this many bytes moves out of the large buffer while the connection waits.
const SMALL: usize = 4 << 10;

/// Large buffers that a thread keeps.
const KEPT: usize = 8;

// Boxed, because a reader holds its input behind a pointer and the same box goes round.
#[expect(clippy::vec_box)]
mod spare {
    use super::{Input, RefCell};
    thread_local!(pub(super) static SPARE: RefCell<Vec<Box<Input>>> = const { RefCell::new(Vec::new()) });
}
use spare::SPARE;

/// The unconsumed bytes of one connection.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// A small rest, or a large buffer.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The message found last, where it does not lie in `bytes`.
    pub(crate) owned: Vec<u8>,
}

impl Input {
    /// Bytes that came together with the handshake.
    pub(crate) fn new(bytes: &[u8]) -> Option<Box<Self>> {
        (!bytes.is_empty()).then(|| Box::new(Input { bytes: bytes.to_vec(), end: bytes.len(), ..Input::default() }))
    }

    pub(crate) fn unconsumed(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
    }

    /// The last `length` bytes consumed.
    pub(crate) fn consumed(&self, length: usize) -> &[u8] {
        &self.bytes[self.start - length..self.start]
    }

    /// Room to read into, never empty. A frame that waits in the buffer fits into it unless `Limits::in_place` was raised;
    /// then the buffer grows.
    pub(crate) fn room(slot: &mut Option<Box<Input>>) -> &mut [u8] {
        let large = match slot.take() {
            Some(input) if input.bytes.len() >= SIZE => input,
            small => {
                // The buffer was zeroed once, when it was made; what its last user left in it is overwritten.
                let fresh = || Box::new(Input { bytes: vec![0; SIZE], ..Input::default() });
                let mut large = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(fresh);
                if let Some(mut small) = small {
                    let rest = small.unconsumed();
                    large.bytes[..rest.len()].copy_from_slice(rest);
                    large.end = rest.len();
                }
                large
            }
        };
        slot.insert(large).make_room()
    }

    fn make_room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.bytes.len() {
            self.bytes.resize(self.end * 2, 0);
        }
        &mut self.bytes[self.end..]
    }

    pub(crate) fn filled(&mut self, count: usize) {
        self.end += count;
    }

    /// Gives the large buffer back, if what is left is small. To be called before waiting.
    pub(crate) fn rest(slot: &mut Option<Box<Input>>) {
        let Some(input) = slot else { return };
        let rest = input.end - input.start;
        if rest > SMALL || rest > 0 && input.bytes.len() < SIZE {
            return;
        }
        let small = Input::new(input.unconsumed());
        if let Some(mut input) = std::mem::replace(slot, small)
            && input.bytes.len() == SIZE
        {
            (input.start, input.end, input.owned) = (0, 0, Vec::new());
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < KEPT {
                    spare.push(input);
                }
            });
        }
    }
}
