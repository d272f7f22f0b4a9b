//! What one would write first: find the end of the line, then split it at its spaces or at its colon.
//!
//! It looks at every byte several times, and starts again from the first one whenever more input comes. It is here to be
//! read, and to judge the others: a property test and a fuzz target hold every variant to its answers.
//!
//! `line` cuts off one line. The content of the last one may still be growing (`End::Open`), so each rule judges the
//! bytes that are there, and complains about what is missing only when the line has ended.

use super::{
    Error, FieldLines, FieldSpan, Fields, Limits, MAX_EMPTY, MAX_METHOD, Progress, RequestHead, ResponseHead, Rule,
    Trailers, Version, is_target_byte, is_token_byte, is_value_byte,
};

/// A rule broken at an offset within the piece that was being looked at.
type Broken = (Rule, usize);

/// `None`: right so far, but the line has not ended.
type Parsed<T> = Result<Option<T>, Broken>;

/// Parses a request head; `Ok(None)` until it is complete. See the [contract](super).
///
/// ```abnf
/// HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
/// ```
pub fn request<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    _progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    let found = bounded(input, limits, |input| {
        let Some(start) = skip_empty_lines(input, limits)? else { return Ok(None) };
        let found = start_line(input, start, limits, Rule::LineTooLong, request_line)?;
        let Some((line, next)) = found else { return Ok(None) };
        Ok(field_section(input, next, fields, limits)?.map(|section| (line, section)))
    })?;
    Ok(found.map(|((method, target, version), (count, len))| {
        let fields = FieldLines::new(input, &fields.spans[..count]);
        RequestHead { method, target, version, fields, len }
    }))
}

/// Parses a response head; `Ok(None)` until it is complete. See the [contract](super).
pub fn response<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    _progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    let found = bounded(input, limits, |input| {
        let found = start_line(input, 0, limits, Rule::StatusLineTooLong, status_line)?;
        let Some((line, next)) = found else { return Ok(None) };
        Ok(field_section(input, next, fields, limits)?.map(|section| (line, section)))
    })?;
    Ok(found.map(|((version, status, reason), (count, len))| {
        let fields = FieldLines::new(input, &fields.spans[..count]);
        ResponseHead { version, status, reason, fields, len }
    }))
}

/// Parses a trailer section, from the byte after the last chunk's line on; `Ok(None)` until it is complete.
///
/// ```abnf
/// trailer-section = *( field-line CRLF )
/// ```
pub fn trailers<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    _progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<Trailers<'a>>, Error> {
    let found = bounded(input, limits, |input| field_section(input, 0, fields, limits))?;
    Ok(found.map(|(count, len)| Trailers { fields: FieldLines::new(input, &fields.spans[..count]), len }))
}

/// Shows `parse` as many bytes as a head may have. If those do not hold a whole one, no continuation will.
fn bounded<'a, T>(
    input: &'a [u8],
    limits: &Limits,
    parse: impl FnOnce(&'a [u8]) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let head = limits.head();
    match parse(&input[..input.len().min(head)])? {
        None if input.len() >= head => Err(Error::at(Rule::HeadTooLarge, head)),
        found => Ok(found),
    }
}

/// How a line ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// CR LF.
    CrLf,
    /// LF alone.
    Lf,
    /// CR with something else behind it.
    BareCr,
    /// CR is the last byte so far.
    Cr,
    /// Not at all so far.
    Open,
}

impl End {
    /// Where the next line starts, if this one, whose end stands at `at`, is whole.
    fn next(self, at: usize, limits: &Limits) -> Result<Option<usize>, Error> {
        match self {
            End::CrLf => Ok(Some(at + 2)),
            End::Lf if limits.bare_lf => Ok(Some(at + 1)),
            End::Lf => Err(Error::at(Rule::BareLf, at)),
            End::BareCr => Err(Error::at(Rule::BareCr, at)),
            End::Cr | End::Open => Ok(None),
        }
    }
}

