//! What can go wrong: our own mistakes ([`SetupError`], [`OutOfTurn`]) apart from the peer's: why an event source reconnects
//! ([`Cause`]) or closes ([`Closed`]).

use std::fmt;

use wirebook_http1::Error as HttpError;

use crate::codec::error::DecodeError;
use crate::source::state::OutOfTurn;
use crate::source::url::UrlError;

/// What an event source cannot be made of. It is told before anything is connected: a request that can never be sent is
/// no reason to reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupError {
    /// The URL.
    Url(UrlError),
    /// The name of a field is no token: letters, digits and ``!#$%&'*+-.^_`|~``, all ASCII. Source: RFC 9110 §5.1.
    FieldName(String),
    /// The value of the field with this name has a control character in it. Source: RFC 9110 §5.5.
    FieldValue(String),
    /// The field with this name is HTTP's business or the event source's own: see [`RESERVED`](crate::source::settings::RESERVED).
    FieldReserved(String),
    /// All fields together are more than a head may have (64 KiB, 100 fields).
    FieldsTooLarge,
    /// The id to start from has a control character in it, or is larger than a head may be.
    LastEventId,
}

/// Why a connection was lost that will be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The host is there and refused the connection.
    Refused,
    /// The host is not known, or there is no way to it.
    Unreachable,
    /// The server was reached, and TLS could not be agreed on: why, such as "the certificate has expired".
    Insecure(&'static str),
    /// There was no answer within [`head_timeout`](crate::Settings::head_timeout).
    HeadTimeout,
    /// The stream was silent for [`silence_timeout`](crate::Settings::silence_timeout), or its kernel found nobody at the
    /// other end.
    Silence,
    /// The server ended the stream, or ended the connection instead of answering.
    Ended,
    /// The server ended the stream or the connection of HTTP/2, for a reason that it gave: the code's name, such as `INTERNAL_ERROR`.
    Told(&'static str),
    /// The connection broke, or ended in the middle of its message.
    Broken,
    /// What came is not HTTP/1.1.
    NotHttp(HttpError),
    /// What came breaks a rule of HTTP/2: this one.
    NotHttp2(&'static str),
    /// Two `Location` fields that disagree: to Fetch a network error (§2.2.6, "location URL").
    TwoLocations,
    /// More informational answers (1xx) before the one that counts than a client follows.
    TooManyInformational,
    /// More than [`MAX_REDIRECTS`](crate::source::connection::MAX_REDIRECTS) redirects in a row: to Fetch a network error.
    TooManyRedirects,
    /// Another status than 200, with [`retry_refusals`](crate::Settings::retry_refusals).
    Status(u16),
    /// Another type than `text/event-stream`, with [`retry_refusals`](crate::Settings::retry_refusals).
    ContentType,
    /// A content coding, with [`retry_refusals`](crate::Settings::retry_refusals).
    ContentEncoding(Coding),
}

/// Why an event source closed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The caller closed it.
    ByCaller,
    /// 204: the server asks the client to stop. Source: WHATWG HTML §9.2.1.
    NoContent,
    /// Another status than 200. Source: §9.2.3.
    Status(u16),
    /// Another type than `text/event-stream`. Source: §9.2.3.
    ContentType,
    /// A content coding that was not asked for: `Accept-Encoding: identity` went out. Source: RFC 9110 §12.5.3.
    ContentEncoding(Coding),
    /// A redirect to where this client cannot go.
    Redirect(UrlError),
    /// A stream past our bounds: it would be past them again.
    TooLarge(DecodeError),
    /// The driver called what the table does not have. Ours to mend, and nothing that a peer can bring about.
    Driver(OutOfTurn),
}

/// The name of a content coding, as far as it fits in 15 bytes; what is no ASCII letter, digit or mark is a `?`.
///
/// ```
/// assert_eq!(wirebook_sse::source::error::Coding::new(b"gzip").as_str(), "gzip");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    bytes: [u8; 15],
    length: u8,
}

impl Coding {
    /// The name as it was received.
    pub fn new(name: &[u8]) -> Self {
        let mut bytes = [0; 15];
        let length = name.len().min(bytes.len());
        for (to, &byte) in bytes.iter_mut().zip(name) {
            *to = if byte.is_ascii_graphic() { byte } else { b'?' };
        }
        Coding { bytes, length: length as u8 }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        // Every byte is ASCII.
        str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetupError::Url(error) => error.fmt(f),
            SetupError::FieldName(name) => write!(f, "{name:?} cannot be the name of a field"),
            SetupError::FieldValue(name) => write!(f, "the value of the field {name:?} has a control character in it"),
            SetupError::FieldReserved(name) => write!(f, "the field {name:?} is not the caller's to set"),
            SetupError::FieldsTooLarge => f.write_str("the fields are more than a head may have"),
            SetupError::LastEventId => f.write_str("the last event id cannot be sent"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Refused => f.write_str("the connection was refused"),
            Cause::Unreachable => f.write_str("the host cannot be reached"),
            Cause::Insecure(why) => write!(f, "no secure connection could be made: {why}"),
            Cause::HeadTimeout => f.write_str("the server did not answer in time"),
            Cause::Silence => f.write_str("the stream was silent for too long"),
            Cause::Ended => f.write_str("the server ended the stream"),
            Cause::Told(code) => write!(f, "the server ended the stream: {code}"),
            Cause::Broken => f.write_str("the connection broke"),
            Cause::NotHttp(error) => write!(f, "the answer is not HTTP/1.1: {error}"),
            Cause::NotHttp2(rule) => write!(f, "the answer breaks a rule of HTTP/2: {rule}"),
            Cause::TwoLocations => f.write_str("the answer has two Location fields that disagree"),
            Cause::TooManyInformational => f.write_str("too many informational answers"),
            Cause::TooManyRedirects => f.write_str("too many redirects in a row"),
            Cause::Status(status) => Closed::Status(*status).fmt(f),
            Cause::ContentType => Closed::ContentType.fmt(f),
            Cause::ContentEncoding(coding) => Closed::ContentEncoding(*coding).fmt(f),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Closed::ByCaller => f.write_str("closed by the caller"),
            Closed::NoContent => f.write_str("the server ended the stream (204)"),
            Closed::Status(status) => write!(f, "the server answered with status {status}"),
            Closed::ContentType => f.write_str("the answer is not of type text/event-stream"),
            Closed::ContentEncoding(coding) => {
                write!(f, "the answer is compressed ({}), which was not asked for", coding.as_str())
            }
            Closed::Redirect(error) => write!(f, "redirected to where we cannot go: {error}"),
            Closed::TooLarge(error) => error.fmt(f),
            Closed::Driver(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SetupError {}
impl std::error::Error for Closed {}

impl From<UrlError> for SetupError {
    fn from(error: UrlError) -> Self {
        SetupError::Url(error)
    }
}

impl From<OutOfTurn> for Closed {
    fn from(error: OutOfTurn) -> Self {
        Closed::Driver(error)
    }
}
