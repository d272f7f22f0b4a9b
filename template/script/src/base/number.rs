//! Numbers: the text that JavaScript gives them, and the number that a text is.
//!
//! ECMA-262 §6.1.6.1.20 asks for the shortest decimal digits that read back as the same number. Rust's `{:e}` gives
//! exactly those digits; what remains is JavaScript's rule of where to put the point and when to use an exponent.

use super::digits;
use std::fmt::Write;

/// Appends a number as `String(n)` prints it. Whole numbers are what pages print.
#[inline(always)]
pub(crate) fn write(out: &mut String, n: f64) {
    match whole(n) {
        Some(n) => digits::append(out, n),
        None => write_slow(out, n),
    }
}

#[cold]
fn write_slow(out: &mut String, n: f64) {
    if n.is_nan() {
        return out.push_str("NaN");
    }
    if n.is_infinite() {
        return out.push_str(if n > 0.0 { "Infinity" } else { "-Infinity" });
    }
    if n < 0.0 {
        out.push('-');
    }
    let (digits, exponent) = digits(n.abs());
    let length = digits.len() as i32;
    // The names of §6.1.6.1.20: k digits, and the point stands after digit n.
    let point = exponent + 1;
    if length <= point && point <= 21 {
        out.push_str(&digits);
        zeros(out, point - length);
    } else if 0 < point && point <= 21 {
        out.push_str(&digits[..point as usize]);
        out.push('.');
        out.push_str(&digits[point as usize..]);
    } else if -6 < point && point <= 0 {
        out.push_str("0.");
        zeros(out, -point);
        out.push_str(&digits);
    } else {
        exponential(out, &digits, exponent);
    }
}

fn zeros(out: &mut String, count: i32) {
    out.extend(std::iter::repeat_n('0', count.max(0) as usize));
}

fn exponential(out: &mut String, digits: &str, exponent: i32) {
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    let _ = write!(out, "e{}{}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
}

/// Shortest digits and decimal exponent of a finite number ≥ 0: `n = d.ddd × 10^exponent`. Where two texts are as short and
/// as near, JavaScript takes the even one and Rust the larger one.
fn digits(n: f64) -> (String, i32) {
    let (mut digits, exponent) = split_exponent(&format!("{n:e}"));
    let odd = matches!(digits.as_bytes().last(), Some(b'1' | b'3' | b'5' | b'7' | b'9'));
    if odd && digits.len() > 15 && may_end_after(n, digits.len() as i32 - exponent) {
        let all = split_exponent(&format!("{n:.60e}")).0;
        let (lower, rest) = all.split_at(digits.len());
        let half = rest.strip_prefix('5').is_some_and(|rest| rest.bytes().all(|digit| digit == b'0'));
        if half && format!("{}.{}e{exponent}", &lower[..1], &lower[1..]).parse() == Ok(n) {
            digits = lower.to_owned();
        }
    }
    (digits, exponent)
}

/// Whether a number may have so many decimals and no more: as many as it has bits behind the point.
fn may_end_after(n: f64, decimals: i32) -> bool {
    let (mantissa, exponent) = (n.to_bits() & 0xf_ffff_ffff_ffff | 1 << 52, (n.to_bits() >> 52) as i32 - 1075);
    decimals <= 0 || -exponent - mantissa.trailing_zeros() as i32 == decimals
}

fn split_exponent(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// A number's text.
pub(crate) fn to_string(n: f64) -> String {
    let mut out = String::new();
    write(&mut out, n);
    out
}

/// `Number(text)`, ECMA-262 §7.1.4.1: white space trimmed, the empty string is 0, `0x`, `0o`, `0b`, `Infinity`.
pub(crate) fn parse(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    if text.is_empty() {
        return 0.0;
    }
    let bytes = text.as_bytes();
    if bytes[0] == b'0' && bytes.len() > 2 {
        let radix = match bytes[1] {
            b'x' | b'X' => 16,
            b'o' | b'O' => 8,
            b'b' | b'B' => 2,
            _ => 0,
        };
        if radix != 0 {
            return from_digits(&text[2..], radix).unwrap_or(f64::NAN);
        }
    }
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "Infinity" => return if bytes[0] == b'-' { f64::NEG_INFINITY } else { f64::INFINITY },
        rest if rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) => {}
        _ => return f64::NAN,
    }
    text.parse().unwrap_or(f64::NAN)
}

