//! Stage 5: an event stream (HTML §9.2.5 and §9.2.6).
//!
//! Lines end in CR LF, LF or CR. Each is one of these:
//!
//! - empty: the event is dispatched, unless it has no data;
//! - `:` and a comment: ignored;
//! - `name: value` (one space behind the colon is dropped), or a name alone, whose value is empty.
//!
//! `data` adds a line of data; `event` sets the type, which is `message` otherwise; `id` sets the last event ID, unless it
//! holds a NUL; `retry` sets the time before a reconnection, if it is all digits (what a `u64` cannot hold is the largest
//! one). Other names are ignored. One byte order mark (EF BB BF) at the start of the stream is dropped. Text is UTF-8, and
//! what is not becomes U+FFFD. What the end of the stream cuts off is never dispatched.

/// An event.
pub struct Event {
    /// `message` where the stream names none.
    pub event_type: String,
    /// Its lines, joined with LF.
    pub data: String,
    /// The last event ID: it stays until another one comes.
    pub id: String,
}

/// A stream that is being read.
pub struct Decoder {}

impl Decoder {
    /// At the start of a stream.
    pub fn new() -> Decoder {
        Decoder {}
    }

    /// Reads up to one event: how many bytes are used, and the event. `None`: all of them are used, and more are wanted.
    pub fn receive(&mut self, input: &[u8]) -> (usize, Option<Event>) {
        (input.len(), None)
    }

    /// The last event ID as of the last empty line.
    pub fn last_event_id(&self) -> &str {
        ""
    }

    /// Milliseconds before a reconnection, if the stream has said.
    pub fn retry(&self) -> Option<u64> {
        None
    }
}
