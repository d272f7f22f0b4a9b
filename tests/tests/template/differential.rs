//! Real `ejs` on Node is the judge: the same bytes, and the same class of error.
//!
//! The results are recorded, so that this runs without Node. Where Node and `ejs` are installed
//! (`npm install --prefix tests/interop/template`), the records are compared with it again, and templates are generated
//! that nobody has seen before.

use serde_json::Value as Json;
use std::process::{Command, Stdio};
use wirebook_template::{Template, data};
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
    compare(include_str!("../../interop/template/generated.jsonl"));
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

/// A hundred thousand powers, from a seed. The last digit is the implementation's: here it is that of Node 20, whose V8 has
/// fdlibm's `pow`; with a later one, which asks the C library, all but powers that are whole numbers may be neighbours.
#[test]
fn powers_are_those_of_node() {
    const PAIRS: &str = "let s = 7; const next = () => (s = (s * 1103515245 + 12345) % 2147483648) / 2147483648;
        for (let i = 0; i < 100000; i++) {
            const whole = i % 2, x = whole ? Math.floor(next() * 200) - 100 : next() * 100;
            const y = i % 4 < 2 ? Math.floor(next() * 40) - 20 : next() * 20 - 10;
            console.log(`${x} ${y} ${x ** y}`);
        }
        console.log(process.versions.v8.split('.')[0]);";
    let Ok(output) = Command::new("node").args(["-e", PAIRS]).output() else {
        eprintln!("SKIPPED: there is no node to compare powers with");
        return;
    };
    let template = Template::compile("<%- x ** y %>").expect("compiles");
    let mut count = 0;
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let (powers, version) = lines.trim_end().rsplit_once('\n').expect("the version last");
    let as_here = version.parse::<u32>().expect("a version") <= 11;
    for line in powers.lines() {
        let numbers: Vec<f64> = line.split(' ').map(|text| text.parse().expect("a number")).collect();
        let [x, y, node] = numbers[..] else { panic!("{line}") };
        let ours = template.render_to_string(&data!({ "x": x, "y": y })).expect("renders");
        let ours: f64 = ours.parse().expect("a number");
        count += 1;
        let whole = y >= 0.0 && x.fract() == 0.0 && y.fract() == 0.0 && node.abs() < 9_007_199_254_740_992.0;
        let apart = ours.to_bits().abs_diff(node.to_bits());
        let same = ours == node || (ours.is_nan() && node.is_nan());
        assert!(same || (!as_here && !whole && apart <= 1), "{x} ** {y}: node {node:?}, ours {ours:?}");
    }
    assert_eq!(count, 100_000);
}
