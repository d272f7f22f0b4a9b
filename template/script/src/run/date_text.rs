//! The text of a date, which `String(date)` gives.

use super::machine::Cx;
use crate::base::calendar::{self, DAYS, MONTHS, Parts};

/// A time on the host's clocks.
pub(crate) fn to_local(cx: &Cx<'_>, time: f64) -> f64 {
    time + cx.host.zone(time) * 60_000.0
}

/// `Fri Jan 05 2024` and `10:00:00 GMT+0000 (Coordinated Universal Time)`.
pub(crate) fn words(cx: &Cx<'_>, time: f64, date: bool, clock: bool) -> String {
    let zone = cx.host.zone(time);
    let local = to_local(cx, time);
    let Parts { year, month, day, hour, minute, second, .. } = calendar::parts(local);
    let (weekday, month) = (&DAYS[calendar::weekday(local)][..3], &MONTHS[month as usize][..3]);
    let sign = if year < 0.0 { "-" } else { "" };
    let date = date.then(|| format!("{weekday} {month} {day:02} {sign}{:04}", year.abs()));
    let clock = clock.then(|| {
        let (sign, east) = (if zone < 0.0 { '-' } else { '+' }, zone.abs());
        let name = if zone == 0.0 { " (Coordinated Universal Time)" } else { "" };
        format!("{hour:02}:{minute:02}:{second:02} GMT{sign}{:02}{:02}{name}", (east / 60.0).floor(), east % 60.0)
    });
    [date, clock].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
