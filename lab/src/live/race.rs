//! The race of the head parsers, live: one input, short heats, on the machine that serves the page.

use super::picture::{table, text};
use crate::{figures::figure, race::committed};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wirebook_race::{Lap, courses, race};

/// Short, because somebody waits: some 200 ms for seven parsers.
const HEAT: Duration = Duration::from_millis(2);
const HEATS: usize = 11;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The input's name.
    input: String,
}

/// What the widget draws.
#[derive(Serialize)]
pub(super) struct Standing {
    input: &'static str,
    /// Mean bytes of a head or body.
    bytes: u64,
    laps: Vec<Lap>,
    /// Whether the heats lay so far apart that small differences mean nothing.
    noisy: bool,
}

/// The names of the inputs, first the one whose figures count.
pub(super) fn inputs() -> Vec<String> {
    let mut names: Vec<String> = courses().iter().map(|course| course.name.to_string()).collect();
    names.sort_by_key(|name| name != "varied");
    names
}

/// Runs the race on one input.
pub(super) fn answer(question: Question) -> Result<Standing, String> {
    let courses = courses();
    let course = courses.iter().find(|course| course.name == question.input);
    let course = course.ok_or_else(|| format!("There is no input named {}.", question.input))?;
    let laps = race(course, HEATS, HEAT);
    let noisy = laps.iter().any(Lap::is_noisy);
    Ok(Standing { input: course.name, bytes: course.bytes().round() as u64, laps, noisy })
}

/// The committed figures as a table: parsers down, inputs across, nanoseconds and how many times as fast as httparse.
pub(super) fn picture() -> Option<String> {
    let committed = committed()?;
    let (mut inputs, mut parsers) = (Vec::new(), Vec::new());
    for lap in &committed.laps {
        if !inputs.contains(&&lap.input) {
            inputs.push(&lap.input);
        }
        if !parsers.contains(&&lap.parser) {
            parsers.push(&lap.parser);
        }
    }
    let lap = |parser: &str, input: &str| committed.laps.iter().find(|lap| lap.parser == parser && lap.input == input);
    parsers.sort_by(|one, other| {
        let ns = |parser: &str| lap(parser, "varied").map_or(f64::INFINITY, |lap| lap.ns);
        ns(other).total_cmp(&ns(one))
    });
    let heads: Vec<&str> = std::iter::once("parser").chain(inputs.iter().map(|input| &***input)).collect();
    let rows = parsers.into_iter().map(|parser| {
        let both = |lap: &Lap| format!("{} ns · {}×", figure(lap.ns), figure(lap.ratio));
        let figures = inputs.iter().map(|input| lap(parser, input).map_or(String::new(), both));
        (String::new(), std::iter::once(text(parser)).chain(figures).collect())
    });
    Some(table(&heads, rows) + &format!("<div class=\"wb-state\">{}</div>", text(&committed.caption()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_has_every_variant() {
        let standing = answer(Question { input: "tiny".into() }).expect("a race");
        let names: Vec<_> = standing.laps.iter().map(|lap| &*lap.parser).collect();
        for name in ["httparse", "split", "bytewise", "table", "swar", "simd"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(answer(Question { input: "moon".into() }).is_err());
    }

    #[test]
    fn the_picture_shows_the_committed_figures() {
        let picture = picture().expect("committed results");
        assert!(
            picture.contains(">simd</td>") && picture.contains(">varied</th>") && picture.contains(" ns · "),
            "{picture}"
        );
    }
}
