//! Patterns, ECMA-262 §22.2.1 with the web's leniencies of annex B that occur in practice.

use super::class::{Class, Ranges};
use super::flags::Flags;
use crate::base::Str;
use std::collections::HashMap;

/// A pattern's tree.
#[derive(Debug)]
pub(super) enum Node {
    Empty,
    Char(u32),
    Any,
    Class(Class),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Group(Box<Node>, usize),
    Repeat { node: Box<Node>, least: u32, most: u32, greedy: bool, groups: (usize, usize) },
    Back(usize),
    NamedBack(Str),
    Start,
    End,
    WordEdge { inverted: bool },
    Look { node: Box<Node>, behind: bool, inverted: bool },
}

pub(super) struct Parsed {
    pub(super) node: Node,
    pub(super) groups: usize,
    pub(super) names: Vec<(Str, usize)>,
}

/// Deepest nesting of groups.
const NESTING: usize = 100;
/// Longest pattern, in characters.
const LENGTH: usize = 10_000;
/// Most ranges of all classes of a pattern.
const RANGES: usize = 200_000;

pub(super) fn parse(pattern: &str, flags: Flags) -> Result<Parsed, String> {
    let chars: Vec<char> = pattern.chars().collect();
    if chars.len() > LENGTH {
        return Err("pattern too long".into());
    }
    let total = count_groups(&chars);
    let named = chars.windows(4).any(|w| w[..3] == ['(', '?', '<'] && !matches!(w[3], '=' | '!'));
    let mut parser = Parser {
        chars,
        at: 0,
        groups: 0,
        total,
        names: Vec::new(),
        known: HashMap::new(),
        flags,
        depth: 0,
        ranges: 0,
        named,
    };
    let mut node = parser.either()?;
    if parser.at < parser.chars.len() {
        return Err("Unmatched ')'".into());
    }
    resolve(&mut node, &parser.known)?;
    Ok(Parsed { node, groups: parser.groups, names: parser.names })
}

/// Capturing groups of the whole pattern, for references forward.
fn count_groups(chars: &[char]) -> usize {
    let (mut at, mut class, mut count) = (0, false, 0);
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 1,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => {
                let named =
                    chars.get(at + 1..at + 3) == Some(&['?', '<']) && !matches!(chars.get(at + 3), Some('=' | '!'));
                count += usize::from(named || chars.get(at + 1) != Some(&'?'));
            }
            _ => {}
        }
        at += 1;
    }
    count
}

