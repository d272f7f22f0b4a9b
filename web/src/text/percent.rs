//! Percent-encoding (RFC 3986 §2.1), both ways: `pct-encoded = "%" HEXDIG HEXDIG`.

use std::borrow::Cow;

/// The octet that two hexadecimal digits mean.
pub(crate) fn octet(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| (*digits.get(at)? as char).to_digit(16);
    Some((digit(0)? << 4 | digit(1)?) as u8)
}

/// Decodes every escape, and leaves a `%` that begins none as it is (the URL standard's "percent-decode").
pub(crate) fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'%', text) else { return Cow::Borrowed(text) };
    let mut out = text[..first].to_vec();
    let mut at = first;
    while let Some(&byte) = text.get(at) {
        match octet(&text[at + 1..]) {
            Some(decoded) if byte == b'%' => {
                out.push(decoded);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

/// Decodes what must be well-formed: `None` where a `%` begins no escape, or where the octets are not UTF-8.
pub(crate) fn decode_strictly(text: &[u8]) -> Option<String> {
    let mut marks = memchr::memchr_iter(b'%', text);
    if !marks.all(|at| octet(&text[at + 1..]).is_some()) {
        return None;
    }
    String::from_utf8(decode(text).into_owned()).ok()
}

/// Writes every octet that `plain` does not name as an escape.
pub(crate) fn encode(text: &[u8], plain: impl Fn(u8) -> bool, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if byte.is_ascii() && plain(byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)] as char);
            out.push(DIGITS[usize::from(byte & 15)] as char);
        }
    }
}

/// `unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"` (RFC 3986 §2.3).
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `pchar` without `pct-encoded` (RFC 3986 §3.3): what stands in a segment of a path as it is.
pub(crate) fn is_pchar(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte)
}

/// `attr-char` (RFC 8187 §3.2.1).
pub(crate) fn is_attr_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte)
}
