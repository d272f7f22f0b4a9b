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
    let Some(&first) = input.first() else { return Ok(None) };
    let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
    if !matches!(opcode, 0..=2 | 8..=10) {
        return Err("ReservedOpcode");
    }
    let Some(&second) = input.get(1) else { return Ok(None) };
    let short = second & 0x7f;
    if opcode >= 8 && !fin {
        return Err("ControlFragmented");
    }
    if opcode >= 8 && short > 125 {
        return Err("ControlTooLong");
    }
    let rest = &input[2..];
    let (length, rest) = match short {
        126 => {
            let Some((bytes, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*bytes)), rest)
        }
        127 => {
            let Some((bytes, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
            (u64::from_be_bytes(*bytes), rest)
        }
        short => (u64::from(short), rest),
    };
    if length >> 63 != 0 {
        return Err("LengthTooLarge");
    }
    let least = match short {
        126 => 126,
        127 => 65_536,
        _ => 0,
    };
    if length < least {
        return Err("LengthNotMinimal");
    }
    let is_masked = second & 0x80 != 0;
    if is_masked && rest.len() < 4 {
        return Ok(None);
    }
    if first & 0x70 != 0 {
        return Err("ReservedBits");
    }
    let Some((key, rest)) = rest.split_first_chunk::<4>().filter(|_| is_masked) else { return Err("Unmasked") };
    // Only now, when they are there: a length is a promise, and no reason to make room.
    let Some(payload) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else { return Ok(None) };
    let mut payload = payload.to_vec();
    crate::unmask::unmask(&mut payload, *key, 0);
    let len = input.len() - rest.len() + payload.len();
    Ok(Some(Frame { fin, opcode, payload, len }))
}
