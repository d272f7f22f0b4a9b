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

/// Reads the formats that Node writes, and the others in common use: ISO 8601, `2024/1/5`, `1/5/2024`, `5 Jan 2024`,
/// `Jan 5, 2024 10:00:00 GMT+0100`. A date alone in ISO form is UTC, everything else without a zone is `zone` minutes east.
pub(crate) fn parse(text: &str, zone: impl Fn(f64) -> f64) -> f64 {
    let local = |time: f64| clipped(time - zone(time) * 60_000.0);
    if let Some((time, utc)) = iso_parts(text.trim()) {
        return if utc { clipped(time) } else { local(time) };
    }
    match loose_parts(text) {
        Some((time, Some(minutes))) => clipped(time - minutes * 60_000.0),
        Some((time, None)) => local(time),
        None => f64::NAN,
    }
}

/// A time in ISO form, and whether it is UTC already.
fn iso_parts(text: &str) -> Option<(f64, bool)> {
    let (date, clock) = match text.split_once(['T', 't', ' ']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let mut numbers = date.split('-');
    let number = |part: Option<&str>, count: usize| -> Option<f64> {
        let part = part?;
        (part.len() == count && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let year = number(numbers.next(), 4)?;
    let (month, day) = (numbers.next(), numbers.next());
    let month = if month.is_some() { number(month, 2)? } else { 1.0 };
    let day = if day.is_some() { number(day, 2)? } else { 1.0 };
    if numbers.next().is_some() || !(1.0..=12.0).contains(&month) || !(1.0..=31.0).contains(&day) {
        return None;
    }
    let mut made = Parts { year, month: month - 1.0, day, hour: 0.0, minute: 0.0, second: 0.0, millisecond: 0.0 };
    let Some(clock) = clock else { return Some((time(&made), true)) };
    let (clock, zone) = match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => (&clock[..at], Some(&clock[at..])),
        None => (clock, None),
    };
    let mut fields = clock.split(':');
    made.hour = number(fields.next(), 2)?;
    made.minute = number(fields.next(), 2)?;
    if let Some(seconds) = fields.next() {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
        made.second = number(Some(whole), 2)?;
        let digits = fraction.bytes().all(|b| b.is_ascii_digit()) && (1..=9).contains(&fraction.len());
        made.millisecond = if digits { format!("0.{fraction}").parse::<f64>().ok()? * 1000.0 } else { return None };
    }
    if fields.next().is_some() || made.hour > 24.0 || made.minute > 59.0 || made.second > 59.0 {
        return None;
    }
    let at = time(&made);
    match zone {
        None => Some((at, false)),
        Some("Z" | "z") => Some((at, true)),
        Some(zone) => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let east = number(Some(hours), 2)? * 60.0 + number(Some(minutes), 2)?;
            Some((at - if zone.starts_with('-') { -east } else { east } * 60_000.0, true))
        }
    }
}

/// A time in words and numbers, and its zone in minutes when it has one.
fn loose_parts(text: &str) -> Option<(f64, Option<f64>)> {
    let (mut numbers, mut month, mut clock, mut zone) = (Vec::new(), None, None, None);
    let mut noon = None;
    let plain = text.split('(').next()?;
    for word in plain.split(|c: char| c.is_whitespace() || matches!(c, ',' | '/')).filter(|word| !word.is_empty()) {
        let lower = word.to_ascii_lowercase();
        let named = |names: &[&str]| {
            names
                .iter()
                .position(|name| lower.len() >= 3 && name.to_ascii_lowercase().starts_with(lower.trim_end_matches('.')))
        };
        if let Some(found) = named(&MONTHS) {
            month = Some(found as f64);
        } else if named(&DAYS).is_some() {
        } else if matches!(lower.as_str(), "am" | "pm") {
            noon = Some(lower == "pm");
        } else if let Some(rest) =
            lower.strip_prefix("gmt").or_else(|| lower.strip_prefix("utc")).or_else(|| lower.strip_prefix('z'))
        {
            zone = Some(offset(rest)?);
        } else if lower.contains(':') {
            let fields: Option<Vec<f64>> = lower.split(':').map(|field| field.parse().ok()).collect();
            clock = Some(fields.filter(|fields| (2..=3).contains(&fields.len()))?);
        } else if clock.is_some() && lower.starts_with(['+', '-']) {
            zone = Some(offset(&lower)?);
        } else {
            numbers.push((lower.parse::<u32>().ok()?, lower.len()));
        }
    }
    let (year, month, day) = match (&numbers[..], month) {
        ([(year, 3..), (month, _), (day, _)], None) => (*year, f64::from(*month) - 1.0, *day),
        ([(month, _), (day, _), (year, _)], None) => (*year, f64::from(*month) - 1.0, *day),
        ([(year, 3..), (day, _)], Some(month)) | ([(day, _), (year, _)], Some(month)) => (*year, month, *day),
        ([(year, 3..)], Some(month)) => (*year, month, 1),
        _ => return None,
    };
    if !(1..=31).contains(&day) || !(0.0..12.0).contains(&month) {
        return None;
    }
    let year = if year < 50 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let clock = clock.unwrap_or_default();
    let field = |n: usize| clock.get(n).copied().unwrap_or_default();
    let hour = match noon {
        Some(after) => field(0) % 12.0 + if after { 12.0 } else { 0.0 },
        None => field(0),
    };
    let made = Parts {
        year: f64::from(year),
        month,
        day: f64::from(day),
        hour,
        minute: field(1),
        second: field(2).floor(),
        millisecond: (field(2).fract() * 1000.0).round(),
    };
    Some((time(&made), zone))
}

/// Minutes east of UTC of `+0100`, `+01:00`, `-8` or nothing.
fn offset(text: &str) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let digits = text[1..].replace(':', "");
    let n: f64 = digits.parse().ok()?;
    let minutes = if digits.len() <= 2 { n * 60.0 } else { (n / 100.0).floor() * 60.0 + n % 100.0 };
    match text.as_bytes()[0] {
        b'+' => Some(minutes),
        b'-' => Some(-minutes),
        _ => None,
    }
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

    #[test]
    fn dates_are_read_as_node_reads_them() {
        let utc = |text: &str| parse(text, |_| 0.0);
        assert_eq!(utc("2024-01-05"), 1_704_412_800_000.0);
        assert_eq!(utc("2024-01"), 1_704_067_200_000.0);
        assert_eq!(utc("2024-01-05T10:00:00+02:00"), 1_704_441_600_000.0);
        for text in [
            "2024/1/5",
            "1/5/2024",
            "Jan 5, 2024",
            "5 January 2024",
            "Fri Jan 05 2024 00:00:00 GMT+0000 (UTC)",
            "Fri, 05 Jan 2024 00:00:00 GMT",
            "2024-01-05T00:00:00Z",
            "2024-01-05 00:00",
        ] {
            assert_eq!(utc(text), 1_704_412_800_000.0, "{text}");
        }
        for text in ["", "x", "2024-13-01", "2024-01-32", "Jan", "12:00", "2024-01-05T25:00:00"] {
            assert!(utc(text).is_nan(), "{text}");
        }
    }
}
