//! The widget of event streams: what our decoder makes of some bytes.

use super::answer::{Answer, Ask, Happening, Mark, Part, escape, latin1, range_in};
use super::explain::SSE;
use std::time::Instant;
use wirebook_sse::decoder::{by_line, fast};
use wirebook_sse::line::{Line, Lines};
use wirebook_sse::{Event, Limits};

/// What the widget offers; the first is its picture in the book.
pub(crate) const EXAMPLES: &[(&str, &[u8])] = &[
    (
        "fields, two lines of data",
        b": a comment\nevent: add\nid: 7\ndata: first line\ndata:  second line\n\nretry: 3000\ndata: unfinished\n",
    ),
    ("CR, LF and CR LF", b"data: 1\r\rdata: 2\n\ndata: 3\r\n\r\n"),
    ("the id stays, and is reset", b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"),
    ("an id without data", b"id: 7\n\ndata: x\n\n"),
    ("nearly a field", b"Data: 1\ndata : 2\n data: 3\ndata2: 4\n\ndata:5\n\n"),
    ("empty data", b"data\n\ndata:\n\ndata\ndata\n\n"),
    ("a BOM, twice", b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n"),
    ("NUL in an id", b"id: 1\ndata: a\n\nid: 2\x003\ndata: b\n\n"),
    ("broken UTF-8", b"data: caf\xc3\xa9 caf\xe9\ndata: \xf0\x9f\xa6\x80 \xf0\x9f\n\n"),
    ("an attempt at injection", b"id: 1\rdata: evil\r\rdata: x\n\n"),
];

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Answer, String> {
    Ok(dissect(&ask.bytes()?, ask.cut.unwrap_or(usize::MAX), ask.parser.as_deref()))
}

macro_rules! run {
    ($decoder:ty, $input:expr, $stops:expr) => {{
        let mut decoder = <$decoder>::new(Limits::default(), "");
        let (mut at, mut from, mut events) = (0, 0, Vec::new());
        for stop in $stops {
            while let Ok((used, event)) = decoder.receive(&$input[at..stop]) {
                at += used;
                let Some(Event { event_type, data, id }) = event else { break };
                let id = id.map_or(String::new(), |id| format!(", id {id:?}"));
                let text = format!("{event_type} {data:?}{id}");
                events.push(Happening { start: from, end: at, event: "dispatch", text });
                from = at;
            }
        }
        let (id, retry) = (decoder.last_event_id().to_string(), decoder.retry());
        (events, id, retry)
    }};
}

/// Takes a stream apart: lines with their parts, and the events that the decoder dispatches; once whole, and once cut in
/// two at `cut`.
pub(crate) fn dissect(input: &[u8], cut: usize, variant: Option<&str>) -> Answer {
    let cut = cut.min(input.len());
    let parser = if variant == Some("by_line") { "by_line" } else { "fast" };
    let (whole, pieces) = match parser {
        "by_line" => (run!(by_line::Decoder, input, [input.len()]), run!(by_line::Decoder, input, [cut, input.len()])),
        _ => (run!(fast::Decoder, input, [input.len()]), run!(fast::Decoder, input, [cut, input.len()])),
    };
    let same = whole == pieces;
    let (events, _, _) = whole;
    let (parts, states) = lines(input);
    Answer {
        input: latin1(input),
        len: input.len(),
        parts,
        states,
        cut,
        before_cut: events.iter().filter(|event| event.end <= cut).count(),
        events,
        fault: None,
        same,
        parser,
        nanoseconds: Some(time(input, parser)),
        beside: None,
    }
}

/// The parts of each line, and where the reader changes its state.
fn lines(input: &[u8]) -> (Vec<Part>, Vec<Mark>) {
    let (mut parts, mut states) = (Vec::new(), Vec::new());
    let mut part = |(start, end): (usize, usize), kind, key: String| {
        parts.push(Part { start, end, kind, value: escape(&input[start..end]), rule: SSE.rule(&key), key });
    };
    let mut end = 0;
    for (line, line_end, meaning) in Lines::new(input) {
        if end == 0 && line.start > 0 {
            part((0, line.start), "bom", "bom".into());
        }
        end = line_end.end;
        match meaning {
            Line::Blank => states.push(Mark { at: line.start, state: "empty line: dispatch" }),
            Line::Comment(_) => {
                states.push(Mark { at: line.start, state: "comment" });
                part((line.start, line.end), "comment", "comment".into());
            }
            Line::Field(name, value) => {
                states.push(Mark { at: line.start, state: "field name" });
                let known = matches!(name, b"data" | b"event" | b"id" | b"retry");
                let key = SSE.key(format!("field {}", escape(name)));
                part(range_in(input, name), if known { "name" } else { "unknown" }, key.clone());
                if line.start + name.len() < line.end {
                    let range = range_in(input, value);
                    states.push(Mark { at: range.0, state: "field value" });
                    if !value.is_empty() {
                        part(range, if name == b"data" { "data" } else { "value" }, key);
                    }
                }
            }
        }
        if line_end.is_empty() {
            return (parts, states);
        }
    }
    states.push(Mark { at: end, state: "start of a line" });
    (parts, states)
}

/// Nanoseconds for the whole stream: the best of a few rounds, because only the machine can add to it.
fn time(input: &[u8], parser: &str) -> f64 {
    const ROUNDS: u32 = 8;
    const RUNS: u32 = 64;
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..RUNS {
            let mut at = 0;
            let input = std::hint::black_box(input);
            macro_rules! drain {
                ($decoder:expr) => {{
                    let mut decoder = $decoder;
                    while let Ok((used, Some(event))) = decoder.receive(&input[at..]) {
                        std::hint::black_box(event);
                        at += used;
                    }
                }};
            }
            match parser {
                "by_line" => drain!(by_line::Decoder::default()),
                _ => drain!(fast::Decoder::default()),
            }
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(RUNS));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_dissected_the_same_at_every_cut() {
        for variant in ["fast", "by_line"] {
            for cut in 0..=EXAMPLES[0].1.len() {
                let answer = dissect(EXAMPLES[0].1, cut, Some(variant));
                assert!(answer.same);
                assert_eq!(answer.events.len(), 1);
                assert_eq!(answer.events[0].text, "add \"first line\\n second line\", id \"7\"");
            }
        }
    }

    #[test]
    fn parts_lie_where_they_say() {
        let input = b"\xef\xbb\xbfdata: x\r\nfoo\r\rid:7";
        for part in dissect(input, usize::MAX, None).parts {
            assert_eq!(part.value, escape(&input[part.start..part.end]));
        }
    }
}
