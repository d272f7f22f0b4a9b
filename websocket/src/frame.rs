//! The frame header: bytes ↔ values, pure, without allocation. RFC 6455 §5.2.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
//! |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
//! |N|V|V|V|       |S|             |   (if payload len==126/127)   |
//! | |1|2|3|       |K|             |                               |
//! +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
//! |     Extended payload length continued, if payload len == 127  |
//! + - - - - - - - - - - - - - - - +-------------------------------+
//! |                               |Masking-key, if MASK set to 1  |
//! +-------------------------------+-------------------------------+
//! | Masking-key (continued)       |          Payload Data         |
//! +-------------------------------- - - - - - - - - - - - - - - - +
//! ```
//!
//! Rules that a frame breaks by itself are checked here. Whether RSV1 or a continuation is allowed *now* is a matter of
//! the conversation, and stands in `connection/receive.rs`.

use crate::error::Error;

/// The largest header: 2 bytes, 8 of length, 4 of masking key.
pub const MAX_HEADER: usize = 14;

/// The most that a control frame may carry (RFC 6455 §5.5).
pub const MAX_CONTROL: usize = 125;

/// The meaning of a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of the message under way.
    Continuation = 0x0,
    /// A text message, or its first fragment.
    Text = 0x1,
    /// A binary message, or its first fragment.
    Binary = 0x2,
    /// The beginning of the end.
    Close = 0x8,
    /// A question for a sign of life.
    Ping = 0x9,
    /// The answer to a ping, or a sign of life by itself.
    Pong = 0xA,
}

impl Opcode {
    /// The opcode of these four bits; `None` for the reserved ones.
    #[inline]
    pub fn from_bits(bits: u8) -> Option<Opcode> {
        Some(match bits {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    /// Close, Ping and Pong: never fragmented, at most 125 bytes, allowed between the fragments of a message.
    #[inline]
    pub fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last (or only) frame of its message.
    pub fin: bool,
    /// RSV1 (4), RSV2 (2) and RSV3 (1), for extensions to give a meaning to.
    pub rsv: u8,
    /// What the payload means.
    pub opcode: Opcode,
    /// The masking key, where the MASK bit is set.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload that follow; below 2^63.
    pub length: u64,
}

/// The value of [`Header::rsv`] with RSV1 alone: "compressed", with permessage-deflate (RFC 7692 §6).
pub const RSV1: u8 = 4;

impl Header {
    /// Reads a header from the front of `input`: the header and its size in bytes, or `None` where more is needed.
    ///
    /// ```
    /// use wirebook_websocket::frame::{Header, Opcode};
    /// // The RFC's own example (§5.7): a masked "Hello".
    /// let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    /// let (header, size) = Header::decode(&bytes).unwrap().unwrap();
    /// assert_eq!((header.opcode, header.fin, header.length, size), (Opcode::Text, true, 5, 6));
    /// ```
    #[inline]
    pub fn decode(input: &[u8]) -> Result<Option<(Header, usize)>, Error> {
        let [first, second, rest @ ..] = input else {
            // One byte is enough to know a reserved opcode, and an error is reported at its first byte.
            return match input {
                [first] if Opcode::from_bits(first & 0x0f).is_none() => Err(Error::ReservedOpcode),
                _ => Ok(None),
            };
        };
        // ANCHOR: decode
        let Some(opcode) = Opcode::from_bits(first & 0x0f) else { return Err(Error::ReservedOpcode) };
        let fin = first & 0x80 != 0;
        let short = second & 0x7f;
        if opcode.is_control() {
            // §5.5: All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented.
            if !fin {
                return Err(Error::ControlFragmented);
            }
            if short > MAX_CONTROL as u8 {
                return Err(Error::ControlTooLong);
            }
        }
        // §5.2: the minimal number of bytes MUST be used to encode the length.
        let (length, rest, size) = match short {
            126 => {
                let Some((bytes, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
                let length = u16::from_be_bytes(*bytes) as u64;
                if length < 126 {
                    return Err(Error::LengthNotMinimal);
                }
                (length, rest, 4)
            }
            127 => {
                let Some((bytes, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
                let length = u64::from_be_bytes(*bytes);
                if length >> 63 != 0 {
                    return Err(Error::LengthTooLarge);
                }
                if length <= u16::MAX as u64 {
                    return Err(Error::LengthNotMinimal);
                }
                (length, rest, 10)
            }
            short => (short as u64, rest, 2),
        };
        // ANCHOR_END: decode
        let (mask, size) = if second & 0x80 != 0 {
            let Some(key) = rest.first_chunk::<4>() else { return Ok(None) };
            (Some(*key), size + 4)
        } else {
            (None, size)
        };
        Ok(Some((Header { fin, rsv: first >> 4 & 7, opcode, mask, length }, size)))
    }

    /// Writes the header, its length in the shortest form, to the front of `out`; returns its size in bytes.
    ///
    /// ```
    /// use wirebook_websocket::frame::{Header, Opcode};
    /// let mut out = [0; 14];
    /// let header = Header { fin: true, rsv: 0, opcode: Opcode::Binary, mask: None, length: 256 };
    /// assert_eq!(header.encode(&mut out), 4);
    /// assert_eq!(out[..4], [0x82, 0x7e, 0x01, 0x00]);
    /// ```
    #[inline]
    pub fn encode(&self, out: &mut [u8; MAX_HEADER]) -> usize {
        let (bytes, size) = self.to_bytes();
        *out = bytes;
        size
    }

    /// The header at the front of the array, and its size. It is put together as a number whose lowest byte goes first, in
    /// registers: bytes that are stored one by one and then copied at once make the copy wait.
    #[inline]
    pub(crate) fn to_bytes(self) -> ([u8; MAX_HEADER], usize) {
        // ANCHOR: encode
        let first = u128::from((self.fin as u8) << 7 | self.rsv << 4 | self.opcode as u8);
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let (second, extended, mut size) = match self.length {
            length @ 0..=125 => (length, 0, 2),
            length @ 126..=0xffff => (126, u64::from((length as u16).swap_bytes()), 4),
            length => (127, length.swap_bytes(), 10),
        };
        let mut number = first | u128::from(masked | second) << 8 | u128::from(extended) << 16;
        if let Some(key) = self.mask {
            number |= u128::from(u32::from_le_bytes(key)) << (8 * size);
            size += 4;
        }
        // ANCHOR_END: encode
        let mut bytes = [0; MAX_HEADER];
        bytes.copy_from_slice(&number.to_le_bytes()[..MAX_HEADER]);
        (bytes, size)
    }
}
