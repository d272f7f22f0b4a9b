//! The Date field, made once a second.

use crate::connection::DateLine;
use std::cell::{Cell, RefCell};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wirebook_net as net;

thread_local! {
    /// The last date that was made.
    static LINE: RefCell<DateLine> = const { RefCell::new(*b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n") };
    /// Its second is not over.
    static FRESH: Cell<bool> = const { Cell::new(false) };
}

/// Ends the second of the last date when it is dropped: by a timer, or by the end of the loop that has the timer.
struct Second;

impl Drop for Second {
    fn drop(&mut self) {
        FRESH.set(false);
    }
}

/// Gives `then` the field line with the current IMF-fixdate (RFC 9110 §5.6.7). The clock is not read for it: a timer says
/// when the second is over, and a server that answers nothing has none.
pub(super) fn with_now<T>(then: impl FnOnce(&DateLine) -> T) -> T {
    if !FRESH.get() {
        renew();
    }
    LINE.with_borrow(then)
}

/// Gives `then` the date itself.
pub fn with_date<T>(then: impl FnOnce(&[u8]) -> T) -> T {
    with_now(|line| then(line[6..].trim_ascii_end()))
}

#[cold]
fn renew() {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.as_secs()));
    LINE.with_borrow_mut(|line| {
        // Beyond the year 9999 there is no such date, and the line stays as it is.
        if let Some(place) = line.get_mut(6..6 + date.len()).filter(|place| place.len() == 29) {
            place.copy_from_slice(date.as_bytes());
        }
    });
    FRESH.set(true);
    let second = Second;
    let left = Duration::from_secs(1) - Duration::from_nanos(u64::from(time.subsec_nanos()));
    net::set_timeout(move || drop(second), left).unref();
}
