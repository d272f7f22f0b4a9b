//! The race of the head parsers, live: one input, short heats, on the machine that serves the page.

use super::picture::text;
use crate::race::{self, Lap};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::time::Duration;

/// Short, because the site stands still meanwhile: some 200 ms for seven parsers.
const HEAT: Duration = Duration::from_millis(2);
const HEATS: usize = 11;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The input's name.
    input: String,
}

/// What the widget draws.
#[derive(Serialize)]
pub(super) struct Standing {
    input: &'static str,
    /// Mean bytes of a head or body.
    bytes: f64,
    laps: Vec<Lap>,
    /// Whether the heats lay so far apart that small differences mean nothing.
    noisy: bool,
}

/// Runs the race on one input.
pub(super) fn answer(body: &[u8]) -> Result<Standing, String> {
    let question: Question = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let courses = race::courses();
    let course = courses.iter().find(|course| course.name == question.input);
    let course = course.ok_or_else(|| format!("There is no input named {}.", question.input))?;
    let laps = race::race(course, HEATS, HEAT);
    let noisy = laps.iter().any(Lap::is_noisy);
    Ok(Standing { input: course.name, bytes: course.bytes().round(), laps, noisy })
}

/// The committed figures as a table: parsers down, inputs across, nanoseconds and how many times as fast as httparse.
pub(super) fn picture() -> Option<String> {
    let committed = race::committed()?;
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
    let mut out = String::from("<div class=\"wb-table\"><table><thead><tr><th>parser</th>");
    inputs.iter().for_each(|input| out.push_str(&format!("<th>{}</th>", text(input))));
    out.push_str("</tr></thead><tbody>");
    for parser in parsers {
        let _ = write!(out, "<tr><td>{}</td>", text(parser));
        for input in &inputs {
            match lap(parser, input) {
                Some(lap) => drop(write!(out, "<td>{:.0} ns · {:.2}×</td>", lap.ns, lap.ratio)),
                None => out.push_str("<td></td>"),
            }
        }
        out.push_str("</tr>");
    }
    let _ = write!(out, "</tbody></table></div><div class=\"wb-state\">{}</div>", text(&committed.hardware));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_has_every_variant() {
        let standing = answer(br#"{"input":"tiny"}"#).expect("a race");
        let names: Vec<_> = standing.laps.iter().map(|lap| &*lap.parser).collect();
        for name in ["httparse", "split", "bytewise", "table", "swar", "simd"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(answer(br#"{"input":"moon"}"#).is_err());
    }

    #[test]
    fn the_picture_shows_the_committed_figures() {
        let picture = picture().expect("committed results");
        assert!(picture.contains("<td>simd</td>") && picture.contains("<th>varied</th>"), "{picture}");
    }
}
