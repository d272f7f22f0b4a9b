//! Criterion's estimates as `benches/results/PROCESSOR/template.json`: medians in microseconds for one page, on data that was built before.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use wirebook_benches::{Results, round_to};

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
    let mut times = Map::new();
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
        times.insert((*page).to_owned(), Value::Object(rows));
    }
    let mut results = Results::open("template");
    results.set("us_for_one_page", Value::Object(times.clone()));
    let ratios: Map<String, Value> = times.into_iter().map(|(page, times)| (page, ratios(&times))).collect();
    results.set("time_of_others_to_ours", Value::Object(ratios));
    results.save();
}

/// The times of a page as multiples of ours: of the fastest that compiles at run time, and of those of whom a chapter speaks.
fn ratios(times: &Value) -> Value {
    let times =
        || times.as_object().into_iter().flatten().filter_map(|(name, time)| Some((name.as_str(), time.as_f64()?)));
    let ours = times().find(|(name, _)| *name == "wirebook").map_or(f64::NAN, |(_, time)| time);
    let run_time = |name: &str| !AT_BUILD_TIME.contains(&name) && !name.starts_with("node") && name != "wirebook";
    let fastest = times().filter(|(name, _)| run_time(name)).map(|(_, time)| time).fold(f64::INFINITY, f64::min);
    let named = |name: &str| AT_BUILD_TIME.contains(&name) || name.starts_with("node") || name == "minijinja";
    let all = times().filter(|(name, _)| named(name)).chain([("the fastest that compiles at run time", fastest)]);
    all.map(|(name, time)| (name.to_owned(), json!(round_to(time / ours, 3)))).collect::<Map<_, _>>().into()
}
