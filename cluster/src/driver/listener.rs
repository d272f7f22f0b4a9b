//! What a worker accepts from: connections that the master gives, and a queue of the system's.

use crate::policy::rests;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt, io,
    net::SocketAddr,
    os::fd::OwnedFd,
    rc::Rc,
    task::{Context, Poll},
};
use wirebook_net::{
    self as net,
    tcp::{TcpListener, TcpStream},
};

/// Connections that a worker has taken and its server has not accepted: with more the worker takes nothing from the master.
pub(super) const MAX_TAKEN: usize = 256;

/// What a worker has to do with the system's queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Queue {
    /// It is not ready: what it accepted now would be lost with it if it died at its start.
    #[default]
    Early,
    Open,
    /// It leaves: the queue is others' to empty.
    Closed,
}

/// One port of a worker, as the worker's side of the channel fills it.
#[derive(Default)]
pub(super) struct Inbox {
    taken: RefCell<VecDeque<OwnedFd>>,
    /// Raised when a connection came, and when the worker begins or ends to accept by itself.
    changed: net::Signal,
    /// Raised when one was accepted.
    pub(super) accepted: net::Signal,
    /// Whether it accepts from the system's queue.
    queue: Cell<Queue>,
    /// It has more than its share: others go first.
    rests: Cell<bool>,
}

impl Inbox {
    pub(super) fn push(&self, connection: OwnedFd) {
        self.taken.borrow_mut().push_back(connection);
        self.changed.raise();
    }

    pub(super) fn waiting(&self) -> usize {
        self.taken.borrow().len()
    }

    /// Accepts from the system's queue from now on.
    pub(super) fn open(&self) {
        if self.queue.get() == Queue::Early {
            self.queue.set(Queue::Open);
            self.changed.raise();
        }
    }

    /// Accepts nothing from the system's queue any more.
    pub(super) fn close(&self) {
        self.queue.set(Queue::Closed);
        self.changed.raise();
    }

    fn may_accept(&self) -> bool {
        self.queue.get() == Queue::Open && !self.rests.get()
    }

    /// What all have, on average.
    pub(super) fn compare(&self, open: usize, mean: usize) {
        self.rests.set(rests(open, mean));
        self.changed.raise();
    }
}

/// What a worker's server accepts from. Whoever accepts cannot see from where a connection comes.
pub struct Listener {
    inbox: Rc<Inbox>,
    address: SocketAddr,
    /// Its own copy, until it leaves.
    queue: RefCell<Option<TcpListener>>,
    /// One connection for each turn of the loop, so that others can be quicker.
    shares: bool,
    had_its_turn: Cell<bool>,
}

impl Listener {
    pub(super) fn new(inbox: Rc<Inbox>, address: SocketAddr, queue: Option<TcpListener>, shares: bool) -> Self {
        Listener { inbox, address, queue: RefCell::new(queue), shares, had_its_turn: Cell::new(false) }
    }

    /// The address of the port.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).finish_non_exhaustive()
    }
}

impl net::Listener for Listener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        loop {
            let next = self.inbox.taken.borrow_mut().pop_front();
            if let Some(descriptor) = next {
                self.inbox.accepted.raise();
                // One whose peer has gone meanwhile is no connection any more.
                let taken = TcpStream::from_fd(descriptor).and_then(|stream| Ok((stream.peer_addr()?, stream)));
                if let Ok((peer, stream)) = taken {
                    return Poll::Ready(Ok((stream, peer)));
                }
                continue;
            }
            if self.inbox.queue.get() == Queue::Closed {
                // So that a port nobody serves any more is closed when the master closes it.
                self.queue.borrow_mut().take();
            }
            if let Some(queue) = self.queue.borrow().as_ref().filter(|_| self.inbox.may_accept()) {
                if self.shares && self.had_its_turn.replace(false) {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if let Poll::Ready(accepted) = net::Listener::poll_accept(queue, context) {
                    self.had_its_turn.set(true);
                    return Poll::Ready(accepted);
                }
            }
            let look = || (self.inbox.queue.get(), self.inbox.rests.get());
            let before = look();
            let changed = || (self.inbox.waiting() > 0 || look() != before).then_some(());
            if self.inbox.changed.poll_until(context, changed).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
