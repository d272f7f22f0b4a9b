//! The side of a loop that other threads may touch: a list of woken tasks and a way to interrupt the wait.

use crate::task::{Runnable, thread_number};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

pub(crate) struct Remote {
    thread: u64,
    woken: Mutex<Vec<Arc<dyn Runnable>>>,
    /// Whether the list has anything; it only changes under the lock. The loop asks twice a turn and need not lock.
    any: AtomicBool,
    /// Interrupts the driver's wait; a simulated loop never waits and has none.
    nudge: Option<mio::Waker>,
    /// Jobs on the thread pool that have not completed; they keep the loop alive.
    jobs: AtomicUsize,
}

impl Remote {
    pub(crate) fn new(nudge: Option<mio::Waker>) -> Arc<Self> {
        let (woken, any, jobs) = (Mutex::new(Vec::new()), AtomicBool::new(false), AtomicUsize::new(0));
        Arc::new(Remote { thread: thread_number(), woken, any, nudge, jobs })
    }

    /// Whether the caller is on the loop's own thread.
    pub(crate) fn is_home(&self) -> bool {
        self.thread == thread_number()
    }

    /// Queues a task from another thread.
    pub(crate) fn push(&self, task: Arc<dyn Runnable>) {
        let first = {
            let mut woken = self.lock();
            woken.push(task);
            !self.any.swap(true, Ordering::Release)
        };
        if first {
            self.interrupt();
        }
    }

    /// Takes the list of woken tasks.
    pub(crate) fn take(&self) -> Vec<Arc<dyn Runnable>> {
        let mut woken = self.lock();
        self.any.store(false, Ordering::Release);
        std::mem::take(&mut *woken)
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

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<dyn Runnable>>> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
