//! What may be set of a cluster.

use super::{news::News, program::Program};
use crate::{
    farewell::Farewell,
    host::{LogOptions, Place, complain},
    policy::Policy,
    supervisor,
};
use std::{fmt, rc::Rc, thread, time::Duration};

/// How many workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// As many as this process may use processors.
    Cores,
    /// So many; at least 1, at most [`MAX_WORKERS`](supervisor::MAX_WORKERS). What lies outside is taken for the nearest of these.
    Count(usize),
}

impl Workers {
    pub(super) fn count(self) -> usize {
        match self {
            Workers::Cores => thread::available_parallelism().map_or(1, usize::from),
            Workers::Count(count) => count,
        }
    }
}

/// How guests take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guests {
    /// How long one has to live until it counts as ready, if it does not say so before: 1 s. Zero is at once; with
    /// [`Duration::MAX`] it has to say so. (A master that runs its workers as another user cannot be told: its place is private.)
    pub ready_after: Duration,
}

impl Default for Guests {
    fn default() -> Self {
        Guests { ready_after: Duration::from_secs(1) }
    }
}

/// Whom the master tells what happens.
pub type Hook = Rc<dyn Fn(&News)>;

/// How a cluster is run.
#[derive(Clone)]
pub struct Options {
    /// How many workers serve.
    pub workers: Workers,
    /// Who accepts.
    pub policy: Policy,
    /// Addresses that the master listens on before it starts anybody, so that an address which cannot be had ends it at once.
    /// Others are listened on when the first worker asks for them; until a worker asks for these, connections wait.
    pub listen: Vec<String>,
    /// How they are kept alive; its `workers` is not used.
    pub supervisor: supervisor::Options,
    /// How a worker leaves; its deadline is [`supervisor::Options::drain`].
    pub farewell: Farewell,
    /// Connections that a worker has been given and not yet taken: 64. Who has so many is passed over. 0 is 1, and
    /// `usize::MAX` no limit.
    pub untaken: usize,
    /// One more process is kept beside the workers, the agent: it serves no port, is ready before the first worker is started, and is
    /// started again by the same rules. Off by default; [`run_with_agent`](crate::run_with_agent) switches it on.
    pub agent: bool,
    /// What a worker runs: this program, with its arguments.
    pub program: Option<Program>,
    /// How a program takes part that knows nothing of this crate. `None`, the default: none does.
    pub guests: Option<Guests>,
    /// Where goes what workers write to their standard output and error, line by line. `None`, the default: they have this
    /// process's own.
    pub log: Option<LogOptions>,
    /// The user and the group that workers are, for a master that may change them: root as a rule. `None`, the default: the master's.
    /// Workers of another user get the administrator's ports (below 1024 as a rule) only where `listen` names them.
    pub user: Option<(u32, u32)>,
    /// Where an operator finds this cluster ([`govern`](crate::govern)). `None`, the default: nowhere.
    pub place: Option<Place>,
    /// Whom the master tells what happens; it is called on the master's loop, which must not wait for it. By default a line on standard
    /// error for what is not in order ([`complain`]).
    pub news: Option<Hook>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            workers: Workers::Cores,
            policy: Policy::default(),
            listen: Vec::new(),
            supervisor: supervisor::Options::default(),
            farewell: Farewell::default(),
            untaken: 64,
            agent: false,
            program: None,
            guests: None,
            log: None,
            user: None,
            place: None,
            news: Some(Rc::new(|news| {
                if news.is_trouble() {
                    complain(&format!("wirebook-cluster: {news}"));
                }
            })),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("workers", &self.workers)
            .field("policy", &self.policy)
            .field("supervisor", &self.supervisor)
            .finish_non_exhaustive()
    }
}
