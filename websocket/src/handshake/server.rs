//! The server's half: RFC 6455 §4.2.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::{Origin, accept, elements, extension, has_token, is_token, named};
use crate::config::Config;
use crate::deflate::Negotiated;

/// Subprotocols that one request may offer.
pub const MAX_PROTOCOLS: usize = 64;

/// Any 16 bytes will do as a key; the unused bits of its last character say nothing.
const KEY: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// What the server is willing to agree to, beside its [`Config`].
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Whose pages may connect.
    pub origin: Origin,
    /// The subprotocols spoken here, the preferred first. A client that offers none of them gets a connection without.
    pub protocols: Vec<String>,
}

/// A handshake request that keeps the rules.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// `Sec-WebSocket-Key`, as sent; empty over HTTP/2, which needs none.
    pub key: &'a [u8],
    /// `Host`.
    pub host: &'a [u8],
    /// `Origin`: the page that asks, if it is a page.
    pub origin: Option<&'a [u8]>,
    /// The subprotocols offered, in the client's order.
    pub protocols: Vec<&'a str>,
    /// The extensions offered, in the client's order.
    pub extensions: Vec<extension::Extension<'a>>,
}

/// Why a request is not a WebSocket handshake that can be answered with 101.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Not a GET (§4.2.1 item 1).
    Method,
    /// Older than HTTP/1.1 (§4.2.1 item 1).
    HttpVersion,
    /// Not exactly one `Host` (§4.2.1 item 2).
    Host,
    /// No `Upgrade: websocket` (§4.2.1 item 3).
    Upgrade,
    /// No `Connection: Upgrade` (§4.2.1 item 4).
    Connection,
    /// Not exactly one `Sec-WebSocket-Key` of 16 bytes in base64 (§4.2.1 item 5).
    Key,
    /// Not exactly `Sec-WebSocket-Version: 13` (§4.2.1 item 6, §4.4).
    Version,
    /// `Sec-WebSocket-Protocol` is not a list of unique tokens (§4.1 item 10).
    Protocols,
    /// `Sec-WebSocket-Extensions` is not of its grammar (§9.1).
    Extensions,
    /// More than one `Origin`: it could be read in two ways (RFC 6454 §7.3).
    Origins,
    /// The page is not welcome (§4.2.2 item 4, §10.2).
    Origin,
    /// It announces a body: what follows could be read as that, or as frames. A GET has none that means anything (RFC 9110
    /// §9.3.1).
    Body,
}

