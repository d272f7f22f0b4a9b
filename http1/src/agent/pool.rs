//! The pool behind an agent: who may open a connection, who gets the next free one, and when an idle one goes.
//!
//! # Theory of operation
//!
//! Every connection, also one in the making, holds a [`Permit`] of its origin's [`Group`]; dropping the connection drops
//! the permit, and whoever waits longest and may use it is served. So the counts cannot drift: they are the permits that
//! exist.
//!
//! An idle connection lies in its group's [`Idle`] list, the last used on top (LIFO: the warmest one is taken, the others
//! age and go).
//!
//! Limits: connections per origin and in all, idle ones per origin, requests that wait. Where the limit in all is
//! reached, the connection that has been idle longest gives way, whatever its origin.

use super::connect::{self, Connecting, Connector};
use super::connection::{self, Connection, Owner};
use super::error::{Error, Stage};
use super::idle::{Idle, age, is_quiet};
use super::options::AgentOptions;
use super::origin::{Origin, OriginRef};
use crate::Connection as Protocol;
use crate::buffers::Outbox;
use crate::parser::Limits;
use crate::state::Side;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};
use wirebook_net as net;

pub(crate) struct Pool {
    pub(crate) options: AgentOptions,
    connector: Connector,
    groups: RefCell<HashMap<Box<[u8]>, Rc<Group>>>,
    /// Requests that wait for a connection, of all origins, in the order in which they came.
    waiting: RefCell<VecDeque<Rc<Waiter>>>,
    /// Permits of all groups.
    total: Cell<usize>,
    /// The name of a group, in the making.
    name: RefCell<Vec<u8>>,
    /// A timer runs that looks for connections which have idled too long.
    sweeping: Cell<bool>,
    /// Somebody is being served: one at a time.
    serving: Cell<bool>,
}

/// The connections to one origin.
pub(crate) struct Group {
    name: Box<[u8]>,
    pub(crate) origin: Origin,
    pool: Weak<Pool>,
    /// Connections that are busy, idle or in the making.
    pub(crate) permits: Cell<usize>,
    pub(crate) waiting: Cell<usize>,
    pub(crate) idle: Idle,
}

/// The right to one connection.
struct Permit {
    group: Rc<Group>,
    limits: Limits,
}

/// A request that waits.
struct Waiter {
    group: Rc<Group>,
    granted: RefCell<Option<Granted>>,
    signal: net::Signal,
}

enum Granted {
    Connection(Rc<Connection>),
    Permit(Rc<Permit>),
}

impl Owner for Permit {
    fn origin(&self) -> &Origin {
        &self.group.origin
    }

    fn connect(&self) -> Connecting {
        match self.group.pool.upgrade() {
            Some(pool) => (pool.connector)(self.group.origin.clone()),
            None => Box::pin(async { Err(io::Error::other("the agent is gone")) }),
        }
    }

    fn protocol(&self) -> Protocol {
        Protocol::new(Side::Requester, self.limits)
    }

    fn idle_timeout(&self) -> Duration {
        self.group.pool.upgrade().map_or(Duration::ZERO, |pool| pool.options.idle_timeout)
    }

    fn take_back(&self, connection: Rc<Connection>) {
        if let Some(pool) = self.group.pool.upgrade() {
            pool.take_back(&self.group, connection);
        }
    }

    fn hear(&self, connection: &Rc<Connection>) {
        drop(self.group.idle.hear(connection));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let group = &self.group;
        group.permits.set(group.permits.get() - 1);
        if let Some(pool) = group.pool.upgrade() {
            pool.total.set(pool.total.get() - 1);
            pool.forget_unused(group);
            pool.serve();
        }
    }
}

impl Pool {
    pub(crate) fn new(options: AgentOptions, connector: Connector) -> Rc<Pool> {
        Rc::new(Pool {
            options,
            connector,
            groups: RefCell::default(),
            waiting: RefCell::default(),
            total: Cell::new(0),
            name: RefCell::default(),
            sweeping: Cell::new(false),
            serving: Cell::new(false),
        })
    }

