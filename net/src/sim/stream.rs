//! Simulated streams: two pipes between two sides.
//!
//! A pipe holds what was written and not yet read: some of it on the way (as events of the network), some arrived, in
//! the pieces in which it arrived. A read gives at most one piece, so every cut that the network makes is one that the
//! reader sees. What is on the way and unread together fill the window; a full window makes writes block.

use super::network::{Accepting, Network, make_ready};
use crate::{
    address::Address,
    run,
    slab::Key,
    source::{CLOSED, Direction, READABLE, Registration, WRITABLE},
    stream::{Listener, Stream},
    timers::Nanos,
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr},
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

/// What a script does to a stream when it has sent so many bytes; see [`SimStream::script`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes before and after arrive as two pieces.
    Cut,
    /// What follows arrives this much later.
    Delay(Duration),
    /// The connection is reset when the bytes before have arrived.
    Reset,
    /// The peer reads the end of the stream here; what follows is lost.
    End,
    /// What follows never arrives: a peer that vanished without a word.
    Stall,
}

/// One direction of a connection.
#[derive(Default)]
struct Pipe {
    /// Arrived and not read.
    pieces: VecDeque<VecDeque<u8>>,
    /// Bytes on the way and in `pieces`.
    held: usize,
    /// All bytes that were ever accepted from the writer.
    sent: u64,
    /// When the last piece arrives; the next one does not overtake it.
    last: Nanos,
    /// Sorted by the byte they stand at.
    script: VecDeque<(u64, Fault)>,
    /// The writer ended its side.
    finished: bool,
    /// The end has arrived.
    ended: bool,
    /// A script or a reset cut the line: bytes vanish.
    stalled: bool,
    writer_waits: bool,
    reader_gone: bool,
}

#[derive(Default)]
struct Side {
    source: Cell<Option<Key>>,
    /// Why every operation fails from now on.
    broken: Cell<Option<io::ErrorKind>>,
    /// Reading was shut down.
    deaf: Cell<bool>,
    address: Cell<Option<SocketAddr>>,
}

/// `pipes[n]` is what side `n` writes; side 0 is the one that connected.
#[derive(Default)]
struct Connection {
    pipes: [RefCell<Pipe>; 2],
    sides: [Side; 2],
}

/// A connection that nobody has accepted yet.
pub(super) struct Pending(Rc<Connection>);

