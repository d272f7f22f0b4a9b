//! `wirebook race`: our variants and a peer on the same inputs, on the reader's own machine, as a table or a plot.

mod plot;

use crate::figures::caption;
use clap::{Args, Subcommand};
use serde::Deserialize;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wirebook_race::{Course, Kind, Lap, courses, race};
use wirebook_terminal::{Complaint, Result, said, width, wrap};

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
    pub(crate) laps: Vec<Lap>,
    #[serde(flatten)]
    rest: serde_json::Value,
}

impl Committed {
    /// What stands below the figures: the machine, the day, the versions of the peers.
    pub(crate) fn caption(&self) -> Option<String> {
        caption(&self.rest).ok()
    }
}

/// Reads them; `None` if the file is not what the benchmark writes.
pub(crate) fn committed() -> Option<Committed> {
    serde_json::from_str(include_str!(env!("WIREBOOK_PARSERS"))).ok()
}

/// The committed race of our variants and httparse as a plot, for the book.
pub(crate) fn picture() -> Option<String> {
    let mut run = committed()?;
    run.laps.retain(|lap| plot::knows(&lap.parser));
    let (svg, caption) = (plot::svg(&run.laps, plot::Home::Page), run.caption()?);
    Some(format!("<div class=\"wb-plot\">{svg}<p><em>{caption}</em></p></div>"))
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
        let slow = "This is a debug build, in which what a caller inlines is slow: race with `cargo run --release`.";
        eprintln!("{}", wrap(slow, width()));
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
        Complaint::new(
            format!("{} cannot be written: {}.", path.display(), said(&error)),
            "name a file in a folder of yours.",
        )
    })
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
        assert!(svg.contains("; 2026-") && svg.contains("; peers: httparse 1."), "when, and against what: {svg}");
        assert!(!svg.contains(">milo<") && !svg.contains("\n\n"), "a picture without peers, in one block of HTML");
    }
}
