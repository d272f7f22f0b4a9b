//! Files and names, by way of the thread pool: the operating system has no readiness for them, so somebody must block.

use super::jobs::spawn_blocking;
use std::{
    fs, io,
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
};

/// Looks a host name up, as `getaddrinfo` does, on the thread pool.
///
/// # Errors
/// That the name is unknown, or the resolver cannot be reached.
///
/// ```
/// let addresses = wirebook_net::block_on(async { wirebook_net::lookup("localhost", 80).await });
/// assert!(!addresses.unwrap().unwrap().is_empty());
/// ```
pub async fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.to_owned();
    spawn_blocking(move || (host, port).to_socket_addrs().map(Iterator::collect)).await?
}

/// Reads a whole file on the thread pool.
///
/// # Errors
/// Those of [`std::fs::read`].
pub async fn read_file(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref().to_owned();
    spawn_blocking(move || fs::read(path)).await?
}

/// Writes a whole file on the thread pool, in place of what it held.
///
/// # Errors
/// Those of [`std::fs::write`].
pub async fn write_file(path: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) -> io::Result<()> {
    let (path, bytes) = (path.as_ref().to_owned(), bytes.into());
    spawn_blocking(move || fs::write(path, bytes)).await?
}

/// Asks for a file's length, kind and times on the thread pool.
///
/// # Errors
/// Those of [`std::fs::metadata`].
pub async fn stat(path: impl AsRef<Path>) -> io::Result<fs::Metadata> {
    let path = path.as_ref().to_owned();
    spawn_blocking(move || fs::metadata(path)).await?
}
