//! Strings: UTF-8 inside, UTF-16 to the program.
//!
//! JavaScript counts and cuts strings in UTF-16 code units; output and data are UTF-8. A string keeps its text as UTF-8
//! and its length in units once somebody asked for it. When the two lengths are equal the text is ASCII and every index
//! is a byte index, which is nearly always; otherwise an index walks the text.
//!
//! **Half characters.** `'😀'[0]` is a lone surrogate, which UTF-8 can not hold. A string with one in it is marked, and
//! its text is spelt otherwise: a half is one of the last 2 048 code points of the last private-use plane, `U+10F800 +
//! (surrogate - 0xD800)`, and such a code point itself, should the string have one, is two halves. So the mark decides how a
//! text is read, two strings are equal when both text and mark are, and joining two halves makes the character whole again.
//! A half that is put out becomes U+FFFD, which is what Node writes.

use super::memory::{Held, cost};
use std::cell::Cell;
use std::rc::Rc;

const HALF: u32 = 0x10F800;
const UNKNOWN: u32 = u32::MAX;

/// An immutable string, shared by count.
#[derive(Clone)]
pub struct Str(Rc<Text>);

struct Text {
    text: String,
    units: Cell<u32>,
    halves: bool,
    held: Held,
}

impl Str {
    /// A string of this text.
    pub fn new(text: impl Into<String>) -> Str {
        Str::make(text.into(), false)
    }

    /// A string of this text, spelt as the mark says.
    fn make(text: String, halves: bool) -> Str {
        let held = Held::new(text.len() + cost::STRING);
        Str(Rc::new(Text { text, units: Cell::new(UNKNOWN), halves, held }))
    }

    /// The text. Half characters show as private-use characters; see the head of this module.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether it is this text. Names are short: two words that overlap decide without a call of `memcmp`.
    #[inline]
    pub(crate) fn is(&self, text: &str) -> bool {
        let (a, b) = (self.0.text.as_bytes(), text.as_bytes());
        if a.len() != b.len() {
            return false;
        }
        match a.len() {
            0..4 => a == b,
            4..9 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
            9..17 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
            _ => a == b,
        }
    }

