//! State tables as pictures: an arc diagram, drawn from the moves that the code itself lists.
//!
//! The states stand on a line in the order in which a conversation meets them. A move forward is an arc above the line, a
//! move back one below it, and one that stays a small loop there; so the picture needs no layout by hand and cannot disagree
//! with the table.

use std::fmt::{Debug, Write};
use wirebook_http1::state::{Side, State, Trigger, transitions};

/// Distance between two states, and the height of the line in the picture.
const STEP: usize = 128;
const BOX_WIDTH: usize = 92;
const BOX_HEIGHT: usize = 30;

/// A move: from, label, to.
type Move = (usize, String, usize);

/// The picture of that name, as HTML for a chapter; `None` where there is none.
///
/// A violation, `close` of an event source, and a reset of a stream lead from everywhere to one state: their arcs say nothing, and are left out.
pub(crate) fn picture(name: &str) -> Option<String> {
    use {
        wirebook_cluster::supervisor::state as cluster, wirebook_http2::state as http2,
        wirebook_multipart::state as multipart, wirebook_net::node::life, wirebook_process::ipc::state as ipc,
        wirebook_sse::state as sse, wirebook_websocket::state as websocket,
    };
    let http1 = |side| transitions(side).filter(|row| row.1 != Trigger::Violation);
    Some(match name {
        "socket" => table("The moves of a socket", &life::State::ALL, life::TABLE.iter().copied()),
        "http1 requester" => table("The moves of the http1 requester", &State::ALL, http1(Side::Requester)),
        "http1 responder" => table("The moves of the http1 responder", &State::ALL, http1(Side::Responder)),
        "websocket" => table("The moves of a WebSocket", &websocket::State::ALL, websocket::TABLE.iter().copied()),
        "sse" => {
            let rows = sse::TABLE.iter().copied().filter(|row| row.1 != sse::Step::Close);
            table("The moves of an event source", &sse::State::ALL, rows)
        }
        "http2" => {
            use http2::State::{Ended, HalfClosedLocal, HalfClosedRemote, Idle, Open};
            let shown = [Idle, Open, HalfClosedRemote, HalfClosedLocal, Ended];
            let rows = http2::moves().filter(|(from, _, to)| from != to && shown.contains(from) && shown.contains(to));
            table("The moves of a stream of HTTP/2", &shown, rows)
        }
        "process" => table("The moves of a channel between processes", &ipc::State::ALL, ipc::TABLE.iter().copied()),
        "cluster" => {
            use cluster::State::{Draining, Gone, Listening, Online, Ready, Resting, Starting};
            let shown = [Resting, Starting, Online, Listening, Ready, Draining, Gone];
            let rows = cluster::TABLE.iter().copied();
            let rows = rows.filter(|(from, _, to)| from != to && shown.contains(from) && shown.contains(to));
            table("The moves of a worker, but for those that are killed or want to leave", &shown, rows)
        }
        "multipart" => {
            let rows = multipart::TABLE.iter().copied().filter(|row| row.1 != multipart::Step::Violation);
            table("The moves of a form", &multipart::State::ALL, rows)
        }
        "parsers" => return crate::race::picture(),
        _ => return None,
    })
}

/// The rows of a table as moves between those of its states that a row names, in the order of `all`.
fn table<S: Copy + PartialEq + Debug, T: Debug>(
    title: &str,
    all: &[S],
    rows: impl Iterator<Item = (S, T, S)>,
) -> String {
    let rows: Vec<_> = rows.collect();
    let named = |state: &&S| rows.iter().any(|(from, _, to)| [*from, *to].contains(state));
    let states: Vec<S> = all.iter().filter(named).copied().collect();
    let place = |wanted: S| states.iter().position(|state| *state == wanted).unwrap_or_default();
    let mut moves: Vec<Move> = Vec::new();
    for (from, by, to) in &rows {
        let (from, to) = (place(*from), place(*to));
        match moves.iter_mut().find(|one| (one.0, one.2) == (from, to)) {
            Some((_, label, _)) => *label += &format!(", {by:?}"),
            None => moves.push((from, format!("{by:?}"), to)),
        }
    }
    let names: Vec<String> = states.iter().map(|state| format!("{state:?}")).collect();
    svg(title, &names, &moves)
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
