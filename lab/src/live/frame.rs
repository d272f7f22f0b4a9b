//! The widget of WebSocket frames: bits and meaning of some bytes, by the server's own [`Connection`].

use super::answer::{Answer, Fault, Happening, MAX_INPUT, Mark, Part, bytes, escape, latin1};
use super::explain::WEBSOCKET;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wirebook_net as net;
use wirebook_websocket::frame::Opcode;
use wirebook_websocket::{Config, Connection, Error, Event, Limits, Negotiated, mask};

/// The key of the RFC's own example (§5.7).
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What the widget offers; the first, the RFC's masked "Hello" and a ping, is its picture in the book.
pub(crate) fn examples() -> Vec<(&'static str, Vec<u8>)> {
    let masked = |payload: &[u8]| {
        let mut payload = payload.to_vec();
        mask::apply(&mut payload, KEY, 0);
        payload
    };
    let frame = |first: u8, payload: &[u8]| [&[first, 0x80 | payload.len() as u8][..], &KEY, &masked(payload)].concat();
    vec![
        ("masked \"Hello\", and a ping", [frame(0x81, b"Hello"), frame(0x89, b"")].concat()),
        ("two fragments, a ping between", [frame(0x01, b"Hel"), frame(0x89, b"p"), frame(0x80, b"lo")].concat()),
        ("close 1000", frame(0x88, b"\x03\xe8bye")),
        ("not masked", b"\x81\x05Hello".to_vec()),
        ("a length that is not minimal", [&b"\x81\xfe\x00\x05"[..], &KEY, &masked(b"Hello")].concat()),
        ("a reserved bit", frame(0xc1, b"Hello")),
        ("a reserved opcode", frame(0x83, b"Hello")),
        ("text that is not UTF-8", frame(0x81, b"a\xc0\xaf")),
        ("a fragmented ping", frame(0x09, b"p")),
        ("2⁶³ bytes", [&b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00"[..], &KEY].concat()),
    ]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    cut: Option<usize>,
    /// 1: the reader is a client, so frames must not be masked.
    #[serde(default)]
    client: u8,
    /// 1: permessage-deflate was agreed on.
    #[serde(default)]
    deflate: u8,
}

/// A frame: its header bit by bit, and what its payload says.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Bits {
    /// Its first byte in the input, how many the header has, and the byte behind the payload.
    pub(crate) start: usize,
    length: usize,
    end: usize,
    pub(crate) fields: Vec<Field>,
    /// Whether its last four bytes are a masking key.
    masked: bool,
    /// The payload without its mask.
    plain: String,
}

/// Bits that belong together.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// First bit, counted from the frame's start, and how many.
    pub(crate) first: usize,
    pub(crate) bits: usize,
    pub(crate) value: String,
    /// The part of the frame that it belongs to, and its row in the table of sentences.
    pub(crate) kind: &'static str,
    pub(crate) key: String,
}

/// What the widget shows.
#[derive(Serialize)]
pub(crate) struct Dissected {
    #[serde(flatten)]
    pub(crate) answer: Answer,
    pub(crate) frames: Vec<Bits>,
}

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Dissected, String> {
    Ok(dissect(&bytes(&ask.input)?, ask.cut.unwrap_or(usize::MAX), ask.client > 0, ask.deflate > 0))
}

