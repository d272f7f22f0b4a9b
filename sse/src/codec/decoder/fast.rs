//! The decoder that is used: it finds line ends with vector instructions and hands out slices of its input.
//!
//! How it is fast, each against [`by_line`](super::by_line):
//!
//! 1. **Lines are found, not collected.** The search compares 32 bytes at a time; a line that lies whole in the input is
//!    read where it lies. Only the unfinished last line of an input is copied, and it is never scanned again.
//! 2. **One line of data is borrowed.** Nearly every event has one `data` line, so the first one is only remembered
//!    (`Held`). It is copied to the data buffer when a second line comes, or when the input ends before the event.
//! 3. **Buffers are kept.** Type, id, data and the unfinished line each have one, which is cleared and not dropped.
//! 4. **UTF-8 is checked on the way.** The search for the line end also notices whether all was ASCII (see `scan.rs`);
//!    only other lines are read a second time.

use std::borrow::Cow;

use super::Limits;
use crate::codec::error::DecodeError;
use crate::codec::event::{Event, MESSAGE};
use crate::codec::line::{self, Line};
use crate::codec::scan;

/// See the [contract](super).
///
/// ```
/// use wirebook_sse::{Decoder, Event};
/// let mut decoder = Decoder::default();
/// assert_eq!(decoder.receive(b"id: 7\ndata: x\n\ndata: y"), Ok((15, Some(Event::data("x").id("7")))));
/// assert_eq!(decoder.receive(b"data: y"), Ok((7, None)));
/// assert_eq!(decoder.receive(b"\n\n"), Ok((2, Some(Event::data("y").id("7")))));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    limits: Limits,
    /// The unfinished line at the end of the last input.
    line: Vec<u8>,
    first_line_read: bool,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    /// The data buffer of the standard, unless its only line is [`Held`].
    data: Vec<u8>,
    event_type: String,
    /// The last event ID buffer, when it differs from the string below.
    new_id: Option<String>,
    last_event_id: String,
    retry: Option<u64>,
    /// The buffers above still hold the event that the last call returned.
    dispatched: bool,
    /// The last event's data with U+FFFD in it.
    replaced: String,
    failed: Option<DecodeError>,
}

/// Bytes of capacity that the data buffer keeps from one event to the next: one huge event is not paid for for ever.
const KEPT: usize = 64 * 1024;

/// The first `data` value of the event, in the input, while it is the only one.
type Held<'a> = Option<scan::Line<'a>>;

impl Decoder {
    /// A decoder at the start of a stream that goes on from `last_event_id` (`""` for the first stream).
    ///
    /// The standard starts each stream's last event ID *buffer* empty, so that an event without an id after a
    /// reconnection would reset the client's place. Browsers keep it, and so do we.
    pub fn new(limits: Limits, last_event_id: &str) -> Self {
        Decoder { limits, last_event_id: last_event_id.to_string(), ..Decoder::default() }
    }

    /// The same decoder with a reconnection time that an earlier stream has set.
    pub fn with_retry(self, retry: Option<u64>) -> Self {
        Decoder { retry, ..self }
    }

    /// Consumes from `input`; returns how much, and an event if one ended there. After an error it returns that error.
    #[inline]
    pub fn receive<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.advance(input) {
            Ok((used, None)) => Ok((used, None)),
            Ok((used, Some(held))) => Ok((used, Some(self.event(held)))),
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// The last event ID: what a reconnection sends.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The reconnection time in milliseconds, once a `retry` field has set it.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Reads lines until an event is complete: `Some(held)` then says whether its data is in the input or in `data`.
    fn advance<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Held<'a>>), DecodeError> {
        if self.dispatched {
            self.dispatched = false;
            self.data.clear();
            self.data.shrink_to(KEPT);
            self.event_type.clear();
        }
        let mut at = 0;
        if self.after_cr && !input.is_empty() {
            self.after_cr = false;
            at = usize::from(input[0] == b'\n');
        }
        let mut held = None;
        while at < input.len() {
            // Half of all lines are empty: a look at one byte saves the search.
            let found = match input[at] {
                b'\n' | b'\r' => Some(scan::Line::EMPTY),
                _ => scan::line(input, at),
            };
            let Some(line) = found else {
                append(&mut self.line, &input[at..], self.limits.max_line, DecodeError::LineTooLong)?;
                break;
            };
            let length = line.bytes().len();
            self.after_cr = input[at + length] == b'\r';
            at += length + 1;

            let dispatch = if self.line.is_empty() && self.first_line_read {
                if length > self.limits.max_line {
                    return Err(DecodeError::LineTooLong);
                }
                self.interpret(line, &mut held)?
            } else {
                self.interpret_carried(line.bytes())?
            };
            if dispatch {
                self.dispatched = true;
                return Ok((at, Some(held)));
            }
            if self.after_cr && at < input.len() {
                self.after_cr = false;
                at += usize::from(input[at] == b'\n');
            }
        }
        if let Some(first) = held {
            self.append_data(first.bytes())?;
        }
        Ok((input.len(), None))
    }

