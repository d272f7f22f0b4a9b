//! What a row expects, against what was seen.
//!
//! The catalogue counts as a call one that the handler could finish: its peers were measured behind handlers that read
//! the whole body first. A handler that got an error in place of the body has refused the request. Where an expectation
//! names the body's error, all calls count.

use super::answers::Answer;
use super::frames::Frames;
use super::row::Row;
use super::subject::{Call, Notes};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Everything that a row can ask about.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The responses, in order.
    pub answers: Vec<Answer>,
    /// What came behind an upgrade.
    pub frames: Frames,
    /// How each WebSocket connection ended, and when its handler knew.
    pub ends: Vec<(u16, Instant)>,
    /// When the client came.
    pub started: Option<Instant>,
    /// When the server ended the connection.
    pub ended: Option<Instant>,
    /// When the last byte came.
    pub last: Option<Instant>,
    /// The client itself ended the connection.
    pub left: bool,
    /// The server did not take all that was sent.
    pub refused_to_read: bool,
    /// What went wrong in the steps themselves.
    pub problems: Vec<String>,
    /// The handler's view.
    pub calls: Vec<Call>,
    /// Handlers at one time.
    pub most_running: usize,
    /// What came of a client under test: its body, or its error.
    pub client: Option<Result<String, String>>,
    /// The client used its connection again.
    pub pooled: Option<bool>,
    /// The events of a stream, as rows write them.
    pub events: Vec<Value>,
    /// What a template gave: its output, or its error and whether that is one of compiling.
    pub rendered: Option<Result<String, (String, bool)>>,
    /// Warnings of a template.
    pub warnings: usize,
    /// The most bytes of what is under test above what it holds idle.
    pub memory: i64,
    /// How long it took only because others had the processor; see [`Account`](crate::processor::Account).
    pub held_up: Duration,
    /// The server's time on a processor, where that is known.
    pub cpu: Option<Duration>,
    /// What further rounds of the same left behind; see `client.rs`.
    pub leaked: Option<i64>,
    /// The server answers a good client.
    pub alive: bool,
}

impl Seen {
    /// Takes over what the handlers saw.
    pub fn note(&mut self, notes: &Notes) {
        notes.read(|record| {
            self.calls = record.calls.clone();
            self.most_running = record.most_running;
            self.ends = record.ends.clone();
        });
    }
}

/// Bytes that a server may hold more after further rounds: a table that has grown by a line.
const LEAK_SLACK: i64 = 1024;

/// Everything that is not as the row expects; nothing if it passes.
pub fn judge(row: &Row, seen: &Seen) -> Vec<String> {
    let mut complaints = seen.problems.clone();
    for (key, expected) in &row.expect {
        if let Err(got) = check(row, key, expected, seen) {
            complaints.push(format!("{key}: expected {expected}, got {got}"));
        }
    }
    complaints
}

/// What comes in answers and frames: until it has, a client waits.
const OF_WHAT_COMES: [&str; 7] = ["status", "ws_close", "messages", "message", "message_len", "pong", "order"];

/// Whether the answers and frames that the row expects have come.
pub fn has_come(row: &Row, seen: &Seen) -> bool {
    let of_it = row.expect.iter().filter(|(key, _)| OF_WHAT_COMES.contains(&key.as_str()));
    of_it.into_iter().all(|(key, expected)| check(row, key, expected, seen).is_ok())
}

const UNKNOWN: &str = "a key that nobody knows";

/// Whether an expectation can be judged, or is a sentence for people.
pub fn is_known(key: &str, expected: &Value) -> bool {
    let nothing = Row { expect: [(key.to_owned(), expected.clone())].into_iter().collect(), ..Row::default() };
    let known = check(&nothing, key, expected, &Seen::default()) != Err(UNKNOWN.to_owned());
    let text = expected.as_str().unwrap_or_default();
    known && (key != "client" || text.starts_with("Err") || text.starts_with("Ok"))
}

