//! The thread pool: work that would block the loop.
//!
//! As in libuv there is one pool for the process, four threads unless `WIREBOOK_THREADPOOL_SIZE` says otherwise (1 to
//! 128), started by the first job. Jobs wait in one queue; a full pool makes them wait longer, and the loop does not.
//!
//! Threads that the system refuses (`ulimit -u`, no memory) are asked for again by the next job. Where there is none at all, whoever
//! has a job does it itself, and its loop stands meanwhile: a program that has no thread is slow, and not at an end.
//!
//! A job that never ends holds its thread for ever, and when all are held nothing else is done. That cannot be prevented
//! (a thread cannot be stopped from outside), but it does not stay unseen: [`pool_load`] tells it at any time, and when a
//! job has waited for [`STALLED_AFTER`] because all threads are held, a line on standard error does.

use crate::kernel::{JoinError, JoinHandle, Joinable, Remote, current, set_immediate, set_timeout};
use std::{
    cell::Cell,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// libuv's default.
const DEFAULT_THREADS: usize = 4;
/// The most that `WIREBOOK_THREADPOOL_SIZE` may ask for.
const MAX_THREADS: usize = 128;
/// How long a job waits for a thread before it is said aloud.
const STALLED_AFTER: Duration = Duration::from_secs(5);

type Work = Box<dyn FnOnce() + Send>;

struct Pool {
    wanted: usize,
    queue: Mutex<Queue>,
    came: Condvar,
}

#[derive(Default)]
struct Queue {
    /// By growing number.
    waiting: VecDeque<Waiting>,
    last: u64,
    threads: usize,
    running: usize,
}

struct Waiting {
    number: u64,
    since: Instant,
    work: Work,
}

static POOL: OnceLock<&'static Pool> = OnceLock::new();

fn pool() -> &'static Pool {
    POOL.get_or_init(|| Box::leak(Box::new(Pool::of(wanted_threads()))))
}

fn wanted_threads() -> usize {
    threads(std::env::var("WIREBOOK_THREADPOOL_SIZE").ok().as_deref())
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
        let next = loop {
            match queue.waiting.pop_front() {
                Some(next) => break next,
                None => queue = pool.came.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        };
        queue.running += 1;
        drop(queue);
        (next.work)();
        lock(&pool.queue).running -= 1;
    }
}

impl Pool {
    fn of(wanted: usize) -> Pool {
        Pool { wanted, queue: Mutex::default(), came: Condvar::new() }
    }

    /// Starts the threads that are missing, as far as the system gives some.
    fn start_threads(&'static self) {
        loop {
            let number = {
                let mut queue = lock(&self.queue);
                if queue.threads >= self.wanted {
                    return;
                }
                queue.threads += 1;
                queue.threads - 1
            };
            let builder = std::thread::Builder::new().name(format!("wirebook-pool-{number}"));
            if builder.spawn(move || work(self)).is_err() {
                lock(&self.queue).threads -= 1;
                return;
            }
        }
    }

    /// Queues a job under a number, and says whether all threads are held. Without a thread it is done at once.
    fn push(&'static self, work: impl FnOnce(u64) -> Work) -> bool {
        if lock(&self.queue).threads < self.wanted {
            self.start_threads();
        }
        let mut queue = lock(&self.queue);
        if queue.threads == 0 {
            drop(queue);
            work(0)();
            return false;
        }
        queue.last += 1;
        let number = queue.last;
        queue.waiting.push_back(Waiting { number, since: Instant::now(), work: work(number) });
        let full = queue.running >= queue.threads;
        drop(queue);
        self.came.notify_one();
        full
    }

    /// Takes a job out that has not started.
    fn take_out(&self, number: u64) {
        let taken = {
            let waiting = &mut lock(&self.queue).waiting;
            let at = waiting.binary_search_by_key(&number, |waiting| waiting.number);
            at.ok().and_then(|at| waiting.remove(at))
        };
        drop(taken);
    }
}

/// What the thread pool has to do: see [`pool_load`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLoad {
    /// Threads that it has, or will have when the first job comes.
    pub threads: usize,
    /// Jobs that run now.
    pub running: usize,
    /// Jobs that wait for a thread.
    pub waiting: usize,
    /// How long the first of them has waited; zero when none does.
    pub longest_wait: Duration,
}

/// Says what the process's thread pool has to do: for finding jobs that hold it.
///
/// ```
/// let load = wirebook_net::pool_load();
/// assert!(load.threads > 0 && load.waiting == 0);
/// ```
pub fn pool_load() -> PoolLoad {
    let Some(pool) = POOL.get() else {
        return PoolLoad { threads: wanted_threads(), running: 0, waiting: 0, longest_wait: Duration::ZERO };
    };
    let queue = lock(&pool.queue);
    PoolLoad {
        threads: queue.threads,
        running: queue.running,
        waiting: queue.waiting.len(),
        longest_wait: queue.waiting.front().map_or(Duration::ZERO, |first| first.since.elapsed()),
    }
}

thread_local!(static WATCHES: Cell<bool> = const { Cell::new(false) });

/// Held while this thread's loop watches a full pool; a loop that ends drops it.
struct Watch;

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHES.set(false);
    }
}

/// Looks after a while whether the pool has moved. The timer holds nothing.
fn watch() {
    if WATCHES.replace(true) {
        return;
    }
    let watch = Watch;
    let look = move || {
        drop(watch);
        let load = pool_load();
        if let Some(warning) = stalled(load) {
            eprintln!("warning: {warning}");
        } else if load.waiting > 0 {
            self::watch();
        }
    };
    set_timeout(look, STALLED_AFTER).unref();
}

