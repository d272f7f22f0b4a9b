//! Room for one field block, lent by who receives, and the head that lies in it.
//!
//! HPACK's output is not in the input, so a head of HTTP/2 cannot be a view of the bytes that came. It is a view of this room:
//! the fields stand in it as HTTP/1's do, names and values with spans, so that whoever reads heads reads both.

use wirebook_hpack::Block;
use wirebook_http1::parser::{FieldLines, FieldSpan, RequestHead, ResponseHead, Version};

/// The text of a head is addressed by 16 bits, so no list of fields is larger.
pub const MAX_LIST: usize = 65_535;

/// The pseudo-fields (RFC 9113 §8.3, RFC 8441 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pseudo {
    Method,
    Scheme,
    Authority,
    Path,
    Protocol,
    Status,
}

impl Pseudo {
    pub(super) fn named(name: &[u8]) -> Option<Pseudo> {
        Some(match name {
            b":method" => Pseudo::Method,
            b":scheme" => Pseudo::Scheme,
            b":authority" => Pseudo::Authority,
            b":path" => Pseudo::Path,
            b":protocol" => Pseudo::Protocol,
            b":status" => Pseudo::Status,
            _ => return None,
        })
    }
}

/// Where a text lies in the room.
pub(super) type Place = (u16, u16);

/// Storage for the fields of one block, reusable for ever: it keeps its memory from block to block.
///
/// ```
/// use wirebook_http2::{Config, Connection, Event, Fields};
/// # use std::{sync::Arc, time::Instant};
/// let mut connection = Connection::server(Arc::new(Config::default()), Instant::now());
/// let mut room = Fields::default();
/// let (used, event) = connection.receive(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", &mut room)?;
/// assert!(matches!((used, event), (33, Some(Event::Settings(_)))));
/// # Ok::<(), wirebook_http2::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Fields {
    /// Where HPACK decodes to.
    pub(crate) block: Block,
    /// The fragments of a block that came in several frames.
    pub(crate) joined: Vec<u8>,
    /// The head's text: at most [`MAX_LIST`] bytes.
    pub(super) text: Vec<u8>,
    pub(super) spans: Vec<FieldSpan>,
    pub(super) pseudo: [Option<Place>; 6],
    pub(super) status: u16,
}

impl Fields {
    /// The request that was read last.
    pub(crate) fn request(&self) -> (RequestHead<'_>, &[u8], Option<&[u8]>) {
        let connect = self.of(Pseudo::Path).is_none();
        let target = self.of(if connect { Pseudo::Authority } else { Pseudo::Path }).unwrap_or_default();
        let mut head = RequestHead::new(self.of(Pseudo::Method).unwrap_or_default(), target, self.lines());
        head.version = Version::Http2;
        (head, self.of(Pseudo::Scheme).unwrap_or_default(), self.of(Pseudo::Protocol))
    }

    /// The response that was read last.
    pub(crate) fn response(&self) -> ResponseHead<'_> {
        let mut head = ResponseHead::new(self.status, self.lines());
        head.version = Version::Http2;
        head
    }

    /// The fields without the pseudo-fields.
    pub(crate) fn lines(&self) -> FieldLines<'_> {
        FieldLines::new(&self.text, &self.spans)
    }

    pub(super) fn of(&self, pseudo: Pseudo) -> Option<&[u8]> {
        let (start, end) = self.pseudo[pseudo as usize]?;
        Some(&self.text[usize::from(start)..usize::from(end)])
    }

    /// Forgets what was read.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
        (self.pseudo, self.status) = ([None; 6], 0);
    }

    /// Copies a text into the room. What HPACK admits has at most [`MAX_LIST`] bytes, with 32 for each field that none of
    /// the few bytes that are added here come near to.
    pub(super) fn keep(&mut self, text: &[u8]) -> Place {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        (start as u16, self.text.len() as u16)
    }

    pub(super) fn push(&mut self, name: Place, value: Place) {
        let ((name_start, name_end), (value_start, value_end)) = (name, value);
        self.spans.push(FieldSpan { name_start, name_end, value_start, value_end });
    }
}
