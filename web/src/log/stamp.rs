//! Dates in the forms that logs have, in UTC. What a day is called comes from the one calendar that HTTP needs anyway.

use crate::text::date;
use std::time::Duration;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `IMF-fixdate` is `Sun, 06 Nov 1994 08:49:37 GMT`: day, name of the month, year, time.
fn pieces(seconds: u64) -> [String; 4] {
    let text = date(seconds);
    let mut words = text.split(' ').skip(1).map(str::to_owned);
    std::array::from_fn(|_| words.next().unwrap_or_default())
}

/// `2026-11-27T03:14:18.123Z` (RFC 3339).
pub(super) fn iso(at: Duration) -> String {
    let [day, month, year, time] = pieces(at.as_secs());
    format!("{year}-{:02}-{day}T{time}.{:03}Z", number(&month), at.subsec_millis())
}

/// `27/Nov/2026:03:14:18 +0000`, as the common log format has it.
pub(super) fn common(at: Duration) -> String {
    let [day, month, year, time] = pieces(at.as_secs());
    format!("{day}/{month}/{year}:{time} +0000")
}

/// `2026-11-27`, or `2026-11-27T03`.
pub(super) fn period(at: Duration, hourly: bool) -> String {
    iso(at)[..if hourly { 13 } else { 10 }].to_owned()
}

fn number(month: &str) -> usize {
    MONTHS.iter().position(|name| *name == month).map_or(0, |at| at + 1)
}
