//! A program's text and the way from a byte offset to a line, a column and a caret.

use std::rc::Rc;

/// A program's name and text, kept for messages.
#[derive(Debug)]
pub struct Source {
    /// The file's name as the engine knows it, or what the caller passed.
    name: Rc<str>,
    /// The text as the author wrote it.
    text: Box<str>,
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
        Rc::new(Source { name: name.into(), text: text.into() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte offset; an offset inside a character counts as that character.
    pub fn position(&self, offset: u32) -> Position {
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let start = line_start(before);
        let mut line = 1;
        let mut rest = &before.as_bytes()[..start];
        while let Some(end) = rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
            let crlf = rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n');
            rest = &rest[end + 1 + usize::from(crlf)..];
            line += 1;
        }
        let column = before[start..].chars().filter(|&c| c != '\u{feff}').count() as u32 + 1;
        Position { offset, line, column }
    }

    /// Two lines of the kind `12 | <%= user.nmae %>` and a caret under the column. Long lines are cut around it.
    pub fn excerpt(&self, position: Position) -> String {
        const SHOWN: usize = 100;
        let mut at = (position.offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let start = line_start(&self.text[..at]);
        let end = self.text[at..].find(['\n', '\r']).map_or(self.text.len(), |n| at + n);
        let line = &self.text[start..end];
        let column = line[..at - start].chars().filter(|&c| c != '\u{feff}').count();
        let skip = column.saturating_sub(SHOWN - 20);
        let shown: String = line
            .chars()
            .filter(|&c| c != '\u{feff}')
            .skip(skip)
            .take(SHOWN)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let number = position.line.to_string();
        format!("{number} | {shown}\n{:>width$} | {:>caret$}", "", "^", width = number.len(), caret = column - skip + 1)
    }
}

/// Where the line that `before` ends in begins. A CR directly before an LF ends the same line.
fn line_start(before: &str) -> usize {
    before.rfind(['\n', '\r']).map_or(0, |n| n + 1)
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
