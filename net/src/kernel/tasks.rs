//! Tasks as the loop keeps them: a boxed future, what state it is in, and its waker.
//!
//! A task is idle, scheduled (it stands in a queue), running, or running and scheduled (woken while it runs): two bits.
//! Only the wake that sets `SCHEDULED` queues it, so a task never stands in a queue twice however often it is
//! woken. A task that is woken while it runs waits for the next turn of the loop: one that keeps waking itself cannot
//! keep the others out.
//!
//! While a task is polled its future and its waker are out of their places, so nothing is borrowed meanwhile.

use super::{
    remote::Handle,
    slab::{Key, Slab},
    waiter::Waiter,
};
use std::{
    any::Any,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// A future of whatever output. The output is boxed when it is there; that of most tasks is `()`, which needs no memory.
pub(crate) trait AnyFuture {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Box<dyn Any>>;
}

impl<F: Future> AnyFuture for F
where
    F::Output: 'static,
{
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Box<dyn Any>> {
        Future::poll(self, context).map(|output| Box::new(output) as Box<dyn Any>)
    }
}

const SCHEDULED: u8 = 1;
const RUNNING: u8 = 2;
const ABORTED: u8 = 4;
const DETACHED: u8 = 8;

/// The side of the join handle: who waits for the result, then the result.
#[derive(Default)]
pub(super) struct Join {
    waiter: Waiter,
    result: Option<TaskResult>,
}

pub(crate) struct Task {
    /// Out of its place while it is polled, and gone when it has finished.
    polled: Option<Polled>,
    handle: Arc<Handle>,
    join: Option<Box<Join>>,
    bits: u8,
}

impl Task {
    /// Whether a share of its waker lies outside of the loop, so that it may be woken some day.
    fn is_held_outside(&self) -> bool {
        // The task's own shares are in `handle` and in the waker.
        self.polled.is_some() && Arc::strong_count(&self.handle) > 2
    }
}

/// What is taken out of a task to poll it.
pub(super) struct Polled {
    pub(super) future: Pin<Box<dyn AnyFuture>>,
    pub(super) waker: Waker,
}

/// Who waits for the end of a task. What is left of it is the caller's to drop: destructors may do anything.
pub(super) type Ended = (Waiter, Option<(Task, TaskResult)>);

pub(super) type TaskResult = Result<Box<dyn Any>, JoinError>;

/// An output as the kind that its future gives.
pub(crate) fn unboxed<T: 'static>(output: Box<dyn Any>) -> Result<T, JoinError> {
    match output.downcast() {
        Ok(output) => Ok(*output),
        // A key names one task, whose output is a `T`.
        Err(_) => Err(JoinError::Aborted),
    }
}

/// The tasks of one loop.
#[derive(Default)]
pub(crate) struct Tasks {
    slab: Slab<Task>,
    /// Where the last one was found that somebody outside may wake.
    hint: usize,
}

impl Tasks {
    /// A new task, which stands in a queue already; `make` makes its waker.
    pub(super) fn insert(
        &mut self,
        future: Pin<Box<dyn AnyFuture>>,
        make: impl FnOnce(Key) -> (Arc<Handle>, Waker),
    ) -> Key {
        self.slab.insert_with(|key| {
            let (handle, waker) = make(key);
            Task { polled: Some(Polled { future, waker }), handle, join: None, bits: SCHEDULED }
        })
    }

    /// Whether the task has not ended yet.
    pub(super) fn contains(&self, key: Key) -> bool {
        self.slab.get(key).is_some_and(|task| task.polled.is_some() || task.bits & RUNNING != 0)
    }

    /// Whether this wake is the one that queues the task.
    pub(super) fn is_first_wake(&mut self, key: Key) -> bool {
        let Some(task) = self.slab.get_mut(key) else { return false };
        let before = task.bits;
        task.bits |= SCHEDULED;
        before & (SCHEDULED | RUNNING) == 0
    }

