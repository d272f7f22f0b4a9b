//! What a connection needs only while it has something to do, lent by the server and given back.

use crate::FieldBlock;
use crate::parser::Fields;
use std::cell::{Cell, RefCell};
use std::io;
use std::mem;
use std::task::{Context, Poll, ready};
use wirebook_net::{BUFFER_SIZE, Stream};

/// Sets of buffers that a server keeps for later.
const MAX_KEPT: usize = 64;

/// Bytes of answers that are gathered before they are written although more requests wait.
pub(super) const MAX_GATHERED: usize = 64 * 1024;

/// Bytes that an inbox of a body holds: a read, and the largest trailer section with it.
pub(super) const MAX_BODY_INBOX: usize = 2 * BUFFER_SIZE;

/// The buffers of one busy connection.
#[derive(Default)]
pub(super) struct Buffers {
    /// What was read and not yet used.
    pub(super) inbox: Inbox,
    /// The same for a body, while the head in `inbox` is borrowed by the handler. There once a body was read.
    pub(super) body: Cell<Option<Box<BodyBuffers>>>,
    /// Answers, not yet written.
    pub(super) out: Outbox,
    /// The field lines of an answer in the making.
    pub(super) lines: FieldBlock,
    /// Where the fields of the request's head lie.
    pub(super) fields: Fields,
}

/// What the reading of a body needs.
#[derive(Default)]
pub(super) struct BodyBuffers {
    pub(super) inbox: Inbox,
    /// Where the fields of its trailers lie.
    pub(super) trailers: Fields,
    /// The trailers themselves, when the body has ended.
    pub(super) trailer_lines: FieldBlock,
}

/// The buffers that no connection has.
#[derive(Default)]
#[expect(
    clippy::vec_box,
    reason = "buffers are lent as a box, so that a waiting task does not hold their 300 bytes inline"
)]
pub(super) struct Spare(RefCell<Vec<Box<Buffers>>>);

impl Spare {
    pub(super) fn lend(&self) -> Box<Buffers> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    pub(super) fn take_back(&self, mut buffers: Box<Buffers>) {
        buffers.inbox.clear();
        if let Some(body) = buffers.body.get_mut() {
            body.inbox.clear();
            body.trailer_lines.clear();
        }
        buffers.lines.clear();
        buffers.out.clear();
        let mut kept = self.0.borrow_mut();
        if kept.len() < MAX_KEPT {
            kept.push(buffers);
        }
    }
}

/// A write buffer: bytes come in behind and are written in front. What was written is not moved out at each write, or a
/// slow reader of a large answer would cost the square of its length.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    written: usize,
}

impl Outbox {
    /// Where to append what is to be written.
    #[inline]
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes that wait to be written.
    pub(super) fn pending(&self) -> usize {
        self.bytes.len() - self.written
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending() == 0
    }

    /// Writes as far as the stream takes it. Pending only if that was nothing.
    pub(super) fn poll_flush<S: Stream + ?Sized>(
        &mut self,
        stream: &S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() && self.flush(stream)? == 0 {
            ready!(stream.poll_writable(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes as far as the stream takes it now; says how many bytes that was.
    pub(super) fn flush<S: Stream + ?Sized>(&mut self, stream: &S) -> io::Result<usize> {
        let before = self.written;
        while !self.is_empty() {
            match stream.try_write(&self.bytes[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let count = self.written - before;
        if self.is_empty() {
            self.bytes.clear();
            self.written = 0;
        } else if self.written > self.bytes.len() / 2 {
            // Moving the rest costs no more than the writing before it did.
            self.bytes.drain(..mem::take(&mut self.written));
        }
        Ok(count)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(MAX_GATHERED);
        self.written = 0;
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
    pub(super) fn poll_fill<S: Stream + ?Sized>(
        &mut self,
        stream: &S,
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
    pub(super) fn fill<S: Stream + ?Sized>(&mut self, stream: &S, max: usize) -> io::Result<usize> {
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
