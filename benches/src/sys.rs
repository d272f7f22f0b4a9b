//! The system calls that bare epoll servers, the load and the measuring need.
#![allow(unsafe_code)]

use std::{io, os::fd::RawFd};

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Lets this process have `count` descriptors, if it may.
pub fn allow_descriptors(count: u64) {
    let limit = libc::rlimit { rlim_cur: count, rlim_max: count };
    // SAFETY: the pointer is to a local that outlives the call.
    let _ = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
}

/// Pins this thread to one core.
pub fn pin(core: usize) {
    // SAFETY: a cpu_set_t of zeros is an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `core` is below the set's size; the macro only sets a bit.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: the pointer is to a local of the size that is given.
    let _ = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
}

/// An epoll instance.
#[derive(Debug)]
pub struct Epoll(RawFd);

/// What epoll tells.
pub type Event = libc::epoll_event;

impl Epoll {
    /// A new instance.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no memory is involved.
        check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }).map(Epoll)
    }

    /// Registers `fd`, level-triggered, for reading; `edge` makes it edge-triggered.
    pub fn add(&self, fd: RawFd, edge: bool) -> io::Result<()> {
        let events = libc::EPOLLIN as u32 | if edge { libc::EPOLLET as u32 } else { 0 };
        let mut event = libc::epoll_event { events, u64: fd as u64 };
        // SAFETY: the pointer is to a local that outlives the call.
        check(unsafe { libc::epoll_ctl(self.0, libc::EPOLL_CTL_ADD, fd, &raw mut event) }).map(drop)
    }

    /// Waits for events, at most for `milliseconds`; -1 is forever.
    pub fn wait<'a>(&self, events: &'a mut [Event], milliseconds: i32) -> io::Result<&'a [Event]> {
        // SAFETY: the kernel writes at most the given number of events into the slice.
        let count = check(unsafe { libc::epoll_wait(self.0, events.as_mut_ptr(), events.len() as i32, milliseconds) })?;
        Ok(&events[..count as usize])
    }
}

/// Room for the events of one wait.
pub fn no_events() -> Vec<Event> {
    vec![libc::epoll_event { events: 0, u64: 0 }; 1024]
}

/// read(2).
pub fn read(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most the slice's length.
    let count = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
    if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count as usize) }
}

/// write(2).
pub fn write(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the kernel reads the slice.
    let count = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count as usize) }
}

/// accept4(2), not blocking.
pub fn accept(fd: RawFd) -> io::Result<RawFd> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: null pointers say that the address is not wanted.
    check(unsafe { libc::accept4(fd, std::ptr::null_mut(), std::ptr::null_mut(), flags) })
}

/// close(2).
pub fn close(fd: RawFd) {
    // SAFETY: the caller owns `fd` and uses it no more.
    let _ = unsafe { libc::close(fd) };
}

/// Asks a process to end (SIGTERM).
pub fn terminate(process: u32) {
    // SAFETY: no memory is involved.
    let _ = unsafe { libc::kill(process as libc::pid_t, libc::SIGTERM) };
}

/// Sends what is written at once.
pub fn no_delay(fd: RawFd) {
    let on: libc::c_int = 1;
    // SAFETY: the pointer is to a local of the size that is given.
    let _ = unsafe {
        libc::setsockopt(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, (&raw const on).cast(), size_of_val(&on) as u32)
    };
}

/// The CPU time of this thread in nanoseconds: what another program takes of a core does not count.
pub fn thread_cpu() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours to be written.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
