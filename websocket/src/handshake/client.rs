//! The client's half: RFC 6455 §4.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{accept, extension, has_token, is_token, named};
use crate::config::Deflate;
use crate::deflate::Negotiated;

/// A handshake request, and what its answer is held against.
#[derive(Clone, Debug)]
pub struct Request {
    /// The value of `Host`.
    pub host: String,
    /// The request target: path and query.
    pub target: String,
    /// Subprotocols to offer, the preferred first.
    pub protocols: Vec<String>,
    /// Further field lines, such as `Origin`, `Cookie` or `Authorization`.
    pub fields: Vec<(String, String)>,
    /// permessage-deflate, if it is to be offered.
    pub deflate: Option<Deflate>,
    /// The value of `Sec-WebSocket-Key`.
    key: String,
}

/// What in a request may not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Invalid {
    /// The host is empty, or holds white space, control characters or what is not ASCII.
    Host,
    /// So does the target; or it does not begin with `/`.
    Target,
    /// A subprotocol is no token, or stands twice in the list (§4.1 item 10).
    Protocol,
    /// The name of a field is no token.
    FieldName,
    /// The value of a field holds control characters, or white space at an end.
    FieldValue,
    /// A field that the handshake writes itself, or that would give the request a body; it is named.
    Reserved(&'static str),
}

/// Fields that are the handshake's to write, and those that announce a body.
const RESERVED: [&str; 11] = [
    "Host",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
];

/// Why the server's answer opens no WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// Not 101; the status is told.
    Status(u16),
    /// No `Upgrade: websocket` (§4.1, response item 2).
    Upgrade,
    /// No `Connection: Upgrade` (item 3).
    Connection,
    /// `Sec-WebSocket-Accept` is missing, twice there, or not ours (item 4).
    Accept,
    /// An extension that was not offered, or with parameters that break the offer (item 5).
    Extension,
    /// A subprotocol that was not offered (item 6).
    Protocol,
    /// The response is not HTTP/1.1, or its head is over the limit.
    Head,
}

/// What both ends agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The subprotocol chosen by the server.
    pub protocol: Option<String>,
    /// permessage-deflate, for [`Connection::client`](crate::Connection::client).
    pub deflate: Option<Negotiated>,
}

impl Request {
    /// A request whose key is made of `nonce`, 16 bytes that are new for each connection (§4.1 item 7).
    ///
    /// ```
    /// use wirebook_websocket::handshake::client::Request;
    /// let request = Request::new("example.org", "/chat", *b"the sample nonce");
    /// let mut out = Vec::new();
    /// request.write(&mut out);
    /// assert!(out.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.org\r\n"));
    /// ```
    pub fn new(host: &str, target: &str, nonce: [u8; 16]) -> Self {
        Request {
            host: host.to_owned(),
            target: target.to_owned(),
            protocols: Vec::new(),
            fields: Vec::new(),
            deflate: None,
            key: STANDARD.encode(nonce),
        }
    }

    /// Whether everything in it may stand in a request; see [`validate`](Self::validate).
    pub fn is_valid(&self) -> bool {
        self.validate().is_ok()
    }

