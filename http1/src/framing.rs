//! What a head means for what follows it: how long the body is, and whether the connection persists.
//!
//! This is where request smuggling is decided. Two programs that read one head and come to different lengths see
//! different requests behind it; so whatever can be read in two ways is refused here (RFC 9112 §6.3, §11.2).

use crate::error::{Error, Violation};
use crate::fields::is_named;
use crate::parser::{FieldLines, RequestHead, ResponseHead, Version, is_token_byte};
use crate::target::{Port, Target, is_authority};

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    Empty,
    /// That many bytes follow.
    Length(u64),
    /// Chunks follow (RFC 9112 §7.1).
    Chunked,
    /// All bytes until the connection ends: responses alone.
    UntilClose,
}

/// What [`request`] and [`response`] read out of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) framing: Framing,
    /// Whether the sender is willing to use the connection again (RFC 9112 §9.3).
    pub(crate) persists: bool,
    /// `Expect: 100-continue` in HTTP/1.1 (RFC 9110 §10.1.1).
    pub(crate) expects_continue: bool,
    /// `Upgrade` together with `Connection: upgrade` (RFC 9110 §7.8).
    pub(crate) upgrades: bool,
}

/// What one walk over the fields of a head collects.
#[derive(Default)]
struct Noted {
    length: Option<u64>,
    length_at: usize,
    coding: Option<Coding>,
    coding_at: usize,
    host: bool,
    close: bool,
    keep_alive: bool,
    connection_upgrade: bool,
    upgrade: bool,
    expects_continue: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Coding {
    Chunked,
    Unknown,
}

/// Judges a request head that lies in `input` (RFC 9112 §3.2, §6.3).
#[inline(always)]
pub(crate) fn request(head: &RequestHead<'_>, input: &[u8]) -> Result<Meaning, Error> {
    let target = Target::parse(head.method, head.target);
    target.map_err(|violation| Error::new(violation, offset_in(input, head.target)))?;
    let noted = note(&head.fields, Kind::Request)?;
    if !noted.host && head.version == Version::Http11 {
        return Err(Error::new(Violation::HostMissing, head.len()));
    }
    // ANCHOR: request_framing
    let framing = match framing_of(&noted, head.version)? {
        Some(Coding::Chunked) => Framing::Chunked,
        Some(Coding::Unknown) => return Err(Error::new(Violation::CodingUnknown, noted.coding_at)),
        None => match noted.length {
            None | Some(0) => Framing::Empty,
            Some(length) => Framing::Length(length),
        },
    };
    // ANCHOR_END: request_framing
    Ok(meaning(&noted, head.version, framing))
}

/// Judges a response head; `to_head` and `to_connect` tell the method that it answers (RFC 9112 §6.3 items 1 and 2).
pub(crate) fn response(head: &ResponseHead<'_>, to_head: bool, to_connect: bool) -> Result<Meaning, Error> {
    if to_connect && (200..300).contains(&head.status) {
        // A tunnel begins, whatever the framing fields say (RFC 9110 §9.3.6).
        return Ok(meaning(&Noted::default(), head.version, Framing::Empty));
    }
    let noted = note(&head.fields, Kind::Response)?;
    let coding = framing_of(&noted, head.version)?;
    let framing = if to_head || matches!(head.status, 100..=199 | 204 | 304) {
        Framing::Empty
    } else {
        match (coding, noted.length) {
            (Some(Coding::Chunked), _) => Framing::Chunked,
            (Some(Coding::Unknown), _) => return Err(Error::new(Violation::CodingUnknown, noted.coding_at)),
            (None, Some(0)) => Framing::Empty,
            (None, Some(length)) => Framing::Length(length),
            (None, None) => Framing::UntilClose,
        }
    };
    Ok(meaning(&noted, head.version, framing))
}

/// Where `part`, a piece of `input`, begins in it.
fn offset_in(input: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - input.as_ptr().addr()
}

fn meaning(noted: &Noted, version: Version, framing: Framing) -> Meaning {
    Meaning {
        framing,
        persists: !noted.close && framing != Framing::UntilClose && (version == Version::Http11 || noted.keep_alive),
        expects_continue: noted.expects_continue && version == Version::Http11,
        upgrades: noted.upgrade && noted.connection_upgrade && version == Version::Http11,
    }
}

/// RFC 9112 §6.1: a coding never stands beside a length, and never in HTTP/1.0.
fn framing_of(noted: &Noted, version: Version) -> Result<Option<Coding>, Error> {
    match noted.coding {
        None => Ok(None),
        Some(_) if noted.length.is_some() => {
            Err(Error::new(Violation::LengthAndCoding, noted.coding_at.max(noted.length_at)))
        }
        Some(_) if version == Version::Http10 => Err(Error::new(Violation::CodingInHttp10, noted.coding_at)),
        some => Ok(some),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Request,
    Response,
}

/// One walk over the fields. Length and first letter of a name tell almost all fields apart from those that matter here.
#[inline(always)]
fn note(fields: &FieldLines<'_>, kind: Kind) -> Result<Noted, Error> {
    let mut noted = Noted::default();
    for (index, (name, value)) in fields.iter().enumerate() {
        let at = || usize::from(fields.spans()[index].value_start);
        match (name.len(), name.first().map_or(0, |first| first | 0x20)) {
            (4, b'h') if kind == Kind::Request && is_named(name, b"host") => {
                if noted.host {
                    return Err(Error::new(Violation::HostRepeated, at()));
                }
                if !is_authority(value, Port::Optional) {
                    return Err(Error::new(Violation::HostInvalid, at()));
                }
                noted.host = true;
            }
            (6, b'e') if is_named(name, b"expect") => {
                noted.expects_continue |= value.eq_ignore_ascii_case(b"100-continue")
            }
            (7, b'u') if is_named(name, b"upgrade") => noted.upgrade |= !value.is_empty(),
            (10, b'c') if is_named(name, b"connection") => {
                for option in members(value) {
                    noted.close |= option.eq_ignore_ascii_case(b"close");
                    noted.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                    noted.connection_upgrade |= option.eq_ignore_ascii_case(b"upgrade");
                }
            }
            (14, b'c') if is_named(name, b"content-length") => {
                noted.length_at = at();
                noted.length = Some(content_length(value, noted.length).map_err(|v| Error::new(v, at()))?);
            }
            (17, b't') if is_named(name, b"transfer-encoding") => {
                noted.coding_at = at();
                noted.coding = Some(transfer_coding(value, noted.coding).map_err(|v| Error::new(v, at()))?);
            }
            _ => {}
        }
    }
    Ok(noted)
}

/// The members of a comma-separated list, without the white space around them; empty ones too.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(|member| member.trim_ascii())
}

/// `Content-Length = 1*DIGIT` (RFC 9110 §8.6). A repeated or listed value is taken only if each is the same
/// (RFC 9112 §6.3 item 5).
fn content_length(value: &[u8], before: Option<u64>) -> Result<u64, Violation> {
    let mut agreed = before;
    for member in members(value) {
        let length = decimal(member).ok_or(Violation::ContentLength)?;
        if agreed.is_some_and(|agreed| agreed != length) {
            return Err(Violation::ContentLength);
        }
        if length > i64::MAX as u64 {
            return Err(Violation::ContentLengthTooLarge);
        }
        agreed = Some(length);
    }
    agreed.ok_or(Violation::ContentLength)
}

/// `1*DIGIT` that fits; no sign, no space.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    let number = |sum: Option<u64>, byte: &u8| match byte {
        b'0'..=b'9' => sum?.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    };
    if digits.is_empty() { None } else { digits.iter().fold(Some(0), number) }
}

// ANCHOR: transfer_coding
/// `Transfer-Encoding = #transfer-coding` (RFC 9112 §6.1): `chunked` must be the last and stand once. An empty member
/// is refused, and so is whatever is not a token: a peer may read it as `chunked`.
fn transfer_coding(value: &[u8], before: Option<Coding>) -> Result<Coding, Violation> {
    let mut last = before;
    for member in members(value) {
        let name = member.split(|&byte| byte == b';').next().unwrap_or(member).trim_ascii_end();
        if last == Some(Coding::Chunked) || name.is_empty() || !name.iter().all(|&byte| is_token_byte(byte)) {
            return Err(Violation::CodingInvalid);
        }
        last = Some(match last {
            None if member.eq_ignore_ascii_case(b"chunked") => Coding::Chunked,
            _ => Coding::Unknown,
        });
    }
    last.ok_or(Violation::CodingInvalid)
}
// ANCHOR_END: transfer_coding
