//! A connection that speaks HTTP no more.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};
use wirebook_net::{Registration, Stream};

/// The bytes of a connection after 101 Switching Protocols, or of a tunnel after 2xx to CONNECT.
///
/// It is a [`Stream`]: reading begins with the bytes that came together with the response's head.
pub struct Upgraded {
    stream: Rc<dyn Stream>,
    early: RefCell<Vec<u8>>,
}

impl Upgraded {
    pub(super) fn new(stream: Rc<dyn Stream>, early: Vec<u8>) -> Upgraded {
        Upgraded { stream, early: RefCell::new(early) }
    }

    /// The connection, and the bytes that were already read from it.
    pub fn into_parts(self) -> (Rc<dyn Stream>, Vec<u8>) {
        (self.stream, self.early.into_inner())
    }
}

impl Stream for Upgraded {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let early = &mut *self.early.borrow_mut();
        if early.is_empty() {
            return self.stream.try_read(buffer);
        }
        let count = early.len().min(buffer.len());
        buffer[..count].copy_from_slice(&early[..count]);
        early.drain(..count);
        if early.is_empty() {
            *early = Vec::new();
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
        match self.early.borrow().is_empty() {
            true => self.stream.poll_readable(context),
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_writable(context)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("early", &self.early.borrow().len()).finish_non_exhaustive()
    }
}
