//! The Date field, made once a second.

use crate::connection::DateLine;
use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wirebook_net as net;

/// The last date that was made.
struct Cached {
    /// The loop's time at which the second is over.
    until: Option<Instant>,
    line: DateLine,
}

thread_local! {
    static CACHED: RefCell<Cached> = const {
        RefCell::new(Cached { until: None, line: *b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n" })
    };
}

/// Gives `then` the field line with the current IMF-fixdate (RFC 9110 §5.6.7).
pub(super) fn with_now<T>(then: impl FnOnce(&DateLine) -> T) -> T {
    CACHED.with_borrow_mut(|cached| {
        let now = net::now();
        // A loop that began later may have an earlier time, if it is a simulated one.
        if cached.until.is_none_or(|until| now >= until || until > now + Duration::from_secs(1)) {
            cached.renew(now);
        }
        then(&cached.line)
    })
}

impl Cached {
    fn renew(&mut self, now: Instant) {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.as_secs()));
        // Beyond the year 9999 there is no such date, and the line stays as it is.
        if let Some(place) = self.line.get_mut(6..6 + date.len()).filter(|place| place.len() == 29) {
            place.copy_from_slice(date.as_bytes());
        }
        self.until = Some(now + Duration::from_secs(1) - Duration::from_nanos(u64::from(time.subsec_nanos())));
    }
}
