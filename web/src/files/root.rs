//! A directory that is held open, and files that are opened beneath it.
//!
//! A path that is joined to a folder's name and then opened is looked up twice: once by whoever checked it, and once by the kernel.
//! Between the two somebody renames a link into its place. So nothing is checked here beforehand. The kernel is asked for a file
//! *beneath a directory that is open already*, and it looks every name up from there; then the open file, and no name, is asked what
//! it is.
//!
//! Linux does that in one call, `openat2(2)` with `RESOLVE_BENEATH`: links inside the directory are followed, and one that leads
//! out is `EXDEV`. Where the call is missing (other systems, kernels before 5.6, sandboxes that forbid it) the names are walked
//! one by one, with `openat(2)` and `O_NOFOLLOW`, each from the folder before it: there no link is followed at all. A walk cannot
//! be led out either, since each folder is a descriptor and no name has a `/` in it.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A directory that is held open: whatever becomes of its name, it stays the same directory. Clones are the same.
#[derive(Clone, Debug)]
pub struct Root {
    directory: Arc<OwnedFd>,
    way: Way,
}

/// How names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The kernel does it, in one call.
    Beneath,
    /// Name by name; no link is followed.
    Walk,
}

/// What lies beneath a directory under some names.
#[derive(Debug)]
pub enum Entry {
    /// A regular file, and what is known of it: its length is this one, whatever becomes of it later.
    File(File, Metadata),
    /// A directory.
    Directory,
    /// Nothing; or what nobody is given: a device, a pipe, a socket, a link that leads out, what we may not read.
    Nothing,
}

/// Opening for reading; waiting for nobody, should it be a pipe.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Opening a folder to go through it.
const THROUGH: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Root {
    /// Opens a directory, in the way that the system has.
    ///
    /// # Errors
    ///
    /// Those of opening it; `NotADirectory`.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Root> {
        let root = Root::open_with(path, Way::Beneath)?;
        let way = if has_beneath(root.directory.as_fd()) { Way::Beneath } else { Way::Walk };
        Ok(Root { way, ..root })
    }

    /// The same in a way of your own: [`Way::Walk`], where no link is to be followed.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Root::open).
    pub fn open_with(path: impl AsRef<Path>, way: Way) -> io::Result<Root> {
        let path = path.as_ref();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| {
            io::Error::new(io::Error::from(errno).kind(), format!("cannot open {}: {errno}", path.display()))
        })?;
        Ok(Root { directory: Arc::new(directory), way })
    }

    /// The directory itself.
    pub fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// What lies beneath under these names: folders, then the last. It blocks, so it is a job for the thread pool.
    ///
    /// A name that could mean more than one entry of a folder (empty, `.`, `..`, or with a `/` or NUL) names nothing.
    ///
    /// ```
    /// use wirebook_web::files::{Entry, Root};
    ///
    /// let root = Root::open("src")?;
    /// assert!(matches!(root.get(&["files", "root.rs"])?, Entry::File(..)));
    /// assert!(matches!(root.get(&["files"])?, Entry::Directory));
    /// assert!(matches!(root.get(&["..", "Cargo.toml"])?, Entry::Nothing));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is our own trouble and not the asker's: no more descriptors, no memory, a broken disk.
    pub fn get(&self, names: &[&str]) -> io::Result<Entry> {
        if !names.iter().all(|name| is_name(name)) {
            return Ok(Entry::Nothing);
        }
        if names.is_empty() {
            return Ok(Entry::Directory);
        }
        let opened = match self.way {
            Way::Beneath => beneath(self.directory(), names),
            Way::Walk => walk(self.directory(), names),
        };
        match opened {
            Ok(descriptor) => look(File::from(descriptor)),
            Err(errno) if is_ours(errno) => Err(errno.into()),
            Err(_) => Ok(Entry::Nothing),
        }
    }
}

fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

// ANCHOR: look
/// What is told of the open file, and not of a name.
fn look(file: File) -> io::Result<Entry> {
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    Ok(match () {
        () if kind.is_file() => Entry::File(file, metadata),
        () if kind.is_dir() => Entry::Directory,
        () => Entry::Nothing,
    })
}
// ANCHOR_END: look

/// Whoever asked for a name cannot help it.
fn is_ours(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::IO | Errno::INTR)
}

// ANCHOR: walk
/// Each name from the folder before it; no link is followed.
fn walk(directory: BorrowedFd<'_>, names: &[&str]) -> Result<OwnedFd, Errno> {
    let Some((last, folders)) = names.split_last() else { return Err(Errno::NOENT) };
    let mut held: Option<OwnedFd> = None;
    for folder in folders {
        let from = held.as_ref().map_or(directory, |held| held.as_fd());
        held = Some(openat(from, *folder, THROUGH, Mode::empty())?);
    }
    let from = held.as_ref().map_or(directory, |held| held.as_fd());
    openat(from, *last, READ | OFlags::NOFOLLOW, Mode::empty())
}
// ANCHOR_END: walk

/// Somebody renames beneath the directory all the time: the kernel asks to try again (openat2(2), `EAGAIN`). Then it is walked.
#[cfg(target_os = "linux")]
const TRIES: usize = 8;

// ANCHOR: beneath
/// One call: every name is looked up beneath the directory, or the answer is an error.
#[cfg(target_os = "linux")]
fn beneath(directory: BorrowedFd<'_>, names: &[&str]) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    let path = names.join("/");
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..TRIES {
        match openat2(directory, &*path, READ, Mode::empty(), resolve) {
            Err(Errno::AGAIN) => {}
            Err(Errno::NOSYS | Errno::PERM) => break,
            opened => return opened,
        }
    }
    walk(directory, names)
}
// ANCHOR_END: beneath

#[cfg(not(target_os = "linux"))]
fn beneath(directory: BorrowedFd<'_>, names: &[&str]) -> Result<OwnedFd, Errno> {
    walk(directory, names)
}

/// Whether the call is there, and allowed.
#[cfg(target_os = "linux")]
fn has_beneath(directory: BorrowedFd<'_>) -> bool {
    use rustix::fs::{ResolveFlags, openat2};
    openat2(directory, ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::BENEATH).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn has_beneath(_: BorrowedFd<'_>) -> bool {
    false
}
