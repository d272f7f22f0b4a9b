//! Times as texts, read as V8 reads them: ISO 8601 (ECMA-262 §21.4.1.32), and whatever else people write.
//!
//! What is no ISO form is read word by word. Words before the first number mean nothing (`Friday, 5 Jan 2024`), a number before
//! `:` belongs to the clock, a sign behind the clock begins the zone, and every other number to the day. Which of these is the
//! year is decided at the end: the first that can be no day.

use super::calendar::{MONTHS, Parts, clipped, time};
use super::number::is_space;

/// A piece of the text.
#[derive(Clone, Copy, PartialEq)]
enum Token {
    End,
    /// A number and its digits.
    Number(i64, usize),
    /// One of `:`, `-`, `+`, `.`, `)`.
    Symbol(char),
    Space,
    Month(i64),
    /// `am` and `pm`: hours to add.
    Noon(i64),
    /// Hours east of UTC, and the letters of the name.
    Zone(i64, usize),
    /// The `T` of ISO's form.
    Separator,
    Word,
    Other,
}

impl Token {
    /// The number that it is, with so many digits.
    fn fixed(self, digits: usize) -> Option<i64> {
        if let Token::Number(n, length) = self { Some(n).filter(|_| length == digits) } else { None }
    }

    fn sign(self) -> Option<i64> {
        match self {
            Token::Symbol('+') => Some(1),
            Token::Symbol('-') => Some(-1),
            _ => None,
        }
    }
}

/// The text that is left, and the next piece of it.
struct Scan<'t> {
    rest: &'t str,
    next: Token,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Scan<'t> {
        let mut scan = Scan { rest: text, next: Token::End };
        scan.take();
        scan
    }

    fn take(&mut self) -> Token {
        let next = self.read();
        std::mem::replace(&mut self.next, next)
    }

    /// Takes the next piece if it is this symbol.
    fn skip(&mut self, symbol: char) -> bool {
        let is_there = self.next == Token::Symbol(symbol);
        if is_there {
            self.take();
        }
        is_there
    }

    fn read(&mut self) -> Token {
        let Some(c) = self.rest.chars().next().filter(|c| *c != '\0') else { return Token::End };
        let of_word = |c: char| c >= 'A' && !is_space(c);
        let length = match c {
            '0'..='9' => self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len()),
            '(' => in_parentheses(self.rest),
            c if of_word(c) => self.rest.find(|c| !of_word(c)).unwrap_or(self.rest.len()),
            c => c.len_utf8(),
        };
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        match c {
            '0'..='9' => {
                let digits = text.trim_start_matches('0');
                Token::Number(digits[..digits.len().min(9)].parse().unwrap_or(0), length)
            }
            ':' | '-' | '+' | '.' | ')' => Token::Symbol(c),
            c if is_space(c) => Token::Space,
            c if of_word(c) => word(text),
            _ => Token::Other,
        }
    }
}

/// Bytes of what stands in parentheses, or of all that is left.
fn in_parentheses(text: &str) -> usize {
    let mut depth = 0;
    for (n, c) in text.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 {
            return n + 1;
        }
    }
    text.len()
}

/// The name of a month may be cut or go on after its first three letters.
fn word(text: &str) -> Token {
    let lower: String = text.chars().take(4).map(|c| c.to_ascii_lowercase()).collect();
    let first: String = lower.chars().take(3).collect();
    if let Some(month) = MONTHS.iter().position(|name| name[..3].eq_ignore_ascii_case(&first)) {
        return Token::Month(month as i64 + 1);
    }
    match lower.as_str() {
        "am" => Token::Noon(0),
        "pm" => Token::Noon(12),
        "ut" | "utc" | "z" | "gmt" => Token::Zone(0, lower.len()),
        "edt" => Token::Zone(-4, 3),
        "cdt" | "est" => Token::Zone(-5, 3),
        "cst" | "mdt" => Token::Zone(-6, 3),
        "mst" | "pdt" => Token::Zone(-7, 3),
        "pst" => Token::Zone(-8, 3),
        "t" => Token::Separator,
        _ => Token::Word,
    }
}

/// What was read so far.
#[derive(Default)]
struct Read {
    iso: bool,
    /// Up to three numbers of the day.
    day: Vec<i64>,
    month: Option<i64>,
    /// Up to four numbers of the clock: hour, minute, second, millisecond.
    clock: Vec<i64>,
    noon: Option<i64>,
    sign: Option<i64>,
    hours: Option<i64>,
    minutes: Option<i64>,
}

