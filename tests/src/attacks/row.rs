//! Rows of the catalogue, one JSON object a line.

use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The keys of an expectation or of a configuration.
pub type Keys = Map<String, Value>;

/// One attack.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its stable key, such as `h1-072`.
    pub id: String,
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
    /// A call of the interface, in pseudo-code: its test is written out by hand.
    Call(String),
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
    Row {
        title: text(&all, "title").to_owned(),
        steps: all["steps"].as_array().expect("steps").iter().map(step).collect(),
        config: all["config"].as_object().cloned().unwrap_or_default(),
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

fn step(value: &Value) -> Step {
    let number = |key: &str| value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}")) as usize;
    let millis = |key: &str| Duration::from_millis(number(key) as u64);
    let data = || latin1(text(value, "data"));
    match text(value, "op") {
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
                .map(|each| (latin1(&each.replace("\\r", "\r").replace("\\n", "\n")), millis("every_ms"))),
            reset: value["then"] == "rst",
        }),
        "api" => Step::Call(text(value, "call").to_owned()),
        unknown => panic!("an operation that nobody carries out: {unknown}"),
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}
