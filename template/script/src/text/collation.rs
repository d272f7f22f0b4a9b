//! `localeCompare`: the Unicode collation algorithm with the order of CLDR's root, which is that of English.
//!
//! Texts are compared three times: by their letters, then by the accents, then by case. What is known is listed here: ASCII, the
//! letters of the Latin script that are made of those and accents, Russian and modern Greek, Korean syllables. Of other
//! characters the group is known, such as that Hebrew letters come behind Greek ones; where two of a group would have to be
//! told apart, that is an error that says so, and never a wrong order.

use super::locale::english;
use crate::base::{ErrorKind, Str};
use crate::run::{
    Cx, R,
    args::{arg, this_str},
    convert,
};
use crate::value::Value;
use std::cmp::Ordering;
use unicode_normalization::char::{compose, decompose_canonical};

/// Characters that are no letters, in order; between two of a group nothing else of it is known.
const BLANKS: &str = "\t\n\u{b}\u{c}\r\u{85}\u{2028}\u{2029} ";
const MARKS: &str = "_-,;:!?.'\"()[]{}@*/\\&#%";
const SYMBOLS: &str = "`^+<=>|~";
/// Accents, in order.
const ACCENTS: &str = "\u{301}\u{300}\u{306}\u{302}\u{30c}\u{30a}\u{308}\u{30b}\u{303}\u{307}\u{338}\u{327}\u{328}\u{304}\u{309}\u{31b}\u{323}";

/// What a character counts for at first. Groups are in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Blank,
    Mark,
    Symbol,
    Currency,
    Digit,
    Latin,
    Greek,
    Cyrillic,
    Georgian,
    Hebrew,
    Arabic,
    Devanagari,
    Thai,
    Hangul,
    Kana,
    Han,
}

/// A character, or a run of digits that counts as a number.
#[derive(Clone, Copy, Debug)]
struct Element {
    /// `None`: nothing is known of it.
    group: Option<Group>,
    /// Its place in the group; `None`: not known, so only itself is equal to it.
    rank: Option<u32>,
    character: char,
    capital: bool,
}

/// A text taken apart.
#[derive(Default)]
struct Key {
    elements: Vec<Element>,
    /// For each letter a 0, then its accents' ranks.
    accents: Vec<u32>,
}

/// The options that there are.
struct Options {
    numeric: bool,
    accents: bool,
    case: bool,
    capitals_first: bool,
}

/// `a.localeCompare(b)`.
pub(super) fn compare(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let a = this_str(cx, this)?;
    let b = convert::to_str(cx, arg(args, 0))?;
    english(cx, arg(args, 1))?;
    let options = options(cx, arg(args, 2))?;
    // Taken apart, and looked at three times.
    cx.steps(a.as_str().len() + b.as_str().len())?;
    cx.room_for((a.as_str().len() + b.as_str().len()).saturating_mul(24))?;
    if a == b {
        return Ok(Value::Number(0.0));
    }
    let (one, other) = (Key::of(&a, options.numeric), Key::of(&b, options.numeric));
    match order(&one, &other, &options) {
        Ok(order) => Ok(Value::Number(f64::from(order as i8))),
        Err((a, b)) => {
            let message = format!("unsupported: the order of '{}' and '{}'", a.escape_debug(), b.escape_debug());
            cx.fail(ErrorKind::Range, message)
        }
    }
}

