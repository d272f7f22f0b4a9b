//! Real `ejs` on Node is the judge: the same bytes, and the same class of error.
//!
//! The results are recorded, so that this runs without Node. Where Node and `ejs` are installed
//! (`npm install --prefix tests/interop/template`), the records are compared with it again, and templates are generated
//! that nobody has seen before.

use serde_json::Value as Json;
use std::process::{Command, Stdio};
use wirebook_tests::template::{expectation, interop, pairs, render};

#[test]
fn every_recorded_pair_gives_the_bytes_of_ejs() {
    let pairs = pairs();
    assert!(pairs.len() >= 300, "only {} pairs", pairs.len());
    let mut failures = Vec::new();
    for pair in &pairs {
        let got = render(&pair.template, &pair.data, &pair.options);
        if got != pair.expected {
            failures.push(format!("{}\n  ejs  {:?}\n  ours {got:?}", pair.name, pair.expected));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), pairs.len(), failures.join("\n"));
}

/// Whether `node` and `ejs` are here.
fn has_ejs() -> bool {
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    node.is_ok_and(|status| status.success()) && interop().join("node_modules/ejs").is_dir()
}

#[test]
fn the_records_are_what_ejs_gives_where_it_is_installed() {
    if !has_ejs() {
        eprintln!("ejs is not installed: the records stand as they are");
        return;
    }
    let status = Command::new("node").arg(interop().join("record.mjs")).status().expect("node runs");
    assert!(status.success());
}

/// Compares lines of `generate.mjs` with what we make of them.
fn compare(lines: &str) {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in lines.lines() {
        let case: Json = serde_json::from_str(line).expect("JSON");
        // The data is the same in every line; its keys that are numbers come first in any order of writing.
        let got = render(case["template"].as_str().expect("a template"), &case["data"].to_string(), &Json::Null);
        let expected = expectation(&case);
        count += 1;
        if got != expected {
            failures.push(format!("{}: {}\n  ejs  {expected:?}\n  ours {got:?}", case["name"], case["template"]));
        }
    }
    assert!(count >= 200, "only {count} templates");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn generated_templates_give_the_bytes_of_ejs() {
    compare(include_str!("../interop/template/generated.jsonl"));
}

#[test]
fn fresh_templates_give_the_bytes_of_ejs_where_it_is_installed() {
    if !has_ejs() {
        eprintln!("ejs is not installed: no fresh templates");
        return;
    }
    let output =
        Command::new("node").arg(interop().join("generate.mjs")).args(["20261120", "400"]).output().expect("node runs");
    assert!(output.status.success());
    compare(&String::from_utf8(output.stdout).expect("UTF-8"));
}
