//! An idle timeout around any stream.

use super::stream::Stream;
use crate::kernel::{self, Registration, Sleep};
use std::{
    any::Any,
    cell::{Cell, RefCell},
    future::Future,
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// A stream whose waits fail with [`io::ErrorKind::TimedOut`] when for a given time no byte has moved in either
/// direction: Node's `socket.setTimeout`.
///
/// A byte that moves costs a look at the loop's clock and no timer. A wait sets one timer. When it fires, the wait looks how
/// long the stream has been idle, and sleeps for the rest of the limit.
#[derive(Debug)]
pub struct Idle<S> {
    stream: S,
    limit: Duration,
    last: Cell<Instant>,
    /// One for each direction, since each may have a waiter of its own.
    timers: [RefCell<Option<Sleep>>; 2],
}

impl<S: Stream> Idle<S> {
    /// Bounds the idle time of `stream`. With a limit of zero every wait fails in the next turn of the loop, and only what needs no wait
    /// succeeds; [`Duration::MAX`] never fails.
    pub fn new(stream: S, limit: Duration) -> Self {
        Idle { stream, limit, last: Cell::new(kernel::now()), timers: Default::default() }
    }

    /// The stream itself, without a limit.
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// The stream, for its own methods; what moves by way of it does not count.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    fn moved<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.is_ok() {
            self.last.set(kernel::now());
        }
        result
    }

    fn bound(&self, poll: Poll<io::Result<()>>, timer: usize, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let timer = &mut *self.timers[timer].borrow_mut();
        if poll.is_ready() {
            *timer = None;
            return poll;
        }
        let rest = || self.limit.saturating_sub(kernel::now().saturating_duration_since(self.last.get()));
        // The clock alone says nothing: a sleep has heard what came.
        while Pin::new(timer.get_or_insert_with(|| kernel::sleep(rest()))).poll(context).is_ready() {
            *timer = None;
            if rest().is_zero() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the connection was idle too long")));
            }
        }
        Poll::Pending
    }
}

impl<S: Stream> Stream for Idle<S> {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.moved(self.stream.try_read(buffer))
    }
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.moved(self.stream.try_write(bytes))
    }
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.moved(self.stream.try_write_vectored(buffers))
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }
    fn poll_open(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = self.stream.poll_open(context);
        self.bound(poll, 0, context)
    }
    fn socket(&self) -> Option<&dyn Any> {
        self.stream.socket()
    }
    fn is_secure(&self) -> bool {
        self.stream.is_secure()
    }
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = self.stream.poll_readable(context);
        self.bound(poll, 0, context)
    }
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = self.stream.poll_writable(context);
        self.bound(poll, 1, context)
    }
}
