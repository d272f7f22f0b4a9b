//! An answer as text for a terminal: 80 columns, colour only where a terminal is.

use super::answer::{Answer, Part};
use std::fmt::Write;

/// The same as the widget shows: the parts with their byte ranges and rules, the events, the error under its byte.
pub(crate) fn render(answer: &Answer, colour: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{:>11}  {:<8} {:<36} rule", "bytes", "field", "value");
    for Part { start, end, kind, value, rule, .. } in &answer.parts {
        let range = format!("{start}–{end}");
        let _ = writeln!(out, "{range:>11}  {} {:<36} {rule}", paint(kind, colour), fit(value, 36));
    }
    out.push('\n');
    for event in &answer.events {
        let range = format!("{}–{}", event.start, event.end);
        let _ = writeln!(out, "{range:>11}  {:<8} {}", event.event, fit(&event.text, 56));
    }
    if let Some(fault) = &answer.fault {
        let _ = write!(
            out,
            "{:>11}  error    {}: {}\n{:>13}{}; a server answers {}\n",
            fault.offset, fault.name, fault.message, "", fault.rule, fault.answer
        );
    }
    if let Some(nanoseconds) = answer.nanoseconds {
        let _ = writeln!(out, "\nThe {} parser takes {nanoseconds:.0} ns for the first head.", answer.parser);
    }
    out
}

fn fit(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => text.chars().take(width - 1).chain(['…']).collect(),
        false => text.to_string(),
    }
}

/// The kind, padded, in its colour.
fn paint(kind: &str, colour: bool) -> String {
    let code = match kind {
        "method" => 34,
        "target" => 36,
        "version" => 33,
        "name" => 31,
        "value" => 35,
        _ => 32,
    };
    match colour {
        true => format!("\x1b[{code}m{kind:<8}\x1b[0m"),
        false => format!("{kind:<8}"),
    }
}
