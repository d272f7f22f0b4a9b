//! How a loop begins and how it ends.

use super::{
    current::{Entered, Loop, current, try_current},
    driver::{Driver, Poller},
    task::drop_caught,
};
use std::{
    future::Future,
    io,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
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
    let (driver, nudge) = Poller::new()?;
    run_on(Box::new(driver), Some(nudge), future)
}

/// [`block_on`] on a chosen driver.
pub(crate) fn run_on<F: Future + 'static>(
    driver: Box<dyn Driver>,
    nudge: Option<mio::Waker>,
    future: F,
) -> io::Result<F::Output>
where
    F::Output: 'static,
{
    let this = Rc::new(Loop::new(driver, nudge));
    let _ends = TearDown { _entered: Entered::enter(this.clone())?, this: this.clone() };
    let main = this.spawn(async {
        let _uncaught = StopOnPanic;
        future.await
    });
    this.run();
    if let Some(error) = this.failure.take() {
        return Err(error);
    }
    match pin!(main).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map_err(io::Error::from),
        Poll::Pending => Err(io::Error::other("the future given to run can never finish: nothing is left to wake it")),
    }
}

/// Held by the main future: a panic in it, which drops this, ends the loop.
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
