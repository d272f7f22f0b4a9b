//! What a request costs: CPU of the server for "Hello, World!", beside a constant-answer epoll loop, hyper, may_minihttp
//! and Node.
//!
//! Run: cargo bench -p wirebook-benches --bench http1 [-- plain | pipelined | memory]
//!
//! Servers are processes of their own, pinned to core 0; the load comes from this process on core 1, over 64 connections:
//! one request at a time on each, or sixteen in a pipeline. All servers stay up for the whole run and take turns in short
//! rounds, so that what disturbs the machine disturbs all of them; the figure of each is the median of its rounds, and
//! ratios are medians of the ratios within a round. CPU time is what the scheduler counted (`/proc/PID/schedstat`).
//! Results go to `benches/results/http1.json`.

#[path = "http1/load.rs"]
mod load;
#[path = "http1/servers.rs"]
mod servers;
#[path = "net/sys.rs"]
#[allow(dead_code, reason = "shared with the bench of net, which needs all of it")]
mod sys;

use serde_json::{Map, Value};
use std::{fs, path::Path, process::Command};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, which] = &arguments[..]
        && flag == "--serve"
    {
        return servers::serve(which);
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/http1.json");
    let mut results: Map<String, Value> =
        fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    results.insert("hardware".into(), hardware().into());
    if wanted("plain") {
        results.insert("plain".into(), load::run(1));
    }
    if wanted("pipelined") {
        results.insert("pipelined".into(), load::run(16));
    }
    if wanted("memory") {
        results.insert("memory".into(), load::memory());
    }
    let text = serde_json::to_string_pretty(&results).expect("a map of values is always JSON") + "\n";
    fs::write(&path, &text).expect("the results are writable");
    println!("{text}");
}

/// The line that a figure means nothing without.
fn hardware() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(" unknown");
    let kernel = Command::new("uname").arg("-sr").output().map(|output| output.stdout).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {cores} cores, {}",
        model.trim_start_matches([' ', '\t', ':']),
        String::from_utf8_lossy(&kernel).trim()
    )
}
