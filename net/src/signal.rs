//! Ctrl-C, as an event of the loop.

use crate::{
    run,
    source::{Direction, Registration},
};
use signal_hook::{SigId, consts::SIGINT, low_level};
use std::{
    future::poll_fn,
    io::{self, Read},
    task::{Poll, ready},
};

/// Waits until the process is asked to stop (SIGINT: Ctrl-C at the terminal).
///
/// From the first call on Ctrl-C no longer ends the process by itself. The wait holds the loop, so a server's main future
/// can be `ctrl_c().await` followed by its farewell. In a simulation nobody presses the keys.
///
/// # Errors
/// When the signal cannot be caught or the socket pair for it cannot be made.
pub async fn ctrl_c() -> io::Result<()> {
    if run::current(|on| on.driver.is_simulated()) {
        return std::future::pending().await;
    }
    let (mut receiver, sender) = mio::net::UnixStream::pair()?;
    let registration = Registration::new(&mut receiver, 0)?;
    let _caught = Caught(low_level::pipe::register(SIGINT, sender)?);
    poll_fn(|context| {
        loop {
            match registration.try_once(Direction::Read, || (&receiver).read(&mut [0])) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(registration.poll_readable(context))?;
                }
                result => return Poll::Ready(result.map(drop)),
            }
        }
    })
    .await
}

struct Caught(SigId);

impl Drop for Caught {
    fn drop(&mut self) {
        low_level::unregister(self.0);
    }
}
