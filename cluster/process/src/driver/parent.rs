//! The child's side: the channel that this process was started with.

use super::{
    adopt::{adopt, forget_names},
    channel::Channel,
    spawn::{CHANNEL_FD, CHANNEL_MODE, CHANNEL_WINDOW, PRIVATE_CHANNEL_FD},
};
use crate::ipc::{Framing, Limits};
use std::{env, io};
use wirebook_net::unix::UnixStream;

/// The channel to the parent, if this process was started with one: by [`fork`](super::fork), or by Node's. Its end is that the
/// parent has disconnected, or is gone.
///
/// Ask once, and first of all: while this process has one thread, the channel's name is also taken out of the environment, so
/// that no grandchild writes into it.
///
/// # Errors
/// `InvalidInput` when the environment speaks of a channel and there is none: the number is no number, or not that of a Unix
/// stream that was inherited, by the kernel's word; also when it is asked for again.
///
/// # Panics
/// When there is a channel, and no loop runs on this thread.
pub fn parent() -> io::Result<Option<Channel>> {
    let window = env::var(CHANNEL_WINDOW).ok().and_then(|window| window.parse().ok());
    let limits = Limits::default();
    parent_with(Limits { window: window.unwrap_or(limits.window), ..limits })
}

/// [`parent`], with limits of the caller's; the window, which [`parent`] takes from a parent of ours, included.
///
/// # Errors
/// As [`parent`].
pub fn parent_with(limits: Limits) -> io::Result<Option<Channel>> {
    let Some(number) = env::var_os(PRIVATE_CHANNEL_FD).or_else(|| env::var_os(CHANNEL_FD)) else { return Ok(None) };
    let invalid = |text| io::Error::new(io::ErrorKind::InvalidInput, text);
    let framing = match env::var(CHANNEL_MODE).as_deref() {
        Ok("advanced") => Framing::Lengths,
        Ok("json") | Err(env::VarError::NotPresent) => Framing::Lines,
        _ => return Err(invalid("the channel's framing is unknown")),
    };
    let number = number.to_str().and_then(|number| number.parse().ok());
    let descriptor = adopt(number.ok_or(invalid("the channel's number is no number"))?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, format!("there is no channel: {error}")))?;
    forget_names(&[CHANNEL_FD, PRIVATE_CHANNEL_FD, CHANNEL_MODE, CHANNEL_WINDOW]);
    Ok(Some(Channel::new(UnixStream::from_fd(descriptor)?, framing, limits)))
}
