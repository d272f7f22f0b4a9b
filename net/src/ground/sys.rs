//! The operating system: what differs between systems, and what only a foreign function can tell. One leaf, with a reason
//! for each `unsafe`, below every room.
//!
//! What a system does not have is an error of the kind `Unsupported` there, with a sentence that says so.
#![allow(unsafe_code)]

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use socket2::{MaybeUninitSlice, SockAddr, SockRef};
use std::{
    ffi::CString,
    fs::{File, OpenOptions},
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    net::{SocketAddr, ToSocketAddrs},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
    time::Duration,
};

/// The addresses of a name, as `getaddrinfo` has them; it blocks. That there are none, or that nobody could be asked, has no kind
/// in the standard library: it is `HostUnreachable` here.
pub(crate) fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    (host, port).to_socket_addrs().map(Iterator::collect).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => error,
        _ if error.raw_os_error().is_some() => error,
        _ => io::Error::new(io::ErrorKind::HostUnreachable, error),
    })
}

/// Receives one datagram: its length, whether it was cut, and who sent it.
pub(crate) fn receive(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, bool, SockAddr)> {
    // SAFETY: the layouts are the same, and the slice goes to one function alone, which hands it to the kernel, and the
    // kernel writes initialised bytes.
    let buffer = unsafe { &mut *(std::ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) };
    let (length, flags, from) = SockRef::from(socket).recv_from_vectored(&mut [MaybeUninitSlice::new(buffer)])?;
    Ok((length, flags.is_truncated(), from))
}

/// Most descriptors in one message (`SCM_MAX_FD` of Linux, unix(7)).
pub(crate) const MAX_DESCRIPTORS: usize = 253;

/// Where the descriptors of a message lie.
type Ancillary = [MaybeUninit<u8>; rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];

/// Sends bytes with descriptors beside the first of them. Never raises SIGPIPE.
pub(crate) fn send_with(socket: &impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space: Ancillary = [MaybeUninit::uninit(); _];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a message carries at most 253 descriptors"));
    }
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut beside, NO_SIGNAL)?)
}

/// Receives bytes and the descriptors that came beside them: how many bytes, and whether the system could not hand over
/// all the descriptors (`MSG_CTRUNC`), because this process may open no more.
pub(crate) fn receive_with(
    socket: &impl AsFd,
    buffer: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> io::Result<(usize, bool)> {
    let mut space: Ancillary = [MaybeUninit::uninit(); _];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut beside, CLOSE_ON_EXEC)?;
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(those) = message {
            descriptors.extend(those);
        }
    }
    #[cfg(any(target_os = "macos", target_os = "ios"))]
    for descriptor in &*descriptors {
        rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok((received.bytes, received.flags.contains(ReturnFlags::CTRUNC)))
}

/// Whether a read of a Unix stream stops behind a message with descriptors, and never before one (unix(7)): elsewhere it stops
/// before, and a short read without descriptors proves nothing.
pub(crate) const READS_END_BEHIND_DESCRIPTORS: bool = cfg!(any(target_os = "linux", target_os = "android"));

#[cfg(not(any(target_os = "macos", target_os = "ios")))]
const CLOSE_ON_EXEC: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(any(target_os = "macos", target_os = "ios"))]
const CLOSE_ON_EXEC: RecvFlags = RecvFlags::empty();
#[cfg(not(any(target_os = "macos", target_os = "ios")))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
/// The runtime of Rust ignores SIGPIPE.
#[cfg(any(target_os = "macos", target_os = "ios"))]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// The address family of a socket, by the kernel's word (`SO_DOMAIN`).
pub(crate) fn domain(descriptor: &impl AsFd) -> io::Result<socket2::Domain> {
    let socket = SockRef::from(descriptor);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return socket.domain();
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    return Ok(socket.local_addr()?.domain());
}

/// The number of a network interface; `None` when none has that name.
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: the pointer is to a string with its final zero, which outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

