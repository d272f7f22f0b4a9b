//! State tables as pictures: an arc diagram, drawn from the moves that the code itself lists.
//!
//! The states stand on a line in the order in which a conversation meets them. A move forward is an arc above the line, a
//! move back one below it, and one that stays a small loop there; so the picture needs no layout by hand and cannot disagree
//! with the table.

use std::fmt::Write;
use wirebook_http1::state::{Side, State, Trigger, transitions};

/// Distance between two states, and the height of the line in the picture.
const STEP: usize = 128;
const BOX_WIDTH: usize = 92;
const BOX_HEIGHT: usize = 30;

/// The closing handshake of WebSocket.
fn websocket() -> String {
    use wirebook_websocket::state::{State, TABLE};
    let states = [State::Open, State::CloseSent, State::CloseReceived, State::Closed];
    let place = |wanted: State| states.iter().position(|state| *state == wanted).unwrap_or_default();
    let mut moves: Vec<Move> = Vec::new();
    for (from, input, to) in TABLE {
        let (from, to) = (place(*from), place(*to));
        match moves.iter_mut().find(|one| (one.0, one.2) == (from, to)) {
            Some((_, label, _)) => *label += &format!(", {input:?}"),
            None => moves.push((from, format!("{input:?}"), to)),
        }
    }
    svg("The moves of a WebSocket", &states.map(|state| format!("{state:?}")), &moves)
}

/// The life of an event source. Closing by the caller leads from everywhere to Closed: a picture of that says nothing.
fn event_source() -> String {
    use wirebook_sse::state::{State, Step, TABLE};
    let states = [State::Connecting, State::Redirected, State::Open, State::Waiting, State::Closed];
    let place = |wanted: State| states.iter().position(|state| *state == wanted).unwrap_or_default();
    let mut moves: Vec<Move> = Vec::new();
    for (from, step, to) in TABLE.iter().filter(|row| row.1 != Step::Close) {
        let (from, to) = (place(*from), place(*to));
        match moves.iter_mut().find(|one| (one.0, one.2) == (from, to)) {
            Some((_, label, _)) => *label += &format!(", {step:?}"),
            None => moves.push((from, format!("{step:?}"), to)),
        }
    }
    svg("The moves of an event source", &states.map(|state| format!("{state:?}")), &moves)
}

/// The standing of a channel between processes.
fn channel() -> String {
    use wirebook_process::ipc::state::{State, TABLE};
    let place = |wanted: State| State::ALL.iter().position(|state| *state == wanted).unwrap_or_default();
    let mut moves: Vec<Move> = Vec::new();
    for (from, input, to) in TABLE {
        let (from, to) = (place(*from), place(*to));
        match moves.iter_mut().find(|one| (one.0, one.2) == (from, to)) {
            Some((_, label, _)) => *label += &format!(", {input:?}"),
            None => moves.push((from, format!("{input:?}"), to)),
        }
    }
    svg("The moves of a channel between processes", &State::ALL.map(|state| format!("{state:?}")), &moves)
}

/// A move: from, label, to.
type Move = (usize, String, usize);

/// The picture of that name, as HTML for a chapter; `None` where there is none.
pub(crate) fn picture(name: &str) -> Option<String> {
    let side = match name {
        "http1 requester" => Side::Requester,
        "http1 responder" => Side::Responder,
        "websocket" => return Some(websocket()),
        "sse" => return Some(event_source()),
        "process" => return Some(channel()),
        "parsers" => return crate::race::picture(),
        _ => return None,
    };
    // Violations lead from everywhere to Failed: a picture of that says nothing.
    let rows: Vec<_> = transitions(side).filter(|row| row.1 != Trigger::Violation).collect();
    let states: Vec<State> =
        State::ALL.into_iter().filter(|state| rows.iter().any(|row| row.0 == *state || row.2 == *state)).collect();
    let place = |wanted: State| states.iter().position(|state| *state == wanted).unwrap_or_default();
    let mut moves: Vec<Move> = Vec::new();
    for (from, trigger, to) in rows {
        let (from, to) = (place(from), place(to));
        match moves.iter_mut().find(|one| (one.0, one.2) == (from, to)) {
            Some((_, label, _)) => *label += &format!(", {trigger:?}"),
            None => moves.push((from, format!("{trigger:?}"), to)),
        }
    }
    let names: Vec<String> = states.iter().map(|state| format!("{state:?}")).collect();
    Some(svg(&format!("The moves of the {name}"), &names, &moves))
}

