//! The Date field, made once a second; the system's clock is asked once in a turn of the loop.

use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wirebook_net as net;

/// The last date that was made.
struct Cached {
    /// The loop's time when the clock was last asked: it stands still within a turn.
    turn: Option<Instant>,
    seconds: u64,
    text: String,
}

thread_local! {
    static CACHED: RefCell<Cached> = const { RefCell::new(Cached { turn: None, seconds: 0, text: String::new() }) };
}

/// Gives `then` the current IMF-fixdate (RFC 9110 §5.6.7).
pub(super) fn with_now<T>(then: impl FnOnce(&str) -> T) -> T {
    CACHED.with_borrow_mut(|cached| {
        let turn = Some(net::now());
        if cached.turn != turn {
            cached.turn = turn;
            let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            if cached.seconds != seconds || cached.text.is_empty() {
                cached.seconds = seconds;
                cached.text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
            }
        }
        then(&cached.text)
    })
}
