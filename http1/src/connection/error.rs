//! What the peer did wrong ([`Error`]) apart from what the caller did wrong ([`Misuse`]).

use crate::parser;
use core::fmt;

/// The peer broke a rule. The connection cannot be trusted any further: a server answers with [`Error::status`] and
/// closes, a client closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which rule.
    pub violation: Violation,
    /// Where: a byte offset into the input of the failing [`receive`](crate::Connection::receive).
    pub offset: usize,
}

/// The rules of a message that are not about its spelling: framing, routing, and the order of things. Those about the
/// spelling are [`parser::Rule`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The head, a chunk line or a trailer does not follow the grammar.
    Syntax(parser::Rule),
    /// `Content-Length` is not `1*DIGIT`, or not the same in each place (RFC 9112 §6.3 item 5).
    ContentLength,
    /// `Content-Length` is over 2^63 - 1: no such body can be counted (RFC 9110 §8.6).
    ContentLengthTooLarge,
    /// `Content-Length` together with `Transfer-Encoding`: request smuggling's oldest form (RFC 9112 §6.1, §11.2).
    LengthAndCoding,
    /// `Transfer-Encoding` in an HTTP/1.0 message (RFC 9112 §6.1).
    CodingInHttp10,
    /// A transfer coding other than `chunked` (RFC 9112 §6.1: 501).
    CodingUnknown,
    /// A `Transfer-Encoding` that is empty, repeats `chunked`, or does not end in it (RFC 9112 §6.1, §6.3 item 4).
    CodingInvalid,
    /// HTTP/1.1 without `Host` (RFC 9112 §3.2).
    HostMissing,
    /// More than one `Host` (RFC 9112 §3.2).
    HostRepeated,
    /// `Host` is not `uri-host [":" port]` (RFC 9110 §7.2).
    HostInvalid,
    /// The request-target has none of the four forms, or not the one of its method (RFC 9112 §3.2).
    Target,
    /// An absolute-form target whose scheme is not this connection's: `https` in clear text (RFC 9110 §7.4: 421).
    Misdirected,
    /// The transport ended inside a message (RFC 9112 §8).
    Incomplete,
    /// Bytes came that no request asked for (RFC 9112 §9.2), or after a message that was the last.
    Unasked,
}

impl Error {
    pub(crate) const fn new(violation: Violation, offset: usize) -> Self {
        Error { violation, offset }
    }

    /// The status code that a server answers with before it closes.
    pub const fn status(self) -> u16 {
        self.violation.row().status
    }

    /// The section of the RFC that holds the rule.
    pub const fn section(self) -> &'static str {
        self.violation.row().section
    }
}

/// Who meets a violation: whoever receives what may break its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// A server, in a request.
    ByServer,
    /// A client, in a response.
    ByClient,
    /// Both.
    ByBoth,
}

/// A row of the table of errors.
struct Row {
    text: &'static str,
    section: &'static str,
    status: u16,
    met: Met,
}

const fn row(text: &'static str, section: &'static str, status: u16, met: Met) -> Row {
    Row { text, section, status, met }
}

impl Violation {
    // ANCHOR: violations
    /// The one table of errors: the rule, its section, the status that a server answers with, and which side meets it.
    const fn row(self) -> Row {
        use {Met::*, Violation::*};
        match self {
            Syntax(rule) => row(rule.text(), rule.section(), rule.status(), ByBoth),
            ContentLength => row("Content-Length is not one decimal number", "RFC 9112 §6.3", 400, ByBoth),
            ContentLengthTooLarge => row("Content-Length is larger than any body can be", "RFC 9110 §8.6", 413, ByBoth),
            LengthAndCoding => row("both Content-Length and Transfer-Encoding", "RFC 9112 §6.1", 400, ByBoth),
            CodingInHttp10 => row("Transfer-Encoding in an HTTP/1.0 message", "RFC 9112 §6.1", 400, ByBoth),
            CodingUnknown => row("a transfer coding other than chunked", "RFC 9112 §6.1", 501, ByBoth),
            CodingInvalid => row("Transfer-Encoding must end in chunked, once", "RFC 9112 §6.3", 400, ByBoth),
            HostMissing => row("no Host field", "RFC 9112 §3.2", 400, ByServer),
            HostRepeated => row("more than one Host field", "RFC 9112 §3.2", 400, ByServer),
            HostInvalid => row("Host is not a host with an optional port", "RFC 9110 §7.2", 400, ByServer),
            Target => row("the request-target has not the form that its method needs", "RFC 9112 §3.2", 400, ByServer),
            Misdirected => row("the target's scheme is not this connection's", "RFC 9110 §7.4", 421, ByServer),
            Incomplete => row("the connection ended inside a message", "RFC 9112 §8", 400, ByBoth),
            Unasked => row("bytes that no request asked for", "RFC 9112 §9.2", 400, ByClient),
        }
    }
    // ANCHOR_END: violations

    /// Who meets it.
    pub const fn met(self) -> Met {
        self.row().met
    }
}

impl From<parser::Error> for Error {
    fn from(error: parser::Error) -> Self {
        Error::new(Violation::Syntax(error.rule), error.offset as usize)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().text)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.violation, self.offset, self.section())
    }
}

impl core::error::Error for Error {}

/// The caller asked for bytes that would break a rule, or split a message: nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// A field name that is not a token (RFC 9110 §5.1).
    FieldName,
    /// A field value with CR, LF, NUL or another control character (RFC 9110 §5.5): response splitting.
    FieldValue,
    /// More fields, or more bytes of them, than [`parser::Limits`] would take from a peer.
    FieldsTooLarge,
    /// A method that is not a token, or a target with a space or a control character.
    RequestLine,
    /// An HTTP/1.1 request without `Host`, or any with two (RFC 9112 §3.2).
    Host,
    /// A status outside 100 to 599, or a reason phrase with a control character.
    StatusLine,
    /// The framing fields contradict each other, the version or the message (RFC 9112 §6).
    Framing,
    /// More body bytes than `Content-Length` said.
    TooManyBytes,
    /// The message ended before `Content-Length` was reached.
    TooFewBytes,
    /// Body bytes where none are allowed: 1xx, 204, 304 and answers to HEAD (RFC 9112 §6.3).
    NoBodyAllowed,
    /// The event has no place in the current [`State`](crate::state::State).
    OutOfTurn,
    /// A 101 without `Upgrade`, or to a protocol that the request has not named (RFC 9110 §15.2.2).
    Protocol,
    /// A version that HTTP/1 does not have: of a head of HTTP/2, or of a message of the `http` crate.
    Version,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::FieldName => "a field name must be a token: letters, digits and !#$%&'*+-.^_`|~",
            Misuse::FieldValue => "a field value must not contain CR, LF, NUL or other control characters",
            Misuse::FieldsTooLarge => "too many fields, or too many bytes in them",
            Misuse::RequestLine => "the method must be a token and the target must not contain spaces or controls",
            Misuse::Host => "an HTTP/1.1 request has exactly one Host field",
            Misuse::StatusLine => "the status must be 100 to 599 and the reason free of control characters",
            Misuse::Framing => "the framing fields contradict the message",
            Misuse::TooManyBytes => "more body bytes than Content-Length says",
            Misuse::TooFewBytes => "fewer body bytes than Content-Length says",
            Misuse::NoBodyAllowed => "this message must not have a body",
            Misuse::OutOfTurn => "the message part is out of turn",
            Misuse::Protocol => "101 must name a protocol that the request asked for",
            Misuse::Version => "the version is neither HTTP/1.0 nor HTTP/1.1",
        })
    }
}

impl core::error::Error for Misuse {}
