//! Parking: an idle connection as a small record, without a task.
//!
//! A server that keeps ten thousand idle keep-alive connections needs to remember ten thousand streams, and nothing
//! else: no task, no read buffer, no parser. [`park`] gives the stream to the loop together with a function; when bytes
//! arrive the function gets the stream back, and spawns a task that takes a buffer from the loop's pool
//! ([`buffer`](crate::buffer())) and serves until the connection is idle again.

use crate::{slab::Key, source, stream::Stream};
use std::marker::PhantomData;

/// Keeps `stream` without a task until it is readable (or the peer has closed it); then calls `resume` with it.
///
/// A parked connection costs the loop one place for the source and one small box; it keeps the loop alive. `resume`
/// runs as an I/O callback of the poll phase; if the stream is readable already, as a microtask. The handle may be
/// dropped, or used to close the connection (for an idle timeout, or at shutdown).
///
/// ```no_run
/// # use wirebook_net::{park, spawn, buffer, Stream, tcp::TcpStream};
/// fn idle(stream: TcpStream) {
///     park(stream, |stream| drop(spawn(serve(stream))));
/// }
/// async fn serve(stream: TcpStream) {
///     let mut bytes = buffer();
///     while let Ok(count) = stream.try_read(&mut bytes) {
///         if count == 0 || stream.write_all(&bytes[..count]).await.is_err() {
///             return;
///         }
///     }
///     drop(bytes);
///     idle(stream);
/// }
/// ```
pub fn park<S: Stream + 'static>(stream: S, resume: impl FnOnce(S) + 'static) -> Parked {
    let key = stream.registration().key();
    source::park(key, Box::new(move || resume(stream)));
    Parked { key, _here: PhantomData }
}

/// Names a parked connection; see [`park`]. Dropping it changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Parked {
    key: Key,
    _here: PhantomData<*const ()>,
}

impl Parked {
    /// Drops the stream, which closes the connection, and the function. True when it was still parked.
    pub fn close(self) -> bool {
        source::unpark(self.key).is_some()
    }
}
