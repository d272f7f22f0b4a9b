//! A decoded block as a head: RFC 9113 §8.2 and §8.3.
//!
//! HPACK has noted which kinds of bytes a string holds, so most of the rules are a look at two sets and no second walk.

use super::fields::{Fields, Place, Pseudo};
use crate::wire::Violation;
use wirebook_hpack::{Class, Field};
use wirebook_http1::connection::content_length;
use wirebook_http1::parser::{is_target_byte, is_token_byte};
use wirebook_http1::target::is_host;

/// What the connection needs of a head.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noted {
    /// `content-length`.
    pub(crate) length: Option<u64>,
    /// HEAD: its answer has no content.
    pub(crate) head: bool,
    /// CONNECT: a tunnel.
    pub(crate) connect: bool,
}

/// Kinds of bytes that no name has.
const NOT_IN_NAMES: Class = Class::BREAK
    .or(Class::CONTROL)
    .or(Class::BLANK)
    .or(Class::UPPER)
    .or(Class::COLON)
    .or(Class::DELIMITER)
    .or(Class::HIGH);

/// Kinds of bytes that no value has, but for the tab.
const NOT_IN_VALUES: Class = Class::BREAK.or(Class::CONTROL);

impl Fields {
    /// Reads the decoded block as a request; `extended` tells whether our SETTINGS allow extended CONNECT.
    pub(crate) fn read_request(&mut self, extended: bool) -> Result<Noted, Violation> {
        let mut noted = self.read(|pseudo| pseudo != Pseudo::Status)?;
        let method = self.of(Pseudo::Method).ok_or(Violation::PseudoMissing)?;
        if method.is_empty() || !method.iter().all(|&byte| is_token_byte(byte)) {
            return Err(Violation::Method);
        }
        (noted.head, noted.connect) = (method == b"HEAD", method == b"CONNECT");
        let (is_options, protocol) = (method == b"OPTIONS", self.of(Pseudo::Protocol).is_some());
        if protocol && !(extended && noted.connect) {
            return Err(Violation::Protocol);
        }
        let (scheme, path) = (self.of(Pseudo::Scheme), self.of(Pseudo::Path));
        // ANCHOR: target
        if noted.connect && !protocol {
            if scheme.is_some() || path.is_some() {
                return Err(Violation::Connect);
            }
            let authority = self.of(Pseudo::Authority).ok_or(Violation::PseudoMissing)?;
            // §8.5: as in HTTP/1.1, with a port.
            if wirebook_http1::target::Target::parse(b"CONNECT", authority).is_err() {
                return Err(Violation::Authority);
            }
        } else {
            let (scheme, path) = scheme.zip(path).ok_or(Violation::PseudoMissing)?;
            check_scheme(scheme)?;
            let is_path = path.first() == Some(&b'/') || path == b"*" && is_options;
            if !is_path || !path.iter().all(|&byte| is_target_byte(byte)) {
                return Err(Violation::Path);
            }
        }
        // ANCHOR_END: target
        self.check_host()?;
        self.drop_second_host();
        Ok(noted)
    }

