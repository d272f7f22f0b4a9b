//! What is left of a connection that speaks another protocol.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};
use wirebook_net::{Registration, Stream};

/// A connection behind its last HTTP message: 101 for an upgrade (RFC 9110 §7.8), 2xx for CONNECT (§9.3.6).
///
/// It is a [`Stream`]: reading begins with the bytes that came together with that message's head.
/// It belongs to whoever has it: to a handler, which may speak on it or give it to a task of its own, or to a client.
pub struct Upgraded {
    /// The transport. Who reads from it directly begins with [`head`](Self::head).
    pub stream: Rc<dyn Stream>,
    /// What came behind that head, already read: the first bytes of the other protocol.
    pub head: Vec<u8>,
    /// Bytes of `head` that were read from here.
    used: Cell<usize>,
}

impl Upgraded {
    /// A connection, and what has been read of it already.
    #[doc(hidden)]
    pub fn new(stream: Rc<dyn Stream>, head: Vec<u8>) -> Self {
        Upgraded { stream, head, used: Cell::new(0) }
    }

    /// The transport, and what is left of the bytes that came early.
    pub fn into_parts(mut self) -> (Rc<dyn Stream>, Vec<u8>) {
        self.head.drain(..self.used.get());
        (self.stream, self.head)
    }

    fn early(&self) -> &[u8] {
        self.head.get(self.used.get()..).unwrap_or_default()
    }
}

impl Stream for Upgraded {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let early = self.early();
        if early.is_empty() {
            return self.stream.try_read(buffer);
        }
        let count = early.len().min(buffer.len());
        buffer[..count].copy_from_slice(&early[..count]);
        self.used.set(self.used.get() + count);
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

    fn socket(&self) -> Option<&dyn Any> {
        self.stream.socket()
    }

    fn is_secure(&self) -> bool {
        self.stream.is_secure()
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.early().is_empty() { self.stream.poll_readable(context) } else { Poll::Ready(Ok(())) }
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_writable(context)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upgraded {{ head: \"{}\", .. }}", self.head.escape_ascii())
    }
}
