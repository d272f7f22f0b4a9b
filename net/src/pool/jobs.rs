//! The thread pool: work that would block the loop.
//!
//! As in libuv there is one pool for the process, four threads unless `WIREBOOK_THREADPOOL_SIZE` says otherwise (1 to
//! 128), started by the first job. Jobs wait in one queue; a full pool makes them wait longer, and the loop does not.

use crate::kernel::{Job as Joinable, JoinError, JoinHandle, Remote, current, set_immediate};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Waker},
};

/// libuv's default.
const DEFAULT_THREADS: usize = 4;
/// The most that `WIREBOOK_THREADPOOL_SIZE` may ask for.
const MAX_THREADS: usize = 128;

type Work = Box<dyn FnOnce() + Send>;

struct Pool {
    queue: Mutex<VecDeque<Work>>,
    came: Condvar,
}

static POOL: OnceLock<&'static Pool> = OnceLock::new();

fn pool() -> &'static Pool {
    POOL.get_or_init(|| {
        let pool: &'static Pool =
            Box::leak(Box::new(Pool { queue: Mutex::new(VecDeque::new()), came: Condvar::new() }));
        for number in 0..threads(std::env::var("WIREBOOK_THREADPOOL_SIZE").ok().as_deref()) {
            let builder = std::thread::Builder::new().name(format!("wirebook-pool-{number}"));
            if let Err(error) = builder.spawn(move || work(pool)) {
                assert!(number > 0, "the thread pool cannot start a single thread: {error}");
                break;
            }
        }
        pool
    })
}

/// How many threads a setting asks for.
fn threads(setting: Option<&str>) -> usize {
    match setting.map(|text| text.trim().parse::<usize>()) {
        Some(Ok(count)) => count.clamp(1, MAX_THREADS),
        _ => DEFAULT_THREADS,
    }
}

fn work(pool: &'static Pool) {
    loop {
        let mut queue = lock(&pool.queue);
        let job = loop {
            match queue.pop_front() {
                Some(job) => break job,
                None => queue = pool.came.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(queue);
        job();
    }
}

/// Runs `job` on the thread pool and gives its result to the loop: for what would block it, such as files, name
/// look-ups and long computations.
///
/// The job holds the loop until it ends. A panic in it becomes [`JoinError::Panicked`] of its handle; the pool's
/// thread goes on. Aborting the handle takes a job out that has not started.
///
/// ```
/// let sum = wirebook_net::block_on(async { wirebook_net::spawn_blocking(|| (1..=10).sum::<u32>()).await });
/// assert_eq!(sum.unwrap().unwrap(), 55);
/// ```
pub fn spawn_blocking<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let remote = current(|on| on.remote.clone());
    let shared = Arc::new(Job { remote, state: Mutex::new(State::Waiting(Box::new(job), None)) });
    shared.remote.job_started();
    let theirs = shared.clone();
    if current(|on| on.driver.is_alone()) {
        set_immediate(move || theirs.run());
        return JoinHandle::of_job(shared);
    }
    let pool = pool();
    lock(&pool.queue).push_back(Box::new(move || theirs.run()));
    pool.came.notify_one();
    JoinHandle::of_job(shared)
}

/// A job's place, shared by the pool's thread and the handle.
struct Job<T> {
    remote: Arc<Remote>,
    state: Mutex<State<T>>,
}

enum State<T> {
    Waiting(Box<dyn FnOnce() -> T + Send>, Option<Waker>),
    Running(Option<Waker>),
    Finished(Result<T, JoinError>),
    Empty,
}

impl<T: Send> Job<T> {
    /// On a thread of the pool.
    fn run(&self) {
        let job = {
            let mut state = lock(&self.state);
            match std::mem::replace(&mut *state, State::Running(None)) {
                State::Waiting(job, waker) => {
                    *state = State::Running(waker);
                    Some(job)
                }
                other => {
                    *state = other;
                    None
                }
            }
        };
        if let Some(job) = job {
            let result = catch_unwind(AssertUnwindSafe(job)).map_err(|panic| JoinError::from_panic(&*panic));
            let before = std::mem::replace(&mut *lock(&self.state), State::Finished(result));
            if let State::Running(Some(waker)) = before {
                waker.wake();
            }
        }
        self.remote.job_ended();
    }
}

impl<T: Send> Joinable<T> for Job<T> {
    fn poll_join(&self, context: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Waiting(_, waker) | State::Running(waker) => *waker = Some(context.waker().clone()),
            State::Empty => {}
            State::Finished(_) => {
                if let State::Finished(result) = std::mem::replace(&mut *state, State::Empty) {
                    return Poll::Ready(result);
                }
            }
        }
        Poll::Pending
    }

    fn abort(&self) {
        let mut state = lock(&self.state);
        if let State::Waiting(..) | State::Running(_) = &*state {
            let before = std::mem::replace(&mut *state, State::Finished(Err(JoinError::Aborted)));
            drop(state);
            if let State::Waiting(_, Some(waker)) | State::Running(Some(waker)) = before {
                waker.wake();
            }
        }
    }

    fn is_finished(&self) -> bool {
        matches!(*lock(&self.state), State::Finished(_) | State::Empty)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_setting_is_clamped() {
        let cases =
            [(None, 4), (Some("8"), 8), (Some("0"), 1), (Some("999"), 128), (Some("many"), 4), (Some(" 2 "), 2)];
        for (setting, threads) in cases {
            assert_eq!(super::threads(setting), threads, "{setting:?}");
        }
    }
}
