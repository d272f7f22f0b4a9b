//! The tasks that serve connections: as many as there are connections with something to do, not as many as are open.
//!
//! A task that has served its connection does not end; it waits for the next one. So a request costs no allocation, and what
//! a busy connection needs (its task, and a desk of buffers) is there once for each that is busy at the same time.

use super::conversation::Seat;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Tasks that wait for a connection; further ones end when they have served theirs.
const MAX_WAITING: usize = 64;

/// The tasks that wait.
pub(super) struct Workers<H>(RefCell<Vec<Rc<Worker<H>>>>);

/// One of them, seen from both sides.
pub(super) struct Worker<H> {
    next: Cell<Option<Rc<Seat<H>>>>,
    waker: RefCell<Option<Waker>>,
    dismissed: Cell<bool>,
}

impl<H> Default for Workers<H> {
    fn default() -> Self {
        Workers(RefCell::default())
    }
}

impl<H> Workers<H> {
    /// Gives the connection to one that waits, or back.
    pub(super) fn employ(&self, seat: Rc<Seat<H>>) -> Option<Rc<Seat<H>>> {
        let Some(worker) = self.0.borrow_mut().pop() else { return Some(seat) };
        worker.next.set(Some(seat));
        if let Some(waker) = &*worker.waker.borrow() {
            waker.wake_by_ref();
        }
        None
    }

    /// Keeps a worker for later, unless there are enough.
    pub(super) fn keep(&self, worker: &Rc<Worker<H>>) -> bool {
        let mut waiting = self.0.borrow_mut();
        let room = waiting.len() < MAX_WAITING;
        if room {
            waiting.push(worker.clone());
        }
        room
    }

    /// Ends those who wait.
    pub(super) fn dismiss(&self) {
        for worker in self.0.take() {
            worker.dismissed.set(true);
            worker.waker.take().into_iter().for_each(Waker::wake);
        }
    }
}

impl<H> Worker<H> {
    /// One that has a connection to begin with.
    pub(super) fn of(seat: Rc<Seat<H>>) -> Rc<Self> {
        Rc::new(Worker { next: Cell::new(Some(seat)), waker: RefCell::default(), dismissed: Cell::default() })
    }

    /// Waits for the next connection; `None` when it is dismissed.
    pub(super) async fn next(&self) -> Option<Rc<Seat<H>>> {
        poll_fn(|context| match self.next.take() {
            Some(seat) => Poll::Ready(Some(seat)),
            None if self.dismissed.get() => Poll::Ready(None),
            None => {
                let waker = &mut *self.waker.borrow_mut();
                if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                    *waker = Some(context.waker().clone());
                }
                Poll::Pending
            }
        })
        .await
    }
}
