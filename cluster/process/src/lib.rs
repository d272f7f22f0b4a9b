//! Children and their channels: Node's `child_process`, where a message may carry a socket.
//!
//! ```
//! use wirebook_net as net;
//! use wirebook_process as process;
//! net::run(async {
//!     let out = process::exec_file("/bin/echo", ["no shell", "reads $this"]).run().await?;
//!     assert_eq!(out.stdout, b"no shell reads $this\n");
//!     // A value is "$1" for a script, and the script is text of this program.
//!     let out = process::exec("ls -- \"$1\" | wc -l", ["."]).run().await?;
//!     assert!(out.exit.unwrap().success());
//!     std::io::Result::Ok(())
//! }).unwrap();
//! ```
//!
//! **The rooms**, from the ground up:
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | [`ipc`] | What do two processes write to each other so that a line and a descriptor arrive together, or not at all? | 780 |
//! | `driver/` | with feature `net`: Who starts a child, who hears it, and who buries it? | 1,340 |
//!
//! A child inherits its standard streams, its channel and what was named, and nothing else. It is buried when it has ended,
//! whether or not anybody asks. A text that came from elsewhere reaches no shell. What came over a channel is bounded in every
//! direction, and a descriptor is what the kernel says it is.

#[cfg(feature = "net")]
mod driver;
pub mod ipc;

#[cfg(feature = "net")]
pub use driver::{
    CHANNEL_FD, CHANNEL_MODE, CHANNEL_WINDOW, Channel, Child, Event, Events, Exec, ExecError, Exit, Fork, Handle, Io,
    KILL_AFTER, LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID, MAX_OUTPUT, MAX_PASSED, Message, Output, PRIVATE_CHANNEL_FD,
    Passed, Spawn, UNNAMED, activated, bury_orphans, events, exec, exec_file, fork, fork_by, fork_of, inherited,
    parent, parent_with, passed, spawn,
};
pub use ipc::{Framing, Kind, Limits, SendError, Violation};
