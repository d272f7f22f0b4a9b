//! What a program is made of before it is read: texts to put out and code, in the order of their source.

/// What is done with a piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It is run: statements.
    Run,
    /// It is an expression, whose value is put out escaped.
    Escaped,
    /// It is an expression, whose value is put out as it is.
    Raw,
}

/// A piece of a program; offsets are into the prepared text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text to put out. It stands in the prepared text as it is.
    Text {
        /// Its first byte.
        start: u32,
        /// The byte after its last.
        end: u32,
    },
    /// Code.
    Code {
        /// What is done with it.
        kind: Tag,
        /// Where whatever marks it as code begins.
        tag: u32,
        /// Its first byte.
        start: u32,
        /// The byte after its last.
        end: u32,
    },
    /// The end of a statement that stands nowhere in the text.
    Line,
}

/// A text after the changes that precede cutting, and where its parts came from.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    text: String,
    /// Offsets in the prepared text and in the original from which on the two run in step. Empty: they are the same.
    steps: Vec<(u32, u32)>,
}

impl Prepared {
    /// A text as it is.
    pub fn whole(text: &str) -> Prepared {
        Prepared { text: text.to_owned(), steps: Vec::new() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a part that stood at this offset in the original.
    pub fn push(&mut self, part: &str, original: usize) {
        self.steps.push((self.text.len() as u32, original as u32));
        self.text.push_str(part);
    }

    /// The offset in the original.
    pub fn original(&self, offset: u32) -> u32 {
        match self.steps.partition_point(|&(prepared, _)| prepared <= offset) {
            0 => offset,
            n => self.steps[n - 1].1 + (offset - self.steps[n - 1].0),
        }
    }
}