impl Connection {
    /// Sends `bytes` from `side`, in pieces, as script and chance have it.
    fn send(self: &Rc<Self>, network: &Network, side: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let mut length = bytes.len();
            let mut fault = None;
            {
                let pipe = &mut *self.pipes[side].borrow_mut();
                if let Some((at, scripted)) = pipe.script.front().copied() {
                    let before = at.saturating_sub(pipe.sent) as usize;
                    if before <= length {
                        length = before;
                        fault = Some(scripted);
                        pipe.script.pop_front();
                    }
                }
            }
            if length > 1 && network.chance(network.faults(|faults| faults.cut)) {
                let cut = 1 + network.below(length as u64 - 1) as usize;
                if let Some(fault) = fault.take() {
                    let pipe = &mut *self.pipes[side].borrow_mut();
                    pipe.script.push_front((pipe.sent + length as u64, fault));
                }
                length = cut;
            }
            let (piece, rest) = bytes.split_at(length);
            bytes = rest;
            if !piece.is_empty() {
                self.send_piece(network, side, piece);
            }
            match fault {
                None | Some(Fault::Cut) => {}
                Some(Fault::Delay(delay)) => {
                    let pipe = &mut *self.pipes[side].borrow_mut();
                    pipe.last = pipe.last.max(network.arrival()) + delay.as_nanos() as Nanos;
                }
                Some(Fault::Reset) => self.reset_later(network, side),
                Some(Fault::End) => {
                    self.end_later(network, side);
                    self.pipes[side].borrow_mut().stalled = true;
                }
                Some(Fault::Stall) => self.pipes[side].borrow_mut().stalled = true,
            }
        }
    }

    fn send_piece(self: &Rc<Self>, network: &Network, side: usize, piece: &[u8]) {
        self.pipes[side].borrow_mut().sent += piece.len() as u64;
        if self.pipes[side].borrow().stalled {
            return;
        }
        if network.chance(network.faults(|faults| faults.reset)) {
            return self.reset_later(network, side);
        }
        self.pipes[side].borrow_mut().held += piece.len();
        let at = self.next_arrival(network, side);
        let (this, piece) = (self.clone(), VecDeque::from(piece.to_vec()));
        network.at(at, move || this.arrive(side, piece));
        if network.chance(network.faults(|faults| faults.spurious)) {
            let this = self.clone();
            network.at(network.arrival(), move || make_ready(this.sides[1 - side].source.get(), READABLE | WRITABLE));
        }
    }

    fn next_arrival(&self, network: &Network, side: usize) -> Nanos {
        let pipe = &mut *self.pipes[side].borrow_mut();
        pipe.last = pipe.last.max(network.arrival());
        pipe.last
    }

    /// Bytes arrive at the other side. If nobody is there any more, they are answered by a reset (RFC 9293, 3.10.7.1).
    fn arrive(self: &Rc<Self>, side: usize, piece: VecDeque<u8>) {
        let other = &self.sides[1 - side];
        if other.broken.get().is_some() {
            return;
        }
        if self.pipes[side].borrow().reader_gone {
            let this = self.clone();
            Network::current(|network| network.at(network.arrival(), move || this.break_side(side)));
            return;
        }
        self.pipes[side].borrow_mut().pieces.push_back(piece);
        make_ready(other.source.get(), READABLE);
    }

    fn end_later(self: &Rc<Self>, network: &Network, side: usize) {
        let pipe_was_open = !std::mem::replace(&mut self.pipes[side].borrow_mut().finished, true);
        if pipe_was_open && !self.pipes[side].borrow().stalled {
            let at = self.next_arrival(network, side);
            let this = self.clone();
            network.at(at, move || {
                this.pipes[side].borrow_mut().ended = true;
                make_ready(this.sides[1 - side].source.get(), READABLE | CLOSED);
            });
        }
    }

    /// A reset that `side` sends: it stops by itself at once, and the other side when the reset arrives.
    fn reset_later(self: &Rc<Self>, network: &Network, side: usize) {
        let at = self.next_arrival(network, side);
        self.pipes[side].borrow_mut().stalled = true;
        let this = self.clone();
        network.at(at, move || {
            this.break_side(1 - side);
            this.break_side(side);
        });
    }

    /// A reset arrives at `side`: unread bytes are gone, and every operation fails.
    fn break_side(self: &Rc<Self>, side: usize) {
        if self.sides[side].broken.get().is_none() {
            self.sides[side].broken.set(Some(io::ErrorKind::ConnectionReset));
            self.pipes[1 - side].borrow_mut().pieces.clear();
            make_ready(self.sides[side].source.get(), READABLE | WRITABLE | CLOSED);
        }
    }
}

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
        let registration = run::current(|on| Registration::insert(on, ready));
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
            connection.sides[0].address.set(Some(network.client_address()));
            connection.sides[1].address.set(Some(address));
            network.at(network.arrival(), move || knock(connection, address));
        });
        poll_fn(|context| stream.poll_writable(context)).await?;
        match stream.connection.sides[0].broken.get() {
            Some(kind) => Err(kind.into()),
            None => Ok(stream),
        }
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

    fn write_once(&self, bytes: &[u8]) -> io::Result<usize> {
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
            self.connection.send(network, self.side, &bytes[..count]);
            Ok(count)
        })
    }

    fn read_once(&self, buffer: &mut [u8]) -> io::Result<usize> {
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
        let count = io::Read::read(piece, buffer)?;
        if piece.is_empty() {
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
        let accepting = network.listener(address).filter(|accepting| {
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

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registration.try_once(Direction::Read, || self.read_once(buffer))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registration.try_once(Direction::Write, || self.write_once(bytes))
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
        let (address, accepting) = Network::current(|network| network.listen(address))?;
        let registration = run::current(|on| Registration::insert(on, READABLE));
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
        let waiting = std::mem::take(&mut *self.accepting.queue.borrow_mut());
        Network::try_current(|network| {
            network.unlisten(self.address);
            for Pending(connection) in waiting {
                connection.reset_later(network, 1);
            }
        });
    }
}
