//! The network itself: a clock, a queue of events, names and chance.

use super::{Config, Faults, stream::Pending, udp::Mailbox};
use crate::{
    driver::Driver,
    event_loop::Loop,
    run,
    slab::Key,
    timers::{Action, Nanos, Timers},
};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

/// Most events that one turn of the loop runs.
const EVENTS_PER_TURN: usize = 1024;
/// What a turn takes that does not wait, because something is ready to run: so tasks that only yield to each other do not
/// stop the time.
const BUSY_TURN: Duration = Duration::from_micros(1);
/// First of the ports that are given to those who ask for none (RFC 6335, section 6).
const FIRST_FREE_PORT: u16 = 49152;

pub(crate) struct Network {
    start: Instant,
    clock: Cell<Nanos>,
    limit: Nanos,
    events: RefCell<Timers>,
    random: Cell<u64>,
    faults: RefCell<Faults>,
    listeners: RefCell<HashMap<SocketAddr, Rc<Accepting>>>,
    mailboxes: RefCell<HashMap<SocketAddr, Weak<Mailbox>>>,
    next_port: Cell<u16>,
}

/// A listening address: who waits to be accepted, and the listener's source.
pub(super) struct Accepting {
    pub(super) queue: RefCell<VecDeque<Pending>>,
    pub(super) source: Cell<Option<Key>>,
}

impl Network {
    pub(super) fn new(config: Config) -> Self {
        Network {
            start: Instant::now(),
            clock: Cell::new(0),
            limit: u64::try_from(config.limit.as_nanos()).unwrap_or(u64::MAX),
            events: RefCell::new(Timers::new()),
            random: Cell::new(config.seed),
            faults: RefCell::new(config.faults),
            listeners: RefCell::default(),
            mailboxes: RefCell::default(),
            next_port: Cell::new(FIRST_FREE_PORT),
        }
    }

    /// Calls `f` with the network of this thread's simulation.
    pub(super) fn current<R>(f: impl FnOnce(&Network) -> R) -> R {
        Self::try_current(f).expect("no simulation runs on this thread: call this from within sim::run")
    }

    pub(super) fn try_current<R>(f: impl FnOnce(&Network) -> R) -> Option<R> {
        run::try_current(|on| match &on.driver {
            Driver::Simulated(network) => Some(f(network)),
            Driver::Real { .. } => None,
        })
        .flatten()
    }

    pub(crate) fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.clock.get())
    }

    /// Moves the clock to the next event, or by `timeout` if that is sooner. When neither is there nothing can ever
    /// happen again, and the loop ends.
    pub(crate) fn wait(&self, on: &Loop, timeout: Option<Duration>) {
        let timeout = timeout.map(|timeout| timeout.max(BUSY_TURN));
        let event = self.events.borrow_mut().next();
        let timer = timeout.map(|timeout| self.clock.get().saturating_add(timeout.as_nanos() as Nanos));
        let Some(next) = event.into_iter().chain(timer).min() else { return on.stop() };
        self.clock.set(next.max(self.clock.get()));
        if self.clock.get() > self.limit {
            on.stop();
        }
    }

    /// Runs the events that are due; each makes sources ready or queues further events.
    pub(crate) fn dispatch(&self, on: &Rc<Loop>) {
        for _ in 0..EVENTS_PER_TURN {
            let Some((_, action)) = self.events.borrow_mut().expire(self.clock.get()) else { return };
            if let Action::Once(event) = action {
                event();
                on.drain();
            }
        }
    }

    /// Has `event` run at the time `at`; those of one time run in the order in which they were queued.
    pub(super) fn at(&self, at: Nanos, event: impl FnOnce() + 'static) {
        self.events.borrow_mut().insert(at, Action::Once(Box::new(event)));
    }

    /// When something that leaves now arrives.
    pub(super) fn arrival(&self) -> Nanos {
        let (min, max) = {
            let faults = self.faults.borrow();
            (faults.latency_min.as_nanos() as Nanos, faults.latency_max.as_nanos() as Nanos)
        };
        self.clock.get() + min + self.below(max.saturating_sub(min) + 1)
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *self.faults.borrow_mut() = faults;
    }

    pub(super) fn faults<R>(&self, f: impl FnOnce(&Faults) -> R) -> R {
        f(&self.faults.borrow())
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014): a counter and a mixer, enough for choosing faults.
    fn random(&self) -> u64 {
        self.random.set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = self.random.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&self, bound: u64) -> u64 {
        ((u128::from(self.random()) * u128::from(bound)) >> 64) as u64
    }

    pub(super) fn chance(&self, probability: f64) -> bool {
        // No draw for what is certain: a perfect network is the same for every seed.
        probability > 0.0 && (self.random() >> 11) as f64 / (1u64 << 53) as f64 <= probability
    }

    /// An address with a port that nobody has.
    pub(super) fn free_port(&self, ip: IpAddr) -> SocketAddr {
        let port = self.next_port.get();
        self.next_port.set(port.checked_add(1).unwrap_or(FIRST_FREE_PORT));
        SocketAddr::new(ip, port)
    }

    pub(super) fn client_address(&self) -> SocketAddr {
        self.free_port(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    pub(super) fn listen(&self, mut address: SocketAddr) -> io::Result<(SocketAddr, Rc<Accepting>)> {
        if address.port() == 0 {
            address = self.free_port(address.ip());
        }
        let mut listeners = self.listeners.borrow_mut();
        if listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let accepting = Rc::new(Accepting { queue: RefCell::default(), source: Cell::new(None) });
        listeners.insert(address, accepting.clone());
        Ok((address, accepting))
    }

    pub(super) fn unlisten(&self, address: SocketAddr) {
        let removed = self.listeners.borrow_mut().remove(&address);
        drop(removed);
    }

    /// Who listens at `address`, or at every address with its port.
    pub(super) fn listener(&self, address: SocketAddr) -> Option<Rc<Accepting>> {
        let listeners = self.listeners.borrow();
        listeners.get(&address).or_else(|| listeners.get(&everywhere(address))).cloned()
    }

    pub(super) fn open_mailbox(&self, mut address: SocketAddr, mailbox: &Rc<Mailbox>) -> io::Result<SocketAddr> {
        if address.port() == 0 {
            address = self.free_port(address.ip());
        }
        let mut mailboxes = self.mailboxes.borrow_mut();
        if mailboxes.get(&address).is_some_and(|mailbox| mailbox.strong_count() > 0) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        mailboxes.insert(address, Rc::downgrade(mailbox));
        Ok(address)
    }

    pub(super) fn mailbox(&self, address: SocketAddr) -> Option<Rc<Mailbox>> {
        let mailboxes = self.mailboxes.borrow();
        mailboxes.get(&address).or_else(|| mailboxes.get(&everywhere(address)))?.upgrade()
    }
}

fn everywhere(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, address.port()).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, address.port()).into(),
    }
}

/// Makes a source ready, if it still exists.
pub(super) fn make_ready(key: Option<Key>, ready: u8) {
    if let Some(key) = key {
        run::try_current(Rc::clone).inspect(|on| on.source_ready(key, ready));
    }
}
