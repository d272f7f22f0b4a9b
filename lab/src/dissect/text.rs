//! Answers as text for a terminal: no wider than it is, coloured only where it has colours.

use crate::live::answer::{Answer, Part, escape};
use crate::live::channel::Read;
use crate::live::frame::Bits;
use crate::live::h2::frames::Row;
use crate::live::template::{Fault, Rendered};
use std::fmt::Write;
use wirebook_terminal::{fit, wrap};

/// Columns of the byte ranges, with the blanks behind them, and of the kinds.
const RANGE: usize = 13;
const KIND: usize = 9;

/// The same as the widget shows: the parts with their byte ranges and rules, the events, the error at its byte.
pub(super) fn answer(answer: &Answer, width: usize, colour: bool) -> String {
    let mut out = String::new();
    let longest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let kind_column = longest(&mut answer.parts.iter().map(|part| part.kind)).max(KIND);
    let rule_column = longest(&mut answer.parts.iter().map(|part| part.rule)).max("rule".len());
    // Where there is no room for both, the value is worth more than its rule.
    let rest = width - RANGE - kind_column - 1;
    let has_rule = rest > 2 * rule_column;
    let value = if has_rule { rest - rule_column - 1 } else { rest };
    let mut row = |range: String, kind: &str, text: &str, rule: &str| {
        let rule = if has_rule { rule } else { "" };
        let line = format!("{range:>11}  {} {:<value$} {rule}", paint(kind, kind_column, colour), fit(text, value));
        let _ = writeln!(out, "{}", line.trim_end());
    };
    row("bytes".into(), "field", "value", "rule");
    for Part { start, end, kind, value, rule, .. } in &answer.parts {
        row(format!("{start}–{end}"), kind, value, rule);
    }
    out.push('\n');
    let event_column = longest(&mut answer.events.iter().map(|event| event.event)).max(KIND);
    for event in &answer.events {
        let range = format!("{}–{}", event.start, event.end);
        let room = width - RANGE - 1 - event_column;
        let line = format!("{range:>11}  {:<event_column$} {}", event.event, fit(&event.text, room));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if let Some(fault) = &answer.fault {
        let said = wrap(&format!("{}: {}", fault.name, fault.message), rest);
        let answered = wrap(&format!("{}; the answer is {}", fault.rule, fault.answer), rest);
        for (nth, line) in said.lines().chain(answered.lines()).enumerate() {
            let (at, word) = if nth == 0 { (fault.offset.to_string(), "error") } else { Default::default() };
            let _ = writeln!(out, "{at:>11}  {word:<9} {line}");
        }
    }
    if let Some(nanoseconds) = answer.nanoseconds {
        let _ = writeln!(out, "\nThe reader {:?} takes {nanoseconds:.0} ns for it.", answer.parser);
    }
    out
}

/// What the cut leaves: the bytes around it, the reader's state, and the events on both sides.
pub(super) fn cut(answer: &Answer, width: usize) -> String {
    let side = (width - RANGE) / 2 - 1;
    let bytes: Vec<u8> = answer.input.chars().map(|char| char as u8).collect();
    let (before, behind) = bytes.split_at(answer.cut);
    let before: Vec<char> = escape(before).chars().collect();
    let before: String = before[before.len().saturating_sub(side)..].iter().collect();
    let state = answer.states.iter().rfind(|mark| mark.at <= answer.cut).map_or("at its start", |mark| mark.state);
    let came = answer.before_cut;
    let rest = answer.events.len() - came;
    let events = |count: usize| if count == 1 { "1 event".into() } else { format!("{count} events") };
    let same = if answer.same { "the same events as without the cut" } else { "OTHER EVENTS: this is a bug" };
    format!(
        "{:>11}  {before}│{}\n{:RANGE$}by then: {}; the reader is in: {state}\n{:RANGE$}behind it: {}; {same}\n\n",
        format!("cut at {}", answer.cut),
        fit(&escape(behind), side),
        "",
        events(came),
        "",
        events(rest)
    )
}

/// The bits of every frame's header.
pub(super) fn bits(frames: &[Bits], width: usize) -> String {
    let mut out = String::new();
    for frame in frames {
        let fields: Vec<String> = frame.fields.iter().map(|field| format!("{} {}", field.name, field.value)).collect();
        for (nth, line) in wrap(&fields.join(", "), width - RANGE).lines().enumerate() {
            let start = if nth == 0 { frame.start.to_string() } else { String::new() };
            let _ = writeln!(out, "{start:>11}  {line}");
        }
    }
    if out.is_empty() { out } else { format!("\n   frame at  bits of its header\n{out}") }
}

/// What each read of a channel brings.
pub(super) fn reads(reads: &[Read], width: usize) -> String {
    let rows = reads.iter().map(|read| {
        let range = format!("{}–{}", read.start, read.end);
        format!("{range:>11}  {}\n", fit(&read.carries(), width - RANGE))
    });
    let rows: String = rows.collect();
    if rows.is_empty() { rows } else { format!("\n  one read of  brings with it\n{rows}") }
}

/// HTTP/2's frames: where their streams stand behind them, and what they are answered with.
pub(super) fn streams(frames: &[Row], width: usize) -> String {
    let mut out = String::new();
    for Row { start, kind, stream, flags, state, answers, .. } in frames {
        let place = if *stream == 0 { "of the connection".into() } else { format!("of stream {stream}") };
        let state = state.as_ref().map(|state| format!("which is {state} then"));
        let answers = (!answers.is_empty()).then(|| format!("answered with {answers}"));
        let flags = (!flags.is_empty()).then(|| flags.clone());
        let said: Vec<String> =
            [Some(format!("{kind} {place}")), state, flags, answers].into_iter().flatten().collect();
        for (nth, line) in wrap(&said.join(", "), width - RANGE).lines().enumerate() {
            let start = if nth == 0 { start.to_string() } else { String::new() };
            let _ = writeln!(out, "{start:>11}  {line}");
        }
    }
    if out.is_empty() { out } else { format!("\n   frame at  its stream\n{out}") }
}

/// Tokens, closures, warnings, output.
pub(super) fn template(rendered: &Rendered, width: usize) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{:>9}  {:<12} token", "place", "kind");
    for token in &rendered.tokens {
        let place = format!("{}:{}", token.line, token.column);
        let text = token.text.escape_debug().to_string();
        let _ = writeln!(out, "{place:>9}  {:<12} {}", token.kind, fit(&text, width - 24));
    }
    if !rendered.closures.is_empty() {
        let _ = writeln!(out, "\n{:>9}  closure", "line");
    }
    for closure in &rendered.closures {
        let indent = 2 * closure.depth;
        let room = width.saturating_sub(11 + indent);
        let _ = writeln!(out, "{:>9}  {:indent$}{}", closure.line, "", fit(&closure.label, room));
    }
    for fault in rendered.warnings.iter().chain(&rendered.fault) {
        let Fault { line, column, name, message, excerpt } = fault;
        let place = format!("{line}:{column}");
        let said = wrap(&format!("{name}: {message}"), width - 11).replace('\n', "\n           ");
        let _ = writeln!(out, "\n{place:>9}  {said}");
        excerpt.lines().for_each(|line| out += &(fit(line, width) + "\n"));
    }
    if let Some(output) = &rendered.output {
        let _ = write!(out, "\n{output}");
        if !output.ends_with('\n') {
            out.push('\n');
        }
    }
    if let (Some(compile), Some(render)) = (rendered.compile_us, rendered.render_us) {
        let _ = writeln!(out, "\nCompiled in {compile:.0} µs, rendered in {render:.0} µs.");
    }
    out
}

/// The kind, padded, in its colour.
fn paint(kind: &str, width: usize, colour: bool) -> String {
    let code = match kind {
        "method" => 34,
        "target" => 36,
        "version" | "kind" => 33,
        "name" | "stream" => 31,
        "value" | "field" => 35,
        _ => 32,
    };
    match colour {
        true => format!("\x1b[{code}m{kind:<width$}\x1b[0m"),
        false => format!("{kind:<width$}"),
    }
}
