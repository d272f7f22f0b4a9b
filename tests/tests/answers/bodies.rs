//! The naive reader of "Bodies and framing", and the answers.

use std::io::{self, Read};
use wirebook_http1::connection::{Connection, Event};
use wirebook_http1::parser::Fields;

/// How the body of a request ends.
#[derive(Debug, PartialEq)]
pub(crate) enum Body {
    Empty,
    Length(usize),
    Chunked,
}

// ANCHOR: naive
pub(crate) fn body(fields: &[(&str, &str)]) -> Body {
    let value = |name: &str| {
        let field = fields.iter().find(|field| field.0.eq_ignore_ascii_case(name));
        field.map(|field| field.1)
    };
    if let Some(length) = value("content-length") {
        return Body::Length(length.parse().unwrap_or(0));
    }
    match value("transfer-encoding") {
        Some(coding) if coding.contains("chunked") => Body::Chunked,
        _ => Body::Empty,
    }
}
// ANCHOR_END: naive

/// Whether our server takes a request with these fields for a whole head.
fn is_taken(fields: &str) -> bool {
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    let (mut connection, mut room) = (Connection::server(), Fields::new());
    matches!(connection.receive(head.as_bytes(), &mut room), Ok((_, Some(Event::Request(_)))))
}

#[test]
fn the_naive_reader_has_an_answer_to_everything() {
    let both = [("Content-Length", "6"), ("Transfer-Encoding", "chunked")];
    assert_eq!(body(&both), Body::Length(6), "somebody else goes by the chunks");
    assert_eq!(body(&[("Content-Length", "5"), ("Content-Length", "6")]), Body::Length(5));
    assert_eq!(body(&[("Content-Length", "+5")]), Body::Length(5), "so reads Rust's own parser");
    assert_eq!(body(&[("Transfer-Encoding", "xchunked")]), Body::Chunked);
    assert_eq!(body(&[]), Body::Empty);
    for refused in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ] {
        assert!(!is_taken(refused), "{refused:?}");
    }
}

// ANCHOR: two_lengths
#[test]
fn two_lengths_are_one_if_the_numbers_are_the_same() {
    assert!(is_taken("Content-Length: 5\r\n"));
    assert!(is_taken("Content-Length: 5\r\nContent-Length: 05\r\n"));
    assert!(is_taken("Content-Length: 5, 5\r\n"));
    assert!(!is_taken("Content-Length: 5\r\nContent-Length: 6\r\n"));
    assert!(!is_taken("Content-Length: 5, 6\r\n"));
}
// ANCHOR_END: two_lengths

// ANCHOR: chunks
/// The body that these bytes hold in chunks and how many bytes that took; `None` while some are missing. No extensions and no
/// trailers.
pub(crate) fn unchunked(input: &[u8]) -> Result<Option<(Vec<u8>, usize)>, &'static str> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = input[at..].windows(2).position(|two| two == b"\r\n") else {
            // Sixteen digits fit a u64. More would only be zeros, or too much.
            return if input.len() - at > 17 { Err("a size without end") } else { Ok(None) };
        };
        let digits = str::from_utf8(&input[at..at + line]).map_err(|_| "a size is ASCII")?;
        if !(1..=16).contains(&line) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("a size is 1 to 16 hexadecimal digits");
        }
        let size = usize::from_str_radix(digits, 16).map_err(|_| "a size fits")?;
        at += line + 2;
        let Some(end) = at.checked_add(size).and_then(|end| end.checked_add(2)) else {
            return Err("nobody has so much memory");
        };
        let Some(chunk) = input.get(at..end) else { return Ok(None) };
        let Some(data) = chunk.strip_suffix(b"\r\n") else { return Err("a chunk ends in CR LF") };
        body.extend_from_slice(data);
        at = end;
        if size == 0 {
            return Ok(Some((body, at)));
        }
    }
}
// ANCHOR_END: chunks

#[test]
fn chunks_come_together_at_every_cut() {
    let input = b"3\r\ntea\r\n0A\r\n0123456789\r\n0\r\n\r\nGET /";
    let end = input.len() - 5;
    for cut in 0..end {
        assert_eq!(unchunked(&input[..cut]), Ok(None), "cut at {cut}");
    }
    assert_eq!(unchunked(input), Ok(Some((b"tea0123456789".to_vec(), end))));
    for wrong in ["+3\r\ntea\r\n", "3 \r\ntea\r\n", "\r\n", "3\r\nteapot\r\n", "fffffffffffffffff\r\n", "1\r\ntXY"] {
        assert!(unchunked(wrong.as_bytes()).is_err(), "{wrong:?}");
    }
    assert!(unchunked(b"ffffffffffffffff\r\n").is_err(), "and no overflow");
    assert!(unchunked(&[b'0'; 40]).is_err());
}

// ANCHOR: inflate
/// What a body that was compressed with gzip decodes to, if that is no more than `max_bytes`.
fn inflated(body: &[u8], max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    // One byte more than is allowed tells "just enough" from "too much".
    let read = flate2::read::GzDecoder::new(body).take(max_bytes + 1).read_to_end(&mut out)?;
    if read as u64 > max_bytes {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the body is too large"));
    }
    Ok(out)
}
// ANCHOR_END: inflate

#[test]
fn a_bomb_is_stopped_at_its_limit() -> io::Result<()> {
    use io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 2 << 20])?;
    let bomb = encoder.finish()?;
    assert!(bomb.len() < 3 << 10, "a kilobyte for each megabyte: {}", bomb.len());
    assert!(inflated(&bomb, 1 << 20).is_err());
    assert_eq!(inflated(&bomb, 2 << 20)?.len(), 2 << 20);
    assert!(inflated(&bomb[..100], 2 << 20).is_err(), "what is cut short is no body");
    Ok(())
}