/// One key of an expectation; the error is what was seen instead.
fn check(row: &Row, key: &str, expected: &Value, seen: &Seen) -> Result<(), String> {
    let number = expected.as_u64().unwrap_or_default();
    let first = seen.calls.first().cloned().unwrap_or_default();
    match key {
        "note" | "why" | "no" | "or" => Ok(()),
        "status" => same(expected, statuses(expected, seen)),
        "close" => same(expected, seen.ended.is_some() || seen.left),
        "calls" => same(expected, calls(row, seen)),
        "never_dispatch" => same(&Value::from(0), dispatched(expected, seen)),
        "never_status" => same(&Value::from(0), seen.answers.iter().filter(|a| has(expected, a.status)).count()),
        "no_1xx" => same(expected, !seen.answers.iter().any(Answer::is_informational)),
        "method" => same(expected, first.method),
        "target" => same(expected, first.target),
        "authority" => same(expected, first.authority),
        "path" => same(expected, first.path),
        "body" => same(expected, first.body.map(latin1)),
        "body_error" => same(expected, first.body_error),
        "headers_unchanged" => same(expected, unchanged(row, &first)),
        "resp_header_absent" => same(&Value::from(0), present(expected, seen)),
        "head_body_len" => same(expected, seen.answers.first().map_or(0, |answer| answer.body.len())),
        "handler_cancelled" => same(expected, first.cancelled.is_some()),
        // The harness gives the signal its default meaning: it would have ended this process.
        "no_signal" => same(expected, "SIGPIPE"),
        "alive" => same(expected, seen.alive),
        "leak" => match seen.leaked {
            Some(bytes) if (bytes > LEAK_SLACK) == *expected => Ok(()),
            bytes => Err(format!("{bytes:?} bytes")),
        },
        "header" | "header_has" => header(key, expected, seen),
        "ws_close" => same(expected, seen.frames.closes.clone()),
        "messages" => same(expected, seen.frames.messages.len()),
        "message" => same(expected, seen.frames.messages.first().map(|message| String::from_utf8_lossy(message))),
        "message_len" => same(expected, seen.frames.messages.first().map(Vec::len)),
        "pong" => same(expected, seen.frames.pongs.first().cloned().map(latin1)),
        "order" => same(expected, if seen.frames.pong_first { "pong first" } else { "something else first" }),
        "took_all" => same(expected, !seen.refused_to_read),
        "local_code" => same(expected, seen.ends.first().map(|(code, _)| *code)),
        "client" => client(expected.as_str().unwrap_or_default(), seen.client.as_ref()),
        "pooled" => same(expected, seen.pooled),
        "events" => events(expected, &seen.events),
        "output" => same(expected, seen.rendered.clone().and_then(Result::ok)),
        "error" | "compile" => error(expected.as_str().unwrap_or_default(), key, seen),
        // The runner compares them.
        "same_events_for_all_splits" => Ok(()),
        "mem_max" => at_most(number, seen.memory.max(0) as u64, "bytes"),
        "inflight_max" => at_most(number, seen.most_running as u64, "handlers"),
        "cpu_ms_max" => at_most(number, seen.cpu.unwrap_or_default().as_millis() as u64, "ms"),
        "within_ms" => at_most(number, took(row, seen), "ms"),
        _ => Err(UNKNOWN.to_owned()),
    }
}

fn same(expected: &Value, got: impl Into<Value>) -> Result<(), String> {
    let got = got.into();
    if got == *expected { Ok(()) } else { Err(got.to_string()) }
}

fn at_most(limit: u64, got: u64, unit: &str) -> Result<(), String> {
    if got <= limit { Ok(()) } else { Err(format!("{got} {unit}")) }
}

/// Those that are final, unless the row names others too.
fn statuses(expected: &Value, seen: &Seen) -> Vec<u16> {
    let all = expected.as_array().is_some_and(|list| list.iter().any(|status| status.as_u64() < Some(200)));
    seen.answers.iter().filter(|answer| all || !answer.is_informational()).map(|answer| answer.status).collect()
}

fn calls(row: &Row, seen: &Seen) -> usize {
    let all = row.expect.contains_key("body_error");
    seen.calls.iter().filter(|call| all || call.body_error.is_none()).count()
}

fn dispatched(targets: &Value, seen: &Seen) -> usize {
    let targets: Vec<&str> = targets.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    seen.calls.iter().filter(|call| targets.contains(&call.target.as_str())).count()
}

