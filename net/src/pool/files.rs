//! Files and names, by way of the thread pool: the operating system has no readiness for them, so somebody must block.
//!
//! A file is a regular file here. What else a path may name can keep a thread for ever: a FIFO until somebody opens its
//! other end, a terminal until somebody types, `/dev/zero` until the memory is full. Four such calls would stop all the
//! file work of a process, so each is an error at once.

use super::jobs::spawn_blocking;
use crate::ground::{cannot, sys};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    net::SocketAddr,
    path::Path,
};

/// Looks a host name up, as `getaddrinfo` does, on the thread pool.
///
/// # Errors
/// `HostUnreachable`: the name is unknown, or the resolver cannot be reached.
///
/// ```
/// let addresses = wirebook_net::block_on(async { wirebook_net::lookup("localhost", 80).await });
/// assert!(!addresses.unwrap().unwrap().is_empty());
/// ```
pub async fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.to_owned();
    let failed = cannot(format!("look up {host}"));
    spawn_blocking(move || sys::resolve(&host, port)).await?.map_err(failed)
}

/// Opens a regular file for reading, now, on this thread: for a job of [`spawn_blocking`].
///
/// It never waits for somebody, whatever the path names.
///
/// # Errors
/// `InvalidInput` when it is no regular file, and `IsADirectory` for a directory; those of [`File::open`].
///
/// ```
/// let error = wirebook_net::open_regular("/dev/null").unwrap_err();
/// assert_eq!(error.to_string(), "cannot open /dev/null: it is not a regular file");
/// ```
pub fn open_regular(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    open(path, OpenOptions::new().read(true)).map_err(cannot(format!("open {}", path.display())))
}

/// Opens, and looks at what was opened: between a look at the path and the opening, the path may change.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = sys::open_without_waiting(path, options)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        Ok(file)
    } else if kind.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        Err(sys::not_regular())
    }
}

/// Reads a whole regular file on the thread pool.
///
/// # Errors
/// `InvalidInput` when it is no regular file, at once; those of [`std::fs::read`].
pub async fn read_file(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref().to_owned();
    let read = move || {
        let mut bytes = Vec::new();
        let read = open(&path, OpenOptions::new().read(true)).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(cannot(format!("read {}", path.display())))
    };
    spawn_blocking(read).await?
}

/// Writes a whole regular file on the thread pool, in place of what it held.
///
/// # Errors
/// `InvalidInput` when something else is there, at once; those of [`std::fs::write`].
pub async fn write_file(path: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) -> io::Result<()> {
    let (path, bytes) = (path.as_ref().to_owned(), bytes.into());
    let write = move || {
        // It is cut when it is known to be a file.
        let opened = open(&path, OpenOptions::new().write(true).create(true).truncate(false));
        let written = opened.and_then(|mut file| file.set_len(0).and_then(|()| file.write_all(&bytes)));
        written.map_err(cannot(format!("write {}", path.display())))
    };
    spawn_blocking(write).await?
}

/// Asks for a file's length, kind and times on the thread pool; of whatever the path names.
///
/// # Errors
/// Those of [`std::fs::metadata`].
pub async fn stat(path: impl AsRef<Path>) -> io::Result<fs::Metadata> {
    let path = path.as_ref().to_owned();
    let asked = move || fs::metadata(&path).map_err(cannot(format!("ask about {}", path.display())));
    spawn_blocking(asked).await?
}
