//! What a head means for what follows it: how long the body is, and whether the connection persists.
//!
//! This is where request smuggling is decided. Two programs that read one head and come to different lengths see
//! different requests behind it; so whatever can be read in two ways is refused here (RFC 9112 §6.3, §11.2).

use super::error::{Error, Misuse, Violation};
use super::target::{Port, Target, is_authority};
use crate::parser::{FieldLines, RequestHead, ResponseHead, Version, is_named, is_token_byte};

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
pub(super) struct Meaning {
    pub(super) framing: Framing,
    /// Whether the sender is willing to use the connection again (RFC 9112 §9.3).
    pub(super) persists: bool,
    /// `Connection: keep-alive` stands there, though HTTP/1.1 needs it not: the sender may care for how long.
    pub(super) keep_alive: bool,
    /// `Expect: 100-continue` in HTTP/1.1 (RFC 9110 §10.1.1).
    pub(super) expects_continue: bool,
    /// `Upgrade` together with `Connection: upgrade` (RFC 9110 §7.8).
    pub(super) upgrades: bool,
}

/// What one walk over the fields of a head collects: a peer's, or our own before they are sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    pub(super) length: Option<u64>,
    length_at: usize,
    coding: Option<Coding>,
    coding_at: usize,
    pub(super) hosts: u32,
    pub(super) date: bool,
    pub(super) close: bool,
    keep_alive: bool,
    pub(super) connection_upgrade: bool,
    pub(super) upgrade: bool,
    pub(super) expects_continue: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Coding {
    Chunked,
    Unknown,
}

/// The fields that say something about framing, persistence or routing.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Host,
    Date,
    Expect,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
}

/// Length and first letter of a name tell almost all fields apart from those that matter here.
#[inline(always)]
fn known(name: &[u8]) -> Option<Known> {
    match (name.len(), name.first().map_or(0, |first| first | 0x20)) {
        (4, b'h') if is_named(name, b"host") => Some(Known::Host),
        (4, b'd') if is_named(name, b"date") => Some(Known::Date),
        (6, b'e') if is_named(name, b"expect") => Some(Known::Expect),
        (7, b'u') if is_named(name, b"upgrade") => Some(Known::Upgrade),
        (10, b'c') if is_named(name, b"connection") => Some(Known::Connection),
        (14, b'c') if is_named(name, b"content-length") => Some(Known::ContentLength),
        (17, b't') if is_named(name, b"transfer-encoding") => Some(Known::TransferEncoding),
        _ => None,
    }
}

impl Noted {
    /// A field whose meaning does not depend on who sends it.
    #[inline(always)]
    fn note_common(&mut self, known: Known, value: &[u8]) {
        match known {
            Known::Date => self.date = true,
            Known::Expect => self.expects_continue |= value.eq_ignore_ascii_case(b"100-continue"),
            Known::Upgrade => self.upgrade |= !value.is_empty(),
            Known::Connection => {
                for option in members(value) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                    self.connection_upgrade |= option.eq_ignore_ascii_case(b"upgrade");
                }
            }
            Known::Host | Known::ContentLength | Known::TransferEncoding => {}
        }
    }

    /// Reads one field of our own, by stricter rules than for a peer's: one length, one coding, `chunked`.
    #[inline]
    pub(super) fn note_own(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        match known(name) {
            Some(Known::Host) => self.hosts += 1,
            Some(Known::ContentLength) => {
                let length = decimal(value).ok_or(Misuse::Framing)?;
                if self.length.replace(length).is_some() {
                    return Err(Misuse::Framing);
                }
            }
            Some(Known::TransferEncoding) => {
                if self.coding.is_some() || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Misuse::Framing);
                }
                self.coding = Some(Coding::Chunked);
            }
            Some(known) => self.note_common(known, value),
            None => {}
        }
        Ok(())
    }

    /// Reads the fields of a head that is to be sent.
    pub(super) fn own(fields: &FieldLines<'_>) -> Result<Self, Misuse> {
        let mut noted = Noted::default();
        fields.iter().try_for_each(|(name, value)| noted.note_own(name, value))?;
        Ok(noted)
    }

    /// `Transfer-Encoding: chunked` stands there.
    pub(super) fn chunked(&self) -> bool {
        self.coding == Some(Coding::Chunked)
    }

    /// Neither a length nor a coding stands there.
    pub(super) fn unframed(&self) -> bool {
        self.length.is_none() && self.coding.is_none()
    }
}

