//! The clients under test, each asked to do what a client does while a hostile server plays a row to it.

use super::frames::Frames;
use super::judge::Seen;
use super::player::Player;
use super::row::Row;
use crate::allocations::measure;
use crate::sse::play;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wirebook_http1::client::{Agent, Error, Options, Response, get, request};
use wirebook_net as net;
use wirebook_sse::{Limits, Settings};
use wirebook_websocket::{self as websocket, Fault};

/// How long an answered connection is left alone, so that what the server sends behind an answer has arrived.
const PAUSE: Duration = Duration::from_millis(60);

/// Bytes of a body that a client takes if the row does not say.
const MAX_BODY: u64 = 1 << 20;

/// Plays the row's server to the client of its layer.
///
/// # Panics
///
/// When a row has steps that nobody plays.
pub fn run(row: &Row) -> Seen {
    let steps = row.all["steps"].as_array().expect("steps");
    match &*row.layer {
        "http1-client" => http1(row, &Player::start(steps)),
        "websocket" => websocket(steps),
        "sse" => sse(row),
        other => panic!("{other} has no client"),
    }
}

/// Runs a client on a loop of its own; what it gives, and the most bytes that it held.
fn on_a_loop<T: 'static>(client: impl Future<Output = T> + 'static) -> (T, i64) {
    let (result, cost) = measure(|| net::block_on(client));
    (result.expect("the loop ends"), cost.peak_bytes)
}

/// Asks twice through one agent: the second answer shows whether the first connection was used again.
fn http1(row: &Row, player: &Player) -> Seen {
    let address = player.address;
    let limit = row.config.get("max_decoded").and_then(Value::as_u64).unwrap_or(MAX_BODY);
    let redirects = row.all["steps"][0]["op"] == "serve_redirect";
    let ((first, second), memory) = on_a_loop(async move {
        let agent = Agent::default();
        let host = address.ip().to_string();
        let options = Options { host: &host, port: address.port(), agent: Some(&agent), ..Options::default() };
        let first = if redirects {
            let options = Options { max_redirects: 5, agent: Some(&agent), ..Options::default() };
            match get(&format!("http://{address}/"), &options).await {
                Ok(response) => whole(response, limit).await,
                Err(error) => Err(error),
            }
        } else {
            ask(&options, limit).await
        };
        net::sleep(PAUSE).await;
        (first, ask(&options, limit).await)
    });
    let pooled = second.is_ok_and(|body| body == "stale");
    Seen { client: Some(first.map_err(|error| format!("{error:?}"))), pooled: Some(pooled), memory, ..Seen::default() }
}

async fn ask(options: &Options<'_>, limit: u64) -> Result<String, Error> {
    whole(request(options).await?.end("").await?, limit).await
}

/// The body, decoded if it is coded.
async fn whole(mut response: Response, limit: u64) -> Result<String, Error> {
    let mut body = Vec::new();
    if response.header("content-encoding").is_none() {
        body = response.bytes(limit as usize).await?;
    } else {
        let mut decoded = response.decoded(limit)?;
        while let Some(piece) = decoded.chunk().await? {
            // What a bomb decodes to is not kept.
            body.clear();
            body.extend_from_slice(piece);
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Reads messages until the connection ends.
fn websocket(steps: &[Value]) -> Seen {
    let (address, told) = Player::once(steps);
    let (result, memory) = on_a_loop(async move {
        let (mut reader, _writer) = websocket::connect(&format!("ws://{address}/chat")).await?;
        let mut messages = 0;
        while reader.next().await?.is_some() {
            messages += 1;
        }
        Ok::<usize, Fault>(messages)
    });
    let (bytes, ended) = told.recv().expect("the server does not panic");
    let mut frames = Frames::parse(&bytes);
    frames.messages = vec![Vec::new(); *result.as_ref().unwrap_or(&0)];
    Seen {
        client: Some(result.map(|count| count.to_string()).map_err(|fault| format!("{fault:?}"))),
        frames,
        ended: ended.then(Instant::now),
        memory,
        ..Seen::default()
    }
}

/// Follows an event stream until it closes or is to reconnect.
fn sse(row: &Row) -> Seen {
    let mut settings = Settings::default();
    if let Some(max) = row.config.get("max_event").and_then(Value::as_u64) {
        settings.limits = Limits { max_line: max as usize, max_event: max as usize };
    }
    let (seen, cost) = measure(|| play(&row.all["steps"], settings));
    let event = |(kind, data, id)| json!({"event": kind, "data": data, "lastEventId": id});
    Seen {
        events: seen.events.into_iter().map(event).collect(),
        client: seen.closed.map(|closed| Err(format!("{closed:?}"))),
        memory: cost.peak_bytes,
        ..Seen::default()
    }
}
