//! Sets of characters: ranges, the classes `\d \w \s`, and folding of case.

/// A set of code points (or code units) as sorted-by-writing ranges, possibly inverted.
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    pub(super) ranges: Vec<(u32, u32)>,
    pub(super) inverted: bool,
}

impl Class {
    pub(super) fn contains(&self, c: u32, ignore_case: bool) -> bool {
        let within = |c: u32| self.ranges.iter().any(|&(from, to)| from <= c && c <= to);
        let found = within(c) || (ignore_case && variants(c).any(within));
        found != self.inverted
    }

    pub(super) fn add(&mut self, from: u32, to: u32) {
        self.ranges.push((from, to));
    }

    /// Adds everything that the other does not hold.
    fn add_complement(&mut self, other: &[(u32, u32)]) {
        let mut sorted = other.to_vec();
        sorted.sort_unstable();
        let mut next = 0;
        for (from, to) in sorted {
            if from > next {
                self.add(next, from - 1);
            }
            next = next.max(to + 1);
        }
        self.add(next, 0x10FFFF);
    }

    /// `\d`, `\D`, `\w`, `\W`, `\s`, `\S`; false when the letter is none of these.
    pub(super) fn add_escape(&mut self, letter: char) -> bool {
        let ranges: &[(u32, u32)] = match letter.to_ascii_lowercase() {
            'd' => &DIGITS,
            'w' => &WORD,
            's' => &SPACE,
            _ => return false,
        };
        if letter.is_ascii_uppercase() {
            self.add_complement(ranges)
        } else {
            self.ranges.extend(ranges)
        }
        true
    }

    /// The Unicode properties in common use.
    pub(super) fn add_property(&mut self, name: &str, inverted: bool) -> bool {
        let holds: fn(char) -> bool = match name {
            "L" | "Letter" | "Alphabetic" | "Alpha" => char::is_alphabetic,
            "Lu" | "Uppercase_Letter" | "Uppercase" => char::is_uppercase,
            "Ll" | "Lowercase_Letter" | "Lowercase" => char::is_lowercase,
            "N" | "Number" | "Nd" | "Decimal_Number" => char::is_numeric,
            "White_Space" => char::is_whitespace,
            _ => return false,
        };
        let mut start = None;
        for code in 0..=0x110000u32 {
            let inside = code <= 0x10FFFF && char::from_u32(code).is_some_and(holds) != inverted;
            match (start, inside) {
                (None, true) => start = Some(code),
                (Some(from), false) => {
                    self.add(from, code - 1);
                    start = None;
                }
                _ => {}
            }
        }
        true
    }
}

const DIGITS: [(u32, u32); 1] = [(0x30, 0x39)];
const WORD: [(u32, u32); 4] = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
const SPACE: [(u32, u32); 10] = [
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

/// §22.2.2.9.3 line terminators, which `.` does not match.
pub(super) fn is_line_end(c: u32) -> bool {
    matches!(c, 0x0A | 0x0D | 0x2028 | 0x2029)
}

pub(super) fn is_word(c: u32) -> bool {
    WORD.iter().any(|&(from, to)| from <= c && c <= to)
}

/// Other spellings of a character in upper and lower case.
fn variants(c: u32) -> impl Iterator<Item = u32> {
    let c = char::from_u32(c).unwrap_or('\u{fffd}');
    let single = |mut case: Box<dyn Iterator<Item = char>>| match (case.next(), case.next()) {
        (Some(one), None) => Some(one as u32),
        _ => None,
    };
    let upper = single(Box::new(c.to_uppercase()));
    let lower = single(Box::new(c.to_lowercase()));
    upper.into_iter().chain(lower)
}

/// §22.2.2.7.3 Canonicalize: what two characters are compared by when case is ignored.
pub(super) fn fold(c: u32) -> u32 {
    let Some(known) = char::from_u32(c) else { return c };
    let mut upper = known.to_uppercase();
    match (upper.next(), upper.next()) {
        // A character beyond ASCII does not become one of ASCII.
        (Some(one), None) if (one as u32) >= 128 || c < 128 => one as u32,
        _ => c,
    }
}
