//! Strings: UTF-8 inside, UTF-16 to the program.
//!
//! JavaScript counts and cuts strings in UTF-16 code units; output and data are UTF-8. A string keeps its text as UTF-8
//! and its length in units once somebody asked for it. When the two lengths are equal the text is ASCII and every index
//! is a byte index, which is nearly always; otherwise an index walks the text.
//!
//! **Half characters.** `'😀'[0]` is a lone surrogate, which UTF-8 can not hold. A string with one in it keeps its code units
//! beside its text, and the text has U+FFFD in each half's place, which is what Node puts out; both have the same length in
//! units. The units decide what such a string is equal to, and whatever searches or cuts one goes by them. Two halves that
//! come together are a character: a string without a lone half has no units of its own.

use super::memory::{Held, cost};
use std::cell::Cell;
use std::rc::Rc;

const UNKNOWN: u32 = u32::MAX;

/// An immutable string, shared by count.
#[derive(Clone)]
pub struct Str(Rc<Text>);

struct Text {
    text: String,
    units: Cell<u32>,
    halves: Option<Box<Halves>>,
    held: Held,
}

/// The code units of a string of which some are half characters.
struct Halves(Vec<u16>);

impl Str {
    /// A string of this text.
    pub fn new(text: impl Into<String>) -> Str {
        let text = text.into();
        let held = Held::new(text.len() + cost::STRING);
        Str(Rc::new(Text { text, units: Cell::new(UNKNOWN), halves: None, held }))
    }

    /// A string with half characters.
    #[cold]
    fn with_halves(text: String, units: Vec<u16>) -> Str {
        let held = Held::new(text.len() + 2 * units.len() + cost::STRING);
        let count = Cell::new(units.len() as u32);
        Str(Rc::new(Text { text, units: count, halves: Some(Box::new(Halves(units))), held }))
    }

    /// The text. A half character shows as U+FFFD; see the head of this module.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The code units of a string with half characters.
    pub(crate) fn halves(&self) -> Option<&[u16]> {
        self.0.halves.as_ref().map(|halves| &*halves.0)
    }

    /// Whether it is this text. Names are short: two words that overlap decide without a call of `memcmp`.
    #[inline]
    pub(crate) fn is(&self, text: &str) -> bool {
        let (a, b) = (self.0.text.as_bytes(), text.as_bytes());
        if a.len() != b.len() {
            return false;
        }
        let same = match a.len() {
            0..4 => a == b,
            4..9 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
            9..17 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
            _ => a == b,
        };
        same && self.0.halves.is_none()
    }

