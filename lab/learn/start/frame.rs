//! Stage 4: the frames that a WebSocket server reads (RFC 6455 §5.2).
//!
//! ```text
//!  bit  0    1 2 3   4 5 6 7   8     9 … 15
//!      FIN   RSV     opcode    MASK  length (7 bits)
//! ```
//!
//! A length of 126 says that 16 bits with the length follow, 127 that 64 bits do, in network order; the shortest form must
//! be used. Then come four bytes of masking key, then the payload, masked with it: `crate::unmask` is yours already.
//!
//! Opcodes: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong; the rest are reserved. From 8 on they are control
//! frames: never in fragments (FIN is set), 125 bytes of payload at most.

/// A frame.
pub struct Frame {
    /// The last (or only) frame of its message.
    pub fin: bool,
    /// What the payload means.
    pub opcode: u8,
    /// Unmasked.
    pub payload: Vec<u8>,
    /// Bytes of the whole frame.
    pub len: usize,
}

/// Reads a frame from the start of `input`; `Ok(None)` while it is not complete. The header is judged as soon as its bytes
/// have come, and not only when the payload is there. The rules, in the order in which they are looked at: by the first two
/// bytes `ReservedOpcode` (which the first alone decides), `ControlFragmented`, `ControlTooLong`; by the length
/// `LengthTooLarge` (the highest of 64 bits is set), `LengthNotMinimal`; when the header is complete, with its key if the
/// bit MASK is set, `ReservedBits` and `Unmasked`.
pub fn frame(input: &[u8]) -> Result<Option<Frame>, &'static str> {
    Ok(None)
}
