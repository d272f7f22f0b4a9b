//! The direction that writes: what the stream has not taken yet.

use crate::sockets::Stream;
use std::io;

/// Bytes that wait to be written, from which on [`Socket::write`](super::Socket::write) asks to wait for `drain`:
/// 16 KiB, the default of Node 20.
pub const HIGH_WATER_MARK: usize = 16 * 1024;

#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Being written; `sent` bytes of it are gone. It counts until it is gone as a whole, as in Node.
    sending: Vec<u8>,
    sent: usize,
    /// What was written meanwhile.
    queued: Vec<u8>,
    wants_drain: bool,
    ending: bool,
}

impl Outgoing {
    /// Bytes that are not surely gone.
    fn length(&self) -> usize {
        self.sending.len() + self.queued.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length() == 0
    }

    /// Whether there is room for more; if not, `drain` is owed.
    pub(super) fn has_room(&mut self) -> bool {
        let room = self.length() < HIGH_WATER_MARK;
        self.wants_drain |= !room;
        room
    }

    pub(super) fn queue(&mut self, bytes: &[u8]) {
        self.queued.extend_from_slice(bytes);
    }

    /// False when it is ending already.
    pub(super) fn end(&mut self) -> bool {
        !std::mem::replace(&mut self.ending, true)
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending
    }

    /// True once for each time that room was missing, and never for who ends.
    pub(super) fn take_drain(&mut self) -> bool {
        self.is_empty() && !self.ending && std::mem::take(&mut self.wants_drain)
    }

    /// Writes `bytes` at once as far as the stream takes them, and queues the rest.
    pub(super) fn write(&mut self, stream: &dyn Stream, bytes: &[u8]) -> io::Result<()> {
        let taken = if self.is_empty() { take(stream, bytes)? } else { 0 };
        self.queue(&bytes[taken..]);
        Ok(())
    }

    /// Writes what waits as far as the stream takes it, and says how much that was.
    pub(super) fn flush(&mut self, stream: &dyn Stream) -> io::Result<usize> {
        let mut moved = 0;
        loop {
            if self.sent == self.sending.len() {
                self.sending = std::mem::take(&mut self.queued);
                self.sent = 0;
                if self.sending.is_empty() {
                    return Ok(moved);
                }
            }
            let taken = take(stream, &self.sending[self.sent..])?;
            self.sent += taken;
            moved += taken;
            if self.sent < self.sending.len() {
                return Ok(moved);
            }
        }
    }
}

/// Writes until the stream takes no more.
fn take(stream: &dyn Stream, bytes: &[u8]) -> io::Result<usize> {
    let mut taken = 0;
    while taken < bytes.len() {
        match stream.try_write(&bytes[taken..]) {
            Ok(0) => break,
            Ok(count) => taken += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}
