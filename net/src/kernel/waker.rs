//! The waker of a task: safe code, good for any thread.
//!
//! On the loop's own thread waking is a push to the microtask queue. On any other it raises one flag, pushes to a shared
//! list and nudges the driver, and the loop wakes the task at home: atomic operations are paid for by those who need
//! them. A waker holds the task's key and not the task, so it may be dropped anywhere, at any time.

use super::{
    current::try_current,
    remote::{Handle, Remote},
    slab::Key,
};
use std::{
    sync::{Arc, atomic::AtomicBool},
    task::{Wake, Waker},
};

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
pub(super) fn waker(remote: &Arc<Remote>, key: Key) -> (Arc<Handle>, Waker) {
    let handle = Arc::new(Handle { remote: remote.clone(), key, called: AtomicBool::new(false) });
    (handle.clone(), Waker::from(handle))
}
