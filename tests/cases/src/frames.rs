//! Frames of HTTP/2 as lines, compiled here and not by the crate that reads them: a mistake there cannot hide itself.
//!
//! ````text
//! ```frames
//! PREFACE
//! SETTINGS INITIAL_WINDOW_SIZE=10
//! HEADERS 1 END_HEADERS GET /
//!   x-a: b
//! DATA 1 END_STREAM PADDED=3 "hello"
//! ```
//! ````
//!
//! A line is a frame: its kind, its stream where it has one, its flags as the RFC names them, joined by `|`, and what its kind
//! needs. Indented lines are fields of the HEADERS or CONTINUATION above them, each spelled out without table and Huffman
//! code; `[82 84]` is octets of the block as they stand. `GET /path` is a request's pseudo-fields, with the scheme http and the
//! authority a; `200` is a response's.
//!
//! | line | payload |
//! |---|---|
//! | `DATA 1 "text"` | the text, with the escapes of `bytes`; `"text"*300` is 300 of them |
//! | `HEADERS 1 END_HEADERS\|END_STREAM GET /` | fields; `DEPENDS=3:15` is an old priority |
//! | `CONTINUATION 1 END_HEADERS` | fields |
//! | `PRIORITY 1 DEPENDS=3:15` | the stream and the weight less one |
//! | `RST_STREAM 1 CANCEL` | the code |
//! | `SETTINGS NAME=VALUE …`, `SETTINGS ACK` | entries, by name or number |
//! | `PING "12345678"`, `PING ACK "12345678"` | the text |
//! | `GOAWAY 1 NO_ERROR "text"` | the last stream, the code, the text |
//! | `WINDOW_UPDATE 1 100` | the increment |
//! | `PRIORITY_UPDATE 1 "u=1"` | the stream and the text |
//! | `PUSH_PROMISE 1 "text"` | the text |
//! | `FRAME 42 ff 0 "text"` | kind and flags in hexadecimal, the stream, the text |
//!
//! `PADDED=3` pads DATA and HEADERS. `STREAM=1` puts a frame on another stream than it belongs to, `LENGTH=7` lets its header
//! lie, `*300` at the end makes 300 of them.

use crate::notation::{hex, text};

const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

const SETTINGS: [&str; 10] = [
    "",
    "HEADER_TABLE_SIZE",
    "ENABLE_PUSH",
    "MAX_CONCURRENT_STREAMS",
    "INITIAL_WINDOW_SIZE",
    "MAX_FRAME_SIZE",
    "MAX_HEADER_LIST_SIZE",
    "",
    "ENABLE_CONNECT_PROTOCOL",
    "NO_RFC7540_PRIORITIES",
];

const KINDS: [&str; 10] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];

/// A frame that is being put together.
#[derive(Default)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    /// What stands before the fields or the text: a priority, a code.
    before: Vec<u8>,
    payload: Vec<u8>,
    padding: Option<u8>,
    length: Option<u32>,
    times: usize,
}

/// A block of `frames`.
pub(crate) fn compile(lines: &[&str]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut frame: Option<Frame> = None;
    for line in lines.iter().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let fault = |fault: String| format!("{line:?}: {fault}");
        if line.starts_with(' ') {
            let frame = frame.as_mut().ok_or_else(|| fault("a field before the first frame".into()))?;
            frame.payload.extend(field(line.trim_start()).map_err(fault)?);
        } else {
            frame.take().into_iter().for_each(|frame| frame.write(&mut out));
            if *line == "PREFACE" {
                out.extend_from_slice(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
            } else {
                frame = Some(parse(line).map_err(fault)?);
            }
        }
    }
    frame.into_iter().for_each(|frame| frame.write(&mut out));
    Ok(out)
}

