//! A port: its queues, which the master keeps whoever dies, and who gets the connections that the master accepts.
//!
//! A connection that was accepted here stays here, as a copy, until its worker has said that it took it; what a worker had not
//! taken when it died comes back, and is the next one's. So whatever happens it has one owner, and never none.

use super::{
    hand::{Hand, Hands, SHY},
    post::Post,
};
use crate::policy::{MAX_PEEK, Policy, Sticky, Turn, Whose};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::poll_fn,
    hash::RandomState,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use wirebook_net::{
    self as net,
    tcp::{ListenOptions, TcpListener, TcpStream},
};
use wirebook_process::{Handle, Kind};

/// Ports that a cluster listens on, beside those that were passed to it. Who asks for one more is told that there is none.
pub const MAX_PORTS: usize = 256;
/// Connections that are accepted at a time, before the loop is given back.
const MAX_BURST: usize = 64;
/// How long a client has to say who it is, before its address is taken for its name.
const LOOK: Duration = Duration::from_secs(1);
/// Clients that are looked at, at a time; further ones wait in the system's queue.
const MAX_LOOKS: usize = 1024;
/// How long a client that has not said all is left alone before it is looked at again: what was seen is still there, so its stream stays
/// readable.
const LOOK_PAUSE: Duration = Duration::from_millis(10);
/// How often a master that was replaced looks whether what it had accepted has somebody.
const HAND_OVER_PAUSE: Duration = Duration::from_millis(5);
/// How long the master rests that cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A connection that waits for a worker, and what stands for its client.
#[derive(Debug)]
struct Waiting {
    connection: OwnedFd,
    client: Option<u64>,
}

/// A port that others have opened.
#[derive(Debug)]
pub(crate) struct Open {
    /// What was asked for.
    pub(crate) asked: (SocketAddr, usize),
    /// Its queues, each with its slot.
    pub(crate) queues: Vec<(usize, TcpListener)>,
    /// A service manager has opened it.
    pub(crate) passed: bool,
}

/// What a master begins with.
#[derive(Debug, Default)]
pub(crate) struct Begin {
    pub(crate) ports: Vec<Open>,
    /// The number of its first generation, and how many workers should serve, where it goes on with another's.
    pub(crate) generation: Option<u64>,
    pub(crate) wanted: Option<usize>,
    /// It is the master of an agent, and this is how that one speaks to the workers of another.
    pub(crate) of_agent: Option<Rc<Post>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Port {
    pub(super) key: u64,
    /// What it is bound to.
    pub(super) address: SocketAddr,
    policy: Policy,
    hands: Hands,
    turn: RefCell<Turn>,
    waiting: RefCell<VecDeque<Waiting>>,
    /// Raised when somebody may have room, and when something waits.
    changed: net::Signal,
    /// The queue of all, or one for each slot.
    queues: RefCell<BTreeMap<usize, Rc<TcpListener>>>,
    /// Workers that have asked for it, and have not ended.
    pub(super) users: RefCell<BTreeSet<u64>>,
    looks: Cell<usize>,
    keys: RandomState,
    /// Nobody of the newest generation wants it.
    closed: Cell<bool>,
    /// Another master accepts from its queues.
    handed_over: Cell<bool>,
    /// Whoever started this process has opened it, and it is not ours to close.
    pub(crate) passed: bool,
}

/// What comes to a queue wakes this process no more.
fn rest(queue: &TcpListener) {
    // The only one who can refuse is a loop that has ended, and that is never woken.
    let _ = queue.hear(false);
}

impl Port {
    /// Listens.
    ///
    /// # Errors
    /// Those of [`TcpListener::bind`].
    pub(super) fn bind(key: u64, address: SocketAddr, policy: Policy, hands: Hands) -> io::Result<Rc<Port>> {
        let reuse_port = policy == Policy::ReusePort;
        if reuse_port {
            // Whoever listens there already would get a share of all connections.
            drop(TcpListener::bind(address)?);
        }
        let queue = TcpListener::bind_with(address, &ListenOptions { reuse_port, ..ListenOptions::default() })?;
        Port::of(key, vec![(0, queue)], policy, hands, false)
    }

    /// The port of queues that are open, each with its slot; at least one.
    ///
    /// # Errors
    /// That there is none; that they have no address.
    pub(super) fn of(
        key: u64,
        queues: Vec<(usize, TcpListener)>,
        policy: Policy,
        hands: Hands,
        passed: bool,
    ) -> io::Result<Rc<Port>> {
        let none = || io::Error::new(io::ErrorKind::InvalidInput, "a port has a queue");
        let address = queues.first().ok_or_else(none)?.1.local_addr()?;
        let port = Rc::new(Port {
            key,
            address,
            policy,
            hands,
            turn: RefCell::default(),
            waiting: RefCell::default(),
            changed: net::Signal::new(),
            queues: RefCell::default(),
            users: RefCell::default(),
            looks: Cell::new(0),
            keys: RandomState::new(),
            closed: Cell::new(false),
            handed_over: Cell::new(false),
            passed,
        });
        for (slot, queue) in queues {
            port.add_queue(slot, queue);
        }
        Ok(port)
    }