impl<'a> Offer<'a> {
    /// Reads a request head.
    ///
    /// ```
    /// use wirebook_websocket::handshake::server::{Offer, Refusal};
    /// let fields: [(&[u8], &[u8]); 5] = [
    ///     (b"Host", b"example.org"), (b"Upgrade", b"WebSocket"), (b"Connection", b"keep-alive, Upgrade"),
    ///     (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="), (b"Sec-WebSocket-Version", b"13"),
    /// ];
    /// assert!(Offer::read(b"GET", true, fields).is_ok());
    /// assert_eq!(Offer::read(b"POST", true, fields).unwrap_err(), Refusal::Method);
    /// ```
    pub fn read(
        method: &[u8],
        http11: bool,
        fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Result<Self, Refusal> {
        if method != b"GET" {
            return Err(Refusal::Method);
        }
        if !http11 {
            return Err(Refusal::HttpVersion);
        }
        Offer::read_fields(fields, Way::Upgrade)
    }

    /// Reads an extended CONNECT of HTTP/2 (RFC 8441 §5), which names its protocol in `:protocol`: its fields are those of RFC 6455, without
    /// `Upgrade`, `Connection` and the key.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_extended(
        protocol: &[u8],
        fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Result<Self, Refusal> {
        if !protocol.eq_ignore_ascii_case(b"websocket") {
            return Err(Refusal::Upgrade);
        }
        Offer::read_fields(fields, Way::Connect)
    }

    fn read_fields(fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>, way: Way) -> Result<Self, Refusal> {
        let (mut key, mut host, mut version) = (Once::Absent, Once::Absent, Once::Absent);
        let (mut upgrade, mut connection, mut body, mut origin) = (false, false, false, Once::Absent);
        let (mut protocols, mut extensions) = (Vec::new(), Vec::new());
        for (name, value) in fields {
            if named(name, "host") {
                host.set(value);
            } else if named(name, "upgrade") {
                upgrade |= has_token(value, "websocket");
            } else if named(name, "connection") {
                connection |= has_token(value, "upgrade");
            } else if named(name, "sec-websocket-key") {
                key.set(value);
            } else if named(name, "sec-websocket-version") {
                version.set(value);
            } else if named(name, "origin") {
                origin.set(value);
            } else if named(name, "content-length") {
                body |= value.trim_ascii() != b"0";
            } else if named(name, "transfer-encoding") {
                body = true;
            } else if named(name, "sec-websocket-protocol") {
                read_protocols(value, &mut protocols)?;
            } else if named(name, "sec-websocket-extensions") {
                extensions.extend(extension::parse(value).map_err(|_| Refusal::Extensions)?);
            }
        }
        // ANCHOR: order
        let host = host.get().filter(|host| !host.is_empty()).ok_or(Refusal::Host)?;
        if way == Way::Upgrade && !upgrade {
            return Err(Refusal::Upgrade);
        }
        if way == Way::Upgrade && !connection {
            return Err(Refusal::Connection);
        }
        if version.get() != Some(b"13") {
            return Err(Refusal::Version);
        }
        let key = match way {
            Way::Upgrade => key.get().filter(|key| is_key(key)).ok_or(Refusal::Key)?,
            Way::Connect => b"",
        };
        if matches!(origin, Once::Repeated) {
            return Err(Refusal::Origins);
        }
        if body {
            return Err(Refusal::Body);
        }
        // ANCHOR_END: order
        Ok(Offer { key, host, origin: origin.get(), protocols, extensions })
    }

    /// Judges the offer by the server's policy: what will be answered, or why not.
    pub fn accept(&self, policy: &Policy, config: &Config) -> Result<Acceptance, Refusal> {
        if !policy.origin.allows(self.origin, self.host) {
            return Err(Refusal::Origin);
        }
        let protocol = policy.protocols.iter().find(|ours| self.protocols.contains(&ours.as_str())).cloned();
        let deflate = config.deflate.and_then(|wants| extension::choose(&self.extensions, &wants));
        let (deflate, extensions) = deflate.unzip();
        let accept = Some(self.key).filter(|key| !key.is_empty()).map(accept);
        Ok(Acceptance { accept, protocol, deflate, extensions })
    }
}

/// How the handshake is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// GET of HTTP/1.1, with the field `Upgrade`.
    Upgrade,
    /// CONNECT of HTTP/2, with `:protocol`.
    Connect,
}

/// A field that must be there once.
enum Once<'a> {
    Absent,
    Here(&'a [u8]),
    Repeated,
}

impl<'a> Once<'a> {
    fn set(&mut self, value: &'a [u8]) {
        *self = match self {
            Once::Absent => Once::Here(value.trim_ascii()),
            _ => Once::Repeated,
        };
    }

    fn get(&self) -> Option<&'a [u8]> {
        match self {
            Once::Here(value) => Some(value),
            _ => None,
        }
    }
}

/// §4.2.1 item 5: when base64-decoded, 16 bytes.
fn is_key(key: &[u8]) -> bool {
    let mut bytes = [0; 18];
    key.len() == 24 && KEY.decode_slice(key, &mut bytes) == Ok(16)
}

