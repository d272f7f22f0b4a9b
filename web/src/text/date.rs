//! `HTTP-date` (RFC 9110 §5.6.7) as seconds since 1970: the cores read no clock.

use std::time::{Duration, UNIX_EPOCH};

/// The last second of the year 9999: a field has no date behind it.
const LAST: u64 = 253_402_300_799;

/// Seconds as an `IMF-fixdate`. What is behind the year 9999 is its last second.
pub fn date(seconds: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.min(LAST)))
}

/// The seconds of an `HTTP-date` in any of its three forms; `None` for what is none, or lies before 1970.
pub fn seconds(date: &str) -> Option<u64> {
    Some(httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
