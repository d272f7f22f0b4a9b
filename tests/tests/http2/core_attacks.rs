//! The rows of `tests/attacks/http2.jsonl` and `http2-own.jsonl`, played in memory and in virtual time against the core, on the smallest driver that there
//! could be: what comes is received, a request that is whole is answered, what is owed is written.
//!
//! A row holds by its first outcome, or by one that `http2.choices.jsonl` names among those that it allows.

use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{RequestHead, ResponseHead};
use wirebook_http2::{Code, Config, Connection, Event, Fields, StreamId};
use wirebook_tests::allocations::measure;
use wirebook_tests::attacks::http2::{GET, Generated, POST, Seen, frame, generated};
use wirebook_tests::attacks::row::latin1;

/// What a driver reads at once.
const READ: usize = 16 * 1024;

/// What a handler does.
#[derive(Clone, Copy, PartialEq)]
enum Handler {
    /// Answers when the request is whole, with its content.
    Echo,
    NeverReads,
    /// Answers at once, with 16 MiB.
    Streams,
}

/// The end under test, and what came of it.
struct Subject {
    connection: Connection,
    now: Instant,
    handler: Handler,
    max_body: usize,
    room: Fields,
    buffer: Vec<u8>,
    out: Vec<u8>,
    bodies: HashMap<StreamId, usize>,
    /// Whether the other end reads.
    read: bool,
    calls: usize,
    sent: Vec<u8>,
    /// What was heard, a line for each event; pieces of content are joined.
    events: Vec<String>,
    errors: Vec<(StreamId, Code)>,
    interim: usize,
    /// Requests that are whole, and that a handler gets when all that was read has been received.
    ready: Vec<StreamId>,
    /// Since when the transport has taken nothing, and for how long it may.
    stuck: Option<Instant>,
    write_timeout: Duration,
    closed: bool,
}

impl Subject {
    fn new(row: &Value) -> Self {
        let settings = &row["config"];
        let millis = |name: &str, default| settings[name].as_u64().map_or(default, Duration::from_millis);
        let config = Config::default();
        let config = Config {
            preface_timeout: millis("header_timeout_ms", config.preface_timeout),
            settings_timeout: millis("settings_timeout_ms", config.settings_timeout),
            write_timeout: millis("write_timeout_ms", config.write_timeout),
            body_timeout: millis("body_timeout_ms", config.body_timeout),
            max_concurrent_streams: settings["max_concurrent_streams"].as_u64().map_or(100, |streams| streams as u32),
            ..config
        };
        let handler = match settings["handler"].as_str() {
            None => Handler::Echo,
            Some("never_reads_body") => Handler::NeverReads,
            Some("stream_16MiB") => Handler::Streams,
            Some(other) => panic!("no handler {other}"),
        };
        let write_timeout = config.write_timeout;
        let (config, now) = (Arc::new(config), Instant::now());
        let mut connection = match row["role"].as_str() {
            Some("client") => Connection::client(config, now),
            _ => Connection::server(config, now),
        };
        let mut out = Vec::new();
        connection.answers(&mut out);
        Subject {
            connection,
            now,
            handler,
            max_body: settings["max_body"].as_u64().map_or(usize::MAX, |most| most as usize),
            room: Fields::default(),
            buffer: Vec::new(),
            out,
            bodies: HashMap::new(),
            read: true,
            calls: 0,
            sent: Vec::new(),
            events: Vec::new(),
            errors: Vec::new(),
            interim: 0,
            ready: Vec::new(),
            stuck: None,
            write_timeout,
            closed: false,
        }
    }

