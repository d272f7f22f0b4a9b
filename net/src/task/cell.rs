//! The place in a task where its future lives, and later its result: the one file of the executor with `unsafe`.
//!
//! A waker may travel to any thread, and it owns a share of the task, so a task must be `Send + Sync`. The future in
//! it need not be: it is only ever touched on the thread that made it. This file makes that promise true: every
//! access compares the thread first, and what is not empty is never dropped elsewhere.
#![allow(unsafe_code)]

use super::JoinError;
use crate::slab::Key;
use std::{
    cell::{Cell, RefCell},
    future::Future,
    marker::PhantomData,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

static NEXT_THREAD: AtomicU64 = AtomicU64::new(1);
thread_local!(static THREAD: u64 = NEXT_THREAD.fetch_add(1, Ordering::Relaxed));

/// A number for this thread; cheaper to read than [`std::thread::current`].
fn thread_number() -> u64 {
    THREAD.with(|number| *number)
}

enum Stage<F: Future> {
    Pending(F),
    Finished(Result<F::Output, JoinError>),
    Empty,
}

/// A future, then its result, then nothing; and what only the loop's thread knows of the task.
pub(super) struct FutureCell<F: Future> {
    owner: u64,
    state: Cell<u8>,
    key: Cell<Key>,
    stage: RefCell<Stage<F>>,
    joiner: RefCell<Option<Waker>>,
    /// Somebody holds the join handle and may want the result.
    joined: Cell<bool>,
}

// SAFETY: `owner` is immutable. Every other field is only reached through `check`, which lets the owner's thread
// through alone (a foreign `Drop` of an emptied cell touches nothing but the flag that says so; see `drop`). So a
// value that is not `Send` never leaves its thread, and no two threads reach the cells at once.
unsafe impl<F: Future> Send for FutureCell<F> {}
// SAFETY: as above.
unsafe impl<F: Future> Sync for FutureCell<F> {}

impl<F: Future> FutureCell<F> {
    pub(super) fn new(future: F, state: u8) -> Self {
        FutureCell {
            owner: thread_number(),
            state: Cell::new(state),
            key: Cell::new(Key { index: 0, generation: 0 }),
            stage: RefCell::new(Stage::Pending(future)),
            joiner: RefCell::new(None),
            joined: Cell::new(true),
        }
    }

    /// Whether the caller is on the thread of the task's loop.
    pub(super) fn is_home(&self) -> bool {
        self.owner == thread_number()
    }

    fn check(&self) {
        assert!(self.is_home(), "a task is only touched on the thread of its loop");
    }

    /// The task's bits of state; [`super::Task`] says what they mean.
    pub(super) fn state(&self) -> &Cell<u8> {
        self.check();
        &self.state
    }

    /// The task's place in the loop's list.
    pub(super) fn key(&self) -> &Cell<Key> {
        self.check();
        &self.key
    }

    /// Whether there is a join handle.
    pub(super) fn is_joined(&self) -> bool {
        self.check();
        self.joined.get()
    }

    /// Polls the future; true when it has finished (or had been emptied). A panic in it becomes its result.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> bool {
        self.check();
        let mut stage = self.stage.borrow_mut();
        let Stage::Pending(future) = &mut *stage else { return true };
        // SAFETY: the cell sits in an `Arc` and its stage is only ever overwritten in place, which drops the future
        // where it is: it never moves after this point.
        let future = unsafe { Pin::new_unchecked(future) };
        let result = match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
            Ok(Poll::Pending) => return false,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panic) => Err(JoinError::from_panic(&*panic)),
        };
        *stage = if self.joined.get() { Stage::Finished(result) } else { Stage::Empty };
        true
    }

    /// Drops the future, if it is not being polled right now; false when it is.
    pub(super) fn cancel(&self) -> bool {
        self.check();
        let Ok(mut stage) = self.stage.try_borrow_mut() else { return false };
        if let Stage::Pending(_) = *stage {
            *stage = if self.joined.get() { Stage::Finished(Err(JoinError::Aborted)) } else { Stage::Empty };
        }
        true
    }

    /// The result, once; until then remembers whom to wake.
    pub(super) fn poll_join(&self, context: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        self.check();
        if let Ok(mut stage) = self.stage.try_borrow_mut()
            && let Stage::Finished(result) = empty_finished(&mut stage)
        {
            return Poll::Ready(result);
        }
        let before = self.joiner.borrow_mut().replace(context.waker().clone());
        drop(before);
        Poll::Pending
    }

    /// Who waits for the result.
    pub(super) fn take_joiner(&self) -> Option<Waker> {
        self.check();
        self.joiner.borrow_mut().take()
    }

    /// The join handle is gone: nobody will ask for the result.
    pub(super) fn detach(&self) {
        self.check();
        self.joined.set(false);
        self.joiner.borrow_mut().take();
        if let Ok(mut stage) = self.stage.try_borrow_mut() {
            drop(empty_finished(&mut stage));
        }
    }
}

