//! Criterion's estimates as `benches/results/template.json`: microseconds for one page, and the machine they are of.

use std::path::Path;

use serde_json::{Map, Value, json};

pub(crate) fn write(pages: &[&str], node: Option<Value>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut table = Map::new();
    for page in pages {
        let folder = root.join("../target/criterion").join(page.replace(' ', "_").replace("/", "_"));
        let mut rows = Map::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(text) = std::fs::read(entry.path().join("new/estimates.json")) else { continue };
            let estimate: Value = serde_json::from_slice(&text).expect("an estimate");
            let microseconds = estimate["median"]["point_estimate"].as_f64().unwrap_or(0.0) / 1000.0;
            rows.insert(name, json!((microseconds * 1000.0).round() / 1000.0));
        }
        if let Some(Value::Object(node)) = &node {
            for (name, measured) in node {
                rows.insert(name.clone(), measured[page].clone());
            }
        }
        table.insert((*page).to_owned(), Value::Object(rows));
    }
    let results = json!({ "unit": "microseconds for one page, median; data built before", "hardware": hardware(), "pages": table });
    let path = root.join("results/template.json");
    std::fs::write(path, serde_json::to_string_pretty(&results).expect("JSON") + "\n").expect("the results");
}

fn hardware() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown CPU");
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {threads} threads, {}", model.trim_start_matches(['\t', ' ', ':']), std::env::consts::OS)
}
