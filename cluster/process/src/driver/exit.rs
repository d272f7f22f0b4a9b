//! The end of a child: how it is seen, and who buries it.
//!
//! A process that has ended stays as a *zombie* until its parent asks how it ended. Here one task for each child does that, and
//! asks for that child alone: `waitpid(-1)` would take other children's ends from those who wait for them. On Linux a child has
//! a descriptor that is readable when it has ended (pidfd_open(2)). Elsewhere, and where the kernel has none, SIGCHLD tells
//! that some child has.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fmt, io,
    os::unix::process::ExitStatusExt,
    process::{self, ExitStatus},
    rc::Rc,
};
use wirebook_net::{self as net, SIGCHLD, pipe::Watched};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// What it gave `exit`, if it ended by itself.
    pub code: Option<i32>,
    /// What ended it otherwise.
    pub signal: Option<i32>,
}

impl Exit {
    fn of(status: ExitStatus) -> Exit {
        Exit { code: status.code(), signal: status.signal() }
    }

    /// Whether it ended by itself with 0.
    pub fn success(self) -> bool {
        self.code == Some(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "it ended with {code}"),
            (_, Some(signal)) => write!(f, "signal {signal} ended it"),
            _ => f.write_str("it ended"),
        }
    }
}

thread_local! {
    /// Children that were started by this thread's loop and are not buried; see [`bury_orphans`].
    static OWN: RefCell<BTreeSet<i32>> = RefCell::default();
}

/// A process that was started, and its end when it has come.
pub(super) struct Life {
    pid: Pid,
    /// In a group of its own, which signals go to.
    leads_group: bool,
    watched: Option<Watched>,
    end: Cell<Option<Exit>>,
    ended: net::Signal,
    child: RefCell<process::Child>,
}

impl Life {
    /// Takes a child, and has a task wait for its end. The task holds the loop.
    pub(super) fn new(child: process::Child, leads_group: bool) -> io::Result<Rc<Life>> {
        let pid = Pid::from_child(&child);
        OWN.with_borrow_mut(|own| own.insert(pid.as_raw_nonzero().get()));
        let watched = watch(pid);
        // Before the first look: a signal that comes between the two is not lost.
        let signals = watched.is_none().then(|| net::signals(&[SIGCHLD]));
        let (end, ended) = Default::default();
        let life = Rc::new(Life { pid, leads_group, watched, end, ended, child: RefCell::new(child) });
        net::spawn(wait(life.clone(), signals));
        Ok(life)
    }

    // ANCHOR: reap
    /// Asks whether it has ended; an end is told once by the system, and remembered here.
    fn reap(&self) -> Option<Exit> {
        if self.end.get().is_none() {
            let status = if self.leads_group { self.look() } else { self.bury() };
            // That there is no such child means that somebody else has buried it: how it ended nobody knows.
            self.end.set(status.unwrap_or(Some(Exit { code: None, signal: None })));
            if self.end.get().is_some() {
                self.ended.raise();
            }
        }
        self.end.get()
    }

    fn bury(&self) -> io::Result<Option<Exit>> {
        Ok(self.child.borrow_mut().try_wait()?.map(Exit::of))
    }

    /// Looks how it ended and does not bury it: while its body lies there, no other group can have its number.
    fn look(&self) -> io::Result<Option<Exit>> {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.pid), how)?;
        Ok(status.map(|status| Exit { code: status.exit_status(), signal: status.terminating_signal() }))
    }
    // ANCHOR_END: reap

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    pub(super) fn end(&self) -> Option<Exit> {
        self.end.get()
    }

    pub(super) async fn ended(&self) -> Exit {
        self.ended.until(|| self.end.get()).await
    }

    /// Sends a signal; false when there is nobody to get it. A number that another process has by now is never hit: until the
    /// child is buried its number is its own, and its descriptor for ever.
    pub(super) fn kill(&self, signal: i32) -> io::Result<bool> {
        if signal == 0 {
            return Ok(self.reap().is_none());
        }
        let signal = Signal::from_named_raw(signal)
            .ok_or(io::Error::new(io::ErrorKind::InvalidInput, format!("{signal} is no signal's number")))?;
        let sent = match &self.watched {
            // Its group may live on without it, and keeps its number.
            _ if self.leads_group => kill_process_group(self.pid, signal),
            _ if self.end.get().is_some() => return Ok(false),
            watched => send(watched.as_ref(), self.pid, signal),
        };
        match sent {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // The loop has ended before the child: one last look, so that an end which has come leaves no zombie.
        let _ = self.bury();
        // At the end of a thread the set may be gone before this.
        let _ = OWN.try_with(|own| own.borrow_mut().remove(&self.pid()));
    }
}

// ANCHOR: wait
/// One task for each child. It holds the loop, as a child holds a Node program.
async fn wait(life: Rc<Life>, signals: Option<net::Signals>) {
    match (&life.watched, signals) {
        // That the loop has ended is somebody else's to tell.
        (Some(watched), _) => drop(watched.until(|| life.reap()).await),
        (None, Some(mut signals)) => while life.reap().is_none() && (&mut signals).await.is_ok() {},
        (None, None) => {}
    }
}
// ANCHOR_END: wait

/// The descriptor of a process, which is readable when it has ended (pidfd_open(2), since Linux 5.3).
#[cfg(target_os = "linux")]
fn watch(pid: Pid) -> Option<Watched> {
    let descriptor = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()?;
    Watched::readiness(descriptor).ok()
}

#[cfg(not(target_os = "linux"))]
fn watch(_: Pid) -> Option<Watched> {
    None
}

#[cfg(target_os = "linux")]
fn send(watched: Option<&Watched>, pid: Pid, signal: Signal) -> rustix::io::Result<()> {
    match watched {
        Some(watched) => rustix::process::pidfd_send_signal(watched, signal),
        None => kill_process(pid, signal),
    }
}

#[cfg(not(target_os = "linux"))]
fn send(_: Option<&Watched>, pid: Pid, signal: Signal) -> rustix::io::Result<()> {
    kill_process(pid, signal)
}

// ANCHOR: orphans
/// Buries children that this process did not start: the first process of a system or of a container gets those whose parents have
/// died, and nobody else may bury them. Says how many. Children that this crate has started are left to whoever waits for them.
///
/// Call it when SIGCHLD has come. On Linux; elsewhere it finds none.
pub fn bury_orphans() -> usize {
    let own = OWN.with_borrow(|own| own.clone());
    let strangers = children().into_iter().filter(|pid| !own.contains(pid)).filter_map(Pid::from_raw);
    let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    strangers.filter(|pid| matches!(waitid(WaitId::Pid(*pid), how), Ok(Some(_)))).count()
}
// ANCHOR_END: orphans

/// All children of this process, those that have ended included (proc(5), `children`).
fn children() -> Vec<i32> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}
