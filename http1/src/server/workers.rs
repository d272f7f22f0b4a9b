//! The tasks that serve connections: as many as there are connections with something to do, not as many as are open.
//!
//! A task that has served its connection does not end; it waits for the next one. So a request costs no allocation, and what
//! a busy connection needs (its task, and a set of buffers) is there once for each that is busy at the same time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wirebook_net::{JoinHandle, Signal};

/// Tasks that wait for a connection; further ones end when they have served theirs.
const MAX_WAITING: usize = 64;

/// The workers of a server, for connections of type `C`.
pub struct Workers<C> {
    waiting: RefCell<Vec<Rc<Worker<C>>>>,
    /// The tasks of all, and of some that have ended.
    tasks: RefCell<Vec<JoinHandle<()>>>,
}

/// One of them, seen from both sides.
pub struct Worker<C> {
    next: Cell<Option<Rc<C>>>,
    dismissed: Cell<bool>,
    changed: Signal,
}

impl<C> Default for Workers<C> {
    fn default() -> Self {
        Workers { waiting: RefCell::default(), tasks: RefCell::default() }
    }
}

impl<C> Workers<C> {
    /// Gives the connection to one that waits, or back.
    pub fn assign(&self, connection: Rc<C>) -> Option<Rc<C>> {
        let Some(worker) = self.waiting.borrow_mut().pop() else { return Some(connection) };
        worker.next.set(Some(connection));
        worker.changed.raise();
        None
    }

    /// A worker has been started, as this task.
    pub fn started(&self, task: JoinHandle<()>) {
        let mut tasks = self.tasks.borrow_mut();
        // When it would grow is when to look for those that have ended.
        if tasks.len() == tasks.capacity() {
            tasks.retain(|task| !task.is_finished());
        }
        tasks.push(task);
    }

    /// Keeps a worker for later, unless there are enough.
    pub fn keep(&self, worker: &Rc<Worker<C>>) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let room = waiting.len() < MAX_WAITING;
        if room {
            waiting.push(worker.clone());
        }
        room
    }

    /// Ends those who wait.
    pub fn dismiss(&self) {
        for worker in self.waiting.take() {
            worker.dismissed.set(true);
            worker.changed.raise();
        }
    }

    /// Ends all, whatever they are doing.
    pub fn abort(&self) {
        self.tasks.take().iter().for_each(JoinHandle::abort);
    }
}

impl<C> Worker<C> {
    /// One that has a connection to begin with.
    pub fn of(connection: Rc<C>) -> Rc<Self> {
        let next = Cell::new(Some(connection));
        Rc::new(Worker { next, dismissed: Cell::default(), changed: Signal::new() })
    }

    /// Waits for the next connection; `None` when it is dismissed.
    pub async fn next(&self) -> Option<Rc<C>> {
        let look = || match self.next.take() {
            None if self.dismissed.get() => Some(None),
            None => None,
            connection => Some(connection),
        };
        self.changed.until(look).await
    }
}