impl Frame {
    fn write(self, out: &mut Vec<u8>) {
        let mut payload: Vec<u8> = self.padding.into_iter().collect();
        payload.extend(&self.before);
        payload.extend(&self.payload);
        payload.extend(vec![0; self.padding.unwrap_or(0).into()]);
        let flags = self.flags | if self.padding.is_some() { 0x8 } else { 0 };
        for _ in 0..self.times {
            let length = self.length.unwrap_or(payload.len() as u32);
            out.extend_from_slice(&length.to_be_bytes()[1..]);
            out.extend_from_slice(&[self.kind, flags]);
            out.extend_from_slice(&self.stream.to_be_bytes());
            out.extend_from_slice(&payload);
        }
    }
}

fn parse(line: &str) -> Result<Frame, String> {
    let words = words(line)?;
    let mut words = words.iter().map(String::as_str).peekable();
    let name = words.next().unwrap_or_default();
    let mut frame = Frame { times: 1, ..Frame::default() };
    frame.kind = match name {
        "PRIORITY_UPDATE" => 0x10,
        "FRAME" => {
            let [kind, flags] = [words.next(), words.next()].map(|word| u8::from_str_radix(word.unwrap_or(""), 16));
            frame.flags = flags.map_err(|_| "flags in hexadecimal")?;
            kind.map_err(|_| "a kind in hexadecimal")?
        }
        name => KINDS.iter().position(|kind| *kind == name).ok_or("an unknown kind of frame")? as u8,
    };
    // Where the number of a stream stands in the payload and not in the header.
    let on_connection = matches!(name, "SETTINGS" | "PING" | "GOAWAY" | "PRIORITY_UPDATE");
    if !matches!(name, "SETTINGS" | "PING") {
        let stream = number(words.next().ok_or("a stream")?)?;
        if on_connection {
            frame.before.extend(stream.to_be_bytes());
        } else {
            frame.stream = stream;
        }
    }
    for word in words {
        frame.take(name, word)?;
    }
    Ok(frame)
}

impl Frame {
    /// A word behind the kind and the stream.
    fn take(&mut self, name: &str, word: &str) -> Result<(), String> {
        if let Some(times) = word.strip_prefix('*') {
            self.times = number(times)? as usize;
        } else if let Some(quoted) = word.strip_prefix('"') {
            let (inside, times) = quoted.rsplit_once('"').ok_or("text ends in \"")?;
            let times = times.strip_prefix('*').map_or(Ok(1), number)?;
            self.payload.extend(text(inside)?.repeat(times as usize));
        } else if let Some(inside) = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
            self.payload.extend(hex(inside)?);
        } else if let Some((key, value)) = word.split_once('=') {
            match key {
                "PADDED" => self.padding = Some(number(value)? as u8),
                "LENGTH" => self.length = Some(number(value)?),
                "STREAM" => self.stream = number(value)?,
                "DEPENDS" => {
                    let (on, weight) = value.split_once(':').ok_or("DEPENDS=STREAM:WEIGHT")?;
                    self.before.extend(number(on)?.to_be_bytes());
                    self.before.push(number(weight)? as u8);
                    self.flags |= if name == "HEADERS" { 0x20 } else { 0 };
                }
                key => {
                    let known = SETTINGS.iter().position(|known| !known.is_empty() && *known == key);
                    let entry = known.map_or_else(|| number(key), |at| Ok(at as u32))?;
                    self.payload.extend((entry as u16).to_be_bytes());
                    self.payload.extend(number(value)?.to_be_bytes());
                }
            }
        } else if let Some(code) = CODES.iter().position(|code| *code == word) {
            self.before.extend((code as u32).to_be_bytes());
        } else if let Some(flags) = word.split('|').map(flag).collect::<Option<Vec<u8>>>() {
            self.flags |= flags.iter().fold(0, |all, flag| all | flag);
        } else if name == "HEADERS" && word.starts_with(|c: char| c.is_ascii_uppercase()) {
            self.payload.extend(literal(":method", word));
            self.payload.extend(literal(":scheme", "http"));
        } else if name == "HEADERS" && word.starts_with(['/', '*']) {
            self.payload.extend(literal(":path", word));
            self.payload.extend(literal(":authority", "a"));
        } else if name == "HEADERS" && word.len() == 3 {
            self.payload.extend(literal(":status", word));
        } else {
            self.before.extend(number(word)?.to_be_bytes());
        }
        Ok(())
    }
}