    /// What the other end has sent, as a driver reads it. Gives how many bytes were taken before the end.
    fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(READ) {
            if self.is_over() {
                return;
            }
            self.tick(0);
            self.buffer.extend_from_slice(piece);
            self.turn();
        }
    }

    fn tick(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.connection.tick(self.now, &mut self.out);
        if millis > 0 {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let (buffer, mut room) = (std::mem::take(&mut self.buffer), std::mem::take(&mut self.room));
        let mut at = 0;
        while let Ok((used, event)) = self.connection.receive(&buffer[at..], &mut room) {
            at += used;
            match event {
                Some(event) => self.hear(event),
                None => break,
            }
        }
        self.buffer = buffer[at.min(buffer.len())..].to_vec();
        self.room = room;
        for stream in std::mem::take(&mut self.ready) {
            self.calls += 1;
            match self.handler {
                Handler::Streams => {
                    let head = ResponseHead::new(200, Default::default());
                    self.connection.send(Event::Response { stream, head, end: false }, &mut self.out).ok();
                }
                _ => self.respond(stream, 200, b"tea"),
            }
        }
        if self.handler == Handler::Streams {
            let streams: Vec<_> = self.bodies.keys().copied().collect();
            for stream in streams {
                self.connection.send_data(stream, &[b'x'; READ], false, &mut self.out).ok();
            }
        }
        self.connection.answers(&mut self.out);
        if self.read {
            self.sent.append(&mut self.out);
        }
        // What the transport does not take is the driver's to time.
        self.stuck = if self.out.is_empty() { None } else { self.stuck.or(Some(self.now)) };
        self.closed |= self.stuck.is_some_and(|since| since + self.write_timeout <= self.now);
    }

    fn is_over(&self) -> bool {
        self.closed || self.connection.is_over()
    }

    fn hear(&mut self, event: Event<'_>) {
        let (stream, ended) = match event {
            Event::Request { stream, head, end, .. } => {
                self.events.push(format!("{stream} {}", head.target.escape_ascii()));
                self.bodies.insert(stream, 0);
                (stream, end)
            }
            Event::Data { stream, bytes, end } => {
                let body = self.bodies.entry(stream).or_default();
                *body += bytes.len();
                if *body > self.max_body {
                    self.respond(stream, 413, b"");
                    self.connection.release(stream, &mut self.out);
                } else if self.handler != Handler::NeverReads {
                    self.connection.consumed(stream, bytes.len() as u32, &mut self.out);
                }
                (stream, end)
            }
            Event::Trailers { stream, .. } => (stream, true),
            Event::StreamError(error) => {
                let stream = error.stream.expect("a stream");
                self.gone(stream);
                self.errors.push((stream, error.code()));
                return;
            }
            Event::Reset { stream, .. } => return self.gone(stream),
            Event::Response { head, .. } => {
                self.interim += usize::from(head.status < 200);
                return;
            }
            _ => return,
        };
        if ended {
            self.events.push(format!("{stream} ends after {}", self.bodies[&stream]));
            self.ready.push(stream);
        }
    }

    fn gone(&mut self, stream: StreamId) {
        self.bodies.remove(&stream);
        self.ready.retain(|other| *other != stream);
    }

    fn respond(&mut self, stream: StreamId, status: u16, body: &[u8]) {
        let head = ResponseHead::new(status, Default::default());
        if self.connection.send(Event::Response { stream, head, end: false }, &mut self.out).is_ok() {
            self.connection.send_data(stream, body, true, &mut self.out).ok();
        }
    }

    /// A client's request, for rows that send responses.
    fn request(&mut self) {
        let mut fields = FieldBlock::default();
        fields.push("host", "a").expect("a field");
        let stream = self.connection.next_stream().expect("a stream");
        let head = RequestHead::new(b"GET", b"/", fields.lines());
        let event = Event::Request { stream, head, scheme: b"http", protocol: None, end: true };
        self.connection.send(event, &mut self.out).expect("a request");
    }
}

/// The inputs that a row names instead of spelling them out.
fn generate(subject: &mut Subject, generator: &str) {
    let Generated { frames, wait_ms } = generated(generator);
    for bytes in frames {
        if subject.is_over() {
            return;
        }
        subject.feed(&bytes);
    }
    subject.tick(wait_ms);
}

fn play(row: &Value) -> Subject {
    let mut subject = Subject::new(row);
    for step in row["steps"].as_array().expect("steps") {
        let data = || latin1(step["data"].as_str().expect("data"));
        let number = |name: &str| step[name].as_u64().expect("a number");
        match step["op"].as_str().expect("an operation") {
            "send" => subject.feed(&data()),
            "send_repeat" => {
                // As many as fit into a read at a time.
                let (data, mut left) = (data(), number("count") as usize);
                let batch = (READ / data.len()).max(1);
                while left > 0 && !subject.is_over() {
                    subject.feed(&data.repeat(batch.min(left)));
                    left = left.saturating_sub(batch);
                }
            }
            "send_slow" => {
                for piece in data().chunks(number("chunk") as usize) {
                    subject.feed(piece);
                    subject.tick(number("every_ms"));
                }
            }
            "send_generated" => generate(&mut subject, step["generator"].as_str().expect("a generator")),
            "wait_ms" => subject.tick(number("ms")),
            "no_read" => {
                subject.read = false;
                for _ in 0..number("ms") / 100 {
                    subject.tick(100);
                }
                subject.read = true;
                subject.turn();
            }
            "recv_preface" => {}
            "recv_request" => subject.request(),
            "send_every_split" => every_split(row, &data()),
            other => panic!("no operation {other}"),
        }
    }
    subject.turn();
    subject
}

