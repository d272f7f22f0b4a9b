//! The time of a thread, whatever else the machine does.
//!
//! A busy machine makes everybody wait, and a bound of 200 ms on an answer would then judge the machine. The kernel knows how
//! long a thread could have run while others did; without that, a span of time is the thread's own, and the bound keeps its size.
#![allow(unsafe_code)]

use std::fs;
use std::time::Duration;

/// What some work gives, and the time that this thread spent on it.
///
/// # Panics
/// Where the system does not tell.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let spent = || spent(libc::CLOCK_THREAD_CPUTIME_ID).expect("the system tells a thread its time");
    let start = spent();
    let given = work();
    (given, spent() - start)
}

/// The kernel's account of one thread, which other threads can read, where the system keeps one (Linux does).
#[derive(Clone, Debug)]
pub struct Account {
    clock: Option<libc::clockid_t>,
    file: Option<String>,
}

impl Account {
    /// That of the thread that asks.
    pub fn of_this_thread() -> Account {
        let thread = fs::read_link("/proc/thread-self").ok();
        let file = thread.map(|path| format!("/proc/{}/schedstat", path.display()));
        Account { clock: clock(), file: file.filter(|path| fs::exists(path).is_ok_and(|there| there)) }
    }

    /// The time that the thread has spent on a processor; `None` where the system does not tell, or the thread has ended.
    pub fn ran(&self) -> Option<Duration> {
        spent(self.clock?)
    }

    /// The time in which it could have run, but others did; nothing where the system does not tell.
    pub fn waited(&self) -> Duration {
        let file = self.file.as_ref().and_then(|file| fs::read_to_string(file).ok());
        let waited = file.and_then(|text| text.split(' ').nth(1)?.parse().ok());
        waited.map_or(Duration::ZERO, Duration::from_nanos)
    }
}

/// The clock of this thread's time, as all threads can read it.
fn clock() -> Option<libc::clockid_t> {
    #[cfg(target_os = "linux")]
    {
        let mut clock = 0;
        // SAFETY: the thread is the one that runs, and `clock` is ours to be written.
        (unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock) } == 0).then_some(clock)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

fn spent(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours to be written; a clock that is none is refused.
    let told = unsafe { libc::clock_gettime(clock, &mut time) } == 0;
    told.then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Instant;

    /// Ends the threads that spin, also where the test fails: they would be waited for.
    struct Over<'a>(&'a AtomicBool);

    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_others_ran_is_known() {
        let account = Account::of_this_thread();
        if account.clock.is_none() || account.file.is_none() {
            return;
        }
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let end = Over(&over);
            // Three for each processor, so that whoever works must wait for most of the time.
            let processors = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..3 * processors {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            }
            let now = || (account.ran().expect("a clock"), account.waited());
            let (started, before) = (Instant::now(), now());
            // Whoever works must wait sooner or later; when, the scheduler decides.
            let enough = Duration::from_millis(20);
            while account.waited() - before.1 < enough && started.elapsed() < Duration::from_secs(30) {}
            let (wall, now) = (started.elapsed(), now());
            let (ran, waited) = (now.0 - before.0, now.1 - before.1);
            drop(end);
            assert!(waited >= enough, "{waited:?} of waiting for {ran:?} of work");
            let own = wall.saturating_sub(waited);
            assert!(own < 2 * ran, "{own:?} for {ran:?} of work");
        });
    }

    #[test]
    fn a_thread_that_has_ended_has_no_account() {
        let (account, ran) = thread::spawn(|| {
            let account = Account::of_this_thread();
            let ran = account.ran();
            (account, ran)
        })
        .join()
        .expect("it only asks");
        assert_eq!(ran.is_some(), cfg!(target_os = "linux"));
        // Whoever joins a thread is told a moment before the system forgets it.
        let began = std::time::Instant::now();
        while account.ran().is_some() && began.elapsed() < Duration::from_secs(10) {
            thread::yield_now();
        }
        assert_eq!((account.ran(), account.waited()), (None, Duration::ZERO));
    }
}
