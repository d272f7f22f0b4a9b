//! Frames of HTTP/2, as the sans-I/O connection of either end reads them.
//!
//! A block of `frames` is what arrives. A block of `do` is what this end does, a line each:
//!
//! | line | does |
//! |---|---|
//! | `request GET /path end` | a request, with `host: a`; its fields indented below it |
//! | `respond 1 200 end` | a response, the same way |
//! | `data 1 "text" end`, `trailers 1` | the rest of a message; `"x"*300` is 300 of them |
//! | `reset 1 CANCEL`, `ping "12345678"`, `goaway CANCEL`, `priority 1 u=1` | these frames |
//! | `consumed 1 100`, `release 1` | what a reader says |
//! | `shutdown`, `eof`, `wait 10` | the end in peace, the end of the transport, seconds |
//!
//! Words behind the first block: `server` or `client`, who this is; `raw`, if the preface and SETTINGS of both are not over yet; and
//! any number of `NAME=VALUE` for [`Config`].
//!
//! Each block gives its events, `END what`, then what was `sent` for them, frame by frame; a connection error has no offset, and
//! `over` is the last line where the transport may end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wirebook_cases::{Input, Settings as Words};
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{FieldLines, RequestHead, ResponseHead};
use wirebook_http2::wire::{Frame, Header, settings};
use wirebook_http2::{Code, Config, Connection, Event, Fields, Misuse, Priority, Settings, StreamId};

/// The lines of all blocks.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let words = input.settings();
    let now = Instant::now();
    let config = Arc::new(config(words));
    let is_client = words.has("client");
    let connection = if is_client { Connection::client(config, now) } else { Connection::server(config, now) };
    let mut run = Run { connection, now, ..Run::new(now) };
    if !words.has("raw") {
        run.introduce(is_client);
    }
    for block in &input.blocks {
        let last = *block.stops.last().expect("an end");
        if block.kind == "do" {
            let text = std::str::from_utf8(&input.bytes[block.start..last]).expect("text");
            run.actions(text);
        } else {
            let mut fed = block.start;
            for stop in &block.stops {
                run.feed(&input.bytes[fed..*stop]);
                fed = *stop;
            }
        }
        run.end_block();
        if run.connection.fault().is_some() {
            break;
        }
    }
    if run.connection.is_over() {
        run.lines.push("over".to_owned());
    }
    run.lines
}

/// A config by the words of a case.
fn config(words: &Words) -> Config {
    let mut config = Config::default();
    for (name, value) in words.iter() {
        let number = || value.parse::<u32>().unwrap_or_else(|_| panic!("{name} has a number"));
        match name {
            "server" | "client" | "raw" => {}
            "max_concurrent_streams" => config.max_concurrent_streams = number(),
            "stream_window" => config.stream_window = number(),
            "connection_window" => config.connection_window = number(),
            "max_frame_size" => config.max_frame_size = number(),
            "decoder_table" => config.decoder_table = number(),
            "max_header_list" => config.max_header_list = number(),
            "max_fields" => config.max_fields = number() as usize,
            "max_block" => config.max_block = number() as usize,
            "max_continuations" => config.max_continuations = number(),
            "max_settings" => config.max_settings = number(),
            "max_owed" => config.max_owed = number() as usize,
            "resets" => config.resets.burst = number(),
            "idle_frames" => config.idle_frames.burst = number(),
            "min_body_rate" => config.min_body_rate = number(),
            "max_requests" => config.max_requests = number(),
            "max_out" => config.max_out = number() as usize,
            "max_interim" => config.max_interim = number(),
            "assumed_streams" => config.assumed_streams = number(),
            "extended_connect" => config.extended_connect = true,
            other => panic!("{other} is not a setting"),
        }
    }
    config
}

/// A connection that is fed.
struct Run {
    connection: Connection,
    now: Instant,
    room: Fields,
    buffer: Vec<u8>,
    consumed: usize,
    out: Vec<u8>,
    lines: Vec<String>,
    /// Content of one stream that has come and is not told yet: its end, its bytes.
    content: Option<(StreamId, usize, Vec<u8>)>,
    decoder: wirebook_hpack::naive::Decoder,
}

