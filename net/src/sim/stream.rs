//! Simulated streams and listeners.

use super::{
    connection::{Connection, Fault, Pending, Side, SimHandle},
    names::{self, Accepting},
    network::{Network, make_ready},
};
use crate::{
    kernel::{CLOSED, Direction, READABLE, Registration, WRITABLE, current},
    sockets::{Address, Carrier, Listener, ReceivedWith, Stream, check_carried},
};
use std::{
    any::Any,
    future::poll_fn,
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr},
    rc::Rc,
    task::{Context, Poll, ready},
};

/// A simulated connection; see [`Stream`] for what it can do. Dropping it closes it, by a reset if there is
/// something unread, as TCP does.
pub struct SimStream {
    registration: Registration,
    connection: Rc<Connection>,
    side: usize,
}

impl SimStream {
    fn new(connection: Rc<Connection>, side: usize) -> Self {
        let arrived = connection.pipes[1 - side].borrow();
        let mut ready = if side == 1 { WRITABLE } else { 0 };
        if !arrived.pieces.is_empty() || arrived.ended || connection.sides[side].broken.get().is_some() {
            ready |= READABLE;
        }
        drop(arrived);
        let registration = current(|on| Registration::insert(on, ready));
        connection.sides[side].source.set(Some(registration.key()));
        SimStream { registration, connection, side }
    }

    /// Connects to a [`SimListener`].
    ///
    /// # Errors
    /// `ConnectionRefused` when nobody listens there, when too many wait to be accepted, or by chance.
    ///
    /// # Panics
    /// Outside a simulation.
    pub async fn connect(address: impl Address) -> io::Result<Self> {
        let address = address.target().resolve_blocking()?[0];
        let stream = SimStream::new(Rc::default(), 0);
        let connection = stream.connection.clone();
        Network::current(|network| {
            connection.sides[0].address.set(Some(names::client_address()));
            connection.sides[1].address.set(Some(address));
            network.at(network.arrival(), move || knock(connection, address));
        });
        poll_fn(|context| stream.poll_writable(context)).await?;
        match stream.connection.sides[0].broken.get() {
            Some(kind) => Err(kind.into()),
            None => Ok(stream),
        }
    }

    /// Two streams that are connected to each other, as [`UnixStream::pair`](crate::unix::UnixStream::pair).
    ///
    /// # Panics
    /// Outside a simulation.
    pub fn pair() -> (Self, Self) {
        let connection: Rc<Connection> = Rc::default();
        let [one, other] = [0, 1].map(|side| SimStream::new(connection.clone(), side));
        Network::current(|network| {
            let source = one.side().source.get();
            network.at(network.arrival(), move || make_ready(source, WRITABLE));
        });
        (one, other)
    }

    /// The address of this end.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.connection.sides[self.side].address.get()
    }

    /// The address of the other end.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.connection.sides[1 - self.side].address.get()
    }

    /// What happens to the bytes that this side sends, by their number from the first byte of the connection.
    pub fn script(&self, faults: impl IntoIterator<Item = (u64, Fault)>) {
        let script = &mut self.connection.pipes[self.side].borrow_mut().script;
        script.extend(faults);
        script.make_contiguous().sort_by_key(|(at, _)| *at);
    }

    /// Breaks the connection off at once: the peer's operations fail with `ConnectionReset`.
    pub fn reset(&self) {
        Network::current(|network| self.connection.reset_later(network, self.side));
    }

    fn side(&self) -> &Side {
        &self.connection.sides[self.side]
    }

    fn write_once(&self, bytes: &[u8], carried: &[&SimHandle]) -> io::Result<usize> {
        if self.side().broken.get().is_some() || self.connection.pipes[self.side].borrow().finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Network::current(|network| {
            let window = network.faults(|faults| faults.window);
            let room = {
                let pipe = &mut *self.connection.pipes[self.side].borrow_mut();
                pipe.writer_waits = pipe.held >= window;
                window.saturating_sub(pipe.held)
            };
            if room == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let mut count = bytes.len().min(room);
            if count > 1 && network.chance(network.faults(|faults| faults.partial_write)) {
                count = 1 + network.below(count as u64 - 1) as usize;
            }
            let carried = carried.iter().map(|handle| (*handle).clone()).collect();
            self.connection.send(network, self.side, &bytes[..count], carried);
            Ok(count)
        })
    }

    fn read_once(&self, buffer: &mut [u8], carried: &mut Vec<SimHandle>) -> io::Result<usize> {
        if let Some(kind) = self.side().broken.get() {
            return Err(kind.into());
        }
        if self.side().deaf.get() || buffer.is_empty() {
            return Ok(0);
        }
        let pipe = &mut *self.connection.pipes[1 - self.side].borrow_mut();
        let Some(piece) = pipe.pieces.front_mut() else {
            return if pipe.ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        };
        let count = io::Read::read(&mut piece.bytes, buffer)?;
        carried.append(&mut piece.carried);
        if piece.bytes.is_empty() {
            pipe.pieces.pop_front();
        }
        pipe.held -= count;
        if std::mem::take(&mut pipe.writer_waits) {
            let (connection, writer) = (self.connection.clone(), 1 - self.side);
            Network::current(|network| {
                network.at(network.arrival(), move || make_ready(connection.sides[writer].source.get(), WRITABLE));
            });
        }
        Ok(count)
    }
}