// ANCHOR: line
/// The content of the line that starts at `from`, up to the first CR or LF, and how it ends.
fn line(input: &[u8], from: usize) -> (&[u8], End) {
    let rest = &input[from..];
    let len = rest.iter().position(|&byte| byte == b'\r' || byte == b'\n').unwrap_or(rest.len());
    let end = match (rest.get(len), rest.get(len + 1)) {
        (None, _) => End::Open,
        (Some(b'\n'), _) => End::Lf,
        (Some(_), None) => End::Cr,
        (Some(_), Some(b'\n')) => End::CrLf,
        (Some(_), Some(_)) => End::BareCr,
    };
    (&rest[..len], end)
}
// ANCHOR_END: line

/// Splits at the first space; nothing after it is `None`.
fn split_at_space(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    match bytes.iter().position(|&byte| byte == b' ') {
        Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
        None => (bytes, None),
    }
}

/// RFC 9112 §2.2: a server should ignore at least one empty line before the request-line. Where that starts, then.
fn skip_empty_lines(input: &[u8], limits: &Limits) -> Result<Option<usize>, Error> {
    let mut start = 0;
    while start < MAX_EMPTY
        && let ([], end) = line(input, start)
    {
        match end.next(start, limits)? {
            Some(next) => start = next,
            None => return Ok(None),
        }
    }
    Ok(Some(start))
}

/// The start-line at `start`, and where the next line starts.
fn start_line<'a, T>(
    input: &'a [u8],
    start: usize,
    limits: &Limits,
    too_long: Rule,
    parse: impl FnOnce(&'a [u8], bool) -> Parsed<T>,
) -> Result<Option<(T, usize)>, Error> {
    let (content, end) = line(input, start);
    let short = &content[..content.len().min(limits.line)];
    let ended = short.len() == content.len() && end != End::Open;
    let parsed = parse(short, ended).map_err(|(rule, at)| Error::at(rule, start + at))?;
    if short.len() < content.len() {
        return Err(Error::at(too_long, start + limits.line));
    }
    let next = end.next(start + content.len(), limits)?;
    Ok(parsed.zip(next))
}

// ANCHOR: request_line
/// ```abnf
/// request-line   = method SP request-target SP HTTP-version
/// method         = token
/// request-target = origin-form / absolute-form / authority-form / asterisk-form
/// ```
fn request_line(line: &[u8], ended: bool) -> Parsed<(&[u8], &[u8], Version)> {
    let (method, rest) = split_at_space(line);
    match method.iter().position(|&byte| !is_token_byte(byte)) {
        Some(at) if at <= MAX_METHOD => return Err((Rule::Method, at)),
        _ if method.len() > MAX_METHOD => return Err((Rule::MethodTooLong, MAX_METHOD)),
        _ => {}
    }
    if rest.is_some() && method.is_empty() || rest.is_none() && ended {
        return Err((Rule::Method, method.len()));
    }
    let Some(rest) = rest else { return Ok(None) };

    let offset = method.len() + 1;
    let (target, rest) = split_at_space(rest);
    if let Some(at) = target.iter().position(|&byte| !is_target_byte(byte)) {
        return Err((Rule::Target, offset + at));
    }
    if target.is_empty() && (rest.is_some() || ended) {
        return Err((Rule::Target, offset));
    }
    let offset = offset + target.len();
    let Some(rest) = rest else { return if ended { Err((Rule::Version, offset)) } else { Ok(None) } };

    let offset = offset + 1;
    let version = version(rest, ended).map_err(|(rule, at)| (rule, offset + at))?;
    if rest.len() > 8 {
        return Err((Rule::Version, offset + 8));
    }
    Ok(version.map(|version| (method, target, version)))
}
// ANCHOR_END: request_line

/// ```abnf
/// HTTP-version = HTTP-name "/" DIGIT "." DIGIT
/// HTTP-name    = %x48.54.54.50 ; HTTP
/// ```
fn version(bytes: &[u8], ended: bool) -> Parsed<Version> {
    for (at, &wanted) in b"HTTP/0.0".iter().enumerate() {
        match bytes.get(at) {
            Some(&byte) if byte == wanted || wanted == b'0' && byte.is_ascii_digit() => {}
            None if !ended => return Ok(None),
            _ => return Err((Rule::Version, at)),
        }
    }
    match (bytes[5], bytes[7]) {
        (b'1', b'1') => Ok(Some(Version::Http11)),
        (b'1', b'0') => Ok(Some(Version::Http10)),
        _ => Err((Rule::UnsupportedVersion, 7)),
    }
}