impl Run {
    fn new(now: Instant) -> Self {
        Run {
            connection: Connection::server(Arc::new(Config::default()), now),
            now,
            room: Fields::default(),
            buffer: Vec::new(),
            consumed: 0,
            out: Vec::new(),
            lines: Vec::new(),
            content: None,
            decoder: wirebook_hpack::naive::Decoder::new(4096),
        }
    }

    /// What both say first, of which cases do not speak.
    fn introduce(&mut self, is_client: bool) {
        if !is_client {
            self.feed(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        }
        self.feed(b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0");
        self.connection.answers(&mut self.out);
        self.out.clear();
        self.lines.clear();
        self.consumed = 0;
    }

    fn feed(&mut self, bytes: &[u8]) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let mut start = 0;
        let mut room = std::mem::take(&mut self.room);
        loop {
            match self.connection.receive(&buffer[start..], &mut room) {
                Ok((used, event)) => {
                    start += used;
                    self.consumed += used;
                    match event {
                        Some(event) => self.event(&event),
                        None => break,
                    }
                }
                Err(error) => {
                    self.flush_content(false);
                    self.lines.push(format!("error {:?} {}", error.violation, error.code()));
                    assert!(
                        matches!(self.connection.receive(b"x", &mut room), Ok((1, None))),
                        "nothing counts after an error"
                    );
                    break;
                }
            }
        }
        buffer.drain(..start.min(buffer.len()));
        (self.buffer, self.room) = (buffer, room);
    }

    /// What a block has led to.
    fn end_block(&mut self) {
        self.flush_content(false);
        self.connection.answers(&mut self.out);
        let out = std::mem::take(&mut self.out);
        let mut rest = out.strip_prefix(wirebook_http2::wire::PREFACE).unwrap_or(&out);
        while let Some((bytes, behind)) = rest.split_first_chunk() {
            let header = Header::read(bytes);
            let (payload, next) = behind.split_at(header.length as usize);
            let frame = Frame::read(header, payload).expect("our frames are well-formed");
            let line = self.sent(&frame);
            self.lines.push(format!("sent {line}"));
            rest = next;
        }
        assert!(rest.is_empty(), "half of a frame was sent");
    }

    fn event(&mut self, event: &Event<'_>) {
        if let Event::Data { stream, bytes, end } = event {
            if self.content.as_ref().is_some_and(|(other, ..)| other != stream) {
                self.flush_content(false);
            }
            let (_, at, content) = self.content.get_or_insert((*stream, 0, Vec::new()));
            content.extend_from_slice(bytes);
            *at = self.consumed;
            if *end {
                self.flush_content(true);
            }
            return;
        }
        self.flush_content(false);
        let line = match event {
            Event::Request { stream, head, scheme, protocol, end } => {
                let protocol =
                    protocol.map_or(String::new(), |protocol| format!(" protocol={}", protocol.escape_ascii()));
                let scheme = if scheme.is_empty() { String::new() } else { format!(" {}", scheme.escape_ascii()) };
                let (method, target) = (head.method.escape_ascii(), head.target.escape_ascii());
                let priority = match self.connection.priority(*stream) {
                    told if told == Priority::default() => String::new(),
                    told => urgency(told),
                };
                let fields = fields(head.fields);
                format!("request {stream} {method} {target}{scheme}{protocol}{priority}{}{fields}", ended(*end))
            }
            Event::Response { stream, head, end } => {
                format!("response {stream} {}{}{}", head.status, ended(*end), fields(head.fields))
            }
            Event::Trailers { stream, fields: lines } => format!("trailers {stream}{}", fields(*lines)),
            Event::Reset { stream, code } => format!("reset {stream} {code}"),
            Event::StreamError(error) => {
                format!("error {} {:?} {}", error.stream.expect("a stream"), error.violation, error.code())
            }
            Event::Goaway { last, code, debug } => format!("goaway {last} {code} {}", quoted(debug)),
            Event::Room(None) => "room".to_owned(),
            Event::Room(Some(stream)) => format!("room {stream}"),
            Event::Priority { stream, priority } => format!("priority {stream}{}", urgency(*priority)),
            Event::Settings(settings) => format!("settings{}", entries(settings)),
            Event::SettingsAck => "settings ack".to_owned(),
            Event::Ping(data) => format!("ping {}", quoted(data)),
            Event::Pong(data) => format!("pong {}", quoted(data)),
            Event::Data { .. } => unreachable!("told above"),
        };
        self.lines.push(format!("{} {line}", self.consumed));
    }

    fn flush_content(&mut self, end: bool) {
        if let Some((stream, at, content)) = self.content.take() {
            self.lines.push(format!("{at} data {stream} {}{}", quoted(&content), ended(end)));
        }
    }

    fn sent(&mut self, frame: &Frame<'_>) -> String {
        match frame {
            Frame::Data { stream, end_stream, data, .. } => {
                format!("DATA {stream}{} {}", end(*end_stream), quoted(data))
            }
            Frame::Headers { stream, end_stream, fragment, end_headers: true, .. } => {
                let fields = self.decoder.decode(fragment).expect("a block of ours");
                let field = |(name, value, _): &(Vec<u8>, Vec<u8>, bool)| {
                    format!(" | {}: {}", name.escape_ascii(), value.escape_ascii())
                };
                format!("HEADERS {stream}{}{}", end(*end_stream), fields.iter().map(field).collect::<String>())
            }
            Frame::Headers { stream, end_stream, fragment, .. } => {
                format!("HEADERS {stream}{} {} bytes", end(*end_stream), fragment.len())
            }
            Frame::Continuation { stream, end_headers, fragment } => {
                let last = if *end_headers { " END_HEADERS" } else { "" };
                format!("CONTINUATION {stream}{last} {} bytes", fragment.len())
            }
            Frame::Priority { stream, .. } => format!("PRIORITY {stream}"),
            Frame::RstStream { stream, code } => format!("RST_STREAM {stream} {code}"),
            Frame::Settings { payload } => {
                let entry = |(name, value)| {
                    let known = settings::NAMES.iter().find(|(known, _)| *known == name);
                    format!(" {}={value}", known.expect("a setting").1)
                };
                format!("SETTINGS{}", settings::entries(payload).map(entry).collect::<String>())
            }
            Frame::SettingsAck => "SETTINGS ACK".to_owned(),
            Frame::Ping { ack, data } => format!("PING{} {}", if *ack { " ACK" } else { "" }, quoted(data)),
            Frame::Goaway { last, code, .. } => format!("GOAWAY {last} {code}"),
            Frame::WindowUpdate { stream, increment } => format!("WINDOW_UPDATE {stream} {increment}"),
            Frame::PriorityUpdate { stream, value } => format!("PRIORITY_UPDATE {stream} {}", quoted(value)),
            Frame::PushPromise { .. } | Frame::Unknown { .. } => unreachable!("never sent"),
        }
    }

    fn actions(&mut self, text: &str) {
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let mut block = FieldBlock::default();
            while let Some(field) = lines.next_if(|line| line.starts_with(' ')) {
                let (name, value) = field.trim_start().split_once(": ").expect("NAME: VALUE");
                block.push(name, value).expect("a field");
            }
            if let Err(misuse) = self.action(line, &mut block) {
                self.lines.push(format!("misuse {misuse:?}"));
            }
        }
    }