/// The knock arrives at the listener; its answer goes back.
fn knock(connection: Rc<Connection>, address: SocketAddr) {
    Network::current(|network| {
        let accepting = names::listener(address).filter(|accepting| {
            let (backlog, refuse) = network.faults(|faults| (faults.backlog, faults.refuse));
            accepting.queue.borrow().len() < backlog && !network.chance(refuse)
        });
        match &accepting {
            Some(accepting) => accepting.queue.borrow_mut().push_back(Pending(connection.clone())),
            None => connection.sides[0].broken.set(Some(io::ErrorKind::ConnectionRefused)),
        }
        if let Some(accepting) = accepting {
            network.at(network.arrival(), move || make_ready(accepting.source.get(), READABLE));
        }
        let answered = network.arrival();
        network.at(answered, move || make_ready(connection.sides[0].source.get(), WRITABLE));
    });
}

impl Stream for SimStream {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn socket(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registration.try_once(Direction::Read, || self.read_once(buffer, &mut Vec::new()))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registration.try_once(Direction::Write, || self.write_once(bytes, &[]))
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let joined: Vec<u8> = buffers.iter().flat_map(|buffer| buffer.iter().copied()).collect();
        self.try_write(&joined)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if let Some(kind) = self.side().broken.get() {
            return Err(kind.into());
        }
        if how != Shutdown::Write {
            self.side().deaf.set(true);
            let connection = self.connection.clone();
            let side = self.side;
            let wake = move || make_ready(connection.sides[side].source.get(), READABLE | CLOSED);
            Network::current(|network| network.at(network.arrival(), wake));
        }
        if how != Shutdown::Read {
            Network::current(|network| self.connection.end_later(network, self.side));
        }
        Ok(())
    }
}

impl Carrier for SimStream {
    type Carried = SimHandle;

    fn try_send_with(&self, bytes: &[u8], carried: &[&SimHandle]) -> io::Result<usize> {
        check_carried(bytes, carried.len())?;
        self.registration.try_once(Direction::Write, || self.write_once(bytes, carried))
    }

    /// A receiver may be out of descriptors, as [`Faults::cut_handles`](super::Faults::cut_handles) says.
    fn try_receive_with(&self, buffer: &mut [u8], carried: &mut Vec<SimHandle>) -> io::Result<ReceivedWith> {
        let before = carried.len();
        let length = self.registration.try_once(Direction::Read, || self.read_once(buffer, carried))?;
        let cut = carried.len() > before
            && Network::current(|network| network.chance(network.faults(|faults| faults.cut_handles)));
        if cut {
            carried.truncate(before);
        }
        Ok(ReceivedWith { length, cut })
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        self.side().source.set(None);
        let unread = {
            let pipe = &mut *self.connection.pipes[1 - self.side].borrow_mut();
            pipe.reader_gone = true;
            !pipe.pieces.is_empty()
        };
        Network::try_current(|network| match unread {
            true => self.connection.reset_later(network, self.side),
            false => self.connection.end_later(network, self.side),
        });
    }
}

/// A simulated listener.
pub struct SimListener {
    registration: Registration,
    address: SocketAddr,
    accepting: Rc<Accepting>,
}

impl SimListener {
    /// Listens at an address; `0.0.0.0` and `[::]` stand for every address, port 0 picks a free one.
    ///
    /// # Errors
    /// `AddrInUse`; `InvalidInput` for what is no address.
    ///
    /// # Panics
    /// Outside a simulation.
    pub fn bind(address: impl Address) -> io::Result<Self> {
        let address = address.target().resolve_blocking()?[0];
        let (address, accepting) = names::listen(address)?;
        let registration = current(|on| Registration::insert(on, READABLE));
        accepting.source.set(Some(registration.key()));
        Ok(SimListener { registration, address, accepting })
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// None; the type is that of a TCP listener.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Listener for SimListener {
    type Stream = SimStream;
    type Address = SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(SimStream, SocketAddr)>> {
        loop {
            let next = self.registration.try_once(Direction::Read, || {
                let next = self.accepting.queue.borrow_mut().pop_front();
                next.ok_or(io::Error::from(io::ErrorKind::WouldBlock))
            });
            match next {
                Ok(Pending(connection)) => {
                    let Some(peer) = connection.sides[0].address.get() else { continue };
                    return Poll::Ready(Ok((SimStream::new(connection, 1), peer)));
                }
                Err(_) => ready!(self.registration.poll_readable(context))?,
            }
        }
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        names::unlisten(self.address);
        let waiting = std::mem::take(&mut *self.accepting.queue.borrow_mut());
        Network::try_current(|network| {
            for Pending(connection) in waiting {
                connection.reset_later(network, 1);
            }
        });
    }
}
