//! Templates that nobody wrote, compared with Node: programs of nested functions, captures, throws in conversions and
//! references; calls of every method; mistakes and what V8 says of them; and the recorded pairs with a mistake in them.
//!
//! Each run tries the same ones: what is landed must not fail for what it did not change. Other seeds are tried by hand:
//! `WIREBOOK_PROGRAMS=100000 WIREBOOK_SEED=7 cargo test -p wirebook-tests --test template programs` tries a hundred thousand.

use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use wirebook_template::ErrorKind;
use wirebook_tests::asked;
use wirebook_tests::template::{Expected, expectation, interop, render, rendered};

/// What is tried where no other seed is asked for.
const SEED: u64 = 12;

/// Runs a script that prints templates with what Node makes of them, and compares that with ours.
fn compare(script: &str) {
    let (seed, count) = (asked("WIREBOOK_SEED", SEED), asked("WIREBOOK_PROGRAMS", 400));
    println!("{script}: {count} templates of seed {seed}");
    let node = Command::new("node")
        .arg(interop().join(script))
        .args([seed.to_string(), count.to_string()])
        .env("TZ", "UTC")
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = node else {
        eprintln!("SKIPPED: there is no node to compare {script} with");
        return;
    };
    let (mut tried, mut different, mut failures) = (0, 0, Vec::new());
    for line in BufReader::new(node.stdout.take().expect("a pipe")).lines() {
        let case: Json = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let template = case["template"].as_str().expect("a template");
        let data = case["data"].as_str().map_or_else(|| case["data"].to_string(), str::to_owned);
        let options = &case["options"];
        let got = render(template, &data, options);
        let expected = expectation(&case);
        tried += 1;
        // Node can not parse what `ejs` has cut, which knows nothing of strings.
        let odd = script == "mutate.mjs" && matches!(&expected, Expected::Error(name) if name == "SyntaxError");
        if got != expected && !odd && !excused(rendered(template, &data, options)) {
            different += 1;
            if failures.len() < 20 {
                failures.push(format!("{}, {options}:\n{template}\n  node {expected:?}\n  ours {got:?}", case["name"]));
            }
        }
    }
    assert!(node.wait().expect("it ran").success());
    assert_eq!(tried, count, "templates of seed {seed}");
    assert!(failures.is_empty(), "{different} of {tried} (seed {seed}) differ:\n{}", failures.join("\n"));
}

/// Whether a difference is none: a bound that is reached here and that Node does not have, such as a string that doubles in
/// a loop; and what the language leaves out, which is refused by name.
fn excused(ours: Result<String, wirebook_template::Error>) -> bool {
    use ErrorKind::{MemoryLimit, NestingLimit, OutputLimit, StepLimit};
    let Err(error) = ours else { return false };
    matches!(error.kind(), MemoryLimit | NestingLimit | OutputLimit | StepLimit)
        || error.message().starts_with("unsupported")
}

#[test]
fn generated_programs_give_what_node_gives() {
    compare("programs.mjs");
}

#[test]
fn every_method_gives_what_it_gives_in_node() {
    compare("methods.mjs");
}

#[test]
fn every_mistake_is_named_as_v8_names_it() {
    compare("errors.mjs");
}

#[test]
fn no_language_gives_another_text_than_in_node() {
    compare("locales.mjs");
}

#[test]
fn mistakes_in_the_recorded_pairs_give_what_ejs_gives() {
    if !interop().join("node_modules/ejs").is_dir() {
        eprintln!("SKIPPED: ejs is not installed; tests/interop/template/run does it");
        return;
    }
    compare("mutate.mjs");
}
