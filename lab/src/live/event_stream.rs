//! The widgets of event streams: what our decoder makes of some bytes, and a feed whose connection the reader may cut.

use super::answer::{Answer, Happening, MAX_INPUT, Mark, Part, escape, range_in};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use wirebook_http1::{Failure, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_sse::channel::{Resume, Settings};
use wirebook_sse::decoder::{by_line, fast};
use wirebook_sse::feed::{Feed, Next};
use wirebook_sse::line::{Line, Lines};
use wirebook_sse::server::{EventStream, last_event_id};
use wirebook_sse::{Event, Limits};

/// What the widget shows first, and its picture in the book.
pub(crate) const EXAMPLE: &[u8] =
    b": a comment\nevent: add\nid: 7\ndata: first line\ndata:  second line\n\nretry: 3000\ndata: unfinished\n";

const RULES: &str = "HTML §9.2.6";

/// The body of the widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    cut: Option<usize>,
    parser: Option<String>,
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where the body is not such a request.
pub(super) fn answer(body: &[u8]) -> Result<Answer, String> {
    let ask: Ask = serde_json::from_slice(body).map_err(|error| format!("The request is not understood: {error}."))?;
    let bytes = super::answer::latin1(&ask.input)?;
    if bytes.len() > MAX_INPUT {
        return Err(format!("The input has {} bytes, the widget takes {MAX_INPUT}.", bytes.len()));
    }
    Ok(dissect(&bytes, ask.cut.unwrap_or(usize::MAX), ask.parser.as_deref()))
}

macro_rules! run {
    ($decoder:ty, $input:expr, $stops:expr) => {{
        let mut decoder = <$decoder>::new(Limits::default(), "");
        let (mut at, mut from, mut events) = (0, 0, Vec::new());
        for stop in $stops {
            while let Ok((used, event)) = decoder.receive(&$input[at..stop]) {
                at += used;
                let Some(Event { event_type, data, id }) = event else { break };
                let id = id.map_or(String::new(), |id| format!(", id {id:?}"));
                let text = format!("{event_type} {data:?}{id}");
                events.push(Happening { start: from, end: at, event: "dispatch", text });
                from = at;
            }
        }
        let (id, retry) = (decoder.last_event_id().to_string(), decoder.retry());
        (events, id, retry)
    }};
}

/// Takes a stream apart: lines with their parts, and the events that the decoder dispatches; once whole, and once cut in
/// two at `cut`.
pub(crate) fn dissect(input: &[u8], cut: usize, variant: Option<&str>) -> Answer {
    let cut = cut.min(input.len());
    let parser = if variant == Some("by_line") { "by_line" } else { "fast" };
    let (whole, pieces) = match parser {
        "by_line" => (run!(by_line::Decoder, input, [input.len()]), run!(by_line::Decoder, input, [cut, input.len()])),
        _ => (run!(fast::Decoder, input, [input.len()]), run!(fast::Decoder, input, [cut, input.len()])),
    };
    let same = whole == pieces;
    let (events, _, _) = whole;
    let (parts, states) = lines(input);
    Answer {
        input: input.iter().map(|&byte| byte as char).collect(),
        len: input.len(),
        parts,
        states,
        cut,
        before_cut: events.iter().filter(|event| event.end <= cut).count(),
        events,
        fault: None,
        same,
        parser,
        nanoseconds: Some(time(input, parser)),
    }
}

/// The parts of each line, and where the reader changes its state.
fn lines(input: &[u8]) -> (Vec<Part>, Vec<Mark>) {
    let (mut parts, mut states) = (Vec::new(), Vec::new());
    let mut part = |range: (usize, usize), kind, rule| {
        let (start, end) = range;
        parts.push(Part { start, end, kind, value: escape(&input[start..end]), rule });
    };
    let mut end = 0;
    for (line, line_end, meaning) in Lines::new(input) {
        if end == 0 && line.start > 0 {
            part((0, line.start), "bom", "HTML §9.2.5");
        }
        end = line_end.end;
        match meaning {
            Line::Blank => states.push(Mark { at: line.start, state: "empty line: dispatch" }),
            Line::Comment(_) => {
                states.push(Mark { at: line.start, state: "comment" });
                part((line.start, line.end), "comment", RULES);
            }
            Line::Field(name, value) => {
                states.push(Mark { at: line.start, state: "field name" });
                let known = matches!(name, b"data" | b"event" | b"id" | b"retry");
                part(range_in(input, name), if known { "name" } else { "unknown" }, RULES);
                if line.start + name.len() < line.end {
                    let range = range_in(input, value);
                    states.push(Mark { at: range.0, state: "field value" });
                    if !value.is_empty() {
                        part(range, if name == b"data" { "data" } else { "value" }, RULES);
                    }
                }
            }
        }
        if line_end.is_empty() {
            return (parts, states);
        }
    }
    states.push(Mark { at: end, state: "start of a line" });
    (parts, states)
}

/// Nanoseconds for the whole stream: the best of a few rounds, because only the machine can add to it.
fn time(input: &[u8], parser: &str) -> f64 {
    const ROUNDS: u32 = 8;
    const RUNS: u32 = 64;
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..RUNS {
            let mut at = 0;
            let input = std::hint::black_box(input);
            macro_rules! drain {
                ($decoder:expr) => {{
                    let mut decoder = $decoder;
                    while let Ok((used, Some(event))) = decoder.receive(&input[at..]) {
                        std::hint::black_box(event);
                        at += used;
                    }
                }};
            }
            match parser {
                "by_line" => drain!(by_line::Decoder::default()),
                _ => drain!(fast::Decoder::default()),
            }
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(RUNS));
    }
    best
}

