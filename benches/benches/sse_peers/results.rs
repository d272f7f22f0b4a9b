//! Criterion's estimates as `benches/results/PROCESSOR/sse.json`: medians in nanoseconds for one event, by the bytes of its data.

use std::path::Path;

use serde_json::{Map, Value, json};
use wirebook_benches::{Results, round_to};

/// Criterion's groups, and what the results call them.
const GROUPS: [(&str, &str); 3] = [
    ("encode", "encode_ns"),
    ("decode, 16 KiB reads", "decode_ns"),
    ("decode, one event a read", "decode_one_a_read_ns"),
];

/// `sizes`: the middle length of the payloads, and how many of them one iteration takes.
pub(crate) fn write(sizes: &[(usize, usize)]) {
    let estimates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/criterion");
    let mut results = Results::open("sse");
    for (group, key) in GROUPS {
        let group = estimates.join(group);
        let of_size = |(size, count): &(usize, usize)| {
            let row = folders(&group).into_iter().filter_map(|implementation| {
                let folder = group.join(&implementation).join(size.to_string());
                let text = std::fs::read(folder.join("new/estimates.json")).ok()?;
                let estimate: Value = serde_json::from_slice(&text).ok()?;
                let nanoseconds = estimate["median"]["point_estimate"].as_f64()? / *count as f64;
                Some((implementation, json!(round_to(nanoseconds, 1))))
            });
            let bytes = if *size < 1024 { format!("{size} B") } else { format!("{} KiB", size / 1024) };
            (bytes, Value::Object(row.collect()))
        };
        results.set(key, Value::Object(sizes.iter().map(of_size).collect::<Map<_, _>>()));
    }
    results.save();
}

fn folders(path: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name != "report");
    names.sort();
    names
}