/// Reads a time. One without a zone is `zone` minutes east of UTC, but for a day alone in ISO's form. NaN for what is no time.
pub(crate) fn parse(text: &str, zone: impl Fn(f64) -> f64) -> f64 {
    let Some((time, east)) = read(text) else { return f64::NAN };
    let east = east.unwrap_or_else(|| zone(time));
    clipped(time - east * 60_000.0)
}

/// The time as a clock shows it, and the minutes that this clock is east of UTC.
fn read(text: &str) -> Option<(f64, Option<f64>)> {
    let (mut scan, mut read) = (Scan::new(text), Read::default());
    let mut token = read.iso(&mut scan)?;
    let mut has_number = !read.day.is_empty();
    while token != Token::End {
        match token {
            Token::Number(n, _) => {
                has_number = true;
                read.number(n, &mut scan)?;
            }
            Token::Noon(hours) if !read.clock.is_empty() => read.noon = Some(hours),
            Token::Month(month) => {
                read.month = Some(month);
                scan.skip('-');
            }
            Token::Zone(hours, _) if has_number => read.set_zone(hours),
            Token::Noon(_) | Token::Zone(..) | Token::Separator | Token::Word => {
                if has_number || matches!(scan.next, Token::Number(..)) {
                    return None;
                }
            }
            _ => match token.sign() {
                Some(sign) if read.is_utc() || !read.clock.is_empty() => {
                    read.offset(sign, &mut scan)?;
                    has_number = true;
                }
                Some(_) if has_number => return None,
                None if token == Token::Symbol(')') && has_number => return None,
                _ => {}
            },
        }
        token = scan.take();
    }
    read.finish()
}

impl Read {
    fn set_zone(&mut self, hours: i64) {
        (self.sign, self.hours, self.minutes) = (Some(if hours < 0 { -1 } else { 1 }), Some(hours.abs()), Some(0));
    }

    fn is_utc(&self) -> bool {
        self.hours == Some(0) && self.minutes == Some(0)
    }

    /// The form of ISO 8601, as far as it goes; the first piece that is not of it. `None`: a time that is wrong.
    fn iso(&mut self, scan: &mut Scan<'_>) -> Option<Token> {
        let (sign, digits) = match scan.next.sign() {
            Some(sign) => (Some((sign, scan.take())), 6),
            None => (None, 4),
        };
        match (scan.next.fixed(digits), sign) {
            (Some(0), Some((-1, token))) => {
                scan.take();
                return Some(token);
            }
            (None, Some((_, token))) => return Some(token),
            (None, None) => return Some(scan.take()),
            (Some(year), sign) => self.day.push(year * sign.map_or(1, |(sign, _)| sign)),
        }
        scan.take();
        for most in [12, 31] {
            if !scan.skip('-') {
                break;
            }
            match scan.next.fixed(2).filter(|n| (1..=most).contains(n)) {
                Some(n) => self.day.push(n),
                None => return Some(scan.take()),
            }
            scan.take();
        }
        if scan.next != Token::Separator {
            if scan.next != Token::End {
                return Some(scan.take());
            }
            self.set_zone(0);
        } else {
            scan.take();
            self.iso_clock(scan)?;
        }
        self.iso = true;
        Some(Token::End)
    }

    fn iso_clock(&mut self, scan: &mut Scan<'_>) -> Option<()> {
        let field = |scan: &mut Scan<'_>, most: i64| {
            let n = scan.next.fixed(2).filter(|n| (0..=most).contains(n))?;
            scan.take();
            Some(n)
        };
        let hour = field(scan, 24)?;
        let most = if hour == 24 { 0 } else { 59 };
        self.clock.push(hour);
        if !scan.skip(':') {
            return None;
        }
        self.clock.push(field(scan, most)?);
        if scan.skip(':') {
            self.clock.push(field(scan, most)?);
            if scan.skip('.') {
                match scan.take() {
                    Token::Number(n, length) if n == 0 || hour < 24 => self.clock.push(milliseconds(n, length)),
                    _ => return None,
                }
            }
        }
        if matches!(scan.next, Token::Zone(_, 1)) {
            scan.take();
            self.set_zone(0);
        } else if let Some(sign) = scan.next.sign() {
            scan.take();
            self.sign = Some(sign);
            let (hours, minutes) = match scan.next.fixed(4) {
                Some(both) => {
                    scan.take();
                    (both / 100, both % 100)
                }
                None => {
                    let hours = field(scan, 23)?;
                    if !scan.skip(':') {
                        return None;
                    }
                    (hours, field(scan, 59)?)
                }
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            (self.hours, self.minutes) = (Some(hours), Some(minutes));
        }
        (scan.next == Token::End).then_some(())
    }

