//! The [`Signal`](super::Signal) that another thread may raise.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// A [`Signal`](super::Signal) that other threads may raise, and on which tasks of several loops may wait. Clones are the
/// same signal. Waiting for it holds the loop.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
/// use wirebook_net::{self as net, SharedSignal};
/// let (signal, done) = (SharedSignal::new(), Arc::new(AtomicBool::new(false)));
/// let theirs = (signal.clone(), done.clone());
/// let thread = std::thread::spawn(move || {
///     theirs.1.store(true, Ordering::SeqCst);
///     theirs.0.raise();
/// });
/// net::block_on(async move { signal.until(|| done.load(Ordering::SeqCst).then_some(())).await }).unwrap();
/// thread.join().unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct SharedSignal(Arc<Mutex<Vec<Waker>>>);

impl SharedSignal {
    /// A signal for which nobody waits.
    pub fn new() -> Self {
        SharedSignal::default()
    }

    /// Lets all who wait look again.
    pub fn raise(&self) {
        let waiting = std::mem::take(&mut *self.lock());
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until `check` gives something, which it is asked now and after every [`SharedSignal::raise`].
    pub async fn until<T>(&self, mut check: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| self.poll_until(context, &mut check)).await
    }

    /// [`SharedSignal::until`] for a poll function of the caller's own.
    pub fn poll_until<T>(&self, context: &mut Context<'_>, mut check: impl FnMut() -> Option<T>) -> Poll<T> {
        {
            let mut waiting = self.lock();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
        }
        // After taking the place: whoever makes it true from here on finds us there.
        let Some(value) = check() else { return Poll::Pending };
        let left = {
            let mut waiting = self.lock();
            let at = waiting.iter().position(|waker| waker.will_wake(context.waker()));
            at.map(|at| waiting.remove(at))
        };
        drop(left);
        Poll::Ready(value)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
