//! The second harness of the head parsers: instructions, counted by valgrind's callgrind. A busy machine makes times long
//! and leaves these alone.
//!
//! Run: cargo bench -p wirebook-benches --bench instructions   (writes benches/results/PROCESSOR/instructions.json)
//!
//! It starts itself under callgrind, once to read the inputs of a course and once to read them some more: the difference is
//! what reading takes. Where there is no valgrind it says so, and with CI=true that is a failure.

#[path = "parsers_peers.rs"]
mod peers;

use std::error::Error;
use std::process::ExitCode;

use wirebook_benches::{Results, callgrind};
use wirebook_race::{Contestant, Course, courses};

/// Heads or bodies that are read under callgrind, at least.
const READ: usize = 512;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, parser, input, rounds] = &words[..]
        && flag == "--read"
    {
        read(parser, input, rounds.parse().expect("a number of rounds"));
        return ExitCode::SUCCESS;
    }
    let Some(valgrind) = callgrind::version() else {
        eprintln!("SKIPPED: instructions of the parsers: there is no valgrind (apt install valgrind)");
        return if std::env::var("CI").is_ok_and(|ci| ci == "true") { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    };
    match measure(&valgrind) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instructions of the parsers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn racers(course: &Course) -> impl Iterator<Item = Contestant> {
    let kind = course.kind;
    wirebook_race::all().into_iter().chain(peers::all()).filter(move |racer| racer.kind == kind)
}

/// What runs under callgrind.
fn read(parser: &str, input: &str, rounds: u32) {
    let course = courses().into_iter().find(|course| course.name == input).expect("the name of an input");
    let mut racer = racers(&course).find(|racer| racer.name == parser).expect("the name of a parser");
    (racer.run)(&course.inputs, rounds);
}

fn measure(valgrind: &str) -> Result<(), Box<dyn Error>> {
    let mut laps = Vec::new();
    for course in courses() {
        let rounds = READ.div_ceil(course.inputs.len()) as u32;
        for racer in racers(&course) {
            let Some(first) = count(racer.name, course.name, 1)? else {
                eprintln!("SKIPPED: {} on {}: an instruction that {valgrind} does not know", racer.name, course.name);
                continue;
            };
            let count = count(racer.name, course.name, 1 + rounds)?.ok_or("only the first round was known")? - first;
            let instructions = count as f64 / (f64::from(rounds) * course.inputs.len() as f64);
            let per_byte = instructions / course.bytes();
            println!("{:14} {:16} {instructions:10.1} instructions {per_byte:7.3} a byte", course.name, racer.name);
            laps.push(serde_json::json!({
                "parser": racer.name, "input": course.name,
                "instructions": instructions.round(), "per_byte": (per_byte * 1000.0).round() / 1000.0,
            }));
        }
    }
    let mut results = Results::open("instructions");
    results.set("tool", format!("callgrind of {valgrind}").into());
    results.set("laps", laps.into());
    results.save();
    Ok(())
}

/// Instructions of this program when it reads the inputs of that name so many times; `None` if valgrind does not know one of
/// them (picohttpparser has such).
fn count(parser: &str, input: &str, rounds: u32) -> Result<Option<u64>, Box<dyn Error>> {
    callgrind::instructions(&["--read", parser, input, &rounds.to_string()])
}
