//! What the outside judges of event streams talk to: the case documents as they stand, and our server stream.
//!
//! Run: tests/interop/sse/run

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_sse::channel::Settings;
use wirebook_sse::decoder::fast::Decoder;
use wirebook_sse::feed::Feed;
use wirebook_sse::server::{EventStream, Options, last_event_id, serve_feed};
use wirebook_sse::{Event, Limits};

/// Events that our encoder is to carry unharmed, as (type, data, id).
const FORMATS: &[(&str, &str, Option<&str>)] = &[
    ("message", "plain", None),
    ("message", "", None),
    ("message", " leading and trailing ", None),
    ("message", "two\nlines", None),
    ("message", "\n", None),
    ("message", "ends with an empty line\n\n", None),
    ("message", "data: not a field\nid: 9\n: no comment", None),
    ("message", "é € 🦀 \u{2028} \u{feff} \0 \t", None),
    ("add", "typed", Some("1")),
    ("message", "the id stays", None),
    ("type with spaces é", "x", Some("id with spaces é")),
    ("message", "the id is reset", Some("")),
];

struct Case {
    wire: Vec<u8>,
    expected: Vec<Value>,
}

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = cases();
    let judge = std::fs::read(folder.join("interop/sse/judge.mjs"))?;
    net::run(async move {
        let feed = Feed::new(Settings { ring_events: 50, ..Settings::default() });
        let producer = feed.clone();
        net::spawn(async move {
            loop {
                let _ = producer.publish("message", &producer.with_channel(|channel| channel.next()).to_string());
                net::sleep(Duration::from_millis(2)).await;
            }
        });
        let seen_ids = RefCell::new(Vec::new());
        let server = http1::serve("127.0.0.1:0", async move |mut request: Request<'_>, response: Response<'_>| {
            let path = request.path().to_string();
            let id = last_event_id(&request);
            match path.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
                [""] => html(response).await,
                ["judge.mjs"] => response.header("content-type", "text/javascript").end(&judge).await,
                ["cases.json"] => {
                    let all: BTreeMap<&String, &Vec<Value>> =
                        cases.iter().map(|(name, c)| (name, &c.expected)).collect();
                    json_answer(response, &json!(all)).await
                }
                ["case", name, pieces] => match cases.get(name) {
                    Some(case) => raw(response, &case.wire, pieces.parse().unwrap_or(1)).await,
                    None => response.status(404).end("").await,
                },
                ["formats"] => formats(&request, response).await,
                ["formats.json"] => json_answer(response, &formats_json()).await,
                ["countdown"] => countdown(&request, response, id.as_deref()).await,
                ["echo-id"] => {
                    seen_ids.borrow_mut().push(id.clone().unwrap_or_default());
                    echo_id(&request, response, id.as_deref()).await
                }
                ["seen-ids"] => {
                    let seen = json!(*seen_ids.borrow());
                    json_answer(response, &seen).await
                }
                ["status", code] => response.status(code.parse().unwrap_or(500)).end("").await,
                ["html"] => html(response).await,
                ["redirect"] => response.status(307).header("location", "/formats").end("").await,
                ["feed"] => serve_feed(&mut request, response, &feed, &Options::default()).await,
                ["short-feed"] => short_feed(&request, response, &feed).await,
                _ => response.status(404).end("").await,
            }
        })?;
        let stop = net::ctrl_c();
        println!("listening on {}", server.local_addr().expect("TCP has an address"));
        stop.await?;
        net::stop();
        Ok(())
    })
}

async fn html(response: Response<'_>) -> Outcome {
    response.header("content-type", "text/html; charset=utf-8").end("<!doctype html><title>judge</title>").await
}

async fn json_answer(response: Response<'_>, value: &Value) -> Outcome {
    response.header("content-type", "application/json").end(value.to_string()).await
}