// The feed whose connection may be cut.

/// Events that the demonstration's ring keeps: few, so that a long absence is seen to lose some.
const RING: usize = 12;
/// Readers that may watch at once.
const MAX_SESSIONS: usize = 32;
/// Time between two events.
const EVERY: Duration = Duration::from_millis(800);

thread_local! {
    static DEMONSTRATION: Demonstration = Demonstration::new();
}

struct Demonstration {
    feed: Feed,
    ticking: Cell<bool>,
    sessions: RefCell<HashMap<String, Rc<Session>>>,
}

/// One reader's connections, one after the other.
#[derive(Default)]
struct Session {
    connections: Cell<u32>,
    cut: Cell<bool>,
}

impl Demonstration {
    fn new() -> Self {
        let feed = Feed::new(Settings { ring_events: RING, ..Settings::default() });
        Demonstration { feed, ticking: Cell::new(false), sessions: RefCell::default() }
    }

    /// The session of this name; of too many, the oldest is forgotten by chance, which costs it a counter.
    fn session(&self, name: &str) -> Rc<Session> {
        let mut sessions = self.sessions.borrow_mut();
        if sessions.len() >= MAX_SESSIONS && !sessions.contains_key(name) {
            sessions.clear();
        }
        sessions.entry(name.to_string()).or_default().clone()
    }
}

/// Publishes while somebody has listened within the last minute.
fn tick(feed: Feed) {
    if DEMONSTRATION.with(|demonstration| demonstration.ticking.replace(true)) {
        return;
    }
    net::spawn(async move {
        let mut alone = Duration::ZERO;
        while alone < Duration::from_secs(60) {
            net::sleep(EVERY).await;
            let number = feed.with_channel(|channel| channel.next());
            // The text is ours: it can be encoded.
            let _ = feed.publish("message", &format!("event {number}"));
            alone = if feed.subscribers() > 0 { Duration::ZERO } else { alone + EVERY };
        }
        DEMONSTRATION.with(|demonstration| demonstration.ticking.set(false));
    });
}

