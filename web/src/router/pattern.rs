//! What a route is written as: `/users/{id:int}/files/{*rest}`.
//!
//! ```text
//! pattern   = 1*( "/" segment )
//! segment   = *literal [ "{" name [ ":" class ] "}" *literal ] / "{*" name "}"
//! class     = "int" / "uuid" / "[" 1*( byte [ "-" byte ] ) "]"
//! ```
//!
//! A segment has at most one parameter, so there is one place at which it can end, and nothing is tried twice (two in a segment
//! made other routers' regular expressions explode: CVE-2024-45296). `{{` and `}}` are the braces themselves. Literals are
//! written as text, not as escapes: `/café`.

use std::{borrow::Cow, cmp::Ordering, fmt};

/// Parameters of one route, those of its host among them. More is an error when the route is added.
pub const MOST_PARAMETERS: usize = 16;

/// Bytes of one pattern, prefixes of nesting included. More is an error when the route is added.
pub const LONGEST_PATTERN: usize = 1024;

/// What a parameter's value may be. It is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Any bytes but a slash: `{name}`.
    Any,
    /// Digits that are a `u64`: `{id:int}`. No sign; zeros in front are digits like others.
    Int,
    /// A UUID as RFC 9562 §4 prints it, in small or capital letters: `{id:uuid}`.
    Uuid,
    /// ASCII bytes of a set, one bit each: `{slug:[a-z0-9-]}`.
    Bytes(u128),
}

impl Class {
    /// Whether a value is of this class.
    #[inline]
    pub fn admits(self, value: &[u8]) -> bool {
        match self {
            Class::Any => !value.is_empty(),
            Class::Int => is_int(value),
            Class::Uuid => is_uuid(value),
            Class::Bytes(set) => !value.is_empty() && value.iter().all(|byte| byte.is_ascii() && set >> byte & 1 == 1),
        }
    }

    /// The class that allows less comes first.
    pub(super) fn rank(self) -> (u32, u128) {
        match self {
            Class::Uuid => (0, 0),
            Class::Int => (1, 0),
            Class::Bytes(set) => (1 + set.count_ones(), set),
            Class::Any => (u32::MAX, 0),
        }
    }
}

fn is_int(value: &[u8]) -> bool {
    let digit = |number: u64, byte: &u8| {
        byte.is_ascii_digit().then(|| number.checked_mul(10)?.checked_add(u64::from(byte - b'0')))?
    };
    !value.is_empty() && value.iter().try_fold(0, digit).is_some()
}

fn is_uuid(value: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    value.len() == 36 && value.iter().enumerate().all(fits)
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Class::Any => out.write_str("any text"),
            Class::Int => out.write_str("int"),
            Class::Uuid => out.write_str("uuid"),
            Class::Bytes(set) => {
                let members = (0u8..128).filter(|byte| set >> byte & 1 == 1).map(char::from);
                write!(out, "[{}]", members.collect::<String>())
            }
        }
    }
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes as they stand in a washed path.
    Literal(String),
    /// The rest of a segment but for what the literal behind it is.
    Parameter {
        /// What it is called.
        name: String,
        /// What its value may be.
        class: Class,
        /// What stands behind it in the segment, as in `{name}.json`.
        suffix: String,
    },
    /// All that is left, slashes included; never nothing.
    Rest {
        /// What it is called.
        name: String,
    },
}

/// Which of two parameters at the same place is tried first: the longer suffix, then the class that allows less.
pub(super) fn before(a: (&str, Class), b: (&str, Class)) -> Ordering {
    let longer = b.0.len().cmp(&a.0.len());
    longer.then_with(|| a.0.cmp(b.0)).then_with(|| a.1.rank().cmp(&b.1.rank()))
}

/// What is wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It does not begin with a slash.
    NotAbsolute,
    /// More than [`LONGEST_PATTERN`] bytes.
    TooLong,
    /// More than [`MOST_PARAMETERS`] parameters.
    TooManyParameters,
    /// A `{` or `}` without the other; the braces themselves are `{{` and `}}`.
    Brace,
    /// A parameter's name is not `[A-Za-z_][A-Za-z0-9_]*`.
    Name,
    /// Two parameters have one name.
    NameTwice,
    /// A second parameter in one segment.
    TwoInSegment,
    /// A class that is none of `int`, `uuid` and `[…]`, or a set that is empty or has `/`, `%`, `^`, or a byte beyond ASCII.
    Class,
    /// `{*rest}` is not a whole segment, or something stands behind it.
    Rest,
    /// `:name`, `*` or `<name>`: another router's notation, which would be a literal here.
    OtherNotation,
    /// A literal that no washed path has: NUL, `\`, `?`, `#`, a dot segment; or an escape: literals are written as text.
    Literal,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 11] = [
        Fault::NotAbsolute,
        Fault::TooLong,
        Fault::TooManyParameters,
        Fault::Brace,
        Fault::Name,
        Fault::NameTwice,
        Fault::TwoInSegment,
        Fault::Class,
        Fault::Rest,
        Fault::OtherNotation,
        Fault::Literal,
    ];
}

