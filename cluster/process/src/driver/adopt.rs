//! The one leaf with foreign functions: what happens between `fork` and `exec`, and how a number from the environment becomes a
//! descriptor.
#![allow(unsafe_code)]

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use std::{
    io,
    os::{
        fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    process::Command,
};

/// Descriptors below this number are looked at one by one where the system cannot do all at once.
const HIGHEST: RawFd = 65_536;

/// The first number of those that are given by place (sd_listen_fds(3), `SD_LISTEN_FDS_START`).
pub(super) const FIRST_PLACE: RawFd = 3;

/// What a child has besides its standard streams.
pub(super) struct Inherited {
    /// Stays open under its own number.
    pub(super) keep: Vec<OwnedFd>,
    /// Are open under the numbers from [`FIRST_PLACE`] on, in this order.
    pub(super) places: Places,
    /// What the child gets when the thread that starts it ends (prctl(2), PR_SET_PDEATHSIG). Linux alone has it.
    pub(super) when_parent_dies: Option<rustix::process::Signal>,
}

/// Descriptors that a child finds under the numbers from [`FIRST_PLACE`] on.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Copies whose own numbers lie behind all places.
    passed: Vec<OwnedFd>,
    /// While these are held, nothing that the start itself opens has the number of a place: the pipe by which the standard
    /// library hears that exec has failed must not be overwritten.
    _held: Vec<OwnedFd>,
}

impl Places {
    pub(super) fn new(descriptors: &[OwnedFd]) -> io::Result<Places> {
        let passed = descriptors.iter().map(|descriptor| Self::behind(descriptors.len(), descriptor));
        let passed = passed.collect::<io::Result<Vec<_>>>()?;
        let mut held = Vec::new();
        loop {
            // The system gives the lowest number that is free.
            let next = OwnedFd::from(std::fs::File::open("/dev/null")?);
            if next.as_raw_fd() >= FIRST_PLACE + Self::count(descriptors.len()) {
                return Ok(Places { passed, _held: held });
            }
            held.push(next);
        }
    }

    /// A copy whose number lies behind so many places.
    pub(super) fn behind(places: usize, descriptor: &OwnedFd) -> io::Result<OwnedFd> {
        Ok(rustix::io::fcntl_dupfd_cloexec(descriptor, FIRST_PLACE + Self::count(places))?)
    }

    /// Whether that is a place's number.
    pub(super) fn contains(&self, number: RawFd) -> bool {
        (FIRST_PLACE..FIRST_PLACE + Self::count(self.passed.len())).contains(&number)
    }

    fn count(places: usize) -> RawFd {
        RawFd::try_from(places).unwrap_or(HIGHEST)
    }
}

/// Lets the child inherit that and nothing else, whatever this process has open, and whoever opened it.
pub(super) fn inherit(command: &mut Command, inherited: Inherited) {
    let parent = rustix::process::getpid();
    let prepare = move || {
        // First all, then the exceptions. The pipe by which the standard library tells of a failed exec is closed by that
        // too, when exec succeeds, which is what it is for.
        close_all_on_exec();
        for descriptor in &inherited.keep {
            fcntl_setfd(descriptor, FdFlags::empty())?;
        }
        for (number, passed) in (FIRST_PLACE..).zip(&inherited.places.passed) {
            // SAFETY: the call makes a number stand for a descriptor that is open. What had that number in the parent is closed in
            // the child alone, where nobody owns it: all but what was named ends with exec.
            if unsafe { libc::dup2(passed.as_raw_fd(), number) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        #[cfg(target_os = "linux")]
        if let Some(signal) = inherited.when_parent_dies {
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            // The parent may have died before that (prctl(2)): then nobody would tell.
            if rustix::process::getppid() != Some(parent) {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (parent, inherited.when_parent_dies);
        Ok(())
    };
    // SAFETY: the closure runs in the child between fork and exec, where only functions may be called that a signal handler may
    // call, and no memory be allocated. It makes system calls alone: close_range, fcntl, dup2, prctl, getppid. The errors it makes
    // hold a number.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// Marks all descriptors beyond the standard streams to be closed by exec; none is closed now.
fn close_all_on_exec() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the call changes a flag of descriptors and touches no memory (close_range(2), since Linux 5.11 with this
        // flag).
        let result = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
        if result == 0 {
            return;
        }
    }
    for number in 3..HIGHEST {
        // SAFETY: the calls change a flag of a descriptor, or fail when there is none of that number.
        unsafe {
            let flags = libc::fcntl(number, libc::F_GETFD);
            if flags >= 0 {
                libc::fcntl(number, libc::F_SETFD, flags | libc::FD_CLOEXEC);
            }
        }
    }
}

/// The descriptor of that number, which whoever started this process has opened for it; grandchildren do not inherit it.
pub(super) fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    if number <= 2 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is the number of a standard stream"));
    }
    // SAFETY: the borrow is used for two calls that fail when the descriptor is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = fcntl_getfd(borrowed)?;
    if flags.contains(FdFlags::CLOEXEC) {
        // What was inherited came through an exec. This was not: somebody in this process has opened it since.
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it was not inherited"));
    }
    fcntl_setfd(borrowed, flags | FdFlags::CLOEXEC)?;
    // SAFETY: it is open, and came through an exec, so that nothing in this program has made it. It is taken once: it bears
    // CLOEXEC from here on, and the check above refuses that.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Removes names from the environment, where that is safe: while no other thread could read it. Otherwise they stay, and whoever
/// starts a child with this crate leaves them out.
pub(super) fn forget_names(names: &[&str]) {
    let threads = std::fs::read_dir("/proc/self/task").map_or(usize::MAX, |tasks| tasks.count());
    if threads == 1 {
        for name in names {
            // SAFETY: this is the only thread, and it reads no environment meanwhile (setenv(3) is unsafe beside readers).
            unsafe { std::env::remove_var(name) };
        }
    }
}

/// The number of a descriptor, for a child's environment.
pub(super) fn number(descriptor: &OwnedFd) -> RawFd {
    descriptor.as_raw_fd()
}
