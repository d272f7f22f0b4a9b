//! The catalogue of hostile inputs: each row that a machine can play is a test here, in each way in which it can be played.
//! A new row is a line in a file of `tests/attacks/`, and nothing else. A program of its own, because its tests are found at run time.
//!
//! `h1-001` runs over sockets, `h1-001-sim` in the simulated network, smooth and rough, in virtual time. Rows `own-…` are ours.
//! `cargo test --test attacks` runs all, `… -- h1-04` those whose name has that in it.
#![allow(unsafe_code)]

use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};
use wirebook_net::sim::Config;
use wirebook_tests::allocations::Counting;
use wirebook_tests::attacks::harness::{self, Trial};
use wirebook_tests::attacks::row::{Row, Step, load};
use wirebook_tests::attacks::{chapter, client, judge::judge, play};

#[global_allocator]
static COUNTING: Counting = Counting;

/// The files of rows.
const LAYERS: [&str; 10] = [
    "http1",
    "http1-own",
    "http1-client",
    "http1-encoder",
    "websocket",
    "websocket-own",
    "sse",
    "template",
    "net",
    "cluster",
];

/// Most rows wait for a timer or a close: this many at a time, and the longest first.
const AT_A_TIME: usize = 16;

fn main() -> ExitCode {
    // Rust's start-up ignores the signal, which would hide a write that raises it.
    // SAFETY: no other thread runs yet, and the default action has no requirements.
    #[cfg(unix)]
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
    let mut rows: Vec<Row> = LAYERS.iter().flat_map(|layer| load(layer)).collect();
    assert!(rows.len() >= 345, "rows are missing");
    rows.sort_by_key(|row| !is_long(row));
    let (judged, all) = (rows.clone(), rows.clone());
    let about_rows = [
        Trial::new("the_chapter_is_made_from_the_rows", chapter::check),
        Trial::new("every_expectation_can_fail", move || can_fail(&judged)),
        Trial::new("what_no_machine_plays_has_its_test", move || by_hand(&all)),
    ];
    harness::main(rows.iter().flat_map(play::trials).chain(about_rows).collect(), AT_A_TIME)
}

/// A row that is not played is named by a test that was written for it.
fn by_hand(rows: &[Row]) -> Result<(), String> {
    let mut sources = String::new();
    for folder in ["tests", "../net/tests", "../cluster/process/tests", "../cluster/tests"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut sources).map_err(|error| error.to_string())?;
    }
    let lacks = |row: &&Row| {
        let name = format!("fn {}", row.id.replace('-', "_"));
        !["_", "("].iter().any(|behind| sources.contains(&format!("{name}{behind}")))
    };
    let left: Vec<&str> = rows.iter().filter(|row| !play::is_playable(row)).filter(lacks).map(|row| &*row.id).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("neither played nor tested: {}", left.join(", "))) }
}

/// Adds all texts in a folder and in those below it.
fn read(folder: &Path, sources: &mut String) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, sources)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            sources.push_str(&text);
        }
    }
    Ok(())
}

fn is_long(row: &Row) -> bool {
    let long = |step: &Step| {
        matches!(
            step,
            Step::Many(_)
                | Step::NoRead(_)
                | Step::SendSlowly(..)
                | Step::Send(_, 2..)
                | Step::Wait(_)
                | Step::EverySplit(_)
        )
    };
    row.steps.iter().any(long)
}

/// Whatever a row expects, the judge must object to something else.
fn can_fail(rows: &[Row]) -> Result<(), String> {
    let (mut tried, mut blind) = (0, Vec::new());
    for row in rows.iter().filter(|row| row.role == "server" && play::is_playable(row) && !is_long(row)) {
        let seen = client::simulated(row, Config::from(0))?;
        for (key, expected) in row.expect.iter().filter(|(key, _)| !client::LEFT_OUT.contains(&key.as_str())) {
            let other = match (key.as_str(), expected) {
                ("note" | "why", _) => continue,
                ("never_dispatch", _) => seen.calls.iter().map(|call| json!(call.target)).collect(),
                ("never_status", _) => seen.answers.iter().map(|answer| json!(answer.status)).collect(),
                ("resp_header_absent", _) => {
                    seen.answers.iter().flat_map(|answer| &answer.fields).map(|(name, _)| json!(name)).collect()
                }
                ("header" | "header_has", _) => json!({"date": "never"}),
                ("within_ms", _) => {
                    json!(seen.started.zip(seen.ended).map_or(0, |(a, b)| (b - a).as_millis()).max(1) - 1)
                }
                (_, Value::Bool(value)) => json!(!value),
                (_, Value::Number(number)) => json!(number.as_u64().unwrap_or_default() + 1),
                (_, Value::Array(_)) => json!([299]),
                _ => json!("something else"),
            };
            // A row that was refused dispatched nothing that it could name instead.
            if other == json!([]) || key == "within_ms" && other == 0 {
                continue;
            }
            let mut changed = row.clone();
            // Of a row that ends with a close, that is what is timed.
            changed.expect.retain(|kept, _| key == "within_ms" && kept == "close");
            changed.expect.insert(key.clone(), other);
            tried += 1;
            if judge(&changed, &seen).is_empty() {
                blind.push(format!("{} {key}", row.id));
            }
        }
    }
    match blind.is_empty() && tried > 250 {
        true => Ok(()),
        false => Err(format!("{tried} were tried, and nobody objected to: {}", blind.join(", "))),
    }
}