    /// Where it lies; its own as long as somebody holds it.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    pub(crate) fn ptr_eq(&self, other: &Str) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// The text as it is put out: a half character becomes U+FFFD.
    pub(crate) fn to_output(&self) -> std::borrow::Cow<'_, str> {
        if !self.0.halves {
            return self.as_str().into();
        }
        String::from_utf16_lossy(&self.utf16()).into()
    }

    pub(crate) fn has_halves(&self) -> bool {
        self.0.halves
    }

    /// Whether somebody else holds it too.
    pub(crate) fn is_shared(&self) -> bool {
        Rc::strong_count(&self.0) > 1
    }

    /// Length in UTF-16 code units, as `length` gives it.
    pub fn units(&self) -> usize {
        if self.0.units.get() == UNKNOWN {
            let units: usize = match self.0.text.is_ascii() {
                true => self.0.text.len(),
                false => self.chars().map(width).sum(),
            };
            self.0.units.set(units as u32);
        }
        self.0.units.get() as usize
    }

    pub(crate) fn is_ascii(&self) -> bool {
        self.units() == self.0.text.len()
    }

    /// Characters with marks for halves: `(char, is_half)` is settled by `width`.
    fn chars(&self) -> impl Iterator<Item = Unit> + '_ {
        let halves = self.0.halves;
        self.0.text.chars().map(move |c| match half_of(c) {
            Some(unit) if halves => Unit::Half(unit),
            _ => Unit::Whole(c),
        })
    }

    /// The UTF-16 code units.
    pub fn utf16(&self) -> Vec<u16> {
        let mut units = Vec::with_capacity(self.as_str().len());
        for unit in self.chars() {
            match unit {
                Unit::Half(half) => units.push(half),
                Unit::Whole(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
        units
    }

    /// From UTF-16 code units; lone surrogates become half characters.
    pub(crate) fn from_utf16(units: &[u16]) -> Str {
        if let Ok(text) = String::from_utf16(units) {
            return Str::new(text);
        }
        let mut text = String::with_capacity(units.len());
        for unit in char::decode_utf16(units.iter().copied()) {
            match unit {
                Ok(c) if half_of(c).is_none() => text.push(c),
                Ok(c) => text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|&unit| half(unit))),
                Err(lone) => text.push(half(lone.unpaired_surrogate())),
            }
        }
        Str::make(text, true)
    }

    /// The character that spells a half of one; `None` for units that are none.
    pub(crate) fn half(unit: u16) -> Option<char> {
        (0xD800..0xE000).contains(&unit).then(|| half(unit))
    }

    /// The same with every pair as two halves, so that a search finds halves of characters too. Only to be searched and cut:
    /// what comes of it must be [mended](Str::mended).
    pub(crate) fn by_units(&self) -> Str {
        if self.is_ascii() {
            return self.clone();
        }
        let as_char = |&unit: &u16| char::from_u32(u32::from(unit)).unwrap_or_else(|| half(unit));
        Str::make(self.utf16().iter().map(as_char).collect(), true)
    }

    /// One UTF-16 code unit.
    pub(crate) fn unit_at(&self, index: usize) -> Option<u16> {
        if self.is_ascii() {
            return self.as_str().as_bytes().get(index).map(|&b| u16::from(b));
        }
        let mut at = 0;
        for unit in self.chars() {
            let next = at + width(unit);
            if index < next {
                return Some(match unit {
                    Unit::Half(half) => half,
                    Unit::Whole(c) => c.encode_utf16(&mut [0; 2])[index - at],
                });
            }
            at = next;
        }
        None
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
        let mut units = Vec::with_capacity(end - start);
        let mut at = 0;
        for unit in self.chars() {
            if at >= end {
                break;
            }
            match unit {
                Unit::Half(half) if at >= start => units.push(half),
                Unit::Half(_) => {}
                Unit::Whole(c) => {
                    let mut pair = [0; 2];
                    let places = (at..end).zip(c.encode_utf16(&mut pair));
                    units.extend(places.filter(|(at, _)| *at >= start).map(|(_, unit)| *unit));
                }
            }
            at += width(unit);
        }
        Str::from_utf16(&units)
    }

    /// How many code units lie between two byte offsets.
    pub(crate) fn units_between(&self, from: usize, to: usize) -> usize {
        if self.is_ascii() {
            return to - from;
        }
        let units = |c: char| if self.0.halves && half_of(c).is_some() { 1 } else { c.len_utf16() };
        self.as_str()[from..to].chars().map(units).sum()
    }

    /// The index in code units of a byte offset.
    pub(crate) fn unit_index(&self, byte: usize) -> usize {
        if self.is_ascii() {
            return byte;
        }
        let mut units = 0;
        let mut at = 0;
        for unit in self.chars() {
            if at >= byte {
                break;
            }
            at += match unit {
                Unit::Half(_) => 4,
                Unit::Whole(c) => c.len_utf8(),
            };
            units += width(unit);
        }
        units
    }

    /// The byte offset of an index in code units; an index inside a pair counts as the pair's end.
    pub(crate) fn byte_index(&self, index: usize) -> usize {
        if self.is_ascii() {
            return index.min(self.as_str().len());
        }
        let mut units = 0;
        let mut at = 0;
        for unit in self.chars() {
            if units >= index {
                break;
            }
            at += match unit {
                Unit::Half(_) => 4,
                Unit::Whole(c) => c.len_utf8(),
            };
            units += width(unit);
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
        if !self.0.halves && !right.0.halves {
            return self.append(right.as_str());
        }
        let end_of = |c: Option<char>| c.and_then(half_of).unwrap_or_default();
        let (last, first) = (end_of(self.as_str().chars().next_back()), end_of(right.as_str().chars().next()));
        if (0xD800..0xDC00).contains(&last) && first >= 0xDC00 {
            let mut units = self.utf16();
            units.extend(right.utf16());
            return Str::from_utf16(&units);
        }
        let left = if self.0.halves { self } else { Str::make(self.spelt().into_owned(), true) };
        left.append(&right.spelt())
    }

    /// The text as a string with halves spells it.
    fn spelt(&self) -> std::borrow::Cow<'_, str> {
        if self.0.halves || !self.as_str().chars().any(|c| half_of(c).is_some()) {
            return self.as_str().into();
        }
        let mut text = String::with_capacity(2 * self.as_str().len());
        for c in self.as_str().chars() {
            match half_of(c) {
                Some(_) => text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|&unit| half(unit))),
                None => text.push(c),
            }
        }
        text.into()
    }

    /// A text put together from pieces that are spelt as one with halves, if there are any: neighbours become whole.
    pub(crate) fn mended(text: String, halves: bool) -> Str {
        let text = Str::make(text, halves);
        if halves { Str::from_utf16(&text.utf16()) } else { text }
    }

    /// A text made of this string's, and spelt as that is.
    pub(crate) fn replaced_by(&self, text: String) -> Str {
        Str::mended(text, self.0.halves)
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
        Str::make(text, self.0.halves)
    }

    /// Each character as a string, by code point, as iteration gives them.
    pub(crate) fn code_points(&self) -> Vec<Str> {
        if !self.0.halves {
            return self.as_str().chars().map(Str::new).collect();
        }
        let units = self.utf16();
        let point = |c: Result<char, std::char::DecodeUtf16Error>| match c {
            Ok(c) => Str::new(c),
            Err(lone) => Str::from_utf16(&[lone.unpaired_surrogate()]),
        };
        char::decode_utf16(units).map(point).collect()
    }
}