/// A pattern, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// The first [`Fault`], and at which byte.
    pub fn parse(text: &str) -> Result<Pattern, (Fault, usize)> {
        if text.len() > LONGEST_PATTERN {
            return Err((Fault::TooLong, LONGEST_PATTERN));
        }
        if !text.starts_with('/') {
            return Err((Fault::NotAbsolute, 0));
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut start = 1;
        for segment in split(text) {
            // Literals of neighbouring segments are one.
            match parts.last_mut() {
                Some(Part::Rest { .. }) => return Err((Fault::Rest, start - 1)),
                Some(Part::Literal(literal)) => literal.push('/'),
                _ => parts.push(Part::Literal("/".into())),
            }
            read_segment(segment, &mut parts).map_err(|(fault, at)| (fault, start + at))?;
            start += segment.len() + 1;
        }
        let names: Vec<&str> = names(&parts).collect();
        if names.len() > MOST_PARAMETERS {
            return Err((Fault::TooManyParameters, text.len()));
        }
        if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            return Err((Fault::NameTwice, text.len()));
        }
        Ok(Pattern { text: text.to_owned(), parts })
    }

    /// As it was written, prefixes of nesting included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its pieces, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The names of its parameters, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(&self.parts)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn names(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Literal(_) => None,
        Part::Parameter { name, .. } | Part::Rest { name } => Some(&**name),
    })
}

/// The segments behind the first slash. A slash within `{…}` separates none: it is a mistake, which the class then is.
fn split(text: &str) -> Vec<&str> {
    let (mut segments, mut start, mut inside) = (Vec::new(), 1, false);
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'[' if text.as_bytes()[at - 1] == b':' => inside = true,
            b']' => inside = false,
            b'/' if !inside => {
                segments.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&text[start..]);
    segments
}

fn read_segment(segment: &str, parts: &mut Vec<Part>) -> Result<(), (Fault, usize)> {
    if segment.starts_with([':', '*', '<']) && segment.len() > 1 || segment == "*" {
        return Err((Fault::OtherNotation, 0));
    }
    let (before, open) = literal(segment, 0)?;
    let Some(open) = open else {
        if matches!(segment, "." | "..") {
            return Err((Fault::Literal, 0));
        }
        push(parts, &before);
        return Ok(());
    };
    let inside = &segment[open + 1..];
    let close = close(inside).ok_or((Fault::Brace, open))?;
    let inside = &inside[..close];
    let behind = open + close + 2;
    if let Some(name) = inside.strip_prefix('*') {
        check_name(name).map_err(|fault| (fault, open))?;
        if open > 0 || behind < segment.len() {
            return Err((Fault::Rest, open));
        }
        parts.push(Part::Rest { name: name.to_owned() });
        return Ok(());
    }
    let (name, class) = match inside.split_once(':') {
        None => (inside, Class::Any),
        Some((name, class)) => (name, read_class(class).ok_or((Fault::Class, open))?),
    };
    check_name(name).map_err(|fault| (fault, open))?;
    let (suffix, second) = literal(segment, behind)?;
    if let Some(second) = second {
        return Err((Fault::TwoInSegment, second));
    }
    push(parts, &before);
    parts.push(Part::Parameter { name: name.to_owned(), class, suffix: suffix.into_owned() });
    Ok(())
}

fn push(parts: &mut [Part], text: &str) {
    if let Some(Part::Literal(literal)) = parts.last_mut() {
        literal.push_str(text);
    }
}

/// Where a parameter's `}` stands: behind its set, if it has one.
fn close(inside: &str) -> Option<usize> {
    let set = inside.find(":[").and_then(|at| Some(at + inside[at..].find(']')?)).unwrap_or(0);
    Some(set + inside[set..].find('}')?)
}

/// A literal from `start` on, in the form of a washed path; and where a parameter opens behind it.
fn literal(segment: &str, start: usize) -> Result<(Cow<'_, str>, Option<usize>), (Fault, usize)> {
    let bytes = segment.as_bytes();
    let mut out = Cow::Borrowed("");
    let mut at = start;
    while let Some(character) = segment[at..].chars().next() {
        match character {
            '{' | '}' if bytes.get(at + 1) == Some(&bytes[at]) => {
                out.to_mut().push(character);
                at += 2;
                continue;
            }
            '{' => return Ok((out, Some(at))),
            '}' => return Err((Fault::Brace, at)),
            '\0' | '\\' | '?' | '#' => return Err((Fault::Literal, at)),
            '%' if crate::text::percent::octet(&bytes[at + 1..]).is_some() => return Err((Fault::Literal, at)),
            '%' => out.to_mut().push_str("%25"),
            _ => out.to_mut().push(character),
        }
        at += character.len_utf8();
    }
    Ok((out, None))
}

fn check_name(name: &str) -> Result<(), Fault> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_name = begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { Ok(()) } else { Err(Fault::Name) }
}

fn read_class(class: &str) -> Option<Class> {
    let set = match class {
        "int" => return Some(Class::Int),
        "uuid" => return Some(Class::Uuid),
        _ => class.strip_prefix('[')?.strip_suffix(']')?.as_bytes(),
    };
    let (mut bits, mut at) = (0u128, 0);
    while let Some(&from) = set.get(at) {
        // A `-` at an end is itself.
        let to = if set.get(at + 1) == Some(&b'-') { set.get(at + 2).copied() } else { None };
        at += if to.is_some() { 3 } else { 1 };
        let to = to.unwrap_or(from);
        if from > to || !to.is_ascii_graphic() || !from.is_ascii_graphic() {
            return None;
        }
        (from..=to).for_each(|byte| bits |= 1 << byte);
    }
    let forbidden = b"/%^\\?#".iter().any(|byte| bits >> byte & 1 == 1);
    (bits != 0 && !forbidden).then_some(Class::Bytes(bits))
}
