//! A head as the fields of a block: RFC 9113 §8.2 and §8.3, the other way.
//!
//! What a handler says is checked first and written then, so that a misuse leaves no half of a block, which would leave the
//! tables of the two ends different for ever.

use super::misuse::Misuse;
use super::read::{Noted, check_scheme, is_connections};
use wirebook_hpack::{Encoder, Indexing, Writer};
use wirebook_http1::connection::content_length;
use wirebook_http1::parser::{FieldLines, RequestHead, ResponseHead, is_target_byte, is_token_byte};
use wirebook_http1::target::{Target, is_host};

/// A block that may be sent.
#[derive(Clone, Copy)]
pub(crate) enum Outgoing<'a> {
    Request { head: RequestHead<'a>, scheme: &'a [u8], protocol: Option<&'a [u8]>, authority: &'a [u8] },
    Response(ResponseHead<'a>),
    Trailers(FieldLines<'a>),
}

/// Room for a name in lower case.
pub(crate) type Scratch = Vec<u8>;

impl<'a> Outgoing<'a> {
    /// A request, and what it says of itself.
    pub(crate) fn request(
        head: RequestHead<'a>,
        scheme: &'a [u8],
        protocol: Option<&'a [u8]>,
    ) -> Result<(Self, Noted), Misuse> {
        let is_token = !head.method.is_empty() && head.method.iter().all(|&byte| is_token_byte(byte));
        let connect = head.method == b"CONNECT";
        let target = match protocol {
            None => Target::parse(head.method, head.target).map_err(|_| Misuse::Head)?,
            Some(_) if connect && head.target.starts_with(b"/") => Target::Origin(head.target),
            Some(_) => return Err(Misuse::Head),
        };
        let mut hosts = head.fields.get_all("host");
        let authority = match (target, hosts.next(), hosts.next()) {
            (Target::Authority(authority), ..) => authority,
            (Target::Origin(_) | Target::Asterisk, Some(host), None) if !host.is_empty() && is_host(host) => host,
            // An absolute form is for proxies of HTTP/1; here the scheme and the host have their own places.
            _ => return Err(Misuse::Head),
        };
        let is_target = head.target.iter().all(|&byte| is_target_byte(byte));
        let plain = matches!(target, Target::Authority(_));
        if !is_token || !is_target || !plain && check_scheme(scheme).is_err() {
            return Err(Misuse::Head);
        }
        let noted = Noted { length: length(&head.fields)?, head: head.method == b"HEAD", connect };
        Ok((Outgoing::Request { head, scheme, protocol, authority }, noted))
    }

    /// A response, and what it says of itself.
    pub(crate) fn response(head: ResponseHead<'a>) -> Result<(Self, Noted), Misuse> {
        if !(100..=599).contains(&head.status) || head.status == 101 {
            return Err(Misuse::Head);
        }
        let noted = Noted { length: length(&head.fields)?, ..Noted::default() };
        Ok((Outgoing::Response(head), noted))
    }

    /// Appends the block.
    pub(crate) fn write(&self, encoder: &mut Encoder, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let mut block = encoder.block(out);
        let mut pseudo = |name: &[u8], value: &[u8]| block.field(name, value, Indexing::Allowed);
        match self {
            Outgoing::Request { head, scheme, protocol, authority } => {
                pseudo(b":method", head.method);
                if head.method != b"CONNECT" || protocol.is_some() {
                    pseudo(b":scheme", scheme);
                    pseudo(b":path", head.target);
                }
                pseudo(b":authority", authority);
                if let Some(protocol) = protocol {
                    pseudo(b":protocol", protocol);
                }
                lines(&mut block, head.fields, scratch);
            }
            Outgoing::Response(head) => {
                let digit = |power: u16| b'0' + (head.status / power % 10) as u8;
                pseudo(b":status", &[digit(100), digit(10), digit(1)]);
                lines(&mut block, head.fields, scratch);
            }
            Outgoing::Trailers(fields) => lines(&mut block, *fields, scratch),
        }
    }
}

/// The fields in lower case, without those that speak of a connection of HTTP/1, so that a handler need not know which
/// protocol carries it (§8.2.2). `host` is `:authority` here.
fn lines(block: &mut Writer<'_>, fields: FieldLines<'_>, scratch: &mut Scratch) {
    for (name, value) in fields {
        scratch.clear();
        let name = if name.iter().any(u8::is_ascii_uppercase) {
            scratch.extend(name.iter().map(u8::to_ascii_lowercase));
            scratch.as_slice()
        } else {
            name
        };
        let trailers = name != b"te" || value.eq_ignore_ascii_case(b"trailers");
        if !is_connections(name) && name != b"host" && trailers {
            block.field(name, value, Indexing::Allowed);
        }
    }
}

/// `content-length`, once.
fn length(fields: &FieldLines<'_>) -> Result<Option<u64>, Misuse> {
    let mut said = None;
    for value in fields.get_all("content-length") {
        let length = content_length(value, None).map_err(|_| Misuse::ContentLength)?;
        if said.replace(length).is_some() {
            return Err(Misuse::ContentLength);
        }
    }
    Ok(said)
}
