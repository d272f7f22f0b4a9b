//! Rows of the catalogue, one JSON object a line.

use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The keys of an expectation or of a configuration.
pub type Keys = Map<String, Value>;

/// One attack.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its stable key, such as `h1-072`.
    pub id: String,
    /// What is under test: `http1`, `http1-client`, `websocket`, `sse`, `template`, ….
    pub layer: String,
    /// What the system under test plays: `server`, `client`, ….
    pub role: String,
    /// One line.
    pub title: String,
    /// Everything that the row says, for the book.
    pub all: Value,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What the server is told beforehand.
    pub config: Keys,
    /// The outcome that we hold ourselves to: the row's, or the one that we chose of those it allows.
    pub expect: Keys,
    /// Why we chose another outcome than the row's first.
    pub choice: Option<String>,
}

// ANCHOR: steps
/// One operation. Strings are Latin-1: each code point is an octet.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// These bytes, so many times over.
    Send(Vec<u8>, usize),
    /// These bytes, so many per write, and a pause between two writes.
    SendSlowly(Vec<u8>, usize, Duration),
    /// Nothing for a while.
    Wait(Duration),
    /// The end of the client's half.
    Fin,
    /// The end by a reset.
    Reset,
    /// The end of both halves.
    Close,
    /// Nothing is read for a while.
    NoRead(Duration),
    /// The client's system takes no more than so many bytes ahead of the client.
    ReceiveBuffer(usize),
    /// A whole response, which must have this status if one is given.
    Read(Option<u16>),
    /// Many connections at once.
    Many(Many),
    /// The row is to be played once for each cut of these bytes and byte by byte, and each must look the same.
    EverySplit(Vec<u8>),
    /// What only a test that is written out by hand does, such as a call of the interface in pseudo-code.
    Other(Value),
}
// ANCHOR_END: steps

/// The operation `many_connections`.
#[derive(Clone, Debug, PartialEq)]
pub struct Many {
    /// How many.
    pub count: usize,
    /// What each sends, and how often, until it is closed.
    pub each: Option<(Vec<u8>, Duration)>,
    /// Each is reset as soon as it is there.
    pub reset: bool,
}

/// Code points as octets.
///
/// # Panics
///
/// When one is not Latin-1.
pub fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or_else(|_| panic!("{c:?} is no octet"))).collect()
}

/// The rows of a layer with our choices among them. Where a layer has choices, they stand in
/// `LAYER.choices.jsonl`.
///
/// # Panics
///
/// When a row cannot be understood, or a choice is not among the outcomes that its row allows.
pub fn load(layer: &str) -> Vec<Row> {
    let choices = read(&format!("{layer}.choices.jsonl")).unwrap_or_default();
    let rows = read(&format!("{layer}.jsonl")).expect("a layer of the catalogue");
    let rows: Vec<Row> = rows.into_iter().map(|all| row(all, &choices)).collect();
    for choice in &choices {
        assert!(rows.iter().any(|row| choice["id"] == *row.id), "a choice for no row: {choice}");
    }
    rows
}

/// One row, for a test that is written out by hand.
///
/// # Panics
///
/// When there is none with that id.
pub fn find(layer: &str, id: &str) -> Row {
    load(layer).into_iter().find(|row| row.id == id).unwrap_or_else(|| panic!("no row {id}"))
}

/// The lines of a file of the catalogue, if there is such a file.
fn read(name: &str) -> Option<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("attacks").join(name);
    let text = fs::read_to_string(&path).ok()?;
    let line = |(at, line)| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}:{}: {error}", at + 1));
    Some(text.lines().enumerate().map(line).collect())
}

fn row(all: Value, choices: &[Value]) -> Row {
    let id = text(&all, "id").to_owned();
    let choice = choices.iter().find(|choice| choice["id"] == *id);
    let steps = all["steps"].as_array().expect("steps");
    let mut config = all["config"].as_object().cloned().unwrap_or_default();
    // What the server does of its own accord, its configuration says.
    let closes = steps.iter().find(|step| step["op"] == "server_closes");
    config.extend(closes.map(|step| ("server_closes".to_owned(), step["code"].clone())));
    Row {
        layer: text(&all, "layer").to_owned(),
        role: text(&all, "role").to_owned(),
        title: text(&all, "title").to_owned(),
        steps: steps.iter().flat_map(step).collect(),
        config,
        expect: expectation(&all, choice),
        choice: choice.map(|choice| text(choice, "why").to_owned()),
        id,
        all,
    }
}