fn flag(name: &str) -> Option<u8> {
    match name {
        "END_STREAM" | "ACK" => Some(0x1),
        "END_HEADERS" => Some(0x4),
        _ => None,
    }
}

/// An indented line.
fn field(line: &str) -> Result<Vec<u8>, String> {
    if let Some(inside) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        return hex(inside);
    }
    // The colon of a pseudo-field is not the one that ends its name.
    let end = line.get(1..).and_then(|rest| rest.find(':')).ok_or("NAME: VALUE")? + 1;
    let value = line[end + 1..].strip_prefix(' ').unwrap_or(&line[end + 1..]);
    let [name, value] = [&line[..end], value].map(text);
    Ok(octets(&name?, &value?))
}

fn literal(name: &str, value: &str) -> Vec<u8> {
    octets(name.as_bytes(), value.as_bytes())
}

/// A literal field without indexing (RFC 7541 §6.2.2).
fn octets(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = vec![0];
    for string in [name, value] {
        let mut length = string.len();
        if length < 127 {
            out.push(length as u8);
        } else {
            out.push(127);
            length -= 127;
            while length >= 128 {
                out.push((length % 128 + 128) as u8);
                length /= 128;
            }
            out.push(length as u8);
        }
        out.extend_from_slice(string);
    }
    out
}

fn number(word: &str) -> Result<u32, String> {
    word.parse().map_err(|_| format!("{word:?} is no number"))
}

/// The words of a line; a quoted one and one in brackets may have spaces.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut rest) = (Vec::new(), line.trim());
    while !rest.is_empty() {
        let closing = match rest.as_bytes()[0] {
            b'"' => Some('"'),
            b'[' => Some(']'),
            _ => None,
        };
        let from = match closing {
            Some(closing) => 1 + rest[1..].find(closing).ok_or("text that never ends")?,
            None => 0,
        };
        let end = rest[from..].find(' ').map_or(rest.len(), |at| from + at);
        words.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_bytes() {
        let all = |lines: &str| compile(&lines.lines().collect::<Vec<_>>()).expect("frames");
        assert_eq!(all("SETTINGS ACK"), [0, 0, 0, 4, 1, 0, 0, 0, 0]);
        assert_eq!(all("SETTINGS 4=10"), [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 10]);
        assert_eq!(all("SETTINGS 4=10"), all("SETTINGS INITIAL_WINDOW_SIZE=10"));
        let padded = [0, 0, 5, 0, 9, 0, 0, 0, 1, 2, b'a', b' ', 0, 0];
        assert_eq!(all("DATA 1 END_STREAM PADDED=2 \"a \""), padded);
        assert_eq!(
            all("HEADERS 3 END_HEADERS|END_STREAM\n  [82 84]\n  a: b"),
            [0, 0, 7, 1, 5, 0, 0, 0, 3, 0x82, 0x84, 0, 1, b'a', 1, b'b']
        );
        assert_eq!(all("RST_STREAM 1 CANCEL *2").len(), 26);
        assert_eq!(all("GOAWAY 7 NO_ERROR \"x\""), [0, 0, 9, 7, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, b'x']);
        assert_eq!(all("PING STREAM=1 LENGTH=9 \"12345678\"")[..9], [0, 0, 9, 6, 0, 0, 0, 0, 1]);
        assert_eq!(all("PRIORITY_UPDATE 1 \"u=1\"")[9..], [0, 0, 0, 1, b'u', b'=', b'1']);
        assert_eq!(octets(b"", &[b'x'; 300])[..4], [0, 0, 127, 173]);
    }

    #[test]
    fn what_is_no_frame_is_told() {
        for line in ["NOTHING 1", "DATA", "DATA x", "  a: b", "DATA 1 \"a", "RST_STREAM 1 NOT_A_CODE"] {
            assert!(compile(&[line]).is_err(), "{line}");
        }
    }
}