/// Gives references by name their numbers.
fn resolve(node: &mut Node, names: &HashMap<Str, usize>) -> Result<(), String> {
    match node {
        Node::NamedBack(name) => match names.get(name) {
            Some(group) => *node = Node::Back(*group),
            None => return Err("Invalid named capture referenced".into()),
        },
        Node::Sequence(nodes) | Node::Either(nodes) => {
            for node in nodes {
                resolve(node, names)?;
            }
        }
        Node::Group(node, _) | Node::Repeat { node, .. } | Node::Look { node, .. } => resolve(node, names)?,
        _ => {}
    }
    Ok(())
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    groups: usize,
    total: usize,
    names: Vec<(Str, usize)>,
    /// The groups of the names.
    known: HashMap<Str, usize>,
    flags: Flags,
    depth: usize,
    /// Ranges of classes so far.
    ranges: usize,
    /// Some group has a name.
    named: bool,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let is = self.peek() == Some(c);
        self.at += usize::from(is);
        is
    }

    fn eat_all(&mut self, text: &str) -> bool {
        let count = text.chars().count();
        let is = self.chars[self.at..].iter().copied().take(count).eq(text.chars());
        self.at += if is { count } else { 0 };
        is
    }

    fn either(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > NESTING {
            return Err("pattern nested too deep".into());
        }
        let mut options = vec![self.sequence()?];
        while self.eat('|') {
            options.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if options.len() == 1 { options.remove(0) } else { Node::Either(options) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            let before = self.groups;
            let atom = self.atom()?;
            nodes.push(self.repeated(atom, before)?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Sequence(nodes),
        })
    }

    /// An atom and the quantifier after it; `before` is the number of groups before the atom.
    fn repeated(&mut self, atom: Node, before: usize) -> Result<Node, String> {
        let counts = match self.peek() {
            Some('*') => Some((0, u32::MAX)),
            Some('+') => Some((1, u32::MAX)),
            Some('?') => Some((0, 1)),
            _ => None,
        };
        let (least, most) = match counts {
            Some(counts) => {
                self.at += 1;
                counts
            }
            None => match self.braces()? {
                Some(counts) => counts,
                None => return Ok(atom),
            },
        };
        if matches!(atom, Node::Start | Node::End | Node::WordEdge { .. } | Node::Look { behind: true, .. }) {
            return Err("Nothing to repeat".into());
        }
        let greedy = !self.eat('?');
        Ok(Node::Repeat { node: Box::new(atom), least, most, greedy, groups: (before + 1, self.groups) })
    }

    /// `{2}`, `{2,}`, `{2,5}`; anything else in braces is text.
    fn braces(&mut self) -> Result<Option<(u32, u32)>, String> {
        let start = self.at;
        if !self.eat('{') {
            return Ok(None);
        }
        let least = self.decimal();
        let counts = match (least, self.eat(',')) {
            (Some(least), true) => Some((least, self.decimal().unwrap_or(u32::MAX))),
            (Some(least), false) => Some((least, least)),
            (None, _) => None,
        };
        match counts {
            Some((least, most)) if self.eat('}') => {
                if least > most {
                    return Err("numbers out of order in {} quantifier".into());
                }
                Ok(Some((least, most)))
            }
            _ if self.flags.unicode => Err("Incomplete quantifier".into()),
            _ => {
                self.at = start;
                Ok(None)
            }
        }
    }

    fn decimal(&mut self) -> Option<u32> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        if text.is_empty() { None } else { Some(text.parse().unwrap_or(u32::MAX - 1)) }
    }

    fn atom(&mut self) -> Result<Node, String> {
        let c = self.peek().unwrap_or(')');
        self.at += 1;
        match c {
            '^' => Ok(Node::Start),
            '$' => Ok(Node::End),
            '.' => Ok(Node::Any),
            '(' => self.group(),
            '[' => self.class().map(Node::Class),
            '\\' => self.escape(),
            '*' | '+' | '?' => Err("Nothing to repeat".into()),
            '{' if self.flags.unicode => Err("Nothing to repeat".into()),
            '{' => {
                self.at -= 1;
                if self.braces()?.is_some() {
                    return Err("Nothing to repeat".into());
                }
                self.at += 1;
                Ok(Node::Char('{' as u32))
            }
            ']' | '}' if self.flags.unicode => Err("Lone quantifier brackets".into()),
            c => Ok(self.literal(c)),
        }
    }

    /// A character; beyond the Basic Multilingual Plane and without `u` it is two units.
    fn literal(&self, c: char) -> Node {
        if self.flags.unicode || (c as u32) < 0x10000 {
            return Node::Char(c as u32);
        }
        Node::Sequence(c.encode_utf16(&mut [0; 2]).iter().map(|&unit| Node::Char(u32::from(unit))).collect())
    }

    fn group(&mut self) -> Result<Node, String> {
        let node = if self.eat_all("?:") {
            self.either()?
        } else if self.eat_all("?=") || self.eat_all("?!") {
            let inverted = self.chars[self.at - 1] == '!';
            Node::Look { node: Box::new(self.either()?), behind: false, inverted }
        } else if self.eat_all("?<=") || self.eat_all("?<!") {
            let inverted = self.chars[self.at - 1] == '!';
            Node::Look { node: Box::new(self.either()?), behind: true, inverted }
        } else {
            self.groups += 1;
            let number = self.groups;
            if self.eat_all("?<") {
                let name = self.name()?;
                if self.known.insert(name.clone(), number).is_some() {
                    return Err("Duplicate capture group name".into());
                }
                self.names.push((name, number));
            } else if self.peek() == Some('?') {
                return Err("Invalid group".into());
            }
            Node::Group(Box::new(self.either()?), number)
        };
        if self.eat(')') { Ok(node) } else { Err("Unterminated group".into()) }
    }

    fn name(&mut self) -> Result<Str, String> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$')) {
            self.at += 1;
        }
        let name: String = self.chars[start..self.at].iter().collect();
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !self.eat('>') {
            return Err("Invalid capture group name".into());
        }
        Ok(name.into())
    }

    fn escape(&mut self) -> Result<Node, String> {
        let Some(c) = self.peek() else { return Err("\\ at end of pattern".into()) };
        match c {
            'b' | 'B' => {
                self.at += 1;
                return Ok(Node::WordEdge { inverted: c == 'B' });
            }
            'k' if self.flags.unicode || self.named => {
                self.at += 1;
                if !self.eat('<') {
                    return Err("Invalid named reference".into());
                }
                return Ok(Node::NamedBack(self.name()?));
            }
            '1'..='9' => {
                let start = self.at;
                let number = self.decimal().unwrap_or(0) as usize;
                if number <= self.total {
                    return Ok(Node::Back(number));
                }
                if self.flags.unicode {
                    return Err("Invalid escape".into());
                }
                self.at = start;
            }
            _ => {}
        }
        let mut class = Ranges::default();
        if self.class_escape(&mut class)? {
            return self.finished(class, false).map(Node::Class);
        }
        let code = self.char_escape(false)?;
        Ok(match char::from_u32(code) {
            Some(c) => self.literal(c),
            None => Node::Char(code),
        })
    }

    /// `\d`, `\p{…}` and their like: true, and added to the class.
    fn class_escape(&mut self, class: &mut Ranges) -> Result<bool, String> {
        let Some(c) = self.peek() else { return Ok(false) };
        if class.add_escape(c) {
            self.at += 1;
            return Ok(true);
        }
        if self.flags.unicode && matches!(c, 'p' | 'P') {
            let end = self.chars[self.at..].iter().position(|&c| c == '}').map(|n| self.at + n);
            let (Some('{'), Some(end)) = (self.chars.get(self.at + 1), end) else {
                return Err("Invalid property name".into());
            };
            let name: String = self.chars[self.at + 2..end].iter().collect();
            let value = name.rsplit('=').next().unwrap_or(&name);
            if !class.add_property(value, c == 'P') {
                return Err("Invalid property name".into());
            }
            self.at = end + 1;
            return Ok(true);
        }
        Ok(false)
    }

    /// One character's escape, after the backslash.
    fn char_escape(&mut self, in_class: bool) -> Result<u32, String> {
        let Some(c) = self.peek() else { return Err("\\ at end of pattern".into()) };
        self.at += 1;
        let code = match c {
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' => 0x0B,
            'f' => 0x0C,
            'b' if in_class => 0x08,
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => 0,
            'c' => match self.peek() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    letter as u32 % 32
                }
                _ if self.flags.unicode => return Err("Invalid unicode escape".into()),
                _ => {
                    self.at -= 1;
                    '\\' as u32
                }
            },
            'x' => match self.hex(2) {
                Some(code) => code,
                None if self.flags.unicode => return Err("Invalid escape".into()),
                None => 'x' as u32,
            },
            'u' => return self.unicode_escape(),
            '0'..='7' if !self.flags.unicode => self.octal(c),
            c if self.flags.unicode && (c.is_alphanumeric() || c == '_') => return Err("Invalid escape".into()),
            c => c as u32,
        };
        Ok(code)
    }

    fn octal(&mut self, first: char) -> u32 {
        let mut code = first as u32 - '0' as u32;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
            if code * 8 + digit > 0o377 {
                break;
            }
            code = code * 8 + digit;
            self.at += 1;
        }
        code
    }

    fn hex(&mut self, count: usize) -> Option<u32> {
        let digits: String = self.chars.get(self.at..self.at + count)?.iter().collect();
        let code = digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(&digits, 16).ok())??;
        self.at += count;
        Some(code)
    }

    fn unicode_escape(&mut self) -> Result<u32, String> {
        if self.flags.unicode && self.eat('{') {
            let end = self.chars[self.at..].iter().position(|&c| c == '}').unwrap_or(0);
            let digits: String = self.chars[self.at..self.at + end].iter().collect();
            self.at += end + 1;
            return match u32::from_str_radix(&digits, 16) {
                Ok(code) if code <= 0x10FFFF => Ok(code),
                _ => Err("Invalid Unicode escape".into()),
            };
        }
        let Some(high) = self.hex(4) else {
            return if self.flags.unicode { Err("Invalid Unicode escape".into()) } else { Ok('u' as u32) };
        };
        if self.flags.unicode && (0xD800..0xDC00).contains(&high) && self.eat_all("\\u") {
            if let Some(low @ 0xDC00..=0xDFFF) = self.hex(4) {
                return Ok(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            }
            self.at -= 2;
        }
        Ok(high)
    }

    fn class(&mut self) -> Result<Class, String> {
        let inverted = self.eat('^');
        let mut class = Ranges::default();
        loop {
            let Some(c) = self.peek() else { return Err("Unterminated character class".into()) };
            if c == ']' {
                self.at += 1;
                return self.finished(class, inverted);
            }
            let Some(from) = self.class_atom(&mut class)? else {
                continue;
            };
            let ranges = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|&c| c != ']');
            if !ranges {
                self.add_char(&mut class, from);
                continue;
            }
            self.at += 1;
            match self.class_atom(&mut class)? {
                Some(to) if from > to => return Err("Range out of order in character class".into()),
                Some(to) => class.add(from, to),
                None if self.flags.unicode => return Err("Invalid character class".into()),
                None => {
                    self.add_char(&mut class, from);
                    class.add('-' as u32, '-' as u32);
                }
            }
        }
    }

    /// A class that is written down; all classes of a pattern together have a bound.
    fn finished(&mut self, class: Ranges, inverted: bool) -> Result<Class, String> {
        self.ranges += class.len();
        if self.ranges > RANGES {
            return Err("pattern too large".into());
        }
        Ok(class.finish(inverted))
    }

    /// A character of a class; beyond the plane and without `u` each of its two units is one.
    fn add_char(&self, class: &mut Ranges, code: u32) {
        if code >= 0x10000 && !self.flags.unicode {
            if let Some(c) = char::from_u32(code) {
                for &unit in c.encode_utf16(&mut [0; 2]).iter() {
                    class.add(u32::from(unit), u32::from(unit));
                }
            }
            return;
        }
        class.add(code, code);
    }

    /// A single character, or `None` after adding a whole class such as `\d`.
    fn class_atom(&mut self, class: &mut Ranges) -> Result<Option<u32>, String> {
        let Some(c) = self.peek() else { return Err("Unterminated character class".into()) };
        self.at += 1;
        if c != '\\' {
            return Ok(Some(c as u32));
        }
        if self.class_escape(class)? {
            return Ok(None);
        }
        if self.flags.unicode && self.eat('-') {
            return Ok(Some('-' as u32));
        }
        self.char_escape(true).map(Some)
    }
}
