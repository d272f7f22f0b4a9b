//! The buffers of a connection, whichever end it is: what was read and not yet used, and what is to be written.

use std::io;
use std::mem;
use std::ops::Range;
use std::task::{Context, Poll, ready};
use wirebook_net::{BUFFER_SIZE, Stream};

/// Bytes of output that are gathered before they are written although more is to come, and for which room is kept.
pub(crate) const MAX_GATHERED: usize = 64 * 1024;

/// Bytes of room below which an inbox is compacted or grown before a read.
const LEAST_ROOM: usize = 1024;

/// A read buffer: bytes come in behind and are used in front. What lies before the pin, a head that is still looked at,
/// stays where it is.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    pinned: usize,
    start: usize,
    end: usize,
}

impl Inbox {
    /// What was read and not used.
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Whether all of it was used.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Where the first unread byte lies.
    pub(crate) fn position(&self) -> usize {
        self.start
    }

    /// The first `count` unread bytes are used; says where they lie, for [`at`](Self::at).
    pub fn consume(&mut self, count: usize) -> usize {
        let at = self.start;
        self.start = (at + count).min(self.end);
        at
    }

    /// Keeps all that was used where it is.
    pub(crate) fn pin(&mut self) {
        self.pinned = self.start;
    }

    /// Bytes by their place; used ones stay until the next [`fill`](Self::fill), pinned ones longer.
    pub(crate) fn at(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// Takes the unread bytes out.
    pub(crate) fn take_unread(&mut self) -> Vec<u8> {
        let unread = self.unread().to_vec();
        self.start = self.end;
        unread
    }

    /// Waits for one read. `Ok(0)` is the end of the stream.
    pub(crate) fn poll_fill<S: Stream + ?Sized>(
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

    /// One read, without waiting, into at most `max` bytes of room behind the pin. `Ok(0)` is the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::try_read`]; `OutOfMemory` where `max` bytes wait to be used.
    pub fn fill<S: Stream + ?Sized>(&mut self, stream: &S, max: usize) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (self.pinned, self.pinned);
        }
        if self.bytes.len() - self.end < LEAST_ROOM {
            self.make_room(max)?;
        }
        let count = stream.try_read(&mut self.bytes[self.end..])?;
        self.end += count;
        Ok(count)
    }

    fn make_room(&mut self, max: usize) -> io::Result<()> {
        self.bytes.copy_within(self.start..self.end, self.pinned);
        (self.start, self.end) = (self.pinned, self.pinned + self.end - self.start);
        if self.bytes.len() - self.end < LEAST_ROOM {
            let grown = (self.bytes.len() + BUFFER_SIZE).min(self.pinned.saturating_add(max));
            if grown <= self.end {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            if grown > self.bytes.len() {
                // By itself a vector doubles, and a bound would not be one.
                self.bytes.reserve_exact(grown - self.bytes.len());
                self.bytes.resize(grown, 0);
            }
        }
        Ok(())
    }

    /// Puts bytes behind those that are there.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.end + bytes.len();
        if needed > self.bytes.len() {
            self.bytes.resize(needed.max(BUFFER_SIZE), 0);
        }
        self.bytes[self.end..needed].copy_from_slice(bytes);
        self.end = needed;
    }

    /// What is unread, in an inbox that holds little more than that; this one is empty then.
    pub fn set_aside(&mut self) -> Inbox {
        if 4 * self.unread().len() > self.bytes.len() {
            return mem::take(self);
        }
        let bytes = self.take_unread();
        self.forget();
        Inbox { pinned: 0, start: 0, end: bytes.len(), bytes }
    }

    /// Undoes [`set_aside`](Self::set_aside): what is little is copied into the room that is here.
    pub fn take_up(&mut self, aside: Inbox) {
        if aside.bytes.len() < BUFFER_SIZE / 4 { self.extend(aside.unread()) } else { *self = aside }
    }

    /// Forgets all that was read.
    pub(crate) fn forget(&mut self) {
        (self.pinned, self.start, self.end) = (0, 0, 0);
    }

    /// [`forget`](Self::forget), and room beyond a read's is given back.
    pub fn clear(&mut self) {
        self.forget();
        if self.bytes.len() > BUFFER_SIZE {
            self.bytes = Vec::new();
        }
    }
}

/// A write buffer: bytes come in behind and are written in front. What was written is not moved out at each write, or a
/// slow reader of a large message would cost the square of its length.
#[derive(Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    written: usize,
}

impl Outbox {
    /// Where to append what is to be written.
    #[inline]
    pub fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes that wait to be written.
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Bytes that were written and are still here.
    pub(crate) fn written(&self) -> usize {
        self.written
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.pending() == 0
    }

    /// Nothing of it has been written: what is here is to be sent on another connection.
    pub(crate) fn rewind(&mut self) {
        self.written = 0;
    }

    /// Writes all that waits. What was written stays, until [`forget_written`](Self::forget_written).
    pub(crate) fn poll_write<S: Stream + ?Sized>(
        &mut self,
        stream: &S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            if self.write(stream)? == 0 {
                ready!(stream.poll_writable(context))?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes as far as the stream takes it now; says how many bytes that was. They stay.
    fn write<S: Stream + ?Sized>(&mut self, stream: &S) -> io::Result<usize> {
        let before = self.written;
        while !self.is_empty() {
            match stream.try_write(&self.bytes[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(self.written - before)
    }

    /// Drops what was written, where that is more than what is left: so moving the rest costs no more than the writing did.
    /// Says whether anything was dropped.
    pub(crate) fn forget_written(&mut self) -> bool {
        if self.written <= self.pending() {
            return false;
        }
        self.bytes.drain(..mem::take(&mut self.written));
        true
    }

    /// Writes as far as the stream takes it, and drops what was written. Pending only if nothing was.
    pub(crate) fn poll_flush<S: Stream + ?Sized>(
        &mut self,
        stream: &S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() && self.flush(stream)? == 0 {
            ready!(stream.poll_writable(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes as far as the stream takes it now, and drops what was written; says how many bytes that was.
    pub fn flush<S: Stream + ?Sized>(&mut self, stream: &S) -> io::Result<usize> {
        let count = self.write(stream)?;
        if self.is_empty() {
            self.bytes.clear();
            self.written = 0;
        } else {
            self.forget_written();
        }
        Ok(count)
    }

    /// Gives back room beyond what is gathered.
    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to(MAX_GATHERED);
    }

    /// Forgets all of it.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.shrink();
        self.written = 0;
    }
}
