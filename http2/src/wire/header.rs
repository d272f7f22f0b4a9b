//! The nine bytes before each frame's payload: RFC 9113 §4.1.
//!
//! ```text
//!   byte  0      1      2     3      4      5      6      7      8
//!       ┌──────┬──────┬─────┬──────┬──────┬─────────────────────────┐
//!       │       length      │ kind │flags │0        stream          │
//!       └──────┴──────┴─────┴──────┴──────┴─────────────────────────┘
//! ```

use super::error::Violation;
use super::stream_id::StreamId;

/// What a frame is (§6; RFC 9218 §7.1 for the last).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A piece of a message's content.
    Data,
    /// The begin of a field block: a head, or trailers.
    Headers,
    /// A priority as RFC 7540 had it; read, and ignored.
    Priority,
    /// The end of a stream at once.
    RstStream,
    /// What its sender allows.
    Settings,
    /// The announcement of a request that nobody made. Nobody uses it any more.
    PushPromise,
    /// A question that wants its eight bytes back.
    Ping,
    /// The end of a connection.
    Goaway,
    /// More room for DATA.
    WindowUpdate,
    /// More of a field block.
    Continuation,
    /// A priority as RFC 9218 has it.
    PriorityUpdate,
    /// What this crate does not know, and ignores (§5.5).
    Unknown(u8),
}

/// Where a kind of frame may stand, and how long its payload may be.
struct Rule {
    number: u8,
    name: &'static str,
    place: Place,
    length: Length,
}

#[derive(PartialEq)]
enum Place {
    Stream,
    Connection,
    Either,
}

enum Length {
    Any,
    Exactly(u32),
    AtLeast(u32),
    /// A multiple; none at all with ACK.
    Entries(u32),
}

const fn rule(number: u8, name: &'static str, place: Place, length: Length) -> Rule {
    Rule { number, name, place, length }
}

impl Kind {
    /// The kinds that have a name.
    pub const ALL: [Kind; 11] = [
        Kind::Data,
        Kind::Headers,
        Kind::Priority,
        Kind::RstStream,
        Kind::Settings,
        Kind::PushPromise,
        Kind::Ping,
        Kind::Goaway,
        Kind::WindowUpdate,
        Kind::Continuation,
        Kind::PriorityUpdate,
    ];

    // ANCHOR: rules
    const fn rule(self) -> Rule {
        use {Length::*, Place::*};
        match self {
            Kind::Data => rule(0x0, "DATA", Stream, Any),
            Kind::Headers => rule(0x1, "HEADERS", Stream, Any),
            Kind::Priority => rule(0x2, "PRIORITY", Stream, Exactly(5)),
            Kind::RstStream => rule(0x3, "RST_STREAM", Stream, Exactly(4)),
            Kind::Settings => rule(0x4, "SETTINGS", Connection, Entries(6)),
            Kind::PushPromise => rule(0x5, "PUSH_PROMISE", Stream, AtLeast(4)),
            Kind::Ping => rule(0x6, "PING", Connection, Exactly(8)),
            Kind::Goaway => rule(0x7, "GOAWAY", Connection, AtLeast(8)),
            Kind::WindowUpdate => rule(0x8, "WINDOW_UPDATE", Either, Exactly(4)),
            Kind::Continuation => rule(0x9, "CONTINUATION", Stream, Any),
            Kind::PriorityUpdate => rule(0x10, "PRIORITY_UPDATE", Connection, AtLeast(4)),
            Kind::Unknown(number) => rule(number, "UNKNOWN", Either, Any),
        }
    }
    // ANCHOR_END: rules

    /// The kind with this number.
    pub const fn new(number: u8) -> Kind {
        match number {
            0x0..=0x9 => Kind::ALL[number as usize],
            0x10 => Kind::PriorityUpdate,
            _ => Kind::Unknown(number),
        }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.rule().number
    }

    /// Its name in the RFC.
    pub const fn name(self) -> &'static str {
        self.rule().name
    }
}

/// A frame's flags; which of them mean something depends on its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// DATA, HEADERS: the sender has said all.
    pub const END_STREAM: Flags = Flags(0x1);
    /// SETTINGS, PING: the answer to one.
    pub const ACK: Flags = Flags(0x1);
    /// HEADERS, CONTINUATION: the field block ends here.
    pub const END_HEADERS: Flags = Flags(0x4);
    /// DATA, HEADERS: the payload is padded.
    pub const PADDED: Flags = Flags(0x8);
    /// HEADERS: five bytes of priority come first.
    pub const PRIORITY: Flags = Flags(0x20);

    /// Whether these are among them.
    pub const fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 == flag.0
    }

    /// These and those.
    pub const fn and(self, flag: Flags) -> Flags {
        Flags(self.0 | flag.0)
    }

    /// That flag, or none.
    pub const fn when(self, set: bool) -> Flags {
        if set { self } else { Flags(0) }
    }
}

/// The nine bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of payload: 24 bits.
    pub length: u32,
    /// What it is.
    pub kind: Kind,
    /// Its flags.
    pub flags: Flags,
    /// The stream that it belongs to.
    pub stream: StreamId,
}

impl Header {
    /// Its size.
    pub const SIZE: usize = 9;

    /// Reads the nine bytes.
    ///
    /// ```
    /// use wirebook_http2::wire::{Header, Kind};
    /// let header = Header::read(&[0, 0, 8, 6, 0, 0, 0, 0, 0]);
    /// assert_eq!((header.kind, header.length), (Kind::Ping, 8));
    /// ```
    // ANCHOR: read
    pub fn read(bytes: &[u8; Header::SIZE]) -> Header {
        let [high, middle, low, kind, flags, stream @ ..] = bytes;
        Header {
            length: u32::from_be_bytes([0, *high, *middle, *low]),
            kind: Kind::new(*kind),
            flags: Flags(*flags),
            stream: StreamId::read(stream),
        }
    }
    // ANCHOR_END: read

    /// Writes them.
    pub fn bytes(&self) -> [u8; Header::SIZE] {
        let [_, high, middle, low] = self.length.to_be_bytes();
        let [a, b, c, d] = self.stream.number().to_be_bytes();
        [high, middle, low, self.kind.number(), self.flags.0, a, b, c, d]
    }

    /// What is wrong with it, whatever the payload and wherever the stream stands: known at the ninth byte, so that nobody
    /// waits for sixteen megabytes. `largest` is our SETTINGS_MAX_FRAME_SIZE.
    ///
    /// # Errors
    ///
    /// [`Violation::FrameTooLarge`], [`Violation::FrameLength`], [`Violation::NeedsStream`] and
    /// [`Violation::NeedsConnection`]. All end the connection, but for a PRIORITY of the wrong length, which ends its stream
    /// (§6.3).
    // ANCHOR: check
    pub fn check(&self, largest: u32) -> Result<(), Violation> {
        if self.length > largest {
            return Err(Violation::FrameTooLarge);
        }
        let rule = self.kind.rule();
        match rule.place {
            Place::Stream if self.stream.is_connection() => return Err(Violation::NeedsStream),
            Place::Connection if !self.stream.is_connection() => return Err(Violation::NeedsConnection),
            _ => {}
        }
        let fits = match rule.length {
            Length::Any => true,
            Length::Exactly(length) => self.length == length,
            Length::AtLeast(length) => self.length >= length,
            Length::Entries(_) if self.flags.has(Flags::ACK) => self.length == 0,
            Length::Entries(size) => self.length.is_multiple_of(size),
        };
        if fits { Ok(()) } else { Err(Violation::FrameLength) }
    }
    // ANCHOR_END: check
}
