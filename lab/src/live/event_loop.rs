//! The widget of the event loop: small programs, each run on the production loop and shown as the trace that it left.
//!
//! The programs run in the simulated network, so their traces are the same every time and take no time at all.

mod programs;

use super::picture::{close, open, text};
use programs::PROGRAMS;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, fmt::Write, rc::Rc};
use wirebook_net::{sim, trace};

/// Steps of a trace that are shown. The longest of our programs has about 200.
const MAX_STEPS: usize = 1_000;

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
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
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where the body is not such a request.
pub(super) fn answer(body: &[u8]) -> Result<Recording, String> {
    let ask: Ask = serde_json::from_slice(body).map_err(|error| format!("The request is not understood: {error}."))?;
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
            (program.run)();
            std::future::pending::<()>().await;
        });
        events.take()
    });
    let events = run.join().map_err(|_| "The program panicked.".to_owned())?;
    Ok(Recording { program: program.name, source: program.source(), steps: steps(&events) })
}

/// The steps without what shows nothing: phases in which nothing ran.
fn steps(events: &[trace::Event]) -> Vec<Step> {
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
        steps.push(Step { at, lane, step, phase, number, text: event.text.clone() });
    }
    steps
}

/// The first program's trace as a table, for the book.
pub(super) fn picture() -> String {
    let tag = "wirebook-event-loop";
    let mut out = open(tag, "Event loop");
    out.push_str(
        "<div class=\"wb-table\"><table><thead><tr><th>µs</th><th>lane</th><th>step</th><th>says</th></tr></thead><tbody>",
    );
    let recording = record(PROGRAMS[0].name).map(|recording| recording.steps).unwrap_or_default();
    for Step { at, lane, step, number, text: says, .. } in recording {
        let number = if number == 0 { String::new() } else { format!(" {number}") };
        let says = text(says.as_deref().unwrap_or_default());
        let _ = write!(out, "<tr><td>{at}</td><td>{lane}{number}</td><td>{step}</td><td>{says}</td></tr>");
    }
    out.push_str("</tbody></table></div>");
    close(out, tag)
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
        let order = ["main", "tick", "another tick", "task", "microtask", "tick of the microtask", "timer"];
        assert_eq!(says("order"), order);
        assert_eq!(says("I/O"), ["request", "immediate", "timer", "reply"]);
        assert_eq!(says("interval"), ["1", "2", "3"]);
        assert_eq!(says("starvation").last().unwrap(), "timer, at last");
        assert_eq!(says("tasks"), ["one waits", "two works", "two is done", "one has 42"]);
    }

    #[test]
    fn what_keeps_the_loop_alive_is_told_whenever_it_changes() {
        let steps = record("order").unwrap().steps.into_iter().filter(|step| step.lane == "alive");
        assert_eq!(steps.filter_map(|step| step.text).collect::<Vec<_>>(), ["1 timer", "nothing"]);
    }

    #[test]
    fn every_program_has_its_source_and_balanced_steps() {
        for program in PROGRAMS {
            let recording = record(program.name).unwrap();
            assert!(recording.source.contains("net::"), "{}", program.name);
            assert!(recording.source.ends_with('}'), "{}", program.name);
            assert!((10..MAX_STEPS).contains(&recording.steps.len()), "{}", program.name);
            assert_eq!(recording, record(program.name).unwrap(), "the same every time");
        }
        assert!(record("none").is_err());
        assert!(answer(b"{\"program\":\"order\"}").is_ok());
    }
}
