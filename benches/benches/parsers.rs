//! The head parsers: our variants, httparse, and the other parsers of the registry, on the inputs (a) to (f) and (v).
//!
//! Run: cargo bench -p wirebook-benches --bench parsers        (writes benches/results/PROCESSOR/parsers.json)
//!
//! The inputs and our contestants are those of `wirebook race parsers`. A default build counts, without
//! `target-cpu=native`: what people run.

#[path = "parsers_peers.rs"]
mod peers;

use std::collections::BTreeMap;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use wirebook_benches::Results;
use wirebook_race::{REFERENCE, courses};

fn race(criterion: &mut Criterion) {
    for course in courses() {
        let mut group = criterion.benchmark_group(course.name);
        group.throughput(Throughput::Bytes((course.bytes() * course.inputs.len() as f64) as u64));
        let racers = wirebook_race::all().into_iter().chain(peers::all()).filter(|racer| racer.kind == course.kind);
        for mut racer in racers {
            group.bench_function(BenchmarkId::from_parameter(racer.name), |b| {
                b.iter_custom(|rounds| {
                    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
                    let start = std::time::Instant::now();
                    (racer.run)(&course.inputs, rounds);
                    start.elapsed()
                });
            });
        }
    }
}

/// Ours, each a step further than the one before.
const STEPS: [&str; 5] = ["split", "bytewise", "table", "swar", "simd"];

/// The medians that criterion left in `target/criterion`, with the machine that made them: as one list; and for the sentences
/// of the book by input and parser, with the gain of each step over the one before, and httparse's mean of the four kinds of
/// request when each is repeated alone.
fn write_results() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| format!("{root}/target"));
    let round = |value: f64, digits: i32| (value * 10_f64.powi(digits)).round() / 10_f64.powi(digits);
    let mut laps = Vec::new();
    let (mut ns, mut ratio, mut gain) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for course in courses() {
        let mut times = Vec::new();
        for racer in wirebook_race::all().into_iter().chain(peers::all()).filter(|racer| racer.kind == course.kind) {
            let folder = racer.name.replace([' ', ','], "_").replace("__", "_");
            let names = [racer.name.to_owned(), folder];
            let found = names.iter().find_map(|name| {
                std::fs::read_to_string(format!("{target}/criterion/{}/{name}/new/estimates.json", course.name)).ok()
            });
            let Some(text) = found else { continue };
            let estimates: serde_json::Value = serde_json::from_str(&text)?;
            let median = estimates["median"]["point_estimate"].as_f64().ok_or("an estimate without a median")?;
            times.push((racer.name, median / course.inputs.len() as f64));
        }
        let of = |name: &str| times.iter().find(|(racer, _)| *racer == name).map_or(f64::NAN, |(_, ns)| *ns);
        for &(parser, ns) in &times {
            laps.push(serde_json::json!({
                "parser": parser, "input": course.name,
                "ns": round(ns, 3), "gbps": round(course.bytes() / ns, 3), "ratio": round(of(REFERENCE) / ns, 3),
            }));
        }
        let by_parser = |value: &dyn Fn(f64) -> f64| -> BTreeMap<&str, f64> {
            times.iter().map(|&(parser, ns)| (parser, value(ns))).collect()
        };
        ns.insert(course.name, by_parser(&|ns| round(ns, if ns < 100.0 { 1 } else { 0 })));
        ratio.insert(course.name, by_parser(&|ns| round(of(REFERENCE) / ns, 2)));
        let steps = STEPS.windows(2).map(|step| (step[1], round(of(step[0]) / of(step[1]), 1)));
        gain.insert(course.name, steps.filter(|(_, gain)| gain.is_finite()).collect::<BTreeMap<_, _>>());
    }
    let single =
        ["tiny", "cookie", "chrome", "token"].map(|input| ns[input].get(REFERENCE).copied().unwrap_or(f64::NAN));
    let alone = round(single.iter().sum::<f64>() / 4.0, 0);
    let mut results = Results::open("parsers");
    results.set("laps", laps.into());
    for (key, by_input) in [("ns", ns), ("ratio", ratio), ("gain", gain)] {
        results.set(key, serde_json::to_value(by_input)?);
    }
    results.set("httparse_alone", alone.into());
    results.save();
    Ok(())
}

fn main() {
    let criterion =
        Criterion::default().warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(600));
    let mut criterion = criterion.sample_size(30).without_plots().configure_from_args();
    race(&mut criterion);
    criterion.final_summary();
    if let Err(error) = write_results() {
        eprintln!("no results written: {error}");
    }
}
