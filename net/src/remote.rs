//! The side of a loop that other threads may touch: a list of woken tasks and a way to interrupt the wait.

use crate::task::{Runnable, thread_number};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

pub(crate) struct Remote {
    thread: u64,
    woken: Mutex<Vec<Arc<dyn Runnable>>>,
    /// Interrupts the driver's wait; a simulated loop never waits and has none.
    nudge: Option<mio::Waker>,
    /// Jobs on the thread pool that have not completed; they keep the loop alive.
    jobs: AtomicUsize,
}

impl Remote {
    pub(crate) fn new(nudge: Option<mio::Waker>) -> Arc<Self> {
        let (woken, jobs) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        Arc::new(Remote { thread: thread_number(), woken, nudge, jobs })
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
            woken.len() == 1
        };
        if first {
            self.interrupt();
        }
    }

    /// Swaps the list of woken tasks with an empty one that keeps its capacity.
    pub(crate) fn take(&self, into: &mut Vec<Arc<dyn Runnable>>) {
        std::mem::swap(&mut *self.lock(), into);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
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
