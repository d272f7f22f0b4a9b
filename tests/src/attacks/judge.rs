//! What a row expects, against what was seen.
//!
//! The catalogue counts as a call one that the handler could finish: its peers were measured behind handlers that read
//! the whole body first. A handler that got an error in place of the body has refused the request. Where an expectation
//! names the body's error, all calls count.

use super::answers::Answer;
use super::row::Row;
use super::subject::Call;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Everything that a row can ask about.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The responses, in order.
    pub answers: Vec<Answer>,
    /// When the client came.
    pub started: Option<Instant>,
    /// When the server ended the connection.
    pub ended: Option<Instant>,
    /// When the last byte came.
    pub last: Option<Instant>,
    /// The client itself ended the connection.
    pub left: bool,
    /// What went wrong in the steps themselves.
    pub problems: Vec<String>,
    /// The handler's view.
    pub calls: Vec<Call>,
    /// Handlers at one time.
    pub most_running: usize,
    /// The most bytes of the server above what it holds idle.
    pub memory: i64,
    /// The server's time on a processor, where that is known.
    pub cpu: Option<Duration>,
    /// What further rounds of the same left behind; see `wire.rs`.
    pub leaked: Option<i64>,
    /// The server answers a good client.
    pub alive: bool,
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

/// One key of an expectation; the error is what was seen instead.
fn check(row: &Row, key: &str, expected: &Value, seen: &Seen) -> Result<(), String> {
    let number = expected.as_u64().unwrap_or_default();
    let first = seen.calls.first().cloned().unwrap_or_default();
    match key {
        "note" | "why" => Ok(()),
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
        "mem_max" => at_most(number, seen.memory.max(0) as u64, "bytes"),
        "inflight_max" => at_most(number, seen.most_running as u64, "handlers"),
        "cpu_ms_max" => at_most(number, seen.cpu.unwrap_or_default().as_millis() as u64, "ms"),
        "within_ms" => at_most(number, took(row, seen), "ms"),
        _ => Err("a key that nobody knows".to_owned()),
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

fn present(names: &Value, seen: &Seen) -> usize {
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| seen.answers.iter().any(|answer| answer.field(name).is_some())).count()
}

/// From the client's arrival to the outcome: the end of the connection where that is expected. A client that does not
/// read cannot see that end; the server's handler can.
fn took(row: &Row, seen: &Seen) -> u64 {
    let blind = row.steps.iter().any(|step| matches!(step, super::row::Step::NoRead(_)));
    let at = match row.expect.get("close") {
        Some(_) if blind => seen.calls.first().and_then(|call| call.cancelled),
        Some(_) => seen.ended,
        None => seen.last,
    };
    let time = seen.started.zip(at).map(|(start, end)| end.saturating_duration_since(start));
    time.map_or(u64::MAX, |time| time.as_millis() as u64)
}
