//! The catalogue of hostile inputs to an HTTP/1 server: each row a test, over a real socket.
//!
//! A row runs twice: over a real socket, and as `…-sim` in the simulated network, smooth and rough, in virtual time.
//! Rows `h1-…` are the catalogue's, rows `own-…` are ours. `cargo test --test http1_attacks` runs all, `… -- h1-04` those whose name has that in it.
#![allow(unsafe_code)]

use serde_json::{Value, json};
use std::process::ExitCode;
use wirebook_net::sim::Config;
use wirebook_tests::allocations::Counting;
use wirebook_tests::attacks::harness::{self, Trial};
use wirebook_tests::attacks::row::{Row, Step, load};
use wirebook_tests::attacks::{chapter, judge::judge, simulated, wire};

#[global_allocator]
static COUNTING: Counting = Counting;

/// Rough networks for each row.
const ROUGH: u64 = 10;

/// Most rows wait for a timer or a close: this many at a time, and the longest first.
const AT_A_TIME: usize = 16;

fn main() -> ExitCode {
    // Rust's start-up ignores the signal, which would hide a write that raises it.
    // SAFETY: no other thread runs yet, and the default action has no requirements.
    #[cfg(unix)]
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
    let mut rows = load("http1");
    assert!(rows.len() >= 117, "rows are missing");
    rows.extend(load("http1-own"));
    rows.sort_by_key(|row| !is_long(row));
    let judged = rows.clone();
    let about_rows = [
        Trial::new("the_chapter_is_made_from_the_rows", chapter::check),
        Trial::new("every_expectation_can_fail", move || can_fail(&judged)),
    ];
    let simulated = rows.clone().into_iter().map(|row| Trial::new(format!("{}-sim", row.id), move || simulate(row)));
    let simulated: Vec<Trial> = simulated.collect();
    let trials = rows.into_iter().map(|row| Trial::new(row.id.clone(), move || run(&row)));
    harness::main(trials.chain(simulated).chain(about_rows).collect(), AT_A_TIME)
}

fn is_long(row: &Row) -> bool {
    let long = |step: &Step| {
        matches!(step, Step::Many(_) | Step::NoRead(_) | Step::SendSlowly(..) | Step::Send(_, 2..) | Step::Wait(_))
    };
    row.steps.iter().any(long)
}

fn run(row: &Row) -> Result<(), String> {
    verdict(row, &judge(row, &wire::run(row)), "over a socket")
}

/// On a network without faults, then on rough ones. Bulk is sent on the smooth one alone: it is about the server's limits.
fn simulate(mut row: Row) -> Result<(), String> {
    row.expect.retain(|key, _| !simulated::LEFT_OUT.contains(&key.as_str()));
    let rough = row.steps.iter().map(|step| match step {
        Step::Send(data, count) if data.len() * count > 200_000 => 0,
        Step::Many(_) | Step::SendSlowly(..) | Step::NoRead(_) | Step::Close => 1,
        _ => ROUGH,
    });
    let rough = rough.min().unwrap_or(ROUGH);
    let configs = std::iter::once(Config::from(0)).chain((1..=rough).map(Config::rough));
    for config in configs {
        let network = format!("simulated, seed {}", config.seed);
        verdict(&row, &judge(&row, &simulated::run(&row, config)?), &network)?;
    }
    Ok(())
}

fn verdict(row: &Row, complaints: &[String], network: &str) -> Result<(), String> {
    if complaints.is_empty() { Ok(()) } else { Err(format!("{} ({network})\n{}", row.title, complaints.join("\n"))) }
}

/// Whatever a row expects, the judge must object to something else.
fn can_fail(rows: &[Row]) -> Result<(), String> {
    let (mut tried, mut blind) = (0, Vec::new());
    for row in rows.iter().filter(|row| !is_long(row)) {
        let seen = simulated::run(row, Config::from(0))?;
        for (key, expected) in row.expect.iter().filter(|(key, _)| !simulated::LEFT_OUT.contains(&key.as_str())) {
            let other = match (key.as_str(), expected) {
                ("note" | "why", _) => continue,
                ("never_dispatch", _) => seen.calls.iter().map(|call| json!(call.target)).collect(),
                ("never_status", _) => seen.answers.iter().map(|answer| json!(answer.status)).collect(),
                ("resp_header_absent", _) => json!(["date"]),
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
            changed.expect = std::iter::once((key.clone(), other)).collect();
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
