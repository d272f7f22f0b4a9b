//! The numbers of streams: RFC 9113 §5.1.1.

use core::fmt;

/// A stream's number: 31 bits, odd for those that a client opens. 0 is the connection itself (§5.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u32);

impl StreamId {
    /// The connection itself.
    pub const CONNECTION: StreamId = StreamId(0);
    /// The largest number.
    pub const MAX: StreamId = StreamId(u32::MAX >> 1);

    /// The stream with this number. The uppermost bit is reserved, and ignored (§4.1).
    pub const fn new(number: u32) -> StreamId {
        StreamId(number & StreamId::MAX.0)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether it is the connection itself.
    pub const fn is_connection(self) -> bool {
        self.0 == 0
    }

    /// Whether clients open streams with this number.
    pub const fn is_clients(self) -> bool {
        self.0 % 2 == 1
    }

    pub(super) fn read(bytes: &[u8; 4]) -> StreamId {
        StreamId::new(u32::from_be_bytes(*bytes))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