/// Takes frames apart.
pub(crate) fn dissect(input: &[u8], cut: usize, client: bool, deflate: bool) -> Dissected {
    let cut = cut.min(input.len());
    let whole = read(input, &[input.len()], client, deflate);
    let pieces = read(input, &[cut, input.len()], client, deflate);
    let frames = frames(input);
    let states = frames.iter().flat_map(|frame| {
        let header = Mark { at: frame.start, state: "header" };
        let payload = Mark { at: frame.start + frame.header, state: "payload" };
        [Some(header), (frame.start + frame.header < frame.end).then_some(payload)].into_iter().flatten()
    });
    let answer = Answer {
        input: latin1(input),
        len: input.len(),
        states: states.collect(),
        cut,
        before_cut: whole.0.iter().filter(|event| event.end <= cut).count(),
        same: whole == pieces,
        parser: "connection",
        nanoseconds: None,
        parts: frames.iter().flat_map(|frame| frame.parts(input)).collect(),
        events: whole.0,
        fault: whole.1.map(|error| fault(input, error, &frames, client, deflate)),
        beside: None,
    };
    Dissected { answer, frames: frames.iter().map(|frame| frame.bits(input)).collect() }
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

/// The error at its byte.
fn fault(input: &[u8], error: Error, frames: &[Frame], client: bool, deflate: bool) -> Fault {
    // The connection has it with the last byte of the shortest input that fails.
    let fails = |length: usize| read(&input[..length], &[length], client, deflate).1.is_some();
    let (mut good, mut bad) = (0, input.len());
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if fails(middle) { bad = middle } else { good = middle }
    }
    Fault {
        offset: wrong_byte(input, error, frames, bad.saturating_sub(1), deflate),
        name: format!("{error:?}"),
        message: error.to_string(),
        rule: error.section(),
        answer: format!("a Close frame with {}", error.local_code()),
    }
}

/// The byte that is wrong. Some mistakes are seen only later, at byte `seen`: when the header is whole, or the message.
fn wrong_byte(input: &[u8], error: Error, frames: &[Frame], seen: usize, deflate: bool) -> usize {
    use Error::*;
    let Some(at) = frames.iter().rposition(|frame| frame.start <= seen) else { return seen };
    let frame = &frames[at];
    let payload = frame.start + frame.header;
    match error {
        ReservedBits | ReservedOpcode | ControlFragmented | NothingToContinue | MessageInsideMessage => frame.start,
        Unmasked | Masked | ControlTooLong => frame.start + 1,
        LengthNotMinimal | LengthTooLarge | FrameTooLarge => frame.start + if frame.extended > 0 { 2 } else { 1 },
        CloseTooShort | CloseCode => payload,
        CloseReason => payload + 2 + valid_up_to(&frame.plain(input)[2..]),
        InvalidUtf8 if !deflate => {
            // The message's frames: back to the one that began it, without what stood between.
            let data = |frame: &&Frame| frame.opcode & 8 == 0;
            let first = frames[..=at].iter().rposition(|frame| matches!(frame.opcode, 1 | 2)).unwrap_or(at);
            let places = |frame: &Frame| frame.start + frame.header..frame.end;
            let message: Vec<u8> =
                frames[first..=at].iter().filter(data).flat_map(|frame| frame.plain(input)).collect();
            frames[first..=at].iter().filter(data).flat_map(places).nth(valid_up_to(&message)).unwrap_or(seen)
        }
        _ => seen,
    }
}

fn valid_up_to(text: &[u8]) -> usize {
    str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len)
}

/// Where the fields of a frame lie, whether it is allowed or not: the connection gives no header of what it refuses.
#[derive(Debug, PartialEq)]
struct Frame {
    start: usize,
    /// Bytes of the header that are there.
    header: usize,
    /// The byte behind the payload, or behind the input.
    end: usize,
    opcode: u8,
    /// Bytes of the extended length.
    extended: usize,
    length: u64,
    mask: Option<[u8; 4]>,
}

/// The frames that headers announce, one behind the other.
fn frames(input: &[u8]) -> Vec<Frame> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let frame = Frame::at(input, at);
        at = frame.end;
        frames.push(frame);
    }
    frames
}