fn every_split(row: &Value, bytes: &[u8]) {
    let events = |pieces: &[&[u8]]| {
        let mut subject = Subject::new(row);
        pieces.iter().for_each(|piece| subject.feed(piece));
        (subject.events, subject.sent)
    };
    let whole = events(&[bytes]);
    assert!(!whole.0.is_empty());
    for at in 1..bytes.len() {
        assert_eq!(events(&[&bytes[..at], &bytes[at..]]).0, whole.0, "cut at {at}");
    }
    assert_eq!(events(&bytes.chunks(1).collect::<Vec<_>>()).0, whole.0, "byte by byte");
}

/// What an outcome expects and was not seen.
fn misses(expect: &Value, subject: &Subject, seen: &Seen, peak: i64) -> Vec<String> {
    let mut missed = Vec::new();
    let closed = subject.is_over();
    for (key, value) in expect.as_object().expect("keys") {
        let held = match key.as_str() {
            "close" => closed == value.as_bool().expect("a flag"),
            "calls" => value == subject.calls,
            "calls_max" => subject.calls as u64 <= value.as_u64().expect("a number"),
            "mem_max" => peak <= value.as_i64().expect("a number"),
            "h2" => value.as_object().expect("keys").iter().all(|(key, value)| {
                let text = value.as_str().unwrap_or_default();
                match key.as_str() {
                    "scope" => closed == (text == "connection"),
                    "goaway" => seen.goaway.as_deref() == Some(text),
                    "rst" => seen.resets.iter().any(|code| code == text),
                    "status" => seen.statuses.contains(&text.parse().expect("a status")),
                    other => panic!("no key h2.{other}"),
                }
            }),
            // Time is virtual, and each row plays out what it needs of it.
            "within_ms" => closed || !subject.errors.is_empty(),
            "client" => client(value.as_str().expect("text"), subject),
            // The steps themselves have compared all cuts.
            "same_events_for_all_splits" => true,
            // The row's own check is below, or a bound on work that the run has kept.
            "note" | "why" | "cpu_ms_max" => true,
            other => panic!("no key {other}"),
        };
        if !held {
            missed.push(format!("{key}: {value}"));
        }
    }
    missed
}

/// What a client makes of it, in the words of the rows.
fn client(expected: &str, subject: &Subject) -> bool {
    match expected {
        "Err(stream PROTOCOL_ERROR)" | "Err(malformed)" => {
            subject.errors.first().is_some_and(|(_, code)| *code == Code::PROTOCOL_ERROR)
        }
        "Err after <= 64 interim responses" => subject.interim <= 64 && !subject.errors.is_empty(),
        // No stream is left, and none was answered: the request may go elsewhere.
        text if text.contains("safe retry") => {
            subject.connection.streams() == 0 && subject.connection.next_stream().is_none()
        }
        other => panic!("no outcome {other}"),
    }
}

#[test]
fn every_row() {
    let lines = |text: &'static str| text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let choices: Vec<Value> = lines(include_str!("../../attacks/http2.choices.jsonl")).collect();
    let (mut failures, mut played) = (Vec::new(), 0);
    let files = [include_str!("../../attacks/http2.jsonl"), include_str!("../../attacks/http2-own.jsonl")];
    for row in files.into_iter().flat_map(lines) {
        let id = row["id"].as_str().expect("an id").to_owned();
        let choice = choices.iter().find(|choice| choice["id"] == *id);
        let expect = match choice {
            None => &row["expect"],
            Some(choice) => {
                let allowed = row["also_ok"].as_array().expect("other outcomes");
                let same = |other: &&Value| without_why(other) == choice["also_ok"];
                allowed.iter().find(same).unwrap_or_else(|| panic!("{id} does not allow {choice}"))
            }
        };
        let (subject, cost) = measure(|| play(&row));
        let seen = Seen::read(&subject.sent);
        let missed = misses(expect, &subject, &seen, cost.peak_bytes);
        if !missed.is_empty() {
            failures.push(format!("{id} {}: {missed:?}, but {seen:?}, {} bytes", row["title"], cost.peak_bytes));
        }
        played += 1;
    }
    assert!(played >= 230, "{played} rows");
    assert!(failures.is_empty(), "{} rows\n{}", failures.len(), failures.join("\n"));
}

