//! Criterion's estimates as `benches/results/PROCESSOR/sse.json`: nanoseconds for one event, and the machine they are of.

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
    update(|results| {
        results["unit"] = json!("ns per event, median; columns are bytes of data");
        results["codec"] = Value::Object(groups);
    });
}

/// Changes a part of the results, and writes the tables of the book from the whole.
pub(crate) fn update(change: impl FnOnce(&mut Value)) {
    let path = wirebook_benches::results_file("sse");
    let mut results: Value =
        std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_else(|| json!({}));
    change(&mut results);
    results["hardware"] = json!(hardware());
    std::fs::write(&path, serde_json::to_string_pretty(&results).unwrap() + "\n").unwrap();
    std::fs::write(path.with_extension("md"), tables(&results)).unwrap();
}

/// Markdown, with an anchor for each table.
fn tables(results: &Value) -> String {
    let mut out = String::new();
    let sizes = ["12", "180", "4096"];
    for (anchor, group) in [("encode", "encode"), ("decode", "decode, 16 KiB reads")] {
        let Some(rows) = results["codec"][group].as_object() else { continue };
        let mut rows: Vec<_> = rows.iter().collect();
        rows.sort_by(|a, b| a.1["180"].as_f64().partial_cmp(&b.1["180"].as_f64()).unwrap_or(std::cmp::Ordering::Equal));
        out += &format!(
            "<!-- ANCHOR: {anchor} -->\n\n| {anchor}, ns for each event | 12 bytes | 180 bytes | 4 KiB |\n|---|--:|--:|--:|\n"
        );
        for (name, row) in rows {
            let cells = sizes.map(|size| format!("{:.0}", row[size].as_f64().unwrap_or(f64::NAN)));
            out += &format!("| {name} | {} |\n", cells.join(" | "));
        }
        out += &format!("\n<!-- ANCHOR_END: {anchor} -->\n");
    }
    let microseconds = |row: &Value| row["cpu_ns"].as_f64().map_or("–".into(), |ns| format!("{:.1} µs", ns / 1000.0));
    let bytes = |row: &Value, key: &str| row[key].as_u64().map_or("–".into(), |bytes| bytes.to_string());
    let fan_out = &results["fan_out"];
    out += &format!(
        "<!-- ANCHOR: fan_out -->\n\n| one event to {} subscribers | server's CPU time for each delivery |\n|---|--:|\n| Wirebook | {} |\n\
         | Node, a `Set` of responses | {} |\n\n<!-- ANCHOR_END: fan_out -->\n",
        fan_out["subscribers"],
        microseconds(&fan_out["wirebook"]),
        microseconds(&fan_out["node"])
    );
    let transports = &results["transports"];
    out += &format!(
        "<!-- ANCHOR: transports -->\n\n| 100 bytes to {} clients | bytes down | bytes up | server's CPU time for each |\n|---|--:|--:|--:|\n",
        transports["subscribers"]
    );
    for (name, row) in transports["rows"].as_object().into_iter().flatten() {
        out += &format!(
            "| {name} | {} | {} | {} |\n",
            bytes(row, "bytes_down"),
            bytes(row, "bytes_up"),
            microseconds(row)
        );
    }
    out + "\n<!-- ANCHOR_END: transports -->\n"
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
