//! A child that is run to its end, and what it says: Node's `exec` and `execFile`.

use super::{
    child::{Child, both},
    exit::{Exit, Life},
    spawn::{Io, Killing, Spawn, spawn},
};
use std::{
    cell::{Cell, RefCell},
    error::Error,
    ffi::OsStr,
    fmt, io,
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, SIGKILL, Stream,
    pipe::{PipeReader, PipeWriter},
};

/// Octets that are captured of each stream, unless told otherwise. Node's `maxBuffer`.
pub const MAX_OUTPUT: usize = 1 << 20;

/// A child that is to be run.
#[derive(Debug)]
pub struct Exec {
    spawn: Spawn,
    max_output: usize,
    input: Vec<u8>,
}

// ANCHOR: exec
/// A script for `/bin/sh`, which is part of this program's text and nothing that was put together while it ran: values come to
/// it as `"$1"`, `"$2"`…, and the shell does not read them.
///
/// ```
/// use wirebook_process::exec;
/// let out = wirebook_net::block_on(async {
///     exec("printf '%s' \"$1\" | wc -c", ["; rm -rf / #"]).run().await
/// });
/// assert_eq!(out.unwrap().unwrap().stdout.trim_ascii(), b"12");
/// ```
///
/// A text that came from elsewhere does not compile:
///
/// ```compile_fail
/// let name = std::env::args().nth(1).unwrap();
/// wirebook_process::exec(&format!("ls {name}"), [""; 0]);
/// ```
pub fn exec(script: &'static str, values: impl IntoIterator<Item: AsRef<OsStr>>) -> Exec {
    let mut arguments = vec![OsStr::new("-c").to_owned(), script.into(), "sh".into()];
    arguments.extend(values.into_iter().map(|value| value.as_ref().to_owned()));
    exec_file("/bin/sh", arguments)
}
// ANCHOR_END: exec

/// A program and its arguments, each as it stands: no shell sees them.
pub fn exec_file(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Exec {
    let spawn = spawn(program, arguments).stdout(Io::Pipe).stderr(Io::Pipe).group(true);
    Exec { spawn, max_output: MAX_OUTPUT, input: Vec::new() }
}

/// What a child said, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it complained.
    pub stderr: Vec<u8>,
    /// How it ended; `None` when it was given up before.
    pub exit: Option<Exit>,
}

/// Why a child was not run to its end. What it said until then is there.
#[derive(Debug)]
pub enum ExecError {
    /// It was not started.
    Start(io::Error),
    /// It said more than [`Exec::max_output`], and was killed. Node's `ERR_CHILD_PROCESS_STDIO_MAXBUFFER`.
    OutputTooLong(Output),
    /// Its time was up, and it was killed.
    TimedOut(Output),
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecError::Start(error) => error.fmt(f),
            ExecError::OutputTooLong(_) => f.write_str("the child said too much, and was killed"),
            ExecError::TimedOut(_) => f.write_str("the child's time was up, and it was killed"),
        }
    }
}

