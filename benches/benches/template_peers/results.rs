//! Criterion's estimates as `benches/results/PROCESSOR/template.json`: microseconds for one page, and the machine they are of. The
//! tables of the book are made from the same figures.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::node::Measured;

/// Who compiles at build time, and is not held against those who do not.
const AT_BUILD_TIME: [&str; 2] = ["askama", "sailfish"];

/// The folder of a group of criterion's: its names have no blanks, so that they are not changed on the way there.
pub(crate) fn group(page: &str) -> String {
    page.replace(' ', "-")
}

pub(crate) fn write(pages: &[&str], node: Option<&Measured>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("../target"), PathBuf::from);
    let mut table = Map::new();
    for page in pages {
        let mut rows = Map::new();
        for entry in std::fs::read_dir(target.join("criterion").join(group(page))).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(text) = std::fs::read(entry.path().join("new/estimates.json")) else { continue };
            let estimate: Value = serde_json::from_slice(&text).expect("an estimate");
            let nanoseconds = estimate["median"]["point_estimate"].as_f64().expect("a median");
            rows.insert(name, json!(nanoseconds.round() / 1000.0));
        }
        for (name, measured) in node.iter().flat_map(|node| &node.microseconds) {
            rows.insert(name.clone(), json!(measured[*page]));
        }
        // With a filter on the command line there may be nothing new; old figures then stay.
        if !rows.contains_key("wirebook") {
            return;
        }
        table.insert((*page).to_owned(), Value::Object(rows));
    }
    let results = json!({ "unit": "microseconds for one page, median; data built before", "hardware": hardware(), "pages": table });
    let file = wirebook_benches::results_file("template");
    std::fs::write(&file, serde_json::to_string_pretty(&results).expect("JSON") + "\n").expect("the results");
    std::fs::write(file.with_extension("md"), tables(pages, &results["pages"])).expect("the tables");
}

/// Markdown, with an anchor for each table.
fn tables(pages: &[&str], results: &Value) -> String {
    let time = |page: &str, name: &str| results[page][name].as_f64();
    let mut names: Vec<&str> =
        results[pages[0]].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_by(|a, b| time(pages[0], a).partial_cmp(&time(pages[0], b)).expect("times"));
    let mut out = String::from("<!-- ANCHOR: times -->\n\n| µs for one page |");
    for page in pages {
        let _ = write!(out, " {page} |");
    }
    let _ = writeln!(out, "\n|---|{}", "--:|".repeat(pages.len()));
    for name in &names {
        let _ = write!(out, "| {name} |");
        for page in pages {
            let _ = match time(page, name) {
                Some(time) => write!(out, " {} |", rounded(time)),
                None => write!(out, " – |"),
            };
        }
        out.push('\n');
    }
    out.push_str("\n<!-- ANCHOR_END: times -->\n<!-- ANCHOR: ratios -->\n\n| time of others ÷ ours |");
    for page in pages {
        let _ = write!(out, " {page} |");
    }
    let _ = writeln!(out, "\n|---|{}", "--:|".repeat(pages.len()));
    let run_time = |name: &str| !AT_BUILD_TIME.contains(&name) && !name.starts_with("node") && name != "wirebook";
    let mut rows: Vec<(String, Vec<Option<f64>>)> = Vec::new();
    let ratio = |page: &str, other: Option<f64>| Some(other? / time(page, "wirebook")?);
    let fastest = |page: &&str| {
        let times = names.iter().filter(|name| run_time(name)).filter_map(|name| time(page, name));
        ratio(page, times.reduce(f64::min))
    };
    rows.push(("the fastest that compiles at run time".into(), pages.iter().map(fastest).collect()));
    for name in
        names.iter().filter(|name| **name == "minijinja" || name.starts_with("node") || AT_BUILD_TIME.contains(name))
    {
        rows.push(((*name).to_owned(), pages.iter().map(|page| ratio(page, time(page, name))).collect()));
    }
    for (name, ratios) in rows {
        let _ = write!(out, "| {name} |");
        for ratio in ratios {
            let _ = match ratio {
                Some(ratio) => write!(out, " {ratio:.1} |"),
                None => write!(out, " – |"),
            };
        }
        out.push('\n');
    }
    out.push_str("\n<!-- ANCHOR_END: ratios -->\n");
    out
}

fn rounded(microseconds: f64) -> String {
    match microseconds {
        n if n < 10.0 => format!("{n:.2}"),
        n if n < 100.0 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

fn hardware() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown CPU");
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {threads} threads, {}", model.trim_start_matches(['\t', ' ', ':']), std::env::consts::OS)
}
