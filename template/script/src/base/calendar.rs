//! Days and times of ECMA-262 §21.4.1: a time is milliseconds since 1970 without leap seconds.

/// Milliseconds of a day.
pub(crate) const DAY: f64 = 86_400_000.0;
/// The last time that a date may have, and the first one below zero.
const LAST: f64 = 8.64e15;

pub(crate) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A time in its parts; months and days of the week count from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Parts {
    pub(crate) year: f64,
    pub(crate) month: f64,
    pub(crate) day: f64,
    pub(crate) hour: f64,
    pub(crate) minute: f64,
    pub(crate) second: f64,
    pub(crate) millisecond: f64,
}

/// The parts of a finite time.
pub(crate) fn parts(time: f64) -> Parts {
    let (days, rest) = ((time / DAY).floor(), time.rem_euclid(DAY) + 0.0);
    // Counted in eras of 400 years from the first of March, so that the leap day is the last of its year.
    let shifted = days as i64 + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    Parts {
        year: year as f64,
        month: month as f64,
        day: day as f64,
        hour: (rest / 3_600_000.0).floor(),
        minute: (rest / 60_000.0).floor() % 60.0,
        second: (rest / 1_000.0).floor() % 60.0,
        millisecond: rest % 1_000.0,
    }
}

/// The day of the week of a finite time.
pub(crate) fn weekday(time: f64) -> usize {
    ((time / DAY).floor() + 4.0).rem_euclid(7.0) as usize
}

/// MakeDate of §21.4.1: parts may lie beyond their ranges; NaN when one is none or the time is too far away.
pub(crate) fn time(parts: &Parts) -> f64 {
    let Parts { year, month, day, hour, minute, second, millisecond } = *parts;
    let all = [year, month, day, hour, minute, second, millisecond];
    if all.iter().any(|n| !n.is_finite() || n.abs() > 1e16) {
        return f64::NAN;
    }
    let [year, month, day, hour, minute, second, millisecond] = all.map(f64::trunc);
    let year = year + (month / 12.0).floor();
    let month = month.rem_euclid(12.0) as i64;
    if year.abs() > 400_000.0 {
        return f64::NAN;
    }
    let from_march = (month + 10) % 12;
    let year = year as i64 - i64::from(month < 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * from_march + 2) / 5;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    clipped((days as f64 + day - 1.0) * DAY + hour * 3_600_000.0 + minute * 60_000.0 + second * 1_000.0 + millisecond)
}

/// TimeClip.
pub(crate) fn clipped(time: f64) -> f64 {
    if time.is_finite() && time.abs() <= LAST { time.trunc() + 0.0 } else { f64::NAN }
}

/// `YYYY-MM-DDTHH:mm:ss.sssZ`.
pub(crate) fn iso(time: f64) -> String {
    let Parts { year, month, day, hour, minute, second, millisecond } = parts(time);
    let year = match year {
        0.0..=9999.0 => format!("{year:04}"),
        _ => format!("{}{:06}", if year < 0.0 { '-' } else { '+' }, year.abs()),
    };
    format!("{year}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z", month + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_parts_and_come_back() {
        for (time_of, text) in [
            (0.0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000.0, "2000-02-29T00:00:00.000Z"),
            (-1.0, "1969-12-31T23:59:59.999Z"),
            (-62_198_755_200_000.0, "-000001-01-01T00:00:00.000Z"),
            (8.64e15, "+275760-09-13T00:00:00.000Z"),
            (1_709_210_096_789.0, "2024-02-29T12:34:56.789Z"),
        ] {
            assert_eq!(iso(time_of), text);
            assert_eq!(time(&parts(time_of)), time_of);
        }
        for day in (-800_000..800_000).step_by(97) {
            let at = f64::from(day) * DAY;
            assert_eq!(time(&parts(at)), at);
        }
        assert!(time(&Parts { year: 275_760.0, month: 8.0, day: 14.0, ..parts(0.0) }).is_nan());
    }
}