    /// Takes what is needed to poll a task; nothing when it has ended.
    pub(super) fn begin(&mut self, key: Key) -> Option<Polled> {
        let task = self.slab.get_mut(key)?;
        let polled = task.polled.take()?;
        task.bits = task.bits & !SCHEDULED | RUNNING;
        Some(polled)
    }

    /// Puts back a task that waits, and says whether it was woken while it ran; gives the future again when the task was
    /// aborted meanwhile, to be dropped.
    pub(super) fn pause(&mut self, key: Key, polled: Polled) -> Result<bool, Polled> {
        let Some(task) = self.slab.get_mut(key) else { return Err(polled) };
        task.bits &= !RUNNING;
        if task.bits & ABORTED != 0 {
            return Err(polled);
        }
        task.polled = Some(polled);
        Ok(task.bits & SCHEDULED != 0)
    }

    /// A task has ended, with this result.
    pub(super) fn end(&mut self, key: Key, result: TaskResult) -> Ended {
        let Some(task) = self.slab.get_mut(key) else { return (Waiter::Nobody, None) };
        task.bits &= !RUNNING;
        if task.bits & DETACHED != 0 {
            return (Waiter::Nobody, self.slab.remove(key).map(|task| (task, result)));
        }
        let join = task.join.get_or_insert_default();
        join.result = Some(result);
        (std::mem::take(&mut join.waiter), None)
    }

    /// Takes the future of a task that is to end now, unless it runs: then it ends when its poll does.
    pub(super) fn abort(&mut self, key: Key) -> Option<Polled> {
        let task = self.slab.get_mut(key)?;
        if task.bits & RUNNING != 0 {
            task.bits |= ABORTED;
            return None;
        }
        task.polled.take()
    }

    /// The result of a task, once; until then remembers who waits. What is to be dropped comes with it.
    pub(super) fn join(&mut self, key: Key, waiter: Waiter) -> Result<JoinResult, Waiter> {
        let Some(task) = self.slab.get_mut(key) else { return Ok((Err(JoinError::Aborted), None)) };
        match &mut **task.join.get_or_insert_default() {
            Join { result: result @ Some(_), .. } => {
                let result = result.take().unwrap_or(Err(JoinError::Aborted));
                Ok((result, self.slab.remove(key)))
            }
            join => Err(std::mem::replace(&mut join.waiter, waiter)),
        }
    }

    /// The join handle is gone. Gives what is left of the task if it has ended, to be dropped.
    pub(super) fn detach(&mut self, key: Key) -> (Option<Task>, Option<Box<Join>>) {
        let Some(task) = self.slab.get_mut(key) else { return (None, None) };
        if task.join.as_ref().is_some_and(|join| join.result.is_some()) {
            return (self.slab.remove(key), None);
        }
        task.bits |= DETACHED;
        (None, task.join.take())
    }

    /// Whether some task may be woken from outside; looks first where it found one last time.
    pub(super) fn some_held_outside(&mut self) -> bool {
        let found = self.slab.find_from(self.hint, Task::is_held_outside);
        self.hint = found.unwrap_or(0);
        found.is_some()
    }

    /// How many tasks may be woken from outside.
    pub(super) fn held_outside(&self) -> usize {
        self.slab.values().filter(|task| task.is_held_outside()).count()
    }

    /// For tearing down: all tasks, which the caller drops.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Task> + use<> {
        self.slab.take_all()
    }
}

/// A result, and what is left of its task.
pub(super) type JoinResult = (TaskResult, Option<Task>);

/// Why a task has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// [`JoinHandle::abort`](super::JoinHandle::abort) ended it, or the loop ended first.
    Aborted,
    /// It panicked; the panic's message.
    Panicked(String),
    /// The loop itself failed: [`run`](super::run()) of a future that gives a `Result<_, JoinError>` says so in this way.
    Loop(String),
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
            JoinError::Loop(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for std::io::Error {
    fn from(error: JoinError) -> Self {
        std::io::Error::other(error)
    }
}

impl From<std::io::Error> for JoinError {
    fn from(error: std::io::Error) -> Self {
        JoinError::Loop(error.to_string())
    }
}
