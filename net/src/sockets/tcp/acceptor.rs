//! Accepting when descriptors run out, shared by TCP and Unix listeners.
//!
//! A connection that cannot be accepted for want of a descriptor stays in the kernel's queue, and the listener stays
//! readable: a loop that just tries again spins at full speed and serves nobody (libev's manual calls this "the special
//! problem of accept()ing when you can't"). The cure is a descriptor in reserve, given up for the moment that it takes
//! to accept the connection and close it.

use crate::{
    ground::sys,
    kernel::{self, Direction, Registration, Sleep},
};
use std::{
    cell::RefCell,
    fs::File,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

/// How long a listener rests when not even the reserve helped.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Acceptor {
    registration: Registration,
    reserve: RefCell<Option<File>>,
    pause: RefCell<Option<Sleep>>,
}

impl Acceptor {
    pub(crate) fn new(registration: Registration) -> Self {
        Acceptor { registration, reserve: RefCell::new(reserve()), pause: RefCell::new(None) }
    }

    /// Takes the listener out of the loop although its descriptor lives on.
    pub(crate) fn forget(&self, io: &mut impl mio::event::Source) {
        self.registration.forget(io);
    }

    /// Whether the loop is told of what comes.
    pub(crate) fn hear(&self, io: &mut impl mio::event::Source, hears: bool) -> io::Result<()> {
        self.registration.hear(io, hears)
    }

    /// The next connection that `accept` gives.
    pub(crate) fn poll<T>(
        &self,
        context: &mut Context<'_>,
        mut accept: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            if let Some(pause) = &mut *self.pause.borrow_mut() {
                ready!(Pin::new(pause).poll(context));
            }
            self.pause.borrow_mut().take();
            match self.registration.try_once(Direction::Read, &mut accept) {
                Ok(connection) => return Poll::Ready(Ok(connection)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.registration.poll_readable(context))?;
                }
                Err(error) if sys::out_of_descriptors(&error) => self.shed(&mut accept),
                Err(error) if sys::lost_before_accept(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    // ANCHOR: shed
    /// Accepts one connection in place of the reserve, and closes it.
    fn shed<T>(&self, accept: &mut impl FnMut() -> io::Result<T>) {
        let had_reserve = self.reserve.borrow_mut().take().is_some();
        let shed = had_reserve && accept().is_ok();
        let again = reserve();
        if !shed || again.is_none() {
            *self.pause.borrow_mut() = Some(kernel::sleep(PAUSE));
        }
        *self.reserve.borrow_mut() = again;
    }
    // ANCHOR_END: shed
}

fn reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::READABLE;
    use std::{collections::VecDeque, future::poll_fn, net::TcpStream};

    /// Connections that were lost before they could be accepted are passed over; what concerns the listener is told.
    #[test]
    fn errors_of_one_connection_are_passed_over() {
        crate::block_on(async {
            let mut io = mio::net::TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let acceptor = Acceptor::new(Registration::new(&mut io, READABLE).unwrap());
            let _client = TcpStream::connect(io.local_addr().unwrap()).unwrap();
            let mut lost = VecDeque::from([libc::ECONNABORTED, libc::EPROTO, libc::ECONNABORTED, libc::ENETDOWN]);
            let accept = |lost: &mut VecDeque<i32>| match lost.pop_front() {
                Some(code) => Err(io::Error::from_raw_os_error(code)),
                None => io.accept(),
            };
            poll_fn(|context| acceptor.poll(context, || accept(&mut lost))).await.unwrap();
            assert!(lost.is_empty());
            lost.push_back(libc::EINVAL);
            let error = poll_fn(|context| acceptor.poll(context, || accept(&mut lost))).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
        })
        .unwrap();
    }
}
