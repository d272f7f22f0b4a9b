//! Forms, as the decoder reads them; as [`Pieces`] does, which must say the same; and as the naive decoder does, where no limit is
//! in play.
//!
//! The boundary is `B`, or what a block `content-type` before the body names. The settings of the body are our limits, by their
//! names, and `eof` where the body ends.
//!
//! `END part`, then `START-END name "…"`, `START-END filename "…"` with what is reported of it, `START-END type "…"`;
//! `START-END data "…"` for a whole content, which counts as one wherever it was cut; `END part end`; `END end`; `AT error
//! VIOLATION STATUS`; `AT more` where the body goes on.

use wirebook_cases::{Input, Settings, Way};
use wirebook_multipart::state::State;
use wirebook_multipart::{Boundary, Decoder, Error, Event, Limits, Pieces, naive};

/// The lines of a case.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let (mut boundary, mut lines) = (Boundary::new(b"B").expect("a boundary"), Vec::new());
    for arrival in &input.blocks {
        let bytes = &input.bytes[arrival.start..*arrival.stops.last().expect("an end")];
        if arrival.kind == "content-type" {
            match Boundary::from_content_type(bytes) {
                Ok(found) => {
                    boundary = found;
                    lines.push(format!("boundary \"{}\"", boundary.as_bytes().escape_ascii()));
                }
                Err(error) => lines.push(format!("{} error {:?} {}", error.offset, error.violation, error.status())),
            }
            continue;
        }
        let stops: Vec<usize> = arrival.stops.iter().map(|stop| stop - arrival.start).collect();
        let (limits, eof) = (limits(arrival.settings), arrival.settings.has("eof"));
        let read = decode(&boundary, limits, bytes, &stops, eof);
        assert_eq!(read.said, lent(&boundary, limits, bytes, &stops, eof).said, "in pieces, {}", input.way);
        if input.way == Way::Whole && limits == Limits::default() {
            judge(&boundary, bytes, &read);
        }
        let told = read.said.into_iter().zip(read.spans);
        lines.extend(told.map(|(what, (start, end))| match start {
            Some(start) => format!("{start}-{end} {what}"),
            None => format!("{end} {what}"),
        }));
    }
    lines
}

/// A body that stays where it is.
fn decode(boundary: &Boundary, limits: Limits, body: &[u8], stops: &[usize], eof: bool) -> Log {
    let mut log = Log::default();
    let mut decoder = Decoder::new(boundary, limits);
    let mut at = 0;
    for &stop in stops {
        loop {
            match decoder.receive(&body[at..stop]) {
                Ok((used, event)) => {
                    at += used;
                    let Some(event) = event else { break };
                    log.take(&event, body, at);
                }
                Err(error) => {
                    assert_eq!(decoder.receive(b"x"), Err(error), "an error stays");
                    assert_eq!(decoder.receive_eof(), Err(error), "an error stays");
                    return log.fail(error);
                }
            }
        }
    }
    let ended = if eof { decoder.receive_eof() } else { Ok(()) };
    log.end(ended, at, decoder.state())
}

/// The same in pieces, each of which is gone when the next one comes.
fn lent(boundary: &Boundary, limits: Limits, body: &[u8], stops: &[usize], eof: bool) -> Log {
    let mut log = Log::default();
    let mut form = Pieces::new(Decoder::new(boundary, limits));
    let mut from = 0;
    for &stop in stops {
        let piece = body[from..stop].to_vec();
        from = stop;
        let mut rest = &piece[..];
        while !rest.is_empty() {
            match form.receive(rest) {
                Ok((used, event)) => {
                    rest = &rest[used..];
                    if let Some(event) = event {
                        log.take(&event, &[], 0);
                    }
                }
                Err(error) => return log.fail(error),
            }
        }
    }
    // Twice, because a vector doubles its room.
    assert!(form.held() <= 2 * (limits.head.min(8192) + 512), "{} bytes are held", form.held());
    let ended = if eof { form.receive_eof() } else { Ok(()) };
    log.end(ended, 0, form.decoder().state())
}

