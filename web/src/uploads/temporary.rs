//! A file that is gone when nobody needs it any more, however that comes about.
//!
//! Linux has files without a name (`O_TMPFILE`): when the last descriptor closes they are gone, be it by a panic, `kill -9` or a power
//! cut. Where a file system has none, or nothing at `/proc/self/fd` could give one a name later, a file has a name that nobody guesses and is
//! unlinked when it is dropped; who dies before that leaves it, and the next start sweeps it away. A file that somebody is still
//! writing has a lock on it, which the system takes back when its writer dies: so a sweep never takes a living program's file.

use crate::files::Root;
use crate::text::to_base64;
use rustix::fs::{AtFlags, CWD, Dir, FlockOperation, Mode, OFlags, flock, fstat, linkat, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;

/// How the name ends of a file that is being written.
const UNFINISHED: &str = ".part";

/// Nobody else reads what is still a stranger's.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A file beneath a folder that is gone when this is dropped, unless it was released.
#[derive(Debug)]
pub(super) struct Temporary {
    root: Root,
    file: File,
    /// Its name, if it has one.
    name: Option<String>,
}

impl Temporary {
    /// Makes one, without a name if `nameless` and the file system has such. It blocks.
    pub(super) fn make(root: &Root, nameless: bool) -> io::Result<Temporary> {
        if nameless {
            let flags = OFlags::RDWR | OFlags::CLOEXEC | TMPFILE;
            match openat(root.directory(), ".", flags, PRIVATE) {
                Ok(file) => return Ok(Temporary { root: root.clone(), file: file.into(), name: None }),
                Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT | Errno::NOSYS) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        loop {
            if let Some(made) = Temporary::named(root)? {
                return Ok(made);
            }
        }
    }

    /// One with a name; `None` where a sweep came between its making and its lock.
    fn named(root: &Root) -> io::Result<Option<Temporary>> {
        let name = format!("{}{UNFINISHED}", random_name()?);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(root.directory(), &*name, flags, PRIVATE)?);
        let made = Temporary { root: root.clone(), file, name: Some(name) };
        let is_ours = flock(&made.file, FlockOperation::NonBlockingLockExclusive).is_ok();
        Ok(if is_ours && fstat(&made.file)?.st_nlink > 0 { Some(made) } else { None })
    }

    /// Writes at its end. It blocks.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives it its name in the folder: until it is released, it is still gone when this is dropped. It blocks.
    pub(super) fn rename(mut self, name: &str) -> io::Result<Temporary> {
        let directory = self.root.directory();
        match &self.name {
            Some(unfinished) => renameat(directory, unfinished.as_str(), directory, name)?,
            None => {
                let descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                linkat(CWD, &*descriptor, directory, name, AtFlags::SYMLINK_FOLLOW)?;
            }
        }
        self.name = Some(name.to_owned());
        Ok(self)
    }

    /// Leaves it there for good. `None` for one that has no name.
    pub(super) fn release(mut self) -> Option<String> {
        self.name.take()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Whoever has taken it away already has done it for us.
            unlinkat(self.root.directory(), name.as_str(), AtFlags::empty()).unwrap_or_default();
        }
    }
}

#[cfg(target_os = "linux")]
const TMPFILE: OFlags = OFlags::TMPFILE;
#[cfg(not(target_os = "linux"))]
const TMPFILE: OFlags = OFlags::EXCL;

/// Whether a file without a name could be given one.
pub(super) fn has_nameless() -> bool {
    cfg!(target_os = "linux") && std::fs::symlink_metadata("/proc/self/fd").is_ok()
}

/// 128 bits from the system, in 22 letters, digits, `-` and `_`.
pub(super) fn random_name() -> io::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(to_base64(&random))
}

/// Removes what programs left that died while they wrote; says how many files. It blocks.
pub(super) fn sweep(root: &Root) -> io::Result<usize> {
    let mut removed = 0;
    for entry in Dir::read_from(root.directory())? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if name.strip_suffix(UNFINISHED).is_none_or(|name| name.len() != 22) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = openat(root.directory(), name, flags, Mode::empty()) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            unlinkat(root.directory(), name, AtFlags::empty())?;
            removed += 1;
        }
    }
    Ok(removed)
}