/// Judges a request head that lies in `input` (RFC 9112 §3.2, §6.3).
#[inline(always)]
pub(super) fn request(head: &RequestHead<'_>, input: &[u8]) -> Result<Meaning, Error> {
    let target = Target::parse(head.method, head.target);
    target.map_err(|violation| Error::new(violation, offset_in(input, head.target)))?;
    let noted = note(&head.fields, Kind::Request)?;
    if noted.hosts == 0 && head.version == Version::Http11 {
        return Err(Error::new(Violation::HostMissing, head.len()));
    }
    // ANCHOR: request_framing
    let framing = match (noted.coding, noted.length) {
        (None, None | Some(0)) => Framing::Empty,
        (None, Some(length)) => Framing::Length(length),
        (Some(coding), _) => {
            check_coding(&noted, head.version)?;
            match coding {
                Coding::Chunked => Framing::Chunked,
                Coding::Unknown => return Err(Error::new(Violation::CodingUnknown, noted.coding_at)),
            }
        }
    };
    // ANCHOR_END: request_framing
    Ok(meaning(&noted, head.version, framing))
}

/// Judges a response head; `to_head` and `to_connect` tell the method that it answers (RFC 9112 §6.3 items 1 and 2).
pub(super) fn response(head: &ResponseHead<'_>, to_head: bool, to_connect: bool) -> Result<Meaning, Error> {
    if to_connect && (200..300).contains(&head.status) {
        // A tunnel begins, whatever the framing fields say (RFC 9110 §9.3.6).
        return Ok(meaning(&Noted::default(), head.version, Framing::Empty));
    }
    let noted = note(&head.fields, Kind::Response)?;
    check_coding(&noted, head.version)?;
    let framing = if to_head || matches!(head.status, 100..=199 | 204 | 304) {
        Framing::Empty
    } else {
        match (noted.coding, noted.length) {
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
        keep_alive: noted.keep_alive,
        persists: !noted.close && framing != Framing::UntilClose && (version == Version::Http11 || noted.keep_alive),
        expects_continue: noted.expects_continue && version == Version::Http11,
        upgrades: noted.upgrade && noted.connection_upgrade && version == Version::Http11,
    }
}

/// RFC 9112 §6.1: a coding never stands beside a length, and never in HTTP/1.0.
fn check_coding(noted: &Noted, version: Version) -> Result<(), Error> {
    match noted.coding {
        Some(_) if noted.length.is_some() => {
            Err(Error::new(Violation::LengthAndCoding, noted.coding_at.max(noted.length_at)))
        }
        Some(_) if version == Version::Http10 => Err(Error::new(Violation::CodingInHttp10, noted.coding_at)),
        _ => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Request,
    Response,
}

/// One walk over a peer's fields.
#[inline(always)]
fn note(fields: &FieldLines<'_>, kind: Kind) -> Result<Noted, Error> {
    let mut noted = Noted::default();
    for (index, (name, value)) in fields.iter().enumerate() {
        let at = || usize::from(fields.spans()[index].value_start);
        match known(name) {
            Some(Known::Host) if kind == Kind::Request => {
                if noted.hosts > 0 {
                    return Err(Error::new(Violation::HostRepeated, at()));
                }
                if !is_authority(value, Port::Optional) {
                    return Err(Error::new(Violation::HostInvalid, at()));
                }
                noted.hosts = 1;
            }
            Some(Known::ContentLength) => {
                noted.length_at = at();
                noted.length = Some(content_length(value, noted.length).map_err(|v| Error::new(v, at()))?);
            }
            Some(Known::TransferEncoding) => {
                noted.coding_at = at();
                noted.coding = Some(transfer_coding(value, noted.coding).map_err(|v| Error::new(v, at()))?);
            }
            Some(known) => noted.note_common(known, value),
            None => {}
        }
    }
    Ok(noted)
}

/// The protocols of all `Upgrade` fields (RFC 9110 §7.8), as one list.
pub(super) fn protocols(fields: FieldLines<'_>) -> Box<[u8]> {
    fields.get_all("upgrade").collect::<Vec<_>>().join(&b","[..]).into_boxed_slice()
}

/// Whether an answer switches to nothing but protocols that the request has named (RFC 9110 §15.2.2). Names are compared
/// as if case did not matter (§7.8).
pub(super) fn switches_to_asked(answer: &FieldLines<'_>, asked: &[u8]) -> bool {
    let answered = protocols(*answer);
    let mut named = members(&answered).filter(|protocol| !protocol.is_empty()).peekable();
    let is_asked = |protocol: &[u8]| members(asked).any(|other| other.eq_ignore_ascii_case(protocol));
    named.peek().is_some() && named.all(is_asked)
}

/// The members of a comma-separated list, without the white space around them; empty ones too.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(|member| member.trim_ascii())
}

/// `Content-Length = 1*DIGIT` (RFC 9110 §8.6), where fields of that name before it said `before`. A repeated or listed value
/// is taken only if each is the same (RFC 9112 §6.3 item 5).
///
/// # Errors
///
/// [`Violation::ContentLength`], and [`Violation::ContentLengthTooLarge`] above 2^63 - 1.
pub fn content_length(value: &[u8], before: Option<u64>) -> Result<u64, Violation> {
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
fn decimal(digits: &[u8]) -> Option<u64> {
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