    /// Looks for what may not be sent.
    ///
    /// ```
    /// use wirebook_websocket::handshake::client::{Invalid, Request};
    /// let mut request = Request::new("example.org", "/chat", [7; 16]);
    /// request.fields.push(("HOST".into(), "evil.example".into()));
    /// assert_eq!(request.validate(), Err(Invalid::Reserved("Host")));
    /// ```
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let graphic = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = |text: &str| text.bytes().all(|byte| byte == b'\t' || byte >= b' ' && byte != 0x7f);
        if !graphic(&self.host) {
            return Err(Invalid::Host);
        }
        if !graphic(&self.target) || !self.target.starts_with('/') {
            return Err(Invalid::Target);
        }
        for (at, protocol) in self.protocols.iter().enumerate() {
            if !is_token(protocol.as_bytes()) || self.protocols[..at].contains(protocol) {
                return Err(Invalid::Protocol);
            }
        }
        for (name, text) in &self.fields {
            if let Some(reserved) = RESERVED.iter().find(|reserved| reserved.eq_ignore_ascii_case(name)) {
                return Err(Invalid::Reserved(reserved));
            }
            if !is_token(name.as_bytes()) {
                return Err(Invalid::FieldName);
            }
            if !value(text) || text.trim_ascii() != text {
                return Err(Invalid::FieldValue);
            }
        }
        Ok(())
    }

    /// Appends the whole request. What is [not valid](Self::is_valid) must not be written.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut line = |text: String| {
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(b"\r\n");
        };
        line(format!("GET {} HTTP/1.1", self.target));
        line(format!("Host: {}", self.host));
        line("Upgrade: websocket".to_owned());
        line("Connection: Upgrade".to_owned());
        line(format!("Sec-WebSocket-Key: {}", self.key));
        line("Sec-WebSocket-Version: 13".to_owned());
        if !self.protocols.is_empty() {
            line(format!("Sec-WebSocket-Protocol: {}", self.protocols.join(", ")));
        }
        if let Some(deflate) = &self.deflate {
            line(format!("Sec-WebSocket-Extensions: {}", extension::offer(deflate)));
        }
        for (name, value) in &self.fields {
            line(format!("{name}: {value}"));
        }
        line(String::new());
    }

    /// The field lines of an extended CONNECT (RFC 8441 §5), names in lower case: what asks for this over HTTP/2.
    pub fn extended_fields(&self) -> impl Iterator<Item = (String, String)> {
        let protocols = (!self.protocols.is_empty()).then(|| ("sec-websocket-protocol", self.protocols.join(", ")));
        let extensions = self.deflate.as_ref().map(|deflate| ("sec-websocket-extensions", extension::offer(deflate)));
        let fixed = [("sec-websocket-version", "13".to_owned())].into_iter().chain(protocols).chain(extensions);
        let more = self.fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        fixed.map(|(name, value)| (name.to_owned(), value)).chain(more)
    }

    /// Judges the response head to that: any 2xx agrees.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_extended<'a>(
        &self,
        status: u16,
        fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Result<Agreed, Refused> {
        if !(200..300).contains(&status) {
            return Err(Refused::Status(status));
        }
        let chosen = fields
            .into_iter()
            .filter(|(name, _)| named(name, "sec-websocket-protocol") || named(name, "sec-websocket-extensions"));
        self.agree(chosen)
    }

    /// Judges the response head.
    pub fn check<'a>(
        &self,
        status: u16,
        fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Result<Agreed, Refused> {
        if status != 101 {
            return Err(Refused::Status(status));
        }
        let (mut upgrade, mut connection, mut accepts) = (false, false, Vec::new());
        let mut chosen = Vec::new();
        for (name, value) in fields {
            if named(name, "upgrade") {
                upgrade |= value.trim_ascii().eq_ignore_ascii_case(b"websocket");
            } else if named(name, "connection") {
                connection |= has_token(value, "upgrade");
            } else if named(name, "sec-websocket-accept") {
                accepts.push(value.trim_ascii());
            } else {
                chosen.push((name, value));
            }
        }
        if !upgrade {
            return Err(Refused::Upgrade);
        }
        if !connection {
            return Err(Refused::Connection);
        }
        if accepts != [accept(self.key.as_bytes()).as_bytes()] {
            return Err(Refused::Accept);
        }
        self.agree(chosen)
    }

    /// What the server chose of our offer.
    fn agree<'a>(&self, fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Result<Agreed, Refused> {
        let (mut protocols, mut extensions) = (Vec::new(), Vec::new());
        for (name, value) in fields {
            if named(name, "sec-websocket-protocol") {
                protocols.push(value.trim_ascii());
            } else if named(name, "sec-websocket-extensions") {
                extensions.extend(extension::parse(value).map_err(|_| Refused::Extension)?);
            }
        }
        let deflate = extension::confirm(&extensions, self.deflate.as_ref()).map_err(|_| Refused::Extension)?;
        let protocol = match protocols[..] {
            [] => None,
            [chosen] => {
                let ours = self.protocols.iter().find(|ours| ours.as_bytes() == chosen);
                Some(ours.ok_or(Refused::Protocol)?.clone())
            }
            _ => return Err(Refused::Protocol),
        };
        Ok(Agreed { protocol, deflate })
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Invalid::Host => f.write_str("the host cannot be sent"),
            Invalid::Target => f.write_str("the path and query cannot be sent"),
            Invalid::Protocol => f.write_str("a subprotocol is no token, or stands there twice"),
            Invalid::FieldName => f.write_str("the name of a field cannot be sent"),
            Invalid::FieldValue => f.write_str("the value of a field cannot be sent"),
            Invalid::Reserved(name) => write!(f, "the field {name} is not the caller's to send"),
        }
    }
}

impl std::error::Error for Invalid {}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Status(status) => write!(f, "the server answered {status} instead of 101"),
            Refused::Upgrade => f.write_str("the response lacks 'Upgrade: websocket'"),
            Refused::Connection => f.write_str("the response lacks 'Connection: Upgrade'"),
            Refused::Accept => f.write_str("Sec-WebSocket-Accept does not answer our key"),
            Refused::Extension => f.write_str("the server chose an extension that was not offered"),
            Refused::Protocol => f.write_str("the server chose a subprotocol that was not offered"),
            Refused::Head => f.write_str("the response is not an HTTP/1.1 head within the limits"),
        }
    }
}

impl std::error::Error for Refused {}