impl Error for ExecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ExecError::Start(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ExecError> for io::Error {
    fn from(error: ExecError) -> io::Error {
        match error {
            ExecError::Start(error) => error,
            ExecError::TimedOut(_) => io::Error::new(io::ErrorKind::TimedOut, error.to_string()),
            ExecError::OutputTooLong(_) => io::Error::other(error.to_string()),
        }
    }
}

impl Exec {
    /// Changes how it is started. Its output is captured whatever this says.
    pub fn with(mut self, change: impl FnOnce(Spawn) -> Spawn) -> Self {
        self.spawn = change(self.spawn);
        self
    }

    /// Octets that are captured of each of its streams. One more, and it is killed. 0 lets it say nothing; `usize::MAX` is no
    /// limit.
    pub fn max_output(mut self, octets: usize) -> Self {
        self.max_output = octets;
        self
    }

    /// How long it may take until it has ended and its output has; see [`Spawn::timeout`]. What holds its output open when all
    /// that was killed is gone, since it has left the group, is not waited for.
    pub fn timeout(self, limit: impl Into<Option<Duration>>) -> Self {
        self.with(|spawn| spawn.timeout(limit))
    }

    /// What it reads. Nothing by default.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    // ANCHOR: run
    /// Runs it to its end. Dropping this kills it and what it has started.
    ///
    /// # Errors
    /// That it was not started, was killed for what it said, or for its time. That it ended with another code than 0 is no
    /// error: see [`Output::exit`].
    pub async fn run(mut self) -> Result<Output, ExecError> {
        let (limit, killing) = (self.spawn.take_timeout(), self.spawn.killing());
        let stdin = if self.input.is_empty() { Io::Null } else { Io::Pipe };
        let spawn = self.spawn.stdin(stdin).stdout(Io::Pipe).stderr(Io::Pipe).group(true);
        let Child { life, stdin, stdout, stderr } = spawn.start().map_err(ExecError::Start)?;
        let kills = KillOnDrop(life.clone());
        let capture = Capture::new(self.max_output);
        let work = async {
            let output = both(capture.read(stdout, &capture.stdout), capture.read(stderr, &capture.stderr));
            both(both(output, write(stdin, &self.input)), life.ended()).await;
        };
        let timed_out = run_in_time(work, &life, limit, killing, &capture).await;
        drop(kills);
        let exit = life.end();
        let output = Output { stdout: capture.stdout.take(), stderr: capture.stderr.take(), exit };
        match (capture.over.get(), timed_out) {
            (true, _) => Err(ExecError::OutputTooLong(output)),
            (_, true) => Err(ExecError::TimedOut(output)),
            _ => Ok(output),
        }
    }
    // ANCHOR_END: run
}

/// True when its time was up.
async fn run_in_time(
    work: impl Future<Output = ()>,
    life: &Rc<Life>,
    limit: Option<Duration>,
    killing: Killing,
    capture: &Capture,
) -> bool {
    let mut work = std::pin::pin!(work);
    let limit = limit.unwrap_or(Duration::MAX);
    // It is killed for its time, or for what it says, whichever is first.
    let stopped = async {
        let over = capture.stop.until(|| capture.over.get().then_some(()));
        if limit == Duration::MAX {
            over.await
        } else {
            let _ = net::timeout(limit, over).await;
        }
    };
    if first(&mut work, stopped).await {
        return false;
    }
    for (signal, time) in [(killing.signal, killing.after), (SIGKILL, killing.after)] {
        let _ = life.kill(signal);
        if time == Duration::MAX {
            work.as_mut().await;
            break;
        }
        if net::timeout(time, work.as_mut()).await.is_ok() {
            break;
        }
    }
    true
}

/// Whether `one` is done before `other`.
async fn first(one: &mut std::pin::Pin<&mut impl Future<Output = ()>>, other: impl Future<Output = ()>) -> bool {
    let mut other = std::pin::pin!(other);
    std::future::poll_fn(|context| {
        if one.as_mut().poll(context).is_ready() {
            return std::task::Poll::Ready(true);
        }
        other.as_mut().poll(context).map(|()| false)
    })
    .await
}

/// What it says, within the bound.
struct Capture {
    most: usize,
    stdout: RefCell<Vec<u8>>,
    stderr: RefCell<Vec<u8>>,
    over: Cell<bool>,
    stop: net::Signal,
}

impl Capture {
    fn new(most: usize) -> Capture {
        let (stdout, stderr, over, stop) = Default::default();
        Capture { most, stdout, stderr, over, stop }
    }

    async fn read(&self, reader: Option<PipeReader>, into: &RefCell<Vec<u8>>) {
        let Some(reader) = reader else { return };
        loop {
            let mut bytes = net::buffer();
            let Ok(count @ 1..) = reader.read(&mut bytes).await else { return };
            let room = self.most - into.borrow().len();
            into.borrow_mut().extend_from_slice(&bytes[..count.min(room)]);
            if count > room {
                // The pipe is closed with that, so that it cannot go on writing.
                self.over.set(true);
                return self.stop.raise();
            }
        }
    }
}

async fn write(stdin: Option<PipeWriter>, input: &[u8]) {
    if let Some(stdin) = stdin {
        // A child that does not read all of it has its reasons.
        let _ = stdin.write_all(input).await;
    }
}

/// Nothing that was started outlives the wait for it.
struct KillOnDrop(Rc<Life>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill(SIGKILL);
    }
}