    /// Copies of its queues, each with its slot.
    ///
    /// # Errors
    /// `EMFILE`.
    pub(crate) fn copies(&self) -> io::Result<Vec<(usize, OwnedFd)>> {
        let queues = self.queues.borrow();
        queues.iter().map(|(slot, queue)| Ok((*slot, queue.as_fd().try_clone_to_owned()?))).collect()
    }

    /// Accepts nothing any more, because another master does, and waits until what was accepted has somebody.
    pub(crate) async fn hand_over(&self) {
        self.handed_over.set(true);
        self.changed.raise();
        // A moment as a rule: what was accepted had somebody with room, or is looked at for a second.
        while !self.closed.get() && (!self.waiting.borrow().is_empty() || self.looks.get() > 0) {
            net::sleep(HAND_OVER_PAUSE).await;
        }
    }

    /// What a guest in that slot accepts from.
    ///
    /// # Errors
    /// As [`Port::queue_for`].
    pub(super) fn queue_of_guest(self: &Rc<Self>, slot: usize) -> io::Result<OwnedFd> {
        if let Some(queue) = self.queue_for(slot)? {
            return Ok(queue);
        }
        let none = || io::Error::new(io::ErrorKind::NotConnected, "the port is closed");
        self.queues.borrow().get(&0).ok_or_else(none)?.as_fd().try_clone_to_owned()
    }

    fn add_queue(self: &Rc<Self>, slot: usize, queue: TcpListener) -> Rc<TcpListener> {
        let queue = Rc::new(queue);
        self.queues.borrow_mut().insert(slot, queue.clone());
        if self.policy == Policy::Shared {
            rest(&queue);
        } else {
            net::spawn(self.clone().distribute(slot, queue.clone()));
        }
        queue
    }

    /// What a worker in that slot accepts from by itself; `None` where the master accepts.
    ///
    /// # Errors
    /// Those of listening, and of copying a descriptor.
    pub(super) fn queue_for(self: &Rc<Self>, slot: usize) -> io::Result<Option<OwnedFd>> {
        let slot = match self.policy {
            Policy::ReusePort => slot,
            Policy::Shared => 0,
            _ => return Ok(None),
        };
        let known = self.queues.borrow().get(&slot).cloned();
        let queue = match known {
            Some(queue) => queue,
            None => {
                let options = ListenOptions { reuse_port: true, ..ListenOptions::default() };
                self.add_queue(slot, TcpListener::bind_with(self.address, &options)?)
            }
        };
        queue.as_fd().try_clone_to_owned().map(Some)
    }

    /// A worker takes its connections from now on.
    pub(super) fn join(&self, worker: u64) {
        self.turn.borrow_mut().join(worker);
        self.changed.raise();
    }

    /// A worker takes none any more.
    pub(super) fn leave(&self, worker: u64) {
        self.turn.borrow_mut().leave(worker);
        self.changed.raise();
    }

    /// A worker says how many connections it has.
    pub(super) fn has_open(&self, worker: u64, open: usize) {
        self.turn.borrow_mut().has_open(worker, open);
    }

    /// A worker may have room.
    pub(super) fn look_again(&self) {
        self.changed.raise();
    }

    /// What a worker had not taken is the next one's.
    pub(super) fn take_back(self: &Rc<Self>, connection: OwnedFd) {
        if matches!(self.policy, Policy::Sticky(_)) {
            return self.look(connection);
        }
        self.waiting.borrow_mut().push_front(Waiting { connection, client: None });
        self.changed.raise();
    }

    /// Listens no more.
    pub(super) fn close(&self) {
        self.closed.set(true);
        // Workers may have copies, and what comes there would still wake this process.
        self.queues.take().values().for_each(|queue| rest(queue));
        self.changed.raise();
    }

    fn hand(&self, worker: u64) -> Option<Rc<Hand>> {
        self.hands.borrow().get(&worker).cloned()
    }

    fn has_room(&self, worker: u64) -> bool {
        self.hand(worker).is_some_and(|hand| hand.has_room())
    }

    fn anybody_has_room(&self) -> bool {
        self.turn.borrow().members().iter().any(|worker| self.has_room(*worker))
    }

