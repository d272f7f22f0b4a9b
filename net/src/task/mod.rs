//! Tasks: a future, its state and its join handle in one allocation.
//!
//! A task is always in one of four conditions, kept in two bits: idle, scheduled (it stands in a queue), running, or
//! running and scheduled (woken while it runs). Only the waker that sets `SCHEDULED` queues it, so a task never
//! stands in a queue twice however often it is woken. A task woken while it runs waits for the next turn of the loop:
//! a task that keeps waking itself cannot keep the others out.
//!
//! The waker is safe code: `Arc<Task>` implements [`Wake`]. On the loop's own thread waking is a push to the
//! microtask queue; on any other it is a push to a shared list and a nudge of the driver.

mod cell;

pub(crate) use cell::thread_number;

use crate::{
    event_loop::{self, Loop, Microtask},
    remote::Remote,
    slab::Key,
};
use cell::FutureCell;
use std::{
    any::Any,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake},
};

const SCHEDULED: u8 = 1;
const RUNNING: u8 = 2;
const DONE: u8 = 4;
const ABORTED: u8 = 8;

pub(crate) struct Task<F: Future> {
    remote: Arc<Remote>,
    /// The place in the loop's list of tasks; in two words because the list's key comes after the task.
    index: AtomicU32,
    generation: AtomicU32,
    state: AtomicU8,
    cell: FutureCell<F>,
}

/// What the queues hold: a task of whatever future.
pub(crate) trait Runnable: Send + Sync {
    /// Polls the future once.
    fn run(self: Arc<Self>, on: &Rc<Loop>);
    /// Drops the future without running it further.
    fn cancel(self: Arc<Self>);
    /// Whether anything but the loop and the join handle holds the task, so that it may be woken some day.
    fn reachable(self: Arc<Self>) -> bool;
    /// What traces call it.
    fn number(&self) -> u32;
}

impl<F: Future + 'static> Task<F>
where
    F::Output: 'static,
{
    fn key(&self) -> Key {
        Key { index: self.index.load(Ordering::Relaxed), generation: self.generation.load(Ordering::Relaxed) }
    }

    fn finish(&self, on: &Loop) {
        self.state.fetch_or(DONE, Ordering::AcqRel);
        on.forget_task(self.key());
        if let Some(joiner) = self.cell.take_joiner() {
            joiner.wake();
        }
    }
}

impl<F: Future + 'static> Runnable for Task<F>
where
    F::Output: 'static,
{
    fn run(self: Arc<Self>, on: &Rc<Loop>) {
        if self.state.swap(RUNNING, Ordering::AcqRel) & DONE != 0 {
            self.state.store(DONE, Ordering::Release);
            return;
        }
        let lent = cell::lend_waker(&self);
        let finished = self.cell.poll(&mut Context::from_waker(lent.waker()));
        let woken = self.state.fetch_and(!RUNNING, Ordering::AcqRel);
        if woken & ABORTED != 0 {
            self.cell.cancel();
        }
        if finished || woken & ABORTED != 0 {
            self.finish(on);
        } else if woken & SCHEDULED != 0 {
            on.defer(self);
        }
    }

    fn cancel(self: Arc<Self>) {
        if self.state.load(Ordering::Acquire) & DONE != 0 {
            return;
        }
        if !self.cell.cancel() {
            self.state.fetch_or(ABORTED, Ordering::AcqRel);
            return;
        }
        let forgotten = event_loop::try_current(|on| self.finish(on)).is_some();
        if !forgotten {
            self.state.fetch_or(DONE, Ordering::AcqRel);
        }
    }

    fn reachable(self: Arc<Self>) -> bool {
        // The loop's list, `self` here, and the join handle are the shares that wake nobody.
        Arc::strong_count(&self) > 2 + usize::from(self.cell.joined.get())
    }

    fn number(&self) -> u32 {
        self.generation.load(Ordering::Relaxed)
    }
}

impl<F: Future + 'static> Task<F>
where
    F::Output: 'static,
{
    fn schedule(self: Arc<Self>) {
        if self.remote.is_home() {
            event_loop::try_current(|on| on.push_microtask(Microtask::Task(self)));
        } else {
            self.remote.clone().push(self);
        }
    }
}

