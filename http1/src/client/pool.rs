//! The pool behind an agent: who may open a connection, who gets the next free one, and when an idle one goes.
//!
//! # Theory of operation
//!
//! Every connection, also one in the making, holds a [`Slot`] of its origin's [`Place`]; dropping the connection drops the
//! slot, and whoever waits longest and may use it is served. So the counts cannot drift: they are the slots that exist.
//!
//! An idle connection is a [`Line`] in its place's `free` list, the last used on top (LIFO: the warmest one is taken, the
//! others age and go). It has no task. Its place in the loop is watched by a [`Watch`]: a waker that belongs to no task,
//! so idle connections do not keep a program alive, and waiting costs no allocation after the first time. If anything
//! comes, bytes or the end, nobody has asked for it, and the connection is closed (RFC 9112 §9.2, §9.5).
//!
//! Limits: connections per origin and in all, idle ones per origin, requests that wait. Where the limit in all is
//! reached, the connection that has been idle longest gives way, whatever its origin.

use super::connect::{self, Connecting, Connector, Origin};
use super::error::{Error, Stage};
use super::line::Line;
use super::{AgentOptions, Options, within};
use crate::Connection;
use crate::parser::Limits;
use crate::state::Side;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;
use wirebook_net as net;

pub(super) struct Pool {
    number: u64,
    pub(super) options: AgentOptions,
    connector: Connector,
    places: RefCell<HashMap<Box<[u8]>, Rc<Place>>>,
    /// Requests that wait for a connection, of all origins, in the order in which they came.
    waiting: RefCell<VecDeque<Rc<Waiter>>>,
    /// Slots of all places.
    total: Cell<usize>,
    /// The name of a place, in the making.
    name: RefCell<Vec<u8>>,
    /// A timer runs that looks for connections which have idled too long.
    sweeping: Cell<bool>,
    /// Somebody is being served: one at a time.
    serving: Cell<bool>,
}

/// The connections to one origin.
pub(super) struct Place {
    name: Box<[u8]>,
    pub(super) origin: Origin,
    pool: Weak<Pool>,
    /// Slots: connections that are busy, idle or in the making.
    pub(super) slots: Cell<usize>,
    pub(super) waiting: Cell<usize>,
    pub(super) free: RefCell<Vec<Rc<Line>>>,
}

/// The right to one connection.
pub(super) struct Slot {
    place: Rc<Place>,
    limits: Limits,
}

impl Slot {
    /// Begins a connection in this slot.
    pub(super) fn connect(&self) -> Connecting {
        match self.place.pool.upgrade() {
            Some(pool) => (pool.connector)(self.place.origin.clone()),
            None => Box::pin(async { Err(io::Error::other("the agent is gone")) }),
        }
    }

    /// The protocol of a new connection.
    pub(super) fn protocol(&self) -> Connection {
        Connection::new(Side::Requester, self.limits)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let place = &self.place;
        place.slots.set(place.slots.get() - 1);
        if let Some(pool) = place.pool.upgrade() {
            pool.total.set(pool.total.get() - 1);
            pool.forget_unused(place);
            pool.serve();
        }
    }
}

/// A request that waits.
struct Waiter {
    place: Rc<Place>,
    granted: RefCell<Option<Granted>>,
    waker: RefCell<Option<Waker>>,
}

enum Granted {
    Line(Rc<Line>),
    Slot(Slot),
}