    /// Whether a worker accepts from the queue of a slot.
    fn is_served(&self, slot: usize) -> bool {
        let own = |worker: &u64| self.hand(*worker).is_some_and(|hand| hand.slot == slot && !hand.leaves.get());
        self.policy == Policy::ReusePort && self.turn.borrow().members().iter().any(own)
    }

    /// Whether the master accepts from the queue of a slot. Of a queue that has a worker it keeps its hands off: what lies there
    /// while a slot is empty, because its worker died or was one too many, it gives to the others.
    fn may_accept(&self, slot: usize) -> bool {
        !self.is_served(slot)
            && !self.handed_over.get()
            && self.looks.get() < MAX_LOOKS
            && self.waiting.borrow().is_empty()
            && self.anybody_has_room()
    }

    // ANCHOR: distribute
    /// Accepts from a queue, and gives out.
    async fn distribute(self: Rc<Self>, slot: usize, queue: Rc<TcpListener>) {
        while !self.closed.get() {
            let stopped = poll_fn(|context| self.poll_distribute(context, slot, &queue)).await;
            if stopped.is_err() {
                net::sleep(ACCEPT_PAUSE).await;
            }
        }
    }

    fn poll_distribute(
        self: &Rc<Self>,
        context: &mut Context<'_>,
        slot: usize,
        queue: &TcpListener,
    ) -> Poll<io::Result<()>> {
        let mut left = MAX_BURST;
        if self.is_served(slot) {
            rest(queue);
        } else {
            queue.hear(true)?;
        }
        self.give_out();
        while self.may_accept(slot) {
            if left == 0 {
                // The loop goes on with others first.
                context.waker().wake_by_ref();
                break;
            }
            match queue.poll_accept_fd(context) {
                Poll::Ready(Ok(connection)) => self.came(connection),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
            left -= 1;
            self.give_out();
        }
        self.flush();
        let before = self.may_accept(slot);
        let changed = || {
            let may_give = !self.waiting.borrow().is_empty() && self.may_give();
            (may_give || self.may_accept(slot) != before || self.closed.get()).then_some(())
        };
        self.changed.poll_until(context, changed).map(Ok)
    }
    // ANCHOR_END: distribute

    fn came(self: &Rc<Self>, connection: OwnedFd) {
        if matches!(self.policy, Policy::Sticky(_)) {
            return self.look(connection);
        }
        self.waiting.borrow_mut().push_back(Waiting { connection, client: None });
    }

    /// Whether one of those that wait has somebody to go to.
    fn may_give(&self) -> bool {
        self.waiting.borrow().iter().any(|waiting| self.whose(waiting.client, false).is_some())
    }

    /// Who gets a connection; with `counts` it is that one's.
    fn whose(&self, client: Option<u64>, counts: bool) -> Option<u64> {
        let has_room = |worker| self.has_room(worker);
        let mut turn = self.turn.borrow_mut();
        if let Some(client) = client {
            let slot_of = |worker: &u64| self.hand(*worker).filter(|hand| !hand.leaves.get()).map(|hand| hand.slot);
            let slot = Sticky::slot(client, turn.members().iter().filter_map(slot_of), &self.keys)?;
            // While one leaves its slot another takes it.
            return turn.members().iter().copied().find(|worker| slot_of(worker) == Some(slot) && has_room(*worker));
        }
        match self.policy {
            _ if !counts => turn.members().iter().copied().find(|worker| has_room(*worker)),
            Policy::Fewest => turn.fewest(has_room),
            _ => turn.next(has_room),
        }
    }

    // ANCHOR: give_out
    /// Gives out what waits, in order; whoever waits for a certain worker holds up nobody else.
    fn give_out(self: &Rc<Self>) {
        let mut passed_over = 0;
        loop {
            let next = self.waiting.borrow_mut().remove(passed_over);
            let Some(Waiting { connection, client }) = next else { return };
            let mut handle = Some(Handle { kind: Kind::Native, carried: connection });
            if let Some(hand) = self.whose(client, true).and_then(|worker| self.hand(worker)) {
                match hand.give(self.key, &mut handle) {
                    Ok(()) => continue,
                    Err(_) => self.spare(&hand),
                }
            }
            if let Some(Handle { carried: connection, .. }) = handle {
                self.waiting.borrow_mut().insert(passed_over, Waiting { connection, client });
                passed_over += 1;
            }
            if client.is_none() {
                return;
            }
        }
    }
    // ANCHOR_END: give_out

    /// Gives a worker nothing for a while.
    pub(super) fn spare(self: &Rc<Self>, hand: &Hand) {
        hand.be_shy();
        let port = self.clone();
        net::spawn(async move {
            net::sleep(SHY).await;
            port.changed.raise();
        });
    }

    /// The last call: what has come to the queues is given out, and they are closed, so that whoever comes now is refused at once
    /// and need not wait for the end.
    pub(super) fn last_call(self: &Rc<Self>) {
        if self.turn.borrow().members().is_empty() {
            // Those that accept by themselves have copies.
            return self.close();
        }
        let queues: Vec<Rc<TcpListener>> = self.queues.borrow().values().cloned().collect();
        let mut context = Context::from_waker(Waker::noop());
        for queue in queues {
            // A queue is at most as long as its backlog; who still comes meanwhile is refused.
            for _ in 0..ListenOptions::default().backlog {
                let Poll::Ready(Ok(connection)) = queue.poll_accept_fd(&mut context) else { break };
                self.came(connection);
            }
        }
        self.give_out();
        self.flush();
        self.close();
    }

    fn flush(&self) {
        for hand in self.hands.borrow().values() {
            hand.channel.flush();
        }
    }

    /// Finds out whose a connection is. The bytes are looked at, and stay where they are.
    fn look(self: &Rc<Self>, connection: OwnedFd) {
        let Policy::Sticky(sticky) = &self.policy else { return };
        let (port, sticky) = (self.clone(), sticky.clone());
        self.looks.set(self.looks.get() + 1);
        net::spawn(async move {
            let found = port.client(&sticky, connection).await;
            port.looks.set(port.looks.get() - 1);
            if let Ok(waiting) = found {
                port.waiting.borrow_mut().push_back(waiting);
            }
            port.changed.raise();
        });
    }

    async fn client(&self, sticky: &Sticky, connection: OwnedFd) -> io::Result<Waiting> {
        let stream = TcpStream::from_fd(connection)?;
        let peer = stream.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
        if *sticky == Sticky::Address {
            return Ok(Waiting { connection: stream.into_fd(), client: Some(self.by_address(peer)) });
        }
        let began = net::now();
        let mut bytes = vec![0; MAX_PEEK];
        let client = loop {
            let left = LOOK.saturating_sub(net::now() - began);
            match net::timeout(left, stream.peek(&mut bytes)).await {
                // A client that has ended says no more, and one whose time is up need not.
                Ok(Ok(0)) | Err(_) => break self.by_address(peer),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(seen)) => {
                    let complete = left.is_zero() || seen == MAX_PEEK;
                    if let Whose::Client(client) = sticky.whose(&bytes[..seen], complete, peer, &self.keys) {
                        break client;
                    }
                }
            }
            net::sleep(left.min(LOOK_PAUSE)).await;
        };
        Ok(Waiting { connection: stream.into_fd(), client: Some(client) })
    }

