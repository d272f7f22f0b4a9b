//! One thing to wait on: a condition that somebody else makes true.
//!
//! A condition variable for tasks. [`Signal::until`] looks at the condition first and again after every
//! [`Signal::raise`], so no wake is lost, whoever comes first; and one who waits has one place, so none is kept twice.
//!
//! Waiting for a [`Signal`] does not hold the loop: only another part of this loop can raise it, and that part must be alive
//! by itself. [`SharedSignal`] is the twin that another thread may raise; waiting for that one does.

use crate::kernel::{Waiter, current, try_current};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// What tasks of one loop wait on until something has become true.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use wirebook_net as net;
/// let door = Rc::new((net::Signal::new(), Cell::new(None)));
/// let inside = door.clone();
/// let guest = net::block_on(async move {
///     net::spawn(async move {
///         inside.1.set(Some("Ada"));
///         inside.0.raise();
///     });
///     door.0.until(|| door.1.take()).await
/// });
/// assert_eq!(guest.unwrap(), "Ada");
/// ```
#[derive(Default)]
pub struct Signal {
    waiting: RefCell<Waiting>,
    last: Cell<u64>,
}

/// Those who wait, by growing number. Nearly always that is one, who needs no memory.
#[derive(Default)]
struct Waiting {
    first: Option<(u64, Waiter)>,
    /// Those behind.
    #[expect(clippy::box_collection, reason = "an empty one has 32 bytes, and each signal would have them")]
    others: Option<Box<VecDeque<(u64, Waiter)>>>,
}

impl Waiting {
    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.as_ref().map_or(0, |others| others.len())
    }

    fn all(&mut self) -> impl Iterator<Item = &mut (u64, Waiter)> {
        self.first.iter_mut().chain(self.others.iter_mut().flat_map(|others| others.iter_mut()))
    }

    fn push(&mut self, place: u64, waiter: Waiter) {
        if self.len() == 0 {
            self.first = Some((place, waiter));
        } else {
            self.others.get_or_insert_default().push_back((place, waiter));
        }
    }

    fn pop(&mut self) -> Option<Waiter> {
        let popped = self.first.take().or_else(|| self.others.as_mut()?.pop_front());
        popped.map(|(_, waiter)| waiter)
    }

    /// Who waits at a place.
    fn at(&mut self, place: u64) -> Option<&mut Waiter> {
        if let Some((first, waiter)) = &mut self.first
            && *first == place
        {
            return Some(waiter);
        }
        let others = self.others.as_mut()?;
        let at = others.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(&mut others[at].1)
    }

    fn remove(&mut self, place: u64) -> Option<Waiter> {
        if self.first.as_ref().is_some_and(|(first, _)| *first == place) {
            return self.first.take().map(|(_, waiter)| waiter);
        }
        let others = self.others.as_mut()?;
        let at = others.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        others.remove(at).map(|(_, waiter)| waiter)
    }
}

impl Signal {
    /// A signal for which nobody waits.
    pub fn new() -> Self {
        Signal::default()
    }

    // ANCHOR: signal
    /// Lets every waiting task look again, in the order in which they began to wait. It costs nothing when nobody does.
    pub fn raise(&self) {
        let count = self.waiting.borrow().len();
        for _ in 0..count {
            let Some(waiter) = self.waiting.borrow_mut().pop() else { return };
            wake(waiter);
        }
    }

    /// Waits until `check` gives something, which it is asked now and after every [`Signal::raise`]. Dropping the wait
    /// takes its place back.
    pub fn until<T, C: FnMut() -> Option<T>>(&self, check: C) -> Until<'_, C> {
        Until { signal: self, place: None, check }
    }
    // ANCHOR_END: signal

    /// [`Signal::until`] for a poll function of the caller's own, for signals on which few wait: it looks through them, so
    /// that a task that polls again has one place.
    pub fn poll_until<T>(&self, context: &mut Context<'_>, mut check: impl FnMut() -> Option<T>) -> Poll<T> {
        if let Some(value) = check() {
            return Poll::Ready(value);
        }
        let waiter = current(|on| on.waiter(context));
        let waits_already = self.waiting.borrow_mut().all().any(|(_, before)| before.is(&waiter));
        if !waits_already {
            self.enter(waiter);
        }
        Poll::Pending
    }

    fn enter(&self, waiter: Waiter) -> u64 {
        let place = self.last.get() + 1;
        self.last.set(place);
        self.waiting.borrow_mut().push(place, waiter);
        place
    }

    /// Replaces who waits at a place, and gives the one before; or gives back `waiter` when the place is no more.
    fn replace(&self, place: u64, waiter: Waiter) -> Result<Waiter, Waiter> {
        match self.waiting.borrow_mut().at(place) {
            Some(before) => Ok(std::mem::replace(before, waiter)),
            None => Err(waiter),
        }
    }

    fn leave(&self, place: u64) {
        let left = self.waiting.borrow_mut().remove(place);
        drop(left);
    }
}

/// Wakes at home; a foreign waker wherever this is.
fn wake(waiter: Waiter) {
    match waiter {
        Waiter::Foreign(waker) => waker.wake(),
        waiter => drop(try_current(|on| on.wake(waiter))),
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("waiting", &self.waiting.borrow().len()).finish()
    }
}

/// See [`Signal::until`].
#[must_use = "a wait does nothing until it is awaited"]
pub struct Until<'a, C> {
    signal: &'a Signal,
    place: Option<u64>,
    check: C,
}

/// The check is never pinned.
impl<C> Unpin for Until<'_, C> {}

impl<T, C: FnMut() -> Option<T>> Future for Until<'_, C> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if let Some(value) = (self.check)() {
            return Poll::Ready(value);
        }
        let mut waiter = current(|on| on.waiter(context));
        if let Some(place) = self.place {
            match self.signal.replace(place, waiter) {
                Ok(_before) => return Poll::Pending,
                Err(given_back) => waiter = given_back,
            }
        }
        self.place = Some(self.signal.enter(waiter));
        Poll::Pending
    }
}

impl<C> Drop for Until<'_, C> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.signal.leave(place);
        }
    }
}

/// A [`Signal`] that other threads may raise, and on which tasks of several loops may wait. Clones are the
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

    /// Lets every waiting task look again.
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