    /// A number: of the clock, of the zone, or of the day.
    fn number(&mut self, n: i64, scan: &mut Scan<'_>) -> Option<()> {
        if scan.skip(':') {
            if scan.skip(':') {
                if !self.clock.is_empty() {
                    return None;
                }
                self.clock.extend([n, 0]);
                return Some(());
            }
            if self.clock.len() == 4 {
                return None;
            }
            self.clock.push(n);
            scan.skip('.');
        } else if scan.skip('.') && self.expects(n) {
            self.clock.push(n);
            let Token::Number(n, length) = scan.take() else { return None };
            self.end_clock(milliseconds(n, length));
        } else if self.hours.is_some() && self.minutes.is_none() && n < 60 {
            self.minutes = Some(n);
        } else if self.expects(n) {
            self.end_clock(n);
            let follows = matches!(scan.next, Token::End | Token::Space | Token::Zone(_, 1));
            return (follows || scan.next.sign().is_some()).then_some(());
        } else {
            if self.day.len() == 3 {
                return None;
            }
            self.day.push(n);
            scan.skip('-');
        }
        Some(())
    }

    /// Whether the clock can go on with this number.
    fn expects(&self, n: i64) -> bool {
        match self.clock.len() {
            1 | 2 => n < 60,
            3 => n < 1000,
            _ => false,
        }
    }

    fn end_clock(&mut self, n: i64) {
        if self.clock.len() < 4 {
            self.clock.push(n);
        }
        self.clock.resize(4, 0);
    }

    /// What follows the sign of a zone: `+01:00`, `+0100`, `-8`.
    fn offset(&mut self, sign: i64, scan: &mut Scan<'_>) -> Option<()> {
        self.sign = Some(sign);
        let (n, length) = match scan.next {
            Token::Number(n, length) => {
                scan.take();
                (n, length)
            }
            _ => (0, 0),
        };
        (self.hours, self.minutes) = match length {
            _ if scan.next == Token::Symbol(':') => (Some(n), None),
            1 | 2 => (Some(n), Some(0)),
            3 | 4 => (Some(n / 100), Some(n % 100)),
            _ => return None,
        };
        Some(())
    }

    fn finish(mut self) -> Option<(f64, Option<f64>)> {
        if self.day.is_empty() {
            return None;
        }
        self.day.resize(3, 1);
        let is_day = |n: i64| (1..=31).contains(&n);
        let (first, second, third) = (self.day[0], self.day[1], self.day[2]);
        let (mut year, month, day) = match self.month {
            None if self.iso || !is_day(first) => (first, second, third),
            None => (third, first, second),
            Some(month) if !is_day(first) => (first, month, second),
            Some(month) => (second, month, first),
        };
        if !self.iso {
            year += match year {
                0..=49 => 2000,
                50..=99 => 1900,
                _ => 0,
            };
        }
        self.clock.resize(4, 0);
        if let Some(noon) = self.noon {
            if self.clock[0] > 12 {
                return None;
            }
            self.clock[0] = self.clock[0] % 12 + noon;
        }
        let [hour, minute, second, millisecond] = self.clock[..] else { return None };
        let midnight = (hour, minute, second, millisecond) == (24, 0, 0, 0);
        let is_clock = midnight || (hour < 24 && minute < 60 && second < 60 && millisecond < 1000);
        if !(1..=12).contains(&month) || !is_day(day) || !is_clock {
            return None;
        }
        let made = Parts {
            year: year as f64,
            month: month as f64 - 1.0,
            day: day as f64,
            hour: hour as f64,
            minute: minute as f64,
            second: second as f64,
            millisecond: millisecond as f64,
        };
        let minutes = self.hours.unwrap_or(0) * 60 + self.minutes.unwrap_or(0);
        Some((time(&made), self.sign.map(|sign| (sign * minutes) as f64)))
    }
}

/// The three first digits behind the point.
fn milliseconds(n: i64, length: usize) -> i64 {
    match length {
        1 => n * 100,
        2 => n * 10,
        _ => n / 10_i64.pow(length.min(9) as u32 - 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "2024-1-5",
            "2024-01-05 00:00:00 UTC",
            "2024-01-05 08:00:00 +0800",
            "2024-01-05 08:00 +08:00",
            "Jan 5 2024 12:00 am",
            "5-Jan-2024",
            "1.5.2024",
            "2024-01-04T24:00",
        ] {
            assert_eq!(utc(text), 1_704_412_800_000.0, "{text}");
        }
        for text in [
            "",
            "x",
            "2024-13-01",
            "2024-01-32",
            "Jan",
            "12:00",
            "2024-01-05T25:00:00",
            "2024-01-05T00:00:00Z ",
            "1/2/3/4",
            "5 Jan 2024 Fri",
        ] {
            assert!(utc(text).is_nan(), "{text}");
        }
    }
}
