//! Time for tasks: sleeping, deadlines, and letting others go first.

use super::{
    current::{current, try_current},
    slab::Key,
    timers::{Action, Nanos},
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

/// Until when all that came over sockets has been heard: never later than [`now`]. Who judges a peer by a deadline of its own asks this
/// clock whether it has passed; who waits with [`sleep`] need not.
pub fn heard() -> Instant {
    try_current(|on| on.heard()).unwrap_or_else(Instant::now)
}

/// Waits for `duration`, counted from the first poll. Dropping it cancels the timer.
///
/// It is over when the time has passed and what had come by then has been heard. A loop that was held up, by a callback that
/// computed for long or with its whole process, is behind with both, and whoever waits for a peer must not blame it for that.
///
/// ```
/// use std::time::Duration;
/// wirebook_net::block_on(wirebook_net::sleep(Duration::from_millis(2))).unwrap();
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { stage: Stage::Asked(duration), _here: PhantomData }
}

/// See [`sleep`].
#[derive(Debug)]
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep {
    stage: Stage,
    _here: PhantomData<*const ()>,
}

#[derive(Debug)]
enum Stage {
    Asked(Duration),
    /// With its timer, and when that is due.
    Runs(Key, Nanos),
}

impl Future for Sleep {
    type Output = ();

    // ANCHOR: sleep
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (key, due) = match self.stage {
            Stage::Runs(key, due) => (key, due),
            Stage::Asked(duration) => {
                self.stage = current(|on| {
                    let due = on.deadline(duration);
                    Stage::Runs(on.insert_timer(due, Action::Wake(on.waiter(context))), due)
                });
                return Poll::Pending;
            }
        };
        let before = current(|on| {
            let waiter = on.waiter(context);
            on.timers.borrow_mut().set_waiter(key, waiter)
        });
        if before.is_some() {
            return Poll::Pending;
        }
        // Timers come before the sockets: what came in time may still lie there.
        if current(|on| on.heard_until()) < due {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
    // ANCHOR_END: sleep
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Stage::Runs(key, _) = self.stage {
            try_current(|on| on.cancel_timer(key));
        }
    }
}

/// Waits for `future`, but at most for `limit`; then the future is dropped. What came in time is not too late, whenever the loop gets
/// round to it: see [`sleep`].
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