    /// The pool of those who have no agent: it keeps nothing and bounds nothing.
    pub(crate) fn of_none() -> Rc<Pool> {
        thread_local!(static NONE: Rc<Pool> = Pool::new(
            AgentOptions {
                keep_alive: false,
                max_sockets: usize::MAX,
                max_total_sockets: usize::MAX,
                ..AgentOptions::default()
            },
            Box::new(connect::over_the_system),
        ));
        NONE.with(Rc::clone)
    }

    /// A connection for a request: an idle one, a new one, or the one that comes when others are done. A new one has
    /// `limits`, or the pool's.
    pub(crate) async fn check_out(
        self: &Rc<Self>,
        origin: OriginRef<'_>,
        limits: Option<Limits>,
        connect: Duration,
        deadline: Option<Instant>,
    ) -> Result<Rc<Connection>, Error> {
        if self.options.max_sockets == 0 || self.options.max_total_sockets == 0 {
            return Err(Error::Option("the agent allows no connection"));
        }
        let group = self.group(origin);
        if let Some(connection) = group.idle.pop() {
            return Ok(connection);
        }
        let permit = match self.permit(&group, limits.unwrap_or(self.options.limits)) {
            Some(permit) => permit,
            None => match Box::pin(self.wait(group, deadline)).await? {
                Granted::Connection(connection) => return Ok(connection),
                Granted::Permit(permit) => permit,
            },
        };
        let protocol = permit.protocol();
        Box::pin(connection::open(permit, protocol, Outbox::default(), connect, deadline)).await
    }

    /// The group of an origin. Nothing is allocated for one that is known.
    fn group(self: &Rc<Self>, origin: OriginRef<'_>) -> Rc<Group> {
        let name = &mut *self.name.borrow_mut();
        name.clear();
        origin.write_name(name);
        if let Some(group) = self.groups.borrow().get(&name[..]) {
            return group.clone();
        }
        let group = Rc::new(Group {
            name: name.clone().into_boxed_slice(),
            origin: origin.to_owned(),
            pool: Rc::downgrade(self),
            permits: Cell::new(0),
            waiting: Cell::new(0),
            idle: Idle::default(),
        });
        self.groups.borrow_mut().insert(group.name.clone(), group.clone());
        group
    }

    /// The right to a further connection, if the limits allow one.
    fn permit(&self, group: &Rc<Group>, limits: Limits) -> Option<Rc<Permit>> {
        if group.permits.get() >= self.options.max_sockets {
            return None;
        }
        if self.total.get() >= self.options.max_total_sockets {
            self.close_oldest_idle();
        }
        if self.total.get() >= self.options.max_total_sockets {
            return None;
        }
        group.permits.set(group.permits.get() + 1);
        self.total.set(self.total.get() + 1);
        self.remember(group);
        Some(Rc::new(Permit { group: group.clone(), limits }))
    }

