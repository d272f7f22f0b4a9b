//! Starting a child: what all ways to start one share.

use super::{
    adopt::{Inherited, Places, inherit},
    child::Child,
    exit::Life,
};
use rustix::process::Signal;
use std::{
    ffi::{OsStr, OsString},
    io,
    os::fd::{AsRawFd, OwnedFd},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, SIGKILL, SIGTERM, SignalNumber,
    pipe::{PipeReader, PipeWriter, ends},
};

/// The variable in which a child finds the number of its channel's descriptor. Node's.
pub const CHANNEL_FD: &str = "NODE_CHANNEL_FD";
/// The variable that says how messages are framed: `json` or `advanced`. Node's.
pub const CHANNEL_MODE: &str = "NODE_CHANNEL_SERIALIZATION_MODE";

/// [`CHANNEL_FD`] of a channel that is of no business to Node; see [`Fork::private`](super::Fork::private).
pub const PRIVATE_CHANNEL_FD: &str = "WIREBOOK_CHANNEL_FD";

/// The variable in which two of ours agree on [`Limits::window`](crate::Limits::window), where it is not Node's.
pub const CHANNEL_WINDOW: &str = "WIREBOOK_CHANNEL_WINDOW";

/// The variable that says for which process listeners are; systemd's, as the next two.
pub const LISTEN_PID: &str = "LISTEN_PID";
/// The variable that says how many there are.
pub const LISTEN_FDS: &str = "LISTEN_FDS";
/// The variable with their names, between colons.
pub const LISTEN_FDNAMES: &str = "LISTEN_FDNAMES";

/// How long a child has after its kill signal before SIGKILL comes, unless told otherwise.
pub const KILL_AFTER: Duration = Duration::from_secs(5);

/// What a standard stream of a child is.
#[derive(Debug, Default)]
pub enum Io {
    /// `/dev/null`: nothing to read, and nobody reads.
    #[default]
    Null,
    /// This process's own.
    Inherit,
    /// A pipe, of which [`Child`] has the other end.
    Pipe,
    /// A descriptor, which is closed here when the child has it.
    Descriptor(OwnedFd),
}

/// A child that is to be started. Its standard streams are `/dev/null` unless told otherwise, and it inherits nothing else.
#[derive(Debug)]
pub struct Spawn {
    command: Command,
    /// Its name for people, where the file has none.
    called: Option<OsString>,
    stdio: [Io; 3],
    keep: Vec<OwnedFd>,
    passed: Vec<OwnedFd>,
    when_parent_dies: Option<SignalNumber>,
    leads_group: bool,
    timeout: Option<Duration>,
    kill_signal: SignalNumber,
    kill_after: Duration,
}

/// Variables that are about one process, and not about those that it starts.
const PERSONAL: [&str; 7] =
    [CHANNEL_FD, PRIVATE_CHANNEL_FD, CHANNEL_MODE, CHANNEL_WINDOW, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES];

