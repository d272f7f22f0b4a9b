//! `wirebook race`: our variants and a peer on the same inputs, on the reader's own machine.
//!
//! The contestants of one input take turns in short heats, so that a slow moment of the machine hits all of them, and the
//! median heat counts. Where the heats of one contestant differ much, the machine was busy, and the table says so.

mod contestants;
mod inputs;
mod lap;
mod plot;

use clap::{Args, Subcommand};
pub(crate) use contestants::courses;
use contestants::{Course, Kind, REFERENCE};
pub(crate) use lap::Lap;
use serde::Deserialize;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wirebook_terminal::{Complaint, Result, width, wrap};

/// What races.
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The five HTTP/1 head parsers and the chunked decoder against httparse, in about ten seconds
    Parsers(Parsers),
}

#[derive(Args)]
struct Parsers {
    /// Print the results as JSON: a list of {parser, input, ns, gbps, ratio}
    #[arg(long)]
    json: bool,
    /// Draw the results into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Only these inputs: tiny, cookie, chrome, token, varied, response, chunked-small, chunked-large
    #[arg(long, value_name = "INPUT", value_delimiter = ',')]
    only: Vec<String>,
}

const HEATS: usize = 15;
const HEAT: Duration = Duration::from_millis(8);

/// The figures of the book, from a run of the committed benchmark.
#[derive(Deserialize)]
pub(crate) struct Committed {
    pub(crate) hardware: String,
    pub(crate) laps: Vec<Lap>,
}

/// Reads them; `None` if the file is not what the benchmark writes.
pub(crate) fn committed() -> Option<Committed> {
    serde_json::from_str(include_str!(env!("WIREBOOK_PARSERS"))).ok()
}

/// The committed race of our variants and httparse as a plot, for the book.
pub(crate) fn picture() -> Option<String> {
    let Committed { hardware, mut laps } = committed()?;
    laps.retain(|lap| plot::knows(&lap.parser));
    Some(format!("<div class=\"wb-plot\">{}<p>{hardware}</p></div>", plot::svg(&laps, plot::Home::Page)))
}

/// Runs the subcommand.
pub(crate) fn run(options: &Options) -> Result {
    let What::Parsers(options) = &options.what;
    let courses = courses();
    if let Some(unknown) = options.only.iter().find(|name| courses.iter().all(|course| course.name != **name)) {
        let names: Vec<_> = courses.iter().map(|course| course.name).collect();
        return Err(Complaint::new(
            format!("there is no input named {unknown}"),
            format!("the inputs are {}", names.join(", ")),
        ));
    }
    // Before the race: who waited ten seconds for a plot wants it.
    let mut svg = options.svg.as_deref().map(create).transpose()?;
    if cfg!(debug_assertions) {
        eprintln!("This is a debug build, in which what a caller inlines is slow: race with `cargo run --release`.");
    }
    let mut laps = Vec::new();
    for course in
        courses.iter().filter(|course| options.only.is_empty() || options.only.iter().any(|name| name == course.name))
    {
        if !options.json && std::io::stdout().is_terminal() {
            print!("{} …\r", course.name);
            let _ = std::io::stdout().flush();
        }
        let of_course = race(course, HEATS, HEAT);
        if !options.json {
            show(course, &of_course);
        }
        laps.extend(of_course);
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&laps)?);
    }
    if let Some(file) = &mut svg {
        file.write_all(plot::svg(&laps, plot::Home::File).as_bytes())?;
    }
    Ok(())
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| {
        Complaint::new(format!("{} cannot be written: {error}.", path.display()), "name a file in a folder of yours.")
    })
}

