//! A simulated connection: two pipes between two sides.
//!
//! A pipe holds what was written and not yet read: some of it on the way (as events of the network), some arrived, in
//! the pieces in which it arrived. A read gives at most one piece, so every cut that the network makes is one that the
//! reader sees. What is on the way and unread together fill the window; a full window makes writes block.

use super::network::{Network, make_ready, nanos};
use crate::kernel::{CLOSED, Key, Nanos, READABLE, WRITABLE};
use std::{
    any::Any,
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

/// What a script does to a stream when it has sent so many bytes; see [`SimStream::script`](super::SimStream::script).
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

/// What travels beside bytes in a simulation, in place of a descriptor: any value. Sending copies the handle and not the
/// value, as the system copies a descriptor and not the socket.
#[derive(Clone)]
pub struct SimHandle(Rc<dyn Any>);

impl SimHandle {
    /// A handle of `value`.
    pub fn new(value: impl Any) -> Self {
        SimHandle(Rc::new(value))
    }

    /// The value, if it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// How many handles of this value there are, those on their way included.
    pub fn count(&self) -> usize {
        Rc::strong_count(&self.0)
    }
}

impl std::fmt::Debug for SimHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimHandle")
    }
}

/// Bytes that arrive together, and what travels beside them.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) bytes: VecDeque<u8>,
    pub(super) carried: Vec<SimHandle>,
}

/// One direction of a connection.
#[derive(Default)]
pub(super) struct Pipe {
    /// Arrived and not read.
    pub(super) pieces: VecDeque<Piece>,
    /// Bytes on the way and in `pieces`.
    pub(super) held: usize,
    /// All bytes that were ever accepted from the writer.
    pub(super) sent: u64,
    /// When the last piece arrives; the next one does not overtake it.
    pub(super) last: Nanos,
    /// Sorted by the byte they stand at.
    pub(super) script: VecDeque<(u64, Fault)>,
    /// The writer ended its side.
    pub(super) finished: bool,
    /// The end has arrived.
    pub(super) ended: bool,
    /// A script or a reset cut the line: bytes vanish.
    pub(super) stalled: bool,
    pub(super) writer_waits: bool,
    pub(super) reader_gone: bool,
}

#[derive(Default)]
pub(super) struct Side {
    pub(super) source: Cell<Option<Key>>,
    /// Why every operation fails from now on.
    pub(super) broken: Cell<Option<io::ErrorKind>>,
    /// Reading was shut down.
    pub(super) deaf: Cell<bool>,
    pub(super) address: Cell<Option<SocketAddr>>,
}

/// `pipes[n]` is what side `n` writes; side 0 is the one that connected.
#[derive(Default)]
pub(super) struct Connection {
    pub(super) pipes: [RefCell<Pipe>; 2],
    pub(super) sides: [Side; 2],
}

/// A connection that nobody has accepted yet.
pub(super) struct Pending(pub(super) Rc<Connection>);

impl Connection {
    /// Sends `bytes` from `side`, in pieces, as script and chance have it; what is `carried` goes with the first.
    pub(super) fn send(self: &Rc<Self>, network: &Network, side: usize, mut bytes: &[u8], mut carried: Vec<SimHandle>) {
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
                self.send_piece(network, side, piece, std::mem::take(&mut carried));
            }
            match fault {
                None | Some(Fault::Cut) => {}
                Some(Fault::Delay(delay)) => {
                    let pipe = &mut *self.pipes[side].borrow_mut();
                    pipe.last = pipe.last.max(network.arrival()).saturating_add(nanos(delay));
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

    fn send_piece(self: &Rc<Self>, network: &Network, side: usize, bytes: &[u8], carried: Vec<SimHandle>) {
        self.pipes[side].borrow_mut().sent += bytes.len() as u64;
        if self.pipes[side].borrow().stalled {
            return;
        }
        if network.chance(network.faults(|faults| faults.reset)) {
            return self.reset_later(network, side);
        }
        self.pipes[side].borrow_mut().held += bytes.len();
        let at = self.next_arrival(network, side);
        let (this, piece) = (self.clone(), Piece { bytes: VecDeque::from(bytes.to_vec()), carried });
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
    fn arrive(self: &Rc<Self>, side: usize, piece: Piece) {
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

    pub(super) fn end_later(self: &Rc<Self>, network: &Network, side: usize) {
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
    pub(super) fn reset_later(self: &Rc<Self>, network: &Network, side: usize) {
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
