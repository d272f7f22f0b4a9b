//! Tasks: a future, its state and its join handle in one allocation.
//!
//! A task is always in one of four conditions, kept in two bits: idle, scheduled (it stands in a queue), running, or
//! running and scheduled (woken while it runs). Only the wake that sets `SCHEDULED` queues it, so a task never
//! stands in a queue twice however often it is woken. A task woken while it runs waits for the next turn of the loop:
//! a task that keeps waking itself cannot keep the others out.
//!
//! The waker is safe code: `Arc<Task>` implements [`Wake`]. On the loop's own thread waking is a push to the
//! microtask queue, and the bits are plain memory. On any other it raises one flag, pushes to a shared list and nudges
//! the driver, and the loop wakes the task at home: atomic operations are paid for by those who need them.

mod cell;

use crate::{
    event_loop::{Loop, Microtask},
    remote::Remote,
    run,
    trace::{Lane, Step},
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
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake},
};

const SCHEDULED: u8 = 1;
const RUNNING: u8 = 2;
const DONE: u8 = 4;
const ABORTED: u8 = 8;

pub(crate) struct Task<F: Future> {
    remote: Arc<Remote>,
    /// Stands in the remote list.
    called: AtomicBool,
    cell: FutureCell<F>,
}

/// What the queues hold: a task of whatever future.
pub(crate) trait Runnable: Send + Sync {
    /// Polls the future once.
    fn run(self: Arc<Self>, on: &Rc<Loop>);
    /// Passes on the wake of another thread.
    fn wake_home(self: Arc<Self>);
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
    fn set(&self, bit: u8) -> u8 {
        let state = self.cell.state();
        state.replace(state.get() | bit)
    }

    fn is_done(&self) -> bool {
        self.cell.state().get() & DONE != 0
    }

    fn trace(&self, on: &Loop, step: Step) {
        if on.tracer.is_on() {
            on.trace(Lane::Task, step, self.number());
        }
    }

    fn finish(&self, on: &Loop) {
        self.set(DONE);
        on.forget_task(self.cell.key().get());
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
        let state = self.cell.state();
        if self.is_done() {
            return;
        }
        state.set(RUNNING);
        self.trace(on, Step::Begin);
        let lent = cell::lend_waker(&self);
        let finished = self.cell.poll(&mut Context::from_waker(lent.waker()));
        let woken = state.replace(state.get() & !RUNNING);
        self.trace(on, Step::End);
        if woken & ABORTED != 0 {
            self.cell.cancel();
        }
        if finished || woken & ABORTED != 0 {
            self.finish(on);
        } else if woken & SCHEDULED != 0 {
            on.defer(self);
        }
    }

    fn wake_home(self: Arc<Self>) {
        self.called.swap(false, Ordering::AcqRel);
        self.wake();
    }

    fn cancel(self: Arc<Self>) {
        if self.is_done() {
            return;
        }
        if !self.cell.cancel() {
            self.set(ABORTED);
            return;
        }
        let forgotten = run::try_current(|on| self.finish(on)).is_some();
        if !forgotten {
            self.set(DONE);
        }
    }

    fn reachable(self: Arc<Self>) -> bool {
        // The loop's list, `self` here, and the join handle are the shares that wake nobody.
        Arc::strong_count(&self) > 2 + usize::from(self.cell.is_joined())
    }

    fn number(&self) -> u32 {
        self.cell.key().get().generation
    }
}

impl<F: Future + 'static> Task<F>
where
    F::Output: 'static,
{
    /// Whether this wake is the one that queues the task. On another thread it asks for [`Runnable::wake_home`] instead.
    fn is_first_wake(&self) -> bool {
        if self.cell.is_home() {
            self.set(SCHEDULED) & (SCHEDULED | RUNNING | DONE) == 0
        } else {
            !self.called.swap(true, Ordering::AcqRel)
        }
    }

    fn queue(self: Arc<Self>) {
        if self.cell.is_home() {
            run::try_current(|on| on.push_microtask(Microtask::Task(self)));
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
        if self.is_first_wake() {
            self.queue();
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_first_wake() {
            self.clone().queue();
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
        self.is_done()
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
        called: AtomicBool::new(false),
        cell: FutureCell::new(future, SCHEDULED),
    });
    task.cell.key().set(on.remember_task(task.clone()));
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
    run::current(|on| spawn_on(on, future))
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
