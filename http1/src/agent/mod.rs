//! The connections of a client: how they are made, kept, counted and queued for.
//!
//! What is decided here is who may use a connection, and for that the rule is: only one exchange at a time, and the next
//! one only if nobody can doubt where the last one ended.
//!
//! | file | holds |
//! |---|---|
//! | `origin.rs`, `error.rs`, `timeouts.rs` | where to, why not, and for how long |
//! | `connect.rs`, `buffers.rs`, `connection.rs` | how a connection is made, what it borrows while it is busy, the connection |
//! | `idle.rs`, `options.rs`, `pool.rs`, `handle.rs` | connections that idle, what is allowed, the pool, and its face: the [`Agent`] |
//!
//! Read in this order: no file knows one of those below its own. All that is public has its name in
//! [`client`](crate::client).

pub(crate) mod buffers;
pub(crate) mod connect;
pub(crate) mod connection;
pub(crate) mod error;
pub(crate) mod handle;
mod idle;
mod options;
pub(crate) mod origin;
pub(crate) mod pool;
pub(crate) mod timeouts;

pub use connect::{KEEP_ALIVE, connect};
pub use error::{Error, Failed, Stage};
pub use handle::{Agent, OriginCounts};
pub use options::AgentOptions;
pub use origin::Origin;
pub use timeouts::Timeouts;
