//! Stage 3: the mask of WebSocket (RFC 6455 §5.3).
//!
//! A client masks every payload with a key of four bytes: byte `i` of the payload is combined with byte `i mod 4` of the key
//! by XOR. The same step undoes it. A payload may come in pieces, and the key goes on where it was.

/// Unmasks a piece of a payload in place; `offset` is where in the payload the piece begins.
pub fn unmask(piece: &mut [u8], key: [u8; 4], offset: usize) {}