impl Pool {
    pub(super) fn new(options: AgentOptions, connector: Connector) -> Rc<Pool> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let pool = Rc::new(Pool {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            options,
            connector,
            places: RefCell::default(),
            waiting: RefCell::default(),
            total: Cell::new(0),
            name: RefCell::default(),
            sweeping: Cell::new(false),
            serving: Cell::new(false),
        });
        POOLS.with_borrow_mut(|pools| {
            pools.retain(|pool| pool.1.strong_count() > 0);
            pools.push((pool.number, Rc::downgrade(&pool)));
        });
        pool
    }

    /// The pool of those who have no agent: it keeps nothing and bounds nothing.
    pub(super) fn of_loners() -> Rc<Pool> {
        thread_local!(static LONERS: Rc<Pool> = Pool::new(
            AgentOptions {
                keep_alive: false,
                max_sockets: usize::MAX,
                max_total_sockets: usize::MAX,
                ..AgentOptions::default()
            },
            Box::new(connect::over_the_system),
        ));
        LONERS.with(Rc::clone)
    }

    /// A connection for a request: an idle one, a new one, or the one that comes when others are done.
    pub(super) async fn check_out(
        self: &Rc<Self>,
        options: &Options<'_>,
        deadline: Option<Instant>,
    ) -> Result<Rc<Line>, Error> {
        let place = self.place(options);
        if let Some(line) = self.take_free(&place) {
            return Ok(line);
        }
        let mut slot = match self.try_slot(&place) {
            Some(slot) => slot,
            None => match self.wait(place, deadline).await? {
                Granted::Line(line) => return Ok(line),
                Granted::Slot(slot) => slot,
            },
        };
        if options.agent.is_none() {
            slot.limits = options.limits;
        }
        let stream = connect(slot.connect(), options.timeouts.connect, deadline).await?;
        let connection = slot.protocol();
        Ok(Line::new(stream, connection, Some(slot)))
    }

    /// The place of an origin. Nothing is allocated for one that is known.
    fn place(self: &Rc<Self>, options: &Options<'_>) -> Rc<Place> {
        let name = &mut *self.name.borrow_mut();
        name.clear();
        write_name(options, name);
        if let Some(place) = self.places.borrow().get(&name[..]) {
            return place.clone();
        }
        let place = Rc::new(Place {
            name: name.clone().into_boxed_slice(),
            origin: options.origin(),
            pool: Rc::downgrade(self),
            slots: Cell::new(0),
            waiting: Cell::new(0),
            free: RefCell::default(),
        });
        self.places.borrow_mut().insert(place.name.clone(), place.clone());
        place
    }

    /// The idle connection that was used last, if it is as quiet as it should be.
    fn take_free(&self, place: &Place) -> Option<Rc<Line>> {
        loop {
            let line = place.free.borrow_mut().pop()?;
            let fresh = net::now().saturating_duration_since(line.idle_since.get()) < line.idle_limit.get();
            if fresh && (!line.watch.get().is_some_and(Watch::rang) || self.is_quiet(&line)) {
                return Some(line);
            }
        }
    }

    /// The right to a further connection, if the limits allow one.
    fn try_slot(self: &Rc<Self>, place: &Rc<Place>) -> Option<Slot> {
        if place.slots.get() >= self.options.max_sockets {
            return None;
        }
        if self.total.get() >= self.options.max_total_sockets {
            self.close_oldest_idle();
        }
        if self.total.get() >= self.options.max_total_sockets {
            return None;
        }
        place.slots.set(place.slots.get() + 1);
        self.total.set(self.total.get() + 1);
        self.remember(place);
        Some(Slot { place: place.clone(), limits: self.options.limits })
    }

    async fn wait(self: &Rc<Self>, place: Rc<Place>, deadline: Option<Instant>) -> Result<Granted, Error> {
        if self.waiting.borrow().len() >= self.options.max_queued {
            self.forget_unused(&place);
            return Err(Error::QueueFull);
        }
        place.waiting.set(place.waiting.get() + 1);
        self.remember(&place);
        let waiter = Rc::new(Waiter { place, granted: RefCell::default(), waker: RefCell::default() });
        self.waiting.borrow_mut().push_back(waiter.clone());
        let queued = Queued { pool: self, waiter };
        let granted = poll_fn(|context| match queued.waiter.granted.borrow_mut().take() {
            Some(granted) => Poll::Ready(granted),
            None => {
                *queued.waiter.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        });
        match deadline {
            None => Ok(granted.await),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(net::now());
                net::timeout(left, granted).await.map_err(|_| Error::TimedOut(Stage::Queue))
            }
        }
    }

    /// Serves those who wait, the longest first, as far as there are connections or slots for them.
    fn serve(self: &Rc<Self>) {
        if self.waiting.borrow().is_empty() || self.serving.replace(true) {
            return;
        }
        while let Some((waiter, granted)) = self.next_served() {
            *waiter.granted.borrow_mut() = Some(granted);
            if let Some(waker) = waiter.waker.take() {
                waker.wake();
            }
        }
        self.serving.set(false);
    }

    fn next_served(self: &Rc<Self>) -> Option<(Rc<Waiter>, Granted)> {
        let mut at = 0;
        loop {
            let waiter = self.waiting.borrow().get(at)?.clone();
            let line = self.take_free(&waiter.place).map(Granted::Line);
            let granted = line.or_else(|| self.try_slot(&waiter.place).map(Granted::Slot));
            if let Some(granted) = granted {
                self.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &waiter));
                waiter.place.waiting.set(waiter.place.waiting.get() - 1);
                return Some((waiter, granted));
            }
            at += 1;
        }
    }

    /// Puts a connection that has nothing more to say among the idle ones.
    fn take_back(self: &Rc<Self>, place: &Rc<Place>, line: Rc<Line>) {
        if !self.options.keep_alive || !self.is_quiet(&line) {
            return;
        }
        line.reused.set(true);
        line.idle_since.set(net::now());
        if place.waiting.get() == 0 && place.free.borrow().len() >= self.options.max_free_sockets {
            return;
        }
        place.free.borrow_mut().push(line);
        self.serve();
        if !place.free.borrow().is_empty() && !self.sweeping.replace(true) {
            self.sweep_in(self.options.idle_timeout);
        }
    }

    /// Nothing has come on an idle connection; from now on it is watched.
    fn is_quiet(&self, line: &Line) -> bool {
        let watch = line.watch.get_or_init(|| Watch::new(self.number));
        loop {
            watch.bell.rang.store(false, Ordering::Relaxed);
            match line.stream.poll_readable(&mut Context::from_waker(&watch.waker)) {
                Poll::Pending => return true,
                Poll::Ready(Err(_)) => return false,
                // Readable may mean "look and see"; a byte or the end was not asked for.
                Poll::Ready(Ok(())) => match line.stream.try_read(&mut [0]) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    _ => return false,
                },
            }
        }
    }

    /// Closes the idle connections on which something came.
    fn look_at_rung(self: &Rc<Self>) {
        self.close_idle(|line| line.watch.get().is_some_and(Watch::rang) && !self.is_quiet(line));
    }

    /// Closes the connections that have idled too long; comes back when the next one will have.
    fn sweep(self: &Rc<Self>) {
        let now = net::now();
        let age = |line: &Line| now.saturating_duration_since(line.idle_since.get());
        self.close_idle(|line| age(line) >= line.idle_limit.get());
        let places = self.places.borrow();
        let free = places.values().flat_map(|place| place.free.borrow().clone());
        match free.map(|line| line.idle_limit.get().saturating_sub(age(&line))).min() {
            Some(next) => self.sweep_in(next),
            None => self.sweeping.set(false),
        }
    }

    /// The timer does not keep the loop alive.
    fn sweep_in(self: &Rc<Self>, delay: std::time::Duration) {
        let pool = Rc::downgrade(self);
        let sweep = move || pool.upgrade().into_iter().for_each(|pool| pool.sweep());
        net::set_timeout(sweep, delay).unref();
    }

    fn close_idle(&self, mut condemned: impl FnMut(&Line) -> bool) {
        let mut closed = Vec::new();
        for place in self.places.borrow().values() {
            closed.extend(place.free.borrow_mut().extract_if(.., |line| condemned(line)));
        }
        // Closing serves others, who may change the places: only now.
        drop(closed);
    }

    fn close_oldest_idle(&self) {
        let oldest = {
            let places = self.places.borrow();
            // The bottom of each list is its oldest.
            let bottoms = places.values().filter(|place| !place.free.borrow().is_empty());
            let oldest = bottoms.min_by_key(|place| place.free.borrow()[0].idle_since.get());
            oldest.map(|place| place.free.borrow_mut().remove(0))
        };
        drop(oldest);
    }

    /// While its last connection closed, a place that is about to be used may have been forgotten.
    fn remember(&self, place: &Rc<Place>) {
        if !self.places.borrow().contains_key(&place.name) {
            self.places.borrow_mut().insert(place.name.clone(), place.clone());
        }
    }

    fn forget_unused(&self, place: &Place) {
        if place.slots.get() == 0 && place.waiting.get() == 0 {
            let forgotten = self.places.borrow_mut().remove(&place.name);
            drop(forgotten);
        }
    }

    /// Closes every idle connection.
    pub(super) fn close_all_idle(&self) {
        self.close_idle(|_| true);
    }

    pub(super) fn slots(&self) -> usize {
        self.total.get()
    }

    pub(super) fn queued(&self) -> usize {
        self.waiting.borrow().len()
    }

    pub(super) fn free(&self) -> usize {
        self.places.borrow().values().map(|place| place.free.borrow().len()).sum()
    }

    pub(super) fn each_place(&self, mut then: impl FnMut(&Place)) {
        self.places.borrow().values().for_each(|place| then(place));
    }
}