/// The naive decoder has neither limits nor offsets: it reads what has an end, and nothing else.
fn judge(boundary: &Boundary, body: &[u8], read: &Log) {
    let ends =
        |line: &String| line == "end" || line.starts_with("error Epilogue") || line.starts_with("error Preamble");
    let limited =
        |line: &String| line.starts_with("error Too") || line.contains("TooLarge") || line.contains("TooLong");
    let judged = naive::decode(body, boundary.as_bytes());
    if read.said.iter().any(limited) {
        return;
    }
    assert_eq!(judged.is_some(), read.said.iter().any(ends), "the naive decoder says {judged:?}");
    let Some(parts) = judged else { return };
    let told = |kind: &str, text: String| read.said.contains(&format!("{kind} {text}"));
    for part in &parts {
        assert!(told("name", format!("{:?}", part.name)), "the naive decoder says {part:?}");
        let content = part.content.escape_ascii();
        assert!(part.content.is_empty() || told("data", format!("\"{content}\"")), "the naive decoder says {part:?}");
    }
    assert_eq!(parts.len(), read.said.iter().filter(|line| *line == "part").count());
}

/// What was said, and where in the body it lies.
#[derive(Default)]
struct Log {
    said: Vec<String>,
    spans: Vec<(Option<usize>, usize)>,
    /// The content so far, and where it ends.
    content: Option<(usize, Vec<u8>)>,
}

impl Log {
    fn say(&mut self, what: String, start: Option<usize>, end: usize) {
        self.said.push(what);
        self.spans.push((start, end));
    }

    fn say_of(&mut self, what: String, part: &[u8], body: &[u8]) {
        let start = part.as_ptr().addr().wrapping_sub(body.as_ptr().addr());
        self.say(what, Some(start), start.wrapping_add(part.len()));
    }

    fn take(&mut self, event: &Event<'_>, body: &[u8], end: usize) {
        match event {
            Event::Part(part) => {
                self.say("part".into(), None, end);
                self.say_of(format!("name {:?}", part.name), part.name.raw(), body);
                if let Some(filename) = part.filename {
                    let reported = part.basename().unwrap_or_default();
                    self.say_of(format!("filename {reported:?}"), filename.raw(), body);
                }
                if let Some(content_type) = part.content_type {
                    self.say_of(format!("type \"{}\"", content_type.escape_ascii()), content_type, body);
                }
            }
            Event::Data(data) => {
                assert!(!data.is_empty(), "a piece of content has bytes");
                let content = self.content.get_or_insert_default();
                content.0 = end;
                content.1.extend_from_slice(data);
            }
            Event::PartEnd => {
                self.end_content();
                self.say("part end".into(), None, end);
            }
            Event::End => self.say("end".into(), None, end),
        }
    }

    fn end_content(&mut self) {
        if let Some((end, content)) = self.content.take() {
            self.say(format!("data \"{}\"", content.escape_ascii()), Some(end.wrapping_sub(content.len())), end);
        }
    }

    fn fail(mut self, error: Error) -> Log {
        self.end_content();
        self.say(format!("error {:?} {}", error.violation, error.status()), None, error.offset as usize);
        self
    }

    fn end(mut self, ended: Result<(), Error>, at: usize, state: State) -> Log {
        match ended {
            Err(error) => return self.fail(error),
            Ok(()) if !matches!(state, State::Epilogue | State::Ended) => {
                self.end_content();
                self.say("more".into(), None, at);
            }
            Ok(()) => {}
        }
        self
    }
}

fn limits(settings: &Settings) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in settings.iter().filter(|(name, _)| *name != "eof") {
        let bound: u64 = value.parse().unwrap_or_else(|_| panic!("{name} has a number"));
        match name {
            "parts" => limits.parts = bound as usize,
            "fields" => limits.fields = bound as usize,
            "files" => limits.files = bound as usize,
            "head" => limits.head = bound as usize,
            "head_fields" => limits.head_fields = bound as usize,
            "name" => limits.name = bound as usize,
            "field" => limits.field = bound,
            "file" => limits.file = bound,
            "total" => limits.total = bound,
            "preamble" => limits.preamble = bound,
            "epilogue" => limits.epilogue = bound,
            other => panic!("{other} is not a setting"),
        }
    }
    limits
}
