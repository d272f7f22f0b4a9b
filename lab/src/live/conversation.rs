//! The widget of conversations: a client's bytes, what a server makes of them, and what it answers; both sides' states
//! after each step, read off the production connection.

use super::answer::{bytes, escape, latin1, range_in};
use serde::{Deserialize, Serialize};
use wirebook_http1::parser::{Fields, ResponseHead};
use wirebook_http1::{Connection, Event, FieldBlock, reason};

/// What the widget offers; the first is its picture in the book.
pub(crate) const EXAMPLES: &[(&str, &[u8])] = &[
    (
        "three in a pipeline",
        b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\
          \r\nHEAD /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ),
    (
        "an old client",
        b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET /never HTTP/1.0\r\n\r\n",
    ),
    (
        "a mistake in the middle",
        b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    (
        "a body that looks like a request",
        b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n12",
    ),
    ("a body that has not all come", b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfour"),
    (
        "a chunk of the wrong length",
        b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfour\r\n0\r\n\r\n",
    ),
];

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// One character a byte, U+0000 to U+00FF.
    input: String,
}

/// A conversation, step by step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Conversation {
    pub(crate) input: String,
    pub(crate) steps: Vec<Step>,
    /// Bytes behind the last that were read; they are never looked at.
    pub(crate) unread: usize,
}

/// One event, received or sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Step {
    /// `client` or `server`: who says it.
    pub(crate) from: &'static str,
    pub(crate) event: &'static str,
    /// The bytes on the wire, escaped.
    pub(crate) bytes: String,
    /// Where they lie in the client's bytes, or in the server's.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) client: String,
    pub(crate) server: String,
}

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Conversation, String> {
    Ok(converse(&bytes(&ask.input)?))
}

/// Plays a server that answers every request with its target, and every mistake with its status.
pub(crate) fn converse(input: &[u8]) -> Conversation {
    let mut play = Play { connection: Connection::server(), steps: Vec::new(), sent: 0, body: String::new() };
    let mut fields = Fields::new();
    let mut at = 0;
    loop {
        match play.connection.receive(&input[at..], &mut fields) {
            Ok((used, Some(event))) => {
                play.received(input, at, at + used, &event);
                at += used;
                if matches!(event, Event::End(_)) {
                    let body = std::mem::take(&mut play.body);
                    play.respond(200, &body);
                }
            }
            Ok((used, None)) => {
                at += used;
                break;
            }
            Err(error) => {
                let offset = at + error.offset;
                play.step("client", "error", escape(&input[at..input.len().min(offset + 1)]), at, offset);
                play.connection.refuse_reuse();
                play.respond(error.status(), &format!("{} {}", error.status(), reason(error.status())));
                break;
            }
        }
    }
    Conversation { input: latin1(input), steps: play.steps, unread: input.len() - at }
}

struct Play {
    connection: Connection,
    steps: Vec<Step>,
    /// Bytes that the server has sent.
    sent: usize,
    /// What the answer will say.
    body: String,
}

impl Play {
    fn received(&mut self, input: &[u8], start: usize, end: usize, event: &Event<'_>) {
        match event {
            Event::Request(head) => {
                self.body = escape(head.target);
                self.step("client", "request", escape(&input[start..end]), start, end);
            }
            Event::Data(data) => {
                let (start, end) = range_in(input, data);
                self.step("client", "data", escape(data), start, end);
            }
            Event::End(_) => self.step("client", "end", escape(&input[start..end]), start, end),
            Event::Response(_) => {}
        }
    }

    /// Sends an answer; what the protocol refuses (a body to HEAD, anything behind a close) is left out.
    fn respond(&mut self, status: u16, body: &str) {
        let mut fields = FieldBlock::default();
        if fields.push("content-length", body.len().to_string()).is_err() {
            return;
        }
        self.send("response", Event::Response(ResponseHead::new(status, fields.lines())));
        if self.connection.may_send_data() && !body.is_empty() {
            self.send("data", Event::Data(body.as_bytes()));
        }
        self.send("end", Event::End(Default::default()));
    }

    fn send(&mut self, name: &'static str, event: Event<'_>) {
        let mut out = Vec::new();
        if self.connection.send(event, &mut out).is_ok() {
            let start = self.sent;
            self.sent += out.len();
            self.step("server", name, escape(&out), start, self.sent);
        }
    }

    fn step(&mut self, from: &'static str, event: &'static str, bytes: String, start: usize, end: usize) {
        let client = format!("{:?}", self.connection.their_state());
        let server = format!("{:?}", self.connection.our_state());
        self.steps.push(Step { from, event, bytes, start, end, client, server });
    }
}