    async fn wait(self: &Rc<Self>, group: Rc<Group>, deadline: Option<Instant>) -> Result<Granted, Error> {
        if self.waiting.borrow().len() >= self.options.max_queued {
            self.forget_unused(&group);
            return Err(Error::QueueFull);
        }
        group.waiting.set(group.waiting.get() + 1);
        self.remember(&group);
        let waiter = Rc::new(Waiter { group, granted: RefCell::default(), signal: net::Signal::new() });
        self.waiting.borrow_mut().push_back(waiter.clone());
        let queued = Queued { pool: self, waiter };
        let granted = queued.waiter.signal.until(|| queued.waiter.granted.take());
        match deadline {
            None => Ok(granted.await),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(net::now());
                net::timeout(left, granted).await.map_err(|_| Error::TimedOut(Stage::Queue))
            }
        }
    }

    /// Serves those who wait, the longest first, as far as there are connections or permits for them.
    fn serve(&self) {
        if self.waiting.borrow().is_empty() || self.serving.replace(true) {
            return;
        }
        while let Some((waiter, granted)) = self.next_served() {
            waiter.granted.replace(Some(granted));
            waiter.signal.raise();
        }
        self.serving.set(false);
    }

    fn next_served(&self) -> Option<(Rc<Waiter>, Granted)> {
        let mut at = 0;
        loop {
            let waiter = self.waiting.borrow().get(at)?.clone();
            let connection = waiter.group.idle.pop().map(Granted::Connection);
            let granted = connection.or_else(|| self.permit(&waiter.group, self.options.limits).map(Granted::Permit));
            if let Some(granted) = granted {
                self.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &waiter));
                waiter.group.waiting.set(waiter.group.waiting.get() - 1);
                return Some((waiter, granted));
            }
            at += 1;
        }
    }

    /// Puts a connection that has nothing more to say among the idle ones.
    fn take_back(self: &Rc<Self>, group: &Rc<Group>, connection: Rc<Connection>) {
        if !self.options.keep_alive || connection.idle_limit.get().is_zero() || !is_quiet(&connection) {
            return;
        }
        connection.reused.set(true);
        connection.idle_since.set(net::now());
        if group.waiting.get() == 0 && group.idle.len() >= self.options.max_free_sockets {
            return;
        }
        group.idle.push(connection);
        self.serve();
        if group.idle.len() > 0 && !self.sweeping.replace(true) {
            self.sweep_in(self.options.idle_timeout);
        }
    }

    /// Closes the connections that have idled too long; comes back when the next one will have.
    fn sweep(self: &Rc<Self>) {
        let now = net::now();
        self.close_idle(|connection| age(connection, now) >= connection.idle_limit.get());
        let next = self.groups.borrow().values().filter_map(|group| group.idle.shortest(now)).min();
        match next {
            Some(next) => self.sweep_in(next),
            None => self.sweeping.set(false),
        }
    }

    /// The timer does not keep the loop alive.
    fn sweep_in(self: &Rc<Self>, delay: Duration) {
        let pool = Rc::downgrade(self);
        let sweep = move || pool.upgrade().into_iter().for_each(|pool| pool.sweep());
        net::set_timeout(sweep, delay).unref();
    }

    /// Closes the idle connections for which that is so.
    pub(crate) fn close_idle(&self, condemned: impl Fn(&Connection) -> bool) {
        let closed: Vec<_> = self.groups.borrow().values().flat_map(|group| group.idle.take(&condemned)).collect();
        // Closing serves others, who may change the groups: only now.
        drop(closed);
    }

    fn close_oldest_idle(&self) {
        let oldest = {
            let groups = self.groups.borrow();
            let oldest =
                groups.values().filter_map(|group| Some((group.idle.oldest()?, group))).min_by_key(|one| one.0);
            oldest.and_then(|(_, group)| group.idle.take_oldest())
        };
        drop(oldest);
    }

    /// While its last connection closed, a group that is about to be used may have been forgotten.
    fn remember(&self, group: &Rc<Group>) {
        if !self.groups.borrow().contains_key(&group.name) {
            self.groups.borrow_mut().insert(group.name.clone(), group.clone());
        }
    }

    fn forget_unused(&self, group: &Group) {
        if group.permits.get() == 0 && group.waiting.get() == 0 {
            let forgotten = self.groups.borrow_mut().remove(&group.name);
            drop(forgotten);
        }
    }

    pub(crate) fn permits(&self) -> usize {
        self.total.get()
    }

    pub(crate) fn queued(&self) -> usize {
        self.waiting.borrow().len()
    }

    pub(crate) fn free(&self) -> usize {
        self.groups.borrow().values().map(|group| group.idle.len()).sum()
    }

    pub(crate) fn each_group(&self, mut then: impl FnMut(&Group)) {
        self.groups.borrow().values().for_each(|group| then(group));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // An idle connection holds its group, and the group the connection.
        self.close_idle(|_| true);
    }
}

/// A request in the queue. If it goes away before its turn, or with what it was granted, the next one is served.
struct Queued<'p> {
    pool: &'p Rc<Pool>,
    waiter: Rc<Waiter>,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let group = &self.waiter.group;
        let before = self.pool.waiting.borrow().len();
        self.pool.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &self.waiter));
        if self.pool.waiting.borrow().len() < before {
            group.waiting.set(group.waiting.get() - 1);
            self.pool.forget_unused(group);
        }
        match self.waiter.granted.take() {
            Some(Granted::Connection(connection)) => self.pool.take_back(group, connection),
            Some(Granted::Permit(permit)) => drop(permit),
            None => {}
        }
    }
}
