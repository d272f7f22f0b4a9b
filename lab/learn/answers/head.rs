//! Stage 1: the head of a request (RFC 9112 §2 to §5).
//!
//! ```abnf
//! request      = request-line *( field-line CRLF ) CRLF
//! request-line = method SP request-target SP HTTP-version CRLF
//! method       = token
//! field-line   = field-name ":" OWS field-value OWS
//! field-name   = token
//! ```
//!
//! The input is all that has come so far, from the first byte on. Where it ends before the empty line does, the answer is
//! `Ok(None)`: incomplete is not an error. An error is the first byte that no valid head can have there.

/// A head. Everything in it is borrowed from the input.
pub struct Head<'a> {
    /// As in `GET`.
    pub method: &'a [u8],
    /// As in `/search?q=tea`.
    pub target: &'a [u8],
    /// As in `HTTP/1.1`.
    pub version: &'a [u8],
    /// Names and values in their order; no white space around a value.
    pub fields: Vec<(&'a [u8], &'a [u8])>,
    /// Bytes of the head, with the empty line.
    pub len: usize,
}

/// A rule that was broken, and the byte that breaks it.
pub struct Error {
    /// The byte, counted from the start of the input.
    pub at: usize,
    /// `BareCr`, `BareLf`, `Method`, `MethodTooLong` (more than 32 bytes), `Target`, `Version`, `UnsupportedVersion`,
    /// `LeadingSpace`, `ObsoleteFold`, `EmptyName`, `FieldName`, `SpaceBeforeColon`, `MissingColon` or `FieldValue`.
    pub rule: &'static str,
}

/// Reads a head from the start of `input`; `Ok(None)` while it is not complete.
pub fn request(input: &[u8]) -> Result<Option<Head<'_>>, Error> {
    let mut start = 0;
    // §2.2: a server should ignore at least one empty line before the request-line; eight are enough for anybody.
    while start < 16 && line(input, start).content.is_empty() {
        let Some(next) = line(input, start).next()? else { return Ok(None) };
        start = next;
    }
    let first = line(input, start);
    let parsed = request_line(&first)?;
    let (Some((method, target, version)), Some(next)) = (parsed, first.next()?) else { return Ok(None) };
    let (mut fields, mut start) = (Vec::new(), next);
    loop {
        let line = line(input, start);
        if line.content.is_empty() {
            let head = |len| Head { method, target, version, fields, len };
            return Ok(line.next()?.map(head));
        }
        let field = field_line(&line, fields.is_empty())?;
        let (Some(field), Some(next)) = (field, line.next()?) else { return Ok(None) };
        fields.push(field);
        start = next;
    }
}

/// A line: what stands before its end, and the bytes of the end that are there.
struct Line<'a> {
    start: usize,
    content: &'a [u8],
    /// From the CR or LF on: at most two bytes count.
    end: &'a [u8],
}

fn line(input: &[u8], start: usize) -> Line<'_> {
    let rest = &input[start..];
    let len = rest.iter().position(|&byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
    Line { start, content: &rest[..len], end: &rest[len..] }
}

impl Line<'_> {
    fn error<T>(&self, at: usize, rule: &'static str) -> Result<T, Error> {
        Err(Error { at: self.start + at, rule })
    }

    /// Whether the content can no longer grow.
    fn ended(&self) -> bool {
        !self.end.is_empty()
    }

    /// Where the next line starts; `None` while the end has not come.
    fn next(&self) -> Result<Option<usize>, Error> {
        match self.end {
            [] | [b'\r'] => Ok(None),
            [b'\r', b'\n', ..] => Ok(Some(self.start + self.content.len() + 2)),
            [b'\n', ..] => self.error(self.content.len(), "BareLf"),
            _ => self.error(self.content.len(), "BareCr"),
        }
    }
}

fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

type RequestLine<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn request_line<'a>(line: &Line<'a>) -> Result<Option<RequestLine<'a>>, Error> {
    let mut words = line.content.splitn(3, |&byte| byte == b' ');
    let method = words.next().unwrap_or_default();
    match method.iter().position(|byte| !is_token_byte(byte)) {
        Some(at) if at <= 32 => return line.error(at, "Method"),
        _ if method.len() > 32 => return line.error(32, "MethodTooLong"),
        _ => {}
    }
    let Some(target) = words.next() else {
        return if line.ended() { line.error(method.len(), "Method") } else { Ok(None) };
    };
    if method.is_empty() {
        return line.error(0, "Method");
    }
    let at = method.len() + 1;
    if let Some(bad) = target.iter().position(|byte| !byte.is_ascii_graphic() || *byte == b'#') {
        return line.error(at + bad, "Target");
    }
    let version = words.next();
    if target.is_empty() && (version.is_some() || line.ended()) {
        return line.error(at, "Target");
    }
    let at = at + target.len();
    let Some(version) = version else { return if line.ended() { line.error(at, "Version") } else { Ok(None) } };
    let at = at + 1;
    for (nth, &wanted) in b"HTTP/0.0".iter().enumerate() {
        match version.get(nth) {
            Some(&byte) if byte == wanted || wanted == b'0' && byte.is_ascii_digit() => {}
            None if !line.ended() => return Ok(None),
            _ => return line.error(at + nth, "Version"),
        }
    }
    if !matches!(&version[..8], b"HTTP/1.1" | b"HTTP/1.0") {
        return line.error(at + 7, "UnsupportedVersion");
    }
    if version.len() > 8 {
        return line.error(at + 8, "Version");
    }
    Ok(Some((method, target, version)))
}

fn field_line<'a>(line: &Line<'a>, is_first: bool) -> Result<Option<(&'a [u8], &'a [u8])>, Error> {
    let colon = line.content.iter().position(|&byte| byte == b':');
    let name = &line.content[..colon.unwrap_or(line.content.len())];
    if let Some(at) = name.iter().position(|byte| !is_token_byte(byte)) {
        let rule = match name[at] {
            b' ' | b'\t' if at > 0 => "SpaceBeforeColon",
            b' ' | b'\t' if is_first => "LeadingSpace",
            b' ' | b'\t' => "ObsoleteFold",
            _ => "FieldName",
        };
        return line.error(at, rule);
    }
    let Some(colon) = colon else {
        return if line.ended() { line.error(line.content.len(), "MissingColon") } else { Ok(None) };
    };
    if name.is_empty() {
        return line.error(0, "EmptyName");
    }
    let value = &line.content[colon + 1..];
    let is_bad = |&byte: &u8| byte != b'\t' && (byte < b' ' || byte == 0x7f);
    if let Some(at) = value.iter().position(is_bad) {
        return line.error(colon + 1 + at, "FieldValue");
    }
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let from = value.iter().position(is_text).unwrap_or(value.len());
    let to = value.iter().rposition(is_text).map_or(from, |last| last + 1);
    Ok(Some((name, &value[from..to])))
}
