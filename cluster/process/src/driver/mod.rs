//! Real children, and the channel on real streams.
//!
//! **Reading order.** `spawn.rs` is what all four share; `exec.rs` captures what a child says, within bounds; `fork.rs` gives it
//! a channel. `child.rs` and `exit.rs` are its life: how it ends, and who buries it. `parent.rs` and `passed.rs` are the other side. `channel.rs`
//! joins the core to a stream, `line.rs` is who waits for its room, and `handle.rs` says what rides there. `adopt.rs` is the leaf with `unsafe`.

mod adopt;
mod channel;
mod child;
mod exec;
mod exit;
mod fork;
mod handle;
mod line;
mod parent;
mod passed;
mod spawn;

pub use channel::{Channel, Message};
pub use child::{Child, Event, Events, events};
pub use exec::{Exec, ExecError, MAX_OUTPUT, Output, exec, exec_file};
pub use exit::{Exit, bury_orphans};
pub use fork::{Fork, fork, fork_by, fork_of};
pub use handle::Handle;
pub use parent::{parent, parent_with};
pub use passed::{MAX_PASSED, Passed, UNNAMED, inherited, passed};
pub use spawn::{
    CHANNEL_FD, CHANNEL_MODE, CHANNEL_WINDOW, Io, KILL_AFTER, LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID,
    PRIVATE_CHANNEL_FD, Spawn, activated, spawn,
};
