//! The tags: a template's text cut into pieces, as EJS cuts it.
//!
//! EJS splits the text at `<%%`, `%%>`, `<%=`, `<%-`, `<%_`, `<%#`, `<%`, `%>`, `-%>` and `_%>` with one regular
//! expression and then walks the parts with a mode. [`split`] does the same in one pass from left to right, including
//! what EJS does with stray closing tags (they vanish, and `-%>` still eats a line end).
//!
//! One thing is done better: `<%= "%>" %>`. EJS ends the tag inside the string and then fails to compile; here the code
//! between the marks is read as code ([`end_of_code`]), and a mark inside a string, a template literal or a regular
//! expression does not count. No template that EJS accepts is read differently, because EJS's reading of such a tag leaves
//! a literal open, which is a syntax error.

use wirebook_script::{ErrorKind, Piece, Prepared, Tag, end_of_code};

/// The characters that make a tag.
///
/// ```
/// use wirebook_template::{Delimiters, Options, Template, Value};
/// let options = Options { delimiters: Delimiters { delimiter: "?".into(), ..Default::default() }, ..Default::default() };
/// let template = Template::compile_with("<?= 6 * 7 ?>", "q.ejs", &options)?;
/// assert_eq!(template.render_to_string(&Value::object())?, "42");
/// # Ok::<(), wirebook_template::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delimiters {
    /// Opens a tag together with `delimiter`; `<`.
    pub open: String,
    /// Stands inside both ends of a tag; `%`.
    pub delimiter: String,
    /// Closes a tag together with `delimiter`; `>`.
    pub close: String,
}

impl Default for Delimiters {
    fn default() -> Delimiters {
        Delimiters { open: "<".into(), delimiter: "%".into(), close: ">".into() }
    }
}

/// What stands in a tag's place, with its length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mark {
    Open(Option<Tag>),
    LiteralOpen,
    LiteralClose,
    Close { trims: bool },
}

struct Splitter<'t> {
    text: &'t str,
    open: String,
    close: String,
    /// `%%>`.
    literal_close: String,
    delimiter: &'t str,
    /// The delimiter's first character.
    first: char,
    open_delimiter: &'t str,
    closes: bool,
}

impl<'t> Splitter<'t> {
    /// The first tag mark at or after `from`: offset, length, kind.
    fn next(&self, from: usize) -> Option<(usize, usize, Mark)> {
        let mut search = from;
        // One character is found faster than a string, and mostly is the whole delimiter.
        while let Some(found) = self.text[search..].find(self.first).map(|n| search + n) {
            if self.text[found..].starts_with(self.delimiter)
                && let Some(mark) = self.at(found, from)
            {
                return Some(mark);
            }
            search = found + self.first.len_utf8();
        }
        None
    }

    /// Whether a tag that opened before `start` holds `<%%` or `%%>` and nothing else.
    fn holds_literal(&self, start: usize) -> bool {
        let text = &self.text[start..];
        if !text.starts_with(&self.open) && !text.starts_with(&self.literal_close) {
            return false;
        }
        let Some((at, length, Mark::LiteralOpen | Mark::LiteralClose)) = self.next(start) else { return false };
        let end = at + length;
        at == start && matches!(self.next(end), Some((at, _, Mark::Close { .. })) if at == end)
    }

