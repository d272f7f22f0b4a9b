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
    let text = serde_json::to_string_pretty(&Value::Object(results)).expect("results are JSON");
    println!("{text}");
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/results")).expect("writable");
    std::fs::write(path, text + "\n").expect("writable");
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
