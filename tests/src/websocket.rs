//! Conformance cases of WebSocket, as documents: `tests/cases/websocket/*.md`.
//!
//! A case is a heading `## name`, prose, a fenced block `bytes` and a fenced block `events`. The words behind `bytes` are
//! settings: `server` or `client` (who receives), `deflate`, `takeover`, `chunks`, `message=N`, `frame=N`, `fragments=N`,
//! `empty=N`, `ratio=N`, `in-place=N`, `eof` (the transport ends behind the bytes).
//!
//! Bytes are hexadecimal pairs, `"text"` for text, `key` for the masking key `37 fa 21 3d`, `m"text"` and `m[hex]` for a
//! payload masked with it, and any of these may be followed by `*N`. `(` … `)*N` repeats a group. `#` starts a comment.
//!
//! Each line of events is `@offset event`: the offset is one past the event's last byte. The last line may be
//! `error Name`, which has no offset, because an error is reported as soon as it is certain.

use std::sync::Arc;
use std::time::Instant;

use wirebook_websocket::{Config, Connection, Deflate, Delivery, Event, Heartbeat, Kind, Limits, Message, Negotiated};

/// The masking key of the RFC's examples.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One case of a document.
#[derive(Debug)]
pub struct Case {
    /// Its heading.
    pub name: String,
    /// The words behind `bytes`.
    pub settings: Vec<String>,
    /// What the peer sends.
    pub bytes: Vec<u8>,
    /// What it means, one event a line.
    pub events: Vec<String>,
}

/// Reads all cases of a document.
///
/// # Panics
/// Where the document is not of the form above.
pub fn parse(document: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("## ") {
            let name = name.trim().to_owned();
            cases.push(Case { name, settings: Vec::new(), bytes: Vec::new(), events: Vec::new() });
        } else if let Some(settings) = line.strip_prefix("```bytes") {
            let case = cases.last_mut().expect("a heading stands before the bytes");
            case.settings = settings.split_whitespace().map(str::to_owned).collect();
            let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            case.bytes = bytes(&block.join("\n"));
        } else if line.starts_with("```events") {
            let case = cases.last_mut().expect("a heading stands before the events");
            case.events = lines.by_ref().take_while(|l| !l.starts_with("```")).map(str::to_owned).collect();
        }
    }
    cases
}

/// The notation for bytes; see the module.
pub fn bytes(text: &str) -> Vec<u8> {
    let text: String = text.lines().map(|line| line.split('#').next().unwrap_or("").to_owned() + "\n").collect();
    let mut rest = text.as_str();
    let out = sequence(&mut rest);
    assert!(rest.trim().is_empty(), "not understood: {rest}");
    out
}

fn sequence(rest: &mut &str) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        *rest = rest.trim_start();
        let mut item = if let Some(after) = rest.strip_prefix('(') {
            *rest = after;
            let inner = sequence(rest);
            *rest = rest.trim_start().strip_prefix(')').expect("a group is closed");
            inner
        } else if let Some(after) = rest.strip_prefix("key") {
            *rest = after;
            KEY.to_vec()
        } else if let Some(after) = rest.strip_prefix("m\"") {
            let (text, after) = after.split_once('"').expect("text is closed");
            *rest = after;
            return masked_then(text.as_bytes().to_vec(), out, rest);
        } else if let Some(after) = rest.strip_prefix("m[") {
            let (hex, after) = after.split_once(']').expect("hex is closed");
            *rest = after;
            return masked_then(bytes(hex), out, rest);
        } else if let Some(after) = rest.strip_prefix('"') {
            let (text, after) = after.split_once('"').expect("text is closed");
            *rest = after;
            text.as_bytes().to_vec()
        } else if let Some(pair) = rest.get(..2).filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit())) {
            let byte = u8::from_str_radix(pair, 16).expect("two digits");
            *rest = &rest[2..];
            vec![byte]
        } else {
            return out;
        };
        item = item.repeat(times(rest));
        out.extend(item);
    }
}

/// A repeated payload is masked as one: the repetition comes first.
fn masked_then(payload: Vec<u8>, mut out: Vec<u8>, rest: &mut &str) -> Vec<u8> {
    let payload = payload.repeat(times(rest));
    out.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ KEY[i % 4]));
    out.extend(sequence(rest));
    out
}

