//! HTTP/1.1 requests, as the sans-I/O connection of a server reads them.

use wirebook_cases::Input;
use wirebook_http1::parser::{Fields, Limits, ResponseHead, Version};
use wirebook_http1::state::{Side, State};
use wirebook_http1::{Connection, Event, FieldBlock};

/// The events of `input`, a line each. Every request is answered with 404.
///
/// `START-END request METHOD TARGET VERSION`, then `START-END field NAME: VALUE` for each; `START-END data "…"` for a whole
/// body, which counts as one wherever it was cut; `START-END trailer NAME: VALUE`; `AT end`; `AT error VIOLATION STATUS`;
/// `AT more` where the input ends within a message; `AT closed` where no further request will be read.
pub fn events(arriving: &Input<'_>) -> Vec<String> {
    let input = &arriving.bytes[..];
    let mut log = Log { lines: Vec::new(), body: None, input };
    let mut connection = Connection::new(Side::Responder, Limits::default());
    let (mut head_fields, mut out) = (Fields::new(), Vec::new());
    let mut at = 0;
    for stop in arriving.stops() {
        loop {
            match connection.receive(&input[at..stop], &mut head_fields) {
                Err(error) => {
                    log.end_body();
                    let violation = format!("{:?}", error.violation);
                    let name = violation.trim_start_matches("Syntax(").trim_end_matches(')');
                    log.lines.push(format!("{} error {name} {}", at + error.offset, error.status()));
                    return log.lines;
                }
                Ok((used, None)) => {
                    at += used;
                    break;
                }
                Ok((used, Some(event))) => {
                    log.take(&event, at, at + used);
                    at += used;
                    if let Event::End(_) = event {
                        answer(&mut connection, &mut out);
                    }
                }
            }
        }
    }
    log.end_body();
    match connection.their_state() {
        _ if connection.our_state() == State::MustClose => log.lines.push(format!("{at} closed")),
        State::MustClose | State::Closed => log.lines.push(format!("{at} closed")),
        State::Body => log.lines.push(format!("{} more", input.len())),
        _ if at < input.len() => log.lines.push(format!("{} more", input.len())),
        _ => {}
    }
    log.lines
}

/// 404 without content: CONNECT too is refused, so no connection becomes a tunnel.
fn answer(connection: &mut Connection, out: &mut Vec<u8>) {
    let mut fields = FieldBlock::default();
    fields.push("content-length", "0").expect("a valid field");
    for event in [Event::Response(ResponseHead::new(404, fields.lines())), Event::End(Default::default())] {
        connection.send(event, out).expect("404 answers everything");
    }
}

struct Log<'a> {
    lines: Vec<String>,
    /// Start, end and content of the body so far.
    body: Option<(usize, usize, Vec<u8>)>,
    input: &'a [u8],
}

impl Log<'_> {
    fn take(&mut self, event: &Event<'_>, start: usize, end: usize) {
        match event {
            Event::Request(head) => {
                let version = if head.version == Version::Http10 { "HTTP/1.0" } else { "HTTP/1.1" };
                let [method, target] = [head.method, head.target].map(|part| part.escape_ascii().to_string());
                self.lines.push(format!("{start}-{end} request {method} {target} {version}"));
                head.fields.iter().for_each(|(name, value)| self.field("field", name, value));
            }
            Event::Data(data) => {
                let start = self.offset(data);
                let body = self.body.get_or_insert((start, start, Vec::new()));
                body.1 = start + data.len();
                body.2.extend_from_slice(data);
            }
            Event::End(trailers) => {
                self.end_body();
                trailers.iter().for_each(|(name, value)| self.field("trailer", name, value));
                self.lines.push(format!("{end} end"));
            }
            Event::Response(_) => self.lines.push("a response, from a client".into()),
        }
    }

    fn end_body(&mut self) {
        if let Some((start, end, content)) = self.body.take() {
            self.lines.push(format!("{start}-{end} data \"{}\"", content.escape_ascii()));
        }
    }

    fn field(&mut self, kind: &str, name: &[u8], value: &[u8]) {
        let (start, end) = (self.offset(name), self.offset(value) + value.len());
        let line = format!("{start}-{end} {kind} {}: {}", name.escape_ascii(), value.escape_ascii());
        self.lines.push(line.trim_end().to_string());
    }

    /// Where a borrowed part lies in the input.
    fn offset(&self, part: &[u8]) -> usize {
        part.as_ptr().addr() - self.input.as_ptr().addr()
    }
}
