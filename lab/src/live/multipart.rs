//! The widget of forms: what the decoder makes of the body of a form with files.

use super::answer::{Answer, Ask, Fault, Happening, Mark, Part, escape, latin1, range_in};
use super::explain::MULTIPART;
use std::time::Instant;
use wirebook_http1::reason;
use wirebook_multipart::state::State;
use wirebook_multipart::{Boundary, Decoder, Error, Event, Limits};

/// What the widget offers; the first is its picture in the book.
pub(crate) const EXAMPLES: &[(&str, &[u8])] = &[
    (
        "a field and a file",
        b"--leaf\r\nContent-Disposition: form-data; name=\"tea\"\r\n\r\ngreen\r\n--leaf\r\nContent-Disposition: form-data; \
          name=\"poem\"; filename=\"C:\\poems\\leaf.txt\"\r\nContent-Type: text/plain\r\n\r\none leaf\r\n--leaves--\r\nno --leaf\
          \r\n\r\n--leaf--\r\n",
    ),
    (
        "nearly a boundary",
        b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n--BB\r\n--B-\r\n\r--B\r\n --B--\r\n--B--",
    ),
    (
        "quotes and line ends in names",
        b"--B\r\nContent-Disposition: form-data; name=\"a%22b%0D%0A\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; \
          name=\"say \\\"hi\\\"\"\r\n\r\n2\r\n--B--\r\n",
    ),
    (
        "a path for a file name",
        b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../etc/passwd\"\r\n\r\nx\r\n--B--\r\n",
    ),
    ("a form without parts", b"--B--\r\n"),
    (
        "a preamble and an epilogue",
        b"If you can read this, your mail program is old.\r\n--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--\r\n\
          --B\r\n",
    ),
    ("two names", b"--B\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n1\r\n--B--\r\n"),
    ("a folded line", b"--B\r\n Content-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n"),
    (
        "a form within a field",
        b"--B\r\nContent-Disposition: form-data; name=\"f\"\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\n1\
          \r\n--C--\r\n--B--\r\n",
    ),
    ("a sender that went away", b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhalf a f"),
];

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Answer, String> {
    Ok(dissect(&ask.bytes()?, ask.cut.unwrap_or(usize::MAX)))
}

/// Takes a form apart; once whole, and once cut in two at `cut`. Its boundary is what its first line with two hyphens at its
/// start says.
pub(crate) fn dissect(input: &[u8], cut: usize) -> Answer {
    let cut = cut.min(input.len());
    let boundary = boundary(input);
    let whole = read(input, &boundary, &[input.len()]);
    let pieces = read(input, &boundary, &[cut, input.len()]);
    let (states, framing) = moves(input, &boundary);
    let mut parts = [whole.parts, framing].concat();
    parts.sort_by_key(|part| part.start);
    Answer {
        input: latin1(input),
        len: input.len(),
        parts,
        states,
        cut,
        before_cut: whole.events.iter().filter(|event| event.end <= cut).count(),
        same: (&whole.events, &whole.fault) == (&pieces.events, &pieces.fault),
        events: whole.events,
        fault: whole.fault,
        parser: "decoder",
        nanoseconds: Some(time(input, &boundary)),
        beside: None,
    }
}

/// A body alone does not say its boundary; a request's Content-Type would.
fn boundary(input: &[u8]) -> Boundary {
    let mut lines = input.split(|byte| *byte == b'\n');
    let line = lines.find_map(|line| line.strip_prefix(b"--")).map(<[u8]>::trim_ascii).unwrap_or_default();
    let named = Boundary::new(line.strip_suffix(b"--").unwrap_or(line));
    named.or_else(|_| Boundary::new(b"B")).unwrap_or_else(|_| Boundary::absent_from(&[]))
}

#[derive(Default)]
struct Reading {
    parts: Vec<Part>,
    events: Vec<Happening>,
    fault: Option<Fault>,
    /// The range of the content so far.
    content: Option<(usize, usize)>,
}

fn read(input: &[u8], boundary: &Boundary, stops: &[usize]) -> Reading {
    let mut reading = Reading::default();
    let mut decoder = Decoder::new(boundary, Limits::default());
    let mut at = 0;
    for &stop in stops {
        loop {
            match decoder.receive(&input[at..stop]) {
                Ok((used, event)) => {
                    at += used;
                    let Some(event) = event else { break };
                    reading.take(input, at, &event);
                }
                Err(error) => {
                    reading.end_content(input);
                    reading.fault = Some(fault(error));
                    return reading;
                }
            }
        }
    }
    reading.end_content(input);
    reading
}

fn fault(error: Error) -> Fault {
    let (section, rule) = error.violation.rule();
    Fault {
        offset: error.offset as usize,
        name: format!("{:?}", error.violation),
        message: rule.to_owned(),
        rule: section,
        answer: format!("{} {}", error.status(), reason(error.status())),
    }
}

impl Reading {
    fn part(&mut self, input: &[u8], (start, end): (usize, usize), kind: &'static str) {
        self.parts.push(part(input, start, end, kind));
    }

    /// Events begin where the one before ended, so that a cut changes nothing.
    fn happen(&mut self, end: usize, event: &'static str, text: String) {
        let start = self.events.last().map_or(0, |event| event.end);
        self.events.push(Happening { start, end, event, text });
    }

    fn take(&mut self, input: &[u8], end: usize, event: &Event<'_>) {
        match event {
            Event::Part(head) => {
                self.part(input, range_in(input, head.name.raw()), "name");
                let mut text = format!("field {:?}", head.name);
                if let Some(filename) = head.filename {
                    self.part(input, range_in(input, filename.raw()), "filename");
                    text = format!("file {:?} in {:?}", head.basename().unwrap_or_default(), head.name);
                }
                if let Some(content_type) = head.content_type {
                    self.part(input, range_in(input, content_type), "type");
                    text += &format!(", {}", escape(content_type));
                }
                self.happen(end, "part", text);
            }
            Event::Data(data) => {
                let (start, end) = range_in(input, data);
                self.content = Some((self.content.map_or(start, |content| content.0), end));
            }
            Event::PartEnd => {
                self.end_content(input);
                self.happen(end, "part end", String::new());
            }
            Event::End => self.happen(end, "end", String::new()),
        }
    }

    fn end_content(&mut self, input: &[u8]) {
        if let Some((start, end)) = self.content.take() {
            self.part(input, (start, end), "data");
            self.happen(end, "data", format!("\"{}\"", escape(&input[start..end])));
        }
    }
}

fn part(input: &[u8], start: usize, end: usize, kind: &'static str) -> Part {
    let value = escape(&input[start..end]);
    Part { start, end, kind, value, rule: MULTIPART.rule(kind), key: kind.into() }
}

/// Where the decoder changes its state when the input comes byte by byte, and the boundaries that make it do so.
fn moves(input: &[u8], boundary: &Boundary) -> (Vec<Mark>, Vec<Part>) {
    let mut decoder = Decoder::new(boundary, Limits::default());
    let (mut marks, mut parts) = (vec![Mark { at: 0, state: name(State::Preamble) }], Vec::new());
    let (mut at, mut state) = (0, State::Preamble);
    let dash = boundary.as_bytes().len() + 2;
    for stop in 1..=input.len() {
        loop {
            let received = decoder.receive(&input[at..stop]);
            let (from, now) = (at, decoder.state());
            at = decoder.offset() as usize;
            if now != state {
                let place = received.map_or_else(|error| error.offset as usize, |_| at);
                marks.push(Mark { at: place, state: name(now) });
                match (state, now) {
                    // The first boundary, behind a preamble that is all but its line end.
                    (State::Preamble, State::Head | State::Data) => parts.push(part(input, at - dash, at, "boundary")),
                    (State::Preamble, State::Epilogue) => parts.push(part(input, at - dash - 2, at, "boundary")),
                    (State::Data, State::Head) | (State::Head, State::Epilogue) => {
                        parts.push(part(input, from, at, "boundary"))
                    }
                    _ => {}
                }
                state = now;
            }
            if !matches!(received, Ok((_, Some(_)))) {
                break;
            }
        }
    }
    (marks, parts)
}

fn name(state: State) -> &'static str {
    match state {
        State::Preamble => "preamble",
        State::Head => "head",
        State::Data => "data",
        State::Epilogue => "epilogue",
        State::Ended => "ended",
        State::Failed => "failed",
    }
}