/// Bounds that an allowed outcome does not lift, though it does not repeat them.
const BOUNDS: [&str; 6] = ["never_dispatch", "never_status", "mem_max", "cpu_ms_max", "within_ms", "leak"];

fn expectation(all: &Value, choice: Option<&Value>) -> Keys {
    let first = all["expect"].as_object().expect("an expectation");
    let Some(choice) = choice else { return first.clone() };
    let allowed = all["also_ok"].as_array().expect("a row that leaves a choice");
    let chosen = choice["also_ok"].as_object().expect("the outcome that was chosen");
    // The row's own reasons need not be repeated.
    let same = |outcome: &Value| outcome.as_object().is_some_and(|o| o.iter().filter(|(k, _)| *k != "why").eq(chosen));
    assert!(allowed.iter().any(same), "{} does not allow {chosen:?}", all["id"]);
    let bounds = first.iter().filter(|(key, _)| BOUNDS.contains(&key.as_str()));
    chosen.iter().chain(bounds).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// An operation as one or more steps, or as none where being silent is all of it.
fn step(value: &Value) -> Vec<Step> {
    let number = |key: &str| value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}")) as usize;
    let millis = |key: &str| Duration::from_millis(number(key) as u64);
    let data = || latin1(text(value, "data"));
    let step = match text(value, "op") {
        "ws_handshake" => return vec![Step::Send(latin1(text(value, "request")), 1), Step::Read(None)],
        "send_generated" => return generated(text(value, "generator")),
        "server_closes" | "blackhole" => return vec![],
        "send_every_split" => Step::EverySplit(data()),
        "send" => Step::Send(data(), 1),
        "send_repeat" => Step::Send(data(), number("count")),
        "send_split" => Step::SendSlowly(data(), number("chunk"), Duration::ZERO),
        "send_slow" => Step::SendSlowly(data(), number("chunk"), millis("every_ms")),
        "wait_ms" => Step::Wait(millis("ms")),
        "fin" => Step::Fin,
        "rst" => Step::Reset,
        "close" => Step::Close,
        "no_read" => Step::NoRead(millis("ms")),
        "set_rcvbuf" => Step::ReceiveBuffer(number("bytes")),
        "read_response" => Step::Read(None),
        "expect_status" => Step::Read(Some(number("status") as u16)),
        "many_connections" => Step::Many(Many {
            count: number("count"),
            // This one string has its escapes spelt out.
            each: value["each"]
                .as_str()
                .filter(|_| value["every_ms"].is_u64())
                .map(|each| (latin1(&each.replace("\\r", "\r").replace("\\n", "\n")), millis("every_ms"))),
            reset: value["then"] == "rst",
        }),
        _ => Step::Other(value.clone()),
    };
    vec![step]
}

/// Bytes that are made and not spelt out, a step for each write.
fn generated(name: &str) -> Vec<Step> {
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut message = |text: &[u8]| {
        let mut out = Vec::with_capacity(100);
        compress.compress_vec(text, &mut out, flate2::FlushCompress::Sync).expect("room");
        out.truncate(out.len() - 4);
        Step::Send([vec![0xc1, 0x80 | out.len() as u8, 0, 0, 0, 0], out].concat(), 1)
    };
    match name {
        // The second message refers to the window of the first.
        "ws_context_reuse" => vec![message(b"Hello Hello Hello!"), message(b"Hello Hello Hello!")],
        unknown => panic!("bytes that nobody makes: {unknown}"),
    }
}

impl Row {
    /// Whether the system under test is to end the connection by itself.
    pub fn wants_end(&self) -> bool {
        let refused = |list: &Vec<Value>| !list.is_empty() && list.iter().all(|status| *status != 101);
        let refuses =
            self.layer == "websocket" && self.expect.get("status").and_then(Value::as_array).is_some_and(refused);
        refuses || self.expect.get("close").is_some_and(|close| *close == true)
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}