/// White space and line ends of ECMA-262 §12.2 and §12.3; unlike Rust's, with the BOM and without U+0085.
pub(crate) fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// The value of digits in a radix; `None` when one is not a digit or there is none.
pub(crate) fn from_digits(text: &str, radix: u32) -> Option<f64> {
    let mut value = 0.0;
    if text.is_empty() {
        return None;
    }
    for c in text.chars() {
        value = value * f64::from(radix) + f64::from(c.to_digit(radix)?);
    }
    Some(value)
}

/// The number when it is a whole one of 32 bits.
#[inline]
pub(crate) fn whole(n: f64) -> Option<i32> {
    // With this sum the last 32 bits are the whole part in two's complement; a cast would have to look for NaN and
    // overflow first, which the comparison finds as well.
    let whole = (n + 6_755_399_441_055_744.0).to_bits() as i32;
    if f64::from(whole) == n { Some(whole) } else { None }
}

/// The number as an index, when it is a whole one that is not negative.
#[inline]
pub(crate) fn as_index(n: f64) -> Option<usize> {
    match whole(n) {
        Some(whole) => usize::try_from(whole).ok(),
        None => large_index(n),
    }
}

#[cold]
fn large_index(n: f64) -> Option<usize> {
    let index = n as usize;
    if n >= 0.0 && index as f64 == n { Some(index) } else { None }
}

/// ECMA-262 §7.1.6: the low 32 bits.
pub(crate) fn to_int32(n: f64) -> i32 {
    if let Some(whole) = whole(n) {
        return whole;
    }
    if !n.is_finite() {
        return 0;
    }
    n.trunc().rem_euclid(4_294_967_296.0) as u32 as i32
}

/// ECMA-262 §7.1.5 without the bounds: the whole part, NaN as 0, infinities kept.
pub(crate) fn to_integer(n: f64) -> f64 {
    if n.is_nan() { 0.0 } else { n.trunc() + 0.0 }
}

/// `n ** m` with JavaScript's two differences from IEEE 754: a NaN exponent, and ±1 to an infinite power.
///
/// The last digit is left to the implementation; it is that of Node 20 here, see [`super::power`].
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    match exponent {
        2.0 => base * base,
        // Not -0 for -0, and not NaN for -Infinity.
        0.5 if base.is_infinite() => f64::INFINITY,
        0.5 => (base + 0.0).sqrt(),
        // §6.1.6.1.3 says what these are.
        _ if exponent == 0.0 || base == 0.0 || !base.is_finite() || exponent.is_infinite() => base.powf(exponent),
        _ => super::power::power(base, exponent),
    }
}

/// `n.toFixed(places)`, §21.1.3.3: ties go to the larger number, where Rust rounds them to the even digit.
pub(crate) fn to_fixed(n: f64, places: usize) -> String {
    if !n.is_finite() || n.abs() >= 1e21 {
        return to_string(n);
    }
    let mut text = format!("{:.places$}", n.abs());
    // A tie has exactly one more binary, hence decimal, place: n·10^(places+1) ends in 5 and nothing follows.
    let exact = format!("{:.*}", places + 1, n.abs());
    if exact.ends_with('5') && is_exact(n.abs(), places as i32 + 1) {
        text = round_up(&exact[..exact.len() - 1]);
    }
    if n < 0.0 {
        text.insert(0, '-');
    }
    text
}

/// Whether `n` has no more than `places` binary places, so that as many decimal places show all of it.
fn is_exact(n: f64, places: i32) -> bool {
    (n * 2f64.powi(places)).fract() == 0.0
}

