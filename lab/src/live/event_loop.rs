//! The widget of the event loop: small programs, each run on the production loop and shown as the trace that it left.
//!
//! The programs run in the simulated network, so their traces are the same every time and take no time at all.

mod programs;

use super::picture::{table, text};
use programs::PROGRAMS;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, rc::Rc};
use wirebook_net::{sim, trace};

/// Steps of a trace that are shown. The longest of our programs has about 200.
const MAX_STEPS: usize = 1_000;

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    program: String,
}

/// A program and what the loop did with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Recording {
    pub(crate) program: &'static str,
    pub(crate) source: &'static str,
    pub(crate) steps: Vec<Step>,
}

/// One step of the loop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Step {
    /// Virtual time since the loop began, in microseconds.
    pub(crate) at: f64,
    pub(crate) lane: &'static str,
    /// `queued`, `cleared`, `begin` or `end`.
    pub(crate) step: &'static str,
    /// Whether the lane is a phase of the loop.
    pub(crate) phase: bool,
    /// Which timer, task or immediate, counted from 1 in the order of their first steps; 0 where they have no names.
    pub(crate) number: u32,
    /// What the program says.
    pub(crate) text: Option<String>,
    /// The line of the source that says it, counted from 1. A callback's other steps have the line of what it says.
    pub(crate) line: Option<usize>,
}

/// The names of the programs, the chapter's own first.
pub(super) fn programs() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|program| program.name)
}

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Recording, String> {
    record(&ask.program)
}

/// Runs one of the programs. A loop runs on this thread already, so the program gets a thread of its own.
///
/// # Errors
///
/// One sentence where there is no such program.
pub(crate) fn record(name: &str) -> Result<Recording, String> {
    let program = PROGRAMS.iter().find(|program| program.name == name);
    let program = program.ok_or_else(|| format!("There is no program called {name:?}."))?;
    let run = std::thread::spawn(move || {
        let events = Rc::new(RefCell::new(Vec::new()));
        let sink = events.clone();
        // It ends with an error, on purpose: the main future waits for nothing, so the loop goes on until nobody is left.
        let _ = sim::run(1, async move {
            trace::start_into(sink);
            (program.run)().await;
            std::future::pending::<()>().await;
        });
        events.take()
    });
    let events = run.join().map_err(|_| "The program panicked.".to_owned())?;
    let (source, first) = program.source();
    let mut steps = steps(&events, first);
    mark_lines(&mut steps);
    Ok(Recording { program: program.name, source, steps })
}

/// The steps without what shows nothing: phases in which nothing ran.
fn steps(events: &[trace::Event], first_line: usize) -> Vec<Step> {
    let mut names: Vec<(trace::Lane, u32)> = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    for event in events.iter().take(MAX_STEPS) {
        let number = match event.number {
            0 => 0,
            number => {
                let same_lane = |(lane, _): &&(trace::Lane, u32)| *lane == event.lane;
                let known = names.iter().filter(same_lane).position(|(_, named)| *named == number);
                let place = known.unwrap_or_else(|| {
                    names.push((event.lane, number));
                    names.iter().filter(same_lane).count() - 1
                });
                place as u32 + 1
            }
        };
        let step = match event.step {
            trace::Step::Queued => "queued",
            trace::Step::Cleared => "cleared",
            trace::Step::Begin => "begin",
            trace::Step::End => "end",
        };
        let (lane, phase) = (event.lane.name(), event.lane.is_phase());
        let empty = |last: &Step| phase && step == "end" && last.lane == lane && last.step == "begin";
        if steps.last().is_some_and(empty) {
            steps.pop();
            continue;
        }
        let at = event.at.as_nanos() as f64 / 1000.0;
        // A note begins with its line.
        let said = event.text.as_deref().filter(|_| event.lane == trace::Lane::Note);
        let said = said
            .and_then(|said| said.split_once(' '))
            .and_then(|(line, said)| Some((line.parse::<usize>().ok()?, said)));
        let (line, text) = match said {
            Some((line, said)) => (Some(1 + line - first_line), Some(said.to_owned())),
            None => (None, event.text.clone()),
        };
        steps.push(Step { at, lane, step, phase, number, text, line });
    }
    steps
}

