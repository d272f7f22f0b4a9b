//! The two halves of a stream, for two owners.

use super::stream::Stream;
use crate::kernel::Registration;
use std::{
    io::{self, IoSlice},
    net::Shutdown,
    ops::Deref,
    rc::Rc,
};

/// Splits a stream into a half that reads and a half that writes, so that two tasks can own one each. The connection is
/// closed when both are dropped; dropping the writing half ends that direction, and the peer reads the end.
///
/// (An `Rc` of the stream does as well, without that last effect.)
pub fn split<S: Stream>(stream: S) -> (ReadHalf<S>, WriteHalf<S>) {
    let stream = Rc::new(stream);
    (ReadHalf(stream.clone()), WriteHalf(stream))
}

/// The half that reads.
#[derive(Debug)]
pub struct ReadHalf<S: Stream>(Rc<S>);

/// The half that writes.
#[derive(Debug)]
pub struct WriteHalf<S: Stream>(Rc<S>);

impl<S: Stream> Drop for WriteHalf<S> {
    fn drop(&mut self) {
        // A peer that is gone needs no end of the stream.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

impl<S: Stream> Deref for ReadHalf<S> {
    type Target = S;
    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S: Stream> ReadHalf<S> {
    /// Reads at least one byte; `0` is the end of the stream.
    ///
    /// # Errors
    /// As [`Stream::read`].
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }
}

impl<S: Stream> WriteHalf<S> {
    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// As [`Stream::write_all`].
    pub async fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// Writes what fits from several buffers, without waiting.
    ///
    /// # Errors
    /// As [`Stream::try_write_vectored`].
    pub fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(buffers)
    }

    /// The stream's place in the loop.
    pub fn registration(&self) -> &Registration {
        self.0.registration()
    }
}