impl Frame {
    /// §5.2. What has not come yet counts as zero.
    fn at(input: &[u8], start: usize) -> Frame {
        let rest = &input[start..];
        let second = rest.get(1).copied().unwrap_or_default();
        let short = second & 0x7f;
        let extended = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let length = match extended {
            0 => u64::from(short),
            _ => rest.iter().skip(2).take(extended).fold(0, |length, &byte| length << 8 | u64::from(byte)),
        };
        let key = 2 + extended;
        let masked = second & 0x80 != 0;
        let header = rest.len().min(key + if masked { 4 } else { 0 });
        let payload = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len() - header);
        let mask = rest.get(key..).and_then(|rest| rest.first_chunk()).copied().filter(|_| masked);
        Frame { start, header, end: start + header + payload, opcode: rest[0] & 0x0f, extended, length, mask }
    }

    fn plain(&self, input: &[u8]) -> Vec<u8> {
        let mut payload = input[self.start + self.header..self.end].to_vec();
        mask::apply(&mut payload, self.mask.unwrap_or_default(), 0);
        payload
    }

    fn opcode(&self) -> String {
        Opcode::from_bits(self.opcode).map_or("reserved".into(), |opcode| format!("{opcode:?}"))
    }

    /// Flags, length, mask and payload, as far as they have come.
    fn parts(&self, input: &[u8]) -> Vec<Part> {
        let fin = if input[self.start] & 0x80 != 0 { "FIN" } else { "more to come" };
        let masked =
            if input.get(self.start + 1).is_some_and(|byte| byte & 0x80 != 0) { "masked" } else { "not masked" };
        let length = match self.length {
            1 => "1 byte".into(),
            length => format!("{length} bytes"),
        };
        let key = self.start + self.header - self.mask.map_or(0, |key| key.len());
        let payload = self.start + self.header;
        let pieces = [
            (self.start, self.start + 1, "flags", format!("{fin}, {}", self.opcode())),
            (self.start + 1, key, "length", format!("{masked}, {length}")),
            (key, payload, "mask", self.mask.map_or(String::new(), hex)),
            (payload, self.end, "payload", escape(&self.plain(input))),
        ];
        let some = pieces.into_iter().filter(|(start, end, ..)| start < end);
        some.map(|(start, end, kind, value)| Part {
            start,
            end,
            kind,
            value,
            rule: WEBSOCKET.rule(kind),
            key: kind.into(),
        })
        .collect()
    }

    fn bits(&self, input: &[u8]) -> Bits {
        Bits {
            start: self.start,
            length: self.header,
            end: self.end,
            fields: self.fields(input),
            masked: self.mask.is_some(),
            plain: latin1(&self.plain(input)),
        }
    }

    /// §5.2, field by field, as far as the header has come.
    fn fields(&self, input: &[u8]) -> Vec<Field> {
        let first = input[self.start];
        let second = input.get(self.start + 1).copied().unwrap_or_default();
        let flag = |byte: u8, bit: u8| u8::from(byte & bit != 0).to_string();
        let mut rows = vec![
            ("FIN", 1, flag(first, 0x80), "flags"),
            ("RSV1", 1, flag(first, 0x40), "flags"),
            ("RSV2", 1, flag(first, 0x20), "flags"),
            ("RSV3", 1, flag(first, 0x10), "flags"),
            ("opcode", 4, format!("{:#x} {}", self.opcode, self.opcode()), "flags"),
            ("MASK", 1, flag(second, 0x80), "length"),
            ("payload length", 7, (second & 0x7f).to_string(), "length"),
        ];
        if self.extended > 0 {
            rows.push(("extended length", 8 * self.extended, self.length.to_string(), "length"));
        }
        if let Some(key) = self.mask {
            rows.push(("masking key", 32, hex(key), "mask"));
        }
        let mut at = 0;
        let fields = rows.into_iter().map(|(name, bits, value, kind)| {
            let first = at;
            at += bits;
            let key = match name {
                "opcode" if Opcode::from_bits(self.opcode).is_some() => format!("bit opcode {}", self.opcode()),
                _ => format!("bit {name}"),
            };
            Field { name, first, bits, value, kind, key }
        });
        fields.filter(|field| field.first < 8 * self.header).collect()
    }
}

