//! What a connection may do and cost. Every bound has a name, and a default that suits a server open to the world.

use std::time::Duration;

/// The settings of one connection, shared by all connections of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bounds on what the peer may send.
    pub limits: Limits,
    /// Whole messages, or parts as they arrive.
    pub delivery: Delivery,
    /// Messages longer than this are sent as fragments of this many bytes; `None` (the default): never. 0 counts as 1.
    pub fragment: Option<usize>,
    /// Pings at rest; `None`: no pings, and nobody is given up. The default pings after 30 s and gives the peer 20 s.
    pub heartbeat: Option<Heartbeat>,
    /// How long the end may take, each step of it: the peer to answer our Close frame and to end the transport; a peer that has
    /// ended its direction without a Close to take what was sent before; a reader that is not asked for anything to come upon
    /// the peer's end. A peer that takes some of what waits for it has its time anew. Default 3 s. With 0 what the stream
    /// takes at once is written, and that is the end; with [`Duration::MAX`] there is no limit.
    pub close_timeout: Duration,
    /// permessage-deflate, offered or accepted; `None` (the default): never.
    pub deflate: Option<Deflate>,
    /// Bytes of messages that are kept for a [`Reader`](crate::Reader) that nobody reads, so that the pings, pongs and Close
    /// behind them are seen; when so much waits, the peer is not read (and not judged by its silence) until the reader is.
    /// Default 8 KiB. With 0 nothing is read but by the reader.
    pub ahead: usize,
    /// Bytes that may wait for a slow reader before [`send`](crate::Writer::send) waits too. Default 64 KiB. With 0
    /// every send waits until its message is written; with `usize::MAX` none waits, and a slow reader costs what is sent to it.
    pub queue: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            limits: Limits::default(),
            delivery: Delivery::Messages,
            fragment: None,
            heartbeat: Some(Heartbeat::DEFAULT),
            close_timeout: Duration::from_secs(3),
            deflate: None,
            ahead: 8 << 10,
            queue: 64 << 10,
        }
    }
}

/// Bounds on what the peer may send (RFC 6455 §10.4). Reaching a bound is allowed, passing it fails the connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Payload bytes of one frame on the wire; refused at its header. Default 1 MiB. With 0 only empty frames pass; with
    /// `u64::MAX` there is no bound but that on messages.
    pub frame: u64,
    /// Bytes of one message, after inflating. Default 1 MiB. With 0 only empty messages pass; with `usize::MAX` a peer may
    /// fill the memory.
    pub message: usize,
    /// Frames of one message. Default 131 072: 8 MiB in pieces of 64 bytes. With 0 or 1 no message may have a second frame; with
    /// `u32::MAX` there is no bound.
    pub fragments: u32,
    /// Frames of one message that carry nothing: they cost the sender 6 bytes and bring the receiver no nearer to any
    /// other bound. Default 999. With 0 there may be none; with `u32::MAX` there is no bound.
    pub empty_fragments: u32,
    /// Inflated bytes for each byte on the wire, looked at once a message has inflated to [`RATIO_FROM`] bytes. Default
    /// 512; deflate itself ends at 1 032, so from there on there is no bound. With 0 no compressed message may have that size.
    pub ratio: u32,
    /// The longest frame that waits in the caller's buffer until it is whole, to be handed over without a copy. Longer
    /// ones are gathered as they arrive. Default 80 KiB. With 0 all are gathered; with `usize::MAX` none is that comes whole,
    /// and the buffer grows to the longest.
    pub in_place: usize,
}

/// Messages that inflate to less than this many bytes are not held to [`Limits::ratio`].
pub const RATIO_FROM: usize = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frame: 1 << 20,
            message: 1 << 20,
            fragments: 1 << 17,
            empty_fragments: 999,
            ratio: 512,
            in_place: 80 << 10,
        }
    }
}

impl Limits {
    /// The defaults, with another bound on frame and message.
    pub fn message(bytes: usize) -> Self {
        Limits { frame: bytes as u64, message: bytes, ..Limits::default() }
    }
}

/// How messages are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Each message whole: [`Event::Message`](crate::Event::Message).
    Messages,
    /// Parts as they arrive: [`Event::Chunk`](crate::Event::Chunk). The bounds on the message still hold.
    Chunks,
}

/// Pings at rest, and how long the answer may take. Any byte from the peer counts as a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// From one look to the next; a ping goes out where nothing was heard since the last. 0 switches the heartbeat off; less
    /// than a millisecond counts as one; [`Duration::MAX`] is never over.
    pub interval: Duration,
    /// From the ping until the peer counts as gone. With 0 a peer that was silent for an interval is given up at once;
    /// with [`Duration::MAX`] nobody is.
    pub timeout: Duration,
}

/// permessage-deflate (RFC 7692): what this end wants.
///
/// The default gives up context take-over in both directions: every message is compressed by itself, by a compressor that
/// all connections of a thread share, so that an idle connection holds none. With take-over a connection keeps a
/// compressor and an inflater of its own, hundreds of kilobytes at 15 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// Keep our compressor's window from message to message.
    pub own_takeover: bool,
    /// Let the peer keep its window, which costs us an inflater of our own.
    pub peer_takeover: bool,
    /// Base-2 logarithm of our compressor's window, 9 to 15; what is beyond counts as the nearest of these, here and in the
    /// next two.
    pub own_window_bits: u8,
    /// The window we would have the peer use, 9 to 15.
    pub peer_window_bits: u8,
    /// Messages shorter than this are sent as they are. Default 128 bytes. With 0 only empty ones are; with `usize::MAX` all.
    pub threshold: usize,
    /// Compression level, 1 (fast) to 9 (small); 0 counts as 1, and more than 9 as 9. Default 1, which on short messages differs little in size.
    pub level: u32,
}

impl Deflate {
    /// With windows that zlib has.
    pub(crate) fn in_range(self) -> Self {
        Deflate {
            own_window_bits: self.own_window_bits.clamp(9, 15),
            peer_window_bits: self.peer_window_bits.clamp(9, 15),
            ..self
        }
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Deflate {
            own_takeover: false,
            peer_takeover: false,
            own_window_bits: 15,
            peer_window_bits: 15,
            threshold: 128,
            level: 1,
        }
    }
}
