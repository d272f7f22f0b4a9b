//! Time for tasks: sleeping, deadlines, and letting others go first.

use super::{
    current::{current, try_current},
    slab::Key,
    timers::Action,
};
use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    marker::PhantomData,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// The loop's time: read from the clock once per phase, so that all callbacks of a phase agree. Virtual in a simulation,
/// and the clock's own time where no loop runs.
pub fn now() -> Instant {
    try_current(|on| on.now()).unwrap_or_else(Instant::now)
}

/// Waits for `duration`, counted from the first poll. Dropping it cancels the timer.
///
/// ```
/// use std::time::Duration;
/// wirebook_net::block_on(wirebook_net::sleep(Duration::from_millis(2))).unwrap();
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { duration, timer: None, _here: PhantomData }
}

/// See [`sleep`].
#[derive(Debug)]
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep {
    duration: Duration,
    timer: Option<Key>,
    _here: PhantomData<*const ()>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(key) = self.timer else {
            let key = current(|on| on.insert_timer(on.deadline(self.duration), Action::Wake(on.waiter(context))));
            self.timer = Some(key);
            return Poll::Pending;
        };
        let before = current(|on| {
            let waiter = on.waiter(context);
            on.timers.borrow_mut().set_waiter(key, waiter)
        });
        if before.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.timer {
            try_current(|on| on.cancel_timer(key));
        }
    }
}

/// Waits for `future`, but at most for `limit`; then the future is dropped.
///
/// # Errors
/// [`Elapsed`] when the time was up first.
///
/// ```
/// use std::{future::pending, time::Duration};
/// let late = wirebook_net::block_on(wirebook_net::timeout(Duration::from_millis(1), pending::<()>()));
/// assert!(late.unwrap().is_err());
/// ```
pub async fn timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut sleep = sleep(limit);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(&mut sleep).poll(context).map(|()| Err(Elapsed))
    })
    .await
}

/// The time given to [`timeout`] was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time was up")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> Self {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}

/// Lets the loop finish its turn (other tasks, sockets, timers) before this task goes on.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        // A task woken while it runs waits for the next turn.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
