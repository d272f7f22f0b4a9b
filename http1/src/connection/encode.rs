//! Values to bytes. The field lines of a [`FieldLines`] are valid by construction (a parser or a
//! [`FieldBlock`](crate::FieldBlock) made them), so only what is not in them is checked here.

use super::error::Misuse;
use crate::parser::{
    FieldLines, RequestHead, ResponseHead, Version, is_named, is_target_byte, is_token_byte, is_value_byte,
};

/// Fields that the connection adds to those of the caller, and the one that it leaves out.
#[derive(Clone, Copy, Default)]
pub(super) struct Added<'a> {
    pub(super) chunked: bool,
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    /// `Connection: upgrade`, without which an `Upgrade` is not one (RFC 9110 §7.8).
    pub(super) upgrade: bool,
    pub(super) length: Option<u64>,
    pub(super) date: Option<&'a DateLine>,
    /// `Keep-Alive: timeout=…`: how many seconds the connection may idle.
    pub(super) idle_seconds: Option<u32>,
    /// `Transfer-Encoding` is left out: HTTP/1.0 does not know it.
    pub(super) without_coding: bool,
}

/// `Date` as a whole field line: an IMF-fixdate always has 29 bytes (RFC 9110 §5.6.7).
pub type DateLine = [u8; 37];

/// `request-line = method SP request-target SP HTTP-version` (RFC 9112 §3), fields, an empty line.
pub(super) fn request(head: &RequestHead<'_>, added: Added<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
    let valid = !head.method.is_empty()
        && head.method.iter().all(|&byte| is_token_byte(byte))
        && !head.target.is_empty()
        && head.target.iter().all(|&byte| is_target_byte(byte));
    if !valid {
        return Err(Misuse::RequestLine);
    }
    let version = match head.version {
        Version::Http10 => b" HTTP/1.0\r\n",
        Version::Http11 => b" HTTP/1.1\r\n",
        Version::Http2 => return Err(Misuse::Version),
    };
    out.extend_from_slice(head.method);
    out.push(b' ');
    out.extend_from_slice(head.target);
    out.extend_from_slice(version);
    lines(&head.fields, out);
    if added.close {
        out.extend_from_slice(b"connection: close\r\n");
    }
    if added.upgrade {
        out.extend_from_slice(b"connection: upgrade\r\n");
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Whether [`response`] can write that status-line: a code that means something, and a reason without controls.
#[inline]
pub(super) fn check_status_line(head: &ResponseHead<'_>) -> Result<(), Misuse> {
    let valid = (100..=599).contains(&head.status) && head.reason.iter().all(|&byte| is_value_byte(byte));
    if valid { Ok(()) } else { Err(Misuse::StatusLine) }
}

/// `status-line = HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 §4), fields, an empty line. A server
/// answers with its own highest version, whatever the client's (RFC 9112 §2.3).
pub(super) fn response(head: &ResponseHead<'_>, added: Added<'_>, out: &mut Vec<u8>) {
    // The status-line and what is added, at most, in one step.
    out.reserve(head.fields.wire().map_or(0, <[u8]>::len) + 256);
    if head.status == 200 && head.reason.is_empty() {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    } else {
        let reason = if head.reason.is_empty() { reason(head.status).as_bytes() } else { head.reason };
        let digit = |place: u16| b'0' + (head.status / place % 10) as u8;
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(&[digit(100), digit(10), digit(1), b' ']);
        out.extend_from_slice(reason);
        out.extend_from_slice(b"\r\n");
    }
    if added.without_coding {
        each_line(head.fields.iter().filter(|(name, _)| !is_named(name, b"transfer-encoding")), out);
    } else {
        lines(&head.fields, out);
    }
    if let Some(date) = added.date {
        out.extend_from_slice(date);
    }
    if let Some(length) = added.length {
        length_line(length, out);
    }
    if added.chunked {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    if added.close {
        out.extend_from_slice(b"connection: close\r\n");
    }
    if added.keep_alive {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    if added.upgrade {
        out.extend_from_slice(b"connection: upgrade\r\n");
    }
    if let Some(seconds) = added.idle_seconds {
        out.extend_from_slice(b"keep-alive: timeout=");
        number(seconds.into(), out);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// `Content-Length`, put together where it costs one copy.
fn length_line(length: u64, out: &mut Vec<u8>) {
    const NAME: &[u8; 16] = b"content-length: ";
    const END: &[u8; 2] = b"\r\n";
    let mut line = [0; NAME.len() + MAX_DIGITS + END.len()];
    let end = line.len() - END.len();
    line[end..].copy_from_slice(END);
    let at = digits(length, &mut line[..end]) - NAME.len();
    line[at..at + NAME.len()].copy_from_slice(NAME);
    out.extend_from_slice(&line[at..]);
}

/// Digits of the largest number.
const MAX_DIGITS: usize = 20;

/// A number in decimal digits.
pub(crate) fn number(number: u64, out: &mut Vec<u8>) {
    let mut room = [0; MAX_DIGITS];
    let at = digits(number, &mut room);
    out.extend_from_slice(&room[at..]);
}

/// Writes the digits of a number to the end of `room`, which has room for them; says where they begin.
#[inline]
fn digits(number: u64, room: &mut [u8]) -> usize {
    let (mut at, mut rest) = (room.len(), number);
    loop {
        at -= 1;
        room[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return at;
        }
    }
}

#[inline]
fn lines(fields: &FieldLines<'_>, out: &mut Vec<u8>) {
    if let Some(wire) = fields.wire() {
        return out.extend_from_slice(wire);
    }
    each_line(fields.iter(), out);
}

fn each_line<'a>(lines: impl Iterator<Item = (&'a [u8], &'a [u8])>, out: &mut Vec<u8>) {
    for (name, value) in lines {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
}

/// `chunk = chunk-size CRLF chunk-data CRLF` (RFC 9112 §7.1). `data` is not empty.
pub(super) fn chunk(data: &[u8], out: &mut Vec<u8>) {
    hexadecimal(data.len(), out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

fn hexadecimal(number: usize, out: &mut Vec<u8>) {
    let digits = (usize::BITS - number.leading_zeros()).div_ceil(4).max(1);
    out.extend((0..digits).rev().map(|place| b"0123456789abcdef"[number >> (4 * place) & 15]));
}

/// Whether [`last_chunk`] can write these: fields that frame or route have no place in trailers (RFC 9110 §6.5.1).
#[inline]
pub(super) fn check_trailers(trailers: &FieldLines<'_>) -> Result<(), Misuse> {
    const REFUSED: [&[u8]; 6] =
        [b"transfer-encoding", b"content-length", b"host", b"trailer", b"connection", b"authorization"];
    let refused = trailers.iter().any(|(name, _)| REFUSED.iter().any(|refused| name.eq_ignore_ascii_case(refused)));
    if refused { Err(Misuse::Framing) } else { Ok(()) }
}

/// `last-chunk trailer-section CRLF` (RFC 9112 §7.1).
pub(super) fn last_chunk(trailers: &FieldLines<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n");
    lines(trailers, out);
    out.extend_from_slice(b"\r\n");
}

/// The reason phrase that RFC 9110 §15 gives a status code; empty for codes that it does not know.
pub const fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
