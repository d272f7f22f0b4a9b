//! The trait of datagram sockets: UDP, Unix datagrams, and the simulated ones.

use crate::kernel::Registration;
use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    task::{Poll, ready},
};

/// What [`Datagrams::recv_from`] tells of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<A> {
    /// How many bytes of the buffer it filled. Zero is an empty datagram and no end of anything.
    pub length: usize,
    /// The datagram was longer than the buffer, and the rest of it is lost.
    pub truncated: bool,
    /// Who sent it.
    pub from: A,
}

/// A socket that carries datagrams, each to and from an address.
pub trait Datagrams {
    /// How peers are named.
    type Address: fmt::Debug + Clone + 'static;

    /// The socket's place in the loop.
    fn registration(&self) -> &Registration;

    /// Receives a datagram that is there.
    ///
    /// # Errors
    /// `WouldBlock` when none is, or the socket has used up its turn; `ConnectionRefused` when a peer that this socket
    /// is connected to answered that nobody listens.
    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<Received<Self::Address>>;

    /// Sends one datagram, whole or not at all.
    ///
    /// # Errors
    /// `WouldBlock` when the socket's queue is full; that the datagram is too long for the protocol.
    fn try_send_to(&self, bytes: &[u8], to: &Self::Address) -> io::Result<usize>;

    /// Waits for a datagram.
    ///
    /// # Errors
    /// As [`Datagrams::try_recv_from`], without `WouldBlock`.
    fn recv_from(&self, buffer: &mut [u8]) -> impl Future<Output = io::Result<Received<Self::Address>>> {
        poll_fn(move |context| {
            loop {
                match self.try_recv_from(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                ready!(self.registration().poll_readable(context))?;
            }
        })
    }

    /// Sends one datagram, when there is room for it.
    ///
    /// # Errors
    /// As [`Datagrams::try_send_to`], without `WouldBlock`.
    fn send_to(&self, bytes: &[u8], to: &Self::Address) -> impl Future<Output = io::Result<usize>> {
        poll_fn(move |context| {
            loop {
                match self.try_send_to(bytes, to) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                ready!(self.registration().poll_writable(context))?;
            }
        })
    }
}
