//! A program's text and the way from a byte offset to a line, a column and a caret.

use std::cell::Cell;
use std::rc::Rc;

/// A program's name and text, kept for messages.
#[derive(Debug)]
pub struct Source {
    /// The file's name as the engine knows it, or what the caller passed.
    name: Rc<str>,
    /// The text as the author wrote it.
    text: Box<str>,
    /// The place that was asked for last: offset, line, column.
    last: Cell<(usize, u32, u32)>,
}

/// A place in a program: one-based line and column; the column counts characters, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Byte offset in the source.
    pub offset: u32,
    /// Line, from 1. A line ends at LF, CRLF or a lone CR.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Source {
    /// A source with its name.
    pub fn new(name: &str, text: &str) -> Rc<Source> {
        Rc::new(Source { name: name.into(), text: text.into(), last: Cell::new((0, 1, 1)) })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte offset; an offset inside a character counts as that character. Asked for places in
    /// ascending order, it reads the text once.
    pub fn position(&self, offset: u32) -> Position {
        let at = self.boundary(offset);
        let known = self.last.get();
        let (mut from, mut line, mut column) = if known.0 <= at { known } else { (0, 1, 1) };
        for c in self.text[from..at].chars() {
            let next = self.text.as_bytes().get(from + 1);
            match c {
                // A CR directly before an LF ends the same line.
                '\r' if next == Some(&b'\n') => {}
                '\n' | '\r' => (line, column) = (line + 1, 1),
                '\u{feff}' => {}
                _ => column += 1,
            }
            from += c.len_utf8();
        }
        self.last.set((at, line, column));
        Position { offset, line, column }
    }

    /// The start of the character at an offset.
    fn boundary(&self, offset: u32) -> usize {
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// Two lines of the kind `12 | <%= user.nmae %>` and a caret under the column. Long lines are cut around it.
    pub fn excerpt(&self, position: Position) -> String {
        const SHOWN: usize = 100;
        let at = self.boundary(position.offset);
        let visible = |c: &char| *c != '\u{feff}';
        let ends_line = |c: &char| !matches!(c, '\n' | '\r');
        let before: Vec<char> =
            self.text[..at].chars().rev().take_while(ends_line).filter(visible).take(SHOWN - 20).collect();
        let after = self.text[at..].chars().take_while(ends_line).filter(visible).take(SHOWN - before.len());
        let shown: String =
            before.iter().rev().copied().chain(after).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let number = position.line.to_string();
        format!("{number} | {shown}\n{:>width$} | {:>caret$}", "", "^", width = number.len(), caret = before.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_lf_crlf_and_cr() {
        let source = Source::new("t", "a\r\nbc\rd\n\u{e9}x");
        let at = |needle: &str| {
            let p = source.position(source.text.find(needle).unwrap() as u32);
            (p.line, p.column)
        };
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("c"), (2, 2));
        assert_eq!(at("d"), (3, 1));
        assert_eq!(at("x"), (4, 2));
    }

    #[test]
    fn the_caret_stands_under_the_column() {
        let source = Source::new("t", "one\n<%= nope %>\n");
        let position = source.position(8);
        assert_eq!(source.excerpt(position), "2 | <%= nope %>\n  |     ^");
    }
}
