//! Records as one who listens on the way sees them: what is in the clear, and what is not.
//!
//! A record is five bytes in the clear and what they announce (RFC 8446 §5.1):
//!
//! ```text
//! struct {
//!     ContentType type;                  one byte; application_data for whatever is encrypted
//!     ProtocolVersion legacy_record_version;      two bytes that mean nothing any more
//!     uint16 length;
//!     opaque fragment[length];
//! } TLSPlaintext;
//! ```
//!
//! Nothing of ours reads records in order to speak: rustls does. This is for looking, in the book and in tests.
//!
//! ```
//! use wirebook_tls::record::{Kind, records};
//! let bytes = [23, 3, 3, 0, 2, 0xaa, 0xbb, 21, 3, 3];
//! let found: Vec<_> = records(&bytes).collect();
//! assert_eq!((found.len(), found[0].kind, found[0].payload), (1, Kind::ApplicationData, &bytes[5..7]));
//! assert_eq!(found[0].end(), 7, "what is left is not whole");
//! ```

/// Bytes before a record's payload.
pub const HEADER: usize = 5;

/// What a record says that it holds. Behind the handshake of TLS 1.3 all say `ApplicationData`, alerts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 20: for devices on the way that know TLS 1.2 alone.
    ChangeCipherSpec,
    /// 21
    Alert,
    /// 22
    Handshake,
    /// 23
    ApplicationData,
    /// A number that no RFC names here.
    Other(u8),
}

impl From<u8> for Kind {
    fn from(number: u8) -> Self {
        match number {
            20 => Kind::ChangeCipherSpec,
            21 => Kind::Alert,
            22 => Kind::Handshake,
            23 => Kind::ApplicationData,
            other => Kind::Other(other),
        }
    }
}

/// A whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'b> {
    /// Where it begins.
    pub at: usize,
    /// What it says that it holds.
    pub kind: Kind,
    /// The version that it says; 3.1 or 3.3 for historical reasons alone.
    pub version: [u8; 2],
    /// What is behind the header.
    pub payload: &'b [u8],
}

impl Record<'_> {
    /// Where the next one begins.
    pub fn end(&self) -> usize {
        self.at + HEADER + self.payload.len()
    }
}

/// The whole records at the beginning of these bytes.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let [kind, major, minor, high, low] = *bytes.get(at..)?.first_chunk()?;
        let start = at + HEADER;
        let payload = bytes.get(start..start + usize::from(u16::from_be_bytes([high, low])))?;
        let record = Record { at, kind: kind.into(), version: [major, minor], payload };
        at = record.end();
        Some(record)
    })
}

/// What a client says in the clear before anything is agreed on (RFC 8446 §4.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The cipher suites that it offers, by number.
    pub suites: Vec<u16>,
    /// The name that it wants to speak with (SNI, RFC 6066 §3): whoever listens reads it.
    pub server_name: Option<String>,
    /// The protocols above that it speaks (ALPN, RFC 7301).
    pub protocols: Vec<String>,
    /// The versions that it speaks, as in a record's header: 3.4 is TLS 1.3.
    pub versions: Vec<[u8; 2]>,
    /// The numbers of all its extensions, in order.
    pub extensions: Vec<u16>,
}

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// Reads a ClientHello from the payload of a record; `None` for what is none, or not all of one.
pub fn client_hello(payload: &[u8]) -> Option<ClientHello> {
    let mut message = Reader(payload);
    if message.number(1)? != 1 {
        return None;
    }
    let mut body = message.vector(3)?;
    // legacy_version, random, legacy_session_id
    body.take(2 + 32)?;
    body.vector(1)?;
    let mut hello = ClientHello::default();
    let mut suites = body.vector(2)?;
    while !suites.0.is_empty() {
        hello.suites.push(suites.number(2)? as u16);
    }
    // legacy_compression_methods
    body.vector(1)?;
    let mut extensions = body.vector(2)?;
    while !extensions.0.is_empty() {
        let number = extensions.number(2)? as u16;
        let mut data = extensions.vector(2)?;
        hello.extensions.push(number);
        match number {
            SERVER_NAME => {
                let mut names = data.vector(2)?;
                // host_name(0) is the only type of name there ever was.
                names.take(1)?;
                hello.server_name = Some(names.vector(2)?.text());
            }
            ALPN => {
                let mut names = data.vector(2)?;
                while !names.0.is_empty() {
                    hello.protocols.push(names.vector(1)?.text());
                }
            }
            SUPPORTED_VERSIONS => {
                let mut versions = data.vector(1)?;
                while !versions.0.is_empty() {
                    hello.versions.push((versions.number(2)? as u16).to_be_bytes());
                }
            }
            _ => {}
        }
    }
    Some(hello)
}

/// TLS's own notation (RFC 8446 §3): numbers of a few bytes, and vectors with their length before them.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn vector(&mut self, length_bytes: usize) -> Option<Reader<'b>> {
        let length = self.number(length_bytes)?;
        self.take(length).map(Reader)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.0).into_owned()
    }
}
