//! The head of a part: what stands between a boundary and the empty line.
//!
//! ```text
//! head  := padding CRLF *( field CRLF ) CRLF           RFC 2046 §5.1.1, transport-padding
//! field := name ":" OWS value OWS                      as RFC 9112 §5 has them; RFC 5322's folding is refused
//! ```

use memchr::memmem;

use crate::error::{Error, Violation};
use crate::event::{Part, Text};
use crate::limits::Limits;
use crate::parameters::{Parameters, is_token, is_utf8, token_end};

// ANCHOR: parse
/// Reads a whole head, which ends with its empty line. Errors have their offset in it.
pub(crate) fn parse<'a>(head: &'a [u8], limits: &Limits) -> Result<Part<'a>, Error> {
    let (padding, mut at) = line(head, 0);
    if let Some(at) = padding.iter().position(|byte| !matches!(byte, b' ' | b'\t')) {
        return Err(Error::new(Violation::DelimiterPadding, at));
    }
    let (mut disposition, mut content_type, mut count) = (None, None, 0);
    loop {
        let (text, next) = line(head, at);
        if text.is_empty() {
            break;
        }
        count += 1;
        if count > limits.head_fields {
            return Err(Error::new(Violation::TooManyHeadFields, at));
        }
        let (name, value) = field(text).map_err(|wrong| Error::new(Violation::FieldSyntax, wrong).behind(at as u64))?;
        let here = Placed { value, start: at + (value.as_ptr().addr() - text.as_ptr().addr()) };
        let (known, twice) = if name.eq_ignore_ascii_case(b"content-disposition") {
            (&mut disposition, Violation::DispositionTwice)
        } else if name.eq_ignore_ascii_case(b"content-type") {
            (&mut content_type, Violation::ContentTypeTwice)
        } else {
            at = next;
            continue;
        };
        if known.replace(here).is_some() {
            return Err(Error::new(twice, at));
        }
        at = next;
    }
    let disposition = disposition.ok_or(Error::new(Violation::DispositionMissing, 0))?;
    let mut part = read_disposition(&disposition, limits).map_err(|error| error.behind(disposition.start as u64))?;
    if let Some(content_type) = content_type {
        part.content_type = Some(content_type.value);
        if !part.is_file() {
            check_type(content_type.value).map_err(|error| error.behind(content_type.start as u64))?;
        }
    }
    Ok(part)
}
// ANCHOR_END: parse

/// A field's value, and where it begins in the head.
struct Placed<'a> {
    value: &'a [u8],
    start: usize,
}

/// The line at `at`, and where the next one begins. A head ends with a line end, so there is one.
fn line(head: &[u8], at: usize) -> (&[u8], usize) {
    let rest = &head[at..];
    let length = memmem::find(rest, b"\r\n").unwrap_or(rest.len());
    (&rest[..length], (at + length + 2).min(head.len()))
}

/// Name and value of a line; or where it is no field.
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), usize> {
    let colon = token_end(line, 0);
    if colon == 0 || line.get(colon) != Some(&b':') {
        return Err(colon);
    }
    let value = &line[colon + 1..];
    // NUL, a lone CR or LF, DEL: each of them ends a line or a text for some reader.
    match value.iter().position(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
        Some(at) => Err(colon + 1 + at),
        None => Ok((&line[..colon], trim(value))),
    }
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

// ANCHOR: disposition
/// `form-data; name="…"; filename="…"`. Other parameters mean nothing here; RFC 7578 §4.2 names `filename*` and forbids it, so
/// it is not read: a name in two spellings is two names.
fn read_disposition<'a>(field: &Placed<'a>, limits: &Limits) -> Result<Part<'a>, Error> {
    let value = field.value;
    let end = token_end(value, 0);
    if !value[..end].eq_ignore_ascii_case(b"form-data") {
        return Err(Error::new(Violation::NotFormDataPart, 0));
    }
    let (mut name, mut filename) = (None, None);
    for parameter in Parameters::new(value, end) {
        let parameter = parameter.map_err(|at| Error::new(Violation::DispositionSyntax, at))?;
        let known = match () {
            () if parameter.name.eq_ignore_ascii_case(b"name") => &mut name,
            () if parameter.name.eq_ignore_ascii_case(b"filename") => &mut filename,
            () => continue,
        };
        let at = parameter.at;
        if known.replace(parameter).is_some() {
            return Err(Error::new(Violation::ParameterTwice, at));
        }
    }
    let name = name.ok_or(Error::new(Violation::NameMissing, 0))?;
    if name.value.len() > limits.name {
        return Err(Error::new(Violation::NameTooLong, name.at));
    }
    if core::str::from_utf8(name.value).is_err() {
        return Err(Error::new(Violation::NameNotUtf8, name.at));
    }
    let filename = filename.map(|filename| Text::wire(filename.value));
    Ok(Part { name: Text::wire(name.value), filename, content_type: None })
}
// ANCHOR_END: disposition

/// A field is text in UTF-8, and no form of its own. A file may say of itself what it likes.
fn check_type(value: &[u8]) -> Result<(), Error> {
    let end = value.iter().position(|&byte| !is_token(byte) && byte != b'/').unwrap_or(value.len());
    if value.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/")) {
        return Err(Error::new(Violation::Nested, 0));
    }
    for parameter in Parameters::new(value, end) {
        let parameter = parameter.map_err(|at| Error::new(Violation::ContentTypeSyntax, at))?;
        if parameter.name.eq_ignore_ascii_case(b"charset") && !is_utf8(parameter.value) {
            return Err(Error::new(Violation::CharsetUnsupported, parameter.at));
        }
    }
    Ok(())
}
