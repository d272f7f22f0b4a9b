//! Real children, and the channel on real streams.
//!
//! **Reading order.** `spawn.rs` is what all four share; `exec.rs` captures what a child says, within bounds; `fork.rs` gives it
//! a channel. `child.rs` and `exit.rs` are its life: how it ends, and who buries it. `parent.rs` is the other side. `channel.rs`
//! joins the core to a stream, and `handle.rs` says what rides there. `adopt.rs` is the leaf with `unsafe`.

mod adopt;
mod channel;
mod child;
mod exec;
mod exit;
mod fork;
mod handle;
mod parent;
mod spawn;

pub use channel::{Channel, Message};
pub use child::{Child, Event, Events, events};
pub use exec::{Exec, ExecError, MAX_OUTPUT, Output, exec, exec_file};
pub use exit::Exit;
pub use fork::{Fork, fork, fork_of};
pub use handle::Handle;
pub use parent::{parent, parent_with};
pub use spawn::{CHANNEL_FD, CHANNEL_MODE, CHANNEL_WINDOW, Io, KILL_AFTER, Spawn, spawn};
