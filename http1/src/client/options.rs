//! What to ask for, and of whom.

use crate::FieldBlock;
use crate::agent::error::Error;
use crate::agent::handle::Agent;
use crate::agent::origin::{OriginRef, without_zone};
use crate::agent::timeouts::Timeouts;
use crate::parser::Limits;
use crate::target::{Port, is_authority};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

/// What to ask for, and of whom. The names are Node's.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// `GET`.
    pub method: &'o str,
    /// A name or an address; `localhost`. An IPv6 address with or without brackets, and with a zone where its link needs
    /// one: `fe80::1%eth0`.
    pub host: &'o str,
    /// 80.
    pub port: u16,
    /// The request-target: a path with its query (`/`), a whole URL for a proxy, `host:port` for CONNECT, `*`.
    pub path: &'o str,
    /// Field lines. `Host` is added (of the target, where that names a host), `Connection: upgrade` beside `Upgrade`, and
    /// the framing: `Content-Length` where the body is known at once, else chunks.
    pub headers: &'o [(&'o str, &'o str)],
    /// Further field lines, made before: for values that are no text, or that many requests share.
    pub fields: Option<&'o FieldBlock>,
    /// `user:password`, sent as `Authorization: Basic` (RFC 7617). Without a colon it is a user without a password, and
    /// the empty text is none.
    pub auth: Option<&'o str>,
    /// Bind this end of the connection to an address.
    pub local_address: Option<IpAddr>,
    /// Connect to a Unix socket instead of host and port, which then only make the `Host` field.
    pub socket_path: Option<&'o Path>,
    /// The URL's scheme was `https`: for agents whose connector speaks TLS.
    pub secure: bool,
    /// Who keeps connections; `None` opens one for this request alone and says `Connection: close`.
    pub agent: Option<&'o Agent>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Bounds on the response's head, for a request without an agent; an agent has its own.
    pub limits: Limits,
    /// Bytes of the response's body: with 0 none may come, and [`u64::MAX`], the default, is no limit. What is read piece
    /// by piece costs no memory, and [`Response::bytes`](super::Response::bytes) has a limit of its own.
    pub max_body: u64,
    /// Redirects that [`get`](super::get) and [`fetch`](super::fetch) follow; with 0, the default, the redirect itself is
    /// the response. At most 255. [`request()`](super::request()) follows none.
    pub max_redirects: u8,
    /// They follow a redirect from `https` to `http`. Off.
    pub allow_downgrade: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            method: "GET",
            host: "localhost",
            port: 80,
            path: "/",
            headers: &[],
            fields: None,
            auth: None,
            local_address: None,
            socket_path: None,
            secure: false,
            agent: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            max_body: u64::MAX,
            max_redirects: 0,
            allow_downgrade: false,
        }
    }
}

impl Options<'_> {
    /// The host without the brackets of an IPv6 address.
    pub(super) fn bare_host(&self) -> &str {
        without_brackets(self.host).unwrap_or(self.host)
    }

    pub(super) fn origin(&self) -> OriginRef<'_> {
        OriginRef {
            secure: self.secure,
            host: self.bare_host(),
            port: self.port,
            local_address: self.local_address,
            socket_path: self.socket_path,
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if !is_host(self.host) {
            return Err(Error::Option("the host is not a name or an address"));
        }
        if self.auth.is_some_and(|auth| auth.bytes().any(|byte| byte.is_ascii_control())) {
            return Err(Error::Option("user and password must be free of control characters"));
        }
        Ok(())
    }
}

/// The host that stands in brackets.
pub(super) fn without_brackets(host: &str) -> Option<&str> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']'))
}

/// A name, an IPv4 address, or an IPv6 address with brackets or without, which may have a zone (RFC 4007 §11).
fn is_host(host: &str) -> bool {
    let bracketed = without_brackets(host);
    if bracketed.is_none() && !host.contains(':') {
        return !host.is_empty() && is_authority(host.as_bytes(), Port::Optional);
    }
    let (address, zone) = without_zone(bracketed.unwrap_or(host));
    let is_zone_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(|zone| !zone.is_empty() && zone.bytes().all(is_zone_byte))
}
