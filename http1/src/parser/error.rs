//! Every rule that a head or a chunk can break, with its section and the status that it earns.

use core::fmt;

/// A rule broken, and where. Eight bytes, no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error {
    /// The rule.
    pub rule: Rule,
    /// The byte, counted from the start of the input.
    pub offset: u32,
}

impl Error {
    pub(crate) fn at(rule: Rule, offset: usize) -> Error {
        Error { rule, offset: offset as u32 }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.rule, self.offset, self.rule.section())
    }
}

impl core::error::Error for Error {}

/// The rules of RFC 9112 and RFC 9110 that a parser enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A CR that no LF follows.
    BareCr,
    /// A LF without a CR before it, where a line could end.
    BareLf,
    /// The method is a token of at least one byte, and one space ends it.
    Method,
    /// The method is longer than [`MAX_METHOD`](super::MAX_METHOD).
    MethodTooLong,
    /// The target is at least one byte of visible ASCII without `#`, and one space ends it.
    Target,
    /// The request-line is longer than [`Limits::line`](super::Limits::line).
    LineTooLong,
    /// `HTTP/` digit `.` digit, and nothing between that and the end of the line (or the space before a status).
    Version,
    /// A well-formed version that is neither 1.0 nor 1.1.
    UnsupportedVersion,
    /// The status code has three digits, the first of them not 0, and a space or the end of the line follows.
    StatusCode,
    /// The reason phrase has no controls but HTAB.
    Reason,
    /// The status-line is longer than [`Limits::line`](super::Limits::line).
    StatusLineTooLong,
    /// No white space between the start-line and the first field line.
    LeadingSpace,
    /// A field line does not start with white space: folding is obsolete.
    ObsoleteFold,
    /// A field name has at least one byte.
    EmptyName,
    /// A field name is a token.
    FieldName,
    /// No white space between a field name and its colon.
    SpaceBeforeColon,
    /// A field line has a colon.
    MissingColon,
    /// A field value has no controls but HTAB.
    FieldValue,
    /// More field lines than [`Limits::fields`](super::Limits::fields), or than the storage holds.
    TooManyFields,
    /// More bytes than `Limits::head`.
    HeadTooLarge,
    /// A chunk starts with at least one hexadecimal digit, and an extension or CRLF follows.
    ChunkSize,
    /// A chunk size has at most 16 digits, so that it fits 64 bits.
    ChunkSizeTooLong,
    /// `;` name, or `;` name `=` token or quoted string.
    ChunkExtension,
    /// The extensions of one chunk, or of one message, are too long.
    ChunkExtensionTooLong,
    /// CRLF stands behind the data of a chunk.
    ChunkEnd,
}

impl Rule {
    /// The rules, in the order of the wire.
    pub const ALL: [Rule; 25] = [
        Rule::BareCr,
        Rule::BareLf,
        Rule::Method,
        Rule::MethodTooLong,
        Rule::Target,
        Rule::LineTooLong,
        Rule::Version,
        Rule::UnsupportedVersion,
        Rule::StatusCode,
        Rule::Reason,
        Rule::StatusLineTooLong,
        Rule::LeadingSpace,
        Rule::ObsoleteFold,
        Rule::EmptyName,
        Rule::FieldName,
        Rule::SpaceBeforeColon,
        Rule::MissingColon,
        Rule::FieldValue,
        Rule::TooManyFields,
        Rule::HeadTooLarge,
        Rule::ChunkSize,
        Rule::ChunkSizeTooLong,
        Rule::ChunkExtension,
        Rule::ChunkExtensionTooLong,
        Rule::ChunkEnd,
    ];

    /// Where the rule is written.
    pub const fn section(self) -> &'static str {
        match self {
            Rule::BareCr | Rule::BareLf | Rule::LeadingSpace => "RFC 9112 §2.2",
            Rule::Method => "RFC 9112 §3.1",
            Rule::MethodTooLong | Rule::LineTooLong => "RFC 9112 §3",
            Rule::Target => "RFC 9112 §3.2",
            Rule::Version => "RFC 9112 §2.3",
            Rule::UnsupportedVersion => "RFC 9110 §15.6.6",
            Rule::StatusCode | Rule::Reason | Rule::StatusLineTooLong => "RFC 9112 §4",
            Rule::ObsoleteFold => "RFC 9112 §5.2",
            Rule::EmptyName | Rule::MissingColon => "RFC 9112 §5",
            Rule::FieldName => "RFC 9110 §5.1",
            Rule::SpaceBeforeColon => "RFC 9112 §5.1",
            Rule::FieldValue => "RFC 9110 §5.5",
            Rule::TooManyFields | Rule::HeadTooLarge => "RFC 6585 §5",
            Rule::ChunkSize | Rule::ChunkSizeTooLong | Rule::ChunkEnd => "RFC 9112 §7.1",
            Rule::ChunkExtension | Rule::ChunkExtensionTooLong => "RFC 9112 §7.1.1",
        }
    }

    /// The status that a server answers; for what only a response can break, the one that a gateway answers (502).
    pub const fn status(self) -> u16 {
        match self {
            Rule::MethodTooLong => 501,
            Rule::LineTooLong => 414,
            Rule::UnsupportedVersion => 505,
            Rule::TooManyFields | Rule::HeadTooLarge => 431,
            Rule::StatusCode | Rule::Reason | Rule::StatusLineTooLong => 502,
            _ => 400,
        }
    }

    /// What is wrong, in a few words.
    pub const fn text(self) -> &'static str {
        match self {
            Rule::BareCr => "CR without LF",
            Rule::BareLf => "LF without CR",
            Rule::Method => "not a method",
            Rule::MethodTooLong => "method too long",
            Rule::Target => "not a request-target",
            Rule::LineTooLong => "request-line too long",
            Rule::Version => "not an HTTP version",
            Rule::UnsupportedVersion => "unsupported HTTP version",
            Rule::StatusCode => "not a status code",
            Rule::Reason => "control in the reason phrase",
            Rule::StatusLineTooLong => "status-line too long",
            Rule::LeadingSpace => "white space before the first field line",
            Rule::ObsoleteFold => "folded field line",
            Rule::EmptyName => "empty field name",
            Rule::FieldName => "not a byte of a field name",
            Rule::SpaceBeforeColon => "white space in or after a field name",
            Rule::MissingColon => "field line without a colon",
            Rule::FieldValue => "control in a field value",
            Rule::TooManyFields => "too many field lines",
            Rule::HeadTooLarge => "head too large",
            Rule::ChunkSize => "not a chunk size",
            Rule::ChunkSizeTooLong => "chunk size too long",
            Rule::ChunkExtension => "not a chunk extension",
            Rule::ChunkExtensionTooLong => "chunk extensions too long",
            Rule::ChunkEnd => "chunk data without its CRLF",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
