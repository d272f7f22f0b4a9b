//! What a person sees: 80 columns, and colours only on a terminal that wants them.

use super::exam::{Failure, Verdict, Way};
use super::progress::Progress;
use super::reader::Trouble;
use super::stage::{STAGES, Stage};
use crate::live::escape;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use wirebook_terminal::{Complaint, colourful};

/// Columns of a line, and of each of two columns with a bar between them.
const WIDTH: usize = 80;
const COLUMN: usize = (WIDTH - 5) / 2;
/// Lines of input or of events that are shown at most.
const MOST_LINES: usize = 12;

/// Longer links are not printed: a terminal would break them.
const LONGEST_LINK: usize = 240;

/// Prints a result one way or the other.
pub(super) fn print(as_json: bool, value: &Value, text: impl FnOnce() -> String) -> Result<(), Complaint> {
    let text = if as_json { serde_json::to_string_pretty(value).unwrap_or_default() } else { text() };
    println!("{}", text.trim_end_matches('\n'));
    Ok(())
}

/// A piece of text in one of the terminal's styles (1 bold, 2 dim, 31 red, 32 green), where it has any.
fn styled(style: u8, text: &str) -> String {
    if colourful() { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_string() }
}

pub(super) fn welcome(path: &Path) -> String {
    wrap(&format!("Go there with `cd {}`.", path.display())) + &next(&Progress::default())
}

pub(super) fn status(progress: &Progress) -> String {
    let mut out = String::new();
    let next_stage = progress.next().map(|stage| stage.name);
    for stage in &STAGES {
        let mark = match progress.is_done(stage) {
            true => styled(32, "done"),
            false if Some(stage.name) == next_stage => styled(1, "next"),
            false => "    ".into(),
        };
        let _ = writeln!(out, "{} {mark}  {:8} {:36} {}", stage.number(), stage.name, stage.title, stage.file);
    }
    out + "\n" + &next(progress)
}

/// What to do next, and in which file.
pub(super) fn next(progress: &Progress) -> String {
    match progress.next() {
        None => wrap(
            "All stages are done. `wirebook learn race head` races your parser against ours, and `wirebook site --learn DIR` \
             shows it in the book.",
        ),
        Some(stage) => wrap(&format!(
            "Next is stage {}: {}. Fill in {}; its head says what is wanted, and the book's page is {}. `wirebook learn \
             check` tests it, `wirebook learn submit` takes it.",
            stage.number(),
            stage.title,
            stage.file,
            stage.chapter
        )),
    }
}

pub(super) fn put(stage: &Stage, what: &str, kept: &Option<String>) -> String {
    let kept = kept.as_ref().map_or(String::new(), |kept| format!(" Your own is kept as {kept}."));
    wrap(&format!("{} is {what} now.{kept}", stage.file))
}

pub(super) fn hints(stage: &Stage, open: &[&str], of: usize, is_new: bool) -> String {
    let mut out = String::new();
    for (at, hint) in open.iter().enumerate() {
        let _ = write!(out, "{}\n{}\n", styled(1, &format!("Hint {} of {of}", at + 1)), hint_text(hint));
    }
    out + &wrap(&match (is_new, open.len() < of) {
        (_, true) => format!("`wirebook learn hint {}` opens the next one.", stage.name),
        (true, false) => "That was the last one.".into(),
        (false, false) => format!("There are no more. `wirebook learn answer {}` shows the answer.", stage.name),
    })
}

