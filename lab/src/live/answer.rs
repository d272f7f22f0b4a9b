//! What answers are made of: parts, events, states and errors, each with its place in the input.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Its row in the table of sentences.
    pub(crate) key: String,
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
    /// What a reader's own parser says of the same bytes: the widget shows it beneath ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beside: Option<Beside>,
}

/// Both sides of the connection, or of the stream, behind an event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sides {
    event: String,
    client: String,
    server: String,
}

impl Sides {
    pub(crate) fn new(event: &str, client: String, server: String) -> Sides {
        Sides { event: event.into(), client, server }
    }

    /// Whether both sides stand there, whatever the event was.
    pub(crate) fn is_same(&self, other: &Sides) -> bool {
        (&self.client, &self.server) == (&other.client, &other.server)
    }
}

impl Answer {
    /// Bytes of which nothing is shown but their parts.
    pub(crate) fn of_parts(input: &[u8], parts: Vec<Part>) -> Answer {
        Answer {
            input: latin1(input),
            len: input.len(),
            parts,
            events: Vec::new(),
            states: Vec::new(),
            fault: None,
            cut: input.len(),
            before_cut: 0,
            same: true,
            parser: "",
            nanoseconds: None,
            beside: None,
        }
    }
}

/// Another reader of the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Beside {
    /// Whose it is.
    pub(crate) name: String,
    pub(crate) events: Vec<Happening>,
    pub(crate) fault: Option<Fault>,
}

/// What a widget that cuts bytes asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    pub(super) cut: Option<usize>,
    pub(super) parser: Option<String>,
}

impl Ask {
    /// The bytes to take apart.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        bytes(&self.input)
    }
}

/// Answers the body of a request: the one place where questions are read and answers are written.
pub(super) fn reply<A: DeserializeOwned, B: Serialize>(
    body: Value,
    answer: impl FnOnce(A) -> Result<B, String>,
) -> Result<String, String> {
    let ask = serde_json::from_value(body).map_err(|error| format!("The request is not understood: {error}."))?;
    serde_json::to_string(&answer(ask)?).map_err(|error| error.to_string())
}

/// Bytes that travelled as text, one character each; not more than a widget takes.
pub(super) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
    let bytes = bytes.ok_or("The input has characters over U+00FF: write their UTF-8 bytes as \\xNN.")?;
    match bytes.len() > MAX_INPUT {
        true => Err(format!("The input has {} bytes, the widget takes {MAX_INPUT}.", bytes.len())),
        false => Ok(bytes),
    }
}

/// Bytes as they travel: one character each.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| byte as char).collect()
}

/// How many there are of something: "1 field", "2 fields".
pub(crate) fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
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