fn has(list: &Value, status: u16) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|listed| *listed == status))
}

fn latin1(bytes: Vec<u8>) -> String {
    bytes.into_iter().map(char::from).collect()
}

/// The handler still sees the fields of the head, and none of the trailers'.
fn unchanged(row: &Row, call: &Call) -> bool {
    let Some(super::row::Step::Send(data, _)) = row.steps.first() else { return false };
    let text = String::from_utf8_lossy(data);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let sent = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    sent.eq(call.fields.iter().map(|(name, value)| (name.as_str(), str::from_utf8(value).unwrap_or("?"))))
}

/// `Err`, `Ok`, or `Ok('body')`; what else is said of it is for people.
fn client(expected: &str, got: Option<&Result<String, String>>) -> Result<(), String> {
    let body = expected.strip_prefix("Ok('").and_then(|rest| rest.split_once('\''));
    let holds = match got {
        Some(Err(_)) => expected.starts_with("Err"),
        Some(Ok(got)) => expected.starts_with("Ok") && body.is_none_or(|(body, _)| body == got),
        None => false,
    };
    if holds { Ok(()) } else { Err(format!("{got:?}")) }
}

/// Keys that the row leaves out do not matter, and a type that it does not name is `message`.
fn events(expected: &Value, got: &[Value]) -> Result<(), String> {
    let expected = expected.as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |(expected, got): (&Value, &Value)| {
        let kind = expected.get("event").is_some() || got["event"] == "message";
        kind && expected.as_object().is_some_and(|keys| keys.iter().all(|(key, value)| got[key] == *value))
    };
    let holds = expected.len() == got.len() && expected.iter().zip(got).all(fits);
    if holds { Ok(()) } else { Err(Value::from(got).to_string()) }
}

/// A template's error, at the place that the text names if it names one; of compiling, a warning will do where it says so.
fn error(expected: &str, key: &str, seen: &Seen) -> Result<(), String> {
    let place = expected
        .split(" at ")
        .nth(1)
        .or(expected.strip_prefix("at "))
        .map(|rest| rest.trim_end_matches(|c: char| !c.is_ascii_digit()).split(": ").next().unwrap_or_default());
    let place = place.filter(|place| place.split(':').all(|part| part.parse::<u32>().is_ok()));
    match &seen.rendered {
        Some(Err((error, compiling))) if key == "error" || *compiling => {
            let holds = place.is_none_or(|place| error.starts_with(&format!("{place} ")));
            if holds { Ok(()) } else { Err(error.clone()) }
        }
        Some(Ok(_)) if expected.contains("warning") && seen.warnings > 0 => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// Fields of the first answer, by value or by a part of it.
fn header(key: &str, expected: &Value, seen: &Seen) -> Result<(), String> {
    for (name, value) in expected.as_object().into_iter().flatten() {
        let got = seen.answers.first().and_then(|answer| answer.field(name)).unwrap_or("");
        let value = value.as_str().unwrap_or_default();
        if if key == "header" { got != value } else { !got.contains(value) } {
            return Err(format!("{name}: {got}"));
        }
    }
    Ok(())
}

fn present(names: &Value, seen: &Seen) -> usize {
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| seen.answers.iter().any(|answer| answer.field(name).is_some())).count()
}

/// From the client's arrival to the outcome: the end of the connection where that is expected. A client that does not
/// read cannot see that end; the server's handler can. What load on the machine adds does not count.
fn took(row: &Row, seen: &Seen) -> u64 {
    let blind = row.steps.iter().any(|step| matches!(step, super::row::Step::NoRead(_)));
    let at = match row.expect.get("close") {
        Some(_) if blind => {
            let cancelled = seen.calls.first().and_then(|call| call.cancelled);
            cancelled.or(seen.ends.first().map(|(_, at)| *at))
        }
        Some(_) => seen.ended,
        None => seen.last,
    };
    let time = seen.started.zip(at).map(|(start, end)| end.saturating_duration_since(start));
    time.map_or(u64::MAX, |time| time.saturating_sub(seen.held_up).as_millis() as u64)
}
