//! A child with a channel: Node's `fork`.

use super::{
    adopt::number,
    channel::Channel,
    child::Child,
    spawn::{CHANNEL_FD, CHANNEL_MODE, CHANNEL_WINDOW, Io, PRIVATE_CHANNEL_FD, Spawn, spawn},
};
use crate::ipc::{Framing, Limits};
use std::{ffi::OsStr, io, os::unix::net::UnixStream as Pair};
use wirebook_net::unix::UnixStream;

/// A child with a channel that is to be started.
#[derive(Debug)]
pub struct Fork {
    spawn: Spawn,
    framing: Framing,
    limits: Limits,
    private: bool,
}

/// This program once more, with these arguments and a channel to it. Its standard streams are this process's, as in Node.
///
/// # Errors
/// When the system does not say which file this program is.
pub fn fork(arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> io::Result<Fork> {
    Ok(fork_of(std::env::current_exe()?, arguments))
}

/// Another program with a channel to it: of ours, or of Node's.
pub fn fork_of(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Fork {
    fork_by(spawn(program, arguments).stdin(Io::Inherit).stdout(Io::Inherit).stderr(Io::Inherit))
}

/// A channel to what is started in that way.
pub fn fork_by(spawn: Spawn) -> Fork {
    Fork { spawn, framing: Framing::default(), limits: Limits::default(), private: false }
}

impl Fork {
    /// Changes how it is started.
    pub fn with(mut self, change: impl FnOnce(Spawn) -> Spawn) -> Self {
        self.spawn = change(self.spawn);
        self
    }

    /// How messages are told apart. [`Framing::Lines`] by default, and the only one that a child of Node's understands: behind
    /// its lengths it expects V8's own notation.
    pub fn channel(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// What the channel bears.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Tells the child of the channel by names that only this crate knows: a program of Node's, which would take it for its own
    /// parent's, does not see it.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    // ANCHOR: start
    /// Starts it.
    ///
    /// # Errors
    /// As [`Spawn::start`].
    ///
    /// # Panics
    /// When no loop runs on this thread.
    pub fn start(self) -> io::Result<(Child, Channel)> {
        let (here, there) = Pair::pair()?;
        let there = self.spawn.out_of_the_way(there.into())?;
        let mode = if self.framing == Framing::Lines { "json" } else { "advanced" };
        // Under the number that it has: to give it another could take the place of a descriptor that the start itself needs.
        let name = if self.private { PRIVATE_CHANNEL_FD } else { CHANNEL_FD };
        let mut spawn = self.spawn.env(name, number(&there).to_string()).env(CHANNEL_MODE, mode);
        if self.limits.window != Limits::default().window {
            spawn = spawn.env(CHANNEL_WINDOW, self.limits.window.to_string());
        }
        let stream = UnixStream::from_fd(here.into())?;
        let child = spawn.keep(there).start()?;
        Ok((child, Channel::new(stream, self.framing, self.limits)))
    }
    // ANCHOR_END: start
}
