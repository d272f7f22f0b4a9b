//! What an operator and a master say to each other: an object of JSON on a line each.

use super::log::Line;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// What an operator wants. There is nothing that is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// To know how things stand.
    List,
    /// New workers for old ones; the answer comes when they are there, or are not.
    Reload,
    /// So many workers.
    Scale {
        /// How many.
        workers: usize,
    },
    /// The end of all. The connection ends when they have ended.
    Stop {
        /// At once, and not in order.
        now: bool,
    },
    /// What workers have written.
    Logs {
        /// So many of the last lines.
        lines: usize,
        /// And all that come, until the connection ends.
        follow: bool,
    },
    /// The log's file is to be opened anew: somebody has moved it.
    Reopen,
}

/// What the master says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Reply {
    /// How things stand.
    Listing(Listing),
    /// It is done.
    Done {
        /// What was.
        said: String,
    },
    /// It is not done.
    Refused {
        /// Why.
        reason: String,
    },
    /// A line that a worker wrote.
    Line(Line),
}

/// How a cluster stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Its name.
    pub name: String,
    /// The master's process.
    pub pid: u32,
    /// What workers run.
    pub program: Vec<String>,
    /// `serves`, `starts`, `reloads`, `degraded` or `leaves`.
    pub state: String,
    /// Who accepts.
    pub policy: String,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// How many workers should serve.
    pub wanted: usize,
    /// Seconds since the master was started.
    pub up: f64,
    /// Where what workers write goes.
    pub log: Option<PathBuf>,
    /// All workers, in the order of their starts.
    pub workers: Vec<Listed>,
}

/// A worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Its number.
    pub worker: u64,
    /// Its slot.
    pub slot: usize,
    /// Which start of the program it is of.
    pub generation: u64,
    /// Where it stands, in the words of the supervisor's table.
    pub state: String,
    /// Its process, while it has one.
    pub pid: Option<i32>,
    /// Connections that it has; unknown of a program that does not say.
    pub open: Option<usize>,
    /// Seconds since it was started.
    pub up: f64,
}
