//! Tokens, across tags: code, the texts between, and the marks where an output tag starts and ends.
//!
//! Each text and each piece of code is a statement of its own with a `;` before it, so that an `if` without braces at the end
//! of a piece does not govern the text behind it. Whether `/` divides or starts a regular
//! expression is known to the parser, which asks for [`Lexer::regexp`] where an operand must stand.

use super::pieces::{Piece, Prepared, Tag};
use crate::base::{ErrorKind, Str, number};

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tok {
    End,
    /// Operators, brackets, `;`.
    Punct(&'static str),
    /// Identifiers and keywords: a range of the prepared text.
    Word(u32, u32),
    Number(f64),
    String(Str),
    /// The first part of a template literal, and whether it is the last.
    Quasi(Str, bool),
    /// A part after `${…}`.
    QuasiNext(Str, bool),
    /// A text between tags.
    Text(u32, u32),
    /// The start of `<%=` or, raw, `<%-`, and the end of either.
    Echo {
        raw: bool,
    },
    EchoEnd,
    /// `;` that stands for the start of a tag or a text.
    Tag,
}

/// A token with its place in the original source.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) tok: Tok,
    pub(crate) pos: u32,
    /// A line end stands before it.
    pub(crate) newline: bool,
}

/// Why the text is no token: message and original offset.
pub(crate) type LexError = (ErrorKind, String, u32);

pub(crate) struct Lexer<'t> {
    pub(crate) prepared: &'t Prepared,
    text: &'t str,
    pieces: &'t [Piece],
    piece: usize,
    /// Where the next token of the current code starts; `None` between pieces.
    at: Option<usize>,
    end: usize,
    echo: bool,
    /// What is still to be said of the current piece before its code.
    pending: Vec<Tok>,
    /// Depth of `{` inside each open `${`.
    braces: Vec<u32>,
    /// Where the last token ended, in the prepared text.
    pub(crate) last_end: usize,
}

/// Longest first, so that the first that fits is the token.
const PUNCTUATION: [&str; 57] = [
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "&&",
    "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "{", "}", "(", ")",
    "[", "]", ";", ",", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "!", "~", "?", ":", "=", ".",
];

