//! What the stages of `wirebook learn` race on: the reader's code is measured inside their process, ours here.

use crate::{Lap, courses, race};
use std::hint::black_box;
use std::time::{Duration, Instant};
use wirebook_sse::{self as sse, decoder};
use wirebook_template::escape;
use wirebook_websocket::mask;

/// Inputs, and how long our variants take.
pub struct Lesson {
    /// What each of them reads.
    pub inputs: Vec<Vec<u8>>,
    /// Names and nanoseconds for one input.
    pub ours: Vec<(String, f64)>,
}

/// The race of a stage: so many heats of this length. `None` for a stage that has no race.
pub fn lesson(stage: &str, heats: usize, heat: Duration) -> Option<Lesson> {
    match stage {
        "head" => parsers("varied", heats, heat),
        "chunks" => parsers("chunked-small", heats, heat),
        "unmask" => {
            let inputs = [125, 1_024, 16_384].map(|length| vec![7; length]).to_vec();
            let unmask = |apply: fn(&mut [u8], [u8; 4], usize)| {
                let mut buffer = vec![0; 16_384];
                time(&inputs, heats, heat, &mut |input: &[u8]| {
                    apply(&mut buffer[..input.len()], [0x37, 0xfa, 0x21, 0x3d], 0);
                    black_box(&buffer);
                })
            };
            let ours = [
                ("byte", unmask(mask::byte::apply)),
                ("word", unmask(mask::word::apply)),
                ("simd", unmask(mask::apply)),
            ];
            Some(Lesson { ours: ours.map(|(name, ns)| (name.into(), ns)).to_vec(), inputs })
        }
        "events" => {
            let inputs: Vec<Vec<u8>> = (0..64).map(stream).collect();
            macro_rules! read {
                ($decoder:ty) => {
                    time(&inputs, heats, heat, &mut |input: &[u8]| {
                        let (mut decoder, mut at) = (<$decoder>::new(sse::Limits::default(), ""), 0);
                        while let Ok((used, Some(event))) = decoder.receive(&input[at..]) {
                            black_box(event);
                            at += used;
                        }
                    })
                };
            }
            let ours = [("by_line", read!(decoder::by_line::Decoder)), ("fast", read!(decoder::fast::Decoder))];
            Some(Lesson { ours: ours.map(|(name, ns)| (name.into(), ns)).to_vec(), inputs })
        }
        "escape" => {
            let inputs: Vec<Vec<u8>> = (0..64).map(|nth| page(nth).into_bytes()).collect();
            let write = |escape: fn(&mut String, &str)| {
                let mut out = String::new();
                time(&inputs, heats, heat, &mut |input: &[u8]| {
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
            Some(Lesson { ours: ours.map(|(name, ns)| (name.into(), ns)).to_vec(), inputs })
        }
        _ => None,
    }
}

/// A course of `wirebook race`, with its contestants.
fn parsers(name: &str, heats: usize, heat: Duration) -> Option<Lesson> {
    let course = courses().into_iter().find(|course| course.name == name)?;
    let laps = race(&course, heats, heat);
    let ours = laps.into_iter().map(|Lap { parser, ns, .. }| (parser.into_owned(), ns)).collect();
    Some(Lesson { inputs: course.inputs.to_vec(), ours })
}

/// The median of some heats, in nanoseconds for one input: what the reader's process does, too.
fn time(inputs: &[Vec<u8>], count: usize, heat: Duration, run: &mut dyn FnMut(&[u8])) -> f64 {
    let mut round = |rounds: u32| {
        let start = Instant::now();
        for _ in 0..rounds {
            inputs.iter().for_each(|input| run(black_box(input)));
        }
        start.elapsed()
    };
    let mut rounds = 1;
    while round(rounds) < heat / 2 {
        rounds *= 2;
    }
    let each = f64::from(rounds) * inputs.len() as f64;
    let mut heats: Vec<f64> = (0..count).map(|_| round(rounds).as_secs_f64() * 1e9 / each).collect();
    heats.sort_by(f64::total_cmp);
    heats[count / 2]
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
