//! The widget of WebSocket frames: bits and meaning of some bytes, by the server's own [`Connection`]; and the socket of the
//! page, whose bytes it can show as they arrived.

use super::answer::{Answer, Fault, Happening, MAX_INPUT, Mark, Part, escape};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use wirebook_http1::{Outcome, Request, Response};
use wirebook_net::{self as net, Registration, Stream};
use wirebook_websocket::frame::{Header, Opcode};
use wirebook_websocket::{self as websocket, Config, Connection, Error, Event, Limits, Negotiated, Options, mask};

/// What the widget shows first: the RFC's own masked "Hello" (§5.7), then a ping.
pub(crate) const EXAMPLE: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x80\x37\xfa\x21\x3d";

/// Bytes taken apart at most: the error's byte is searched for.
const MAX_BYTES: usize = 4096;

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    cut: Option<usize>,
    /// The reader is a client, so frames must not be masked.
    #[serde(default)]
    client: bool,
    /// permessage-deflate was agreed on.
    #[serde(default)]
    deflate: bool,
}

/// A frame's header, bit by bit.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Bits {
    /// Its first byte in the input, and how many it has.
    pub(crate) start: usize,
    length: usize,
    pub(crate) fields: Vec<Field>,
}

/// Bits that belong together.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// First bit, counted from the frame's start, and how many.
    first: usize,
    bits: usize,
    pub(crate) value: String,
}

/// What the widget shows.
#[derive(Serialize)]
pub(crate) struct Dissected {
    #[serde(flatten)]
    pub(crate) answer: Answer,
    pub(crate) frames: Vec<Bits>,
}

/// Answers a request of the widget.
pub(super) fn answer(body: &[u8]) -> Result<Dissected, String> {
    let ask: Ask = serde_json::from_slice(body).map_err(|error| format!("The request is not understood: {error}."))?;
    let bytes = super::answer::latin1(&ask.input)?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("The input has {} bytes, the widget takes {MAX_BYTES}.", bytes.len()));
    }
    Ok(dissect(&bytes, ask.cut.unwrap_or(usize::MAX), ask.client, ask.deflate))
}

/// Takes frames apart.
pub(crate) fn dissect(input: &[u8], cut: usize, client: bool, deflate: bool) -> Dissected {
    let cut = cut.min(input.len());
    let whole = read(input, &[input.len()], client, deflate);
    let pieces = read(input, &[cut, input.len()], client, deflate);
    let (parts, frames) = parts(input);
    let states = frames.iter().flat_map(|frame| {
        let header = Mark { at: frame.start, state: "header" };
        [header, Mark { at: frame.start + frame.length, state: "payload" }]
    });
    let answer = Answer {
        input: input.iter().map(|&byte| byte as char).collect(),
        len: input.len(),
        states: states.collect(),
        cut,
        before_cut: whole.0.iter().filter(|event| event.end <= cut).count(),
        same: whole == pieces,
        parser: "connection",
        nanoseconds: None,
        parts,
        events: whole.0,
        fault: whole.1.map(|error| fault(input, error, client, deflate)),
    };
    Dissected { answer, frames }
}

fn connection(client: bool, deflate: bool) -> Connection {
    let config = Arc::new(Config { limits: Limits::message(MAX_INPUT), heartbeat: None, ..Config::default() });
    let agreed = deflate.then_some(Negotiated {
        own_takeover: true,
        peer_takeover: true,
        own_window_bits: 15,
        peer_window_bits: 15,
    });
    match client {
        true => Connection::client(config, agreed, |bytes| bytes.fill(0), net::now()),
        false => Connection::server(config, agreed, net::now()),
    }
}

/// What the production connection says, when the input comes in pieces that end at `stops`.
fn read(input: &[u8], stops: &[usize], client: bool, deflate: bool) -> (Vec<Happening>, Option<Error>) {
    let mut connection = connection(client, deflate);
    let mut bytes = input.to_vec();
    let (mut events, mut at, mut start) = (Vec::new(), 0, 0);
    for &stop in stops {
        loop {
            match connection.receive(&mut bytes[at..stop]) {
                Err(error) => return (events, Some(error)),
                Ok((used, None)) => {
                    at += used;
                    break;
                }
                Ok((used, Some(event))) => {
                    at += used;
                    let (event, text) = describe(&event);
                    events.push(Happening { start, end: at, event, text });
                    start = at;
                }
            }
        }
    }
    (events, None)
}