impl<'t> Lexer<'t> {
    pub(crate) fn new(prepared: &'t Prepared, pieces: &'t [Piece]) -> Lexer<'t> {
        Lexer {
            prepared,
            text: prepared.text(),
            pieces,
            piece: 0,
            at: None,
            end: 0,
            echo: false,
            pending: Vec::new(),
            braces: Vec::new(),
            last_end: 0,
        }
    }

    pub(crate) fn original(&self, at: usize) -> u32 {
        self.prepared.original(at as u32)
    }

    fn error<T>(&self, message: impl Into<String>, at: usize) -> Result<T, LexError> {
        Err((ErrorKind::Syntax, message.into(), self.original(at)))
    }

    fn token(&self, tok: Tok, at: usize, newline: bool) -> Token {
        Token { tok, pos: self.original(at), newline }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token, LexError> {
        loop {
            if let Some(tok) = self.pending.pop() {
                let at = match tok {
                    Tok::Text(start, _) => start as usize,
                    _ => self.at.unwrap_or(self.last_end),
                };
                return Ok(self.token(tok, at, true));
            }
            match self.at {
                Some(at) => {
                    if let Some(token) = self.code(at)? {
                        return Ok(token);
                    }
                }
                None if self.piece >= self.pieces.len() => return Ok(self.token(Tok::End, self.text.len(), true)),
                None => self.open_piece(),
            }
        }
    }

    /// Says what stands before a piece's content: the `;`, and for output the opening mark.
    fn open_piece(&mut self) {
        let piece = self.pieces[self.piece];
        self.piece += 1;
        match piece {
            Piece::Line => self.pending.push(Tok::Tag),
            Piece::Text { start, end } => {
                self.last_end = end as usize;
                self.pending.extend([Tok::Text(start, end), Tok::Tag]);
            }
            Piece::Code { kind, start, end, .. } => {
                self.at = Some(start as usize);
                self.end = end as usize;
                self.echo = kind != Tag::Run;
                if self.echo {
                    // One `;` may end an expression that is put out.
                    let code = self.text[start as usize..end as usize].trim_end_matches(number::is_space);
                    if let Some(rest) = code.strip_suffix(';') {
                        self.end = start as usize + rest.len();
                    }
                    self.pending.push(Tok::Echo { raw: kind == Tag::Raw });
                }
                self.pending.push(Tok::Tag);
            }
        }
    }

    /// The next token of the current code; `None` at its end.
    fn code(&mut self, start: usize) -> Result<Option<Token>, LexError> {
        let (at, newline) = self.skip(start)?;
        let Some(at) = at else {
            self.at = None;
            if std::mem::take(&mut self.echo) {
                self.last_end = self.end;
                return Ok(Some(self.token(Tok::EchoEnd, self.end, true)));
            }
            return Ok(None);
        };
        let (tok, end) = self.lex(at)?;
        self.at = Some(end);
        self.last_end = end;
        Ok(Some(self.token(tok, at, newline)))
    }

    /// What follows the current token in its piece of code, and whether a line end stands before it.
    pub(crate) fn ahead(&mut self) -> Option<(&'t str, bool)> {
        let (at, piece, end) = (self.at?, self.piece, self.end);
        let skipped = self.skip(at);
        let ahead = skipped.ok().and_then(|(at, newline)| Some((self.rest(at?), newline)));
        (self.piece, self.end) = (piece, end);
        ahead
    }

    fn rest(&self, at: usize) -> &'t str {
        &self.text[at..self.end.max(at)]
    }

    /// Skips blanks and comments; `None` when the code ends. A block comment that a tag leaves open goes on in the next.
    fn skip(&mut self, mut at: usize) -> Result<(Option<usize>, bool), LexError> {
        let mut newline = false;
        loop {
            let rest = self.rest(at);
            let Some(c) = rest.chars().next() else { return Ok((None, newline)) };
            if number::is_space(c) {
                newline |= matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
                at += c.len_utf8();
            } else if rest.starts_with("//") || rest.starts_with("<!--") || (newline && rest.starts_with("-->")) {
                // The comments of HTML are comments of one line, as in scripts (annex B.1.1).
                at += rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                newline = true;
                match comment.find("*/") {
                    Some(n) => at += n + 4,
                    None => at = self.end_of_comment(at)?,
                }
            } else {
                return Ok((Some(at), newline));
            }
        }
    }

    /// Finds the end of a block comment in a later tag; what lies between is comment.
    fn end_of_comment(&mut self, opened: usize) -> Result<usize, LexError> {
        if self.echo {
            return self.error("this comment is never closed", opened);
        }
        while let Some(piece) = self.pieces.get(self.piece) {
            self.piece += 1;
            if let Piece::Code { kind, start, end, .. } = *piece
                && let Some(n) = self.text[start as usize..end as usize].find("*/")
            {
                if kind != Tag::Run {
                    break;
                }
                self.end = end as usize;
                return Ok(start as usize + n + 2);
            }
        }
        self.error("this comment is never closed", opened)
    }

    fn lex(&mut self, at: usize) -> Result<(Tok, usize), LexError> {
        let rest = self.rest(at);
        let bytes = rest.as_bytes();
        let first = rest.chars().next().unwrap_or(' ');
        if is_word_start(first) {
            let length = rest.find(|c| !is_word_part(c)).unwrap_or(rest.len());
            return Ok((Tok::Word(at as u32, (at + length) as u32), at + length));
        }
        if first.is_ascii_digit() || (first == '.' && bytes.get(1).is_some_and(u8::is_ascii_digit)) {
            return self.number(at);
        }
        match first {
            '"' | '\'' => self.string(at, first),
            '`' => self.quasi(at + 1),
            '\\' => self.error("unsupported: an escape in a name", at),
            '#' => self.error("unsupported: a private name", at),
            '@' => self.error("unsupported: a decorator", at),
            _ => self.punctuation(at),
        }
    }

    fn punctuation(&mut self, at: usize) -> Result<(Tok, usize), LexError> {
        let rest = self.rest(at);
        let first = rest.as_bytes().first();
        let fits = |punct: &&str| punct.as_bytes().first() == first && rest.starts_with(*punct);
        let Some(mut punct) = PUNCTUATION.into_iter().find(fits) else {
            let c = rest.chars().next().unwrap_or(' ');
            return self.error(format!("unexpected character '{}'", c.escape_debug()), at);
        };
        if punct == "?." && rest.as_bytes().get(2).is_some_and(u8::is_ascii_digit) {
            // `a?.5:b` is a conditional.
            punct = "?";
        }
        match (punct, self.braces.last_mut()) {
            ("{", Some(depth)) => *depth += 1,
            ("}", Some(0)) => {
                self.braces.pop();
                return Ok(match self.quasi(at + 1)? {
                    (Tok::Quasi(text, last), end) => (Tok::QuasiNext(text, last), end),
                    other => other,
                });
            }
            ("}", Some(depth)) => *depth -= 1,
            _ => {}
        }
        Ok((Tok::Punct(punct), at + punct.len()))
    }

    /// ECMA-262 §12.9.3, with separators and the radix prefixes.
    fn number(&mut self, at: usize) -> Result<(Tok, usize), LexError> {
        let rest = self.rest(at);
        let lower = rest.get(..2).unwrap_or(rest).to_ascii_lowercase();
        let radix = match lower.as_str() {
            "0x" => 16,
            "0o" => 8,
            "0b" => 2,
            _ => 10,
        };
        let (digits, length) = if radix == 10 {
            let length = decimal_length(rest);
            (rest[..length].replace('_', ""), length)
        } else {
            let length =
                2 + rest[2..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len() - 2);
            (rest[2..length].replace('_', ""), length)
        };
        if rest[length..].starts_with('n') || (radix != 10 && digits.ends_with('n')) {
            return self.error("unsupported: BigInt", at);
        }
        if radix == 10 && digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit() {
            return self.error("unsupported: a number with a leading zero", at);
        }
        let value = if radix == 10 { digits.parse().ok() } else { number::from_digits(&digits, radix) };
        match value {
            Some(n) if !rest[length..].starts_with(is_word_start) => Ok((Tok::Number(n), at + length)),
            _ => self.error("this is not a number", at),
        }
    }

    fn string(&mut self, start: usize, quote: char) -> Result<(Tok, usize), LexError> {
        let mut value = Units::default();
        let mut at = start + 1;
        loop {
            let rest = self.rest(at);
            match rest.chars().next() {
                Some(c) if c == quote => return Ok((Tok::String(value.finish()), at + 1)),
                Some('\\') => at = self.escape(at, &mut value, false)?,
                None | Some('\n' | '\r') => return self.error("this string is never closed", start),
                Some(c) => {
                    value.push(c);
                    at += c.len_utf8();
                }
            }
        }
    }

    /// The text of a template literal up to `${` or its end.
    fn quasi(&mut self, start: usize) -> Result<(Tok, usize), LexError> {
        let mut value = Units::default();
        let mut at = start;
        loop {
            let rest = self.rest(at);
            match rest.chars().next() {
                Some('`') => return Ok((Tok::Quasi(value.finish(), true), at + 1)),
                Some('$') if rest.starts_with("${") => {
                    self.braces.push(0);
                    return Ok((Tok::Quasi(value.finish(), false), at + 2));
                }
                Some('\\') => at = self.escape(at, &mut value, true)?,
                Some('\r') => {
                    // Line ends are LF in a template literal's value, however they are written.
                    value.push('\n');
                    at += if rest.starts_with("\r\n") { 2 } else { 1 };
                }
                Some(c) => {
                    value.push(c);
                    at += c.len_utf8();
                }
                None => return self.error("this template literal is never closed", start - 1),
            }
        }
    }

    /// §12.9.4.1 escapes; `at` is the backslash. Gives where the text goes on.
    fn escape(&mut self, at: usize, value: &mut Units, template: bool) -> Result<usize, LexError> {
        let rest = &self.rest(at)[1..];
        let Some(c) = rest.chars().next() else { return self.error("this string is never closed", at) };
        let next = at + 1 + c.len_utf8();
        let digits = |from: usize, count: usize| {
            rest.get(from..from + count)
                .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
                .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        };
        match c {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            'b' => value.push('\u{8}'),
            'v' => value.push('\u{b}'),
            'f' => value.push('\u{c}'),
            '0' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => value.push('\0'),
            '0'..='9' if template || c < '8' => return self.error("unsupported: an octal escape", at),
            '\n' | '\u{2028}' | '\u{2029}' => {}
            '\r' => return Ok(next + usize::from(rest[1..].starts_with('\n'))),
            'x' => {
                let Some(unit) = digits(1, 2) else { return self.error("invalid hexadecimal escape", at) };
                value.unit(unit as u16);
                return Ok(next + 2);
            }
            'u' if rest[1..].starts_with('{') => {
                let end = rest.find('}').filter(|&end| end > 2 && end <= 12);
                let code = end.and_then(|end| digits(2, end - 2)).filter(|&code| code <= 0x10FFFF);
                let (Some(end), Some(code)) = (end, code) else { return self.error("invalid Unicode escape", at) };
                match char::from_u32(code) {
                    Some(c) => value.push(c),
                    None => value.unit(code as u16),
                }
                return Ok(at + 1 + end + 1);
            }
            'u' => {
                let Some(unit) = digits(1, 4) else { return self.error("invalid Unicode escape", at) };
                value.unit(unit as u16);
                return Ok(next + 4);
            }
            other => value.push(other),
        }
        Ok(next)
    }

    /// Reads a regular expression whose first `/` is the token before the current place; gives pattern and flags.
    pub(crate) fn regexp(&mut self, slash_length: usize) -> Result<(Str, Str), LexError> {
        let start = self.last_end - slash_length;
        let rest = self.rest(start + 1);
        let mut class = false;
        let mut escaped = false;
        for (n, c) in rest.char_indices() {
            match c {
                '\n' | '\r' | '\u{2028}' | '\u{2029}' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    let tail = &rest[n + 1..];
                    let flags = tail.find(|c| !is_word_part(c)).unwrap_or(tail.len());
                    let end = start + 1 + n + 1 + flags;
                    self.at = Some(end);
                    self.last_end = end;
                    return Ok((rest[..n].into(), tail[..flags].into()));
                }
                _ => {}
            }
        }
        self.error("this regular expression is never closed", start)
    }
}

/// The text of a string literal; UTF-16 as soon as an escape names a surrogate.
#[derive(Default)]
struct Units {
    text: String,
    units: Vec<u16>,
}

impl Units {
    fn push(&mut self, c: char) {
        if self.units.is_empty() {
            self.text.push(c);
        } else {
            self.units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }

    fn unit(&mut self, unit: u16) {
        match char::from_u32(u32::from(unit)) {
            Some(c) => self.push(c),
            None => {
                if self.units.is_empty() {
                    self.units = self.text.encode_utf16().collect();
                }
                self.units.push(unit);
            }
        }
    }

    fn finish(self) -> Str {
        if self.units.is_empty() { self.text.into() } else { Str::from_utf16(&self.units) }
    }
}

pub(crate) fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$')
}

pub(crate) fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '\u{200c}' | '\u{200d}')
}

/// Bytes of a decimal literal at the start of a text.
fn decimal_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
            at += 1;
        }
        at
    };
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(at + 1 + sign);
        if end > at + 1 + sign {
            at = end;
        }
    }
    at
}
