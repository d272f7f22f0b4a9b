//! Where lines go: a terminal, a file, a file that is put aside from time to time.

use super::stamp;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Takes lines. It runs on the thread pool, one call at a time.
pub trait Sink: Send {
    /// Writes whole lines, the first of which came at that time since 1970.
    ///
    /// # Errors
    ///
    /// Those of writing; the lines are counted as dropped.
    fn write(&mut self, lines: &[u8], at: Duration) -> io::Result<()>;
}

/// Standard output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Console;

impl Sink for Console {
    fn write(&mut self, lines: &[u8], _: Duration) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(lines)?;
        out.flush()
    }
}

/// When a file is put aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Every {
    /// Never for its age.
    #[default]
    Never,
    /// At midnight, in UTC.
    Day,
    /// At each full hour.
    Hour,
}

/// A file at whose end lines are written, and those that were put aside: `app.log`, `app.log.2026-11-26`, `app.log.2026-11-26.1`.
///
/// Several loops and programs may write to the same file: each line goes to its end in one piece, and whoever finds that another
/// has put the file aside goes on with the new one.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    every: Every,
    most: u64,
    keep: usize,
    open: Option<(File, String)>,
}

impl LogFile {
    /// A file, made if it is not there; its folder is there.
    pub fn new(path: impl Into<PathBuf>) -> LogFile {
        LogFile { path: path.into(), every: Every::Never, most: u64::MAX, keep: usize::MAX, open: None }
    }

    /// Puts it aside each day or hour, under that day's or hour's name.
    #[must_use]
    pub fn every(mut self, every: Every) -> Self {
        self.every = every;
        self
    }

    /// Puts it aside when it has so many bytes: a line more, and it begins anew. 0: each write has a file of its own; `u64::MAX`, the
    /// default: never for its size.
    #[must_use]
    pub fn most(mut self, bytes: u64) -> Self {
        self.most = bytes;
        self
    }

    /// Keeps so many of those that were put aside; the oldest go. `usize::MAX`, the default, keeps all, and 0 none.
    #[must_use]
    pub fn keep(mut self, files: usize) -> Self {
        self.keep = files;
        self
    }

    /// The period that a time lies in; all of them are one where age does not count.
    fn period(&self, at: Duration) -> String {
        if self.every == Every::Never { String::new() } else { stamp::period(at, self.every == Every::Hour) }
    }

    /// The file to write at this time to.
    fn current(&mut self, at: Duration, bytes: u64) -> io::Result<&mut File> {
        let now = self.period(at);
        let (file, began) = match self.open.take() {
            Some((file, began)) if self.is_at(&file) => (file, began),
            // Another has put it aside, or nothing is open yet.
            _ => self.reopen(&now)?,
        };
        let length = file.metadata()?.len();
        let is_full = length > 0 && length.saturating_add(bytes) > self.most;
        let (file, began) = if began != now && length > 0 || is_full {
            drop(file);
            self.put_aside(if began.is_empty() { stamp::period(at, false) } else { began })?;
            self.reopen(&now)?
        } else {
            (file, now)
        };
        Ok(&mut self.open.insert((file, began)).0)
    }

    /// Opens the file, and says to which period what is in it belongs.
    fn reopen(&self, now: &str) -> io::Result<(File, String)> {
        let file = OpenOptions::new().append(true).create(true).mode(0o640).open(&self.path)?;
        let metadata = file.metadata()?;
        let began = if metadata.len() == 0 { now.to_owned() } else { self.period(changed(&metadata)) };
        Ok((file, began))
    }

    /// Whether our file is still the one of that name.
    fn is_at(&self, file: &File) -> bool {
        let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
        let (ours, there) = (file.metadata().map(identity), std::fs::metadata(&self.path).map(identity));
        matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
    }

    // ANCHOR: put_aside
    /// Gives the file the period's name, and a number if that is taken. A link fails where the name is taken, so nothing that another
    /// has put aside is ever lost.
    fn put_aside(&self, period: String) -> io::Result<()> {
        let name = |number: u32| {
            let number = if number == 0 { String::new() } else { format!(".{number:04}") };
            PathBuf::from(format!("{}.{period}{number}", self.path.display()))
        };
        for number in 0.. {
            match std::fs::hard_link(&self.path, name(number)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                linked => linked?,
            }
            return match std::fs::remove_file(&self.path) {
                // Another was faster by a moment, and has it under a name of its own.
                Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::remove_file(name(number)),
                removed => removed.and_then(|()| self.clear_away()),
            };
        }
        Ok(())
    }
    // ANCHOR_END: put_aside

    /// Removes the oldest of those that were put aside, until so many are left as are to be kept. Their names are in order.
    fn clear_away(&self) -> io::Result<()> {
        if self.keep == usize::MAX {
            return Ok(());
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Some(own) = self.path.file_name().and_then(|name| name.to_str()) else { return Ok(()) };
        let mut aside = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name();
            let behind = name.to_str().and_then(|name| name.strip_prefix(own)?.strip_prefix('.'));
            if behind.is_some_and(is_period) {
                aside.push(name);
            }
        }
        aside.sort();
        let surplus = aside.len().saturating_sub(self.keep);
        aside.iter().take(surplus).try_for_each(|name| std::fs::remove_file(folder.join(name)))
    }
}

/// `2026-11-27`, `2026-11-27T03`, each also with `.0001`: nothing else of the folder is ours.
fn is_period(text: &str) -> bool {
    let (period, number) = text.split_once('.').map_or((text, ""), |(period, number)| (period, number));
    let fits = |pattern: &str| {
        period.len() == pattern.len()
            && period.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                _ => byte == wanted,
            })
    };
    (fits("0000-00-00") || fits("0000-00-00T00")) && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn changed(metadata: &Metadata) -> Duration {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    modified.unwrap_or_default()
}

impl Sink for LogFile {
    fn write(&mut self, lines: &[u8], at: Duration) -> io::Result<()> {
        self.current(at, lines.len() as u64)?.write_all(lines)
    }
}
