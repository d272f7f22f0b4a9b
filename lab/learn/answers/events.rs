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
#[derive(Default)]
pub struct Decoder {
    /// The line so far.
    line: Vec<u8>,
    /// The last byte was a CR, so a LF now is the second half of its line's end.
    after_cr: bool,
    first_line_read: bool,
    /// Each line of data with a LF behind it.
    data: Vec<u8>,
    event_type: String,
    /// What `id` has set, and what an empty line has made of it.
    id_to_come: String,
    id: String,
    retry: Option<u64>,
}

impl Decoder {
    /// At the start of a stream.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Reads up to one event: how many bytes are used, and the event. `None`: all of them are used, and more are wanted.
    pub fn receive(&mut self, input: &[u8]) -> (usize, Option<Event>) {
        for (at, &byte) in input.iter().enumerate() {
            let second_half = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            if second_half {
                continue;
            }
            if !matches!(byte, b'\r' | b'\n') {
                self.line.push(byte);
            } else if let Some(event) = self.end_line() {
                return (at + 1, Some(event));
            }
        }
        (input.len(), None)
    }

    /// The last event ID as of the last empty line.
    pub fn last_event_id(&self) -> &str {
        &self.id
    }

    /// Milliseconds before a reconnection, if the stream has said.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let is_first = !std::mem::replace(&mut self.first_line_read, true);
        let line = if is_first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        if line.is_empty() {
            return self.dispatch();
        }
        let colon = line.iter().position(|&byte| byte == b':');
        let value = colon.map_or(&[][..], |colon| &line[colon + 1..]);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = || String::from_utf8_lossy(value).into_owned();
        match &line[..colon.unwrap_or(line.len())] {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => self.event_type = text(),
            b"id" if !value.contains(&0) => self.id_to_come = text(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.retry = Some(text().parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        self.id = self.id_to_come.clone();
        let data = std::mem::take(&mut self.data);
        let event_type = std::mem::take(&mut self.event_type);
        let data = data.strip_suffix(b"\n")?;
        let event_type = if event_type.is_empty() { "message".into() } else { event_type };
        Some(Event { event_type, data: String::from_utf8_lossy(data).into_owned(), id: self.id.clone() })
    }
}