fn describe(event: &Event<'_>) -> (&'static str, String) {
    match event {
        Event::Message(message) => match message.as_text() {
            Some(text) => ("text", text.to_owned()),
            None => ("binary", escape(message.as_bytes())),
        },
        Event::Chunk(chunk) => ("chunk", escape(&chunk.payload)),
        Event::Ping(payload) => ("ping", escape(payload)),
        Event::Pong(payload) => ("pong", escape(payload)),
        Event::Close(close) => ("close", format!("{} {}", close.code, close.reason)),
    }
}

/// The error at its byte: the last byte of the shortest input that has it.
fn fault(input: &[u8], error: Error, client: bool, deflate: bool) -> Fault {
    let fails = |length: usize| read(&input[..length], &[length], client, deflate).1.is_some();
    let (mut good, mut bad) = (0, input.len());
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if fails(middle) { bad = middle } else { good = middle }
    }
    Fault {
        offset: bad.saturating_sub(1),
        name: format!("{error:?}"),
        message: error.to_string(),
        rule: error.section(),
        answer: format!("a Close frame with {}", error.local_code()),
    }
}

/// The frames that headers announce, whether they are allowed or not.
fn parts(input: &[u8]) -> (Vec<Part>, Vec<Bits>) {
    let (mut parts, mut frames, mut at) = (Vec::new(), Vec::new(), 0);
    while let Ok(Some((header, size))) = Header::decode(&input[at..]) {
        let end = usize::try_from(header.length).ok().and_then(|length| (at + size).checked_add(length));
        let end = end.unwrap_or(usize::MAX).min(input.len());
        let key = size - if header.mask.is_some() { 4 } else { 0 };
        let mut part = |start: usize, end: usize, kind, value: String, rule| {
            if end > start {
                parts.push(Part { start: at + start, end: at + end, kind, value, rule });
            }
        };
        let fin = if header.fin { "FIN" } else { "more to come" };
        part(0, 1, "flags", format!("{fin}, {:?}", header.opcode), "RFC 6455 §5.2");
        let mask = if header.mask.is_some() { "masked" } else { "not masked" };
        part(1, key, "length", format!("{mask}, {} bytes", header.length), "RFC 6455 §5.2");
        part(key, size, "mask", header.mask.map_or(String::new(), |key| escape(&key)), "RFC 6455 §5.3");
        let mut payload = input[at + size..end].to_vec();
        mask::apply(&mut payload, header.mask.unwrap_or_default(), 0);
        let rule = if header.opcode == Opcode::Close { "RFC 6455 §5.5.1" } else { "RFC 6455 §5.6" };
        part(size, end - at, "payload", escape(&payload), rule);
        frames.push(Bits { start: at, length: size, fields: fields(&header, input[at + 1] & 0x7f) });
        at = end;
    }
    (parts, frames)
}

/// §5.2, field by field.
fn fields(header: &Header, short: u8) -> Vec<Field> {
    let mut at = 0;
    let mut field = |name, bits, value: String| {
        let first = at;
        at += bits;
        Field { name, first, bits, value }
    };
    let flag = |set: bool| u8::from(set).to_string();
    let mut fields = vec![
        field("FIN", 1, flag(header.fin)),
        field("RSV1", 1, flag(header.rsv & 4 != 0)),
        field("RSV2", 1, flag(header.rsv & 2 != 0)),
        field("RSV3", 1, flag(header.rsv & 1 != 0)),
        field("opcode", 4, format!("{:#x} {:?}", header.opcode as u8, header.opcode)),
        field("MASK", 1, flag(header.mask.is_some())),
        field("payload length", 7, short.to_string()),
    ];
    match short {
        126 => fields.push(field("extended length", 16, header.length.to_string())),
        127 => fields.push(field("extended length", 64, header.length.to_string())),
        _ => {}
    }
    if let Some(key) = header.mask {
        fields.push(field("masking key", 32, key.map(|byte| format!("{byte:02x}")).join(" ")));
    }
    fields
}

