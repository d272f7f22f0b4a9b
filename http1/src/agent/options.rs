//! What an agent allows.

#[cfg(doc)]
use super::error::Error;
use crate::parser::Limits;
use std::time::Duration;

/// What an agent allows. The names are Node's.
///
/// [`usize::MAX`] and [`Duration::MAX`] switch a limit off.
#[derive(Clone, Copy, Debug)]
pub struct AgentOptions {
    /// Keep connections for later requests. Without it every request says `Connection: close`, and the agent only counts
    /// and queues. On.
    pub keep_alive: bool,
    /// Connections to one origin, idle ones included; further requests wait in order. 5, as browsers and the books have it
    /// (Node: no limit). With 0 there can be none, and every request fails with [`Error::Option`].
    pub max_sockets: usize,
    /// Idle connections to one origin; further ones are closed. 256. With 0 none is kept, except for a request that
    /// waits.
    pub max_free_sockets: usize,
    /// Connections to all origins. Where it is reached, the one that has been idle longest is closed. 256 (Node: no
    /// limit). With 0 every request fails with [`Error::Option`].
    pub max_total_sockets: usize,
    /// Requests that wait; one more fails with [`Error::QueueFull`]. 1 024 (Node: no limit). With 0 none waits.
    pub max_queued: usize,
    /// How long a connection may idle. 4 seconds: less than the 5 of most servers, so that we close first and no request
    /// meets a connection that is just being closed (RFC 9112 §9.5). With zero none is kept.
    pub idle_timeout: Duration,
    /// Bounds on response heads.
    pub limits: Limits,
}

impl Default for AgentOptions {
    fn default() -> Self {
        AgentOptions {
            keep_alive: true,
            max_sockets: 5,
            max_free_sockets: 256,
            max_total_sockets: 256,
            max_queued: 1024,
            idle_timeout: Duration::from_secs(4),
            limits: Limits::default(),
        }
    }
}
