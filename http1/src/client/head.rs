//! A request's head, before it is known what body it will have.

use super::options::Options;
use crate::FieldBlock;
use crate::agent::buffers::{self, Buffers};
use crate::agent::error::Error;
use crate::parser::FieldLines;
use crate::target::Target;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A request's head in its buffers.
pub(super) struct Prepared {
    pub(super) buffers: Box<Buffers>,
    /// Its fields say how long the body is.
    pub(super) framed: bool,
    /// It asks for another protocol, by Upgrade or CONNECT: `Connection: close` would contradict that.
    pub(super) switches: bool,
}

impl Prepared {
    /// Checks the fields and lays them out; `Host` comes first (RFC 9110 §7.2).
    pub(super) fn new(options: &Options<'_>) -> Result<Prepared, Error> {
        let mut prepared = Prepared { buffers: buffers::lend(), framed: false, switches: options.method == "CONNECT" };
        let buffers = &mut *prepared.buffers;
        let headers = options.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let more = options.fields.map(FieldBlock::lines).unwrap_or_default();
        let (mut host, mut auth, mut upgrade, mut told) = (false, false, false, false);
        for (name, value) in headers.chain(more.iter()) {
            match name.len() {
                4 => host |= name.eq_ignore_ascii_case(b"host"),
                7 => upgrade |= name.eq_ignore_ascii_case(b"upgrade") && !value.trim_ascii().is_empty(),
                10 if name.eq_ignore_ascii_case(b"connection") => {
                    told |= members(value).any(|option| option.eq_ignore_ascii_case(b"upgrade"));
                }
                13 => auth |= name.eq_ignore_ascii_case(b"authorization"),
                14 => prepared.framed |= name.eq_ignore_ascii_case(b"content-length"),
                17 => prepared.framed |= name.eq_ignore_ascii_case(b"transfer-encoding"),
                _ => {}
            }
        }
        if !host {
            // Host and port are put together where the request line will be.
            push_authority(options, &mut buffers.line);
            buffers.lines.push("host", &buffers.line)?;
            buffers.line.clear();
        }
        if let Some(user) = options.auth.filter(|user| !auth && !user.is_empty()) {
            buffers.lines.push("authorization", basic(user))?;
        }
        for (name, value) in options.headers {
            buffers.lines.push(name, value)?;
        }
        for (name, value) in more.iter() {
            buffers.lines.push(name, value)?;
        }
        if upgrade && !told {
            // RFC 9110 §7.8: without it an intermediary would pass the field on.
            buffers.lines.push("connection", "upgrade")?;
        }
        prepared.switches |= upgrade;
        buffers.line.extend_from_slice(options.method.as_bytes());
        buffers.method = buffers.line.len();
        buffers.line.extend_from_slice(options.path.as_bytes());
        Ok(prepared)
    }
}

/// `user:password` as the value of the field (RFC 7617 §2: the colon is always there).
pub(super) fn basic(user: &str) -> String {
    let colon = if user.contains(':') { "" } else { ":" };
    format!("Basic {}", STANDARD.encode(format!("{user}{colon}")))
}

/// `host [":" port]`, without a port that the scheme implies. Where the target names a host itself, as for a proxy, it is
/// that one (RFC 9112 §3.2).
fn push_authority(options: &Options<'_>, out: &mut Vec<u8>) {
    if !options.path.starts_with('/')
        && let Ok(Target::Absolute { authority, .. } | Target::Authority(authority)) =
            Target::parse(options.method.as_bytes(), options.path.as_bytes())
    {
        return out.extend_from_slice(authority);
    }
    options.origin().push_authority(out);
}

/// The protocols that the answer switches to are all among those that the request asked for (RFC 9110 §7.8); their names
/// are compared without regard to case.
pub(super) fn was_asked_for(asked: &FieldLines<'_>, answered: &FieldLines<'_>) -> bool {
    let mut protocols = answered.get_all("upgrade").flat_map(members).filter(|protocol| !protocol.is_empty());
    protocols.all(|protocol| asked.get_all("upgrade").flat_map(members).any(|ours| ours.eq_ignore_ascii_case(protocol)))
}

/// The members of a comma-separated list, without the white space around them.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}