    /// Where it lies; its own as long as somebody holds it.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    pub(crate) fn ptr_eq(&self, other: &Str) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn has_halves(&self) -> bool {
        self.0.halves.is_some()
    }

    /// Whether somebody else holds it too.
    pub(crate) fn is_shared(&self) -> bool {
        Rc::strong_count(&self.0) > 1
    }

    /// Length in UTF-16 code units, as `length` gives it.
    pub fn units(&self) -> usize {
        if self.0.units.get() == UNKNOWN {
            let units = match self.0.text.is_ascii() {
                true => self.0.text.len(),
                false => self.0.text.chars().map(char::len_utf16).sum(),
            };
            self.0.units.set(units as u32);
        }
        self.0.units.get() as usize
    }

    pub(crate) fn is_ascii(&self) -> bool {
        self.units() == self.0.text.len()
    }

    /// The UTF-16 code units.
    pub fn utf16(&self) -> Vec<u16> {
        match self.halves() {
            Some(units) => units.to_vec(),
            None => self.as_str().encode_utf16().collect(),
        }
    }

    /// From UTF-16 code units; lone surrogates become half characters.
    pub(crate) fn from_utf16(units: &[u16]) -> Str {
        match String::from_utf16(units) {
            Ok(text) => Str::new(text),
            Err(_) => Str::with_halves(String::from_utf16_lossy(units), units.to_vec()),
        }
    }

    /// One UTF-16 code unit.
    pub(crate) fn unit_at(&self, index: usize) -> Option<u16> {
        if let Some(units) = self.halves() {
            return units.get(index).copied();
        }
        if self.is_ascii() {
            return self.as_str().as_bytes().get(index).map(|&b| u16::from(b));
        }
        self.as_str().encode_utf16().nth(index)
    }

    /// The code units `start..end`; both are cut to the length.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Str {
        let end = end.min(self.units());
        if start >= end {
            return Str::new("");
        }
        if start == 0 && end == self.units() {
            return self.clone();
        }
        if self.is_ascii() {
            return Str::new(&self.as_str()[start..end]);
        }
        match self.halves() {
            Some(units) => Str::from_utf16(&units[start..end]),
            None => {
                let units: Vec<u16> = self.as_str().encode_utf16().skip(start).take(end - start).collect();
                Str::from_utf16(&units)
            }
        }
    }

    /// How many code units lie between two byte offsets.
    pub(crate) fn units_between(&self, from: usize, to: usize) -> usize {
        if self.is_ascii() {
            return to - from;
        }
        self.as_str()[from..to].chars().map(char::len_utf16).sum()
    }

    /// The index in code units of a byte offset.
    pub(crate) fn unit_index(&self, byte: usize) -> usize {
        self.units_between(0, byte)
    }

    /// The byte offset of an index in code units; an index inside a pair counts as the pair's end.
    pub(crate) fn byte_index(&self, index: usize) -> usize {
        if self.is_ascii() {
            return index.min(self.as_str().len());
        }
        let mut units = 0;
        let mut at = 0;
        for c in self.as_str().chars() {
            if units >= index {
                break;
            }
            at += c.len_utf8();
            units += c.len_utf16();
        }
        at
    }

    /// The two strings joined. Appends in place when nobody else holds the left one.
    pub fn concat(self, right: &Str) -> Str {
        if right.as_str().is_empty() {
            return self;
        }
        if self.as_str().is_empty() {
            return right.clone();
        }
        if !self.has_halves() && !right.has_halves() {
            return self.append(right.as_str());
        }
        self.join_halves(right)
    }

    #[cold]
    fn join_halves(mut self, right: &Str) -> Str {
        let meet = self.halves().and_then(|units| units.last()).is_some_and(|unit| (0xD800..0xDC00).contains(unit))
            && right.halves().and_then(|units| units.first()).is_some_and(|unit| (0xDC00..0xE000).contains(unit));
        if !meet && let Some(Text { text, units, halves: Some(halves), held }) = Rc::get_mut(&mut self.0) {
            let before = halves.0.len();
            match right.halves() {
                Some(more) => halves.0.extend_from_slice(more),
                None => halves.0.extend(right.as_str().encode_utf16()),
            }
            text.push_str(right.as_str());
            held.add(right.as_str().len() + 2 * (halves.0.len() - before));
            units.set(halves.0.len() as u32);
            return self;
        }
        let mut units = self.utf16();
        units.extend(right.utf16());
        Str::from_utf16(&units)
    }

    fn append(mut self, right: &str) -> Str {
        if let Some(text) = Rc::get_mut(&mut self.0) {
            text.held.add(right.len());
            text.text.push_str(right);
            text.units.set(UNKNOWN);
            return self;
        }
        // Room for more: a string that grows in a loop is unique from its second turn on.
        let mut text = String::with_capacity(self.as_str().len() + right.len() + 16);
        text.push_str(self.as_str());
        text.push_str(right);
        Str::new(text)
    }

    /// What a function makes of the text; half characters stay between what it makes of the texts around them.
    pub(crate) fn map(&self, map: impl Fn(&str) -> String) -> Str {
        if !self.has_halves() {
            return Str::new(map(self.as_str()));
        }
        let mut units = Vec::new();
        for run in self.runs() {
            match run {
                Ok(text) => units.extend(map(&text).encode_utf16()),
                Err(half) => units.push(half),
            }
        }
        Str::from_utf16(&units)
    }

    /// Its half characters, and the texts between them.
    pub(crate) fn runs(&self) -> Vec<Result<String, u16>> {
        let mut runs: Vec<Result<String, u16>> = Vec::new();
        for c in char::decode_utf16(self.utf16()) {
            match (c, runs.last_mut()) {
                (Ok(c), Some(Ok(text))) => text.push(c),
                (Ok(c), _) => runs.push(Ok(c.into())),
                (Err(lone), _) => runs.push(Err(lone.unpaired_surrogate())),
            }
        }
        runs
    }

    /// So many copies of it, one behind the other.
    pub(crate) fn repeat(&self, count: usize) -> Str {
        match self.halves() {
            Some(units) => Str::from_utf16(&units.repeat(count)),
            None => Str::new(self.as_str().repeat(count)),
        }
    }

    /// Each character as a string, by code point, as iteration gives them.
    pub(crate) fn code_points(&self) -> Vec<Str> {
        if !self.has_halves() {
            return self.as_str().chars().map(Str::new).collect();
        }
        let point = |c: Result<char, std::char::DecodeUtf16Error>| match c {
            Ok(c) => Str::new(c),
            Err(lone) => Str::from_utf16(&[lone.unpaired_surrogate()]),
        };
        char::decode_utf16(self.utf16()).map(point).collect()
    }
}

/// Code units to be searched: a text with one character for each, all of the same width, so that what searches texts in
/// linear time searches units. It is never a value.
pub(crate) struct Units(String);

impl Units {
    /// Bytes of the character that stands for a unit.
    const WIDTH: usize = 4;

