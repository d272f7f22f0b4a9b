//! What only a foreign function can tell: one leaf, with a reason for each `unsafe`.
#![allow(unsafe_code)]

use std::{io, mem::MaybeUninit, os::fd::AsRawFd};

/// Lends initialised bytes to a function that may be given uninitialised ones.
pub(crate) fn as_uninit(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the layouts are the same, and the only user, socket2's receive functions, hands the slice to the kernel,
    // which writes initialised bytes.
    unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) }
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