#[derive(Clone, Copy)]
enum Unit {
    Whole(char),
    Half(u16),
}

fn width(unit: Unit) -> usize {
    match unit {
        Unit::Half(_) => 1,
        Unit::Whole(c) => c.len_utf16(),
    }
}

fn half(surrogate: u16) -> char {
    // HALF + 0..=0x7FF ends at U+10FFFF, which is a character of Unicode's last plane.
    char::from_u32(HALF + u32::from(surrogate.wrapping_sub(0xD800) & 0x7FF)).unwrap_or('\u{fffd}')
}

fn half_of(c: char) -> Option<u16> {
    (c as u32).checked_sub(HALF).map(|n| 0xD800 + n as u16)
}

impl PartialEq for Str {
    fn eq(&self, other: &Str) -> bool {
        self.ptr_eq(other) || (self.as_str() == other.as_str() && self.0.halves == other.0.halves)
    }
}

impl Eq for Str {}

impl std::hash::Hash for Str {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

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
        assert_eq!(left.to_output(), "a\u{fffd}");
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
    fn a_private_use_character_is_never_taken_for_a_half() {
        let (s, half) = (Str::new("\u{10f83d}"), Str::from_utf16(&[0xD83D]));
        assert_eq!((s.units(), &*s.to_output()), (2, "\u{10f83d}"));
        assert_ne!(s, half);
        for joined in [s.clone().concat(&half), half.clone().concat(&s)] {
            assert_eq!(joined.units(), 3);
            assert_eq!(joined.code_points().len(), 2);
            assert_eq!(joined.to_output().replace('\u{fffd}', ""), "\u{10f83d}");
        }
        assert_eq!(s.clone().concat(&half).slice(0, 2), s);
        assert_eq!(s.clone().concat(&half).concat(&Str::from_utf16(&[0xDE00])).as_str(), "\u{10f83d}\u{1f600}");
    }
}
