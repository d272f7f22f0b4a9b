//! Reads the rows, runs their steps, and holds what was observed against what is expected.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::attacker::{Attacker, Observed};
use crate::server::{self, Setup};
use crate::{client, special};

/// All rows of the catalogue.
pub(crate) fn all() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/attacks/websocket.jsonl");
    let text = std::fs::read_to_string(path).expect("the catalogue is there");
    text.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

/// Runs the row that a test is named after.
pub(crate) fn run(name: &str) {
    let id = name.replace('_', "-");
    let row = all().into_iter().find(|row| row["id"] == id.as_str()).expect("the row is there");
    match name {
        "ws_016" => special::near_miss_origins(&row),
        "ws_041" => special::masking_keys(),
        "ws_066" => special::ping_flood(&row),
        "ws_070" => special::every_split(&row),
        "ws_112" => special::idle_deflate(&row),
        "ws_113" => special::broadcast_to_one_who_never_reads(&row),
        _ if row["role"] == "client" => client::run(&row),
        _ => plain(&row),
    }
}

/// The octets of a string of the catalogue: one for each code point.
pub(crate) fn octets(value: &Value) -> Vec<u8> {
    value.as_str().expect("bytes are a string").chars().map(|c| c as u32 as u8).collect()
}

fn plain(row: &Value) {
    let server = server::start(Setup::of(&row["config"]));
    let mut attacker = Attacker::connect(server.address);
    let begun = Instant::now();
    for step in row["steps"].as_array().expect("steps are a list") {
        match step["op"].as_str().unwrap_or("") {
            "send" | "ws_handshake" if step.get("request").is_some() => {
                attacker.send(&octets(&step["request"]));
                attacker.read_head();
            }
            "send" => attacker.send(&octets(&step["data"])),
            "send_repeat" => {
                let count = step["count"].as_u64().expect("a count") as usize;
                attacker.send(&octets(&step["data"]).repeat(count));
            }
            "send_generated" => special::context_reuse().iter().for_each(|bytes| attacker.send(bytes)),
            // The server's own Close comes by its configuration; and a peer that vanished is one that is silent.
            "server_closes" | "no_read" | "blackhole" => {}
            other => panic!("{other} is not a step"),
        }
    }
    let patience = Duration::from_millis(row["expect"]["within_ms"].as_u64().unwrap_or(5000));
    let observed = attacker.observe(patience, wants_end(&row["expect"]));
    let elapsed = begun.elapsed();
    drop(attacker);
    let cost = server.stop();
    check(row, &observed, elapsed);
    if let Some(most) = row["expect"]["mem_max"].as_i64() {
        assert!(cost.peak_bytes <= most, "{} bytes at the peak, {most} allowed", cost.peak_bytes);
    }
    if let Some(code) = row["expect"]["local_code"].as_u64() {
        assert_eq!(cost.local_codes, [code as u16]);
    }
}

/// Whether the server is expected to end the connection by itself.
fn wants_end(expect: &Value) -> bool {
    let refused = expect["status"].as_array().is_some_and(|list| list.iter().all(|status| status != 101));
    expect["close"] == true || refused
}

/// Holds the observed against `expect`.
pub(crate) fn check(row: &Value, observed: &Observed, elapsed: Duration) {
    let expect = &row["expect"];
    let why = format!("{}: {} ({observed:?})", row["id"], row["title"]);
    for (key, wanted) in expect.as_object().expect("expectations are an object") {
        match key.as_str() {
            "status" => assert_eq!(serde_json::json!(observed.status), *wanted, "{why}"),
            "never_status" => {
                for status in wanted.as_array().expect("a list") {
                    assert!(!observed.status.iter().any(|got| *status == u64::from(*got)), "{why}");
                }
            }
            "header" | "header_has" => {
                for (name, value) in wanted.as_object().expect("an object") {
                    let got = observed.header(name).unwrap_or("");
                    let value = value.as_str().expect("a value");
                    assert!(if key == "header" { got == value } else { got.contains(value) }, "{name}: {got} {why}");
                }
            }
            "resp_header_absent" => {
                for name in wanted.as_array().expect("a list") {
                    assert_eq!(observed.header(name.as_str().expect("a name")), None, "{why}");
                }
            }
            "ws_close" => assert_eq!(serde_json::json!(observed.closes), *wanted, "{why}"),
            "close" => assert_eq!(observed.ended, *wanted, "{why}"),
            "messages" => assert_eq!(observed.messages.len() as u64, *wanted, "{why}"),
            "message" => assert_eq!(observed.messages, [octets_of_text(wanted)], "{why}"),
            "message_len" => assert_eq!(observed.messages[0].len() as u64, *wanted, "{why}"),
            "pong" if wanted.is_null() => assert!(observed.pongs.is_empty(), "{why}"),
            "pong" => assert_eq!(observed.pongs, [octets(wanted)], "{why}"),
            "order" => assert_eq!(observed.order.first(), Some(&0xA), "{why}"),
            "within_ms" | "cpu_ms_max" => {
                // The time of a wall clock bounds the time of the processor.
                assert!(elapsed.as_millis() as u64 <= wanted.as_u64().expect("a number"), "{elapsed:?} {why}");
            }
            // Looked at by the caller.
            "mem_max" | "local_code" | "note" => {}
            other => panic!("{other} is not an expectation"),
        }
    }
}

fn octets_of_text(value: &Value) -> Vec<u8> {
    value.as_str().expect("a text").as_bytes().to_vec()
}
