//! WebSocket frames, as the sans-I/O connection of either side reads them.
//!
//! The settings of a case are `server` or `client` (who receives), `deflate`, `takeover`, `chunks`, `message=N`, `frame=N`,
//! `fragments=N`, `empty=N`, `ratio=N`, `in-place=N`, `eof` (the transport ends behind the bytes).

use std::sync::Arc;
use std::time::Instant;

use wirebook_cases::{Input, Settings};
use wirebook_websocket::{Config, Connection, Deflate, Delivery, Event, Heartbeat, Kind, Limits, Message, Negotiated};

/// The events of `input`, a line each: `END KIND PAYLOAD`, then `error NAME`, which has no offset, because an error is
/// reported as soon as it is certain; or `end` for a transport that ended.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let mut connection = connection(input.settings());
    let mut log = Log::default();
    let mut buffer: Vec<u8> = Vec::new();
    let (mut fed, mut consumed) = (0, 0);
    for stop in input.stops() {
        buffer.extend_from_slice(&input.bytes[fed..stop]);
        fed = stop;
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
    if input.settings().has("eof") {
        match connection.receive_eof() {
            Ok(_) => log.lines.push("end".to_owned()),
            Err(error) => log.lines.push(format!("error {error:?}")),
        }
    }
    log.lines
}

/// A connection with the settings of a case.
fn connection(settings: &Settings) -> Connection {
    let mut config = Config { heartbeat: None::<Heartbeat>, ..Config::default() };
    let limits: &mut Limits = &mut config.limits;
    for (name, value) in settings.iter() {
        let number = || value.parse().unwrap_or_else(|_| panic!("{name} has a number"));
        match name {
            "server" | "client" | "deflate" | "takeover" | "eof" => {}
            "chunks" => config.delivery = Delivery::Chunks,
            "message" => limits.message = number(),
            "frame" => limits.frame = number() as u64,
            "fragments" => limits.fragments = number() as u32,
            "empty" => limits.empty_fragments = number() as u32,
            "ratio" => limits.ratio = number() as u32,
            "in-place" => limits.in_place = number(),
            other => panic!("{other} is not a setting"),
        }
    }
    let takeover = settings.has("takeover");
    let deflate = takeover || settings.has("deflate");
    config.deflate = deflate.then(Deflate::default);
    let agreed = deflate.then_some(Negotiated {
        own_takeover: takeover,
        peer_takeover: takeover,
        own_window_bits: 15,
        peer_window_bits: 15,
    });
    let (config, now) = (Arc::new(config), Instant::now());
    if settings.has("client") {
        Connection::client(config, agreed, |bytes| bytes.fill(0x37), now)
    } else {
        Connection::server(config, agreed, now)
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
        self.lines.push(format!("{at} {line}"));
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
