//! What workers write: the last lines in memory, all in a file that is put aside when it is long, and to whoever follows. Whatever
//! is slower than the workers has lines left out, and is told how many; the master waits for none of them.

use super::{lines::visible, place::cannot};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    rc::{Rc, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use wirebook_net as net;

/// Lines in memory, and their octets.
const RECENT: usize = 1000;
const RECENT_OCTETS: usize = 256 * 1024;
/// Octets that wait to be written; with more, lines are left out and counted.
const MAX_PENDING: usize = 1 << 20;
/// Lines that wait for one who follows, and their octets.
const MAX_BEHIND: usize = 1000;
const MAX_BEHIND_OCTETS: usize = 256 * 1024;

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// A worker, to its standard output.
    Out,
    /// A worker, to its standard error.
    Error,
    /// The master.
    Master,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Milliseconds since 1970.
    pub at: u64,
    /// Whose; 0 is the master.
    pub worker: u64,
    /// From where.
    pub source: Source,
    /// What.
    pub text: String,
}

impl Line {
    fn new(worker: u64, source: Source, text: String) -> Line {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Line { at: u64::try_from(at.as_millis()).unwrap_or(u64::MAX), worker, source, text }
    }
}

/// As in a file and on a terminal: whose it is stands in front, so that no worker can write as another.
impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.source {
            Source::Master => write!(f, "master | {}", self.text),
            Source::Out => write!(f, "{:>6} | {}", self.worker, self.text),
            Source::Error => write!(f, "{:>6} ! {}", self.worker, self.text),
        }
    }
}

/// Where lines go.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// The file; none by default.
    pub file: Option<PathBuf>,
    /// Also to this process's standard output; at a terminal as [`visible`]. Off by default.
    pub echo: bool,
    /// Octets after which the file is put aside, as `FILE.1`: 16 MiB. 0 puts it aside after each writing, `u64::MAX` never.
    pub rotate_at: u64,
    /// How many that were put aside are kept: 3. 0 keeps none, so that what is long begins anew; `u32::MAX` keeps all.
    pub keep: u32,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions { file: None, echo: false, rotate_at: 16 << 20, keep: 3 }
    }
}

/// See the module. Clones are the same.
#[derive(Clone, Debug)]
pub struct Log(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    recent: RefCell<VecDeque<Line>>,
    recent_octets: Cell<usize>,
    followers: RefCell<Vec<Weak<Queue>>>,
    file: Option<Rc<Sink>>,
    echo: Option<Rc<Sink>>,
    path: Option<PathBuf>,
}

impl Log {
    /// Opens the file, and writes from now on.
    ///
    /// # Errors
    /// Those of opening it, with its name.
    pub fn open(options: LogOptions) -> io::Result<Log> {
        let path = options.file.clone();
        if path.is_some() {
            // Who writes more than its user may have in one file (RLIMIT_FSIZE) is told by an error, and not ended by a signal.
            drop(net::signals(&[net::SIGXFSZ]));
        }
        let file = options.file.map(|path| Rotated::open(path, options.rotate_at, options.keep)).transpose()?;
        let file = file.map(|file| Sink::begin(Target::File(file), false));
        let echo = options.echo.then(|| Sink::begin(Target::Output, io::stdout().is_terminal()));
        let (recent, recent_octets, followers) = Default::default();
        Ok(Log(Rc::new(Inner { recent, recent_octets, followers, file, echo, path })))
    }

    /// The file.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Opens the file anew, before the next line: somebody has moved it.
    pub fn reopen(&self) {
        if let Some(file) = &self.0.file {
            file.reopen.set(true);
        }
    }

    /// A line of the master's.
    pub fn say(&self, text: impl Into<String>) {
        self.write(0, Source::Master, text.into());
    }