/// The bytes of a case, in so many writes.
async fn raw(response: Response<'_>, wire: &[u8], pieces: usize) -> Outcome {
    let mut response = response.header("content-type", "text/event-stream").header("cache-control", "no-store");
    response.write("").await?;
    for piece in wire.chunks(wire.len().div_ceil(pieces.max(1)).max(1)) {
        response.write(piece).await?;
        net::yield_now().await;
    }
    response.end("").await
}

async fn formats(request: &Request<'_>, response: Response<'_>) -> Outcome {
    let Some(mut stream) = EventStream::open(request, response).await? else { return Ok(()) };
    stream.comment("a comment\rdata: evil").await?;
    for &(event_type, data, id) in FORMATS {
        stream.send(Event { event_type, data, id }).await?;
    }
    stream.end().await
}

/// What a client has to make of [`FORMATS`]: the id of an event is the last one that was set.
fn formats_json() -> Value {
    let mut last = "";
    let lines: Vec<Value> = FORMATS
        .iter()
        .map(|&(event_type, data, id)| {
            last = id.unwrap_or(last);
            json!({"type": event_type, "data": data, "lastEventId": last})
        })
        .collect();
    json!(lines)
}

/// One event for each connection, until the fifth; then 204.
async fn countdown(request: &Request<'_>, response: Response<'_>, id: Option<&str>) -> Outcome {
    let number: u32 = id.and_then(|id| id.parse().ok()).unwrap_or(0) + 1;
    if number > 5 {
        return response.status(204).end("").await;
    }
    let Some(mut stream) = EventStream::open(request, response).await? else { return Ok(()) };
    stream.retry(Duration::from_millis(20)).await?;
    stream.send(Event::data(&format!("connection {number}")).id(&number.to_string())).await?;
    stream.end().await
}

/// Sets an id that is hard to carry, and tells it on the next connection.
async fn echo_id(request: &Request<'_>, response: Response<'_>, id: Option<&str>) -> Outcome {
    if id.is_some() {
        return response.status(204).end("").await;
    }
    let Some(mut stream) = EventStream::open(request, response).await? else { return Ok(()) };
    stream.retry(Duration::from_millis(20)).await?;
    stream.send(Event::data("x").id("a: b; é€🦀 \"c\"")).await?;
    stream.end().await
}

/// The feed, but each connection breaks off after some bytes, in the middle of an event.
async fn short_feed(request: &Request<'_>, response: Response<'_>, feed: &Feed) -> Outcome {
    let mut subscription = feed.subscribe(last_event_id(request).as_deref());
    let mut response = response.header("content-type", "text/event-stream").header("cache-control", "no-store");
    response.write("retry: 10\n").await?;
    let mut pieces = Vec::new();
    let mut bytes = Vec::new();
    while bytes.len() < 150 {
        subscription.next(64, &mut pieces).await;
        pieces.drain(..).for_each(|piece| bytes.extend_from_slice(&piece));
    }
    response.end(&bytes[..bytes.len() - 7]).await
}

/// The case documents by name, with what our own decoder, which its own test holds to them, makes of each.
fn cases() -> BTreeMap<String, Case> {
    let cases = wirebook_cases::load("sse").expect("documents of the notation");
    // Our bounds are not theirs.
    let theirs = cases.into_iter().filter(|case| !case.name.starts_with("limits_"));
    theirs.map(|case| (case.name, Case::new(&case.input[0].bytes))).collect()
}

impl Case {
    fn new(wire: &[u8]) -> Case {
        let mut decoder = Decoder::new(Limits::default(), "");
        let (mut at, mut expected) = (0, Vec::new());
        while let Ok((used, Some(event))) = decoder.receive(&wire[at..]) {
            at += used;
            let (kind, id) = (event.event_type, event.id.unwrap_or_default());
            expected.push(json!({"type": kind, "data": event.data, "lastEventId": id}));
        }
        Case { wire: wire.to_vec(), expected }
    }
}