/// A callback's steps (queued, begin, end) have the line of what it says. Queues are first in, first out, so which step
/// queued it is known.
fn mark_lines(steps: &mut [Step]) {
    let (mut queued, mut running) = (Vec::<usize>::new(), Vec::<(usize, Option<usize>)>::new());
    for index in 0..steps.len() {
        let same = |other: &Step| (other.lane, other.number) == (steps[index].lane, steps[index].number);
        match (steps[index].phase, steps[index].step) {
            (true, _) => {}
            _ if steps[index].lane == "note" => {
                let line = steps[index].line;
                if let Some((began, by)) = running.last() {
                    [Some(*began), *by].into_iter().flatten().for_each(|at| steps[at].line = steps[at].line.or(line));
                }
            }
            (_, "queued") => queued.push(index),
            (_, "begin") => {
                let by = queued.iter().position(|&at| same(&steps[at])).map(|at| queued.remove(at));
                running.push((index, by));
            }
            (_, "end") => {
                if let Some(at) = running.iter().rposition(|(began, _)| same(&steps[*began])) {
                    let (began, _) = running.remove(at);
                    steps[index].line = steps[began].line;
                }
            }
            _ => {}
        }
    }
}

/// The first program's trace as a table, for the book.
pub(super) fn picture() -> String {
    let steps = record(PROGRAMS[0].name).map(|recording| recording.steps).unwrap_or_default();
    let rows = steps.into_iter().map(|Step { at, lane, step, number, text: says, .. }| {
        let number = if number == 0 { String::new() } else { format!(" {number}") };
        let says = text(says.as_deref().unwrap_or_default());
        (String::new(), vec![at.to_string(), format!("{lane}{number}"), step.to_string(), says])
    });
    table(&["µs", "lane", "step", "says"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(name: &str) -> Vec<String> {
        let notes = record(name).unwrap().steps.into_iter().filter(|step| step.lane == "note");
        notes.filter_map(|step| step.text).collect()
    }

    #[test]
    fn the_programs_say_what_their_sources_promise() {
        let numbers = says("order").iter().map(|said| said.split(' ').next().map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(numbers, (1..=10).map(|number| Some(number.to_string())).collect::<Vec<_>>());
        assert_eq!(says("I/O"), ["request", "immediate", "timer", "reply"]);
        assert_eq!(says("interval"), ["1", "2", "3"]);
        assert_eq!(says("starvation").last().unwrap(), "timer, at last");
        assert_eq!(says("tasks"), ["one waits", "two works", "two is done", "one has 42"]);
    }

    #[test]
    fn what_keeps_the_loop_alive_is_told_whenever_it_changes() {
        let steps = record("order").unwrap().steps.into_iter().filter(|step| step.lane == "alive");
        let told = steps.filter_map(|step| step.text).collect::<Vec<_>>();
        assert_eq!(
            (told.first().map(String::as_str), told.last().map(String::as_str)),
            (Some("1 timer"), Some("nothing"))
        );
    }

    #[test]
    fn every_program_has_its_source_and_balanced_steps() {
        for program in PROGRAMS {
            let recording = record(program.name).unwrap();
            assert!(recording.source.contains("net::"), "{}", program.name);
            assert!(recording.source.ends_with('}'), "{}", program.name);
            let lines: Vec<&str> = recording.source.lines().collect();
            for step in recording.steps.iter().filter(|step| step.lane == "note") {
                assert!(lines[step.line.expect("a line") - 1].contains("println!"), "{}: {step:?}", program.name);
            }
            let marked =
                |kind| recording.steps.iter().any(|step| step.step == kind && step.line.is_some() && !step.phase);
            assert!(["begin", "end"].into_iter().all(marked), "{}", program.name);
            assert!((10..MAX_STEPS).contains(&recording.steps.len()), "{}", program.name);
            assert_eq!(recording, record(program.name).unwrap(), "the same every time");
        }
        assert!(record("none").is_err());
    }
}
