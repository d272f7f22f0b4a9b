//! Tasks as a program sees them: spawning, awaiting, aborting; how the loop polls one, and how a waker finds it.

use super::{
    current::{Loop, Microtask, current, try_current},
    remote::{Handle, Remote},
    slab::Key,
    tasks::{AnyFuture, JoinError, Polled, TaskResult, unboxed},
    tracer::{Lane, Step},
};
use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    task::{Context, Poll, Wake, Waker},
};

impl Loop {
    /// Polls a task once. What it leaves behind when it ends is dropped here, where nothing is borrowed.
    pub(super) fn poll_task(&self, key: Key) {
        let Some(mut polled) = self.tasks.borrow_mut().begin(key) else { return };
        self.trace(Lane::Task, Step::Begin, key.generation);
        self.running.set(Some((key, polled.waker.data())));
        let context = &mut Context::from_waker(&polled.waker);
        let poll = catch_unwind(AssertUnwindSafe(|| polled.future.as_mut().poll(context)));
        self.running.set(None);
        self.trace(Lane::Task, Step::End, key.generation);
        let result = match poll {
            Ok(Poll::Pending) => {
                let paused = self.tasks.borrow_mut().pause(key, polled);
                return match paused {
                    Ok(false) => {}
                    Ok(true) => self.queues.pending.borrow_mut().push(key),
                    Err(aborted) => self.bury(key, aborted, Err(JoinError::Aborted)),
                };
            }
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panic) => Err(JoinError::from_panic(&*panic)),
        };
        self.bury(key, polled, result);
    }

    /// Drops the future of a task, and then lets the task end. A panic of a destructor is a panic of the task.
    fn bury(&self, key: Key, polled: Polled, result: TaskResult) {
        let dropped = drop_caught(polled);
        let (waiter, _left) = self.tasks.borrow_mut().end(key, dropped.and(result));
        self.wake(waiter);
    }

    /// Makes a task of `future` and queues its first poll as a microtask.
    pub(super) fn start(&self, future: Pin<Box<dyn AnyFuture>>) -> Key {
        let key = self.tasks.borrow_mut().insert(future, |key| waker(&self.remote, key));
        self.push_microtask(Microtask::Task(key));
        key
    }

    fn abort_task(&self, key: Key) {
        let aborted = self.tasks.borrow_mut().abort(key);
        if let Some(polled) = aborted {
            self.bury(key, polled, Err(JoinError::Aborted));
        }
    }
}

/// The waker of a task: safe code, good for any thread.
///
/// On the loop's own thread waking is a push to the microtask queue. On any other it raises one flag, pushes to a shared
/// list and nudges the driver, and the loop wakes the task at home: atomic operations are paid for by those who need
/// them. A waker holds the task's key and not the task, so it may be dropped anywhere, at any time.
impl Wake for Handle {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let at_home = try_current(|on| {
            let at_home = Arc::ptr_eq(&on.remote, &self.remote);
            if at_home {
                on.wake_task(self.key);
            }
            at_home
        });
        if at_home != Some(true) {
            self.call();
        }
    }
}

/// A waker for the task `key` of the loop that `remote` belongs to, and what it shares with the task.
fn waker(remote: &Arc<Remote>, key: Key) -> (Arc<Handle>, Waker) {
    let handle = Arc::new(Handle { remote: remote.clone(), key, called: AtomicBool::new(false) });
    (handle.clone(), Waker::from(handle))
}

/// Drops something of a program's; its panic is given and goes no further.
pub(super) fn drop_caught<T>(value: T) -> Result<(), JoinError> {
    catch_unwind(AssertUnwindSafe(|| drop(value))).map_err(|panic| JoinError::from_panic(&*panic))
}

/// Starts `future` as a task of this thread's loop; its first poll is a microtask, as the reaction of a resolved
/// promise is.
///
/// The future need not be `Send`: it stays on this thread. Dropping the handle lets the task go on by itself. A panic
/// in the task (or in what it drops) ends that task alone and is what its handle then gives.
///
/// # Panics
/// When no loop runs on this thread: call it from within [`run`](crate::run).
///
/// ```
/// let sum = wirebook_net::block_on(async {
///     let one = wirebook_net::spawn(async { 1 });
///     let two = wirebook_net::spawn(async { 2 });
///     one.await.unwrap() + two.await.unwrap()
/// });
/// assert_eq!(sum.unwrap(), 3);
/// ```
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output>
where
    F::Output: 'static,
{
    JoinHandle { of: Of::Task(start(Box::pin(future))), _here: PhantomData }
}

// Of what follows nothing is generic, so that it is compiled with this crate and not in every program that spawns.

fn start(future: Pin<Box<dyn AnyFuture>>) -> Key {
    current(|on| on.start(future))
}

fn join(key: Key, context: &Context<'_>) -> Poll<TaskResult> {
    match try_current(|on| on.tasks.borrow_mut().join(key, on.waiter(context))) {
        // The loop has ended, and the task with it.
        None => Poll::Ready(Err(JoinError::Aborted)),
        Some(Err(_before)) => Poll::Pending,
        Some(Ok((result, _left))) => Poll::Ready(result),
    }
}

fn abort(key: Key) {
    try_current(|on| on.abort_task(key));
}

fn is_finished(key: Key) -> bool {
    !try_current(|on| on.tasks.borrow().contains(key)).unwrap_or(false)
}

fn detach(key: Key) {
    let left = try_current(|on| on.tasks.borrow_mut().detach(key));
    drop(left);
}

/// What a [`JoinHandle`] asks of a job that runs elsewhere.
pub(crate) trait Joinable<T> {
    fn poll_join(&self, context: &mut Context<'_>) -> Poll<Result<T, JoinError>>;
    fn abort(&self);
    fn is_finished(&self) -> bool;
}

/// The owner's side of a task or of a job on the thread pool: await it for the result, or abort it.
pub struct JoinHandle<T> {
    of: Of<T>,
    /// Not `Send`: the result never leaves the loop's thread.
    _here: PhantomData<*const T>,
}

enum Of<T> {
    Task(Key),
    Job(Arc<dyn Joinable<T>>),
}

impl<T> JoinHandle<T> {
    /// The handle of a job.
    pub(crate) fn of_job(job: Arc<dyn Joinable<T>>) -> Self {
        JoinHandle { of: Of::Job(job), _here: PhantomData }
    }

    /// Ends the task where it waits: its future is dropped now, and awaiting the handle gives
    /// [`JoinError::Aborted`]. A task that aborts itself ends when it next waits. A finished task keeps its result. A job
    /// that already runs on the thread pool runs to its end, unheard.
    pub fn abort(&self) {
        match &self.of {
            Of::Job(job) => job.abort(),
            Of::Task(key) => abort(*key),
        }
    }

    /// Whether the task has ended, by whatever way.
    pub fn is_finished(&self) -> bool {
        match &self.of {
            Of::Job(job) => job.is_finished(),
            Of::Task(key) => is_finished(*key),
        }
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.of {
            Of::Job(job) => job.poll_join(context),
            Of::Task(key) => join(*key, context).map(|result| unboxed(result?)),
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Of::Task(key) = self.of {
            detach(key);
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("finished", &self.is_finished()).finish()
    }
}