/// A Unix address that is no file: a name that exists as long as its socket (unix(7), "abstract").
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn abstract_address(name: &[u8]) -> io::Result<SockAddr> {
    use std::os::unix::ffi::OsStrExt;
    /// `sun_path`, without the zero that marks the name.
    const LONGEST: usize = 107;
    if name.is_empty() || name.len() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an abstract name has 1 to 107 bytes"));
    }
    SockAddr::unix(std::ffi::OsStr::from_bytes(&[b"\0", name].concat()))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn abstract_address(_: &[u8]) -> io::Result<SockAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux has abstract addresses"))
}

/// Sets `TCP_USER_TIMEOUT`; `None` leaves it to the system.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn set_user_timeout(socket: &impl AsFd, limit: Option<Duration>) -> io::Result<()> {
    /// The kernel takes an `int` of milliseconds.
    const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
    let millis = limit.map(|limit| Duration::from_millis(limit.min(LONGEST).as_nanos().div_ceil(1_000_000) as u64));
    SockRef::from(socket).set_tcp_user_timeout(millis)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn set_user_timeout(_: &impl AsFd, _: Option<Duration>) -> io::Result<()> {
    Err(no_user_timeout())
}

/// `TCP_USER_TIMEOUT`; `None` when it is left to the system.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn user_timeout(socket: &impl AsFd) -> io::Result<Option<Duration>> {
    Ok(SockRef::from(socket).tcp_user_timeout()?.filter(|limit| !limit.is_zero()))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn user_timeout(_: &impl AsFd) -> io::Result<Option<Duration>> {
    Err(no_user_timeout())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn no_user_timeout() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "only Linux has a user timeout of TCP")
}

/// Opens a file so that the call cannot wait for somebody: opening a FIFO waits for its other end, and a terminal may
/// become the process's own. Whoever opened it looks what it is before reading.
pub(crate) fn open_without_waiting(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    match options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path) {
        // A socket, or a FIFO that nobody reads (open(2), ENXIO).
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => Err(not_regular()),
        result => result,
    }
}

pub(crate) fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

/// Whether `error` says that connecting has begun and will end later. A signal interrupts the call and not the attempt,
/// which goes on (connect(2), EINTR).
pub(crate) fn connects_later(error: &io::Error) -> bool {
    [libc::EINPROGRESS, libc::EINTR].into_iter().any(|code| error.raw_os_error() == Some(code))
}

/// The process at the other end of a Unix socket, as the kernel saw it when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Process number; not known on every system.
    pub pid: Option<i32>,
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn peer_credentials(socket: &impl AsRawFd) -> io::Result<Credentials> {
    let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: both pointers are to locals that outlive the call, and `length` is the size of what the first points to.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Credentials { pid: Some(credentials.pid), uid: credentials.uid, gid: credentials.gid })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn peer_credentials(socket: &impl AsRawFd) -> io::Result<Credentials> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both pointers are to locals that outlive the call.
    if unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut uid, &raw mut gid) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Credentials { pid: None, uid, gid })
}

/// Whether `error` says that this process or the whole system has no descriptor, or no memory for one, left.
pub(crate) fn out_of_descriptors(error: &io::Error) -> bool {
    let codes = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// Whether `error` concerns the one connection that was to be accepted, so that the next one may be fine. Linux hands
/// network errors of the new socket to `accept` (accept(2), "Error handling").
pub(crate) fn lost_before_accept(error: &io::Error) -> bool {
    let codes = [
        libc::ECONNABORTED,
        libc::EPROTO,
        libc::ENOPROTOOPT,
        libc::ENETDOWN,
        libc::ENETUNREACH,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
        libc::EOPNOTSUPP,
        libc::ECONNRESET,
        libc::EPERM,
    ];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_accept_are_told_apart() {
        for (code, lost, none_left) in [
            (libc::ECONNABORTED, true, false),
            (libc::EPROTO, true, false),
            (libc::EMFILE, false, true),
            (libc::ENFILE, false, true),
            (libc::EBADF, false, false),
        ] {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!((lost_before_accept(&error), out_of_descriptors(&error)), (lost, none_left), "{error}");
        }
    }
}
