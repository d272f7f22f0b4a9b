//! "Dissect this page": the bytes of the very request that brought a page, their parse, the connection's states, and the
//! head of the answer; the same for the page's WebSocket and its event stream.
//!
//! A request has a key, which its asker alone knows: a page's is drawn by us and sent with it (`Server-Timing`, which a
//! page's script may read); a socket's and a stream's is drawn by the script and stands in their query. Whoever knows the
//! key is shown that one request. What belongs to others is never shown: without a key there is nothing to ask for.

use super::answer::{Answer, Sides, latin1};
use super::h2::own::{self, Own, Row};
use super::head;
use super::tap::{Heard, Record};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use wirebook_http1::parser::{self, Fields, Limits, Progress};
use wirebook_http1::{Connection, Event};
use wirebook_web::Context;

/// Requests that are remembered; the oldest goes first.
const MOST: usize = 64;
/// Letters of a key.
const KEY: usize = 32;

thread_local! {
    static VISITS: RefCell<VecDeque<Visit>> = const { RefCell::new(VecDeque::new()) };
}

/// A request that can be shown.
struct Visit {
    key: String,
    bytes: Bytes,
}

/// Where its bytes are.
#[derive(Clone)]
enum Bytes {
    Text {
        request: Vec<u8>,
        /// What had come behind the head already.
        behind: Vec<u8>,
        heard: Rc<Heard>,
    },
    /// Over HTTP/2: a stream of a connection.
    Frames { stream: u32, record: Rc<Record> },
}

/// Remembers the request of a page; gives the value of the field `Server-Timing` that brings the page its key.
pub(crate) fn remember_page(ctx: &Context<'_>) -> Option<String> {
    let key = draw();
    remember(ctx, key.clone(), false).then(|| format!("wirebook;desc=\"{key}\""))
}

/// Remembers a request that brought its own key in the query; without one there is nothing to remember.
pub(crate) fn remember_keyed(ctx: &Context<'_>) {
    let key = ctx.query().unwrap_or_default();
    if key.len() == KEY && key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        remember(ctx, key.to_string(), true);
    }
}

/// A key that nobody can guess: the standard library's hashers have keys of their own from the system's randomness.
fn draw() -> String {
    (0..2).fold(String::new(), |mut key, nth| {
        let _ = write!(key, "{:016x}", RandomState::new().hash_one(nth));
        key
    })
}

fn remember(ctx: &Context<'_>, key: String, is_own: bool) -> bool {
    let Some(bytes) = Record::last().and_then(|record| bytes(record, ctx, is_own)) else { return false };
    let visit = Visit { key, bytes };
    VISITS.with_borrow_mut(|visits| {
        visits.retain(|known| known.key != visit.key);
        if visits.len() == MOST {
            visits.pop_front();
        }
        visits.push_back(visit);
    });
    true
}

/// What can be shown of this request, if this is the connection that brought it.
fn bytes(record: Rc<Record>, ctx: &Context<'_>, is_own: bool) -> Option<Bytes> {
    if let Some(stream) = record.frames(|up, _| up.asked(ctx.target())) {
        return stream.map(|stream| Bytes::Frames { stream, record });
    }
    let (read, heard) = record.visit(is_own);
    let (start, end) = place(&read, ctx)?;
    let behind = if is_own { read[end..].to_vec() } else { Vec::new() };
    Some(Bytes::Text { request: read[start..end].to_vec(), behind, heard })
}

/// Where this request's head lies in what its connection read: every field is compared, so that what is shown is what was
/// asked, whoever else asks at the same time.
fn place(read: &[u8], ctx: &Context<'_>) -> Option<(usize, usize)> {
    let line = format!("{} {} HTTP/1.", ctx.method(), ctx.target());
    let starts = read.windows(line.len()).enumerate().filter(|(_, window)| *window == line.as_bytes());
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    starts.into_iter().rev().find_map(|start| {
        let (mut fields, mut progress) = (Fields::new(), Progress::default());
        let head = parser::request(&read[start..], &mut fields, &mut progress, &Limits::default()).ok()??;
        let same = head.fields.iter().eq(ctx.headers().iter());
        same.then(|| (start, start + head.len()))
    })
}

