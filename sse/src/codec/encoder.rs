//! Events to bytes. Every function appends to the caller's buffer.
//!
//! ```text
//! event: add        only when the type is not "message"
//! id: 17            only when there is one
//! data: one line    one field for each line of the data
//! data: another
//!                   an empty line ends the event
//! ```
//! The one danger of the format is a value that holds a line end: it would close its field, and the rest of it would be
//! read as fields of the attacker's choice. So CR, LF and CRLF in data and comments start a new line of the same kind,
//! and the two values that cannot be split, `event` and `id`, are refused before a byte is written.
//!
//! Source: WHATWG HTML §9.2.5 and §9.2.6.

use crate::codec::error::EncodeError;
use crate::codec::event::{Event, MESSAGE};
use crate::codec::line::find_end;
use crate::codec::scan::append_data;

/// Appends an event. On an error nothing was appended.
///
/// ```
/// use wirebook_sse::{encoder, Event};
/// let mut out = Vec::new();
/// encoder::encode(Event::data("a\nb").id("7"), &mut out)?;
/// assert_eq!(out, b"id: 7\ndata: a\ndata: b\n\n");
/// # Ok::<(), wirebook_sse::EncodeError>(())
/// ```
#[inline]
pub fn encode(event: Event<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let has_type = event.event_type != MESSAGE && !event.event_type.is_empty();
    if has_type || event.id.is_some() {
        check(event)?;
        if has_type {
            field(b"event: ", event.event_type.as_bytes(), out);
        }
        if let Some(id) = event.id {
            field(b"id: ", id.as_bytes(), out);
        }
    }
    let data = event.data.as_bytes();
    // Nearly every event has one line of data.
    if !append_data(data, out) {
        lines(b"data: ", data, out);
        out.push(b'\n');
    }
    Ok(())
}

/// Appends an event that has an id and nothing else: the client fires nothing and moves its place there.
///
/// ```
/// let mut out = Vec::new();
/// wirebook_sse::encoder::encode_id("7", &mut out)?;
/// assert_eq!(out, b"id: 7\n\n");
/// # Ok::<(), wirebook_sse::EncodeError>(())
/// ```
pub fn encode_id(id: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    check(Event::data("").id(id))?;
    field(b"id: ", id.as_bytes(), out);
    out.push(b'\n');
    Ok(())
}

/// Appends a comment, which a client ignores: a sign of life for the proxies and for the timers of the client.
///
/// ```
/// let mut out = Vec::new();
/// wirebook_sse::encoder::encode_comment("a\rb", &mut out);
/// assert_eq!(out, b": a\n: b\n\n");
/// ```
pub fn encode_comment(text: &str, out: &mut Vec<u8>) {
    lines(b": ", text.as_bytes(), out);
    out.push(b'\n');
}

/// Appends the time in milliseconds that a client is to wait before it reconnects.
///
/// ```
/// let mut out = Vec::new();
/// wirebook_sse::encoder::encode_retry(3000, &mut out);
/// assert_eq!(out, b"retry: 3000\n");
/// ```
pub fn encode_retry(milliseconds: u64, out: &mut Vec<u8>) {
    field(b"retry: ", milliseconds.to_string().as_bytes(), out);
}

// ANCHOR: check
#[inline]
fn check(event: Event<'_>) -> Result<(), EncodeError> {
    let forbidden = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    if forbidden(event.event_type) {
        return Err(EncodeError::EventType);
    }
    if event.id.is_some_and(forbidden) {
        return Err(EncodeError::Id);
    }
    Ok(())
}
// ANCHOR_END: check

#[inline]
fn field(prefix: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(prefix);
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// One field for each line of `text`; there is always at least one.
#[inline]
fn lines(prefix: &[u8], mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(end) = find_end(text) {
        field(prefix, &text[..end], out);
        let ending = if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
        text = &text[end + ending..];
    }
    field(prefix, text, out);
}

/// What one would write first: strings, `replace` and `format!`. It judges the fast one.
///
/// ```
/// use wirebook_sse::{encoder, Event};
/// assert_eq!(encoder::encode_naive(Event::data("a\rb")), Ok("data: a\ndata: b\n\n".to_string()));
/// ```
// ANCHOR: naive
pub fn encode_naive(event: Event<'_>) -> Result<String, EncodeError> {
    let forbidden = ['\r', '\n', '\0'];
    if event.event_type.contains(forbidden) {
        return Err(EncodeError::EventType);
    }
    let mut text = String::new();
    if !matches!(event.event_type, "" | MESSAGE) {
        text += &format!("event: {}\n", event.event_type);
    }
    if let Some(id) = event.id {
        if id.contains(forbidden) {
            return Err(EncodeError::Id);
        }
        text += &format!("id: {id}\n");
    }
    for line in event.data.replace("\r\n", "\n").replace('\r', "\n").split('\n') {
        text += &format!("data: {line}\n");
    }
    Ok(text + "\n")
}
// ANCHOR_END: naive