/// Prose is wrapped; code, which stands four blanks in, is left as it is.
fn hint_text(hint: &str) -> String {
    let paragraphs = hint.split("\n\n").map(|paragraph| match paragraph.starts_with("    ") {
        true => paragraph.to_string() + "\n",
        false => wrap(paragraph),
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

pub(super) fn verdict(stage: &Stage, verdict: &Result<Verdict, Trouble>) -> String {
    match verdict {
        Ok(Verdict::Passed { cases, ways, printed }) => {
            let all = format!("{}: all {cases} cases are right, in {ways} ways to arrive.", stage.name);
            styled(32, &wrap(&all)) + &said("Your code printed", printed)
        }
        Ok(Verdict::Failed(failure)) => failed(stage, failure),
        Err(trouble) => format!("{}{}", wrap(&trouble.sentence), said("It said", &trouble.said)),
    }
}

fn said(who: &str, text: &str) -> String {
    if text.trim().is_empty() { String::new() } else { format!("{who}:\n{}\n", indent(text.trim())) }
}

fn failed(stage: &Stage, failure: &Failure) -> String {
    let exercise = &failure.exercise;
    let mut out = format!(
        "{}\n{} of {} cases passed in the step \"{}\"; this one did not.\n\n",
        styled(1, &format!("{} ({})", exercise.name, exercise.place)),
        failure.passed,
        failure.of,
        failure.step
    );
    out += &wrap(&exercise.prose);
    out += "\n";
    let input = &exercise.input;
    let (came, behind) = match failure.way {
        Way::Whole => ("The input:".to_string(), None),
        Way::ByteByByte => ("The input, which came byte by byte:".to_string(), None),
        Way::CutAt(cut) => (format!("The input up to byte {cut}, where it was cut:"), Some(cut)),
    };
    out += &format!("{came}\n{}", bytes(&input[..behind.unwrap_or(input.len())], stage.hex));
    if let Some(cut) = behind {
        out += &format!("and the rest, which came later:\n{}", styled(2, &bytes(&input[cut..], stage.hex)));
    }
    out.push('\n');
    match &failure.got {
        Ok(got) => out += &side_by_side(&exercise.wanted, got),
        Err(trouble) => {
            out += &format!("Wanted:\n{}\n\n", indent(&exercise.wanted.join("\n")));
            out += &styled(31, &wrap(&trouble.sentence));
        }
    }
    if let Some(link) = exercise.link.as_ref().filter(|link| link.len() <= LONGEST_LINK) {
        out += &format!("\nIn the book: http://127.0.0.1:4000{link}\n");
    }
    out + &said("Your code printed", &failure.printed)
}

/// Where two lists of lines first differ: the line, and the character in it.
pub(super) fn difference(wanted: &[String], got: &[String]) -> Option<(usize, usize)> {
    let line = (0..wanted.len().max(got.len())).find(|&at| wanted.get(at) != got.get(at))?;
    let [one, other] = [wanted, got].map(|lines| lines.get(line).map_or("", |line| line.as_str()));
    Some((line, one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()))
}

fn side_by_side(wanted: &[String], got: &[String]) -> String {
    let Some((line, column)) = difference(wanted, got) else { return String::new() };
    let mut out = format!("  {:COLUMN$} | yours\n", "wanted");
    // The difference is shown with a few lines before it, and a few columns to its left.
    let first = line.saturating_sub(3);
    let from = (column + 8).saturating_sub(COLUMN);
    let last = wanted.len().max(got.len()).min(first + MOST_LINES);
    for at in first..last {
        let cell = |lines: &[String]| window(lines.get(at).map_or("", |line| line), if at == line { from } else { 0 });
        let mark = if at == line { ">" } else { " " };
        let row = format!("{mark} {:COLUMN$} | {}", cell(wanted), cell(got));
        out += &if at == line { styled(31, row.trim_end()) } else { row.trim_end().to_string() };
        out.push('\n');
        if at == line {
            let caret = format!("{:1$}^", "", column - from + usize::from(from > 0));
            out += &format!("  {caret:COLUMN$} | {caret}\n");
        }
    }
    if last < wanted.len().max(got.len()) {
        out += "  …\n";
    }
    out
}

/// A column's part of a line.
fn window(line: &str, from: usize) -> String {
    let room = COLUMN - usize::from(from > 0);
    let mut part: String = line.chars().skip(from).take(room).collect();
    if line.chars().count() > from + room {
        part.pop();
        part.push('…');
    }
    if from > 0 { format!("…{part}") } else { part }
}

/// Bytes as text with escapes, a line for each of its lines; or as pairs of digits.
fn bytes(bytes: &[u8], hex: bool) -> String {
    const EACH: usize = 24;
    let lines: Vec<String> = match hex {
        true => bytes.chunks(EACH).map(|row| row.iter().map(|byte| format!("{byte:02x} ")).collect()).collect(),
        false => bytes
            .split_inclusive(|&byte| byte == b'\n')
            .flat_map(|line| {
                let text: Vec<char> = escape(line).chars().collect();
                text.chunks(WIDTH - 4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>()
            })
            .collect(),
    };
    let mut out: String = lines.iter().take(MOST_LINES).map(|line| format!("    {}\n", line.trim_end())).collect();
    if lines.len() > MOST_LINES {
        let _ = writeln!(out, "    … {} bytes in all", bytes.len());
    }
    out
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// Words in lines of at most [`WIDTH`] columns.
fn wrap(text: &str) -> String {
    wirebook_terminal::wrap(text, WIDTH) + "\n"
}

/// A verdict as data.
pub(super) fn as_json(stage: &Stage, verdict: &Result<Verdict, Trouble>) -> Value {
    let mut value =
        json!({ "stage": stage.name, "file": stage.file, "passed": matches!(verdict, Ok(Verdict::Passed { .. })) });
    let more = match verdict {
        Ok(Verdict::Passed { cases, ways, printed }) => json!({ "cases": cases, "ways": ways, "printed": printed }),
        Err(trouble) => json!({ "trouble": trouble.sentence, "said": trouble.said }),
        Ok(Verdict::Failed(failure)) => {
            let exercise = &failure.exercise;
            let got = failure.got.as_ref();
            let difference = got.ok().and_then(|got| difference(&exercise.wanted, got));
            json!({
                "case": exercise.name, "place": exercise.place, "prose": exercise.prose, "link": exercise.link, "input": escape(&exercise.input),
                "way": failure.way, "step": failure.step, "passed_before": failure.passed, "of": failure.of,
                "wanted": exercise.wanted, "got": got.ok(), "trouble": got.err().map(|trouble| &trouble.sentence),
                "difference": difference.map(|(line, column)| json!({ "line": line, "column": column })),
                "printed": failure.printed,
            })
        }
    };
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}