    // ANCHOR: write
    /// A line, for all who want it.
    pub fn write(&self, worker: u64, source: Source, text: String) {
        let line = Line::new(worker, source, text);
        for sink in [&self.0.file, &self.0.echo].into_iter().flatten() {
            sink.add(&line);
        }
        self.0.followers.borrow_mut().retain(|follower| match follower.upgrade() {
            Some(queue) => queue.add(&line),
            None => false,
        });
        self.keep(line);
    }
    // ANCHOR_END: write

    fn keep(&self, line: Line) {
        let mut recent = self.0.recent.borrow_mut();
        let mut octets = self.0.recent_octets.get() + line.text.len();
        recent.push_back(line);
        while recent.len() > RECENT || octets > RECENT_OCTETS {
            let Some(oldest) = recent.pop_front() else { break };
            octets -= oldest.text.len();
        }
        self.0.recent_octets.set(octets);
    }

    /// The last lines, at most so many, the oldest first. 0 is none; more than a thousand, or 256 KiB of text, are not kept.
    pub fn recent(&self, lines: usize) -> Vec<Line> {
        let recent = self.0.recent.borrow();
        recent.iter().skip(recent.len().saturating_sub(lines)).cloned().collect()
    }

    /// All lines from now on.
    pub fn follow(&self) -> Follower {
        let queue = Rc::<Queue>::default();
        self.0.followers.borrow_mut().push(Rc::downgrade(&queue));
        Follower(queue)
    }

    /// Waits until all is written, for so long at most: to the file, and then to the output. Zero waits for nobody, [`Duration::MAX`] for as
    /// long as it takes.
    pub async fn flush(&self, limit: Duration) {
        for sink in [&self.0.file, &self.0.echo].into_iter().flatten() {
            let quiet = || (sink.pending.borrow().is_empty() && !sink.writes.get()).then_some(());
            // Whoever is slower than that has lost it.
            let _ = net::timeout(limit, sink.moved.until(quiet)).await;
        }
    }
}

/// Lines that wait for one who follows.
#[derive(Debug, Default)]
struct Queue {
    lines: RefCell<VecDeque<Line>>,
    octets: Cell<usize>,
    left_out: Cell<u64>,
    came: net::Signal,
}

impl Queue {
    fn add(&self, line: &Line) -> bool {
        let lines = &mut *self.lines.borrow_mut();
        let octets = self.octets.get() + line.text.len();
        if lines.is_empty() || (lines.len() < MAX_BEHIND && octets <= MAX_BEHIND_OCTETS) {
            // Before what comes behind those.
            let missed = (self.left_out.get() > 0).then(|| left_out(self.left_out.take()));
            let both = missed.into_iter().chain([line.clone()]);
            both.for_each(|line| {
                self.octets.set(self.octets.get() + line.text.len());
                lines.push_back(line);
            });
        } else {
            self.left_out.set(self.left_out.get() + 1);
        }
        self.came.raise();
        true
    }

    fn next(&self) -> Option<Line> {
        let line = self.lines.borrow_mut().pop_front();
        line.iter().for_each(|line| self.octets.set(self.octets.get() - line.text.len()));
        line.or_else(|| (self.left_out.get() > 0).then(|| left_out(self.left_out.take())))
    }
}

/// One who follows.
#[derive(Debug)]
pub struct Follower(Rc<Queue>);

impl Follower {
    /// The next line; one of the master's says how many were left out, if some were.
    pub async fn next(&self) -> Line {
        self.0.came.until(|| self.0.next()).await
    }
}

fn left_out(count: u64) -> Line {
    Line::new(0, Source::Master, format!("{count} lines are left out: they came faster than they went"))
}

/// What is written to by a thread of the pool, because a disk or a terminal may make its writer wait.
#[derive(Debug)]
struct Sink {
    /// It is a terminal, which must obey nobody who writes a line.
    is_terminal: bool,
    pending: RefCell<Vec<u8>>,
    left_out: Cell<u64>,
    reopen: Cell<bool>,
    writes: Cell<bool>,
    moved: net::Signal,
}