    pub(crate) fn of(text: &Str) -> Units {
        let stand_in = |unit: u16| char::from_u32(0x10000 + u32::from(unit)).unwrap_or_default();
        Units(text.utf16().into_iter().map(stand_in).collect())
    }

    /// Where it has those units, from a place on.
    pub(crate) fn find(&self, wanted: &Units, from: usize) -> Option<usize> {
        self.0.get(from * Self::WIDTH..)?.find(&wanted.0).map(|at| from + at / Self::WIDTH)
    }

    /// Where it has those units the last time, beginning at a place or before it.
    pub(crate) fn find_last(&self, wanted: &Units, from: usize) -> Option<usize> {
        let end = (from * Self::WIDTH).saturating_add(wanted.0.len()).min(self.0.len());
        self.0[..end].rfind(&wanted.0).map(|at| at / Self::WIDTH)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len() / Self::WIDTH
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Str) -> bool {
        self.ptr_eq(other) || (self.as_str() == other.as_str() && self.halves() == other.halves())
    }
}

impl Eq for Str {}

impl std::hash::Hash for Str {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// Texts that differ only in their halves have the same hash, and are not equal: what is looked up by a text must hold no
/// string with halves.
impl std::borrow::Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl std::fmt::Debug for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Str {
        Str::new(text)
    }
}

impl From<String> for Str {
    fn from(text: String) -> Str {
        Str::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_join_again() {
        let s = Str::new("a\u{1f600}b");
        assert_eq!(s.units(), 4);
        let (left, right) = (s.slice(0, 2), s.slice(2, 4));
        assert_eq!((left.units(), right.units()), (2, 2));
        assert_eq!(left.as_str(), "a\u{fffd}");
        assert_eq!(s.unit_at(1), Some(0xD83D));
        assert_eq!(left.unit_at(1), Some(0xD83D));
        assert_eq!(left.concat(&right).as_str(), "a\u{1f600}b");
    }

    #[test]
    fn indices_are_units() {
        let s = Str::new("h\u{e9}llo \u{1f600}!");
        assert_eq!(s.units(), 9);
        assert_eq!(s.slice(1, 3).as_str(), "\u{e9}l");
        assert_eq!(s.slice(5, 2).as_str(), "");
        assert_eq!(s.unit_index(s.as_str().find('!').unwrap()), 8);
        assert_eq!(s.byte_index(8), s.as_str().find('!').unwrap());
    }

    #[test]
    fn a_half_is_equal_to_itself_alone() {
        let halves: Vec<Str> = [0xD83D, 0xD83E, 0xDE00].map(|unit| Str::from_utf16(&[unit])).to_vec();
        for (n, half) in halves.iter().enumerate() {
            assert_eq!((half.units(), half.as_str()), (1, "\u{fffd}"));
            assert!(!half.is("\u{fffd}"));
            assert_ne!(*half, Str::new("\u{fffd}"));
            for (m, other) in halves.iter().enumerate() {
                assert_eq!(half == other, n == m);
            }
        }
        // The last private-use characters are characters like others.
        for c in ['\u{10f83d}', '\u{10ffff}', '\u{fffd}'] {
            let (text, half) = (Str::new(c), &halves[0]);
            for joined in [text.clone().concat(half), half.clone().concat(&text)] {
                assert_eq!(joined.units(), text.units() + 1);
                assert_eq!(joined.code_points().len(), 2);
            }
            assert_eq!(text.clone().concat(half).slice(0, text.units()), text);
            assert_eq!(text.clone().concat(half).concat(&halves[2]).as_str(), format!("{c}\u{1f600}"));
        }
    }

    #[test]
    fn halves_grow_in_place_and_by_copy() {
        let half = Str::from_utf16(&[0xD83D]);
        let mut grown = Str::new("a");
        for n in 0..100 {
            let shared = (n % 3 == 0).then(|| grown.clone());
            let more = if n % 2 == 0 { half.clone() } else { Str::new("\u{e9}") };
            grown = grown.concat(&more);
            drop(shared);
        }
        assert_eq!(grown.units(), 101);
        assert_eq!(grown.utf16(), Str::from_utf16(&grown.utf16()).utf16());
        assert_eq!(grown.as_str().chars().count(), 101);
    }

    #[test]
    fn units_are_found_inside_of_characters() {
        let (text, half) = (Str::new("a\u{1f600}b\u{1f600}"), Str::from_utf16(&[0xDE00]));
        let (text, half) = (Units::of(&text), Units::of(&half));
        assert_eq!((text.find(&half, 0), text.find(&half, 3), text.find(&half, 6)), (Some(2), Some(5), None));
        assert_eq!(
            (text.find_last(&half, 9), text.find_last(&half, 4), text.find_last(&half, 1)),
            (Some(5), Some(2), None)
        );
    }
}
