//! Who waits for a handshake: whoever moves it on, it moves on for all.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

/// What for a task waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum For {
    Open,
    Reading,
    Writing,
}

/// The tasks that wait, one for each reason. Each of them may move the handshake on and then waits for the socket below, which knows
/// one waiter for each direction; so all wait there together, and are woken together.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<[Option<Waker>; 3]>);

impl Waiting {
    pub(crate) fn add(&self, reason: For, context: &Context<'_>) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut wakers[reason as usize] {
            Some(waker) => waker.clone_from(context.waker()),
            empty => *empty = Some(context.waker().clone()),
        }
    }

    pub(crate) fn wake_all(&self) {
        let wakers = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }
}