/// All contestants on one input: so many heats of this length.
pub(crate) fn race(course: &Course, count: usize, heat: Duration) -> Vec<Lap> {
    let mut racers: Vec<_> = contestants::all().into_iter().filter(|racer| racer.kind == course.kind).collect();
    let rounds: Vec<u32> =
        racers.iter_mut().map(|racer| rounds_of_a_heat(&mut racer.run, &course.inputs, heat)).collect();
    let mut heats = vec![Vec::with_capacity(count); racers.len()];
    for _ in 0..count {
        for (nth, racer) in racers.iter_mut().enumerate() {
            let start = Instant::now();
            (racer.run)(&course.inputs, rounds[nth]);
            let inputs = f64::from(rounds[nth]) * course.inputs.len() as f64;
            heats[nth].push(start.elapsed().as_secs_f64() * 1e9 / inputs);
        }
    }
    heats.iter_mut().for_each(|heats| heats.sort_by(f64::total_cmp));
    let median = |nth: usize| heats[nth][count / 2];
    let reference = racers.iter().position(|racer| racer.name == REFERENCE).map_or(f64::NAN, median);
    let lap = |nth: usize| {
        let ns = median(nth);
        let spread = heats[nth][count * 3 / 4] / heats[nth][count / 4] - 1.0;
        let (gbps, ratio) = (course.bytes() / ns, reference / ns);
        Lap {
            parser: racers[nth].name.into(),
            input: course.name.into(),
            ns: round(ns, 1),
            gbps: round(gbps, 3),
            ratio: round(ratio, 2),
            spread,
        }
    };
    (0..racers.len()).map(lap).collect()
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// How often to read all inputs to fill one heat; this is the warm-up too.
fn rounds_of_a_heat(run: &mut dyn FnMut(&[Vec<u8>], u32), inputs: &[Vec<u8>], heat: Duration) -> u32 {
    let mut rounds = 1;
    loop {
        let start = Instant::now();
        run(inputs, rounds);
        let took = start.elapsed();
        if took >= heat / 4 {
            return (f64::from(rounds) * heat.as_secs_f64() / took.as_secs_f64()).ceil().max(1.0) as u32;
        }
        rounds *= 2;
    }
}

fn show(course: &Course, laps: &[Lap]) {
    let what = if course.kind == Kind::Chunked { "a body" } else { "a head" };
    println!("{}: {:.0} bytes {what}, {} of them", course.name, course.bytes(), course.inputs.len());
    let longest = laps.iter().map(|lap| lap.ratio).fold(1.0, f64::max);
    for lap in laps {
        let figures = format!("  {:14}{:10.1} ns {:7.2} GB/s {:6.2}×", lap.parser, lap.ns, lap.gbps, lap.ratio);
        let noise = if lap.is_noisy() { " ~" } else { "" };
        // The bars get what the figures leave.
        let room = width().saturating_sub(figures.chars().count() + 4) as f64;
        let bar = "█".repeat((lap.ratio / longest * room).round() as usize);
        println!("{}", format!("{figures}  {bar}{noise}").trim_end());
    }
    if laps.iter().any(Lap::is_noisy) {
        let busy = "~ the machine was busy with other things: take these figures with a grain of salt, or race again";
        wrap(busy, width() - 2).lines().for_each(|line| println!("  {line}"));
    }
    println!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_reads_every_input() {
        for course in courses() {
            for mut racer in contestants::all().into_iter().filter(|racer| racer.kind == course.kind) {
                (racer.run)(&course.inputs, 1);
            }
        }
    }

    #[test]
    fn a_plot_names_every_parser_and_input() {
        let lap = |parser: &'static str, input: &'static str| {
            let (parser, input) = (parser.into(), input.into());
            Lap { parser, input, ns: 127.4, gbps: 11.3, ratio: 4.0, spread: 0.0 }
        };
        let laps = [lap("httparse", "varied"), lap("simd", "varied"), lap("simd", "tiny")];
        let svg = plot::svg(&laps, plot::Home::File);
        for word in ["<svg", "httparse", "simd", "varied", "tiny", "4.0×", "127 ns", "</svg>"] {
            assert!(svg.contains(word), "{word} in {svg}");
        }
    }

    #[test]
    fn the_books_plot_shows_the_committed_figures() {
        let svg = picture().expect("committed results");
        for name in courses().iter().map(|course| course.name).chain(["httparse", "split", "simd", "chunked"]) {
            assert!(svg.contains(&format!(">{name}</text>")), "{name} in {svg}");
        }
        assert!(!svg.contains("milo") && !svg.contains("\n\n"), "a picture without peers, in one block of HTML");
    }

    #[test]
    fn inputs_are_what_they_say() {
        assert_eq!([inputs::tiny().len(), inputs::cookie().len(), inputs::chrome().len()], [37, 703, 1_300]);
        assert!((4_000..4_200).contains(&inputs::token().len()));
        assert_eq!(inputs::varied().len(), 512);
        let lines = |head: &[u8]| head.windows(2).filter(|pair| pair == b"\r\n").count() - 2;
        let heads = [inputs::cookie(), inputs::chrome(), inputs::token(), inputs::response()];
        assert_eq!(heads.map(|head| lines(&head)), [9, 21, 8, 10]);
    }
}