/// What is to be said of a pool that does not move. Once: the next job that finds it full begins a new watch.
fn stalled(load: PoolLoad) -> Option<String> {
    let PoolLoad { threads, waiting, longest_wait, .. } = load;
    (waiting > 0 && longest_wait >= STALLED_AFTER).then(|| {
        format!(
            "all {threads} threads of the pool are held, {waiting} jobs wait, the first for {} s; \
             WIREBOOK_THREADPOOL_SIZE gives it more threads (up to {MAX_THREADS})",
            longest_wait.as_secs()
        )
    })
}

/// Runs `job` on the thread pool and gives its result to the loop: for what would block it, such as files, name
/// look-ups and long computations.
///
/// The job holds the loop until it ends. A panic in it becomes [`JoinError::Panicked`] of its handle; the pool's
/// thread goes on. Aborting the handle takes a job out that has not started; one that runs goes on to its end, unheard,
/// and the handle gives [`JoinError::Aborted`] all the same.
///
/// ```
/// let sum = wirebook_net::block_on(async { wirebook_net::spawn_blocking(|| (1..=10).sum::<u32>()).await });
/// assert_eq!(sum.unwrap().unwrap(), 55);
/// ```
pub fn spawn_blocking<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let remote = current(|on| on.remote.clone());
    remote.job_started();
    let state = Mutex::new(State::Waiting { job: Box::new(job), number: None, waker: None });
    let shared = Arc::new(Job { remote, state });
    let theirs = shared.clone();
    if current(|on| on.driver.is_alone()) {
        set_immediate(move || theirs.run());
        return JoinHandle::of_job(shared);
    }
    let full = pool().push(|number| {
        theirs.is_queued(number);
        Box::new(move || theirs.run())
    });
    if full {
        watch();
    }
    JoinHandle::of_job(shared)
}

/// A job's place, shared by the pool's thread and the handle.
struct Job<T> {
    remote: Arc<Remote>,
    state: Mutex<State<T>>,
}

enum State<T> {
    Waiting {
        job: Box<dyn FnOnce() -> T + Send>,
        /// In the pool's queue; a simulation has none.
        number: Option<u64>,
        waker: Option<Waker>,
    },
    Running(Option<Waker>),
    Finished(Result<T, JoinError>),
    Empty,
}

impl<T: Send> Job<T> {
    fn is_queued(&self, place: u64) {
        if let State::Waiting { number, .. } = &mut *lock(&self.state) {
            *number = Some(place);
        }
    }

    /// On a thread of the pool.
    fn run(&self) {
        let job = {
            let mut state = lock(&self.state);
            match std::mem::replace(&mut *state, State::Empty) {
                State::Waiting { job, waker, .. } => {
                    *state = State::Running(waker);
                    job
                }
                // It was aborted, and whoever did that has told the loop.
                other => return *state = other,
            }
        };
        let result = catch_unwind(AssertUnwindSafe(job)).map_err(|panic| JoinError::from_panic(&*panic));
        self.finish(result);
        self.remote.job_ended();
    }

    /// An abort while it ran stays what has become of it; its result goes nowhere.
    fn finish(&self, result: Result<T, JoinError>) {
        let mut state = lock(&self.state);
        let waker = match &mut *state {
            State::Running(waker) => waker.take(),
            _ => return drop(state),
        };
        *state = State::Finished(result);
        drop(state);
        waker.inspect(Waker::wake_by_ref);
    }
}

impl<T: Send> Joinable<T> for Job<T> {
    fn poll_join(&self, context: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Waiting { waker, .. } | State::Running(waker) => *waker = Some(context.waker().clone()),
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
        let before = {
            let mut state = lock(&self.state);
            if matches!(&*state, State::Finished(_) | State::Empty) {
                return;
            }
            std::mem::replace(&mut *state, State::Finished(Err(JoinError::Aborted)))
        };
        let waker = match before {
            State::Waiting { job, number, waker } => {
                drop(job);
                if let Some(number) = number {
                    pool().take_out(number);
                }
                self.remote.job_ended();
                waker
            }
            State::Running(waker) => waker,
            State::Finished(_) | State::Empty => None,
        };
        waker.inspect(Waker::wake_by_ref);
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
    use super::*;

    #[test]
    fn where_there_is_no_thread_a_job_is_done_at_once() {
        let done_by = |wanted| {
            let pool: &'static Pool = Box::leak(Box::new(Pool::of(wanted)));
            let (say, heard) = std::sync::mpsc::channel();
            let full = pool.push(|_| Box::new(move || say.send(std::thread::current().id()).unwrap()));
            (full, heard.recv().unwrap() == std::thread::current().id(), lock(&pool.queue).threads)
        };
        assert_eq!([done_by(0), done_by(1), done_by(3)], [(false, true, 0), (false, false, 1), (false, false, 3)]);
    }

    #[test]
    fn a_pool_that_does_not_move_is_told() {
        let load = PoolLoad { threads: 4, running: 4, waiting: 2, longest_wait: STALLED_AFTER };
        let said = stalled(load).expect("it has waited long enough");
        assert!(said.starts_with("all 4 threads of the pool are held, 2 jobs wait, the first for 5 s"), "{said}");
        let moving = [
            PoolLoad { longest_wait: STALLED_AFTER - Duration::from_nanos(1), ..load },
            PoolLoad { waiting: 0, longest_wait: Duration::ZERO, ..load },
        ];
        assert!(moving.into_iter().all(|load| stalled(load).is_none()));
    }

    #[test]
    fn the_setting_is_clamped() {
        let cases =
            [(None, 4), (Some("8"), 8), (Some("0"), 1), (Some("999"), 128), (Some("many"), 4), (Some(" 2 "), 2)];
        for (setting, threads) in cases {
            assert_eq!(super::threads(setting), threads, "{setting:?}");
        }
    }
}