/// §4.1 item 10: tokens, all unique.
fn read_protocols<'a>(value: &'a [u8], protocols: &mut Vec<&'a str>) -> Result<(), Refusal> {
    for element in elements(value) {
        let name = std::str::from_utf8(element).ok().filter(|name| is_token(name.as_bytes()));
        let name = name.ok_or(Refusal::Protocols)?;
        if protocols.len() == MAX_PROTOCOLS || protocols.contains(&name) {
            return Err(Refusal::Protocols);
        }
        protocols.push(name);
    }
    Ok(())
}

/// What the server agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The value of `Sec-WebSocket-Accept`; `None` over HTTP/2, where nothing has to be proved.
    pub accept: Option<String>,
    /// The subprotocol chosen.
    pub protocol: Option<String>,
    /// permessage-deflate, for [`Connection::server`](crate::Connection::server).
    pub deflate: Option<Negotiated>,
    /// The value of `Sec-WebSocket-Extensions`.
    pub extensions: Option<String>,
}

impl Acceptance {
    /// The field lines of the response, names in lower case.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fixed = self
            .accept
            .as_deref()
            .map(|accept| [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", accept)]);
        let fixed = fixed.into_iter().flatten();
        let protocol = self.protocol.as_deref().map(|protocol| ("sec-websocket-protocol", protocol));
        let extensions = self.extensions.as_deref().map(|extensions| ("sec-websocket-extensions", extensions));
        fixed.chain(protocol).chain(extensions)
    }

    /// Appends the whole response, 101 and the empty line included.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, "101 Switching Protocols", self.fields());
    }
}

impl Refusal {
    /// The status code that says it.
    pub fn status(self) -> u16 {
        match self {
            Refusal::Method => 405,
            Refusal::Version => 426,
            Refusal::Origin => 403,
            _ => 400,
        }
    }

    /// The field lines that belong to the status. RFC 6455 §4.4: the versions that the server is willing to use; RFC 9110
    /// §15.5.22 and §15.5.6: Upgrade and Allow.
    pub fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Refusal::Version => &[("sec-websocket-version", "13"), ("upgrade", "websocket"), ("connection", "Upgrade")],
            Refusal::Method => &[("allow", "GET")],
            _ => &[],
        }
    }

    /// Appends the whole response, a line of text included; the connection is to be closed after it.
    pub fn write(self, out: &mut Vec<u8>) {
        let text = self.to_string();
        let length = (text.len() + 1).to_string();
        let fixed = [("connection", "close"), ("content-type", "text/plain"), ("content-length", &length)];
        let status = match self.status() {
            405 => "405 Method Not Allowed",
            426 => "426 Upgrade Required",
            403 => "403 Forbidden",
            _ => "400 Bad Request",
        };
        write_head(out, status, fixed.into_iter().chain(self.fields().iter().copied()));
        out.extend_from_slice(text.as_bytes());
        out.push(b'\n');
    }
}

fn write_head<'a>(out: &mut Vec<u8>, status: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) {
    out.extend_from_slice(format!("HTTP/1.1 {status}\r\n").as_bytes());
    for (name, value) in fields {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Refusal::Method => "a WebSocket handshake is a GET",
            Refusal::HttpVersion => "a WebSocket handshake needs HTTP/1.1",
            Refusal::Host => "exactly one Host is needed",
            Refusal::Upgrade => "this needs 'Upgrade: websocket'",
            Refusal::Connection => "this needs 'Connection: Upgrade'",
            Refusal::Key => "Sec-WebSocket-Key must be 16 bytes in base64, once",
            Refusal::Version => "Sec-WebSocket-Version must be 13",
            Refusal::Protocols => "Sec-WebSocket-Protocol must be a list of unique tokens",
            Refusal::Extensions => "Sec-WebSocket-Extensions is malformed",
            Refusal::Origins => "at most one Origin is allowed",
            Refusal::Origin => "this origin is not allowed",
            Refusal::Body => "a WebSocket handshake has no body",
        })
    }
}

impl std::error::Error for Refusal {}
