//! Where code ends in a text that goes on after it.
//!
//! A closing mark ends code between two tokens and in a comment, but not in a string, a template literal or a regular
//! expression. So this reads tokens as the lexer does. Whether `/` divides or starts a regular expression is known to the
//! parser alone; here it is told by what stands before it: a word, a bracket, and what its opening bracket stood behind.

use super::lexer::{is_word_part, is_word_start};
use crate::base::{ErrorKind, number};

/// Why no end was found: what is wrong, and where. `None`: the text ends first.
pub type ScanError = Option<(ErrorKind, String, usize)>;

/// What an opening bracket means for a `/` behind its closing one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `(` after `if`, `while`, `for`, `with`; `{` of a block: a statement follows, and `/` starts an expression.
    Statement,
    /// Any other: an operand ends, and `/` divides.
    Operand,
    /// `(` of a function that is an expression.
    Parameters,
    /// `${` in a template literal.
    Quasi,
}

/// What stood before the current place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, or a token after which an expression starts.
    Start,
    /// `;`, `{` or `}` of a block, `=>`, `)` of a statement's head: a `{` opens a block.
    Statement,
    /// A word after whose brackets a statement follows.
    Head,
    /// `function` where an expression starts, and its parameters: an operand ends behind the body.
    Function,
    /// Something that has a value.
    Operand,
}

struct Scan<'t> {
    text: &'t str,
    close: &'t str,
    refused: &'t [&'t str],
    /// The ASCII characters that a mark can start with, as bits; any other may.
    starts: u128,
    at: usize,
    before: Before,
    open: Vec<Open>,
}