/// Waits for a connection until it stands, or the time is over.
pub(super) async fn connect(
    connecting: Connecting,
    limit: std::time::Duration,
    deadline: Option<Instant>,
) -> Result<Rc<dyn net::Stream>, Error> {
    within(limit, deadline, Stage::Connect, connecting).await?.map_err(Error::Connect)
}

/// Gives a connection whose exchange went well back to its agent, if it has one that is still there.
pub(super) fn give_back(line: Rc<Line>) {
    let place = line.slot.borrow().as_ref().map(|slot| slot.place.clone());
    if let Some(place) = place
        && let Some(pool) = place.pool.upgrade()
    {
        pool.take_back(&place, line);
    }
}

/// The agent's own limit of idling, or the server's hint if that is shorter: `Keep-Alive: timeout=5` (RFC 2068 §19.7.1.1).
/// A second is taken off the hint, for the way there. A hint that is no number is no hint.
pub(super) fn idle_limit(line: &Line, hint: Option<&[u8]>) {
    let place = line.slot.borrow().as_ref().map(|slot| slot.place.clone());
    let Some(pool) = place.and_then(|place| place.pool.upgrade()) else { return };
    let hinted = hint.and_then(|hint| {
        let text = str::from_utf8(hint).ok()?;
        let seconds: u64 = text.split(',').find_map(|part| part.trim().strip_prefix("timeout=")?.parse().ok())?;
        Some(std::time::Duration::from_secs(seconds.saturating_sub(1)))
    });
    line.idle_limit.set(hinted.map_or(pool.options.idle_timeout, |hinted| hinted.min(pool.options.idle_timeout)));
}

