//! Bytes to events, sans-I/O, exact to the WHATWG text. Two variants stand behind one contract:
//!
//! * [`by_line::Decoder`] collects a line, byte by byte, and reads it as text: what one would write first. It stays, and
//!   judges the other.
//! * [`fast::Decoder`], exported as [`Decoder`], looks for line ends with `memchr` and borrows from the input.
//!
//! **The contract.** `receive` takes any piece of the stream, consumes from its front and returns how much, with an event
//! if one ended there; call it until it has consumed everything and returns `None`. However the stream is cut, the events
//! are the same. The count stops directly after the byte that ended the event, CR or LF.
//!
//! | in the stream | effect |
//! |---|---|
//! | BOM | dropped once, at the very start |
//! | CR, LF, CRLF | end a line, in any mix |
//! | empty line | the last event ID takes effect; an event is dispatched if there was a `data` field |
//! | `:` first | comment |
//! | `data` | a line of data |
//! | `event` | the type; the last one counts, an empty one is `message` |
//! | `id` | the last event ID, unless it has NUL in it; it stays until another comes |
//! | `retry` | the reconnection time, at once, if it is digits alone |
//! | any other name | ignored |
//! | broken UTF-8 | U+FFFD |
//! | end of stream | what has no empty line after it is dropped |
//!
//! One exception to the house rule that events never borrow the decoder: the lines of data have to be joined somewhere,
//! and the last event ID outlives its input, so both live in the decoder until the next call.
//!
//! Source: WHATWG HTML §9.2.5 and §9.2.6.

pub mod by_line;
pub mod fast;

pub use fast::Decoder;

/// Bounds on what a stream may make its reader hold. Source: ours; the text has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one line without its end (default 1 MiB). Zero lets nothing but empty lines through; `MAX` switches the bound
    /// off.
    pub max_line: usize,
    /// Bytes of the data of one event, each line counted with the LF that joins it (default 1 MiB). Zero lets through events
    /// without data alone, one an event whose data is empty; `MAX` switches the bound off.
    pub max_event: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_line: 1 << 20, max_event: 1 << 20 }
    }
}
