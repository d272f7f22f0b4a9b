//! The catalogue of hostile inputs to an HTTP/1 server: each row a test, over a real socket.
//!
//! Rows `h1-…` are the catalogue's, rows `own-…` are ours. `cargo test --test http1_attacks` runs all, `… -- h1-04` those whose name has that in it.
#![allow(unsafe_code)]

use std::process::ExitCode;
use wirebook_tests::allocations::Counting;
use wirebook_tests::attacks::harness::{self, Trial};
use wirebook_tests::attacks::row::{Row, Step, load};
use wirebook_tests::attacks::{judge::judge, wire};

#[global_allocator]
static COUNTING: Counting = Counting;

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
    let trials = rows.into_iter().map(|row| Trial::new(row.id.clone(), move || run(&row))).collect();
    harness::main(trials, AT_A_TIME)
}

fn is_long(row: &Row) -> bool {
    let long = |step: &Step| {
        matches!(step, Step::Many(_) | Step::NoRead(_) | Step::SendSlowly(..) | Step::Send(_, 2..) | Step::Wait(_))
    };
    row.steps.iter().any(long)
}

fn run(row: &Row) -> Result<(), String> {
    let complaints = judge(row, &wire::run(row));
    if complaints.is_empty() { Ok(()) } else { Err(format!("{}\n{}", row.title, complaints.join("\n"))) }
}
