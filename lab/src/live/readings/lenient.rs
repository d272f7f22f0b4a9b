//! A reader of requests with switches, each a kindness that some program has or had. It is here to be attacked, in the
//! widget's simulation alone, and is what our own reader would be without the rule of that name.

use serde::Serialize;
use wirebook_http1::parser::Fields;
use wirebook_http1::{Connection, Event, FieldBlock};

/// A kindness: its name, what the kind reader does, and the section whose rule it breaks.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Kindness {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) rule: &'static str,
}

const fn kind(name: &'static str, text: &'static str, rule: &'static str) -> Kindness {
    Kindness { name, text, rule }
}

/// All of them.
pub(crate) const KINDNESSES: [Kindness; 11] = [
    kind("bare-lf", "a LF alone ends a line", "RFC 9112 §2.2"),
    kind("odd-name", "a field whose name is no token is passed on unread", "RFC 9112 §5.1"),
    kind("trim-name", "blanks between a name and its colon are dropped", "RFC 9112 §5.1"),
    kind("fold", "a line that begins with a blank continues the field before it", "RFC 9112 §5.2"),
    kind("length-wins", "of a length and chunks, the length counts", "RFC 9112 §6.3"),
    kind("coding-wins", "of a length and chunks, the chunks count", "RFC 9112 §6.3"),
    kind("first-length", "of two lengths the first one counts", "RFC 9110 §8.6"),
    kind("last-length", "of two lengths the last one counts", "RFC 9110 §8.6"),
    kind("any-coding", "a coding that it does not know is passed over", "RFC 9112 §6.1"),
    kind("finds-chunked", "a coding with the word chunked in it is chunked", "RFC 9112 §6.1"),
    kind("loose-size", "a chunk's size ends at the first byte that is no digit", "RFC 9112 §7.1"),
];

/// A request as a reader sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Message {
    pub(crate) start: usize,
    pub(crate) head_end: usize,
    pub(crate) end: usize,
    pub(crate) method: String,
    pub(crate) target: String,
}

/// What a reader makes of some bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Reading {
    pub(crate) messages: Vec<Message>,
    /// The byte at which it refuses to go on, and the rule.
    pub(crate) refused: Option<(usize, String)>,
    /// The head of a request whose body has not all come: where it begins and ends.
    pub(crate) open: Option<(usize, usize)>,
}

impl Reading {
    /// The places at which it decides something, in their order.
    pub(super) fn decisions(&self) -> Vec<(usize, &'static str)> {
        let of_messages = self.messages.iter().flat_map(|message| [(message.head_end, "head"), (message.end, "end")]);
        let open = self.open.map(|(_, head_end)| (head_end, "head"));
        let refused = self.refused.as_ref().map(|(at, _)| (*at, "refused"));
        of_messages.chain(open).chain(refused).collect()
    }
}

/// Reads with these kindnesses; without any it is the server's own connection that reads.
pub(super) fn read(input: &[u8], kindnesses: &[&str]) -> Reading {
    if kindnesses.is_empty() { ours(input) } else { kindly(input, kindnesses) }
}

