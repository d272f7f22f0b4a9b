//! The rows of `tests/attacks/http2.jsonl`, `http2-own.jsonl` and `hpack.jsonl` against the server: all of them over the simulated network, and those in which no
//! time passes over TCP as well. What they expect of a client, or of memory, the core is held to alone (`core_attacks.rs`).

use crate::peer::{ADDRESS, serve};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Config, Outcome, Request, Response};
use wirebook_net::sim::{self, SimStream};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};
use wirebook_tests::attacks::http2::{Generated, Seen, frame, generated};
use wirebook_tests::attacks::row::latin1;

/// How long the server may take nothing, in simulated time and in real time, in which the machine may be busy.
const SIMULATED: Duration = Duration::from_secs(1);
const REAL: Duration = Duration::from_secs(60);

/// The attacker's end.
struct Wire<S> {
    stream: S,
    /// How long the server may take nothing; what it has not taken then is not sent.
    patience: Duration,
    sent: RefCell<Vec<u8>>,
    reads: Cell<bool>,
    closed: Cell<bool>,
    changed: net::Signal,
}

impl<S: Stream + 'static> Wire<S> {
    fn new(stream: S, patience: Duration) -> Rc<Self> {
        let (sent, reads, closed) = (RefCell::default(), Cell::new(true), Cell::new(false));
        let wire = Rc::new(Wire { stream, patience, sent, reads, closed, changed: net::Signal::new() });
        let reader = wire.clone();
        net::spawn(async move {
            let mut bytes = [0; 16_384];
            loop {
                reader.changed.until(|| reader.reads.get().then_some(())).await;
                match reader.stream.read(&mut bytes).await {
                    Ok(count @ 1..) => reader.sent.borrow_mut().extend_from_slice(&bytes[..count]),
                    _ => reader.closed.set(true),
                }
                reader.changed.raise();
                if reader.closed.get() {
                    return;
                }
            }
        });
        wire
    }

    async fn send(&self, bytes: &[u8]) {
        if !self.closed.get() {
            let _ = net::timeout(self.patience, self.stream.write_all(bytes)).await;
        }
    }

    /// Waits until the server has answered, or has closed. The first PING may be answered before a handler has run; the second is asked when
    /// that has come.
    async fn settle(&self) {
        for asked in [b"question", b"and now?"] {
            self.send(&frame(6, 0, 0, asked)).await;
            let is_told = || self.sent.borrow().windows(asked.len()).any(|bytes| bytes == asked);
            let over = self.changed.until(|| (self.closed.get() || is_told()).then_some(()));
            net::timeout(self.patience, over).await.expect("a server that answers, or closes");
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
        max_header_list: settings["max_header_list"].as_u64().map_or(config.max_header_list, |bytes| bytes as u32),
        ..config
    });
    options
}

/// What is answered to many at once.
static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| vec![b'x'; 16 << 20]);

/// What a handler of the rows does.
async fn handle(kind: &str, calls: &Cell<u64>, mut request: Request<'_>, response: Response<'_>) -> Outcome {
    match kind {
        "never_reads_body" => {
            request.closed().await;
            Ok(())
        }
        "stream_16MiB" => {
            calls.set(calls.get() + 1);
            response.end(&**LARGE).await
        }
        _ => {
            while request.chunk().await?.is_some() {}
            calls.set(calls.get() + 1);
            response.end("tea").await
        }
    }
}

async fn play(row: &Value, wire: &Wire<impl Stream + 'static>) {
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
}

/// Whether time passes in a row, which nobody waits for in earnest; or the pieces come as a window allows them.
fn takes_time(row: &Value) -> bool {
    row["steps"].as_array().expect("steps").iter().any(|step| match step["op"].as_str().expect("an operation") {
        "wait_ms" | "send_slow" | "no_read" => true,
        "send_generated" if step["generator"] == "h2_body_2mib" => true,
        "send_generated" => generated(step["generator"].as_str().expect("a generator")).wait_ms > 0,
        _ => false,
    })
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
                // One of the answers, or each by its stream, in the order in which they were asked for.
                "status" if text.contains(" on ") => {
                    let expected = text.split(", ").map(|one| one.split(' ').next().unwrap_or_default().parse().ok());
                    seen.statuses.iter().copied().map(Some).eq(expected)
                }
                "status" => seen.statuses.iter().any(|status| status.to_string() == text),
                other => panic!("no key h2.{other}"),
            }
        }),
        _ => true,
    };
    let expect = expect.as_object().expect("keys");
    expect.iter().filter(|(key, value)| !held(key, value)).map(|(key, value)| format!("{key}: {value}")).collect()
}

