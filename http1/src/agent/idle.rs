//! Connections that idle: without task, timer or buffer, and not holding the loop.
//!
//! They are parked: the loop calls back as soon as anything comes on one, bytes or the end. Nobody has asked for that, and
//! so the connection is closed (RFC 9112 §9.2, §9.5).

use super::connection::Connection;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Parked, Resume};

/// The idle connections to one origin, the last used on top.
#[derive(Default)]
pub(crate) struct Idle(RefCell<Vec<Entry>>);

/// A connection that is parked for as long as this lives.
struct Entry {
    connection: Rc<Connection>,
    parked: Parked,
}

impl Entry {
    fn new(connection: Rc<Connection>) -> Entry {
        let parked = net::park(connection.stream.registration(), connection.clone()).unref();
        Entry { connection, parked }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.parked.close();
    }
}

impl Resume for Connection {
    fn resume(self: Rc<Self>) {
        let owner = self.owner.clone();
        owner.hear(&self);
    }
}

/// Nothing has come on a connection on which nothing should.
pub(crate) fn is_quiet(connection: &Connection) -> bool {
    // A byte or the end was not asked for. Without readiness this is no system call.
    matches!(connection.stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// How long a connection has idled.
pub(crate) fn age(connection: &Connection, now: Instant) -> Duration {
    now.saturating_duration_since(connection.idle_since.get())
}

impl Idle {
    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Parks a connection on top.
    pub(crate) fn push(&self, connection: Rc<Connection>) {
        self.0.borrow_mut().push(Entry::new(connection));
    }

    /// The connection that was used last; those that have idled too long are closed. That nothing has come on it is known:
    /// it was parked.
    pub(crate) fn pop(&self) -> Option<Rc<Connection>> {
        loop {
            let entry = self.0.borrow_mut().pop()?;
            let connection = entry.connection.clone();
            drop(entry);
            if age(&connection, net::now()) < connection.idle_limit.get() {
                return Some(connection);
            }
        }
    }

    /// Something may have come on that connection. Gives it back to be closed; if it was a false alarm, or if it is in use
    /// again, nothing happens.
    pub(crate) fn hear(&self, connection: &Rc<Connection>) -> Option<Rc<Connection>> {
        let mut entries = self.0.borrow_mut();
        let at = entries.iter().position(|entry| Rc::ptr_eq(&entry.connection, connection))?;
        if is_quiet(connection) {
            entries[at].parked = net::park(connection.stream.registration(), connection.clone()).unref();
            return None;
        }
        let entry = entries.remove(at);
        Some(entry.connection.clone())
    }

    /// Takes out those for which that is so. The caller drops them, which serves others, who may look in here.
    pub(crate) fn take(&self, condemned: impl Fn(&Connection) -> bool) -> Vec<Rc<Connection>> {
        let entries: Vec<Entry> = self.0.borrow_mut().extract_if(.., |entry| condemned(&entry.connection)).collect();
        entries.iter().map(|entry| entry.connection.clone()).collect()
    }

    /// Since when the one at the bottom, the oldest, idles.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.0.borrow().first().map(|entry| entry.connection.idle_since.get())
    }

    /// Takes the oldest one out.
    pub(crate) fn take_oldest(&self) -> Option<Rc<Connection>> {
        let mut entries = self.0.borrow_mut();
        let entry = (!entries.is_empty()).then(|| entries.remove(0))?;
        Some(entry.connection.clone())
    }

    /// How long the first of them may still idle.
    pub(crate) fn shortest(&self, now: Instant) -> Option<Duration> {
        let left = |entry: &Entry| entry.connection.idle_limit.get().saturating_sub(age(&entry.connection, now));
        self.0.borrow().iter().map(left).min()
    }
}
