//! What a master is to the machine that it runs on: where it is found, who may tell it what to do, whom it tells how it is, where
//! what its workers write goes, and how it goes to the background. Nothing in here knows what a worker is.
//!
//! **Reading order.** `place.rs` is a folder, `hold.rs` a file that says who is there. `words.rs` is what an operator and a master
//! say to each other, `control.rs` the socket for that. `lines.rs` cuts what a process writes, `log.rs` keeps it. `notify.rs` speaks
//! to systemd, `stderr.rs` to whoever reads standard error, `daemon.rs` leaves the terminal.

mod control;
mod daemon;
mod hold;
mod lines;
mod log;
mod notify;
mod place;
mod stderr;
mod words;

pub use control::{ASK_LIMIT, Control, MAX_OPERATORS, ask};
pub use daemon::{Background, Daemon, Side, detach};
pub(crate) use daemon::{DAEMON, TAKEOVER};
pub use hold::Hold;
pub(crate) use lines::cut;
pub use lines::{Lines, MAX_LINE, is_command, visible};
pub use log::{Follower, Line, Log, LogOptions, Source};
pub use notify::{Notify, watchdog};
pub use place::Place;
pub use stderr::complain;
pub use words::{Listed, Listing, Reply, Request};