/// A waker for a task that is being polled, without a share of its own: it saves two atomic operations for each poll.
/// Whoever keeps it clones it, which takes a share.
pub(super) fn lend_waker<T: Wake + Send + Sync + 'static>(task: &Arc<T>) -> Lent<'_> {
    // SAFETY: the pointer comes from an `Arc`, and the share that `from_raw` claims is never given up, because the
    // waker is never dropped; the real share outlives it, because `Lent` borrows it.
    let waker = Waker::from(unsafe { Arc::from_raw(Arc::as_ptr(task)) });
    Lent { waker: ManuallyDrop::new(waker), _task: PhantomData }
}

/// See [`lend_waker`].
pub(super) struct Lent<'a> {
    waker: ManuallyDrop<Waker>,
    _task: PhantomData<&'a ()>,
}

impl Lent<'_> {
    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }
}

/// Takes the result out. A pending future stays where it is, because it is pinned.
fn empty_finished<F: Future>(stage: &mut Stage<F>) -> Stage<F> {
    match stage {
        Stage::Finished(_) => std::mem::replace(stage, Stage::Empty),
        _ => Stage::Empty,
    }
}

impl<F: Future> Drop for FutureCell<F> {
    fn drop(&mut self) {
        // The last waker may be dropped on another thread, but by then the loop has emptied the cell: it empties the
        // cells of all its tasks before it goes. If that were ever untrue, dropping here would be unsound.
        if !self.is_home() && !matches!(self.stage.get_mut(), Stage::Empty) {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The safe twin of [`lend_waker`]: a waker with a share of its own.
    fn own_waker<T: Wake + Send + Sync + 'static>(task: &Arc<T>) -> Waker {
        Waker::from(task.clone())
    }

    /// Uses `waker` in every way that a future may, and gives what that did: wakes, and shares while clones lived.
    fn use_waker(task: &Arc<Counting>, waker: &Waker) -> (usize, [usize; 3]) {
        let before = Arc::strong_count(task);
        waker.wake_by_ref();
        let (kept, spent) = (waker.clone(), waker.clone());
        let with_two = Arc::strong_count(task) - before;
        spent.wake();
        let with_one = Arc::strong_count(task) - before;
        assert!(kept.will_wake(waker));
        std::thread::spawn(move || kept.wake()).join().unwrap();
        (task.0.swap(0, Ordering::Relaxed), [with_two, with_one, Arc::strong_count(task) - before])
    }

    #[test]
    fn a_lent_waker_does_what_an_owned_one_does_and_costs_no_share() {
        let task = Arc::new(Counting::default());
        let owned = own_waker(&task);
        assert_eq!(Arc::strong_count(&task), 2);
        let expected = use_waker(&task, &owned);
        drop(owned);
        let lent = lend_waker(&task);
        assert_eq!(Arc::strong_count(&task), 1);
        assert_eq!(use_waker(&task, lent.waker()), expected);
        assert_eq!(expected, (3, [2, 1, 0]));
        assert_eq!(Arc::strong_count(&task), 1);
    }
}
