//! A request's head, before it is known what body it will have.

use super::desk::{self, Desk};
use super::error::Error;
use super::{Options, without_zone};
use crate::{FieldBlock, encode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A request's head in a desk.
pub(super) struct Prepared {
    pub(super) desk: Box<Desk>,
    /// Its fields say how long the body is.
    pub(super) framed: bool,
    /// It asks for another protocol, by Upgrade or CONNECT: `Connection: close` would contradict that.
    pub(super) switches: bool,
}

impl Prepared {
    /// Checks the fields and lays them out; `Host` comes first (RFC 9110 §7.2).
    pub(super) fn new(options: &Options<'_>) -> Result<Prepared, Error> {
        let mut prepared = Prepared { desk: desk::lend(), framed: false, switches: options.method == "CONNECT" };
        let desk = &mut *prepared.desk;
        let names = options.headers.iter().map(|header| header.0.as_bytes());
        let more = options.fields.map(FieldBlock::lines).unwrap_or_default();
        let (mut host, mut auth) = (false, false);
        for name in names.chain(more.iter().map(|(name, _)| name)) {
            match name.len() {
                4 => host |= name.eq_ignore_ascii_case(b"host"),
                7 => prepared.switches |= name.eq_ignore_ascii_case(b"upgrade"),
                13 => auth |= name.eq_ignore_ascii_case(b"authorization"),
                14 => prepared.framed |= name.eq_ignore_ascii_case(b"content-length"),
                17 => prepared.framed |= name.eq_ignore_ascii_case(b"transfer-encoding"),
                _ => {}
            }
        }
        if !host {
            // Host and port are put together where the request line will be.
            push_authority(options, &mut desk.line);
            desk.lines.push("host", &desk.line)?;
            desk.line.clear();
        }
        if let Some(user) = options.auth.filter(|_| !auth) {
            desk.lines.push("authorization", format!("Basic {}", STANDARD.encode(user)))?;
        }
        for (name, value) in options.headers {
            desk.lines.push(name, value)?;
        }
        for (name, value) in more.iter() {
            desk.lines.push(name, value)?;
        }
        desk.line.extend_from_slice(options.method.as_bytes());
        desk.method = desk.line.len();
        desk.line.extend_from_slice(options.path.as_bytes());
        Ok(prepared)
    }
}

/// `host [":" port]`, without a port that the scheme implies.
fn push_authority(options: &Options<'_>, out: &mut Vec<u8>) {
    let host = options.bare_host();
    if host.contains(':') {
        out.push(b'[');
        // RFC 6874 §4: a zone means nothing to another machine.
        out.extend_from_slice(without_zone(host).0.as_bytes());
        out.push(b']');
    } else {
        out.extend_from_slice(host.as_bytes());
    }
    if options.port != if options.secure { 443 } else { 80 } {
        out.push(b':');
        encode::number(options.port.into(), out);
    }
}