/// The rows that a server is put through, each with the outcome that is chosen.
fn rows() -> Vec<(Value, Value)> {
    let lines = |text: &'static str| text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let choices: Vec<Value> = lines(include_str!("../../attacks/http2.choices.jsonl")).collect();
    let files = [
        include_str!("../../attacks/http2.jsonl"),
        include_str!("../../attacks/http2-own.jsonl"),
        include_str!("../../attacks/hpack.jsonl"),
    ];
    let all = files.into_iter().flat_map(lines);
    let servers = all.filter(|row| row["role"] == "server");
    let with_outcome = |row: Value| {
        let choice = choices.iter().find(|choice| choice["id"] == row["id"]);
        let expect = choice.map_or(&row["expect"], |choice| &choice["also_ok"]).clone();
        (row, expect)
    };
    servers.map(with_outcome).collect()
}

/// Plays one row to its end, against a server to which `connect` gives the way; says what is wrong.
async fn judge<S: Stream + 'static>(
    (row, expect): &(Value, Value),
    patience: Duration,
    start: impl AsyncFn(Options, Rc<Cell<u64>>, String) -> S,
) -> Option<String> {
    let calls = Rc::new(Cell::new(0));
    let kind = row["config"]["handler"].as_str().unwrap_or("echo").to_owned();
    let wire = Wire::new(start(options(row), calls.clone(), kind).await, patience);
    play(row, &wire).await;
    if patience < REAL {
        // The last answers arrive.
        net::sleep(Duration::from_millis(100)).await;
    } else {
        wire.settle().await;
    }
    let seen = Seen::read(&wire.sent.borrow());
    let missed = misses(expect, wire.closed.get(), &seen, calls.get());
    let (id, title) = (&row["id"], &row["title"]);
    (!missed.is_empty()).then(|| format!("{id} {title}: {missed:?}, but {seen:?}, {} calls", calls.get()))
}

#[test]
fn every_row_of_a_server() {
    let (mut failures, mut played) = (Vec::new(), 0);
    for row in rows() {
        let missed = sim::run(1, async move {
            let start = async |options: Options, calls: Rc<Cell<u64>>, kind: String| {
                serve(options, async move |request: Request<'_>, response: Response<'_>| {
                    handle(&kind, &calls, request, response).await
                });
                SimStream::connect(ADDRESS).await.expect("the server listens")
            };
            let missed = judge(&row, SIMULATED, start).await;
            net::stop();
            missed
        });
        failures.extend(missed.unwrap_or_else(|error| Some(error.to_string())));
        played += 1;
    }
    assert!(played >= 240, "{played} rows");
    assert!(failures.is_empty(), "{} rows\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_row_of_a_server_over_tcp() {
    let (failures, played) = net::run(async {
        let (mut failures, mut played) = (Vec::new(), 0);
        for row in rows().into_iter().filter(|(row, _)| !takes_time(row)) {
            let start = async |options: Options, calls: Rc<Cell<u64>>, kind: String| {
                let handler = async move |request: Request<'_>, response: Response<'_>| {
                    handle(&kind, &calls, request, response).await
                };
                let server = wirebook_http2::serve_with("127.0.0.1:0", options, handler).expect("a free port");
                TcpStream::connect(server.local_addr().expect("TCP")).await.expect("the server listens")
            };
            failures.extend(judge(&row, REAL, start).await);
            played += 1;
        }
        net::stop();
        Ok::<_, std::io::Error>((failures, played))
    })
    .expect("a loop that runs");
    assert!(played >= 220, "{played} rows");
    assert!(failures.is_empty(), "{} rows\n{}", failures.len(), failures.join("\n"));
}
