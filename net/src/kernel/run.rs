//! How a loop begins and how it ends.

use super::{
    current::{Entered, Loop, current, try_current},
    driver::{Driver, Poller},
    task::drop_caught,
    tasks::{AnyFuture, unboxed},
    waiter::Waiter,
};
use std::{
    any::Any,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// Runs a program: its main future on a new event loop on this thread, and then whatever that started, until nothing is
/// left that could run; [`alive`](super::alive()) lists what that could be.
///
/// The future counts as Node's main script: what it does before its first pause happens before the first turn of the
/// loop. The loop's own errors become errors of the future's kind, so one `?` is enough.
///
/// # Errors
/// Those of the future. When the operating system refuses what the loop needs, when a loop already runs on this thread,
/// when the future panicked (which ends the loop, as an uncaught exception ends Node; a panic in another task does not),
/// or when it can never finish because nothing is left that could wake it ([`io::ErrorKind::Other`]).
///
/// ```
/// use wirebook_net as net;
/// fn main() -> std::io::Result<()> {
///     net::run(async {
///         net::sleep(std::time::Duration::from_millis(1)).await;
///         Ok(())
///     })
/// }
/// ```
pub fn run<T: 'static, E: From<io::Error> + 'static>(
    future: impl Future<Output = Result<T, E>> + 'static,
) -> Result<T, E> {
    block_on(future)?
}

/// As [`run`], for a future that gives anything at all: a value in a test, a number in a small program.
///
/// # Errors
/// The loop's own, as for [`run`].
///
/// ```
/// let text = wirebook_net::block_on(async {
///     wirebook_net::sleep(std::time::Duration::from_millis(1)).await;
///     "done"
/// });
/// assert_eq!(text.unwrap(), "done");
/// ```
pub fn block_on<F: Future + 'static>(future: F) -> io::Result<F::Output>
where
    F::Output: 'static,
{
    Ok(unboxed(run_here(Box::pin(future))?)?)
}

// Of what follows nothing is generic, so that it is compiled with this crate and not in every program.

fn run_here(main: Pin<Box<dyn AnyFuture>>) -> io::Result<Box<dyn Any>> {
    let (driver, nudge) = Poller::new()?;
    run_on(Box::new(driver), Some(nudge), main, Then::GoesOn)
}

/// What the end of the main future is to the loop.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Then {
    /// It runs until nothing is left that could run.
    GoesOn,
    /// It stops: what is left is dropped.
    Stops,
}

/// [`block_on`] on a chosen driver.
pub(crate) fn run_on(
    driver: Box<dyn Driver>,
    nudge: Option<mio::Waker>,
    main: Pin<Box<dyn AnyFuture>>,
    then: Then,
) -> io::Result<Box<dyn Any>> {
    let this = Rc::new(Loop::new(driver, nudge));
    let _ends = TearDown { _entered: Entered::enter(this.clone())?, this: this.clone() };
    let main = this.start(Box::pin(Main { future: Some(main), then }));
    this.run();
    if let Some(error) = this.failure.take() {
        return Err(error);
    }
    let joined = this.tasks.borrow_mut().join(main, Waiter::Nobody);
    match joined {
        Ok((result, _left)) => Ok(result?),
        Err(_nobody) => Err(io::Error::other("the future given to run can never finish: nothing is left to wake it")),
    }
}

/// The main future, of whatever kind: a panic in it ends the loop.
struct Main {
    future: Option<Pin<Box<dyn AnyFuture>>>,
    then: Then,
}

impl AnyFuture for Main {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Box<dyn Any>> {
        let _uncaught = StopOnPanic;
        let Some(future) = &mut self.future else { return Poll::Pending };
        let Poll::Ready(output) = future.as_mut().poll(context) else { return Poll::Pending };
        // What it drops belongs to it.
        self.future = None;
        if self.then == Then::Stops {
            current(|on| on.stop());
        }
        Poll::Ready(output)
    }
}

/// Held while the main future runs: a panic, which drops this, ends the loop.
struct StopOnPanic;

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            try_current(|on| on.stop());
        }
    }
}

/// Ends the loop, also when a callback panics. The thread is then free for another loop.
struct TearDown {
    this: Rc<Loop>,
    /// Dropped last: destructors may ask for their loop.
    _entered: Entered,
}

impl Drop for TearDown {
    fn drop(&mut self) {
        self.this.tracer.finish();
        self.this.tear_down();
    }
}

impl Loop {
    /// Drops everything that the loop still holds. Destructors may queue more, so it goes on until all is empty; one
    /// that panics has told so by the panic's message, and the others are dropped all the same.
    fn tear_down(&self) {
        loop {
            let tasks = self.tasks.borrow_mut().take_all();
            let timers = self.timers.borrow_mut().take_all();
            let sources = self.sources.borrow_mut().take_all();
            let ticks = self.queues.ticks.take();
            let microtasks = self.queues.microtasks.take();
            let immediates = self.queues.immediates.take();
            let closing = self.queues.closing.take();
            self.queues.pending.take();
            self.queues.put_off.take();
            let dropped = drop_each(tasks) + drop_each(timers) + drop_each(sources) + drop_each(ticks);
            if dropped + drop_each(microtasks) + drop_each(immediates) + drop_each(closing) == 0 {
                return drop(self.remote.close());
            }
        }
    }
}

/// Drops them and says how many they were. The panic hook has printed a panic; there is nobody else to tell.
fn drop_each<T>(values: impl IntoIterator<Item = T>) -> usize {
    values.into_iter().fold(0, |count, value| {
        let _ = drop_caught(value);
        count + 1
    })
}

/// Ends the loop after this turn: [`run`] drops what is left and returns. Node's `process.exit`.
///
/// # Panics
/// When no loop runs on this thread.
pub fn stop() {
    current(|on| on.stop());
}