/// What can be shown.
pub(super) const WHAT: [&str; 3] = ["this page", "its WebSocket", "an event stream"];

/// What the book shows in its place.
pub(super) const PICTURE: &str = "<p>The request that brought this page, byte by byte, once the site serves it.</p>";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    key: String,
}

/// What the widget shows.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shown {
    /// The request, taken apart as the head's widget does.
    request: Answer,
    /// The head of the answer as Latin-1.
    answer: String,
    /// What came behind the head of the request, and behind that of the answer, as Latin-1: frames, events, the page.
    read: String,
    written: String,
    states: Vec<Sides>,
    /// Over HTTP/2: the frames of its stream.
    frames: Vec<Row>,
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where there is no such request any more, or never was.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let found = VISITS.with_borrow(|visits| Some(visits.iter().find(|visit| visit.key == ask.key)?.bytes.clone()));
    let (request, behind, heard) = match found.ok_or("This request is not remembered: load the page again.")? {
        Bytes::Text { request, behind, heard } => (request, behind, heard),
        Bytes::Frames { stream, record } => {
            let own = record.frames(|up, down| own::shown(up, down, stream));
            let Own { request, answer, frames, states } = own.ok_or("This connection is not remembered.")?;
            let (read, written) = Default::default();
            return Ok(Shown { request, answer, read, written, states, frames });
        }
    };
    let read = [&behind[..], &heard.read.borrow()].concat();
    let mut written = heard.written.borrow().clone();
    let head = written.windows(4).position(|end| end == b"\r\n\r\n").map_or(written.len(), |at| at + 4);
    // The connection goes on behind an answer that has a length, with what is no part of it.
    if let Some(length) = length(&request, &written[..head]) {
        written.truncate(head.saturating_add(length));
    }
    Ok(Shown {
        answer: latin1(&written[..head]),
        read: latin1(&read),
        written: latin1(&written[head..]),
        states: states(&request, &written[..head]),
        frames: Vec::new(),
        request: head::dissect(&request, usize::MAX, None),
    })
}

/// The length of the content behind the head of an answer; `None` where it ends with the connection, or is no content.
fn length(request: &[u8], answer: &[u8]) -> Option<usize> {
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    let head = parser::response(answer, &mut fields, &mut progress, &Limits::default()).ok()??;
    if head.status == 304 || request.starts_with(b"HEAD ") {
        return Some(0);
    }
    str::from_utf8(head.fields.get("content-length")?).ok()?.parse().ok()
}

/// The states of a connection that reads this request and sends this answer: the server's own, run again.
fn states(request: &[u8], answer: &[u8]) -> Vec<Sides> {
    let mut connection = Connection::server();
    let mut states = Vec::new();
    let mut tell = |connection: &Connection, event: &str| {
        let [client, server] = [connection.their_state(), connection.our_state()].map(|state| format!("{state:?}"));
        states.push(Sides::new(event, client, server));
    };
    tell(&connection, "before");
    let (mut fields, mut at) = (Fields::new(), 0);
    while let Ok((used, Some(event))) = connection.receive(&request[at..], &mut fields) {
        let name = match event {
            Event::Request(_) => "request",
            Event::Data(_) => "data",
            _ => "end",
        };
        at += used;
        tell(&connection, name);
        if name == "end" {
            break;
        }
    }
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    if let Ok(Some(head)) = parser::response(answer, &mut fields, &mut progress, &Limits::default()) {
        let mut out = Vec::new();
        let status = head.status;
        let length =
            head.fields.get("content-length").and_then(|value| str::from_utf8(value).ok()?.parse::<usize>().ok());
        if connection.send(Event::Response(head), &mut out).is_ok() {
            tell(&connection, &format!("response {status}"));
        }
        // The states do not look at the content, and a page's length is ours. A stream has none, and no end.
        let content = vec![0; length.filter(|_| connection.may_send_data()).unwrap_or(0)];
        let is_whole = length.is_some() || !connection.may_send_data();
        if !content.is_empty() && connection.send(Event::Data(&content), &mut out).is_ok() {
            tell(&connection, "data");
        }
        if is_whole && connection.send(Event::End(Default::default()), &mut out).is_ok() {
            tell(&connection, "end of the response");
        }
    }
    states
}
