//! What a connection needs only while it has something to do, lent by the server and given back.

use crate::FieldBlock;
use crate::parser::Fields;
use std::cell::RefCell;
use std::io;
use std::mem;
use std::task::{Context, Poll, ready};
use wirebook_net::{BUFFER_SIZE, Stream};

/// Desks that a server keeps for later.
const MAX_KEPT: usize = 64;

/// Bytes of answers that are gathered before they are written although more requests wait.
pub(super) const MAX_GATHERED: usize = 64 * 1024;

/// Bytes that an inbox of a body holds: a read, and the largest trailer section with it.
pub(super) const MAX_BODY_INBOX: usize = 2 * BUFFER_SIZE;

/// The buffers of one busy connection.
#[derive(Default)]
pub(super) struct Desk {
    /// What was read and not yet used.
    pub(super) inbox: Inbox,
    /// The same for a body, while the head in `inbox` is borrowed by the handler. There but while an exchange has it.
    pub(super) body: Option<Box<BodyDesk>>,
    /// Answers, not yet written.
    pub(super) out: Vec<u8>,
    /// The field lines of an answer in the making.
    pub(super) lines: FieldBlock,
    /// Where the fields of the request's head lie.
    pub(super) fields: Fields,
}

/// What the reading of a body needs.
#[derive(Default)]
pub(super) struct BodyDesk {
    pub(super) inbox: Inbox,
    /// Where the fields of its trailers lie.
    pub(super) trailers: Fields,
    /// The trailers themselves, when the body has ended.
    pub(super) trailer_lines: FieldBlock,
}

/// The desks that nobody sits at.
#[derive(Default)]
#[expect(
    clippy::vec_box,
    reason = "a desk is lent as a box, so that a waiting task does not hold its 300 bytes inline"
)]
pub(super) struct Desks(RefCell<Vec<Box<Desk>>>);

impl Desks {
    pub(super) fn lend(&self) -> Box<Desk> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    pub(super) fn take_back(&self, mut desk: Box<Desk>) {
        desk.inbox.clear();
        let body = desk.body.get_or_insert_default();
        body.inbox.clear();
        body.trailer_lines.clear();
        desk.lines.clear();
        desk.out.clear();
        desk.out.shrink_to(MAX_GATHERED);
        let mut kept = self.0.borrow_mut();
        if kept.len() < MAX_KEPT {
            kept.push(desk);
        }
    }
}

/// A read buffer: bytes come in behind and are used in front.
#[derive(Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Inbox {
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The first `count` unread bytes are used; says where they lie, for [`consumed`](Self::consumed).
    pub(super) fn consume(&mut self, count: usize) -> usize {
        let at = self.start;
        self.start = (at + count).min(self.end);
        at
    }

    /// Used bytes, which stay until the next [`fill`](Self::fill).
    pub(super) fn consumed(&self, start: usize, end: usize) -> &[u8] {
        &self.bytes[start..end]
    }

    /// Waits for one read. `Ok(0)` is the end of the stream.
    pub(super) fn poll_fill(
        &mut self,
        stream: &dyn Stream,
        max: usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.fill(stream, max) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(stream.poll_readable(context))?,
                result => return Poll::Ready(result),
            }
        }
    }

    /// One read, without waiting, into at most `max` bytes of room. `Ok(0)` is the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::try_read`]; `OutOfMemory` where `max` bytes wait to be used.
    pub(super) fn fill(&mut self, stream: &dyn Stream, max: usize) -> io::Result<usize> {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end = mem::take(&mut self.end) - mem::take(&mut self.start);
        }
        if self.end == self.bytes.len() {
            let grown = (self.bytes.len() + BUFFER_SIZE).min(max);
            if grown <= self.end {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            // By itself a vector doubles, and a bound would not be one.
            self.bytes.reserve_exact(grown - self.end);
            self.bytes.resize(grown, 0);
        }
        let count = stream.try_read(&mut self.bytes[self.end..])?;
        self.end += count;
        Ok(count)
    }

    /// Puts bytes behind those that are there.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.end + bytes.len();
        if needed > self.bytes.len() {
            self.bytes.resize(needed.max(BUFFER_SIZE), 0);
        }
        self.bytes[self.end..needed].copy_from_slice(bytes);
        self.end = needed;
    }

    /// What is unread, in an inbox that holds little more than that; this one is empty then.
    pub(super) fn set_aside(&mut self) -> Inbox {
        if 4 * self.unread().len() > self.bytes.len() {
            return mem::take(self);
        }
        let bytes = self.unread().to_vec();
        (self.start, self.end) = (0, 0);
        Inbox { start: 0, end: bytes.len(), bytes }
    }

    /// Undoes [`set_aside`](Self::set_aside): what is little is copied into the room that is here.
    pub(super) fn take_up(&mut self, aside: Inbox) {
        if aside.bytes.len() < BUFFER_SIZE / 4 { self.extend(aside.unread()) } else { *self = aside }
    }

    fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        if self.bytes.len() > BUFFER_SIZE {
            self.bytes = Vec::new();
        }
    }
}
