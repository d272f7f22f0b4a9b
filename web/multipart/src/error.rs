//! What the other side did wrong ([`Error`]), apart from what ours did ([`EncodeError`]).

use core::fmt;

/// The sender of a form broke a rule or a limit. Nothing behind it can be trusted, so the decoder gives no more events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which rule.
    pub violation: Violation,
    /// Where: the offset of the offending byte in the body; for a violation of the Content-Type field, in its value.
    pub offset: u64,
}

impl Error {
    pub(crate) fn new(violation: Violation, offset: usize) -> Error {
        Error { violation, offset: offset as u64 }
    }

    /// The same error in a text that begins `before` bytes earlier.
    pub(crate) fn behind(self, before: u64) -> Error {
        Error { offset: self.offset.saturating_add(before), ..self }
    }

    /// The status of the answer.
    pub const fn status(self) -> u16 {
        self.violation.status()
    }
}

/// The rules of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The request's Content-Type is another type (RFC 7578 §4).
    NotFormData,
    /// The parameters of a Content-Type field are no parameters (RFC 9110 §5.6.6).
    ContentTypeSyntax,
    /// The Content-Type names no boundary (RFC 7578 §4.1).
    BoundaryMissing,
    /// It names two, or spells one in RFC 2231's way as well: two readers would read two bodies.
    BoundaryTwice,
    /// A boundary has 1 to 70 characters, of those that RFC 2046 §5.1.1 lists, and does not end in a space.
    BoundaryInvalid,
    /// Another charset than UTF-8, of the body or of a field (RFC 7578 §5.1.2).
    CharsetUnsupported,
    /// More bytes before the first boundary than [`preamble`](crate::Limits::preamble).
    PreambleTooLarge,
    /// A part's head without an end in [`head`](crate::Limits::head) bytes.
    HeadTooLarge,
    /// More fields in a part's head than [`head_fields`](crate::Limits::head_fields).
    TooManyHeadFields,
    /// Other bytes than padding between a boundary and the end of its line (RFC 2046 §5.1.1).
    DelimiterPadding,
    /// A line of a part's head that is no field: no colon, no name, folded, or with control characters (RFC 9112 §5).
    FieldSyntax,
    /// A part without Content-Disposition (RFC 7578 §4.2).
    DispositionMissing,
    /// A part with two of them.
    DispositionTwice,
    /// A part whose disposition is not `form-data` (RFC 7578 §4.2).
    NotFormDataPart,
    /// The parameters of a Content-Disposition are no parameters (RFC 6266 §4.1).
    DispositionSyntax,
    /// One of them is there twice (RFC 6266 §4.1).
    ParameterTwice,
    /// A part without a name (RFC 7578 §4.2).
    NameMissing,
    /// A name of more bytes than [`name`](crate::Limits::name).
    NameTooLong,
    /// A name that is not UTF-8 (RFC 7578 §5.1).
    NameNotUtf8,
    /// A part with two Content-Type fields.
    ContentTypeTwice,
    /// A field whose content is a multipart body of its own, which RFC 7578 §4.3 has taken out of the format.
    Nested,
    /// More parts than [`parts`](crate::Limits::parts).
    TooManyParts,
    /// More parts without a file name than [`fields`](crate::Limits::fields).
    TooManyFields,
    /// More parts with a file name than [`files`](crate::Limits::files).
    TooManyFiles,
    /// A field of more bytes than [`field`](crate::Limits::field).
    FieldTooLarge,
    /// A file of more bytes than [`file`](crate::Limits::file).
    FileTooLarge,
    /// A body of more bytes than [`total`](crate::Limits::total).
    BodyTooLarge,
    /// More bytes behind the last boundary than [`epilogue`](crate::Limits::epilogue).
    EpilogueTooLarge,
    /// The body ends before its last boundary (RFC 2046 §5.1.1).
    Truncated,
    /// The caller's mistake, and no violation of the sender's: bytes behind the end that it had told.
    OutOfTurn,
}

impl Violation {
    /// All violations, in the order of their declaration.
    pub const ALL: [Violation; 30] = [
        Violation::NotFormData,
        Violation::ContentTypeSyntax,
        Violation::BoundaryMissing,
        Violation::BoundaryTwice,
        Violation::BoundaryInvalid,
        Violation::CharsetUnsupported,
        Violation::PreambleTooLarge,
        Violation::HeadTooLarge,
        Violation::TooManyHeadFields,
        Violation::DelimiterPadding,
        Violation::FieldSyntax,
        Violation::DispositionMissing,
        Violation::DispositionTwice,
        Violation::NotFormDataPart,
        Violation::DispositionSyntax,
        Violation::ParameterTwice,
        Violation::NameMissing,
        Violation::NameTooLong,
        Violation::NameNotUtf8,
        Violation::ContentTypeTwice,
        Violation::Nested,
        Violation::TooManyParts,
        Violation::TooManyFields,
        Violation::TooManyFiles,
        Violation::FieldTooLarge,
        Violation::FileTooLarge,
        Violation::BodyTooLarge,
        Violation::EpilogueTooLarge,
        Violation::Truncated,
        Violation::OutOfTurn,
    ];

