//! Bytes that come in behind and go out in front, in room that a thread lends: a stream that waits holds none.

use std::cell::RefCell;
use std::mem;

/// Bytes that are lent at once. A record has at most 5 + 2^14 + 256 in TLS 1.3 (RFC 8446 §5.2) and 5 + 2^14 + 2048 in 1.2
/// (RFC 5246 §6.2.3), so one read may bring nearly two; and as much as [`MAX_SEALED`](crate::MAX_SEALED) bytes fit when sealed.
pub(crate) const LENT: usize = 33 * 1024;

/// Rooms that a thread keeps for later; further ones are freed.
const MAX_KEPT: usize = 32;

thread_local!(static KEPT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) });

#[derive(Default)]
pub(crate) struct Queue {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes of room that it owns.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// The first bytes are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Room behind the bytes, for `least` of them or more; [`filled`](Self::filled) says how many came.
    pub(crate) fn room(&mut self, least: usize) -> &mut [u8] {
        if self.bytes.len() < LENT {
            let mut lent =
                KEPT.try_with(|kept| kept.borrow_mut().pop()).ok().flatten().unwrap_or_else(|| vec![0; LENT]);
            lent[..self.len()].copy_from_slice(self.unread());
            (self.start, self.end) = (0, self.len());
            self.bytes = lent;
        }
        if self.bytes.len() - self.end < least {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.len());
            let needed = self.end + least;
            if needed > self.bytes.len() {
                // By itself a vector doubles, and a bound would not be one.
                self.bytes.reserve_exact(needed - self.bytes.len());
                self.bytes.resize(needed, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    pub(crate) fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// As many bytes as fit go out into `buffer`.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.unread()[..count]);
        self.consume(count);
        count
    }

    /// Nothing happens here for a while: gives the room back, and keeps just what is in it. Where that is much the room stays, so
    /// that a long record that comes in pieces is not copied for each.
    pub(crate) fn rest(&mut self) {
        if self.bytes.is_empty() || 4 * self.len() > self.bytes.len() {
            return;
        }
        let rest = self.unread().to_vec();
        let lent = mem::replace(&mut self.bytes, rest);
        (self.start, self.end) = (0, self.bytes.len());
        give_back(lent);
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        give_back(mem::take(&mut self.bytes));
    }
}

fn give_back(lent: Vec<u8>) {
    if lent.len() != LENT {
        return;
    }
    // A thread that ends frees what it kept, and this one too.
    let _ = KEPT.try_with(|kept| {
        let kept = &mut *kept.borrow_mut();
        if kept.len() < MAX_KEPT {
            kept.push(lent);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_survives_rest_and_growth() {
        let mut queue = Queue::default();
        queue.push(b"abc");
        queue.consume(1);
        queue.rest();
        assert_eq!((queue.bytes.len(), queue.unread()), (2, &b"bc"[..]), "just what is in it");
        queue.push(&vec![b'x'; 2 * LENT]);
        assert_eq!((queue.len(), &queue.unread()[..3]), (2 + 2 * LENT, &b"bcx"[..]));
        let mut out = [0; 3];
        assert_eq!((queue.read(&mut out), &out), (3, b"bcx"));
        queue.consume(usize::MAX);
        queue.rest();
        assert_eq!(queue.bytes.capacity(), 0, "nothing is held for nothing");
    }
}
