//! Files as bodies: read on the thread pool, a piece at a time.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use wirebook_net as net;

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;

/// A file that is being read.
pub(super) struct Reading {
    pub(super) length: u64,
    file: File,
    left: u64,
}

impl Reading {
    /// Opens a file; its length now is the length of the body, whatever happens to it later.
    ///
    /// # Errors
    ///
    /// Those of [`net::open_regular`]: a FIFO or a device is one at once, and holds no thread.
    pub(super) async fn open(path: PathBuf) -> io::Result<Self> {
        pool(move || {
            let file = net::open_regular(path)?;
            let length = file.metadata()?.len();
            Ok(Reading { length, file, left: length })
        })
        .await
    }

    /// The next piece and the rest of the file; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of reading; `UnexpectedEof` when the file has become shorter.
    pub(super) async fn next(mut self) -> io::Result<Option<(Vec<u8>, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        pool(move || {
            let mut piece = vec![0; PIECE.min(usize::try_from(self.left).unwrap_or(PIECE))];
            self.file.read_exact(&mut piece)?;
            self.left -= piece.len() as u64;
            Ok(Some((piece, self)))
        })
        .await
    }
}

async fn pool<T: Send + 'static>(job: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    net::spawn_blocking(job).await.unwrap_or_else(|error| Err(io::Error::other(error.to_string())))
}