    // ANCHOR: status
    /// The status that an answer has: 413 for more than a limit on content allows, 415 for what is no form that we read,
    /// 400 for what nobody should have sent.
    pub const fn status(self) -> u16 {
        use Violation::*;
        match self {
            NotFormData | CharsetUnsupported => 415,
            TooManyParts | TooManyFields | TooManyFiles => 413,
            FieldTooLarge | FileTooLarge | BodyTooLarge => 413,
            OutOfTurn => 500,
            _ => 400,
        }
    }
    // ANCHOR_END: status

    /// The section that holds the rule, or "limit" for one of ours, and the rule in a few words.
    pub const fn rule(self) -> (&'static str, &'static str) {
        const LIMIT: &str = "limit";
        match self {
            Violation::NotFormData => ("RFC 7578 §4", "the body is no multipart/form-data"),
            Violation::ContentTypeSyntax => {
                ("RFC 9110 §5.6.6", "a parameter of Content-Type is a name, =, and a value")
            }
            Violation::BoundaryMissing => ("RFC 7578 §4.1", "the Content-Type names the boundary"),
            Violation::BoundaryTwice => ("RFC 7578 §4.1", "there is one boundary"),
            Violation::BoundaryInvalid => {
                ("RFC 2046 §5.1.1", "a boundary has 1 to 70 of the characters that are listed")
            }
            Violation::CharsetUnsupported => ("RFC 7578 §5.1.2", "the charset is UTF-8"),
            Violation::PreambleTooLarge => (LIMIT, "too much stands before the first boundary"),
            Violation::HeadTooLarge => (LIMIT, "the head of a part is too large"),
            Violation::TooManyHeadFields => (LIMIT, "the head of a part has too many fields"),
            Violation::DelimiterPadding => ("RFC 2046 §5.1.1", "a boundary ends its line, padding apart"),
            Violation::FieldSyntax => ("RFC 9112 §5", "a line of a part's head is a name, a colon and a value"),
            Violation::DispositionMissing => ("RFC 7578 §4.2", "each part has a Content-Disposition"),
            Violation::DispositionTwice => ("RFC 7578 §4.2", "each part has one Content-Disposition"),
            Violation::NotFormDataPart => ("RFC 7578 §4.2", "the disposition of a part is form-data"),
            Violation::DispositionSyntax => ("RFC 6266 §4.1", "a parameter is a name, =, and a value"),
            Violation::ParameterTwice => ("RFC 6266 §4.1", "no parameter comes twice"),
            Violation::NameMissing => ("RFC 7578 §4.2", "each part has a name"),
            Violation::NameTooLong => (LIMIT, "the name of a part is too long"),
            Violation::NameNotUtf8 => ("RFC 7578 §5.1", "the name of a part is UTF-8"),
            Violation::ContentTypeTwice => ("RFC 7578 §4.4", "a part has at most one Content-Type"),
            Violation::Nested => ("RFC 7578 §4.3", "no form is nested in a field"),
            Violation::TooManyParts => (LIMIT, "the form has too many parts"),
            Violation::TooManyFields => (LIMIT, "the form has too many fields"),
            Violation::TooManyFiles => (LIMIT, "the form has too many files"),
            Violation::FieldTooLarge => (LIMIT, "a field is too large"),
            Violation::FileTooLarge => (LIMIT, "a file is too large"),
            Violation::BodyTooLarge => (LIMIT, "the body is too large"),
            Violation::EpilogueTooLarge => (LIMIT, "too much stands behind the last boundary"),
            Violation::Truncated => ("RFC 2046 §5.1.1", "the body ends with its last boundary"),
            Violation::OutOfTurn => ("ours", "no bytes come behind the end"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (section, rule) = self.violation.rule();
        write!(f, "byte {}: {rule} ({section})", self.offset)
    }
}

impl core::error::Error for Error {}

/// What cannot be written. Nothing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// A name or file name with a control character apart from CR and LF, or a type with any: a part's head is lines.
    Control,
    /// The content has the boundary at the start of a line: whoever reads it would see the part end there.
    BoundaryInContent,
    /// The part, its content or its end is not what comes next.
    OutOfTurn,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EncodeError::Control => "a control character in the head of a part",
            EncodeError::BoundaryInContent => "the boundary stands in the content",
            EncodeError::OutOfTurn => "this is not what comes next in a form",
        })
    }
}

impl core::error::Error for EncodeError {}