/// The production connection of a server.
fn ours(input: &[u8]) -> Reading {
    let (mut connection, mut fields) = (Connection::server(), Fields::new());
    let (mut reading, mut at, mut out) = (Reading::default(), 0, Vec::new());
    let mut head: Option<Message> = None;
    loop {
        match connection.receive(&input[at..], &mut fields) {
            Err(error) => {
                let name = format!("{:?}", error.violation);
                let name = name.trim_start_matches("Syntax(").trim_end_matches(')');
                reading.refused = Some((at + error.offset, name.to_string()));
                break;
            }
            Ok((_, None)) => break,
            Ok((used, Some(event))) => {
                let start = at;
                at += used;
                match event {
                    Event::Request(request) => {
                        let [method, target] = [request.method, request.target].map(super::escape);
                        head = Some(Message { start, head_end: at, end: at, method, target });
                    }
                    Event::End(_) => {
                        reading.messages.extend(head.take().map(|head| Message { end: at, ..head }));
                        let mut none = FieldBlock::default();
                        // A length of 0 is a field that every answer may have.
                        if none.push("content-length", "0").is_err() {
                            break;
                        }
                        let answer = wirebook_http1::parser::ResponseHead::new(200, none.lines());
                        for event in [Event::Response(answer), Event::End(Default::default())] {
                            if connection.send(event, &mut out).is_err() {
                                return reading;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    reading.open = head.map(|head| (head.start, head.head_end));
    reading
}

/// A rule that is broken, and where.
type Refused = (usize, &'static str);

fn kindly(input: &[u8], kindnesses: &[&str]) -> Reading {
    let reader = Kindly { input, kindnesses };
    let (mut reading, mut at) = (Reading::default(), 0);
    while at < input.len() {
        match reader.head(at) {
            Ok(None) => break,
            Err((place, rule)) => {
                reading.refused = Some((place, rule.into()));
                break;
            }
            Ok(Some((head, framing))) => match reader.body(head.head_end, framing) {
                Ok(Some(end)) => {
                    at = end;
                    reading.messages.push(Message { end, ..head });
                }
                Ok(None) => {
                    reading.open = Some((head.start, head.head_end));
                    break;
                }
                Err((place, rule)) => {
                    reading.open = Some((head.start, head.head_end));
                    reading.refused = Some((place, rule.into()));
                    break;
                }
            },
        }
    }
    reading
}

/// How a body ends.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
}

/// A field: its name in lower case, its value, and where its line begins.
type Field = (Vec<u8>, Vec<u8>, usize);

struct Kindly<'a> {
    input: &'a [u8],
    kindnesses: &'a [&'a str],
}

impl<'a> Kindly<'a> {
    fn is(&self, kindness: &str) -> bool {
        self.kindnesses.contains(&kindness)
    }

    /// The line at `at`, and where the next one begins.
    fn line(&self, at: usize) -> Result<Option<(&'a [u8], usize)>, Refused> {
        let rest = &self.input[at..];
        let Some(lf) = rest.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
        let line = match rest[..lf].strip_suffix(b"\r") {
            Some(line) => line,
            None if self.is("bare-lf") => &rest[..lf],
            None => return Err((at + lf, "BareLf")),
        };
        match line.iter().position(|&byte| byte == b'\r') {
            Some(cr) => Err((at + cr, "BareCr")),
            None => Ok(Some((line, at + lf + 1))),
        }
    }

    fn head(&self, start: usize) -> Result<Option<(Message, Framing)>, Refused> {
        let mut at = start;
        let line = loop {
            let Some((line, next)) = self.line(at)? else { return Ok(None) };
            if !line.is_empty() {
                at = next;
                break line;
            }
            at = next;
        };
        let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        let [method, target, version] = words[..] else { return Err((start, "RequestLine")) };
        if !version.starts_with(b"HTTP/1.") {
            return Err((start, "Version"));
        }
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let Some((line, next)) = self.line(at)? else { return Ok(None) };
            if line.is_empty() {
                let framing = self.framing(&fields, at)?;
                let [method, target] = [method, target].map(super::escape);
                return Ok(Some((Message { start, head_end: next, end: next, method, target }, framing)));
            }
            if let [b' ' | b'\t', ..] = line {
                match fields.last_mut().filter(|_| self.is("fold")) {
                    Some((_, value, _)) => value.extend_from_slice(line),
                    None => return Err((at, "ObsoleteFold")),
                }
            } else {
                fields.extend(self.field(line, at)?);
            }
            at = next;
        }
    }

    /// A field line; `None` for one that is passed on unread.
    fn field(&self, line: &[u8], at: usize) -> Result<Option<Field>, Refused> {
        let colon = line.iter().position(|&byte| byte == b':').ok_or((at + line.len(), "MissingColon"))?;
        let (mut name, value) = (&line[..colon], &line[colon + 1..]);
        if self.is("trim-name") {
            name = name.trim_ascii_end();
        }
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        match name.iter().position(|byte| !is_token(byte)) {
            Some(_) if self.is("odd-name") => Ok(None),
            Some(bad) => Err((at + bad, if name[bad] == b' ' { "SpaceBeforeColon" } else { "FieldName" })),
            None => Ok(Some((name.to_ascii_lowercase(), value.to_vec(), at))),
        }
    }

    fn framing(&self, fields: &[Field], end: usize) -> Result<Framing, Refused> {
        let (mut coding, mut length) = (None, None);
        for (name, value, at) in fields {
            let value = value.trim_ascii().to_ascii_lowercase();
            match &name[..] {
                b"transfer-encoding" => {
                    let found = value.windows(7).any(|part| part == b"chunked");
                    if value == b"chunked" || found && self.is("finds-chunked") {
                        coding = Some(*at);
                    } else if !self.is("any-coding") {
                        return Err((*at, "CodingUnknown"));
                    }
                }
                b"content-length" => {
                    let number =
                        str::from_utf8(&value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                    let number: usize = number.and_then(|text| text.parse().ok()).ok_or((*at, "ContentLength"))?;
                    length = match length {
                        None => Some(number),
                        Some(same) if same == number || self.is("first-length") => Some(same),
                        Some(_) if self.is("last-length") => Some(number),
                        Some(_) => return Err((*at, "ContentLength")),
                    };
                }
                _ => {}
            }
        }
        match (coding, length) {
            (None, length) => Ok(Framing::Length(length.unwrap_or(0))),
            (Some(_), None) => Ok(Framing::Chunked),
            (Some(_), Some(length)) if self.is("length-wins") => Ok(Framing::Length(length)),
            (Some(_), Some(_)) if self.is("coding-wins") => Ok(Framing::Chunked),
            (Some(at), Some(_)) => Err((at.min(end), "LengthAndCoding")),
        }
    }

    /// Where the body ends; `None` while it has not all come.
    fn body(&self, start: usize, framing: Framing) -> Result<Option<usize>, Refused> {
        let mut at = start;
        if let Framing::Length(length) = framing {
            return Ok(start.checked_add(length).filter(|end| *end <= self.input.len()));
        }
        loop {
            let Some((line, next)) = self.line(at)? else { return Ok(None) };
            let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let is_clean = digits > 0 && matches!(line.get(digits), None | Some(b';'));
            if !is_clean && !self.is("loose-size") {
                return Err((at + digits, "ChunkSize"));
            }
            let digits = str::from_utf8(&line[..digits]).unwrap_or_default();
            let size = usize::from_str_radix(digits, 16).unwrap_or(0);
            at = next;
            if size == 0 {
                break;
            }
            let Some(behind) = at.checked_add(size).and_then(|end| self.input.get(end..)) else { return Ok(None) };
            if behind.len() < 2 {
                return Ok(None);
            }
            if !behind.starts_with(b"\r\n") {
                return Err((at + size, "ChunkEnd"));
            }
            at += size + 2;
        }
        // Trailers, up to the empty line.
        loop {
            let Some((line, next)) = self.line(at)? else { return Ok(None) };
            at = next;
            if line.is_empty() {
                return Ok(Some(at));
            }
        }
    }
}
