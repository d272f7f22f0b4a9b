//! One vocabulary for both directions: what [`receive`](crate::Connection::receive) reports and what
//! [`send`](crate::Connection::send) accepts.

use std::borrow::Cow;

/// What kind of message: RFC 6455 §5.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8 text, opcode 1.
    Text,
    /// Any bytes, opcode 2.
    Binary,
}

/// Something that passes between the two ends once the handshake is over.
///
/// Payloads borrow the bytes handed to `receive` wherever they lie there whole; a message that was put together from
/// fragments, or inflated, is owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message(Message<'a>),
    /// A part of a message ([`Delivery::Chunks`](crate::Delivery::Chunks), or a message sent as a stream).
    Chunk(Chunk<'a>),
    /// A ping; it is to be answered with a pong of the same payload (RFC 6455 §5.5.2). At most 125 bytes.
    Ping(&'a [u8]),
    /// A pong, asked for or not (RFC 6455 §5.5.3). At most 125 bytes.
    Pong(&'a [u8]),
    /// The peer's Close frame, or ours (RFC 6455 §5.5.1).
    Close(Close<'a>),
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, known to be UTF-8.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
}

impl<'a> Message<'a> {
    /// A text message that borrows `text`.
    pub fn text(text: &'a str) -> Self {
        Message::Text(Cow::Borrowed(text))
    }

    /// A binary message that borrows `bytes`.
    pub fn binary(bytes: &'a [u8]) -> Self {
        Message::Binary(Cow::Borrowed(bytes))
    }

    /// Whether it is text or binary.
    pub fn kind(&self) -> Kind {
        match self {
            Message::Text(_) => Kind::Text,
            Message::Binary(_) => Kind::Binary,
        }
    }

    /// The payload as bytes, whichever kind it is.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// The text, or `None` where the message is binary.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// Takes the payload out of the borrowed input, copying it only where it is borrowed.
    pub fn into_owned(self) -> Message<'static> {
        match self {
            Message::Text(text) => Message::Text(Cow::Owned(text.into_owned())),
            Message::Binary(bytes) => Message::Binary(Cow::Owned(bytes.into_owned())),
        }
    }
}

impl<'a> From<&'a str> for Message<'a> {
    fn from(text: &'a str) -> Self {
        Message::text(text)
    }
}

impl From<String> for Message<'static> {
    fn from(text: String) -> Self {
        Message::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a [u8]> for Message<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Message::binary(bytes)
    }
}

impl From<Vec<u8>> for Message<'static> {
    fn from(bytes: Vec<u8>) -> Self {
        Message::Binary(Cow::Owned(bytes))
    }
}

/// A part of a message, in order. Parts of a text message may end inside a code point, hence bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// What the whole message is; the same for all its chunks.
    pub kind: Kind,
    /// This part; it may be empty.
    pub payload: Cow<'a, [u8]>,
    /// Whether the message ends here.
    pub last: bool,
}

/// A Close frame's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// The status code; [`Code::NO_STATUS`] stands for an empty Close frame, in both directions.
    pub code: Code,
    /// The reason, at most 123 bytes of UTF-8; empty where the code is [`Code::NO_STATUS`].
    pub reason: Cow<'a, str>,
}

impl<'a> Close<'a> {
    /// A Close frame with this code and reason.
    pub fn new(code: Code, reason: &'a str) -> Self {
        Close { code, reason: Cow::Borrowed(reason) }
    }

    /// Copies the reason out of the borrowed input.
    pub fn into_owned(self) -> Close<'static> {
        Close { code: self.code, reason: Cow::Owned(self.reason.into_owned()) }
    }
}

/// A status code of a Close frame: RFC 6455 §7.4 and the IANA registry it founded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub u16);

impl Code {
    /// The purpose is fulfilled.
    pub const NORMAL: Code = Code(1000);
    /// The server goes down, or the browser left the page.
    pub const GOING_AWAY: Code = Code(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Code = Code(1002);
    /// The peer sent a kind of data that this end does not take.
    pub const UNSUPPORTED_DATA: Code = Code(1003);
    /// A Close frame without a code arrived. Never on the wire.
    pub const NO_STATUS: Code = Code(1005);
    /// The connection ended without a Close frame. Never on the wire.
    pub const ABNORMAL: Code = Code(1006);
    /// A payload that is not what its kind promises: text that is not UTF-8, deflate data that does not inflate.
    pub const INVALID_PAYLOAD: Code = Code(1007);
    /// A policy was broken, and no other code fits.
    pub const POLICY: Code = Code(1008);
    /// The message is larger than this end takes.
    pub const TOO_BIG: Code = Code(1009);
    /// The client misses an extension that it needs.
    pub const EXTENSION_NEEDED: Code = Code(1010);
    /// The server met an unexpected condition.
    pub const INTERNAL_ERROR: Code = Code(1011);
    /// The server restarts (IANA).
    pub const RESTART: Code = Code(1012);
    /// Try again later (IANA): what a reader too slow for its queue is told.
    pub const TRY_AGAIN: Code = Code(1013);
    /// A gateway got an invalid response (IANA).
    pub const BAD_GATEWAY: Code = Code(1014);
    /// The TLS handshake failed. Never on the wire.
    pub const TLS: Code = Code(1015);

    /// Whether a Close frame may carry it. RFC 6455 §7.4.2: below 1000 is unused, 1000–2999 belongs to the protocol and
    /// counts as far as it is registered, 3000–3999 is for libraries, 4000–4999 for applications; §7.4.1 keeps 1004,
    /// 1005, 1006 and 1015 off the wire.
    pub fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