/// The socket of a page: all its widgets ask over this one connection. A request is `{"id", "operation", "body"}`, an answer
/// `{"id", "answer"}` or `{"id", "refused"}`. The operation `frame/own` answers with the bytes that the request itself
/// arrived in.
pub(crate) async fn socket(request: Request<'_>, response: Response<'_>) -> Outcome {
    let config = Config { limits: Limits::message(4 * MAX_INPUT), ..Config::default() };
    let options = Options { config: Arc::new(config), ..Options::default() };
    let seen = Rc::new(RefCell::new(Vec::new()));
    let tap = |stream| Tap { stream, seen: seen.clone() };
    let Some(mut socket) = websocket::upgrade_over(request, response, &options, tap).await? else { return Ok(()) };
    while let Ok(Some(message)) = socket.reader.next().await {
        let bytes = std::mem::take(&mut *seen.borrow_mut());
        let answer = respond(message.as_bytes(), &bytes);
        if socket.writer.send(answer.to_string()).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn respond(request: &[u8], seen: &[u8]) -> Value {
    let Ok(request) = serde_json::from_slice::<Value>(request) else { return json!({ "refused": "not JSON" }) };
    let id = &request["id"];
    let operation = request["operation"].as_str().unwrap_or_default();
    if operation == "frame/own" {
        let bytes = &seen[seen.len().saturating_sub(MAX_BYTES)..];
        let text: String = bytes.iter().map(|&byte| byte as char).collect();
        return json!({ "id": id, "answer": { "input": text } });
    }
    match super::answer(operation, request["body"].to_string().as_bytes()) {
        Some(Ok(answer)) => match serde_json::from_str::<Value>(&answer) {
            Ok(answer) => json!({ "id": id, "answer": answer }),
            Err(error) => json!({ "id": id, "refused": error.to_string() }),
        },
        Some(Err(sentence)) => json!({ "id": id, "refused": sentence }),
        None => json!({ "id": id, "refused": "There is no such widget." }),
    }
}

/// A stream that remembers what was read from it, until somebody takes it.
struct Tap {
    stream: Rc<dyn Stream>,
    seen: Rc<RefCell<Vec<u8>>>,
}

impl Stream for Tap {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.try_read(buffer)?;
        let mut seen = self.seen.borrow_mut();
        if seen.len() > MAX_INPUT {
            seen.clear();
        }
        seen.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(buffers)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_hello_and_a_ping() {
        let shown = dissect(EXAMPLE, usize::MAX, false, false);
        let events: Vec<_> = shown.answer.events.iter().map(|event| (event.event, &*event.text, event.end)).collect();
        assert_eq!(events, [("text", "Hello", 11), ("ping", "", 17)]);
        assert_eq!(shown.frames.len(), 2);
        assert_eq!(shown.frames[0].fields[4].value, "0x1 Text");
        assert_eq!(shown.frames[0].fields.iter().map(|field| field.bits).sum::<usize>(), 48);
    }

    #[test]
    fn every_flipped_bit_of_the_header_is_told_at_its_byte() {
        for (byte, bit, name) in [(0, 6, "ReservedBits"), (0, 1, "ReservedOpcode"), (1, 7, "Unmasked")] {
            let mut input = EXAMPLE[..11].to_vec();
            input[byte] ^= 1 << bit;
            let shown = dissect(&input, 3, false, false);
            let fault = shown.answer.fault.expect("a fault");
            assert_eq!(fault.name, name);
            assert!(shown.answer.same && fault.offset < 6);
        }
    }

    #[test]
    fn a_socket_answers_with_the_bytes_of_its_own_request() {
        let answer = respond(br#"{"id":7,"operation":"frame/own","body":{}}"#, b"\x81\xff");
        assert_eq!(answer, json!({ "id": 7, "answer": { "input": "\u{81}\u{ff}" } }));
        assert_eq!(respond(b"{}", b"")["refused"], "There is no such widget.");
    }
}
