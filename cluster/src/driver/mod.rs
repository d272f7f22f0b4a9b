//! The master and its workers: processes, ports and signals.
//!
//! **Reading order.** `wire.rs` is what the two say to each other, `news.rs` what a master
//! tells, `options.rs` what may be set, `program.rs` what a worker runs.
//! `hand.rs` is a worker as the master holds it, `port.rs` a port and who gets its connections, `start.rs` how a worker is started,
//! and `look.rs` what can be seen of a master; `master.rs` joins them to the
//! supervisor. On the other side `listener.rs` is what a worker accepts from, `worker.rs` its life.
//! `post.rs` hands on what they say to each other; `helper.rs` keeps the agent.
//! `guest.rs` is a worker that knows nothing of all this.

mod guest;
mod hand;
mod helper;
#[cfg(feature = "http1")]
mod http1;
mod listener;
mod look;
mod master;
mod news;
mod options;
mod port;
mod post;
mod program;
mod start;
mod wire;
mod worker;

pub use listener::Listener;
pub use look::Seen;
pub use master::Master;
pub use news::News;
pub use options::{Guests, Hook, Options, Workers};
pub use port::MAX_PORTS;
pub use program::Program;
pub(crate) use wire::Said;
pub use worker::{Identity, Worker};

pub(crate) use port::{Begin, Open};
pub(crate) use wire::{PRIVATE_UNIQUE_ID, UNIQUE_ID};