fn svg(title: &str, names: &[String], moves: &[Move]) -> String {
    let reach = |forward: bool| {
        moves
            .iter()
            .filter(|one| (one.2 > one.0) == forward && one.0 != one.2)
            .map(|one| one.0.abs_diff(one.2))
            .max()
            .unwrap_or(0)
    };
    let (above, below) = (60 + 26 * reach(true), 40 + 26 * reach(false));
    let (width, height) = (names.len() * STEP, above + BOX_HEIGHT + below);
    let mut out = format!(
        "<div class=\"wb-diagram\"><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>\
         <defs><marker id=\"wb-arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto-start-reverse\">\
         <path d=\"M0 0L8 4L0 8z\"/></marker></defs>"
    );
    let mut labels = Vec::new();
    for (from, label, to) in moves {
        arc(&mut out, &mut labels, above, *from, label, *to);
    }
    for (index, name) in names.iter().enumerate() {
        let x = index * STEP + (STEP - BOX_WIDTH) / 2;
        let _ = write!(
            out,
            "<rect x=\"{x}\" y=\"{above}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"15\"/>\
             <text class=\"wb-node\" x=\"{}\" y=\"{}\">{name}</text>",
            x + BOX_WIDTH / 2,
            above + 20
        );
    }
    out.push_str("</svg></div>");
    out
}

/// Room for a label: left, right, and the line that it stands on.
type Label = (i64, i64, i64);

/// Pixels between two lines of labels, and of one letter.
const LINE: i64 = 14;
const LETTER: i64 = 7;

/// Puts a label beside the others: where one stands already, it goes a line further from the states.
fn place(labels: &mut Vec<Label>, label: &str, middle: i64, mut line: i64, away: i64) -> i64 {
    let half = label.chars().count() as i64 * LETTER / 2;
    let (left, right) = (middle - half, middle + half);
    while labels.iter().any(|other| left < other.1 && other.0 < right && (other.2 - line).abs() < LINE) {
        line += away;
    }
    labels.push((left, right, line));
    line
}

/// One move. Forward arcs leave on the right of a box's top and arrive on the left, so that they do not cross.
fn arc(out: &mut String, labels: &mut Vec<Label>, above: usize, from: usize, label: &str, to: usize) {
    let middle = |state: usize| state * STEP + STEP / 2;
    let (start, end, edge, control) = match from.cmp(&to) {
        std::cmp::Ordering::Equal => (middle(from) - 14, middle(to) + 14, above, above as i64 - 44),
        std::cmp::Ordering::Less => {
            (middle(from) + 18, middle(to) - 18, above, above as i64 - 16 - 34 * (to - from) as i64)
        }
        std::cmp::Ordering::Greater => {
            let edge = above + BOX_HEIGHT;
            (middle(from) - 18, middle(to) + 18, edge, (edge + 16 + 34 * (from - to)) as i64)
        }
    };
    // A cubic curve with both controls at one height reaches three quarters of it.
    let peak = edge as i64 + (control - edge as i64) * 3 / 4;
    let (line, away) = if control < edge as i64 { (peak - 5, -LINE) } else { (peak + 13, LINE) };
    let text = place(labels, label, (start + end) as i64 / 2, line, away);
    let _ = write!(
        out,
        "<path class=\"wb-arc\" d=\"M{start} {edge}C{start} {control} {end} {control} {end} {edge}\" marker-end=\"url(#wb-arrow)\"/>\
         <text x=\"{}\" y=\"{text}\">{label}</text>",
        (start + end) / 2
    );
}
