//! Parking: an idle connection as a small record, without a task.
//!
//! A server that keeps ten thousand idle keep-alive connections needs to remember ten thousand streams, and nothing
//! else: no task, no read buffer, no parser. [`park`] gives the stream to the loop together with a function; when bytes
//! arrive the function gets the stream back, and spawns a task that takes a buffer from the loop's pool
//! ([`buffer`](crate::buffer())) and serves until the connection is idle again.

use crate::{
    slab::Key,
    source::{self, Registration, Resumption},
    stream::Stream,
};
use std::{marker::PhantomData, rc::Rc};

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
    source::park(key, Resumption::Once(Box::new(move || resume(stream))));
    Parked { key, _here: PhantomData }
}

/// A connection that is parked many times in its life: see [`park_shared`].
pub trait Resume {
    /// Its stream is readable, or the peer has closed it.
    fn resume(self: Rc<Self>);
}

/// As [`park`], for a record that owns its stream and outlives its waits: parking it allocates nothing. `registration` is
/// its stream's.
///
/// ```no_run
/// # use std::rc::Rc;
/// # use wirebook_net::{park_shared, Resume, Stream, tcp::TcpStream};
/// struct Connection {
///     stream: TcpStream,
/// }
/// impl Resume for Connection {
///     fn resume(self: Rc<Self>) {
///         let mut bytes = wirebook_net::buffer();
///         if let Ok(1..) = self.stream.try_read(&mut bytes) {
///             idle(self);
///         }
///     }
/// }
/// fn idle(connection: Rc<Connection>) {
///     park_shared(connection.stream.registration(), connection.clone());
/// }
/// ```
pub fn park_shared(registration: &Registration, parked: Rc<dyn Resume>) -> Parked {
    let key = registration.key();
    source::park(key, Resumption::Again(parked));
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