/// Adds one to the last digit of a decimal text such as `1.29` or `9.`.
fn round_up(text: &str) -> String {
    let mut digits: Vec<u8> = text.trim_end_matches('.').bytes().collect();
    for at in (0..digits.len()).rev() {
        match digits[at] {
            b'.' => {}
            b'9' => digits[at] = b'0',
            _ => {
                digits[at] += 1;
                return String::from_utf8(digits).unwrap_or_default();
            }
        }
    }
    digits.insert(0, b'1');
    String::from_utf8(digits).unwrap_or_default()
}

/// `n.toExponential(places)`; `None` asks for as many digits as are needed.
pub(crate) fn to_exponential(n: f64, places: Option<usize>) -> String {
    if !n.is_finite() {
        return to_string(n);
    }
    let (digits, exponent) = match places {
        None => digits(n.abs()),
        Some(places) => rounded(n.abs(), places + 1),
    };
    let mut out = String::from(if n < 0.0 { "-" } else { "" });
    exponential(&mut out, &digits, exponent);
    out
}

/// `n.toPrecision(count)`, §21.1.3.5.
pub(crate) fn to_precision(n: f64, count: usize) -> String {
    if !n.is_finite() {
        return to_string(n);
    }
    let mut out = String::from(if n < 0.0 { "-" } else { "" });
    let (digits, exponent) = rounded(n.abs(), count);
    if exponent < -6 || exponent >= count as i32 {
        exponential(&mut out, &digits, exponent);
    } else if exponent >= 0 {
        let point = exponent as usize + 1;
        out.push_str(&digits[..point]);
        if point < count {
            out.push('.');
            out.push_str(&digits[point..]);
        }
    } else {
        out.push_str("0.");
        zeros(&mut out, -exponent - 1);
        out.push_str(&digits);
    }
    out
}

/// `count` significant digits, ties to the larger number.
fn rounded(n: f64, count: usize) -> (String, i32) {
    let (digits, exponent) = split_exponent(&format!("{:.*e}", count - 1, n));
    let (exact, at) = split_exponent(&format!("{n:.*e}", count));
    let (shortest, _) = self::digits(n);
    // A tie is a number whose shortest digits are one more than asked for and end in 5, if those digits are all of it.
    if at == exponent
        && exact.ends_with('5')
        && shortest == exact
        && format!("{n:.*e}", count + 25).contains(&exact_tail(&exact))
    {
        let up = round_up(&exact[..count]);
        return if up.len() > count { (up[..count].to_owned(), exponent + 1) } else { (up, exponent) };
    }
    (digits, exponent)
}

/// How the digits of an exact tie go on: the last of them, then nothing but zeros.
fn exact_tail(exact: &str) -> String {
    format!("{}{}", &exact[exact.len() - 1..], "0".repeat(25))
}

/// `n.toString(radix)` for a radix other than ten. The digits after the point end where they name the number exactly.
pub(crate) fn to_radix(n: f64, radix: u32) -> String {
    if !n.is_finite() {
        return to_string(n);
    }
    let digit = |d: u32| char::from_digit(d, radix).unwrap_or('0');
    let base = f64::from(radix);
    let mut whole = n.abs().trunc();
    let mut fraction = n.abs().fract();
    let mut out = Vec::new();
    // Beyond 2^53 a number no longer names its last digits; V8 writes zeros for them.
    while whole / base >= 9_007_199_254_740_992.0 {
        whole /= base;
        out.push('0');
    }
    while whole > 0.0 {
        let last = whole % base;
        out.push(digit(last as u32));
        whole = (whole - last) / base;
        if whole < 1.0 {
            break;
        }
    }
    if out.is_empty() {
        out.push('0');
    }
    if n < 0.0 {
        out.push('-');
    }
    out.reverse();
    // V8's rule: stop when what is left is less than half the distance to the next number.
    let mut delta = (0.5 * (next_up(n.abs()) - n.abs())).max(f64::from_bits(1));
    if fraction >= delta {
        out.push('.');
        loop {
            fraction *= base;
            delta *= base;
            let d = fraction.trunc();
            out.push(digit(d as u32));
            fraction -= d;
            let up = fraction > 0.5 || (fraction == 0.5 && (d as u32) % 2 == 1);
            if up && fraction + delta > 1.0 {
                carry(&mut out, radix);
                break;
            }
            if fraction < delta {
                break;
            }
        }
    }
    out.into_iter().collect()
}

