//! What can go wrong, with its place.
//!
//! JavaScript's own errors keep JavaScript's names and V8's wording, because a program can catch them and print their
//! message. The bounds of [`Limits`](crate::Limits) have kinds of their own; no `catch` in a program holds those.

use super::source::{Position, Source};
use std::fmt;

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The program does not parse, or uses a construct outside the language.
    Syntax,
    /// A name that nothing declares (JavaScript's `ReferenceError`).
    Reference,
    /// An operation on a value of the wrong type (JavaScript's `TypeError`).
    Type,
    /// A number outside what an operation takes, or too deep a recursion (JavaScript's `RangeError`).
    Range,
    /// A malformed percent-encoding (JavaScript's `URIError`).
    Uri,
    /// Thrown by the program itself (`throw …`), or an error of a Rust helper.
    Thrown,
    /// A program that can not be found, read, or that lies outside the root; an include cycle or depth.
    Include,
    /// More steps than [`Limits::steps`](crate::Limits::steps).
    StepLimit,
    /// More output than [`Limits::output`](crate::Limits::output).
    OutputLimit,
    /// A value larger than [`Limits::string`](crate::Limits::string), or more than [`Limits::memory`](crate::Limits::memory).
    MemoryLimit,
    /// Source, nesting or data beyond the compile-time and depth bounds.
    NestingLimit,
    /// The writer that the run was given failed.
    Write,
}

impl ErrorKind {
    /// The name that JavaScript gives the constructor of this kind, as `error.name` shows it.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Syntax => "SyntaxError",
            ErrorKind::Reference => "ReferenceError",
            ErrorKind::Type => "TypeError",
            ErrorKind::Range => "RangeError",
            ErrorKind::Uri => "URIError",
            ErrorKind::Thrown | ErrorKind::Include => "Error",
            ErrorKind::StepLimit => "StepLimit",
            ErrorKind::OutputLimit => "OutputLimit",
            ErrorKind::MemoryLimit => "MemoryLimit",
            ErrorKind::NestingLimit => "NestingLimit",
            ErrorKind::Write => "WriteError",
        }
    }

    /// Whether a `try` in a program may catch it.
    pub(crate) fn catchable(self) -> bool {
        use ErrorKind::*;
        matches!(self, Syntax | Reference | Type | Range | Uri | Thrown | Include)
    }
}

/// An error of compiling or rendering: kind, message, file, place, and the source line with a caret.
///
/// ```
/// let error = wirebook_script::Program::expression("a +\n1 + )").unwrap_err();
/// assert_eq!(error.to_string(), "\
/// SyntaxError: unexpected token ')'
///   at expression:2:5
/// 2 | 1 + )
///   |     ^");
/// ```
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    file: String,
    position: Option<Position>,
    excerpt: String,
    chain: Vec<String>,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            file: String::new(),
            position: None,
            excerpt: String::new(),
            chain: Vec::new(),
        }))
    }

    /// An error with its place in a source.
    pub fn at(kind: ErrorKind, message: impl Into<String>, source: &Source, offset: u32) -> Error {
        Error::new(kind, message).placed(source, offset)
    }

    fn placed(mut self, source: &Source, offset: u32) -> Error {
        let position = source.position(offset);
        self.0.file = source.name().to_owned();
        self.0.position = Some(position);
        self.0.excerpt = source.excerpt(position);
        self
    }

    /// With the includes that led there.
    pub fn with_chain(mut self, chain: Vec<String>) -> Error {
        self.0.chain = chain;
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message without kind and place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The program's name; empty when the error belongs to none.
    pub fn file(&self) -> &str {
        &self.0.file
    }

    /// Where in the program; `None` for errors that have no place, such as a missing file.
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// The source line with a caret under the column; empty without a position.
    pub fn excerpt(&self) -> &str {
        &self.0.excerpt
    }

    /// The includes that led here, innermost first, as `file:line:column`.
    pub fn chain(&self) -> &[String] {
        &self.0.chain
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, file, position, excerpt, chain } = &*self.0;
        write!(f, "{}: {message}", kind.name())?;
        if let Some(p) = position {
            write!(f, "\n  at {file}:{}:{}\n{excerpt}", p.line, p.column)?;
        }
        for link in chain {
            write!(f, "\n  included from {link}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
