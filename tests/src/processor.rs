//! Time on the processor: what other programs take of it meanwhile does not count.
#![allow(unsafe_code)]

use std::time::Duration;

/// What some work gives, and the time that this thread spent on it.
///
/// # Panics
/// Where the system does not tell.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = time();
    let given = work();
    (given, time() - start)
}

/// The time that this thread has spent on a processor since it began.
fn time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours to be written.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
