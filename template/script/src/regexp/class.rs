//! Sets of characters: ranges, the classes `\d \w \s`, Unicode's properties, and folding of case.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A range of code points (or code units), both ends in it.
type Range = (u32, u32);
const LAST: u32 = 0x10FFFF;

/// A set that is being written down: ranges in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges(Vec<Range>);

/// A set of characters: ranges that are sorted and lie apart, so that a look-up halves them.
#[derive(Clone, Debug)]
pub(super) struct Class {
    ranges: Rc<[Range]>,
    inverted: bool,
}

impl Class {
    pub(super) fn contains(&self, c: u32, ignore_case: bool) -> bool {
        let within = |c: u32| {
            let at = self.ranges.partition_point(|&(from, _)| from <= c);
            at > 0 && c <= self.ranges[at - 1].1
        };
        let found = within(c) || (ignore_case && variants(c).into_iter().flatten().any(within));
        found != self.inverted
    }

    /// How many ranges it has of its own.
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }
}

impl Ranges {
    pub(super) fn add(&mut self, from: u32, to: u32) {
        self.0.push((from, to));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The set, sorted and joined.
    pub(super) fn finish(self, inverted: bool) -> Class {
        Class { ranges: merged(self.0).into(), inverted }
    }

    /// `\d`, `\D`, `\w`, `\W`, `\s`, `\S`; false when the letter is none of these.
    pub(super) fn add_escape(&mut self, letter: char) -> bool {
        let ranges: &[Range] = match letter.to_ascii_lowercase() {
            'd' => &DIGITS,
            'w' => &WORD,
            's' => &SPACE,
            _ => return false,
        };
        if letter.is_ascii_uppercase() {
            self.0.extend(complement(ranges))
        } else {
            self.0.extend(ranges)
        }
        true
    }

    /// The Unicode properties in common use.
    pub(super) fn add_property(&mut self, name: &str, inverted: bool) -> bool {
        let Some(property) = Property::named(name) else { return false };
        let ranges = property.ranges();
        if inverted {
            self.0.extend(complement(&ranges))
        } else {
            self.0.extend(&*ranges)
        }
        true
    }
}

/// Ranges in order, those that touch made one.
fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut out: Vec<Range> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match out.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

/// Everything that sorted ranges do not hold.
fn complement(ranges: &[Range]) -> Vec<Range> {
    let mut out = Vec::with_capacity(ranges.len() + 1);
    let mut next = 0;
    for &(from, to) in ranges {
        if from > next {
            out.push((next, from - 1));
        }
        next = next.max(to + 1);
    }
    if next <= LAST {
        out.push((next, LAST));
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Property {
    Letter,
    Uppercase,
    Lowercase,
    Number,
    Space,
}

impl Property {
    fn named(name: &str) -> Option<Property> {
        Some(match name {
            "L" | "Letter" | "Alphabetic" | "Alpha" => Property::Letter,
            "Lu" | "Uppercase_Letter" | "Uppercase" => Property::Uppercase,
            "Ll" | "Lowercase_Letter" | "Lowercase" => Property::Lowercase,
            "N" | "Number" | "Nd" | "Decimal_Number" => Property::Number,
            "White_Space" => Property::Space,
            _ => return None,
        })
    }

    /// The characters that have it: asked of each once for each thread, which takes some milliseconds.
    fn ranges(self) -> Rc<[Range]> {
        thread_local! {
            static KNOWN: RefCell<HashMap<Property, Rc<[Range]>>> = RefCell::default();
        }
        KNOWN.with(|known| known.borrow_mut().entry(self).or_insert_with(|| self.of_unicode().into()).clone())
    }

    fn of_unicode(self) -> Vec<Range> {
        let holds: fn(char) -> bool = match self {
            Property::Letter => char::is_alphabetic,
            Property::Uppercase => char::is_uppercase,
            Property::Lowercase => char::is_lowercase,
            Property::Number => char::is_numeric,
            Property::Space => char::is_whitespace,
        };
        let mut out: Vec<Range> = Vec::new();
        for code in (0..=LAST).filter(|&code| char::from_u32(code).is_some_and(holds)) {
            match out.last_mut() {
                Some(last) if last.1 + 1 == code => last.1 = code,
                _ => out.push((code, code)),
            }
        }
        out
    }
}

const DIGITS: [Range; 1] = [(0x30, 0x39)];
const WORD: [Range; 4] = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
const SPACE: [Range; 10] = [
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

/// The other spellings of a character, where each is one character.
fn variants(c: u32) -> [Option<u32>; 2] {
    let Some(c) = char::from_u32(c) else { return [None, None] };
    let (mut upper, mut lower) = (c.to_uppercase(), c.to_lowercase());
    let upper = upper.next().filter(|_| upper.next().is_none()).map(u32::from);
    let lower = lower.next().filter(|_| lower.next().is_none()).map(u32::from);
    [upper, lower]
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
