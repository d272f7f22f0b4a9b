//! What a worker accepts from: connections that the master gives, and a queue of the system's.

use crate::policy::rests;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    os::fd::OwnedFd,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use wirebook_net::{
    self as net,
    tcp::{TcpListener, TcpStream},
};

/// How long a worker that has more than its share leaves a connection to the others, before it takes it nevertheless: they may be
/// busy, or stand still.
const REST: Duration = Duration::from_millis(2);

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
    /// Raised when one was accepted from the system's queue.
    pub(super) shared: Rc<net::Signal>,
}

impl Inbox {
    pub(super) fn new(shared: Rc<net::Signal>) -> Rc<Inbox> {
        Rc::new(Inbox { shared, ..Inbox::default() })
    }

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

    /// It has more than its share.
    pub(super) fn rests(&self) -> bool {
        self.rests.get()
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
    /// Until when the others go first, where this one has more than its share.
    rest: RefCell<Option<net::Sleep>>,
}

impl Listener {
    pub(super) fn new(inbox: Rc<Inbox>, address: SocketAddr, queue: Option<TcpListener>, shares: bool) -> Self {
        let (had_its_turn, rest) = Default::default();
        Listener { inbox, address, queue: RefCell::new(queue), shares, had_its_turn, rest }
    }

    // ANCHOR: lets_others
    /// Whether others go first this time; then it is woken when they have.
    fn lets_others(&self, context: &mut Context<'_>) -> bool {
        if !self.shares {
            return false;
        }
        if !self.inbox.rests() {
            self.rest.take();
            let had_its_turn = self.had_its_turn.replace(false);
            if had_its_turn {
                context.waker().wake_by_ref();
            }
            return had_its_turn;
        }
        let rest = &mut *self.rest.borrow_mut();
        let rested = Pin::new(rest.get_or_insert_with(|| net::sleep(REST))).poll(context).is_ready();
        if rested {
            rest.take();
        }
        !rested
    }
    // ANCHOR_END: lets_others

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
                if let Ok(taken) = TcpStream::from_accepted(descriptor) {
                    return Poll::Ready(Ok(taken));
                }
                continue;
            }
            if self.inbox.queue.get() == Queue::Closed {
                // So that a port nobody serves any more is closed when the master closes it.
                self.queue.borrow_mut().take();
            }
            let is_open = self.inbox.queue.get() == Queue::Open;
            if let Some(queue) = self.queue.borrow().as_ref().filter(|_| is_open)
                && !self.lets_others(context)
                && let Poll::Ready(accepted) = net::Listener::poll_accept(queue, context)
            {
                self.had_its_turn.set(true);
                if self.shares {
                    self.inbox.shared.raise();
                }
                return Poll::Ready(accepted);
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
