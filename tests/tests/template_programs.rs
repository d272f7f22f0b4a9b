//! Programs that nobody wrote, compared with Node: nested functions, captures, throws in conversions, references.
//!
//! Each run tries some, from a seed that changes with the day and stands in the message of a failure:
//! `WIREBOOK_PROGRAMS=100000 WIREBOOK_SEED=7 cargo test -p wirebook-tests --test template_programs` tries a hundred thousand.

use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use wirebook_tests::template::{Expected, expectation, interop, render};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn generated_programs_give_what_node_gives() {
    let today = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    let (seed, count) = (number("WIREBOOK_SEED").unwrap_or(today), number("WIREBOOK_PROGRAMS").unwrap_or(400));
    let node = Command::new("node")
        .arg(interop().join("programs.mjs"))
        .args([seed.to_string(), count.to_string()])
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = node else {
        eprintln!("SKIPPED: there is no node to compare programs with");
        return;
    };
    let (mut tried, mut failures) = (0, Vec::new());
    for line in BufReader::new(node.stdout.take().expect("a pipe")).lines() {
        let case: Json = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let got = render(case["template"].as_str().expect("a template"), "{}", &Json::Null);
        let expected = expectation(&case);
        tried += 1;
        // A string that doubles in a loop reaches a bound here that Node does not have.
        let bound = matches!(&got, Expected::Error(name) if name == "MemoryLimit");
        if got != expected && !bound && failures.len() < 20 {
            failures.push(format!("{}:\n{}\n  node {expected:?}\n  ours {got:?}", case["name"], case["template"]));
        }
    }
    assert!(node.wait().expect("it ran").success());
    assert_eq!(tried, count, "programs of seed {seed}");
    assert!(failures.is_empty(), "{} of {tried} (seed {seed}) differ:\n{}", failures.len(), failures.join("\n"));
}
