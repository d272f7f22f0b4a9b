//! The side of a loop that other threads may touch: a list of woken tasks and a way to interrupt the wait.

use super::slab::Key;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// What a waker shares with its task: where the task is at home, and what it is called there.
pub(crate) struct Handle {
    pub(super) remote: Arc<Remote>,
    pub(super) key: Key,
    /// Stands in the list of tasks that other threads woke.
    pub(super) called: AtomicBool,
}

impl Handle {
    /// Asks the task's own thread to wake it; however often before that happens, once.
    pub(super) fn call(self: &Arc<Self>) {
        if !self.called.swap(true, Ordering::AcqRel) {
            self.remote.push(self.clone());
        }
    }
}

pub(crate) struct Remote {
    /// `None` when the loop has ended: nobody would take what is pushed.
    woken: Mutex<Option<Vec<Arc<Handle>>>>,
    /// Whether the list has anything; it only changes under the lock. The loop asks twice a turn and need not lock.
    any: AtomicBool,
    /// Interrupts the driver's wait; a simulated loop never waits and has none.
    nudge: Option<mio::Waker>,
    /// Jobs on the thread pool that have not completed; they keep the loop alive.
    jobs: AtomicUsize,
}

impl Remote {
    pub(crate) fn new(nudge: Option<mio::Waker>) -> Arc<Self> {
        let (woken, any, jobs) = (Mutex::new(Some(Vec::new())), AtomicBool::new(false), AtomicUsize::new(0));
        Arc::new(Remote { woken, any, nudge, jobs })
    }

    /// Queues a task from another thread.
    pub(crate) fn push(&self, task: Arc<Handle>) {
        let first = {
            let mut woken = self.lock();
            let Some(list) = &mut *woken else { return };
            list.push(task);
            !self.any.swap(true, Ordering::Release)
        };
        if first {
            self.interrupt();
        }
    }

    /// Takes the list of woken tasks.
    pub(crate) fn take(&self) -> Vec<Key> {
        let list = {
            let mut woken = self.lock();
            self.any.store(false, Ordering::Release);
            woken.as_mut().map(std::mem::take).unwrap_or_default()
        };
        let answer = |task: Arc<Handle>| {
            task.called.store(false, Ordering::Release);
            task.key
        };
        list.into_iter().map(answer).collect()
    }

    /// Takes the list for the last time.
    pub(crate) fn close(&self) -> Option<Vec<Arc<Handle>>> {
        self.lock().take()
    }

    /// A push that is not seen yet interrupts the wait that follows.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    pub(crate) fn job_started(&self) {
        self.jobs.fetch_add(1, Ordering::Relaxed);
    }

    /// The last job may have been all that kept the loop alive, so the loop must look.
    pub(crate) fn job_ended(&self) {
        self.jobs.fetch_sub(1, Ordering::Release);
        self.interrupt();
    }

    pub(crate) fn jobs(&self) -> usize {
        self.jobs.load(Ordering::Acquire)
    }

    fn interrupt(&self) {
        if let Some(nudge) = &self.nudge {
            // The eventfd's counter cannot overflow here, and after the loop's end nobody listens.
            let _ = nudge.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Arc<Handle>>>> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