impl<F: Future + 'static> Wake for Task<F>
where
    F::Output: 'static,
{
    fn wake(self: Arc<Self>) {
        if self.state.fetch_or(SCHEDULED, Ordering::AcqRel) & (SCHEDULED | RUNNING | DONE) == 0 {
            self.schedule();
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.fetch_or(SCHEDULED, Ordering::AcqRel) & (SCHEDULED | RUNNING | DONE) == 0 {
            self.clone().schedule();
        }
    }
}

/// What a [`JoinHandle`] asks of a task, or of a job on the thread pool.
pub(crate) trait Joinable<T> {
    fn poll_join(&self, context: &mut Context<'_>) -> Poll<Result<T, JoinError>>;
    fn abort(self: Arc<Self>);
    fn finished(&self) -> bool;
    fn detach(&self);
}

impl<F: Future + 'static> Joinable<F::Output> for Task<F>
where
    F::Output: 'static,
{
    fn poll_join(&self, context: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        self.cell.poll_join(context)
    }
    fn abort(self: Arc<Self>) {
        self.cancel();
    }
    fn finished(&self) -> bool {
        self.state.load(Ordering::Acquire) & DONE != 0
    }
    fn detach(&self) {
        self.cell.detach();
    }
}

/// Makes a task of `future` on the loop `on` and queues its first poll as a microtask.
pub(crate) fn spawn_on<F: Future + 'static>(on: &Rc<Loop>, future: F) -> JoinHandle<F::Output>
where
    F::Output: 'static,
{
    let task = Arc::new(Task {
        remote: on.remote.clone(),
        index: AtomicU32::new(0),
        generation: AtomicU32::new(0),
        state: AtomicU8::new(SCHEDULED),
        cell: FutureCell::new(future),
    });
    let key = on.remember_task(task.clone());
    task.index.store(key.index, Ordering::Relaxed);
    task.generation.store(key.generation, Ordering::Relaxed);
    on.push_microtask(Microtask::Task(task.clone()));
    JoinHandle::new(task)
}

/// Starts `future` as a task of this thread's loop; its first poll is a microtask, as the reaction of a resolved
/// promise is.
///
/// The future need not be `Send`: it stays on this thread. Dropping the handle lets the task go on by itself. A panic
/// in the task ends that task alone and is what its handle then gives.
///
/// # Panics
/// When no loop runs on this thread: call it from within [`run`](crate::run).
///
/// ```
/// let sum = wirebook_net::run(async {
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
    event_loop::current(|on| spawn_on(on, future))
}

/// The owner's side of a task or of a job on the thread pool: await it for the result, or abort it.
pub struct JoinHandle<T> {
    task: Arc<dyn Joinable<T>>,
    /// Not `Send`: the result never leaves the loop's thread.
    _here: PhantomData<*const ()>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(task: Arc<dyn Joinable<T>>) -> Self {
        JoinHandle { task, _here: PhantomData }
    }

    /// Ends the task where it waits: its future is dropped now, and awaiting the handle gives
    /// [`JoinError::Aborted`]. A finished task keeps its result. A job that already runs on the thread pool runs to
    /// its end, unheard.
    pub fn abort(&self) {
        self.task.clone().abort();
    }

    /// Whether the task has ended, by whatever way.
    pub fn is_finished(&self) -> bool {
        self.task.finished()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.task.poll_join(context)
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.task.detach();
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("finished", &self.is_finished()).finish()
    }
}

/// Why a task has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// [`JoinHandle::abort`] ended it, or the loop ended first.
    Aborted,
    /// It panicked; the panic's message.
    Panicked(String),
}

impl JoinError {
    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        JoinError::Panicked(text.unwrap_or_else(|| "a panic without a message".into()))
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Aborted => f.write_str("the task was aborted"),
            JoinError::Panicked(message) => write!(f, "the task panicked: {message}"),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for std::io::Error {
    fn from(error: JoinError) -> Self {
        std::io::Error::other(error)
    }
}