    fn by_address(&self, peer: IpAddr) -> u64 {
        match Sticky::Address.whose(&[], true, peer, &self.keys) {
            Whose::Client(client) => client,
            // An address is known at once.
            Whose::More => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write, net::TcpStream as Client, thread};

    /// A client is not taken for another because the master had other things to do: what it has sent in time is looked at first.
    #[test]
    fn a_master_that_was_held_up_looks_before_an_address_is_a_name() {
        for early in ["", "GET /?si"] {
            let found = net::run(async move {
                let sticky = Sticky::Query("sid".into());
                let queue = TcpListener::bind("127.0.0.1:0")?;
                let address = queue.local_addr()?;
                let policy = Policy::Sticky(sticky.clone());
                let port = Port::of(1, vec![(0, TcpListener::bind("127.0.0.1:0")?)], policy, Hands::default(), false)?;
                let mut client = Client::connect(address)?;
                let accepted = net::Listener::accept(&queue).await?.0.into_fd();
                let head = "GET /?sid=7 HTTP/1.1\r\n\r\n";
                client.write_all(early.as_bytes())?;
                let sent = Rc::new(Cell::new(None));
                let sends = sent.clone();
                let (looks, seen) = (port.clone(), sticky.clone());
                let task = net::spawn(async move { looks.client(&seen, accepted).await });
                net::sleep(Duration::from_millis(30)).await;
                // Behind the sockets of a turn, so that the timers come next.
                net::set_immediate(move || {
                    client.write_all(&head.as_bytes()[early.len()..]).unwrap();
                    thread::sleep(LOOK + Duration::from_millis(20));
                    sends.set(Some(client));
                });
                let found = task.await.map_err(io::Error::other)??.client;
                let Whose::Client(named) = sticky.whose(head.as_bytes(), true, address.ip(), &port.keys) else {
                    panic!("a name")
                };
                let unnamed = port.by_address(address.ip());
                assert!(sent.take().is_some(), "it is known when it has sent all");
                net::stop();
                io::Result::Ok((found, named, unnamed))
            });
            let (found, named, unnamed) = found.unwrap();
            assert!(found == Some(named) && named != unnamed, "{early:?}");
        }
    }
}