/// A name that no other origin has: its parts, none of which can contain the byte between them.
fn write_name(options: &Options<'_>, name: &mut Vec<u8>) {
    name.push(u8::from(options.secure));
    name.extend_from_slice(&options.port.to_be_bytes());
    match options.local_address {
        None => name.push(0),
        Some(IpAddr::V4(address)) => {
            name.push(4);
            name.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            name.push(6);
            name.extend_from_slice(&address.octets());
        }
    }
    name.extend(options.bare_host().bytes().map(|byte| byte.to_ascii_lowercase()));
    if let Some(path) = options.socket_path {
        name.push(0);
        name.extend_from_slice(path.as_os_str().as_bytes());
    }
}

/// A request in the queue. If it goes away before its turn, or with what it was granted, the next one is served.
struct Queued<'p> {
    pool: &'p Rc<Pool>,
    waiter: Rc<Waiter>,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let before = self.pool.waiting.borrow().len();
        self.pool.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &self.waiter));
        if self.pool.waiting.borrow().len() < before {
            let place = &self.waiter.place;
            place.waiting.set(place.waiting.get() - 1);
            self.pool.forget_unused(place);
        }
        match self.waiter.granted.take() {
            Some(Granted::Line(line)) => give_back(line),
            Some(Granted::Slot(slot)) => drop(slot),
            None => {}
        }
    }
}

thread_local! {
    /// The pools of this thread, for their watches: a waker must not hold what lives on one thread alone.
    static POOLS: RefCell<Vec<(u64, Weak<Pool>)>> = const { RefCell::new(Vec::new()) };
}

/// A waker that belongs to an idle connection instead of to a task.
pub(super) struct Watch {
    bell: Arc<Bell>,
    waker: Waker,
}

struct Bell {
    pool: u64,
    rang: AtomicBool,
}

impl Watch {
    fn new(pool: u64) -> Watch {
        let bell = Arc::new(Bell { pool, rang: AtomicBool::new(false) });
        Watch { waker: Waker::from(bell.clone()), bell }
    }

    /// Something came since the connection was last looked at.
    pub(super) fn rang(&self) -> bool {
        self.bell.rang.load(Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.rang.swap(true, Ordering::Relaxed) {
            return;
        }
        let number = self.pool;
        let pool = POOLS.with_borrow(|pools| pools.iter().find(|pool| pool.0 == number).map(|pool| pool.1.clone()));
        if let Some(pool) = pool {
            net::queue_microtask(move || pool.upgrade().into_iter().for_each(|pool| pool.look_at_rung()));
        }
    }
}