    /// Reads the decoded block as a response; its status is in the room.
    pub(crate) fn read_response(&mut self) -> Result<Noted, Violation> {
        let noted = self.read(|pseudo| pseudo == Pseudo::Status)?;
        let status = self.of(Pseudo::Status).ok_or(Violation::PseudoMissing)?;
        self.status = match status {
            // RFC 9113 §8.6: 101 does not exist here.
            [b'1', b'0', b'1'] => return Err(Violation::Status),
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                [a, b, c].iter().fold(0, |sum, digit| sum * 10 + u16::from(**digit - b'0'))
            }
            _ => return Err(Violation::Status),
        };
        Ok(noted)
    }

    /// Reads the decoded block as trailers, which have no pseudo-fields (§8.1).
    pub(crate) fn read_trailers(&mut self) -> Result<(), Violation> {
        self.read(|_| false).map(drop)
    }

    /// The status of the response that was read.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Copies the fields, and checks what concerns each alone.
    fn read(&mut self, allowed: impl Fn(Pseudo) -> bool) -> Result<Noted, Violation> {
        self.clear();
        let (mut noted, mut crumbs) = (Noted::default(), false);
        // A host that is made of `:authority` is the first field (RFC 9113 §8.3.1).
        let block = std::mem::take(&mut self.block);
        let result = block.fields().try_for_each(|field| {
            check_value(&field)?;
            if field.name.first() == Some(&b':') {
                let pseudo = Pseudo::named(field.name).filter(|pseudo| allowed(*pseudo));
                let pseudo = pseudo.ok_or(Violation::PseudoUnknown)?;
                if !self.spans.is_empty() {
                    return Err(Violation::PseudoLate);
                }
                let place = self.keep(field.value);
                match self.pseudo[pseudo as usize].replace(place) {
                    Some(_) => return Err(Violation::PseudoRepeated),
                    None => return Ok(()),
                }
            }
            check_name(&field)?;
            if self.spans.is_empty()
                && let Some(authority) = self.pseudo[Pseudo::Authority as usize]
            {
                self.push_host(authority);
            }
            if field.name == b"content-length" {
                noted.length = Some(content_length(field.value, noted.length).map_err(|_| Violation::ContentLength)?);
            }
            let name = match field.name {
                b"cookie" if std::mem::replace(&mut crumbs, true) => return Ok(()),
                name => self.keep(name),
            };
            let value =
                if field.name == b"cookie" { self.keep_cookies(block.fields()) } else { self.keep(field.value) };
            self.push(name, value);
            Ok(())
        });
        self.block = block;
        if self.spans.is_empty()
            && let Some(authority) = self.pseudo[Pseudo::Authority as usize]
        {
            self.push_host(authority);
        }
        result.map(|()| noted)
    }

    fn push_host(&mut self, authority: Place) {
        let name = self.keep(b"host");
        self.push(name, authority);
    }

    /// §8.2.3: what was cut for the sake of compression is one field again.
    // ANCHOR: cookies
    fn keep_cookies<'f>(&mut self, fields: impl Iterator<Item = Field<'f>>) -> Place {
        let start = self.text.len() as u16;
        for (at, cookie) in fields.filter(|field| field.name == b"cookie").enumerate() {
            if at > 0 {
                self.keep(b"; ");
            }
            self.keep(cookie.value);
        }
        (start, self.text.len() as u16)
    }
    // ANCHOR_END: cookies

    /// §8.3.1: `:authority` and `host` say the same, and who is asked by `http` or `https` has a name.
    fn check_host(&self) -> Result<(), Violation> {
        let authority = self.of(Pseudo::Authority);
        let mut hosts = self.lines().get_all("host");
        let host = hosts.next();
        // The first was made of `:authority`, if there is one.
        let others = hosts.all(|other| authority.is_some_and(|authority| authority.eq_ignore_ascii_case(other)));
        if !others || self.lines().get_all("host").count() > 1 + usize::from(authority.is_some()) {
            return Err(Violation::HostMismatch);
        }
        let mandatory = matches!(self.of(Pseudo::Scheme), Some(b"http" | b"https"));
        match host {
            Some(b"") | None if mandatory => Err(Violation::Authority),
            Some(host) if !is_host(host) => Err(Violation::Authority),
            _ => Ok(()),
        }
    }

    /// `host` beside `:authority` says nothing more.
    fn drop_second_host(&mut self) {
        if self.pseudo[Pseudo::Authority as usize].is_some() {
            let (text, mut seen) = (&self.text, false);
            self.spans.retain(|span| {
                let name = &text[usize::from(span.name_start)..usize::from(span.name_end)];
                name != b"host" || !std::mem::replace(&mut seen, true)
            });
        }
    }
}

/// `scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )` (RFC 3986 §3.1)
pub(super) fn check_scheme(scheme: &[u8]) -> Result<(), Violation> {
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if is_scheme { Ok(()) } else { Err(Violation::Scheme) }
}

// ANCHOR: check
/// §8.2.1, and the connection's own fields of §8.2.2.
fn check_name(field: &Field<'_>) -> Result<(), Violation> {
    if field.name.is_empty() || field.name_class.any(NOT_IN_NAMES) {
        return Err(Violation::FieldName);
    }
    match field.name {
        b"te" if !field.value.eq_ignore_ascii_case(b"trailers") => Err(Violation::ConnectionField),
        name if is_connections(name) => Err(Violation::ConnectionField),
        _ => Ok(()),
    }
}

fn check_value(field: &Field<'_>) -> Result<(), Violation> {
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let around = field.value_class.any(Class::BLANK) && (blank(field.value.first()) || blank(field.value.last()));
    if around || field.value_class.any(NOT_IN_VALUES) { Err(Violation::FieldValue) } else { Ok(()) }
}
// ANCHOR_END: check

/// The fields that speak of one connection of HTTP/1 (§8.2.2).
pub(super) fn is_connections(name: &[u8]) -> bool {
    matches!(name, b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade")
}
