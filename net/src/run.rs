//! How a loop begins, how the functions of this crate find it, and how it ends.

use crate::{driver::Driver, event_loop::Loop, task};
use std::{cell::RefCell, future::Future, io, rc::Rc};

/// Runs `future` on a new event loop on this thread, and then whatever it started, until nothing is left that could
/// run: no timer, no waiting task, no job on the thread pool.
///
/// Gives the future's output. The future counts as Node's main script: what it does before its first pause
/// happens before the first turn of the loop.
///
/// # Errors
/// When the operating system refuses what the loop needs, when a loop already runs on this thread, when the future
/// panicked (which ends the loop, as an uncaught exception ends Node; a panic in another task does not), or when it can
/// never finish because nothing is left that could wake it ([`io::ErrorKind::Other`]).
///
/// ```
/// let text = wirebook_net::run(async {
///     wirebook_net::sleep(std::time::Duration::from_millis(1)).await;
///     "done"
/// });
/// assert_eq!(text.unwrap(), "done");
/// ```
pub fn run<F: Future + 'static>(future: F) -> io::Result<F::Output>
where
    F::Output: 'static,
{
    run_on(Driver::real()?, future)
}

/// [`run`] on a chosen driver.
pub(crate) fn run_on<F: Future + 'static>(
    (driver, nudge): (Driver, Option<mio::Waker>),
    future: F,
) -> io::Result<F::Output>
where
    F::Output: 'static,
{
    let this = Rc::new(Loop::new(driver, nudge));
    let _guard = Entered::enter(this.clone())?;
    let main = task::spawn_on(&this, async {
        let _uncaught = StopOnPanic;
        future.await
    });
    this.run_one_microtask();
    this.run();
    if let Some(error) = this.failure.take() {
        return Err(error);
    }
    match result_of(main) {
        Some(result) => result.map_err(io::Error::from),
        None => Err(io::Error::other("the future given to run can never finish: nothing is left to wake it")),
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

thread_local!(static CURRENT: RefCell<Option<Rc<Loop>>> = const { RefCell::new(None) });

/// Makes a loop this thread's own, until dropped.
struct Entered(Rc<Loop>);

impl Entered {
    fn enter(this: Rc<Loop>) -> io::Result<Self> {
        CURRENT.with(|current| match &mut *current.borrow_mut() {
            Some(_) => Err(io::Error::other("a loop already runs on this thread")),
            none => {
                *none = Some(this.clone());
                Ok(Entered(this))
            }
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.tracer.finish();
        self.0.tear_down();
        CURRENT.with(|current| current.borrow_mut().take());
    }
}

/// Calls `f` with this thread's loop, if one runs.
pub(crate) fn try_current<R>(f: impl FnOnce(&Rc<Loop>) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(f)).ok().flatten()
}

/// Calls `f` with this thread's loop.
pub(crate) fn current<R>(f: impl FnOnce(&Rc<Loop>) -> R) -> R {
    try_current(f).expect("no event loop runs on this thread: call this from within wirebook_net::run")
}

/// The result of a finished task, without waiting.
fn result_of<T>(handle: task::JoinHandle<T>) -> Option<Result<T, task::JoinError>> {
    let mut handle = std::pin::pin!(handle);
    match handle.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(result) => Some(result),
        std::task::Poll::Pending => None,
    }
}
