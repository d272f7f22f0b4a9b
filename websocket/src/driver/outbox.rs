//! What waits to be written: bytes being gathered, and behind a slow peer shared frames.
//!
//! A connection owns an outbox only while something waits. Outboxes and their vectors go round within a thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::Bytes;
use wirebook_net::{Signal, Stream};

/// Outboxes that a thread keeps for later.
const KEPT: usize = 64;

/// An empty outbox whose vector is larger than this is not kept.
const KEPT_CAPACITY: usize = 256 << 10;

/// Buffers given to one vectored write.
const BATCH: usize = 64;

// Boxed, because a connection holds its outbox behind a pointer and the same box goes round.
#[expect(clippy::vec_box)]
mod spare {
    use super::{Outbox, RefCell};
    thread_local!(pub(super) static SPARE: RefCell<Vec<Box<Outbox>>> = const { RefCell::new(Vec::new()) });
}
use spare::SPARE;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Written first.
    queue: VecDeque<Bytes>,
    /// Written after the queue; where new frames are encoded.
    tail: Vec<u8>,
    /// Bytes of the front (of `queue`, or of `tail` where that is empty) that are written already.
    written: usize,
    /// Bytes in `queue` and `tail` that are not written.
    waiting: usize,
    /// Wakes senders that wait for room. It stands here, because a connection without an outbox has no such sender.
    pub(crate) drained: Signal,
}

impl Outbox {
    /// Takes one from the thread's store.
    pub(crate) fn take() -> Box<Outbox> {
        SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
    }

    /// Gives an empty one back.
    pub(crate) fn give_back(self: Box<Outbox>) {
        if self.tail.capacity() <= KEPT_CAPACITY {
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < KEPT {
                    spare.push(self);
                }
            });
        }
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Encodes behind what waits.
    pub(crate) fn append<R>(&mut self, encode: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let before = self.tail.len();
        let result = encode(&mut self.tail);
        self.waiting += self.tail.len() - before;
        result
    }

    /// Queues a frame that others hold too.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.waiting += frame.len();
        if !self.tail.is_empty() {
            let tail = Bytes::from(std::mem::take(&mut self.tail));
            self.queue.push_back(tail);
        }
        self.queue.push_back(frame);
    }

    /// Writes what the stream takes; `true` where nothing is left.
    pub(crate) fn flush(&mut self, stream: &impl Stream) -> io::Result<bool> {
        while self.waiting > 0 {
            let wrote = if self.queue.is_empty() {
                stream.try_write(&self.tail[self.written..])
            } else {
                let mut slices = [IoSlice::new(&[]); BATCH];
                let count = self.slices(&mut slices);
                match &slices[..count] {
                    [one] => stream.try_write(one),
                    several => stream.try_write_vectored(several),
                }
            };
            match wrote {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Writes what waits and then `payload`, from where it lies, as one vectored write; copies what the stream did not
    /// take of it. For payloads large enough that a copy costs more than a second slice.
    pub(crate) fn flush_with(&mut self, payload: &[u8], stream: &impl Stream) -> io::Result<()> {
        let mut taken = 0;
        if self.queue.is_empty() {
            let front = &self.tail[self.written..];
            match stream.try_write_vectored(&[IoSlice::new(front), IoSlice::new(payload)]) {
                Ok(count) => {
                    taken = count.saturating_sub(front.len());
                    self.advance(count - taken);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        self.append(|tail| tail.extend_from_slice(&payload[taken..]));
        Ok(())
    }

    fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; BATCH]) -> usize {
        let mut count = 0;
        let parts = self.queue.iter().map(|frame| &frame[..]).chain([&self.tail[..]]);
        for (i, part) in parts.enumerate().take(BATCH) {
            let part = if i == 0 { &part[self.written..] } else { part };
            if !part.is_empty() {
                slices[count] = IoSlice::new(part);
                count += 1;
            }
        }
        count
    }

    fn advance(&mut self, mut count: usize) {
        self.waiting -= count;
        while let Some(front) = self.queue.front() {
            let left = front.len() - self.written;
            if count < left {
                self.written += count;
                return;
            }
            count -= left;
            self.written = 0;
            self.queue.pop_front();
        }
        self.written += count;
        if self.written == self.tail.len() {
            self.tail.clear();
            self.written = 0;
        }
    }
}
