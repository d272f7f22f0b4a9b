//! What can be seen of a master.

use super::{master::Master, options::Options, port::Port, program::Program};
use crate::{
    host::{Log, cut},
    supervisor::View,
};
use std::{net::SocketAddr, rc::Rc, time::Duration};
use wirebook_net as net;

/// Octets of a command line that a listing shows: arguments may be megabytes, and a listing is one message.
const MAX_COMMAND: usize = 16 * 1024;

/// A worker, as a master tells of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What the supervisor says.
    pub view: View,
    /// Its process; `None` while it has none.
    pub pid: Option<i32>,
    /// Connections that it has, by its last sign of life; 0 for a guest, which does not say.
    pub open: usize,
    /// Messages of others that it lost, because it did not read those before them.
    pub untold: u64,
    /// It is a guest: it knows nothing of this crate, or has said nothing yet.
    pub is_guest: bool,
}

impl Master {
    /// Where goes what workers write.
    pub fn log(&self) -> Option<&Log> {
        self.0.log.as_ref()
    }

    /// How many workers should serve.
    pub fn wanted(&self) -> usize {
        self.0.supervisor.borrow().wanted()
    }

    /// Too many workers have died.
    pub fn is_degraded(&self) -> bool {
        self.0.supervisor.borrow().is_degraded()
    }

    /// A reload is on its way.
    pub fn is_reloading(&self) -> bool {
        // The agent comes first.
        self.0.supervisor.borrow().is_reloading() || self.helper().is_some_and(Master::is_reloading)
    }

    /// All workers, in the order of their starts.
    pub fn workers(&self) -> Vec<Seen> {
        let hands = self.0.hands.borrow();
        let seen = |view: View| {
            let hand = hands.get(&view.worker);
            let is_guest = self.0.options.guests.is_some() && hand.is_none_or(|hand| !hand.speaks.get());
            let (pid, open) = (hand.map(|hand| hand.child.id()), hand.map_or(0, |hand| hand.open.get()));
            Seen { view, pid, open, untold: hand.map_or(0, |hand| hand.untold.get()), is_guest }
        };
        self.0.supervisor.borrow().workers().map(seen).collect()
    }

    /// The agent: the newest one, while a new one succeeds an old one.
    pub fn agent(&self) -> Option<Seen> {
        self.helper()?.workers().pop()
    }

    pub(super) fn helper(&self) -> Option<&Master> {
        self.0.helper.get()
    }

    /// Addresses that are listened on.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.ports.borrow().values().map(|port| port.address).collect()
    }

    /// How many workers serve.
    pub fn ready(&self) -> usize {
        self.0.supervisor.borrow().workers().filter(|view| view.state.serves()).count()
    }

    /// Waits until `check` holds, which is asked now and whenever something has happened.
    pub async fn until(&self, check: impl Fn() -> bool) {
        self.0.changed.until(|| check().then_some(())).await;
    }

    pub(crate) fn all_ready(&self) -> bool {
        self.ready() >= self.wanted()
    }

    /// Waits until something may be different.
    pub(crate) async fn changed(&self) {
        let mut asked = false;
        self.0.changed.until(|| std::mem::replace(&mut asked, true).then_some(())).await;
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.0.leaving.get()
    }

    pub(crate) fn is_replaced(&self) -> bool {
        self.0.replaced_by.get().is_some()
    }

    pub(crate) fn set_replaced(&self, by: i32) {
        self.0.replaced_by.set(Some(by));
        self.wake();
    }

    pub(crate) fn last_reload(&self) -> Option<(u64, bool)> {
        self.0.last_reload.get().filter(|_| !self.is_leaving())
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn own_program(&self) -> &Program {
        &self.0.own_program
    }

    /// What workers run, in words, and as many of them as a listing has room for.
    pub(crate) fn command_line(&self) -> Vec<String> {
        let Program { path, arguments } = &self.0.program;
        let words = std::iter::once(path.as_os_str()).chain(arguments.iter().map(AsRef::as_ref));
        let mut left = MAX_COMMAND;
        let shown = words.map_while(|word| {
            let word = word.to_string_lossy();
            let kept = cut(&word, left);
            // A word that has no room is the last one.
            let end = if kept.len() < word.len() { "…" } else { "" };
            let is_shown = left > 0;
            left = if end.is_empty() { left - kept.len() } else { 0 };
            is_shown.then(|| format!("{kept}{end}"))
        });
        shown.collect()
    }

    pub(crate) fn up(&self) -> Duration {
        net::now() - self.0.began
    }

    pub(crate) fn newest_generation(&self) -> u64 {
        self.0.supervisor.borrow().newest_generation()
    }

    pub(crate) fn ports(&self) -> Vec<Rc<Port>> {
        self.0.ports.borrow().values().cloned().collect()
    }

    /// All ports, by what was asked for.
    pub(crate) fn ports_by_name(&self) -> Vec<((SocketAddr, usize), Rc<Port>)> {
        self.0.ports.borrow().iter().map(|(asked, port)| (*asked, port.clone())).collect()
    }
}
