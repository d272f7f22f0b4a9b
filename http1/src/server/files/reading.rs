//! Files as bodies: read on the thread pool, a piece at a time.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::{Bound, Range, RangeBounds};
use std::path::PathBuf;
use wirebook_net as net;

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;

/// Opens a file that has a length and an end.
///
/// # Errors
///
/// Those of [`net::open_regular`]: a FIFO, a device, a socket is one at once, and holds no thread.
pub(in crate::server) async fn open(path: PathBuf) -> io::Result<(File, Metadata)> {
    pool(move || {
        let file = net::open_regular(path)?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    })
    .await
}

fn check(metadata: &Metadata) -> io::Result<()> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "only a regular file can be an answer")),
    }
}

/// A part of a file that is being read.
pub(in crate::server) struct Reading {
    file: File,
    left: u64,
}

impl Reading {
    /// Those bytes of an open file.
    ///
    /// # Errors
    ///
    /// Those of asking for its length and of seeking; `InvalidInput` for what is no regular file, and for a range that does
    /// not lie in it.
    pub(in crate::server) async fn part(file: File, range: impl RangeBounds<u64>) -> io::Result<Self> {
        let (start, end) = (range.start_bound().cloned(), range.end_bound().cloned());
        pool(move || {
            let metadata = file.metadata()?;
            check(&metadata)?;
            let range = bounds(start, end, metadata.len());
            let range =
                range.ok_or(io::Error::new(io::ErrorKind::InvalidInput, "the range does not lie in the file"))?;
            Self::seek(file, range)
        })
        .await
    }

    /// Those bytes, which lie in the file.
    pub(in crate::server) fn seek(mut file: File, range: Range<u64>) -> io::Result<Self> {
        file.seek(SeekFrom::Start(range.start))?;
        Ok(Reading { file, left: range.end - range.start })
    }

    /// Bytes that are still to be read.
    pub(in crate::server) fn left(&self) -> u64 {
        self.left
    }

    /// The next piece and the rest; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of reading; `UnexpectedEof` when the file has become shorter.
    pub(in crate::server) async fn next(mut self) -> io::Result<Option<(Vec<u8>, Self)>> {
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

/// The range from one bound to the other, if it lies in a file of that length.
fn bounds(start: Bound<u64>, end: Bound<u64>, length: u64) -> Option<Range<u64>> {
    let start = match start {
        Bound::Included(start) => start,
        Bound::Excluded(before) => before.checked_add(1)?,
        Bound::Unbounded => 0,
    };
    let end = match end {
        Bound::Included(last) => last.checked_add(1)?,
        Bound::Excluded(end) => end,
        Bound::Unbounded => length,
    };
    (start <= end && end <= length).then_some(start..end)
}

async fn pool<T: Send + 'static>(job: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    net::spawn_blocking(job).await.unwrap_or_else(|error| Err(io::Error::other(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_lies_in_the_file_or_there_is_none() {
        let of = |range: (Bound<u64>, Bound<u64>)| bounds(range.0, range.1, 10);
        let (included, excluded) = (Bound::Included, Bound::Excluded);
        assert_eq!(of((Bound::Unbounded, Bound::Unbounded)), Some(0..10));
        assert_eq!(of((included(3), excluded(3))), Some(3..3));
        assert_eq!(of((excluded(3), included(9))), Some(4..10));
        assert_eq!(of((included(10), Bound::Unbounded)), Some(10..10));
        for range in [
            (included(11), Bound::Unbounded),
            (included(4), excluded(3)),
            (included(0), excluded(11)),
            (included(0), included(u64::MAX)),
            (excluded(u64::MAX), Bound::Unbounded),
        ] {
            assert_eq!(of(range), None, "{range:?}");
        }
    }
}
