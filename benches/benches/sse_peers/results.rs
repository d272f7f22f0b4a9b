//! Criterion's estimates as `benches/results/sse.json`: nanoseconds for one event, and the machine they are of.

use std::path::Path;

use serde_json::{Map, Value, json};

/// `sizes`: the middle length of the payloads, and how many of them one iteration takes.
pub(crate) fn write(sizes: &[(usize, usize)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let estimates = root.join("../target/criterion");
    let mut groups = Map::new();
    for group in folders(&estimates) {
        let Some(name) =
            ["encode", "decode, 16 KiB reads", "decode, one event a read"].into_iter().find(|n| *n == group)
        else {
            continue;
        };
        let mut rows = Map::new();
        for implementation in folders(&estimates.join(&group)) {
            let folder = estimates.join(&group).join(&implementation);
            let row: Map<String, Value> = sizes
                .iter()
                .filter_map(|(size, count)| {
                    let text = std::fs::read(folder.join(size.to_string()).join("new/estimates.json")).ok()?;
                    let estimate: Value = serde_json::from_slice(&text).ok()?;
                    let nanoseconds = estimate["median"]["point_estimate"].as_f64()? / *count as f64;
                    Some((size.to_string(), json!((nanoseconds * 10.0).round() / 10.0)))
                })
                .collect();
            if !row.is_empty() {
                rows.insert(implementation, Value::Object(row));
            }
        }
        groups.insert(name.to_string(), Value::Object(rows));
    }
    let path = root.join("results/sse.json");
    let mut results: Value =
        std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_else(|| json!({}));
    results["unit"] = json!("ns per event, median; columns are bytes of data");
    results["hardware"] = json!(hardware());
    results["codec"] = Value::Object(groups);
    std::fs::write(&path, serde_json::to_string_pretty(&results).unwrap() + "\n").unwrap();
}

fn folders(path: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name != "report");
    names.sort();
    names
}

fn hardware() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown CPU");
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {threads} threads, {}", model.trim_start_matches(['\t', ' ', ':']), std::env::consts::OS)
}
