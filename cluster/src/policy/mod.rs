//! Who gets a connection, without the connection.
//!
//! **Reading order.** `turn.rs` gives connections out in turn, or to who has the fewest; `sticky.rs` finds out whose a client is, from
//! the first bytes that it sends; `share.rs` is what a worker asks itself that accepts beside others.

mod share;
mod sticky;
mod turn;

pub use share::{FEW, SHARE, asks_after, mean, rests};
use std::fmt;
pub use sticky::{MAX_PEEK, Sticky, Whose};
pub use turn::Turn;

/// Who accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The master accepts, and gives connections out in turn among workers that have room. The default, as in Node.
    #[default]
    RoundRobin,
    /// The master accepts, and gives to the worker with the fewest connections.
    Fewest,
    /// The master accepts, looks at the first bytes, and gives the same client to the same slot.
    Sticky(Sticky),
    /// All workers accept from one queue, and the system wakes whom it likes.
    Shared,
    /// Each slot has a queue of its own at the same address, and the system spreads connections over them.
    ReusePort,
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::RoundRobin => f.write_str("round-robin"),
            Policy::Fewest => f.write_str("fewest"),
            Policy::Sticky(Sticky::Address) => f.write_str("sticky by address"),
            Policy::Sticky(Sticky::Query(name)) => write!(f, "sticky by the query's {name}"),
            Policy::Sticky(Sticky::Cookie(name)) => write!(f, "sticky by the cookie {name}"),
            Policy::Shared => f.write_str("shared"),
            Policy::ReusePort => f.write_str("reuse-port"),
        }
    }
}