    /// The mark whose (first) delimiter stands at `found`, not before `from`.
    fn at(&self, found: usize, from: usize) -> Option<(usize, usize, Mark)> {
        let (before, after) = (&self.text[from..found], &self.text[found + self.delimiter.len()..]);
        if before.ends_with(self.open_delimiter) {
            let start = found - self.open_delimiter.len();
            // With `#` as the delimiter, `<##` is both; EJS takes it for a comment. So with the other letters of tags.
            if after.starts_with(self.delimiter) && !matches!(self.delimiter, "=" | "-" | "_" | "#") {
                return Some((start, self.open.len() + self.delimiter.len(), Mark::LiteralOpen));
            }
            let (length, kind) = match after.as_bytes().first() {
                Some(b'=') => (1, Some(Tag::Escaped)),
                Some(b'-') => (1, Some(Tag::Raw)),
                Some(b'_') => (1, Some(Tag::Run)),
                Some(b'#') => (1, None),
                _ => (0, Some(Tag::Run)),
            };
            return Some((start, self.open.len() + length, Mark::Open(kind)));
        }
        if self.closes && after.starts_with(&self.close) {
            return Some((found, self.delimiter.len() + self.close.len(), Mark::LiteralClose));
        }
        if self.text[found..].starts_with(&self.close) {
            let trims = before.ends_with(['-', '_']);
            let start = found - usize::from(trims);
            return Some((start, self.close.len() + usize::from(trims), Mark::Close { trims }));
        }
        None
    }
}

/// A failure of [`split`]: kind, message and offset.
pub(crate) type SplitError = (ErrorKind, String, usize);

/// Cuts a prepared text into pieces.
pub(crate) fn split(text: &str, delimiters: &Delimiters) -> Result<Vec<Piece>, SplitError> {
    let Delimiters { open, delimiter, close } = delimiters;
    if open.is_empty() || delimiter.is_empty() || close.is_empty() {
        return Err((ErrorKind::Syntax, "a delimiter is empty".into(), 0));
    }
    let splitter = Splitter {
        text,
        open: format!("{open}{delimiter}"),
        close: format!("{delimiter}{close}"),
        literal_close: format!("{delimiter}{delimiter}{close}"),
        delimiter,
        first: delimiter.chars().next().unwrap_or_default(),
        open_delimiter: open,
        closes: true,
    };
    Walk { splitter, pieces: Vec::new(), literal: false, truncate: false, in_comment: false }.run()
}

struct Walk<'t> {
    splitter: Splitter<'t>,
    pieces: Vec<Piece>,
    /// After `<%%` or `%%>`, until the next closing tag, which then is text.
    literal: bool,
    /// After `-%>` or `_%>`: one line end is dropped from the text that follows.
    truncate: bool,
    /// A tag has left a comment open, which goes on in the next one.
    in_comment: bool,
}

