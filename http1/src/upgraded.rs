//! What is left of a connection that speaks HTTP no more.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};
use wirebook_net::{Registration, Stream};

/// The bytes of a connection behind its last HTTP message: 101 for an upgrade (RFC 9110 §7.8), 2xx for CONNECT (§9.3.6).
///
/// It is a [`Stream`]: reading begins with the bytes that came together with that message's head.
pub struct Upgraded {
    stream: Rc<dyn Stream>,
    early: RefCell<Early>,
}

/// Bytes that were read before, and how many of them are read again.
struct Early {
    bytes: Vec<u8>,
    used: usize,
}

impl Early {
    fn unread(&self) -> &[u8] {
        &self.bytes[self.used..]
    }
}

impl Upgraded {
    pub(crate) fn new(stream: Rc<dyn Stream>, early: Vec<u8>) -> Upgraded {
        Upgraded { stream, early: RefCell::new(Early { bytes: early, used: 0 }) }
    }

    /// The connection, and the bytes that were read from it and are not yet used.
    pub fn into_parts(self) -> (Rc<dyn Stream>, Vec<u8>) {
        let Early { mut bytes, used } = self.early.into_inner();
        bytes.drain(..used);
        (self.stream, bytes)
    }
}

impl Stream for Upgraded {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let early = &mut *self.early.borrow_mut();
        if early.unread().is_empty() {
            return self.stream.try_read(buffer);
        }
        let count = early.unread().len().min(buffer.len());
        buffer[..count].copy_from_slice(&early.unread()[..count]);
        early.used += count;
        if early.unread().is_empty() {
            *early = Early { bytes: Vec::new(), used: 0 };
        }
        Ok(count)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(buffers)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.early.borrow().unread().is_empty() { self.stream.poll_readable(context) } else { Poll::Ready(Ok(())) }
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_writable(context)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("early", &self.early.borrow().unread().len()).finish_non_exhaustive()
    }
}
