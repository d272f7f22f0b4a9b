//! What a connection keeps of a frame whose payload is under way.

use crate::frame::Opcode;
use crate::utf8::Utf8;

/// The frame under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) opcode: Opcode,
    pub(super) fin: bool,
    /// The frame stays in the caller's buffer until it is whole.
    pub(super) in_place: bool,
    /// How the text in `seen` ended, for text in place: so that it fails at its first bad byte. It proves nothing.
    pub(super) utf8: Utf8,
    pub(super) key: [u8; 4],
    /// Payload bytes of the frame.
    pub(super) length: u64,
    /// In place: unmasked and checked so far. Otherwise: consumed so far.
    pub(super) seen: u64,
}
