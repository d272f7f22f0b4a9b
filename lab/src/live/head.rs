//! The widget of requests: what the server's own [`Connection`] makes of some bytes; and the same for responses and bodies.

use super::answer::{Answer, Ask, Fault, Happening, Mark, Part, count, escape, latin1, range_in};
use super::explain::HTTP1;
use std::time::Instant;
use wirebook_http1::parser::{self, FieldLines, Fields, Limits, Progress, RequestHead, ResponseHead};
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

/// What some bytes of HTTP/1.1 are.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Message {
    /// Requests with their bodies, one behind the other, as a server reads them.
    Request,
    /// Responses with their bodies, as a client reads them that has asked with GET.
    Response,
    /// A chunked body (RFC 9112 §7.1), as a server reads it.
    Body,
}

/// Takes requests apart.
pub(crate) fn dissect(input: &[u8], cut: usize, variant: Option<&str>) -> Answer {
    take_apart(Message::Request, input, cut, variant)
}

/// Takes one side of a conversation apart; once whole, and once cut in two at `cut`.
pub(crate) fn take_apart(message: Message, input: &[u8], cut: usize, variant: Option<&str>) -> Answer {
    let cut = cut.min(input.len());
    let whole = read(message, input, &[input.len()]);
    let pieces = read(message, input, &[cut, input.len()]);
    let &(parser, parse) = VARIANTS.iter().find(|(name, _)| Some(*name) == variant).unwrap_or(&VARIANTS[0]);
    Answer {
        input: latin1(input),
        len: input.len(),
        states: states(message, &whole.parts, &whole.heads),
        cut,
        before_cut: whole.events.iter().filter(|event| event.end <= cut).count(),
        same: (&whole.events, &whole.fault) == (&pieces.events, &pieces.fault),
        parser,
        nanoseconds: if message == Message::Request { time(input, parse) } else { None },
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

/// Feeds a connection with the input up to each of `stops` in turn, and does what the other side waits for.
fn read(message: Message, input: &[u8], stops: &[usize]) -> Reading {
    let mut reading = Reading::default();
    let mut fields = Fields::new();
    let mut connection = begin(message, &mut fields);
    let mut at = 0;
    for &stop in stops {
        loop {
            match connection.receive(&input[at..stop], &mut fields) {
                Err(error) => {
                    reading.fail(message, input, at, error);
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
                        go_on(message, &mut connection);
                    }
                }
            }
        }
    }
    if at < input.len() && reading.fault.is_none() {
        reading.unfinished(message, input, at);
    }
    // A response may last until the connection ends, which it does here.
    if message == Message::Response
        && let Ok(Some(Event::End(_))) = connection.receive_eof()
    {
        reading.events.push(Happening { start: at, end: at, event: "end", text: "with the connection".into() });
    }
    reading
}

/// A connection that is about to receive such bytes.
fn begin(message: Message, fields: &mut Fields) -> Connection {
    match message {
        Message::Request => Connection::server(),
        Message::Response => {
            let mut connection = Connection::client();
            go_on(message, &mut connection);
            connection
        }
        Message::Body => {
            let mut connection = Connection::server();
            let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
            // The head is ours: it is one.
            let _ = connection.receive(head, fields);
            connection
        }
    }
}

/// Sends what lets the next message come: to a client 204, the shortest answer; to a server another GET.
fn go_on(message: Message, connection: &mut Connection) {
    let (none, mut host) = (FieldBlock::default(), FieldBlock::default());
    // The field is ours: it can be sent.
    let _ = host.push("host", "a");
    let head = match message {
        Message::Response => Event::Request(RequestHead::new(b"GET", b"/", host.lines())),
        Message::Request | Message::Body => Event::Response(ResponseHead::new(204, none.lines())),
    };
    for event in [head, Event::End(none.lines())] {
        // Refused only where the other side may not go on either.
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
            Event::Response(head) => {
                self.status_line(input, start, head);
                self.heads.push(HeadRange { start, end, whole: true });
                self.framed = end;
                let fields = count(head.fields.len(), "field");
                (start, "response", format!("{} {}, {fields}", head.status, escape(head.reason)))
            }
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
        self.fields(input, &head.fields);
    }

    /// RFC 9112 §4: `status-line = HTTP-version SP status-code SP [ reason-phrase ]`, the first two of fixed lengths.
    fn status_line(&mut self, input: &[u8], start: usize, head: &ResponseHead<'_>) {
        // An empty line before it is skipped.
        let start = start + input[start..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let status = start + "HTTP/1.1 ".len();
        self.part(input, (start, status - 1), "version", "version".into());
        self.part(input, (status, status + 3), "status", "status".into());
        if !head.reason.is_empty() {
            self.part(input, range_in(input, head.reason), "reason", "reason".into());
        }
        self.fields(input, &head.fields);
    }

    fn fields(&mut self, input: &[u8], fields: &FieldLines<'_>) {
        for (name, value) in fields.iter() {
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
    fn fail(&mut self, message: Message, input: &[u8], at: usize, error: Error) {
        let offset = at + error.offset;
        self.fault = Some(Fault {
            offset,
            name: format!("{:?}", error.violation).replace("Syntax(", "").replace(')', ""),
            message: error.violation.to_string(),
            rule: error.section(),
            answer: match message {
                Message::Response => "nothing: the client gives the connection up".into(),
                _ => format!("{} {}", error.status(), reason(error.status())),
            },
        });
        self.unfinished(message, &input[..offset.max(at)], at);
    }

    /// The whole lines of a head that is not (or not yet) one: ended with an empty line here, they are one.
    fn unfinished(&mut self, message: Message, input: &[u8], at: usize) {
        let (mut fields, mut progress) = (Fields::new(), Progress::default());
        let Some(end) = behind_last_line(&input[at..]) else { return };
        let mut closed = input[..at + end].to_vec();
        closed.extend_from_slice(b"\r\n");
        // In the middle of a body there is no head, and nothing to show.
        let (closed, limits) = (&closed[..], Limits::default());
        let is_head = match message {
            Message::Request => match parser::request(&closed[at..], &mut fields, &mut progress, &limits) {
                Ok(Some(head)) => {
                    self.head(closed, &head);
                    true
                }
                _ => false,
            },
            Message::Response => match parser::response(&closed[at..], &mut fields, &mut progress, &limits) {
                Ok(Some(head)) => {
                    self.status_line(closed, at, &head);
                    true
                }
                _ => false,
            },
            Message::Body => false,
        };
        if is_head {
            self.heads.push(HeadRange { start: at, end: at + end, whole: false });
        }
    }
}

/// The byte behind the last line end.
fn behind_last_line(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1)
}

/// The reader's states along the input, from the ranges of the parts and heads.
fn states(message: Message, parts: &[Part], heads: &[HeadRange]) -> Vec<Mark> {
    let mut marks = Vec::new();
    let first = match message {
        Message::Request => "request line",
        Message::Response => "status line",
        Message::Body => "message body",
    };
    for head in heads {
        marks.push(Mark { at: head.start, state: first });
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
        marks.push(Mark { at: 0, state: first });
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