fn times(rest: &mut &str) -> usize {
    let Some(after) = rest.strip_prefix('*') else { return 1 };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    *rest = &after[end..];
    after[..end].parse().expect("a number stands behind *")
}

impl Case {
    /// A connection with the case's settings.
    pub fn connection(&self) -> Connection {
        let mut config = Config { heartbeat: None::<Heartbeat>, ..Config::default() };
        let (mut server, mut deflate, mut takeover) = (true, false, false);
        for setting in &self.settings {
            let (name, value) = setting.split_once('=').unwrap_or((setting, "0"));
            let number: usize = value.parse().expect("settings have numbers");
            let limits: &mut Limits = &mut config.limits;
            match name {
                "server" => server = true,
                "client" => server = false,
                "deflate" => deflate = true,
                "takeover" => (deflate, takeover) = (true, true),
                "chunks" => config.delivery = Delivery::Chunks,
                "message" => limits.message = number,
                "frame" => limits.frame = number as u64,
                "fragments" => limits.fragments = number as u32,
                "empty" => limits.empty_fragments = number as u32,
                "ratio" => limits.ratio = number as u32,
                "in-place" => limits.in_place = number,
                "eof" => {}
                other => panic!("{other} is not a setting"),
            }
        }
        config.deflate = deflate.then(Deflate::default);
        let agreed = deflate.then_some(Negotiated {
            own_takeover: takeover,
            peer_takeover: takeover,
            own_window_bits: 15,
            peer_window_bits: 15,
        });
        let (config, now) = (Arc::new(config), Instant::now());
        match server {
            true => Connection::server(config, agreed, now),
            false => Connection::client(config, agreed, |bytes| bytes.fill(0x37), now),
        }
    }

    /// Feeds the bytes in pieces that end at `cuts` (and at the end), and tells the events as the document writes them.
    /// Chunks of a message are joined, since where they end depends on the cuts.
    pub fn run(&self, cuts: &[usize], trailing: &[u8]) -> Vec<String> {
        let mut connection = self.connection();
        let all: Vec<u8> = self.bytes.iter().chain(trailing).copied().collect();
        let mut log = Log::default();
        let mut buffer: Vec<u8> = Vec::new();
        let mut fed = 0;
        let mut consumed = 0;
        for &cut in cuts.iter().chain([&all.len()]) {
            buffer.extend_from_slice(&all[fed..cut]);
            fed = cut;
            let mut start = 0;
            loop {
                match connection.receive(&mut buffer[start..]) {
                    Ok((used, event)) => {
                        start += used;
                        consumed += used;
                        match event {
                            Some(event) => log.event(consumed, &event),
                            None => break,
                        }
                    }
                    Err(error) => {
                        log.lines.push(format!("error {error:?}"));
                        assert_eq!(connection.receive(&mut [0x81, 0]), Ok((2, None)), "nothing counts after an error");
                        return log.lines;
                    }
                }
            }
            buffer.drain(..start);
        }
        if self.settings.iter().any(|setting| setting == "eof") {
            match connection.receive_eof() {
                Ok(_) => log.lines.push("end".to_owned()),
                Err(error) => log.lines.push(format!("error {error:?}")),
            }
        }
        log.lines
    }
}

/// Events as lines.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    chunk: Vec<u8>,
}

impl Log {
    fn event(&mut self, at: usize, event: &Event<'_>) {
        let line = match event {
            Event::Message(Message::Text(text)) => format!("text {}", quoted(text.as_bytes())),
            Event::Message(Message::Binary(bytes)) => format!("binary {}", quoted(bytes)),
            Event::Chunk(chunk) => {
                self.chunk.extend_from_slice(&chunk.payload);
                if !chunk.last {
                    return;
                }
                let kind = if chunk.kind == Kind::Text { "text" } else { "binary" };
                format!("chunked {kind} {}", quoted(&std::mem::take(&mut self.chunk)))
            }
            Event::Ping(payload) => format!("ping {}", quoted(payload)),
            Event::Pong(payload) => format!("pong {}", quoted(payload)),
            Event::Close(close) => format!("close {} {}", close.code, quoted(close.reason.as_bytes())),
        };
        self.lines.push(format!("@{at} {line}"));
    }
}

/// Short payloads as text with escapes, long ones by length and first byte.
fn quoted(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        _ if bytes.len() > 64 => format!("{} bytes of {:02x}", bytes.len(), bytes[0]),
        Ok(text) => format!("{text:?}"),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}
