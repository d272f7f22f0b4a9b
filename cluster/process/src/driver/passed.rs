//! Descriptors that this process was started with: the child's side of socket activation (sd_listen_fds(3)).

use super::{
    adopt::{FIRST_PLACE, adopt, forget_names},
    spawn::{LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID},
};
use std::{
    env, io,
    os::fd::{OwnedFd, RawFd},
    process,
};

/// Most descriptors that are taken. More are an error, and none is taken then.
pub const MAX_PASSED: usize = 1024;

/// What a descriptor without a name is called; systemd's word.
pub const UNNAMED: &str = "unknown";

/// A descriptor that whoever started this process has opened for it.
#[derive(Debug)]
pub struct Passed {
    /// What it is called: `FileDescriptorName=` of systemd.
    pub name: String,
    /// Itself; what it is the kernel must say.
    pub descriptor: OwnedFd,
}

// ANCHOR: passed
/// The descriptors that this process was started with, as systemd gives them; none when the environment speaks of none, or of
/// another process (`LISTEN_PID`), as it does in the child of a child.
///
/// Ask once, and first of all: while this process has one thread, their names are also taken out of the environment.
///
/// # Errors
/// `InvalidInput` for a count that is no number, or more than [`MAX_PASSED`]; for one that was not inherited, or was asked for
/// before. What was taken until then is closed.
pub fn passed() -> io::Result<Vec<Passed>> {
    let read = |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let (Some(process), Some(count)) = (read(LISTEN_PID), read(LISTEN_FDS)) else { return Ok(Vec::new()) };
    if process.parse() != Ok(process::id()) {
        return Ok(Vec::new());
    }
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
    let count = count.parse().ok().filter(|count| *count <= MAX_PASSED);
    let count = count.ok_or_else(|| invalid(format!("{LISTEN_FDS} is no number up to {MAX_PASSED}")))?;
    let names = read(LISTEN_FDNAMES).unwrap_or_default();
    let mut names = names.split(':').map(String::from).filter(|name| !name.is_empty());
    let numbers = (FIRST_PLACE..RawFd::MAX).take(count);
    let taken = numbers.map(|number| {
        let descriptor =
            adopt(number).map_err(|error| invalid(format!("descriptor {number} was not passed: {error}")))?;
        Ok(Passed { name: names.next().unwrap_or_else(|| UNNAMED.into()), descriptor })
    });
    let taken = taken.collect();
    forget_names(&[LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES]);
    taken
}
// ANCHOR_END: passed

/// The descriptor of that number, which whoever started this process has opened for it and has named in its own way. It can be taken
/// once.
///
/// # Errors
/// `InvalidInput` when it was not inherited, or was taken before; `EBADF` when nothing has that number.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    adopt(number)
}
