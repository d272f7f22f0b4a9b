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
    /// It has more than its share, or does not know: others go first.
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

    /// Lets others go first, until it has heard what they have.
    pub(super) fn rest(&self) {
        self.rests.set(true);
    }

    /// It has more than its share, or does not know.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream as Client;
    use wirebook_net::Listener as _;

    /// Others may be busy, or stand still: who rests leaves a connection to them for a moment, and not for ever.
    #[test]
    fn who_rests_takes_a_connection_later_and_takes_it() {
        let served = net::run(async {
            let queue = TcpListener::bind("127.0.0.1:0")?;
            let address = queue.local_addr()?;
            let inbox = Inbox::new(Rc::default());
            let listener = Listener::new(inbox.clone(), address, Some(queue), true);
            inbox.open();
            let clients: Vec<Client> = (0..4).map(|_| Client::connect(address)).collect::<io::Result<_>>()?;
            listener.accept().await?;
            inbox.rest();
            for _ in 0..2 {
                let began = net::now();
                listener.accept().await?;
                assert!(net::now() - began >= REST);
            }
            // It hears that others have as many.
            inbox.compare(100, 100);
            assert!(!inbox.rests());
            listener.accept().await?;
            drop(clients);
            io::Result::Ok(())
        });
        served.unwrap();
    }
}