impl Sink {
    fn begin(target: Target, is_terminal: bool) -> Rc<Sink> {
        let sink = Rc::new(Sink {
            is_terminal,
            pending: RefCell::default(),
            left_out: Cell::new(0),
            reopen: Cell::new(false),
            writes: Cell::new(false),
            moved: net::Signal::new(),
        });
        net::spawn(sink.clone().write(target));
        sink
    }

    fn add(&self, line: &Line) {
        let mut pending = self.pending.borrow_mut();
        if pending.len() > MAX_PENDING {
            return self.left_out.set(self.left_out.get() + 1);
        }
        if self.left_out.get() > 0 {
            pending.extend_from_slice(format!("{}\n", left_out(self.left_out.take())).as_bytes());
        }
        let text = line.to_string();
        let text = if self.is_terminal { visible(&text) } else { text.as_str().into() };
        pending.extend_from_slice(text.as_bytes());
        pending.push(b'\n');
        drop(pending);
        self.moved.raise();
    }

    async fn write(self: Rc<Self>, mut target: Target) {
        loop {
            let some = || {
                let bytes = std::mem::take(&mut *self.pending.borrow_mut());
                (!bytes.is_empty()).then_some(bytes)
            };
            let bytes = self.moved.until(some).await;
            self.writes.set(true);
            let reopen = self.reopen.take();
            let written = net::spawn_blocking(move || {
                // A full disk, or nobody who reads: what cannot be written is lost (a file says how much), and the service goes on.
                let _ = target.write(&bytes, reopen);
                target
            });
            // A loop that ends takes its pool along.
            let Ok(back) = written.await else { return };
            target = back;
            self.writes.set(false);
            self.moved.raise();
        }
    }
}

#[derive(Debug)]
enum Target {
    Output,
    File(Rotated),
}

impl Target {
    fn write(&mut self, bytes: &[u8], reopen: bool) -> io::Result<()> {
        match self {
            Target::Output => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                out.flush()
            }
            Target::File(file) => file.write(bytes, reopen),
        }
    }
}

/// A file that is put aside when it is long.
#[derive(Debug)]
struct Rotated {
    path: PathBuf,
    file: File,
    length: u64,
    rotate_at: u64,
    keep: u32,
    /// What is open has another name by now, or none.
    is_moved: bool,
    /// Lines that could not be written, and whether half of one was.
    lost: u64,
    is_torn: bool,
}

impl Rotated {
    fn open(path: PathBuf, rotate_at: u64, keep: u32) -> io::Result<Rotated> {
        let file = open(&path)?;
        let length = file.metadata()?.len();
        Ok(Rotated { path, file, length, rotate_at, keep, is_moved: false, lost: 0, is_torn: false })
    }

