//! The rows of `tests/attacks/http2.jsonl` against the server, over the simulated network. What they expect of a client, or of memory, the
//! core is held to alone (`tests/tests/http2_attacks.rs`).

use crate::peer::{ADDRESS, serve};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Config, Outcome, Request, Response};
use wirebook_net::sim::{self, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_tests::attacks::http2::{Generated, Seen, generated};
use wirebook_tests::attacks::row::latin1;

/// The attacker's end.
struct Wire {
    stream: SimStream,
    sent: RefCell<Vec<u8>>,
    reads: Cell<bool>,
    closed: Cell<bool>,
    changed: net::Signal,
}

impl Wire {
    async fn connect() -> Rc<Wire> {
        let stream = SimStream::connect(ADDRESS).await.expect("the server listens");
        let (sent, reads, closed) = (RefCell::default(), Cell::new(true), Cell::new(false));
        let wire = Rc::new(Wire { stream, sent, reads, closed, changed: net::Signal::new() });
        let reader = wire.clone();
        net::spawn(async move {
            let mut bytes = [0; 16_384];
            loop {
                reader.changed.until(|| reader.reads.get().then_some(())).await;
                match reader.stream.read(&mut bytes).await {
                    Ok(count @ 1..) => reader.sent.borrow_mut().extend_from_slice(&bytes[..count]),
                    _ => return reader.closed.set(true),
                }
            }
        });
        wire
    }

    /// What the server does not take within a second is not sent.
    async fn send(&self, bytes: &[u8]) {
        if !self.closed.get() {
            let _ = net::timeout(Duration::from_secs(1), self.stream.write_all(bytes)).await;
        }
    }
}

fn options(row: &Value) -> Options {
    let settings = &row["config"];
    let millis = |name: &str, default| settings[name].as_u64().map_or(default, Duration::from_millis);
    let config = Config::default();
    let mut options = Options { allow_http1: false, ..Options::default() };
    options.http.write_timeout = millis("write_timeout_ms", config.write_timeout);
    options.http.max_body = settings["max_body"].as_u64().unwrap_or(u64::MAX);
    options.http2 = Arc::new(Config {
        preface_timeout: millis("header_timeout_ms", config.preface_timeout),
        settings_timeout: millis("settings_timeout_ms", config.settings_timeout),
        write_timeout: millis("write_timeout_ms", config.write_timeout),
        body_timeout: millis("body_timeout_ms", config.body_timeout),
        max_concurrent_streams: settings["max_concurrent_streams"].as_u64().map_or(100, |streams| streams as u32),
        ..config
    });
    options
}

/// What a handler of the rows does.
async fn handle(kind: &str, calls: &Cell<u64>, mut request: Request<'_>, response: Response<'_>) -> Outcome {
    match kind {
        "never_reads_body" => {
            request.closed().await;
            Ok(())
        }
        "stream_16MiB" => {
            calls.set(calls.get() + 1);
            response.end(vec![b'x'; 16 << 20]).await
        }
        _ => {
            while request.chunk().await?.is_some() {}
            calls.set(calls.get() + 1);
            response.end("tea").await
        }
    }
}

async fn play(row: &Value, wire: &Wire) {
    for step in row["steps"].as_array().expect("steps") {
        let data = || latin1(step["data"].as_str().expect("data"));
        let number = |name: &str| step[name].as_u64().expect("a number");
        let millis = |name: &str| net::sleep(Duration::from_millis(number(name)));
        match step["op"].as_str().expect("an operation") {
            "send" => wire.send(&data()).await,
            "send_repeat" => {
                let (data, mut left) = (data(), number("count") as usize);
                let batch = (16_384 / data.len()).max(1);
                while left > 0 && !wire.closed.get() {
                    wire.send(&data.repeat(batch.min(left))).await;
                    left = left.saturating_sub(batch);
                }
            }
            "send_slow" => {
                for piece in data().chunks(number("chunk") as usize) {
                    wire.send(piece).await;
                    millis("every_ms").await;
                }
            }
            "send_generated" => {
                let Generated { frames, wait_ms } = generated(step["generator"].as_str().expect("a generator"));
                for bytes in frames {
                    if wire.closed.get() {
                        break;
                    }
                    wire.send(&bytes).await;
                }
                net::sleep(Duration::from_millis(wait_ms)).await;
            }
            "wait_ms" => millis("ms").await,
            "no_read" => {
                wire.reads.set(false);
                millis("ms").await;
                wire.reads.set(true);
                wire.changed.raise();
            }
            "send_every_split" => wire.send(&data()).await,
            other => panic!("no operation {other}"),
        }
    }
    // The last answers arrive.
    net::sleep(Duration::from_millis(100)).await;
}

/// What an outcome expects and was not seen.
fn misses(expect: &Value, closed: bool, seen: &Seen, calls: u64) -> Vec<String> {
    let held = |key: &str, value: &Value| match key {
        "close" => Some(closed) == value.as_bool(),
        "calls" => value.as_u64() == Some(calls),
        "calls_max" => value.as_u64().is_some_and(|most| calls <= most),
        "h2" => value.as_object().expect("keys").iter().all(|(key, value)| {
            let text = value.as_str().unwrap_or_default();
            match key.as_str() {
                "scope" => closed == (text == "connection"),
                "goaway" => seen.goaway.as_deref() == Some(text),
                "rst" => seen.resets.iter().any(|code| code == text),
                "status" => seen.statuses.iter().any(|status| status.to_string() == text),
                other => panic!("no key h2.{other}"),
            }
        }),
        _ => true,
    };
    let expect = expect.as_object().expect("keys");
    expect.iter().filter(|(key, value)| !held(key, value)).map(|(key, value)| format!("{key}: {value}")).collect()
}

#[test]
fn every_row_of_a_server() {
    let lines = |text: &'static str| text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let choices: Vec<Value> = lines(include_str!("../../attacks/http2.choices.jsonl")).collect();
    let (mut failures, mut played) = (Vec::new(), 0);
    for row in lines(include_str!("../../attacks/http2.jsonl")).filter(|row| row["role"] == "server") {
        let id = row["id"].as_str().expect("an id").to_owned();
        let choice = choices.iter().find(|choice| choice["id"] == *id);
        let expect = choice.map_or(&row["expect"], |choice| &choice["also_ok"]).clone();
        let (asked, expected) = (row.clone(), expect.clone());
        let missed = sim::run(1, async move {
            let calls = Rc::new(Cell::new(0));
            let (counted, kind) = (calls.clone(), asked["config"]["handler"].as_str().unwrap_or("echo").to_owned());
            serve(options(&asked), async move |request: Request<'_>, response: Response<'_>| {
                handle(&kind, &counted, request, response).await
            });
            let wire = Wire::connect().await;
            play(&asked, &wire).await;
            let seen = Seen::read(&wire.sent.borrow());
            let missed = misses(&expected, wire.closed.get(), &seen, calls.get());
            let report = (!missed.is_empty()).then(|| format!("{missed:?}, but {seen:?}, {} calls", calls.get()));
            net::stop();
            report
        });
        if let Some(missed) = missed.unwrap_or_else(|error| Some(error.to_string())) {
            failures.push(format!("{id} {}: {missed}", row["title"]));
        }
        played += 1;
    }
    assert!(played >= 60, "{played} rows");
    assert!(failures.is_empty(), "{} rows\n{}", failures.len(), failures.join("\n"));
}