/// `GET /live/feed?SESSION`: the feed of the demonstration, until the reader cuts it.
pub(crate) async fn feed(request: &Request<'_>, response: Response<'_>) -> Outcome {
    let name: String = request.query().unwrap_or_default().chars().take(40).collect();
    let (feed, session) = DEMONSTRATION.with(|demo| (demo.feed.clone(), demo.session(&name)));
    tick(feed.clone());
    session.connections.set(session.connections.get() + 1);
    session.cut.set(false);
    let id = last_event_id(request);
    let mut subscription = feed.subscribe(id.as_deref());

    let Some(mut stream) = EventStream::open(request, response).await? else { return Ok(()) };
    stream.retry(Duration::from_millis(1500)).await?;
    let hello = Hello {
        connection: session.connections.get(),
        last_event_id: id,
        replayed: match subscription.resume() {
            Resume::Fresh => 0,
            Resume::Resumed(missed) => missed,
            Resume::Lost(_) => RING as u64,
        },
    };
    // It has no id, so the reader's place stays where it was.
    stream.send(Event::data(&serde_json::to_string(&hello)?).event_type("connection")).await?;

    let mut pieces = Vec::new();
    loop {
        match net::timeout(Duration::from_millis(200), subscription.next(1 << 14, &mut pieces)).await {
            Ok(Next::Events) => {
                let bytes = pieces.concat();
                pieces.clear();
                if session.cut.get() {
                    // In the middle of an event: half of it must count for nothing.
                    stream.send_raw(&bytes[..bytes.len() / 2]).await?;
                    return Err(Failure::from(std::io::Error::from(std::io::ErrorKind::ConnectionAborted)));
                }
                stream.send_raw(&bytes).await?;
            }
            Ok(_) => return stream.end().await,
            Err(_) => {}
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hello {
    connection: u32,
    last_event_id: Option<String>,
    replayed: u64,
}

/// The body of a request to cut.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cut {
    session: String,
}

/// Cuts the connection of a reader in the middle of its next event.
pub(super) fn cut(body: &[u8]) -> Result<bool, String> {
    let cut: Cut = serde_json::from_slice(body).map_err(|error| format!("The request is not understood: {error}."))?;
    DEMONSTRATION.with(|demo| match demo.sessions.borrow().get(&cut.session) {
        Some(session) => Ok(!session.cut.replace(true)),
        None => Err("There is no such connection.".into()),
    })
}

/// What the demonstration shows, as a table for the book: the crate's own channel and client, cut in the middle of
/// event 3, without a network.
pub(crate) fn reconnect_picture() -> String {
    let rows = transcript();
    let body: String =
        rows.iter().map(|(who, what)| format!("<tr class=\"wb-{who}\"><td>{who}</td><td>{what}</td></tr>")).collect();
    let (tag, title) = ("wirebook-reconnect", "A connection that breaks");
    format!(
        "<div><{tag} class=\"wb\" role=\"region\" aria-label=\"{title}\"><div class=\"wb-bar\"><b>{title}</b>\
         <span class=\"wb-live wb-away\">a picture, made when the book was built</span></div><div class=\"wb-table\"><table>\
         <thead><tr><th>who</th><th>what</th></tr></thead><tbody>{body}</tbody></table></div><div class=\"wb-foot\"><span>Live \
         with <code>cargo run --release</code> in a checkout: then cut the connection yourself.</span></div></{tag}></div>"
    )
}

fn transcript() -> Vec<(&'static str, String)> {
    use wirebook_sse::channel::Channel;
    use wirebook_sse::connection::{Connection, Head};
    use wirebook_sse::{Cause, Settings as Client};
    let now = net::now();
    let mut rows = Vec::new();
    let mut channel = Channel::new(Settings::default());
    let Ok(mut client) = Connection::new("http://127.0.0.1/feed", Client::default(), 1, now) else { return rows };
    for connection in 1..=2 {
        let id = Some(client.last_event_id().to_string()).filter(|id| !id.is_empty());
        let asked = id.as_ref().map_or("no Last-Event-ID".to_string(), |id| format!("Last-Event-ID: {id}"));
        rows.push(("client", format!("connection {connection}: asks with {asked}")));
        let (key, _) = channel.subscribe(id.as_deref());
        // The steps are in turn: there is no error to meet.
        let _ = client.receive_head(Head::event_stream(), now);
        for number in channel.next()..=[3, 4][connection - 1] {
            // The text is ours: it can be encoded.
            let _ = channel.publish("message", &format!("event {number}"));
        }
        let mut pieces = Vec::new();
        let _ = channel.take(key, usize::MAX, &mut pieces);
        channel.unsubscribe(key);
        for (index, piece) in pieces.iter().enumerate() {
            let breaks = connection == 1 && index == 3;
            let sent = if breaks { &piece[..piece.len() / 2] } else { &piece[..] };
            let text = escape(sent);
            rows.push((
                "server",
                format!("<code>{text}</code>{}", if breaks { " and the connection breaks" } else { "" }),
            ));
            if let Ok((_, Some(event))) = client.receive(sent, now) {
                rows.push(("client", format!("dispatches {}", event.data)));
            }
        }
        if connection == 1 {
            let _ = client.lost(Cause::Broken, now);
            if let Some(deadline) = client.deadline() {
                let _ = client.expire(deadline);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_dissected_the_same_at_every_cut() {
        for variant in ["fast", "by_line"] {
            for cut in 0..=EXAMPLE.len() {
                let answer = dissect(EXAMPLE, cut, Some(variant));
                assert!(answer.same);
                assert_eq!(answer.events.len(), 1);
                assert_eq!(answer.events[0].text, "add \"first line\\n second line\", id \"7\"");
            }
        }
    }

    #[test]
    fn parts_lie_where_they_say() {
        let input = b"\xef\xbb\xbfdata: x\r\nfoo\r\rid:7";
        for part in dissect(input, usize::MAX, None).parts {
            assert_eq!(part.value, escape(&input[part.start..part.end]));
        }
    }

    #[test]
    fn the_transcript_heals() {
        let text: String = transcript().into_iter().map(|(who, what)| format!("{who}: {what}\n")).collect();
        assert!(text.contains("client: connection 2: asks with Last-Event-ID: 2\n"), "{text}");
        assert_eq!(text.matches("dispatches event 3").count(), 1, "{text}");
        assert!(text.ends_with("client: dispatches event 4\n"), "{text}");
    }
}