    /// The end of a line whose beginning came earlier, or the first line, which may have a BOM.
    #[cold]
    fn interpret_carried(&mut self, tail: &[u8]) -> Result<bool, DecodeError> {
        append(&mut self.line, tail, self.limits.max_line, DecodeError::LineTooLong)?;
        let line = std::mem::take(&mut self.line);
        let text = if self.first_line_read { &line[..] } else { line.strip_prefix(line::BOM).unwrap_or(&line) };
        self.first_line_read = true;
        let result = match Line::parse(text) {
            Line::Blank => Ok(self.dispatch(!self.data.is_empty())),
            Line::Comment(_) => Ok(false),
            Line::Field(b"data", value) => self.append_data(value).map(|()| false),
            Line::Field(name, value) => {
                self.set(name, value);
                Ok(false)
            }
        };
        self.line = line;
        self.line.clear();
        result
    }

    /// A line that lies whole in the input. Returns whether it completes an event.
    #[inline]
    fn interpret<'a>(&mut self, line: scan::Line<'a>, held: &mut Held<'a>) -> Result<bool, DecodeError> {
        if line.bytes().is_empty() {
            return Ok(self.dispatch(held.is_some() || !self.data.is_empty()));
        }
        let value = match line.bytes() {
            [b'd', b'a', b't', b'a', b':', b' ', ..] => line.skip(6),
            [b'd', b'a', b't', b'a', b':', ..] => line.skip(5),
            b"data" => line.skip(4),
            bytes => {
                if let Line::Field(name, value) = Line::parse(bytes) {
                    self.set(name, value);
                }
                return Ok(false);
            }
        };
        if held.is_none() && self.data.is_empty() {
            if value.bytes().len() >= self.limits.max_event {
                return Err(DecodeError::EventTooLarge);
            }
            *held = Some(value);
            return Ok(false);
        }
        if let Some(first) = held.take() {
            self.append_data(first.bytes())?;
        }
        self.append_data(value.bytes())?;
        Ok(false)
    }

    /// Every field but `data`.
    fn set(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"event" => {
                self.event_type.clear();
                self.event_type.push_str(&String::from_utf8_lossy(value));
            }
            b"id" if !value.contains(&0) => {
                let mut id = self.new_id.take().unwrap_or_default();
                id.clear();
                id.push_str(&String::from_utf8_lossy(value));
                self.new_id = Some(id);
            }
            b"retry" => self.retry = line::retry(value).or(self.retry),
            _ => {}
        }
    }

    /// An empty line. Without data the id takes effect all the same, and the type is forgotten.
    #[inline]
    fn dispatch(&mut self, has_data: bool) -> bool {
        if let Some(id) = self.new_id.take() {
            self.last_event_id = id;
        }
        if !has_data {
            self.event_type.clear();
        }
        has_data
    }

    #[cold]
    fn append_data(&mut self, value: &[u8]) -> Result<(), DecodeError> {
        let limit = self.limits.max_event;
        append(&mut self.data, value, limit.saturating_sub(1), DecodeError::EventTooLarge)?;
        append(&mut self.data, b"\n", limit, DecodeError::EventTooLarge)
    }

    #[inline]
    fn event<'a>(&'a mut self, held: Held<'a>) -> Event<'a> {
        let (text, bytes) = match held {
            Some(line) => (line.text(), line.bytes()),
            None => {
                let bytes = self.data.strip_suffix(b"\n").unwrap_or_default();
                (std::str::from_utf8(bytes).ok(), bytes)
            }
        };
        let data = match text {
            Some(data) => data,
            None => {
                self.replaced.clear();
                match String::from_utf8_lossy(bytes) {
                    Cow::Borrowed(text) => self.replaced.push_str(text),
                    Cow::Owned(text) => self.replaced = text,
                }
                &self.replaced
            }
        };
        Event {
            event_type: if self.event_type.is_empty() { MESSAGE } else { &self.event_type },
            data,
            id: if self.last_event_id.is_empty() { None } else { Some(&self.last_event_id) },
        }
    }
}

/// Appends within a bound. The buffer grows by doubling, but never past the bound: what is held is what was allowed.
fn append(buffer: &mut Vec<u8>, bytes: &[u8], limit: usize, error: DecodeError) -> Result<(), DecodeError> {
    let needed = buffer.len() + bytes.len();
    if needed > limit {
        return Err(error);
    }
    if needed > buffer.capacity() {
        let capacity = needed.max(buffer.capacity() * 2).min(limit.saturating_add(1));
        buffer.reserve_exact(capacity - buffer.len());
    }
    buffer.extend_from_slice(bytes);
    Ok(())
}
