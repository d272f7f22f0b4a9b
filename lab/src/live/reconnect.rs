//! The demonstration of reconnecting: a feed whose connection the reader may cut.

use super::answer::escape;
use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::{Failure, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_sse::Event;
use wirebook_sse::channel::{Resume, Settings};
use wirebook_sse::feed::{Feed, Next};
use wirebook_sse::server::{EventStream, last_event_id};

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
pub(super) struct Cut {
    session: String,
}

/// Cuts the connection of a reader in the middle of its next event.
pub(super) fn cut(cut: Cut) -> Result<bool, String> {
    DEMONSTRATION.with(|demo| match demo.sessions.borrow().get(&cut.session) {
        Some(session) => Ok(!session.cut.replace(true)),
        None => Err("There is no such connection.".into()),
    })
}

/// What the demonstration shows, as a table for the book: the crate's own channel and client, cut in the middle of
/// event 3, without a network.
pub(super) fn picture() -> String {
    let rows = transcript().into_iter().map(|(who, what)| (format!("wb-{who}"), vec![who.to_string(), what]));
    table(&["who", "what"], rows)
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
            let text = text(&escape(sent));
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
    fn the_transcript_heals() {
        let text: String = transcript().into_iter().map(|(who, what)| format!("{who}: {what}\n")).collect();
        assert!(text.contains("client: connection 2: asks with Last-Event-ID: 2\n"), "{text}");
        assert_eq!(text.matches("dispatches event 3").count(), 1, "{text}");
        assert!(text.ends_with("client: dispatches event 4\n"), "{text}");
    }
}