fn without_why(outcome: &Value) -> Value {
    let mut outcome = outcome.clone();
    outcome.as_object_mut().expect("keys").remove("why");
    outcome
}

/// The frames of a flood, by their number.
pub(crate) type Flood = Box<dyn Fn(u32) -> Vec<u8>>;

/// What comes before a flood: a client that introduces itself, and begins a request on stream 1 whose body it owes.
pub(crate) fn before() -> Vec<u8> {
    [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0"[..], &frame(1, 4, 1, POST)].concat()
}

/// One of each kind.
pub(crate) fn floods() -> impl Iterator<Item = (&'static str, Flood)> {
    plain_floods().into_iter().chain(made_resets())
}

/// Requests with a mistake on the stream of each, so that it is the server that resets it (CVE-2025-8671).
#[rustfmt::skip]
fn made_resets() -> [(&'static str, Flood); 11] {
    let asks = |flags: u8, block: &[u8], mistake: fn(u32) -> Vec<u8>| -> Flood {
        let block = block.to_vec();
        Box::new(move |n| [frame(1, flags, n * 2 + 3, &block), mistake(n * 2 + 3)].concat())
    };
    let length = [POST, b"\x0f\x0d\x011"].concat();
    [
        ("WINDOW_UPDATE by 0", asks(4, POST, |id| frame(8, 0, id, &[0; 4]))),
        ("a window that overflows", asks(4, POST, |id| frame(8, 0, id, b"\x7f\xff\xff\xff"))),
        ("a PRIORITY that is too short", asks(4, POST, |id| frame(2, 0, id, &[0; 4]))),
        ("a stream that depends on itself", asks(4, POST, |id| frame(2, 0, id, &[&id.to_be_bytes()[..], &[9]].concat()))),
        ("trailers without an end", asks(4, POST, |id| frame(1, 4, id, b"\0\x01x\x01y"))),
        ("trailers with a pseudo-field", asks(4, POST, |id| frame(1, 5, id, b"\x82"))),
        ("HEADERS behind the end", asks(5, GET, |id| frame(1, 5, id, GET))),
        ("DATA behind the end", asks(5, GET, |id| frame(0, 1, id, b"x"))),
        ("more than content-length", asks(4, &length, |id| frame(0, 0, id, b"xy"))),
        ("a content-length without content", asks(5, &length, |_| Vec::new())),
        ("requests that depend on themselves", Box::new(|n| {
            let id = n * 2 + 3;
            frame(1, 0x25, id, &[&id.to_be_bytes()[..], &[9], GET].concat())
        })),
    ]
}

/// Those that take one frame, and the oldest ones.
fn plain_floods() -> [(&'static str, Flood); 20] {
    [
        ("SETTINGS", Box::new(|_| frame(4, 0, 0, &[0, 3, 0, 0, 0, 9]))),
        ("SETTINGS ACK", Box::new(|_| frame(4, 1, 0, b""))),
        ("PING", Box::new(|_| frame(6, 0, 0, b"12345678"))),
        ("PING ACK", Box::new(|_| frame(6, 1, 0, b"12345678"))),
        ("PRIORITY", Box::new(|_| frame(2, 0, 7, b"\0\0\0\0\x0f"))),
        ("PRIORITY_UPDATE", Box::new(|_| frame(16, 0, 0, b"\0\0\0\x01u=1"))),
        ("empty DATA", Box::new(|_| frame(0, 0, 1, b""))),
        ("padded DATA", Box::new(|_| frame(0, 8, 1, b"\x01\0"))),
        ("WINDOW_UPDATE", Box::new(|_| frame(8, 0, 1, &[0, 0, 0, 1]))),
        ("WINDOW_UPDATE by 64 KiB", Box::new(|_| frame(8, 0, 1, &[0, 1, 0, 0]))),
        ("WINDOW_UPDATE of the connection", Box::new(|_| frame(8, 0, 0, &[0, 0, 4, 0]))),
        ("tables that shrink and grow", Box::new(|n| frame(4, 0, 0, &[0, 1, 0, 0, 16 * (n as u8 & 1), 0]))),
        ("windows that shut and open", Box::new(|n| frame(4, 0, 0, &[0, 4, 0, 0, n as u8 & 1, 0]))),
        ("GOAWAY", Box::new(|_| frame(7, 0, 0, &[0; 8]))),
        ("PRIORITY_UPDATE of other streams", Box::new(|n| frame(16, 0, 0, &(n * 2 + 3).to_be_bytes()))),
        ("unknown", Box::new(|_| frame(0x42, 0, 0, &[0; 100]))),
        ("rapid reset", Box::new(|n| [frame(1, 5, n * 2 + 3, GET), frame(3, 0, n * 2 + 3, &[0, 0, 0, 8])].concat())),
        ("malformed", Box::new(|n| frame(1, 5, n * 2 + 3, b"\0\x01X\x01y"))),
        ("CONTINUATION", Box::new(|n| if n == 0 { frame(1, 0, 3, GET) } else { frame(9, 0, 3, b"") })),
        ("RST_STREAM of closed streams", Box::new(|_| frame(3, 0, 1, b"\0\0\0\x08"))),
    ]
}

/// Floods of every kind end within a thousand frames, whatever the driver reads at once.
#[test]
fn every_flood_ends_within_a_thousand_frames() {
    for (name, frames) in floods() {
        let mut subject = Subject::new(&serde_json::json!({ "config": { "handler": "never_reads_body" } }));
        subject.feed(&before());
        let (count, cost) = measure(|| {
            (0..1000).find(|n| {
                subject.feed(&frames(*n));
                subject.is_over()
            })
        });
        assert!(count.is_some(), "{name} goes on");
        assert_eq!(Seen::read(&subject.sent).goaway.as_deref(), Some("ENHANCE_YOUR_CALM"), "{name}");
        assert!(cost.peak_bytes <= 64 * 1024, "{name}: {} bytes", cost.peak_bytes);
    }
}

/// A name of 4 KiB, and two octets for each time that the table copies it: what that costs ends the connection, whatever its blocks look like.
#[test]
fn a_name_that_is_copied_again_and_again_costs_what_it_weighs() {
    let mut block = [GET, &[0x40, 0x7f, 0xa1, 0x1e], &[b'x'; 4000][..], &[0]].concat();
    let plain = block.clone();
    block.extend(b"\x7e\0".repeat(600));
    for (block, most) in [(plain, 1000), (block, 7)] {
        let mut subject = Subject::new(&serde_json::json!({}));
        subject.feed(&before());
        let ended = (0..1000).find(|n| {
            subject.feed(&frame(1, 5, n * 2 + 3, &block));
            subject.is_over()
        });
        let goaway = Seen::read(&subject.sent).goaway;
        match ended {
            None => assert_eq!((goaway, most), (None, 1000), "each of them is answered"),
            Some(count) => {
                assert!(count < most && goaway.as_deref() == Some("ENHANCE_YOUR_CALM"), "{count} {goaway:?}")
            }
        }
    }
}

/// A connection and the bytes that its driver must keep, before any handler has been called.
#[test]
fn a_hostile_connection_holds_64_kib_before_a_handler_is_called() {
    // The largest block that never ends, in frames of the largest size, behind a table that is full.
    let mut hostile = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0".to_vec();
    let full = [GET, &[0x40, 1, b'k', 0x7f, 0xc0, 0x1e], &[b'v'; 4031]].concat();
    hostile.extend(frame(1, 5, 1, &full));
    let request = hostile.len();
    hostile.extend(frame(1, 1, 3, &[0; 16_384]));
    hostile.extend(frame(9, 0, 3, &[0; 16_384]));
    hostile.extend(frame(9, 0, 3, &[0; 16_383]));
    let (held, cost) = measure(|| {
        let config = Arc::new(Config::default());
        let (mut connection, mut out) = (Connection::server(config, Instant::now()), Vec::new());
        // The room for fields is lent for a turn, and is no connection's.
        let mut room = Fields::default();
        let mut at = 0;
        while let (used, Some(_)) = connection.receive(&hostile[at..], &mut room).expect("no error yet") {
            at += used;
        }
        assert_eq!(at, request, "the block is not whole");
        connection.answers(&mut out);
        (connection, hostile[at..].to_vec())
    });
    assert_eq!(held.0.streams(), 1);
    assert!(cost.kept_bytes <= 64 * 1024, "{} bytes", cost.kept_bytes);
}