    /// Writes lines. Where the file cannot be opened anew, as without a descriptor, they go to what is open, and the next time it is tried
    /// again.
    fn write(&mut self, lines: &[u8], moved: bool) -> io::Result<()> {
        self.is_moved |= moved;
        self.renew();
        let is_long = self.length > 0 && self.length.saturating_add(lines.len() as u64) > self.rotate_at;
        if is_long && !self.is_moved && self.put_aside().is_ok() {
            self.renew();
        }
        if self.lost > 0 {
            let (before, was_torn) = (std::mem::take(&mut self.lost), std::mem::take(&mut self.is_torn));
            let lost = Line::new(0, Source::Master, format!("{before} lines are lost: they could not be written"));
            let torn = if was_torn { "\n" } else { "" };
            let told = self.append(format!("{torn}{lost}\n").as_bytes());
            // While that cannot be written, these are lost as well.
            told.inspect_err(|_| (self.lost, self.is_torn) = (before + count(lines), was_torn || self.is_torn))?;
        }
        self.append(lines)
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut left = lines;
        while !left.is_empty() {
            match self.file.write(left) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) => return Err(self.lose(lines, left, io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    self.length += count as u64;
                    left = &left[count..];
                }
                Err(error) => return Err(self.lose(lines, left, error)),
            }
        }
        Ok(())
    }

    /// Of those lines the last ones could not be written.
    fn lose(&mut self, lines: &[u8], left: &[u8], error: io::Error) -> io::Error {
        let written = &lines[..lines.len() - left.len()];
        self.is_torn |= written.last().is_some_and(|octet| *octet != b'\n');
        self.lost += count(left);
        error
    }

    /// Opens the file, if what is open is another by now.
    fn renew(&mut self) {
        if self.is_moved
            && let Ok(file) = open(&self.path)
            && let Ok(found) = file.metadata()
        {
            (self.file, self.length, self.is_moved) = (file, found.len(), false);
        }
    }

    fn put_aside(&mut self) -> io::Result<()> {
        if self.keep == 0 {
            self.file.set_len(0)?;
            self.length = 0;
            return Ok(());
        }
        let aside = |number: u32| {
            let mut name = self.path.as_os_str().to_owned();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        // As many as there are, and not as many as there may be.
        let there = (1..self.keep).take_while(|number| fs::symlink_metadata(aside(*number)).is_ok()).last();
        for number in (1..=there.unwrap_or(0)).rev() {
            fs::rename(aside(number), aside(number + 1))?;
        }
        fs::rename(&self.path, aside(1))?;
        self.is_moved = true;
        Ok(())
    }
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|octet| **octet == b'\n').count() as u64
}

