//! What a master has to tell.

use crate::host::visible;
use std::{fmt, net::SocketAddr};
use wirebook_process::Exit;

/// What the master tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A worker serves.
    Ready {
        /// Its number.
        worker: u64,
        /// Its process.
        pid: i32,
        /// Its slot.
        slot: usize,
        /// Its generation.
        generation: u64,
    },
    /// A worker has ended.
    Ended {
        /// Its number.
        worker: u64,
        /// How.
        exit: Exit,
        /// It was told to.
        expected: bool,
    },
    /// A worker's process could not be started.
    NotStarted {
        /// Why.
        reason: String,
    },
    /// A worker is killed: it broke a rule of its channel, gives no sign of life any more, or was not ready in time.
    Broken {
        /// Its number.
        worker: u64,
        /// Which of these, in 512 octets at most: it may be a rule about what the worker said.
        reason: String,
    },
    /// A worker's program says this.
    Message {
        /// Its number.
        worker: u64,
        /// What it says.
        json: String,
    },
    /// Of the agent, what is otherwise said of a worker.
    OfAgent(Box<News>),
    /// A port is listened on.
    Listening {
        /// Where.
        address: SocketAddr,
    },
    /// All workers are of this generation.
    Reloaded(u64),
    /// A worker of this generation died before it was ready: the others stay.
    NotReloaded(u64),
    /// Another master has taken this one's place, with all ports.
    Replaced {
        /// Its process.
        pid: i32,
    },
    /// A new master could not take this one's place: nothing has changed.
    NotReplaced {
        /// Why.
        reason: String,
    },
    /// Too many workers have died: a start is tried now and then.
    GaveUp,
    /// None has died for long enough.
    Recovered,
}

impl News {
    /// Whether something is not in order.
    pub fn is_trouble(&self) -> bool {
        match self {
            News::Ended { expected, .. } => !expected,
            News::OfAgent(news) => news.is_trouble(),
            News::NotStarted { .. } | News::Broken { .. } | News::NotReloaded(_) => true,
            News::NotReplaced { .. } | News::GaveUp => true,
            News::Ready { .. }
            | News::Message { .. }
            | News::Listening { .. }
            | News::Reloaded(_)
            | News::Replaced { .. }
            | News::Recovered => false,
        }
    }
}

/// A sentence for a person, without signs that a terminal would obey: some of its words are a worker's.
impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            News::Ready { worker, pid, slot, generation } => {
                write!(f, "worker {worker} (process {pid}, slot {slot}, generation {generation}) serves")
            }
            News::Ended { worker, exit, expected: true } => write!(f, "worker {worker} has left: {exit}"),
            News::Ended { worker, exit, .. } => write!(f, "worker {worker} has died: {exit}"),
            News::NotStarted { reason } => f.write_str(&visible(reason)),
            News::Broken { worker, reason } => write!(f, "worker {worker} is killed: {}", visible(reason)),
            News::Message { worker, json } => write!(f, "worker {worker} says {}", visible(json)),
            News::OfAgent(news) => match &**news {
                News::Ready { pid, .. } => write!(f, "the agent (process {pid}) is ready"),
                News::Ended { exit, expected: true, .. } => write!(f, "the agent has left: {exit}"),
                News::Ended { exit, .. } => write!(f, "the agent has died: {exit}"),
                News::Broken { reason, .. } => write!(f, "the agent is killed: {}", visible(reason)),
                News::Message { json, .. } => write!(f, "the agent says {}", visible(json)),
                News::GaveUp => f.write_str("the agent has died too often; from now on a start is tried now and then"),
                other => write!(f, "the agent: {other}"),
            },
            News::Listening { address } => write!(f, "listening on {address}"),
            News::Reloaded(generation) => write!(f, "all workers are of generation {generation}"),
            News::NotReloaded(generation) => {
                write!(f, "generation {generation} died before it was ready, and what serves stays")
            }
            News::Replaced { pid } => write!(f, "process {pid} is the master from now on"),
            News::NotReplaced { reason } => write!(f, "no new master, and all stays as it is: {}", visible(reason)),
            News::GaveUp => f.write_str("too many workers have died; from now on a start is tried now and then"),
            News::Recovered => f.write_str("no worker has died for a while; all is well again"),
        }
    }
}
