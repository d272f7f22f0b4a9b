//! The widget of requests: what the server's own [`Connection`] makes of some bytes.

use super::answer::{Answer, Ask, Fault, Happening, Mark, Part, count, escape, latin1, range_in};
use super::explain::HTTP1;
use std::time::Instant;
use wirebook_http1::parser::{self, Fields, Limits, Progress, RequestHead};
use wirebook_http1::{Connection, Error, Event, FieldBlock, reason};

/// What the widget offers; the first is its picture in the book.
pub(crate) const EXAMPLES: &[(&str, &[u8])] = &[
    (
        "curl, three fields",
        b"GET /search?q=tea HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAccept: text/html\r\nUser-Agent: curl/8.5\r\n\r\n",
    ),
    (
        "a form",
        b"POST /tea HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\n\
          leaf=oolong",
    ),
    (
        "chunks and a trailer",
        b"PUT /tea HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nool\r\n3;x=y\r\nong\r\n0\r\nSteeped: 3m\
          \r\n\r\n",
    ),
    ("two in a pipeline", b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"),
    (
        "smuggling: two lengths",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\
          Host: a\r\n\r\n",
    ),
    ("a space before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n"),
    ("a bare line feed", b"GET / HTTP/1.1\nHost: a\n\n"),
    ("an obsolete fold", b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: one\r\n two\r\n\r\n"),
    ("NUL in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n"),
    ("no Host", b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"),
];

type Parse =
    for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<RequestHead<'a>>, parser::Error>;

/// The variants that the widget can time, the first by default.
const VARIANTS: &[(&str, Parse)] = &[
    ("simd", parser::simd::request),
    ("swar", parser::swar::request),
    ("table", parser::table::request),
    ("bytewise", parser::bytewise::request),
    ("split", parser::split::request),
];

/// Their names.
pub(super) fn variants() -> impl Iterator<Item = &'static str> {
    VARIANTS.iter().map(|(name, _)| *name)
}

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Answer, String> {
    Ok(dissect(&ask.bytes()?, ask.cut.unwrap_or(usize::MAX), ask.parser.as_deref()))
}

/// Takes a conversation apart: requests with their bodies, one behind the other, as the server reads them; once whole,
/// and once cut in two at `cut`.
pub(crate) fn dissect(input: &[u8], cut: usize, variant: Option<&str>) -> Answer {
    let cut = cut.min(input.len());
    let whole = read(input, &[input.len()]);
    let pieces = read(input, &[cut, input.len()]);
    let &(parser, parse) = VARIANTS.iter().find(|(name, _)| Some(*name) == variant).unwrap_or(&VARIANTS[0]);
    Answer {
        input: latin1(input),
        len: input.len(),
        states: states(&whole.parts, &whole.heads),
        cut,
        before_cut: whole.events.iter().filter(|event| event.end <= cut).count(),
        same: (&whole.events, &whole.fault) == (&pieces.events, &pieces.fault),
        parser,
        nanoseconds: time(input, parse),
        parts: whole.parts,
        events: whole.events,
        fault: whole.fault,
        beside: None,
    }
}

/// What came of reading some input.
#[derive(Default)]
struct Reading {
    parts: Vec<Part>,
    events: Vec<Happening>,
    fault: Option<Fault>,
    heads: Vec<HeadRange>,
    /// Bytes of the body that is being read.
    data_bytes: usize,
    /// Where the framing of the body's next piece begins: behind the head, or behind the last piece.
    framed: usize,
}

/// A head in the input.
struct HeadRange {
    start: usize,
    /// Behind the empty line; behind the last whole line, if there is no empty one.
    end: usize,
    whole: bool,
}

/// Feeds a connection with the input up to each of `stops` in turn, and answers every request so that the next is read.
fn read(input: &[u8], stops: &[usize]) -> Reading {
    let mut reading = Reading::default();
    let mut connection = Connection::server();
    let mut fields = Fields::new();
    let mut at = 0;
    for &stop in stops {
        loop {
            match connection.receive(&input[at..stop], &mut fields) {
                Err(error) => {
                    reading.fail(input, at, error);
                    return reading;
                }
                Ok((used, event)) => {
                    let Some(event) = event else {
                        at += used;
                        break;
                    };
                    reading.take(input, at, at + used, &event);
                    at += used;
                    if matches!(event, Event::End(_)) {
                        answer_request(&mut connection);
                    }
                }
            }
        }
    }
    if at < input.len() && reading.fault.is_none() {
        reading.unfinished(input, at);
    }
    reading
}

/// 204 without a body: the shortest answer that lets the connection go on.
fn answer_request(connection: &mut Connection) {
    let none = FieldBlock::default();
    let head = Event::Response(parser::ResponseHead::new(204, none.lines()));
    for event in [head, Event::End(none.lines())] {
        // Refused only where the client may not go on either.
        let _ = connection.send(event, &mut Vec::new());
    }
}

impl Reading {
    /// Ranges of events do not depend on where the input was cut: a head's and an end's are whole, data has its own.
    fn take(&mut self, input: &[u8], start: usize, end: usize, event: &Event<'_>) {
        let (start, event, text) = match event {
            Event::Request(head) => {
                self.head(input, head);
                self.heads.push(HeadRange { start, end, whole: true });
                self.framed = end;
                let line = [head.method, head.target].map(escape).join(" ");
                (start, "request", format!("{line}, {}", count(head.fields.len(), "field")))
            }
            Event::Data(data) => return self.data(input, data),
            Event::End(trailers) => {
                self.size(input, end);
                for (name, value) in trailers.iter() {
                    self.field(input, name, value);
                }
                (end, "end", count(trailers.len(), "trailer"))
            }
            // A server receives none.
            Event::Response(_) => return,
        };
        self.data_bytes = 0;
        self.events.push(Happening { start, end, event, text });
    }

    /// Where data is cut has no meaning: the pieces of one body are one event, and pieces that touch are one part.
    fn data(&mut self, input: &[u8], data: &[u8]) {
        let (start, end) = range_in(input, data);
        self.size(input, start);
        self.framed = end;
        match self.parts.last_mut() {
            Some(last) if last.kind == "data" && last.end == start => {
                last.end = end;
                last.value.push_str(&escape(data));
            }
            _ => self.part(input, (start, end), "data", "data".into()),
        }
        let first = self.data_bytes == 0;
        self.data_bytes += data.len();
        let text = count(self.data_bytes, "byte");
        match self.events.last_mut() {
            Some(last) if !first => (last.end, last.text) = (end, text),
            _ => self.events.push(Happening { start, end, event: "data", text }),
        }
    }

    /// The length of a chunk stands between two pieces of a body: it is the first line there that is not empty.
    fn size(&mut self, input: &[u8], until: usize) {
        let framing = &input[self.framed..until.max(self.framed)];
        if let Some(line) = framing.split(|&byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty()) {
            self.part(input, range_in(input, line), "size", "size".into());
        }
    }

    fn head(&mut self, input: &[u8], head: &RequestHead<'_>) {
        let method = HTTP1.key(format!("method {}", escape(head.method)));
        self.part(input, range_in(input, head.method), "method", method);
        let target = range_in(input, head.target);
        self.part(input, target, "target", "target".into());
        // The version has a fixed length and stands one space behind the target (RFC 9112 §3).
        let start = target.1 + 1;
        self.part(input, (start, start + "HTTP/1.1".len()), "version", "version".into());
        for (name, value) in head.fields.iter() {
            self.field(input, name, value);
        }
    }

    fn field(&mut self, input: &[u8], name: &[u8], value: &[u8]) {
        let key = HTTP1.key(format!("field {}", escape(name).to_ascii_lowercase()));
        self.part(input, range_in(input, name), "name", key.clone());
        self.part(input, range_in(input, value), "value", key);
    }

    fn part(&mut self, input: &[u8], (start, end): (usize, usize), kind: &'static str, key: String) {
        self.parts.push(Part { start, end, kind, value: escape(&input[start..end]), rule: HTTP1.rule(&key), key });
    }

    /// The lines before the one that is wrong.
    fn fail(&mut self, input: &[u8], at: usize, error: Error) {
        let offset = at + error.offset;
        self.fault = Some(Fault {
            offset,
            name: format!("{:?}", error.violation).replace("Syntax(", "").replace(')', ""),
            message: error.violation.to_string(),
            rule: error.section(),
            answer: format!("{} {}", error.status(), reason(error.status())),
        });
        self.unfinished(&input[..offset.max(at)], at);
    }

    /// The whole lines of a head that is not (or not yet) one: ended with an empty line here, they are one.
    fn unfinished(&mut self, input: &[u8], at: usize) {
        let (mut fields, mut progress) = (Fields::new(), Progress::default());
        let Some(end) = behind_last_line(&input[at..]) else { return };
        let mut closed = input[..at + end].to_vec();
        closed.extend_from_slice(b"\r\n");
        // In the middle of a body there is no head, and nothing to show.
        if let Ok(Some(head)) = parser::request(&closed[at..], &mut fields, &mut progress, &Limits::default()) {
            self.head(&closed, &head);
            self.heads.push(HeadRange { start: at, end: at + end, whole: false });
        }
    }
}

/// The byte behind the last line end.
fn behind_last_line(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1)
}

/// The reader's states along the input, from the ranges of the parts and heads.
fn states(parts: &[Part], heads: &[HeadRange]) -> Vec<Mark> {
    let mut marks = Vec::new();
    for head in heads {
        marks.push(Mark { at: head.start, state: "request line" });
        for part in parts.iter().filter(|part| head.start <= part.start && part.start < head.end) {
            match part.kind {
                "name" => marks.push(Mark { at: part.start, state: "field name" }),
                "value" => marks.push(Mark { at: part.start, state: "field value" }),
                _ => {}
            }
        }
        if head.whole {
            marks.push(Mark { at: head.end - b"\r\n".len(), state: "empty line" });
            marks.push(Mark { at: head.end, state: "message body" });
        } else {
            marks.push(Mark { at: head.end, state: "field name" });
        }
    }
    if heads.is_empty() {
        marks.push(Mark { at: 0, state: "request line" });
    }
    marks
}

/// Nanoseconds for the first head, if it is whole: the best of a few rounds, because only the machine can add to it.
fn time(input: &[u8], parse: Parse) -> Option<f64> {
    const ROUNDS: u32 = 8;
    const RUNS: u32 = 64;
    let mut fields = Fields::new();
    let limits = Limits::default();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..RUNS {
            let head = parse(std::hint::black_box(input), &mut fields, &mut Progress::default(), &limits);
            std::hint::black_box(head).ok()??;
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(RUNS));
    }
    Some(best)
}
