//! What load does to a thread, by the kernel's own account.
//!
//! A busy machine makes everybody wait, and a bound of 200 ms on an answer would then judge the machine. The kernel knows how
//! long a thread could have run while others did; without that, a span of time is the thread's own, and the bound keeps its size.

use std::fs;
use std::time::Duration;

/// The account of one thread, where the system keeps one (Linux does).
#[derive(Clone, Debug)]
pub struct Account(Option<String>);

impl Account {
    /// That of the thread that asks.
    pub fn of_this_thread() -> Account {
        let thread = fs::read_link("/proc/thread-self").ok();
        let file = thread.map(|path| format!("/proc/{}/schedstat", path.display()));
        Account(file.filter(|path| fs::exists(path).is_ok_and(|there| there)))
    }

    /// The time that the thread has spent on a processor; `None` where the system does not tell.
    pub fn ran(&self) -> Option<Duration> {
        self.times().map(|[ran, _]| ran)
    }

    /// The time in which it could have run, but others did; nothing where the system does not tell.
    pub fn waited(&self) -> Duration {
        self.times().map_or(Duration::ZERO, |[_, waited]| waited)
    }

    fn times(&self) -> Option<[Duration; 2]> {
        let account = fs::read_to_string(self.0.as_ref()?).ok()?;
        let mut times = account.split(' ').map(|time| time.parse().ok().map(Duration::from_nanos));
        Some([times.next()??, times.next()??])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Instant;

    #[test]
    fn what_others_ran_is_known() {
        if Account::of_this_thread().times().is_none() {
            return;
        }
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            // Three for each processor, so that whoever works must wait for most of the time.
            let processors = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..3 * processors {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            }
            let account = Account::of_this_thread();
            let (started, before) = (Instant::now(), account.times().expect("an account"));
            // Whoever works must wait sooner or later; when, the scheduler decides.
            let since = || {
                let now = account.times().expect("an account");
                [0, 1].map(|at| now[at] - before[at])
            };
            while since()[1] < Duration::from_millis(20) && started.elapsed() < Duration::from_secs(30) {}
            let (wall, [ran, waited]) = (started.elapsed(), since());
            over.store(true, Ordering::Relaxed);
            assert!(waited >= Duration::from_millis(20), "{waited:?} of waiting for {ran:?} of work");
            let own = wall.saturating_sub(waited);
            assert!(own < 2 * ran, "{own:?} for {ran:?} of work");
        });
    }
}