/// Rounds the last digit up, dropping digits that overflow.
fn carry(out: &mut Vec<char>, radix: u32) {
    while let Some(last) = out.pop() {
        if last == '.' {
            // V8 adds to the whole part here; the whole part is below 2^53, so the carry stays in its last digit.
            if let Some(d) = out.pop().and_then(|c| c.to_digit(radix)) {
                out.push(char::from_digit((d + 1) % radix, radix).unwrap_or('0'));
            }
            return;
        }
        if let Some(d) = last.to_digit(radix)
            && d + 1 < radix
        {
            out.push(char::from_digit(d + 1, radix).unwrap_or('0'));
            return;
        }
    }
}

fn next_up(n: f64) -> f64 {
    f64::from_bits(n.to_bits() + 1)
}

/// The array index that a key is in its canonical spelling: `0`, `1`, … below 2^32 - 1.
pub(crate) fn array_index(key: &str) -> Option<u32> {
    let canonical = matches!(key.as_bytes(), [b'0'] | [b'1'..=b'9', ..]) && key.bytes().all(|b| b.is_ascii_digit());
    if canonical { key.parse().ok().filter(|&n| n != u32::MAX) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_javascript() {
        for (n, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-42.0, "-42"),
            (100.0, "100"),
            (2147483647.0, "2147483647"),
            (-2147483648.0, "-2147483648"),
            (4294967296.0, "4294967296"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (123456789012345680000.0, "123456789012345680000"),
            (0.000001, "0.000001"),
            (0.0000001, "1e-7"),
            (1.5e-10, "1.5e-10"),
            (5e-324, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (-1.5, "-1.5"),
        ] {
            assert_eq!(to_string(n), text);
        }
    }

    #[test]
    fn fixed_and_precision_round_ties_up() {
        for (n, places, text) in [
            (0.5, 0, "1"),
            (2.5, 0, "3"),
            (1.5, 0, "2"),
            (1.005, 2, "1.00"),
            (1.25, 1, "1.3"),
            (10.235, 2, "10.23"),
            (1.45, 1, "1.4"),
            (8.345, 2, "8.35"),
            (-2.5, 0, "-3"),
            (0.0, 2, "0.00"),
            (9.995, 2, "9.99"),
            (1e21, 2, "1e+21"),
            (-1.5, 0, "-2"),
            (123.456, 1, "123.5"),
        ] {
            assert_eq!(to_fixed(n, places), text, "{n} to {places}");
        }
        assert_eq!(to_precision(123.456, 4), "123.5");
        assert_eq!(to_precision(0.000123, 2), "0.00012");
        assert_eq!(to_precision(1234.5, 2), "1.2e+3");
        assert_eq!(to_precision(2.5, 1), "3");
        assert_eq!(to_exponential(12345.0, Some(2)), "1.23e+4");
        assert_eq!(to_exponential(0.0, None), "0e+0");
        assert_eq!(to_radix(255.0, 16), "ff");
        assert_eq!(to_radix(0.5, 2), "0.1");
        assert_eq!(to_radix(-10.0, 2), "-1010");
        assert_eq!(to_radix(0.1, 3), "0.0022002200220022002200220022002201");
    }

    #[test]
    fn reads_as_javascript() {
        assert_eq!(parse(" 12 "), 12.0);
        assert_eq!(parse(""), 0.0);
        assert_eq!(parse("0x1F"), 31.0);
        assert_eq!(parse("1e3"), 1000.0);
        assert_eq!(parse(".5"), 0.5);
        assert_eq!(parse("5."), 5.0);
        assert!(parse("1px").is_nan());
        assert!(parse("inf").is_nan());
        assert!(parse("-").is_nan());
        assert_eq!(parse("-Infinity"), f64::NEG_INFINITY);
        assert_eq!(to_int32(4294967297.0), 1);
        assert_eq!(to_int32(-1.0), -1);
        assert_eq!(to_int32(2147483648.0), i32::MIN);
    }
}