fn open(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    opened.map_err(cannot("open", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_put_aside_and_few_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = Rotated::open(path.clone(), 10, 2).unwrap();
        for piece in ["12345", "67890", "abc", "defghijklmnop", "q"] {
            file.write(piece.as_bytes(), false).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!([read("log"), read("log.1"), read("log.2")], ["q", "defghijklmnop", "abc"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        // Somebody else moves it.
        fs::rename(&path, folder.path().join("moved")).unwrap();
        file.write(b"r", false).unwrap();
        file.write(b"s", true).unwrap();
        assert_eq!([read("moved"), read("log")], ["qr", "s"]);
        let mut none = Rotated::open(folder.path().join("none"), 0, 0).unwrap();
        none.write(b"a", false).unwrap();
        none.write(b"b", false).unwrap();
        assert_eq!(read("none"), "b");
        // The first that is too many for its length, and those that are kept, at their edges.
        for (rotate_at, wanted) in [(0, 3), (1, 3), (2, 2), (3, 1), (u64::MAX, 1)] {
            for (keep, most) in [(0, 1), (1, 2), (2, 3), (u32::MAX, usize::MAX)] {
                let folder = tempfile::tempdir().unwrap();
                let mut file = Rotated::open(folder.path().join("log"), rotate_at, keep).unwrap();
                (0..3).for_each(|_| file.write(b"x", false).unwrap());
                let files = fs::read_dir(folder.path()).unwrap().count();
                assert_eq!(files, wanted.min(most), "{rotate_at} {keep}");
            }
        }
    }

    /// Whoever has no descriptor left when a file is to be put aside, or opened anew, writes on, and does so later.
    #[test]
    fn a_file_that_cannot_be_opened_loses_no_line() {
        for moved in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let mut file = Rotated::open(path.clone(), if moved { 100 } else { 3 }, 2).unwrap();
            file.write(b"1\n", false).unwrap();
            // A link to nowhere cannot be opened, and can be renamed.
            if moved {
                fs::rename(&path, folder.path().join("log.1")).unwrap();
                std::os::unix::fs::symlink(folder.path().join("no/where"), &path).unwrap();
                file.write(b"2\n", true).unwrap();
                file.write(b"3\n", false).unwrap();
                fs::remove_file(&path).unwrap();
            } else {
                file.path = folder.path().join("no/where");
                file.write(b"2\n", false).unwrap();
                file.write(b"3\n", false).unwrap();
                file.path = path.clone();
            }
            file.write(b"4\n", false).unwrap();
            let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
            assert_eq!([read("log.1"), read("log")], ["1\n2\n3\n", "4\n"], "{moved}");
        }
    }

    /// What a full disk did not take is counted, and half a line is ended before the next one.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = Rotated::open(path.clone(), u64::MAX, 1).unwrap();
        file.write(b"1\n", false).unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let whole = std::mem::replace(&mut file.file, full);
        assert!(file.write(b"2\n3\n", false).is_err());
        assert!(file.write(b"4\n", false).is_err());
        file.file = whole;
        file.write(b"5\n", false).unwrap();
        file.write(b"6\n", false).unwrap();
        let told = "master | 3 lines are lost: they could not be written";
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("1\n{told}\n5\n6\n"));
        // Half a line.
        let error = file.lose(b"7\n8\n9\n", b"8\n9\n", io::ErrorKind::StorageFull.into());
        assert_eq!((error.kind(), file.lost, file.is_torn), (io::ErrorKind::StorageFull, 2, false));
        file.lose(b"half a line\n", b" a line\n", io::ErrorKind::StorageFull.into());
        assert_eq!((file.lost, file.is_torn), (3, true));
        file.write(b"10\n", false).unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with(&format!("6\n\n{told}\n10\n")));
    }

    /// Whoever follows and does not read costs no more than its room, however long the lines are; what was left out is said where it was.
    #[test]
    fn a_follower_has_its_most() {
        net::block_on(async {
            let log = Log::open(LogOptions::default()).unwrap();
            let half = "x".repeat(MAX_BEHIND_OCTETS / 2);
            for (first, second, kept) in [(&*half, &*half, 2), (&half, &format!("{half}y"), 1)] {
                let follower = log.follow();
                log.write(1, Source::Out, first.into());
                log.write(1, Source::Out, second.into());
                assert_eq!(follower.0.lines.borrow().len(), kept);
            }
            let follower = log.follow();
            log.write(1, Source::Out, "z".repeat(2 * MAX_BEHIND_OCTETS));
            (0..3).for_each(|_| log.write(1, Source::Out, "lost".into()));
            assert_eq!(follower.next().await.text.len(), 2 * MAX_BEHIND_OCTETS, "one alone may be longer");
            log.write(1, Source::Out, "behind".into());
            assert_eq!(follower.next().await.text, "3 lines are left out: they came faster than they went");
            assert_eq!(follower.next().await.text, "behind");
            assert_eq!(follower.0.octets.get(), 0);
            net::stop();
        })
        .unwrap();
    }

    #[test]
    fn memory_is_bounded_and_who_is_slow_is_told() {
        net::block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let log = Log::open(LogOptions { file: Some(path.clone()), ..LogOptions::default() }).unwrap();
            let follower = log.follow();
            for number in 0..100_000 {
                log.write(1, Source::Out, format!("line {number}"));
            }
            assert!(log.0.file.as_ref().unwrap().pending.borrow().len() < MAX_PENDING + 100);
            assert_eq!(log.recent(usize::MAX).len(), RECENT);
            assert_eq!(log.recent(1)[0].text, "line 99999");
            log.write(1, Source::Out, "x".repeat(RECENT_OCTETS + 1));
            assert_eq!(log.recent(5).len(), 0, "one that is too long alone is not kept");
            for number in 0..MAX_BEHIND {
                assert_eq!(follower.next().await.text, format!("line {number}"));
            }
            assert!(follower.next().await.text.starts_with("99001 lines are left out"));
            log.flush(Duration::from_secs(10)).await;
            log.write(2, Source::Error, "the end".into());
            log.flush(Duration::from_secs(10)).await;
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("     1 | line 0\n") && text.ends_with("     2 ! the end\n"));
            assert!(text.contains("master | ") && text.contains(" lines are left out"));
            net::stop();
        })
        .unwrap();
    }
}
