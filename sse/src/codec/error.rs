//! What can go wrong: our own mistakes ([`EncodeError`]) apart from the peer's ([`DecodeError`]).

use std::fmt;

/// An event that the format cannot carry. Nothing was written.
///
/// Source: WHATWG HTML §9.2.5: a field value ends at CR or LF, and §9.2.6: an `id` with NUL is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EncodeError {
    /// The event type has CR, LF or NUL in it: the first two would end the field and let data write fields.
    EventType,
    /// The id has CR, LF or NUL in it: a client ignores an id with NUL and would lose its place.
    Id,
}

/// A stream that is larger than the reader allows. The text of the standard has no errors: every sequence of bytes is
/// an event stream; these bounds are ours (see [`Limits`](crate::codec::decoder::Limits)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecodeError {
    /// A line is longer than `max_line` bytes.
    LineTooLong,
    /// The data of one event is larger than `max_event` bytes.
    EventTooLarge,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EncodeError::EventType => "CR, LF or NUL in an event type",
            EncodeError::Id => "CR, LF or NUL in an id",
        })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecodeError::LineTooLong => "a line of the event stream is longer than allowed",
            DecodeError::EventTooLarge => "an event is larger than allowed",
        })
    }
}

impl std::error::Error for EncodeError {}
impl std::error::Error for DecodeError {}
