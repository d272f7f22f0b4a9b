//! WebSocket: ours and its peers, in one run: the codec in memory, and echo servers under load.
//!
//! Run: cargo bench -p wirebook-benches --bench websocket       (writes benches/results/websocket.json)
//!
//! Servers run in a process of their own on core 0, the load on core 1; what counts is the processor time that the
//! server's process spent for each message. The codec is given hundreds of frames of different content and keys, because one
//! frame repeated teaches the branch predictor. `-- codec`, `-- servers` and `-- idle` run a part and leave the others'
//! results as they were.

mod codec;
mod load;
mod servers;

use serde_json::{Map, Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|word| word == "--serve") {
        return servers::serve(&arguments[at + 1]);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/results/websocket.json");
    let mut results: Map<String, Value> =
        std::fs::read_to_string(path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let wanted = |part: &str| {
        let parts = ["codec", "servers", "idle", "broadcast"];
        let named = arguments.iter().any(|word| parts.contains(&word.as_str()));
        !named || arguments.iter().any(|word| word == part)
    };
    results.insert("machine".into(), machine());
    if wanted("codec") {
        results.insert("codec, ns".into(), codec::run());
        results.insert("deflate, ns for a text of 1 KiB".into(), codec::deflate());
        results.insert("unmask, GB/s".into(), codec::unmask());
    }
    if wanted("servers") {
        results.insert("echo, CPU µs per message".into(), load::echo());
    }
    if wanted("idle") {
        results.insert("idle connection, bytes".into(), load::idle());
    }
    if wanted("broadcast") {
        results.insert("broadcast of 1 KiB to 10 000, messages per CPU second".into(), load::broadcast());
    }
    let tables = tables(&results);
    let text = serde_json::to_string_pretty(&Value::Object(results)).expect("results are JSON");
    println!("{text}");
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/results")).expect("writable");
    std::fs::write(path, text + "\n").expect("writable");
    std::fs::write(path.replace(".json", ".md"), tables).expect("writable");
}

/// The results as tables that the book includes, one anchor each.
fn tables(results: &Map<String, Value>) -> String {
    let mut text =
        String::from("Written by `cargo bench -p wirebook-benches --bench websocket` from websocket.json.\n");
    let short = |key: &str| key.split([',', ' ']).next().unwrap_or("").to_owned();
    for (title, value) in results {
        let Some(rows) = value.as_object() else { continue };
        text += &format!("\n<!-- ANCHOR: {} -->\n", short(title));
        let flat = rows.values().all(|cell| !cell.is_object());
        let one = Map::from_iter([(title.clone(), value.clone())]);
        let rows = if flat { &one } else { rows };
        let columns: Vec<&String> = rows
            .values()
            .filter_map(Value::as_object)
            .map(Map::keys)
            .max_by_key(|k| k.len())
            .into_iter()
            .flatten()
            .collect();
        let heads: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
        text += &format!("| {title} | {} |\n|---|{}\n", heads.join(" | "), "---:|".repeat(heads.len()));
        for (name, row) in rows {
            let cells: Vec<String> =
                columns.iter().map(|column| row[column.as_str()].to_string().trim_matches('"').to_owned()).collect();
            text += &format!("| {} | {} |\n", if flat { "" } else { name }, cells.join(" | "));
        }
        text += &format!("<!-- ANCHOR_END: {} -->\n", short(title));
    }
    text.replace("null", "–")
}

fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    json!({
        "cpu": model.trim_start_matches(['\t', ':', ' ']),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
    })
}
