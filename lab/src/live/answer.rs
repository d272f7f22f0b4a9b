//! What answers are made of: parts, events, states and errors, each with its place in the input.

use serde::Serialize;

/// Bytes of input that a widget may send. Its own examples have a few hundred.
pub(crate) const MAX_INPUT: usize = 16 * 1024;

/// A piece of the input and what it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Part {
    /// Byte range in the input.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The kind, which gives it its colour and underline: `method`, `target`, `version`, `name`, `value`, `data`, …
    pub(crate) kind: &'static str,
    /// The bytes, with unprintable ones escaped.
    pub(crate) value: String,
    /// The section that holds its rule.
    pub(crate) rule: &'static str,
}

/// An event that the production code gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Happening {
    /// The byte range that it was made from.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) event: &'static str,
    pub(crate) text: String,
}

/// From this byte on the reader is in this state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Mark {
    pub(crate) at: usize,
    pub(crate) state: &'static str,
}

/// An error at its byte.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) rule: &'static str,
    /// What a server answers: status and reason.
    pub(crate) answer: String,
}

/// What a widget shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Answer {
    /// The input as Latin-1: one character a byte.
    pub(crate) input: String,
    pub(crate) len: usize,
    pub(crate) parts: Vec<Part>,
    pub(crate) events: Vec<Happening>,
    pub(crate) states: Vec<Mark>,
    pub(crate) fault: Option<Fault>,
    /// Where the input was cut in two.
    pub(crate) cut: usize,
    /// How many of `events` had come before the cut.
    pub(crate) before_cut: usize,
    /// Whether the events were the same with and without the cut. Never false, or there is a bug.
    pub(crate) same: bool,
    /// The variant that was timed, and its time for the first head, in nanoseconds.
    pub(crate) parser: &'static str,
    pub(crate) nanoseconds: Option<f64>,
}

/// An answer as it travels.
pub(super) fn json(answer: impl Serialize) -> Result<String, String> {
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}

/// Bytes that travelled as text, one character each.
pub(super) fn latin1(text: &str) -> Result<Vec<u8>, String> {
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
    bytes.ok_or("The input has characters over U+00FF: write their UTF-8 bytes as \\xNN.".into())
}

/// Bytes as text: printable ASCII as it is, the rest as `\r`, `\n`, `\t`, `\\`, `\x00`.
pub(crate) fn escape(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(byte as char),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
        text
    })
}

/// Where `part`, a piece of `input`, lies in it.
pub(crate) fn range_in(input: &[u8], part: &[u8]) -> (usize, usize) {
    let start = part.as_ptr().addr() - input.as_ptr().addr();
    (start, start + part.len())
}
