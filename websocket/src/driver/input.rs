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

thread_local!(static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) });

/// The unconsumed bytes of one connection.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// Empty; or a small rest, full to its end; or a large buffer.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    /// Bytes that came together with the handshake.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Input { bytes: bytes.to_vec(), start: 0, end: bytes.len() }
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
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.bytes.len() < SIZE {
            // The buffer was zeroed once, when it was made; what its last user left in it is overwritten.
            let mut large = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; SIZE]);
            let rest = self.start..self.end;
            large[..rest.len()].copy_from_slice(&self.bytes[rest.clone()]);
            (self.start, self.end) = (0, rest.len());
            self.bytes = large;
        } else if self.start == self.end {
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
    pub(crate) fn rest(&mut self) {
        let rest = self.end - self.start;
        if rest > SMALL {
            return;
        }
        let small = self.bytes[self.start..self.end].to_vec();
        (self.start, self.end) = (0, rest);
        let bytes = std::mem::replace(&mut self.bytes, small);
        if bytes.len() == SIZE {
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < KEPT {
                    spare.push(bytes);
                }
            });
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.start = self.end;
        self.rest();
    }
}