fn hex(bytes: [u8; 4]) -> String {
    bytes.map(|byte| format!("{byte:02x}")).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirebook_websocket::frame::Header;

    #[test]
    fn the_example_is_hello_and_a_ping() {
        let shown = dissect(&examples()[0].1, usize::MAX, false, false);
        let events: Vec<_> = shown.answer.events.iter().map(|event| (event.event, &*event.text, event.end)).collect();
        assert_eq!(events, [("text", "Hello", 11), ("ping", "", 17)]);
        assert_eq!(shown.frames.len(), 2);
        assert_eq!(shown.frames[0].fields[4].value, "0x1 Text");
        assert_eq!(shown.frames[0].plain, "Hello");
        assert_eq!(shown.frames[0].fields.iter().map(|field| field.bits).sum::<usize>(), 48);
    }

    #[test]
    fn every_mistake_is_told_at_the_byte_where_it_lies() {
        for (label, name, offset) in [
            ("not masked", "Unmasked", 1),
            ("a length that is not minimal", "LengthNotMinimal", 2),
            ("a reserved bit", "ReservedBits", 0),
            ("a reserved opcode", "ReservedOpcode", 0),
            ("text that is not UTF-8", "InvalidUtf8", 7),
            ("a fragmented ping", "ControlFragmented", 0),
            ("2⁶³ bytes", "LengthTooLarge", 2),
        ] {
            let hello = examples()[0].1[..11].to_vec();
            let (_, input) = examples().into_iter().find(|(known, _)| *known == label).expect("an example");
            for (before, input) in [(0, input.clone()), (11, [hello, input].concat())] {
                let shown = dissect(&input, 3, false, false);
                let fault = shown.answer.fault.expect("a fault");
                assert_eq!((&*fault.name, fault.offset), (name, before + offset), "{label}");
                assert!(shown.answer.same);
                assert!(!shown.frames.last().expect("the refused frame").fields.is_empty(), "{label}");
            }
        }
    }

    #[test]
    fn text_is_wrong_where_its_wrong_character_begins_even_in_another_frame() {
        let frame = |first: u8, payload: &[u8]| [&[first, 0x80 | payload.len() as u8][..], &[0; 4], payload].concat();
        // The second byte of a character that takes three is missing: seen in the next frame, or at the end.
        let fragments = [frame(0x01, b"ab\xe2"), frame(0x89, b"p"), frame(0x80, b"(")].concat();
        let offset =
            |input: &[u8]| dissect(input, 0, false, false).answer.fault.map(|fault| (fault.name, fault.offset));
        assert_eq!(offset(&fragments), Some(("InvalidUtf8".into(), 8)));
        assert_eq!(offset(&frame(0x81, b"a\xf0\x9f")), Some(("InvalidUtf8".into(), 7)));
        assert_eq!(offset(&frame(0x88, b"\x03\xe8a\xff")), Some(("CloseReason".into(), 9)));
        assert_eq!(offset(&frame(0x88, b"\x03\xed")), Some(("CloseCode".into(), 6)));
    }

    #[test]
    fn where_the_fields_lie_is_what_the_crate_says() {
        for second in 0..=255_u8 {
            for third in [0, 1, 200] {
                let input = [&[0x82, second, third][..], &[7; 300]].concat();
                let Ok(Some((header, size))) = Header::decode(&input) else { continue };
                let frame = Frame::at(&input, 0);
                assert_eq!((frame.header, frame.length, frame.mask), (size, header.length, header.mask));
            }
        }
    }

    #[test]
    fn every_prefix_has_the_bits_that_it_has() {
        for (label, input) in examples() {
            for length in 0..=input.len() {
                let shown = dissect(&input[..length], 0, false, false);
                assert_eq!(shown.frames.last().map_or(0, |frame| frame.end), length, "{label}");
            }
        }
    }
}