    fn action(&mut self, line: &str, block: &mut FieldBlock) -> Result<(), Misuse> {
        let words: Vec<&str> = line.split(' ').collect();
        let end = words.last() == Some(&"end");
        let number = |at: usize| words[at].parse::<u32>().unwrap_or_else(|_| panic!("{line}: a number"));
        let stream = || StreamId::new(number(1));
        let (connection, out) = (&mut self.connection, &mut self.out);
        match words[0] {
            "request" => {
                let stream = connection.next_stream().ok_or(Misuse::NoStream)?;
                let protocol = block.get("protocol").map(<[u8]>::to_vec);
                block.remove("protocol");
                if block.get("host").is_none() {
                    block.push("host", "a").expect("a field");
                }
                let head = RequestHead::new(words[1].as_bytes(), words[2].as_bytes(), block.lines());
                connection
                    .send(Event::Request { stream, head, scheme: b"http", protocol: protocol.as_deref(), end }, out)
            }
            "respond" => {
                let head = ResponseHead::new(number(2) as u16, block.lines());
                connection.send(Event::Response { stream: stream(), head, end }, out)
            }
            "data" => {
                let (_, rest) = line.split_once('"').expect("text");
                let (text, times) = rest.split_once('"').expect("text");
                let times =
                    times.trim_end_matches(" end").strip_prefix('*').map_or(1, |times| times.parse().expect("a count"));
                let data = text.repeat(times);
                let taken = connection.send_data(stream(), data.as_bytes(), end, out)?;
                if taken < data.len() {
                    self.lines.push(format!("took {taken} of {}", data.len()));
                }
                Ok(())
            }
            "trailers" => connection.send(Event::Trailers { stream: stream(), fields: block.lines() }, out),
            "reset" => connection.send(Event::Reset { stream: stream(), code: code(words[2]) }, out),
            "ping" => {
                let data = line.split('"').nth(1).expect("text").as_bytes();
                connection.send(Event::Ping(data.try_into().expect("eight bytes")), out)
            }
            "goaway" => {
                let event = Event::Goaway { last: StreamId::MAX, code: code(words[1]), debug: b"" };
                connection.send(event, out)
            }
            "priority" => {
                let priority = Priority::parse(words[2].as_bytes());
                connection.send(Event::Priority { stream: stream(), priority }, out)
            }
            "consumed" => {
                connection.consumed(stream(), number(2), out);
                Ok(())
            }
            "release" => {
                connection.release(stream(), out);
                Ok(())
            }
            "shutdown" => {
                connection.shutdown();
                Ok(())
            }
            "eof" => {
                let error = connection.receive_eof().err();
                self.lines.extend(error.map(|error| format!("error {:?} {}", error.violation, error.code())));
                Ok(())
            }
            "wait" => {
                self.now += Duration::from_secs(number(1).into());
                connection.tick(self.now, out);
                if let Some(error) = connection.fault() {
                    self.lines.push(format!("error {:?} {}", error.violation, error.code()));
                } else {
                    self.feed(b"");
                }
                Ok(())
            }
            other => panic!("{other} is nothing to do"),
        }
    }
}

fn code(name: &str) -> Code {
    Code::named(name).unwrap_or_else(|| panic!("{name} is no code"))
}

fn ended(end: bool) -> &'static str {
    if end { " end" } else { "" }
}

fn end(end: bool) -> &'static str {
    if end { " END_STREAM" } else { "" }
}

fn fields(lines: FieldLines<'_>) -> String {
    lines.iter().map(|(name, value)| format!(" | {}: {}", name.escape_ascii(), value.escape_ascii())).collect()
}

fn urgency(priority: Priority) -> String {
    format!(" u={}{}", priority.urgency, if priority.incremental { ", i" } else { "" })
}

fn entries(settings: &Settings) -> String {
    let name = |entry| settings::NAMES.iter().find(|(known, _)| *known == entry).expect("a setting").1;
    settings.changed().map(|(entry, value)| format!(" {}={value}", name(entry))).collect()
}

/// Short text as text with escapes, long text by length and first byte.
fn quoted(bytes: &[u8]) -> String {
    match bytes {
        [first, ..] if bytes.len() > 64 => format!("{} bytes of {first:02x}", bytes.len()),
        _ => format!("\"{}\"", bytes.escape_ascii()),
    }
}
