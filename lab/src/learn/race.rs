//! The reader's code in a race with ours: the same inputs, theirs measured inside their process and ours inside this one.

use super::desk::Desk;
use super::reader::{Reader, Trouble, build};
use super::show;
use super::stage::Stage;
use crate::race::{self, Lap};
use serde_json::json;
use std::hint::black_box;
use std::time::{Duration, Instant};
use wirebook_sse::{self as sse, decoder};
use wirebook_template::escape;
use wirebook_terminal::Complaint;
use wirebook_websocket::mask;

const HEATS: usize = 15;
const HEAT: Duration = Duration::from_millis(8);

/// Inputs, and what runs on each of them.
struct Course {
    inputs: Vec<Vec<u8>>,
    /// Names and nanoseconds for one input.
    ours: Vec<(String, f64)>,
}

/// Builds the crate with all optimisations, races, and shows the table.
pub(super) fn run(desk: &Desk<'_>, stage: &Stage) -> Result<(), Complaint> {
    let Some(course) = course(stage) else {
        return Err(Complaint::new(
            format!("There is no race for {}.", stage.name),
            "Those that race are head, chunks, unmask, events and escape.",
        ));
    };
    let theirs = theirs(desk, stage, &course.inputs).map_err(|trouble| {
        let hint = format!("`wirebook learn check {}` must pass before it can race.", stage.name);
        Complaint::new(trouble.sentence, hint)
    })?;
    let mut table: Vec<(String, f64)> = course.ours;
    table.push(("yours".into(), theirs));
    table.sort_by(|one, other| other.1.total_cmp(&one.1));
    let bytes = course.inputs.iter().map(Vec::len).sum::<usize>() / course.inputs.len();
    let rows = table.iter().map(|(name, ns)| json!({ "name": name, "ns": ns, "ratio": theirs / ns }));
    let value = json!({ "stage": stage.name, "bytes": bytes, "laps": rows.collect::<Vec<_>>() });
    show::print(desk.json, &value, || {
        let mut out = format!("{}: {} inputs of {bytes} bytes on average\n", stage.name, course.inputs.len());
        let most = table.iter().map(|(_, ns)| theirs / ns).fold(1.0, f64::max);
        for (name, ns) in &table {
            let ratio = theirs / ns;
            let bar = "█".repeat((ratio / most * 30.0).round() as usize);
            out += &format!("  {name:14}{ns:12.1} ns {ratio:7.2}×  {bar}\n");
        }
        out
    })
}

fn theirs(desk: &Desk<'_>, stage: &Stage, inputs: &[Vec<u8>]) -> Result<f64, Trouble> {
    let program = build(desk.root, true)?;
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let answer = Reader::start(&program)?.race(stage.name, &inputs)?;
    let mut heats: Vec<f64> = answer.lines.iter().filter_map(|line| line.parse().ok()).collect();
    heats.sort_by(f64::total_cmp);
    let refused = || Trouble {
        sentence: format!("Your code refuses an input of the race: {}.", answer.lines.join(" ")),
        said: String::new(),
    };
    heats.get(heats.len() / 2).copied().filter(|ns| *ns > 0.0).ok_or_else(refused)
}

fn course(stage: &Stage) -> Option<Course> {
    match stage.name {
        "head" => parsers("varied"),
        "chunks" => parsers("chunked-small"),
        "unmask" => {
            let inputs = [125, 1_024, 16_384].map(|length| vec![7; length]).to_vec();
            let unmask = |apply: fn(&mut [u8], [u8; 4], usize)| {
                let mut buffer = vec![0; 16_384];
                time(&inputs, &mut |input: &[u8]| {
                    apply(&mut buffer[..input.len()], [0x37, 0xfa, 0x21, 0x3d], 0);
                    black_box(&buffer);
                })
            };
            let ours = [
                ("byte", unmask(mask::byte::apply)),
                ("word", unmask(mask::word::apply)),
                ("simd", unmask(mask::apply)),
            ];
            Some(Course { ours: ours.map(|(name, ns)| (name.into(), ns)).to_vec(), inputs })
        }
        "events" => {
            let inputs: Vec<Vec<u8>> = (0..64).map(stream).collect();
            macro_rules! read {
                ($decoder:ty) => {
                    time(&inputs, &mut |input: &[u8]| {
                        let (mut decoder, mut at) = (<$decoder>::new(sse::Limits::default(), ""), 0);
                        while let Ok((used, Some(event))) = decoder.receive(&input[at..]) {
                            black_box(event);
                            at += used;
                        }
                    })
                };
            }
            let ours = [("by_line", read!(decoder::by_line::Decoder)), ("fast", read!(decoder::fast::Decoder))];
            Some(Course { ours: ours.map(|(name, ns)| (name.into(), ns)).to_vec(), inputs })
        }
        "escape" => {
            let inputs: Vec<Vec<u8>> = (0..64).map(|nth| page(nth).into_bytes()).collect();
            let write = |escape: fn(&mut String, &str)| {
                let mut out = String::new();
                time(&inputs, &mut |input: &[u8]| {
                    out.clear();
                    escape(&mut out, str::from_utf8(input).unwrap_or_default());
                    black_box(&out);
                })
            };
            let ours = [
                ("naive", write(escape::naive)),
                ("wordwise", write(escape::wordwise)),
                ("append", write(escape::append)),
            ];
            Some(Course { ours: ours.map(|(name, ns)| (name.into(), ns)).to_vec(), inputs })
        }
        _ => None,
    }
}

/// A course of `wirebook race`, with its contestants.
fn parsers(name: &str) -> Option<Course> {
    let course = race::courses().into_iter().find(|course| course.name == name)?;
    let laps = race::race(&course, HEATS, HEAT);
    let ours = laps.into_iter().map(|Lap { parser, ns, .. }| (parser.into_owned(), ns)).collect();
    Some(Course { inputs: course.inputs.to_vec(), ours })
}

/// The median of some heats, in nanoseconds for one input: what the reader's process does, too.
fn time(inputs: &[Vec<u8>], run: &mut dyn FnMut(&[u8])) -> f64 {
    let mut round = |rounds: u32| {
        let start = Instant::now();
        for _ in 0..rounds {
            inputs.iter().for_each(|input| run(black_box(input)));
        }
        start.elapsed()
    };
    let mut rounds = 1;
    while round(rounds) < HEAT / 2 {
        rounds *= 2;
    }
    let each = f64::from(rounds) * inputs.len() as f64;
    let mut heats: Vec<f64> = (0..HEATS).map(|_| round(rounds).as_secs_f64() * 1e9 / each).collect();
    heats.sort_by(f64::total_cmp);
    heats[HEATS / 2]
}

/// A stream of sixteen events, different for each number.
fn stream(nth: usize) -> Vec<u8> {
    let event = |at: usize| {
        let data = "tick ".repeat(1 + (nth * 7 + at * 3) % 11);
        format!("event: price\nid: {nth}-{at}\ndata: {data}\ndata: {at}\n\n")
    };
    (0..16).map(event).collect::<String>().into_bytes()
}

/// Text with something to escape here and there, different for each number.
fn page(nth: usize) -> String {
    let word = |at: usize| match (nth * 13 + at * 5) % 17 {
        0 => "<b>".to_string(),
        1 => "Tom & Jerry".to_string(),
        2 => "\"quoted\"".to_string(),
        length => "x".repeat(length),
    };
    (0..200).map(word).collect::<Vec<_>>().join(" ")
}
