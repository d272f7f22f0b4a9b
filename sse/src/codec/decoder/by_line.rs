//! The obvious decoder: collect a line, then follow the standard sentence by sentence.
//!
//! It looks at every byte by itself and allocates for every line. It is here to be read first, and to be right.

use super::Limits;
use crate::codec::error::DecodeError;
use crate::codec::event::{Event, MESSAGE};
use crate::codec::line;

/// See the [contract](super).
///
/// ```
/// use wirebook_sse::{decoder::by_line::Decoder, Event};
/// let mut decoder = Decoder::default();
/// assert_eq!(decoder.receive(b"data: x\n\nrest"), Ok((9, Some(Event::data("x")))));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    limits: Limits,
    line: Vec<u8>,
    first_line_read: bool,
    after_cr: bool,
    data_buffer: Vec<u8>,
    event_type_buffer: String,
    last_event_id_buffer: String,
    last_event_id: String,
    retry: Option<u64>,
    dispatched: Option<(String, String)>,
    failed: Option<DecodeError>,
}

impl Decoder {
    /// A decoder at the start of a stream that goes on from `last_event_id` (`""` for the first stream).
    pub fn new(limits: Limits, last_event_id: &str) -> Self {
        let last_event_id = last_event_id.to_string();
        Decoder { limits, last_event_id_buffer: last_event_id.clone(), last_event_id, ..Decoder::default() }
    }

    /// Consumes from `input`; returns how much, and an event if one ended there. After an error it returns that error.
    pub fn receive(&mut self, input: &[u8]) -> Result<(usize, Option<Event<'_>>), DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.dispatched = None;
        for (at, &byte) in input.iter().enumerate() {
            let second_half_of_crlf = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            if second_half_of_crlf {
                continue;
            }
            let result = match byte {
                b'\r' | b'\n' => self.end_line(),
                _ => self.push(byte),
            };
            if let Err(error) = result {
                self.failed = Some(error);
                return Err(error);
            }
            if self.dispatched.is_some() {
                return Ok((at + 1, self.event()));
            }
        }
        Ok((input.len(), None))
    }

    /// The last event ID: what a reconnection sends.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The reconnection time in milliseconds, once a `retry` field has set it.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    fn push(&mut self, byte: u8) -> Result<(), DecodeError> {
        if self.line.len() == self.limits.max_line {
            return Err(DecodeError::LineTooLong);
        }
        self.line.push(byte);
        Ok(())
    }

    // ANCHOR: end_line
    fn end_line(&mut self) -> Result<(), DecodeError> {
        let line = std::mem::take(&mut self.line);
        // "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
        let line = if self.first_line_read { &line[..] } else { line.strip_prefix(line::BOM).unwrap_or(&line) };
        self.first_line_read = true;

        // "If the line is empty (a blank line): Dispatch the event."
        if line.is_empty() {
            self.dispatch();
            return Ok(());
        }
        // "If the line contains a U+003A COLON character (:): Collect the characters on the line before the first U+003A
        // COLON character (:), and let field be that string. Collect the characters on the line after the first U+003A
        // COLON character (:), and let value be that string. If value starts with a U+0020 SPACE character, remove it."
        // "Otherwise: […] using the whole line as the field name, and the empty string as the field value."
        let mut halves = line.splitn(2, |&byte| byte == b':');
        let field = halves.next().unwrap_or_default();
        let value = halves.next().unwrap_or_default();
        let value = if value.starts_with(b" ") { &value[1..] } else { value };
        self.process(field, value)
    }
    // ANCHOR_END: end_line

    /// "The steps to process the field given a field name and a field value". A comment is a field without a name.
    fn process(&mut self, field: &[u8], value: &[u8]) -> Result<(), DecodeError> {
        match field {
            b"event" => self.event_type_buffer = text(value),
            b"data" => {
                self.data_buffer.extend_from_slice(value);
                self.data_buffer.push(b'\n');
                if self.data_buffer.len() > self.limits.max_event {
                    return Err(DecodeError::EventTooLarge);
                }
            }
            // "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value."
            b"id" if !value.contains(&0) => self.last_event_id_buffer = text(value),
            // "If the field value consists of only ASCII digits, then […] set the event stream's reconnection time."
            b"retry" => self.retry = line::retry(value).or(self.retry),
            // "Otherwise: The field is ignored."
            _ => {}
        }
        Ok(())
    }

    // ANCHOR: dispatch
    fn dispatch(&mut self) {
        // "Set the last event ID string of the event source to the value of the last event ID buffer."
        self.last_event_id = self.last_event_id_buffer.clone();
        let data = std::mem::take(&mut self.data_buffer);
        let event_type = std::mem::take(&mut self.event_type_buffer);
        // "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and
        // return." "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove [it]."
        if let [data @ .., b'\n'] = &data[..] {
            let event_type = if event_type.is_empty() { MESSAGE.to_string() } else { event_type };
            self.dispatched = Some((event_type, text(data)));
        }
    }
    // ANCHOR_END: dispatch

    fn event(&self) -> Option<Event<'_>> {
        let (event_type, data) = self.dispatched.as_ref()?;
        let id = (!self.last_event_id.is_empty()).then_some(&self.last_event_id[..]);
        Some(Event { event_type, data, id })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
