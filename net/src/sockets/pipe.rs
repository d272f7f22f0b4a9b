//! Pipes as streams, each of one direction; and any other descriptor that the system can watch.

use super::{stream::Stream, tcp::MAX_BUFFERS};
use crate::kernel::{Direction, Registration, WRITABLE};
use rustix::{
    fs::{OFlags, fcntl_getfl},
    io as calls,
    pipe::{PipeFlags, pipe_with},
};
use std::{
    future::{Future, poll_fn},
    io::{self, IoSlice},
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    task::{Poll, ready},
};

/// A descriptor that the loop watches: a pipe's end, or what the system makes readable when something has happened, such as
/// the descriptor of a process.
#[derive(Debug)]
pub struct Watched {
    registration: Registration,
    descriptor: OwnedFd,
}

impl Watched {
    /// Watches it from now on.
    ///
    /// # Errors
    /// `PermissionDenied` for what cannot be watched, such as a regular file (epoll_ctl(2), EPERM); when no loop runs here.
    pub fn new(descriptor: OwnedFd) -> io::Result<Self> {
        calls::ioctl_fionbio(&descriptor, true)?;
        let registration = Registration::new(&mut mio::unix::SourceFd(&descriptor.as_raw_fd()), WRITABLE)?;
        Ok(Watched { registration, descriptor })
    }

    /// As [`Watched::new`], for what cannot be made non-blocking because only its readiness means something.
    ///
    /// # Errors
    /// As [`Watched::new`].
    pub fn readiness(descriptor: OwnedFd) -> io::Result<Self> {
        let registration = Registration::new(&mut mio::unix::SourceFd(&descriptor.as_raw_fd()), 0)?;
        Ok(Watched { registration, descriptor })
    }

    /// Waits until `check` gives something, which it is asked now and whenever the descriptor becomes readable.
    ///
    /// # Errors
    /// When the loop has ended.
    pub fn until<T>(&self, mut check: impl FnMut() -> Option<T>) -> impl Future<Output = io::Result<T>> {
        poll_fn(move |context| {
            loop {
                // Only what is ready may be tried: what it is before the first event is asked beside that.
                if let Some(value) = check() {
                    return Poll::Ready(Ok(value));
                }
                let none = || Err::<(), _>(io::Error::from(io::ErrorKind::WouldBlock));
                let _ = self.registration.try_once(Direction::Read, none);
                ready!(self.registration.poll_readable(context))?;
            }
        })
    }
}

impl AsFd for Watched {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // The other end's process may have a copy of a descriptor; see `Driver::deregister`.
        self.registration.forget(&mut mio::unix::SourceFd(&self.descriptor.as_raw_fd()));
    }
}

/// A new pipe. Neither end is inherited by children.
///
/// ```
/// use wirebook_net::{self as net, Stream, pipe::pipe};
/// net::block_on(async {
///     let (reader, writer) = pipe()?;
///     writer.write_all(b"down the pipe").await?;
///     drop(writer);
///     let mut bytes = [0; 32];
///     assert_eq!(reader.read(&mut bytes).await?, 13);
///     assert_eq!(reader.read(&mut bytes).await?, 0);
///     std::io::Result::Ok(())
/// }).unwrap().unwrap();
/// ```
///
/// # Errors
/// `EMFILE` when this process may open no more; when no loop runs on this thread.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = ends()?;
    Ok((PipeReader::from_fd(reader)?, PipeWriter::from_fd(writer)?))
}

/// The two ends of a new pipe, which block and are not on a loop: the one that reads first. For the end that another process
/// gets.
///
/// # Errors
/// `EMFILE` when this process may open no more.
pub fn ends() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// The end of a pipe that reads. Writing to it is an error.
#[derive(Debug)]
pub struct PipeReader(Watched);

/// The end of a pipe that writes. Reading from it is an error.
#[derive(Debug)]
pub struct PipeWriter(Watched);

fn wrong_way() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "a pipe has one direction")
}

/// Opened for this direction, by the kernel's word.
fn check(descriptor: &OwnedFd, wrong: OFlags) -> io::Result<()> {
    let flags = fcntl_getfl(descriptor)?;
    if flags.contains(OFlags::PATH) || flags & OFlags::RWMODE == wrong {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is opened for the other direction"));
    }
    Ok(())
}

impl PipeReader {
    /// The reading end that a descriptor is.
    ///
    /// # Errors
    /// `InvalidInput` when it is not opened for reading, by the kernel's word; as [`Watched::new`].
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        check(&descriptor, OFlags::WRONLY)?;
        Watched::new(descriptor).map(PipeReader)
    }
}

impl PipeWriter {
    /// The writing end that a descriptor is.
    ///
    /// # Errors
    /// `InvalidInput` when it is not opened for writing, by the kernel's word; as [`Watched::new`].
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        check(&descriptor, OFlags::RDONLY)?;
        Watched::new(descriptor).map(PipeWriter)
    }
}

impl Stream for PipeReader {
    fn registration(&self) -> &Registration {
        &self.0.registration
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = || Ok(calls::read(&self.0.descriptor, &mut *buffer)?);
        self.0.registration.try_once(Direction::Read, read)
    }

    fn try_write(&self, _: &[u8]) -> io::Result<usize> {
        Err(wrong_way())
    }

    fn try_write_vectored(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(wrong_way())
    }

    /// A pipe's end is closed by dropping it.
    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        Err(wrong_way())
    }
}

impl Stream for PipeWriter {
    fn registration(&self) -> &Registration {
        &self.0.registration
    }

    fn try_read(&self, _: &mut [u8]) -> io::Result<usize> {
        Err(wrong_way())
    }

    /// A short write proves nothing: up to 4 096 bytes are written whole or not at all (pipe(7), `PIPE_BUF`).
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.registration.try_once(Direction::Write, || Ok(calls::write(&self.0.descriptor, bytes)?))
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let buffers = &buffers[..buffers.len().min(MAX_BUFFERS)];
        self.0.registration.try_once(Direction::Write, || Ok(calls::writev(&self.0.descriptor, buffers)?))
    }

    /// A pipe's end is closed by dropping it.
    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        Err(wrong_way())
    }
}
