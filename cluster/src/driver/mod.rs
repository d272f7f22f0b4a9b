//! The master and its workers: processes, ports and signals.
//!
//! **Reading order.** `wire.rs` is what the two say to each other, `news.rs` what a master
//! tells, `options.rs` what may be set, `program.rs` what a worker runs.
//! `hand.rs` is a worker as the master holds it, `port.rs` a port and who gets its connections, `master.rs` joins them to the
//! supervisor. On the other side `listener.rs` is what a worker accepts from, `drain.rs` how it leaves, `worker.rs` its life.
//! `post.rs` hands on what they say to each other, and `mail.rs` is where that waits; `helper.rs` keeps the agent.
//! `peer.rs` is a worker as another one sees it.
//! `run.rs` is the door for a program that is both.

mod drain;
mod hand;
mod helper;
#[cfg(feature = "http1")]
mod http1;
mod listener;
mod mail;
mod master;
mod news;
mod options;
mod peer;
mod port;
mod post;
mod program;
mod run;
mod wire;
mod worker;

pub use drain::{Drain, Farewell, Phase};
pub use listener::Listener;
pub(crate) use mail::Word;
pub use master::{Master, Seen};
pub use news::News;
pub use options::{Hook, Options, Workers};
pub use peer::Peer;
pub use program::Program;
pub use run::{Outcome, run};
pub(crate) use wire::Said;
pub use worker::{Identity, Worker};
