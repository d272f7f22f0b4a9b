//! What time it is, for whatever has to know the date: sessions, logs. The loop's own clock knows none, and a test wants to set it.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use wirebook_net as net;

/// A clock that knows the date. Clones are the same.
#[derive(Clone)]
pub struct Clock(Rc<dyn Fn() -> Duration>);

impl Clock {
    /// The system's, which somebody may set forward and back.
    pub fn system() -> Clock {
        Clock::new(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    /// The loop's, which starts now at so many seconds since 1970: in a simulation it runs in virtual time.
    pub fn from(seconds: u64) -> Clock {
        let (start, began) = (Duration::from_secs(seconds), net::now());
        Clock::new(move || start.saturating_add(net::now().saturating_duration_since(began)))
    }

    /// One of your own: a function that gives the time since 1970.
    pub fn new(now: impl Fn() -> Duration + 'static) -> Clock {
        Clock(Rc::new(now))
    }

    /// The time since 1970.
    pub fn now(&self) -> Duration {
        (self.0)()
    }

    /// The seconds since 1970.
    pub fn seconds(&self) -> u64 {
        self.now().as_secs()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Clock({:?})", self.now())
    }
}