// ANCHOR: spawn
/// A program and its arguments, each as it stands: no shell sees them.
///
/// ```
/// use wirebook_net::{self as net, Stream};
/// use wirebook_process::{Io, spawn};
/// net::block_on(async {
///     let mut child = spawn("cat", ["-"]).stdin(Io::Pipe).stdout(Io::Pipe).start()?;
///     child.stdin.take().unwrap().write_all(b"through a child").await?;
///     let mut bytes = [0; 32];
///     let count = child.stdout.as_ref().unwrap().read(&mut bytes).await?;
///     assert_eq!(&bytes[..count], b"through a child");
///     assert!(child.exited().await.success());
///     std::io::Result::Ok(())
/// }).unwrap().unwrap();
/// ```
pub fn spawn(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Spawn {
    let mut command = Command::new(program);
    command.args(arguments);
    // A channel is between two: a grandchild has no business on it. So with listeners.
    for name in PERSONAL {
        command.env_remove(name);
    }
    Spawn {
        command,
        called: None,
        stdio: Default::default(),
        keep: Vec::new(),
        passed: Vec::new(),
        when_parent_dies: None,
        leads_group: false,
        timeout: None,
        kill_signal: SIGTERM,
        kill_after: KILL_AFTER,
    }
}
// ANCHOR_END: spawn

// ANCHOR: activated
/// Says which process it is, and becomes the program: who starts a process does not know its number before.
const ACTIVATE: &str = "LISTEN_PID=$$; export LISTEN_PID; exec \"$0\" \"$@\"";

/// A program that is given descriptors as systemd gives them (sd_listen_fds(3)): under the numbers from 3 on, with their count in
/// `LISTEN_FDS`, and their names in `LISTEN_FDNAMES`. Colons and control characters of a name become `_`, as they have no place
/// there.
///
/// A shell stands in front of it for a moment, and reads nothing but one line of this crate.
///
/// # Errors
/// `EMFILE`.
pub fn activated(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item: AsRef<OsStr>>,
    passed: Vec<(String, OwnedFd)>,
) -> io::Result<Spawn> {
    let mut words: Vec<OsString> = vec!["-c".into(), ACTIVATE.into(), program.as_ref().into()];
    words.extend(arguments.into_iter().map(|word| word.as_ref().to_owned()));
    let clean = |name: &String| name.replace(|letter: char| letter == ':' || letter.is_control(), "_");
    let names: Vec<String> = passed.iter().map(|(name, _)| clean(name)).collect();
    let mut spawn = spawn("/bin/sh", words).env(LISTEN_FDS, passed.len().to_string());
    spawn = spawn.env(LISTEN_FDNAMES, names.join(":"));
    spawn.called = Some(program.as_ref().into());
    spawn.passed = passed.into_iter().map(|(_, descriptor)| descriptor).collect();
    Ok(spawn)
}
// ANCHOR_END: activated

impl Spawn {
    /// What it reads.
    pub fn stdin(mut self, io: Io) -> Self {
        self.stdio[0] = io;
        self
    }

    /// What it writes to.
    pub fn stdout(mut self, io: Io) -> Self {
        self.stdio[1] = io;
        self
    }

    /// What it complains to.
    pub fn stderr(mut self, io: Io) -> Self {
        self.stdio[2] = io;
        self
    }

    /// Sets a variable of its environment, which is this process's otherwise.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Leaves a variable out.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// What it is told its own name is, where that is not the file's.
    pub fn arg0(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.arg0(&name);
        self.called = Some(name.as_ref().to_owned());
        self
    }

    /// Begins with an empty environment.
    pub fn env_clear(mut self) -> Self {
        self.command.env_clear();
        self
    }

    /// Where it starts.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Gives up the rights of an administrator: it runs as this user and group, and is in no other group. Only who may do that can
    /// (setuid(2)); others have their start refused with `PermissionDenied`.
    pub fn user(mut self, user: u32, group: u32) -> Self {
        // The standard library clears the other groups when root changes the user.
        self.command.gid(group).uid(user);
        self
    }

    /// A copy of a descriptor that does not stand where the child's listeners will.
    pub(super) fn out_of_the_way(&self, descriptor: OwnedFd) -> io::Result<OwnedFd> {
        if self.passed.is_empty() { Ok(descriptor) } else { Places::behind(self.passed.len(), &descriptor) }
    }

    /// A descriptor that stays open in the child under the same number.
    pub fn keep(mut self, descriptor: OwnedFd) -> Self {
        self.keep.push(descriptor);
        self
    }

    /// Makes it the leader of a process group, which signals then go to: to it and to what it has started. A terminal's Ctrl-C
    /// does not reach it. So that its number stays its own, a leader is buried when its [`Child`] is dropped.
    pub fn group(mut self, leads: bool) -> Self {
        self.leads_group = leads;
        self
    }

    /// Sends it a signal when the *thread* that started it ends (prctl(2)). On Linux; elsewhere it has no effect. `None`, the
    /// default, is off.
    ///
    /// A child with a channel has no need for it: its channel ends.
    pub fn when_parent_dies(mut self, signal: Option<SignalNumber>) -> Self {
        self.when_parent_dies = signal;
        self
    }

    /// Kills it when it has not ended in time: with [`Spawn::kill_signal`], and after [`Spawn::kill_after`] with SIGKILL. Zero
    /// is at once; `None`, the default, and [`Duration::MAX`] never.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeout = limit.into();
        self
    }

    /// What a timeout sends first: SIGTERM by default, as in Node.
    pub fn kill_signal(mut self, signal: SignalNumber) -> Self {
        self.kill_signal = signal;
        self
    }

    /// How long it has after that: five seconds by default. Zero is SIGKILL at once, [`Duration::MAX`] never. (Node has no
    /// SIGKILL, and waits.)
    pub fn kill_after(mut self, time: Duration) -> Self {
        self.kill_after = time;
        self
    }

    /// How it is killed.
    pub(super) fn killing(&self) -> Killing {
        Killing { signal: self.kill_signal, after: self.kill_after }
    }

    pub(super) fn take_timeout(&mut self) -> Option<Duration> {
        self.timeout.take()
    }

    /// Starts it.
    ///
    /// # Errors
    /// `NotFound` for a program that is not there, `PermissionDenied`; `InvalidInput` for an argument with a NUL in it or a
    /// number that is no signal's; `EMFILE`, `EAGAIN`. Each says which program it is about. Nothing was started then.
    ///
    /// # Panics
    /// When no loop runs on this thread.
    pub fn start(self) -> io::Result<Child> {
        let program = self.called.as_deref().unwrap_or(self.command.get_program()).to_string_lossy().into_owned();
        self.start_it().map_err(|error| io::Error::new(error.kind(), format!("cannot start {program}: {error}")))
    }

    fn start_it(self) -> io::Result<Child> {
        let Spawn { mut command, stdio: [stdin, stdout, stderr], keep, passed, leads_group, timeout, .. } = self;
        let killing = Killing { signal: self.kill_signal, after: self.kill_after };
        let named = |number| {
            let invalid = || io::Error::new(io::ErrorKind::InvalidInput, format!("{number} is no signal's number"));
            Signal::from_named_raw(number).ok_or_else(invalid)
        };
        named(killing.signal)?;
        let when_parent_dies = self.when_parent_dies.map(named).transpose()?;
        let (stdin, to_child) = match stdin {
            Io::Pipe => ends().map(|(child, here)| (child.into(), Some(here)))?,
            other => (as_stdio(other), None),
        };
        let from_child = |io| match io {
            Io::Pipe => ends().map(|(here, child)| (child.into(), Some(here))),
            other => io::Result::Ok((as_stdio(other), None)),
        };
        let (stdout, child_out) = from_child(stdout)?;
        let (stderr, child_err) = from_child(stderr)?;
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        if leads_group {
            command.process_group(0);
        }
        let places = if passed.is_empty() { Places::default() } else { Places::new(&passed)? };
        if let Some(descriptor) = keep.iter().find(|kept| places.contains(kept.as_raw_fd())) {
            let reason = format!("number {} is a listener's", descriptor.as_raw_fd());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        inherit(&mut command, Inherited { keep, places, when_parent_dies });
        // The pipes join the loop first: what fails then has started nothing.
        let stdin = to_child.map(PipeWriter::from_fd).transpose()?;
        let stdout = child_out.map(PipeReader::from_fd).transpose()?;
        let stderr = child_err.map(PipeReader::from_fd).transpose()?;
        let life = Life::new(command.spawn()?, leads_group)?;
        // With the command, the child's ends of the pipes are closed here.
        drop(command);
        if let Some(limit) = timeout.filter(|limit| *limit != Duration::MAX) {
            net::spawn(end_in_time(life.clone(), limit, killing));
        }
        Ok(Child { life, stdin, stdout, stderr })
    }
}

fn as_stdio(io: Io) -> Stdio {
    match io {
        Io::Inherit => Stdio::inherit(),
        Io::Descriptor(descriptor) => descriptor.into(),
        Io::Null | Io::Pipe => Stdio::null(),
    }
}

/// How a child is killed that does not end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Killing {
    pub(super) signal: SignalNumber,
    pub(super) after: Duration,
}

// ANCHOR: end_in_time
/// Time first, then a word, then no word.
async fn end_in_time(life: Rc<Life>, limit: Duration, killing: Killing) {
    for (time, signal) in [(limit, killing.signal), (killing.after, SIGKILL)] {
        if time == Duration::MAX || net::timeout(time, life.ended()).await.is_ok() {
            return;
        }
        // That it has ended meanwhile is what is wanted.
        let _ = life.kill(signal);
    }
}
// ANCHOR_END: end_in_time
