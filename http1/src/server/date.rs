//! The Date field, made once a second.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

thread_local! {
    static CACHED: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Gives `then` the current IMF-fixdate (RFC 9110 §5.6.7).
pub(super) fn with_now<T>(then: impl FnOnce(&str) -> T) -> T {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    CACHED.with_borrow_mut(|(cached, text)| {
        if *cached != seconds || text.is_empty() {
            *cached = seconds;
            *text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        }
        then(text)
    })
}