/// The first place at or after `start` where code ends: offset and length of the mark, which is `close` with a `-` or `_`
/// before it if one stands there. `in_comment` says whether the code before has left a comment open, and then whether this has.
///
/// # Errors
/// A string or template literal that is never closed; `None` when the text ends, or one of the refused marks comes first.
pub fn end_of_code(
    text: &str,
    start: usize,
    close: &str,
    refused: &[&str],
    in_comment: &mut bool,
) -> Result<(usize, usize), ScanError> {
    let marks = [close, "-", "_"];
    let firsts = marks.iter().chain(refused).filter_map(|mark| mark.bytes().next());
    let starts = firsts.filter(u8::is_ascii).fold(0, |set, byte| set | 1 << byte);
    let mut scan = Scan { text, close, refused, starts, at: start, before: Before::Statement, open: Vec::new() };
    if *in_comment {
        *in_comment = scan.block_comment();
    }
    scan.run(in_comment)
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Whether one of the marks can start with this character: what most characters are asked, and are not.
    #[inline]
    fn starts_mark(&self, c: char) -> bool {
        !c.is_ascii() || self.starts >> (c as u32) & 1 == 1
    }

    /// The mark that stands here.
    fn mark(&self) -> Option<(usize, usize)> {
        let rest = self.rest();
        if rest.starts_with(self.close) {
            return Some((self.at, self.close.len()));
        }
        let trims = rest.strip_prefix(['-', '_'])?.starts_with(self.close);
        trims.then_some((self.at, self.close.len() + 1))
    }

    fn is_refused(&self) -> bool {
        self.refused.iter().any(|mark| self.rest().starts_with(mark))
    }

    fn run(mut self, in_comment: &mut bool) -> Result<(usize, usize), ScanError> {
        let mut line_start = false;
        loop {
            let rest = self.rest();
            let Some(c) = rest.chars().next() else { return Err(None) };
            if self.starts_mark(c) {
                if self.is_refused() {
                    return Err(None);
                }
                if let Some(mark) = self.mark() {
                    return Ok(mark);
                }
            }
            if number::is_space(c) {
                line_start |= matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
                self.at += c.len_utf8();
                continue;
            }
            if !matches!(c, '/' | '<' | '-') {
                line_start = false;
                self.token(c)?;
                continue;
            }
            if rest.starts_with("//") || rest.starts_with("<!--") || (line_start && rest.starts_with("-->")) {
                self.comment(|rest| rest.starts_with(['\n', '\r', '\u{2028}', '\u{2029}']), 0);
                continue;
            }
            if rest.starts_with("/*") {
                self.at += 2;
                *in_comment = self.block_comment();
                continue;
            }
            line_start = false;
            self.token(c)?;
        }
    }

    /// The same for a comment that may go on in the next tag: whether it does.
    fn block_comment(&mut self) -> bool {
        !self.comment(|rest| rest.starts_with("*/"), 2)
    }

    /// Moves to the end of a comment, or to a mark in it. Whether it ended.
    fn comment(&mut self, ends: impl Fn(&str) -> bool, length: usize) -> bool {
        while let Some(c) = self.rest().chars().next() {
            if self.starts_mark(c) && (self.mark().is_some() || self.is_refused()) {
                return false;
            }
            if ends(self.rest()) {
                self.at += length;
                return true;
            }
            self.at += c.len_utf8();
        }
        false
    }

    fn token(&mut self, c: char) -> Result<(), ScanError> {
        let rest = self.rest();
        if is_word_start(c) || c.is_ascii_digit() {
            self.word();
            return Ok(());
        }
        match c {
            '"' | '\'' => return self.string(c),
            '`' => {
                self.at += 1;
                return self.quasi(self.at - 1);
            }
            '/' if self.before != Before::Operand => {
                if let Some(length) = regexp_length(rest) {
                    self.at += length;
                    self.before = Before::Operand;
                    return Ok(());
                }
                self.before = Before::Start;
            }
            // The end of a comment that began in a tag before.
            '*' if rest.starts_with("*/") => self.at += 1,
            '+' | '-' if rest[1..].starts_with(c) => {
                // `a++ / b` divides; what stood before decides as if the operator were not there.
                self.at += 1;
            }
            '(' => {
                self.open.push(match self.before {
                    Before::Head => Open::Statement,
                    Before::Function => Open::Parameters,
                    _ => Open::Operand,
                });
                self.before = Before::Start;
            }
            '[' => {
                self.open.push(Open::Operand);
                self.before = Before::Start;
            }
            '{' => {
                let block = self.before == Before::Statement;
                self.open.push(if block { Open::Statement } else { Open::Operand });
                let body = self.before == Before::Function;
                self.before = if block || body { Before::Statement } else { Before::Start };
            }
            ')' | ']' | '}' => match self.open.pop() {
                Some(Open::Quasi) if c == '}' => {
                    self.at += 1;
                    return self.quasi(self.at - 1);
                }
                Some(Open::Operand) => self.before = self.after_operand(c),
                Some(Open::Parameters) => self.before = Before::Function,
                _ => self.before = Before::Statement,
            },
            ';' => self.before = Before::Statement,
            '=' if rest.starts_with("=>") => {
                self.at += 1;
                self.before = Before::Statement;
            }
            '.' => self.before = Before::Head,
            _ => self.before = Before::Start,
        }
        self.at += c.len_utf8();
        Ok(())
    }

    /// After a bracket that ends an operand. A `{` behind `)` is a function's body.
    fn after_operand(&self, c: char) -> Before {
        let next = self.rest()[1..].trim_start_matches(number::is_space);
        if c == ')' && next.starts_with('{') { Before::Statement } else { Before::Operand }
    }

    fn word(&mut self) {
        let rest = self.rest();
        let mut length = rest.find(|c| !is_word_part(c)).unwrap_or(rest.len());
        // `name_%>` trims: the mark takes the last letter.
        if rest[..length].ends_with('_') && rest[length..].starts_with(self.close) {
            length -= 1;
        }
        // The point of `2.` and `2.5` belongs to the number: no member follows it, and a `/` behind it divides.
        if rest[..length].bytes().all(|byte| byte.is_ascii_digit()) && rest[length..].starts_with('.') {
            let fraction = &rest[length + 1..];
            length += 1 + fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        }
        let member = self.before == Before::Head && self.text[..self.at].trim_end().ends_with('.');
        self.before = match &rest[..length] {
            _ if member => Before::Operand,
            "function" if self.before != Before::Statement => Before::Function,
            // Its name.
            _ if self.before == Before::Function => Before::Function,
            "if" | "while" | "for" | "with" => Before::Head,
            "else" | "do" | "try" | "finally" => Before::Statement,
            "return" | "typeof" | "case" | "in" | "of" | "instanceof" | "new" | "void" | "delete" | "throw" => {
                Before::Start
            }
            _ => Before::Operand,
        };
        self.at += length;
    }

    fn string(&mut self, quote: char) -> Result<(), ScanError> {
        let mut escaped = false;
        for (n, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '\n' | '\r' => break,
                c if c == quote => {
                    self.at += n + 1;
                    self.before = Before::Operand;
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(Some((ErrorKind::Syntax, "this string is never closed".into(), self.at)))
    }

    /// The text of a template literal, up to its end or to `${`.
    fn quasi(&mut self, start: usize) -> Result<(), ScanError> {
        let mut escaped = false;
        let rest = self.rest();
        for (n, c) in rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '`' => {
                    self.at += n + 1;
                    self.before = Before::Operand;
                    return Ok(());
                }
                '$' if rest[n..].starts_with("${") => {
                    self.at += n + 2;
                    self.open.push(Open::Quasi);
                    self.before = Before::Start;
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(Some((ErrorKind::Syntax, "this template literal is never closed".into(), start)))
    }
}

/// Bytes of the regular expression that starts here; `None` when none ends on this line.
fn regexp_length(text: &str) -> Option<usize> {
    let (mut class, mut escaped) = (false, false);
    for (n, c) in text.char_indices().skip(1) {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => {
                let flags = &text[n + 1..];
                return Some(n + 1 + flags.find(|c| !is_word_part(c)).unwrap_or(flags.len()));
            }
            _ => {}
        }
    }
    None
}