fn options(cx: &mut Cx<'_>, value: &Value) -> R<Options> {
    let mut found = Options { numeric: false, accents: true, case: true, capitals_first: false };
    let object = match value {
        Value::Null => return cx.type_error("Cannot convert undefined or null to object"),
        Value::Object(object) => object,
        _ => return Ok(found),
    };
    for (key, value) in object.entries().into_iter().filter(|(_, value)| !matches!(value, Value::Undefined)) {
        let (key, text) = (key.as_str(), convert::to_str(cx, &value)?);
        match (key, text.as_str()) {
            ("numeric", _) => found.numeric = crate::value::compare::truthy(&value),
            ("sensitivity", kind @ ("base" | "accent" | "case" | "variant")) => {
                (found.accents, found.case) =
                    (matches!(kind, "accent" | "variant"), matches!(kind, "case" | "variant"));
            }
            ("caseFirst", kind @ ("upper" | "lower" | "false")) => found.capitals_first = kind == "upper",
            ("ignorePunctuation", _) if !crate::value::compare::truthy(&value) => {}
            ("usage", "sort") | ("localeMatcher", "lookup" | "best fit") => {}
            // A collation that English does not have is not looked at.
            ("collation", name) if is_type(name) && !matches!(name, "standard" | "emoji" | "eor") => {}
            ("ignorePunctuation", shown)
            | ("usage", shown @ "search")
            | ("collation", shown @ ("standard" | "emoji" | "eor")) => {
                return cx.fail(ErrorKind::Range, format!("unsupported: {key} '{shown}' of an order"));
            }
            ("sensitivity" | "caseFirst" | "usage" | "localeMatcher" | "collation", _) => {
                let message = format!("Value {} out of range for Intl.Collator options property {key}", text.as_str());
                return cx.fail(ErrorKind::Range, message);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Parts of three to eight letters and digits with `-` between them.
fn is_type(name: &str) -> bool {
    name.split('-').all(|part| (3..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The order of two texts, or two characters of whose order nothing is known.
fn order(one: &Key, other: &Key, options: &Options) -> Result<Ordering, (char, char)> {
    for (a, b) in one.elements.iter().zip(&other.elements) {
        if a.group.is_some() && b.group.is_some() && a.group != b.group {
            return Ok(a.group.cmp(&b.group));
        }
        match (a.rank, b.rank) {
            (Some(first), Some(second)) if first != second => return Ok(first.cmp(&second)),
            (Some(_), Some(_)) => {}
            _ if a.character == b.character => {}
            _ => return Err((a.character, b.character)),
        }
    }
    let mut order = one.elements.len().cmp(&other.elements.len());
    if options.accents && order.is_eq() {
        for (&a, &b) in one.accents.iter().zip(&other.accents) {
            order = order.then(a.cmp(&b));
        }
        order = order.then(one.accents.len().cmp(&other.accents.len()));
    }
    if options.case && order.is_eq() {
        let capitals = |key: &Key| key.elements.iter().map(|element| element.capital).collect::<Vec<bool>>();
        let case = capitals(one).cmp(&capitals(other));
        order = if options.capitals_first { case.reverse() } else { case };
    }
    Ok(order)
}

impl Key {
    fn of(text: &Str, numeric: bool) -> Key {
        let mut key = Key::default();
        let mut number = String::new();
        for c in text.as_str().chars() {
            if numeric && c.is_ascii_digit() {
                number.push(c);
                continue;
            }
            key.number(&mut number);
            key.character(c);
        }
        key.number(&mut number);
        // A half character stands behind everything, and has no order of its own.
        if text.has_halves() {
            key.elements.iter_mut().filter(|element| element.character == '\u{fffd}').for_each(|element| {
                (element.group, element.rank) = (None, None);
            });
        }
        key
    }

    /// Digits that count as a number: how many there are, and then each, so that an order of them is one of numbers.
    fn number(&mut self, digits: &mut String) {
        if digits.is_empty() {
            return;
        }
        let kept = digits.trim_start_matches('0');
        self.push(Some(Group::Digit), Some(100 + kept.len() as u32), '0', false);
        kept.chars().for_each(|digit| self.push(Some(Group::Digit), Some(digit as u32), digit, false));
        digits.clear();
    }

    fn push(&mut self, group: Option<Group>, rank: Option<u32>, character: char, capital: bool) {
        self.elements.push(Element { group, rank, character, capital });
        self.accents.push(0);
    }

    fn character(&mut self, c: char) {
        let small = c.to_lowercase().next().unwrap_or(c);
        let capital = small != c;
        // Letters with an accent that is none of Unicode's, and two that are one.
        let (letters, accent) = match small {
            'ß' => ("ss", Some(200)),
            'æ' => ("ae", Some(201)),
            'œ' => ("oe", Some(201)),
            'ø' => ("o", rank_in(ACCENTS, '\u{338}')),
            'ł' => ("l", rank_in(ACCENTS, '\u{338}')),
            'đ' => ("d", rank_in(ACCENTS, '\u{338}')),
            _ => ("", None),
        };
        if let Some(accent) = accent {
            for (n, letter) in letters.chars().enumerate() {
                self.push(Some(Group::Latin), Some(letter as u32), letter, capital);
                if n == 0 {
                    self.accents.push(accent);
                }
            }
            return;
        }
        // A Russian letter that is one, whatever it is made of.
        if small == 'й' {
            return self.push(Some(Group::Cyrillic), Some(small as u32), small, capital);
        }
        if let Some(accent) = rank_in(ACCENTS, c) {
            // With и it would be another letter; without a letter it is one.
            let letter = self.elements.last();
            let known =
                letter.is_some_and(|last| matches!(last.group, Some(Group::Latin | Group::Greek | Group::Cyrillic)));
            return match known && !(c == '\u{306}' && letter.is_some_and(|last| last.character == 'и')) {
                true => self.accents.push(accent),
                false => self.push(None, None, c, false),
            };
        }
        let mut parts = Vec::new();
        decompose_canonical(c, |part| parts.push(part));
        if parts.len() > 1 && compose(parts[0], parts[1]).is_some() && rank_in(ACCENTS, parts[1]).is_some() {
            return parts.into_iter().for_each(|part| self.character(part));
        }
        match group(small) {
            // Format and control characters count for nothing.
            None if is_ignored(c) => {}
            None => self.push(None, None, c, false),
            Some((group, rank)) => self.push(Some(group), rank, small, capital),
        }
    }
}

fn rank_in(list: &str, c: char) -> Option<u32> {
    list.chars().position(|known| known == c).map(|n| n as u32 + 1)
}

fn is_ignored(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The group of a small letter or another character, and its place there.
fn group(c: char) -> Option<(Group, Option<u32>)> {
    let at = c as u32;
    Some(match c {
        'a'..='z' => (Group::Latin, Some(at)),
        '0'..='9' => (Group::Digit, Some(at)),
        '$' => (Group::Currency, Some(0)),
        _ if BLANKS.contains(c) => (Group::Blank, rank_in(BLANKS, c)),
        _ if MARKS.contains(c) => (Group::Mark, rank_in(MARKS, c)),
        _ if SYMBOLS.contains(c) => (Group::Symbol, rank_in(SYMBOLS, c)),
        'а'..='я' => (Group::Cyrillic, Some(at)),
        // The small sigma at a word's end differs in nothing but its form.
        'α'..='ρ' | 'σ'..='ω' => (Group::Greek, Some(at)),
        '가'..='힣' => (Group::Hangul, Some(at)),
        'ς' => (Group::Greek, None),
        '\u{131}'
        | '\u{138}'
        | '\u{180}'..='\u{1bf}'
        | '\u{1dd}'
        | '\u{1e5}'
        | '\u{250}'..='\u{2af}'
        | 'ð'
        | 'þ'
        | 'ħ'
        | 'ŋ'
        | 'ŧ' => (Group::Latin, None),
        '¤' | '¢' | '£' | '¥' | '\u{20a0}'..='\u{20c0}' => (Group::Currency, None),
        '©'
        | '®'
        | '°'
        | '\u{2190}'..='\u{23ff}'
        | '\u{2500}'..='\u{2767}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6c5}'
        | '\u{1f900}'..='\u{1f9ff}' => (Group::Symbol, None),
        '¡'
        | '¿'
        | '«'
        | '»'
        | '§'
        | '¶'
        | '·'
        | '\u{2010}'..='\u{2015}'
        | '\u{2018}'..='\u{2023}'
        | '\u{2030}'..='\u{203b}' => (Group::Mark, None),
        '\u{10d0}'..='\u{10f0}' => (Group::Georgian, None),
        '\u{5d0}'..='\u{5ea}' => (Group::Hebrew, None),
        '\u{621}'..='\u{63a}' | '\u{641}'..='\u{64a}' => (Group::Arabic, None),
        '\u{905}'..='\u{939}' => (Group::Devanagari, None),
        '\u{e01}'..='\u{e2e}' => (Group::Thai, None),
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' => (Group::Kana, None),
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => (Group::Han, None),
        _ => return None,
    })
}
