//! A worker as its master holds it: its process, its channel, and whether it can be given a connection.

use super::wire::{self, Told};
use crate::messenger::Who;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    rc::Rc,
    time::{Duration, Instant},
};
use wirebook_net::{self as net, SIGTERM};
use wirebook_process::{Channel, Child, Handle, SendError};

/// How long a worker is given nothing that could not take what it was given: as a rule it has no descriptor left.
pub(super) const SHY: Duration = Duration::from_millis(100);

/// One worker.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) who: Who,
    pub(super) number: u64,
    pub(super) slot: usize,
    pub(super) generation: u64,
    pub(super) child: Child,
    pub(super) channel: Channel,
    /// Connections that it may have been given and not yet taken.
    pub(super) untaken: usize,
    pub(super) is_ready: Cell<bool>,
    pub(super) leaves: Cell<bool>,
    /// It has said something over its channel: it is a program of this crate, and no guest.
    pub(super) speaks: Cell<bool>,
    /// Connections that it has, by its last sign of life.
    pub(super) open: Cell<usize>,
    /// Messages of others that it lost, because it did not read those before them.
    pub(super) untold: Cell<u64>,
    shy_until: Cell<Option<Instant>>,
}

/// All of them, by number.
pub(super) type Hands = Rc<RefCell<BTreeMap<u64, Rc<Hand>>>>;

impl Hand {
    /// Numbered by worker, slot and generation.
    pub(super) fn new(who: Who, numbers: (u64, usize, u64), started: (Child, Channel), untaken: usize) -> Rc<Hand> {
        let ((number, slot, generation), (child, channel)) = (numbers, started);
        let (is_ready, leaves, speaks, open, untold, shy_until) = Default::default();
        Rc::new(Hand {
            who,
            number,
            slot,
            generation,
            child,
            channel,
            untaken,
            is_ready,
            leaves,
            speaks,
            open,
            untold,
            shy_until,
        })
    }

    /// Whether it may be given a connection.
    pub(super) fn has_room(&self) -> bool {
        let shy = self.shy_until.get().is_some_and(|until| net::now() < until);
        !shy && !self.leaves.get() && self.channel.is_open() && self.channel.unanswered() < self.untaken
    }

    /// It is given nothing for a while.
    pub(super) fn be_shy(&self) {
        self.shy_until.set(net::now().checked_add(SHY));
    }

    /// Queues a connection for it; see [`Channel::queue_internal`].
    pub(super) fn give(&self, key: u64, connection: &mut Option<Handle>) -> Result<(), SendError> {
        self.channel.queue_internal(&wire::connection(key), connection)
    }

    /// Tells it to leave in the way that every program knows, if it is a guest.
    pub(super) fn dismiss_guest(&self) {
        if !self.speaks.get() {
            // That it has ended meanwhile is what is wanted.
            let _ = self.child.kill(SIGTERM);
        }
    }

    /// Tells it something, if there is room for it.
    ///
    /// # Errors
    /// That there is none, or nobody hears.
    pub(super) fn tell(&self, told: &Told, mut handle: Option<Handle>) -> io::Result<()> {
        let queued = self.channel.queue_internal(&wire::to_json(told), &mut handle);
        self.channel.flush();
        queued.map_err(io::Error::other)
    }
}
