//! What the production connection says to some bytes of the other end: events, errors, states, and what it answers.

use super::outline::Outline;
use crate::live::answer::{Happening, count, escape};
use std::sync::Arc;
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::RequestHead;
use wirebook_http2::state::State;
use wirebook_http2::wire::{Frame, Header};
use wirebook_http2::{Config, Connection, Error, Event, Fields, StreamId};
use wirebook_net as net;

/// Streams that a client is taken to have opened, at most.
const MOST_STREAMS: u32 = 64;

/// What the connection said.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) events: Vec<Happening>,
    /// What ended the connection, and what ended streams.
    pub(super) fault: Option<Error>,
    pub(super) errors: Vec<Error>,
    /// At each stop: the stream's state, and what is owed since the stop before.
    pub(super) behind: Vec<(Option<State>, String)>,
}

/// Reads the input in pieces that end at `stops`.
pub(super) fn read(input: &[u8], outline: &Outline, stops: &[usize], client: bool) -> Reading {
    let streams = outline.frames.iter().map(|frame| frame.read.stream.number()).filter(|number| number % 2 == 1);
    let mut connection = reader(Config::default(), client.then(|| streams.max().unwrap_or(0)));
    let (mut room, mut reading, mut at) = (Fields::default(), Reading::default(), 0);
    for &stop in stops {
        loop {
            let received = connection.receive(&input[at..stop], &mut room);
            let Ok((used, event)) = received else {
                reading.fault = received.err();
                break;
            };
            at += used;
            let Some(event) = event else { break };
            reading.take(outline, at, &event);
        }
        let mut owed = Vec::new();
        connection.answers(&mut owed);
        let stream = outline.at(stop.saturating_sub(1)).map(|frame| frame.read.stream);
        let stream = stream.filter(|stream| !stream.is_connection() && reading.fault.is_none());
        reading.behind.push((stream.and_then(|stream| connection.state(stream)), names(&owed)));
        if reading.fault.is_some() {
            break;
        }
    }
    reading
}

/// The reader, before the first byte: a server, or a client that has asked on all streams up to the last on which it is answered.
pub(super) fn reader(config: Config, asked: Option<u32>) -> Connection {
    let (config, now, mut out) = (Arc::new(config), net::now(), Vec::new());
    let Some(asked) = asked else {
        let mut connection = Connection::server(config, now);
        connection.answers(&mut out);
        return connection;
    };
    let mut connection = Connection::client(config, now);
    let mut fields = FieldBlock::default();
    fields.push("host", "tea.example").ok();
    for number in (1..=asked.min(2 * MOST_STREAMS)).step_by(2) {
        let head = RequestHead::new(b"GET", b"/", fields.lines());
        let stream = StreamId::new(number);
        // It takes a hundred streams before the server has said how many.
        connection.send(Event::Request { stream, head, scheme: b"https", protocol: None, end: true }, &mut out).ok();
    }
    connection
}

/// The names of frames that are owed.
fn names(mut owed: &[u8]) -> String {
    let mut names = Vec::new();
    while let Some((bytes, rest)) = owed.split_first_chunk() {
        let header = Header::read(bytes);
        let (payload, behind) = rest.split_at((header.length as usize).min(rest.len()));
        let name = header.kind.name();
        names.push(match Frame::read(header, payload) {
            Ok(Frame::RstStream { code, .. } | Frame::Goaway { code, .. }) => format!("{name} {code}"),
            Ok(Frame::SettingsAck | Frame::Ping { ack: true, .. }) => format!("{name} ACK"),
            _ => name.to_owned(),
        });
        owed = behind;
    }
    names.join(", ")
}

impl Reading {
    /// Events begin where the one before ended, so that a cut changes nothing; and pieces of one frame of DATA are one.
    fn take(&mut self, outline: &Outline, end: usize, event: &Event<'_>) {
        let (name, text) = describe(event);
        if let (Event::Data { bytes, end: last_piece, .. }, Some(last)) = (event, self.events.last_mut())
            && last.event == "data"
            && outline.at(end - 1).is_some_and(|frame| frame.start < last.end)
        {
            last.text.pop();
            last.text += &format!("{}\"{}", escape(bytes), ends(*last_piece));
            last.end = end;
            return;
        }
        if let Event::StreamError(error) = event {
            self.errors.push(*error);
        }
        let start = self.events.last().map_or(0, |event| event.end);
        self.events.push(Happening { start, end, event: name, text });
    }
}

fn ends(end: bool) -> &'static str {
    if end { ", the end" } else { "" }
}

fn describe(event: &Event<'_>) -> (&'static str, String) {
    match *event {
        Event::Request { stream, head, end, .. } => {
            let (method, target) = (escape(head.method), escape(head.target));
            ("request", format!("{stream}: {method} {target}, {}{}", count(head.fields.len(), "field"), ends(end)))
        }
        Event::Response { stream, head, end } => {
            ("response", format!("{stream}: {}, {}{}", head.status, count(head.fields.len(), "field"), ends(end)))
        }
        Event::Data { stream, bytes, end } => ("data", format!("{stream}: \"{}\"{}", escape(bytes), ends(end))),
        Event::Trailers { stream, fields } => ("trailers", format!("{stream}: {}", count(fields.len(), "field"))),
        Event::Reset { stream, code } => ("reset", format!("{stream}: {code}")),
        Event::StreamError(error) => ("stream error", error.to_string()),
        Event::Goaway { last, code, debug } => ("goaway", format!("{last} {code} \"{}\"", escape(debug))),
        Event::Room(stream) => ("room", stream.map_or("the connection's window".into(), |stream| format!("{stream}"))),
        Event::Priority { stream, priority } => (
            "priority",
            format!("{stream}: urgency {}{}", priority.urgency, if priority.incremental { ", bit by bit" } else { "" }),
        ),
        Event::Settings(settings) => ("settings", format!("a stream's window is {}", settings.initial_window_size)),
        Event::SettingsAck => ("settings ack", String::new()),
        Event::Ping(data) => ("ping", format!("\"{}\"", escape(&data))),
        Event::Pong(data) => ("pong", format!("\"{}\"", escape(&data))),
    }
}