impl Walk<'_> {
    fn run(mut self) -> Result<Vec<Piece>, SplitError> {
        let mut at = 0;
        let mut slurp_from = None;
        loop {
            let next = self.splitter.next(at);
            let (mark_at, length, mark) = next.unwrap_or((self.splitter.text.len(), 0, Mark::LiteralOpen));
            self.text(slurp_from.take().unwrap_or(at), self.text_end(mark_at, length, mark));
            if next.is_none() {
                return Ok(self.pieces);
            }
            at = mark_at + length;
            match mark {
                Mark::LiteralOpen => {
                    self.literal = true;
                    self.push_text(mark_at, mark_at + self.splitter.open.len());
                }
                Mark::LiteralClose => {
                    self.literal = true;
                    self.push_text(at - self.splitter.close.len(), at);
                }
                Mark::Close { trims } => {
                    slurp_from = self.closed(mark_at, at, trims);
                }
                // Of a tag with nothing but a literal mark in it the marks remain: the literal one, and the closing one as text.
                Mark::Open(_) if self.splitter.holds_literal(at) => {}
                Mark::Open(kind) => {
                    let (closed_at, closed, trims) = self.tag(mark_at, at, kind)?;
                    at = closed;
                    let _ = closed_at;
                    self.literal = false;
                    slurp_from = self.closed(closed_at, closed, trims);
                }
            }
        }
    }

    /// Where text before a mark ends: `<%_` takes the blanks before it.
    fn text_end(&self, mark_at: usize, length: usize, mark: Mark) -> usize {
        let text = self.splitter.text;
        match mark {
            Mark::Open(_) if text[mark_at..mark_at + length].ends_with('_') => {
                text[..mark_at].trim_end_matches([' ', '\t']).len()
            }
            _ => mark_at,
        }
    }

    /// A closing tag ends literal mode as text, and any other mode silently. Gives where the text after it starts.
    fn closed(&mut self, at: usize, end: usize, trims: bool) -> Option<usize> {
        if std::mem::take(&mut self.literal) {
            self.text(at, end);
        }
        self.truncate = trims;
        let text = self.splitter.text;
        let slurps = trims && text[at..].starts_with('_');
        slurps.then(|| end + text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len())
    }

    /// Text outside of tags: the line end after a trimming tag goes, and lines are counted.
    fn text(&mut self, start: usize, end: usize) {
        if start >= end {
            return;
        }
        let text = &self.splitter.text[start..end];
        let mut skip = 0;
        if std::mem::take(&mut self.truncate) {
            skip = match text.as_bytes() {
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                _ => 0,
            };
        }
        self.push_text(start + skip, end);
        if text.contains('\n') {
            self.pieces.push(Piece::Line);
        }
    }

    fn push_text(&mut self, start: usize, end: usize) {
        if start < end {
            self.pieces.push(Piece::Text { start: start as u32, end: end as u32 });
        }
    }

    /// The code of a tag that opens at `tag`, and its closing tag: where that stands, where it ends, whether it trims.
    fn tag(&mut self, tag: usize, start: usize, kind: Option<Tag>) -> Result<(usize, usize, bool), SplitError> {
        let text = self.splitter.text;
        let name = &text[tag..start];
        let unclosed = || (ErrorKind::Syntax, format!("tag '{name}' is never closed"), tag);
        let (at, length) = match kind {
            Some(_) => {
                let Splitter { open, close, literal_close, .. } = &self.splitter;
                // Marks that EJS finds before the closing one, and then has no closing one where it looks for it.
                end_of_code(text, start, close, &[open, literal_close], &mut self.in_comment)
                    .map_err(|error| error.unwrap_or_else(unclosed))?
            }
            // The mark that ends `<%#` is the next one, if it is a closing one.
            None => match self.splitter.next(start) {
                Some((at, length, Mark::Close { .. })) => (at, length),
                // EJS takes `<##` for the delimiter twice when it asks for an end, and for a comment else: any mark ends it.
                next if self.splitter.delimiter == "#" => {
                    let at = next.map_or(text.len(), |(at, ..)| at);
                    return Ok((at, at, false));
                }
                _ => return Err(unclosed()),
            },
        };
        let inside = &text[start..at];
        // EJS looks for the closing tag two parts on, and an empty tag has no part between.
        if inside.is_empty() {
            return Err(unclosed());
        }
        if let Some(kind) = kind {
            self.pieces.push(Piece::Code { kind, tag: tag as u32, start: start as u32, end: at as u32 });
        }
        if inside.contains('\n') {
            self.pieces.push(Piece::Line);
        }
        Ok((at, at + length, length > self.splitter.close.len()))
    }
}

/// EJS's `rmWhitespace`: runs of line ends become one, and blanks at both ends of every line go. It works on the whole
/// text, code included.
pub(crate) fn prepare(text: &str, remove_white_space: bool) -> Prepared {
    if !remove_white_space {
        return Prepared::whole(text);
    }
    let mut prepared = Prepared::default();
    // `^\s+|\s+$` with the m flag: white space that touches the start or the end of a line goes, line ends included, so
    // that of a run of blanks with a line end in it one '\n' stays between two lines that have something.
    let mut at = 0;
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let kept = line.trim_matches(is_space);
        if !kept.is_empty() {
            let offset = at + (line.len() - line.trim_start_matches(is_space).len());
            if !prepared.text().is_empty() {
                // The line end stands just before what it separates.
                prepared.push("\n", offset.saturating_sub(1));
            }
            prepared.push(kept, offset);
        }
        at += line.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    prepared
}

/// White space and line ends of ECMA-262 §12.2 and §12.3; unlike Rust's, with the BOM and without U+0085.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}