/// Nanoseconds for the whole form: the best of a few rounds, because only the machine can add to it.
fn time(input: &[u8], boundary: &Boundary) -> f64 {
    const ROUNDS: u32 = 8;
    const RUNS: u32 = 32;
    let fresh = Decoder::new(boundary, Limits::default());
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..RUNS {
            let (mut decoder, mut at) = (fresh.clone(), 0);
            let input = std::hint::black_box(input);
            while let Ok((used, Some(event))) = decoder.receive(&input[at..]) {
                std::hint::black_box(event);
                at += used;
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
    fn every_example_is_dissected_the_same_at_every_cut() {
        for (label, input) in EXAMPLES {
            for cut in 0..=input.len() {
                assert!(dissect(input, cut).same, "{label} at {cut}");
            }
        }
    }

    #[test]
    fn parts_lie_side_by_side_where_they_say() {
        for (label, input) in EXAMPLES {
            let parts = dissect(input, usize::MAX).parts;
            assert!(parts.iter().all(|part| part.value == escape(&input[part.start..part.end])), "{label}");
            assert!(parts.windows(2).all(|pair| pair[0].end <= pair[1].start), "{label}: {parts:?}");
        }
    }

    #[test]
    fn the_first_example_has_its_parts_states_and_events() {
        let answer = dissect(EXAMPLES[0].1, usize::MAX);
        let kinds: Vec<&str> = answer.parts.iter().map(|part| part.kind).collect();
        let file = ["boundary", "name", "filename", "type", "data", "boundary", "boundary"];
        assert_eq!(kinds, [&["boundary", "name", "data"], &file[..]].concat());
        let states: Vec<&str> = answer.states.iter().map(|mark| mark.state).collect();
        assert_eq!(states, ["preamble", "head", "data", "head", "data", "head", "epilogue"]);
        assert_eq!(answer.events[3].text, "file \"leaf.txt\" in \"poem\", text/plain");
        let fault = dissect(EXAMPLES[6].1, usize::MAX).fault.expect("two names");
        assert_eq!((&*fault.name, &*fault.answer), ("ParameterTwice", "400 Bad Request"));
    }
}