/// ```abnf
/// status-line   = HTTP-version SP status-code SP [ reason-phrase ]
/// status-code   = 3DIGIT
/// reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )
/// ```
/// The second SP may be missing when there is no reason phrase: many servers leave it out.
fn status_line(line: &[u8], ended: bool) -> Parsed<(Version, u16, &[u8])> {
    let Some(version) = version(line, ended)? else { return Ok(None) };
    match line.get(8) {
        Some(b' ') => {}
        None if !ended => return Ok(None),
        _ => return Err((Rule::Version, 8)),
    }
    let mut status = 0;
    for at in 9..12 {
        match line.get(at) {
            Some(&byte) if byte.is_ascii_digit() && (at > 9 || byte != b'0') => {
                status = status * 10 + u16::from(byte - b'0')
            }
            None if !ended => return Ok(None),
            _ => return Err((Rule::StatusCode, at)),
        }
    }
    match line.get(12) {
        None => Ok(ended.then_some((version, status, &line[12..]))),
        Some(b' ') => match line[13..].iter().position(|&byte| !is_value_byte(byte)) {
            Some(at) => Err((Rule::Reason, 13 + at)),
            None => Ok(ended.then_some((version, status, &line[13..]))),
        },
        Some(_) => Err((Rule::StatusCode, 12)),
    }
}

/// The field lines from `start` to the empty line: their number, and where the head ends.
fn field_section(
    input: &[u8],
    start: usize,
    fields: &mut Fields,
    limits: &Limits,
) -> Result<Option<(usize, usize)>, Error> {
    let mut start = start;
    let mut count = 0;
    loop {
        let (content, end) = line(input, start);
        if content.is_empty() {
            let len = end.next(start, limits)?;
            return Ok(len.map(|len| (count, len)));
        }
        if count == limits.fields.min(fields.spans.len()) {
            return Err(Error::at(Rule::TooManyFields, start));
        }
        let parsed = field_line(content, end != End::Open, count == 0);
        let parsed = parsed.map_err(|(rule, at)| Error::at(rule, start + at))?;
        let next = end.next(start + content.len(), limits)?;
        let (Some((name_end, value_start, value_end)), Some(next)) = (parsed, next) else { return Ok(None) };
        let span = |at: usize| (start + at) as u16; // heads are at most MAX_HEAD long
        fields.spans[count] = FieldSpan {
            name_start: span(0),
            name_end: span(name_end),
            value_start: span(value_start),
            value_end: span(value_end),
        };
        count += 1;
        start = next;
    }
}

/// ```abnf
/// field-line = field-name ":" OWS field-value OWS
/// field-name = token
/// ```
/// Gives the end of the name, and the start and the end of the value.
fn field_line(line: &[u8], ended: bool, first: bool) -> Parsed<(usize, usize, usize)> {
    let colon = line.iter().position(|&byte| byte == b':');
    let name = &line[..colon.unwrap_or(line.len())];
    if let Some(at) = name.iter().position(|&byte| !is_token_byte(byte)) {
        let rule = match name[at] {
            b' ' | b'\t' if at > 0 => Rule::SpaceBeforeColon,
            b' ' | b'\t' if first => Rule::LeadingSpace,
            b' ' | b'\t' => Rule::ObsoleteFold,
            _ => Rule::FieldName,
        };
        return Err((rule, at));
    }
    let Some(colon) = colon else { return if ended { Err((Rule::MissingColon, line.len())) } else { Ok(None) } };
    if name.is_empty() {
        return Err((Rule::EmptyName, 0));
    }
    let value = &line[colon + 1..];
    if let Some(at) = value.iter().position(|&byte| !is_value_byte(byte)) {
        return Err((Rule::FieldValue, colon + 1 + at));
    }
    let is_text = |&byte: &u8| byte != b' ' && byte != b'\t';
    let value_start = value.iter().position(is_text).unwrap_or(value.len());
    let value_end = value.iter().rposition(is_text).map_or(value_start, |last| last + 1);
    Ok(ended.then_some((colon, colon + 1 + value_start, colon + 1 + value_end)))
}
