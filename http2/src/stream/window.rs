//! Flow control: RFC 9113 §5.2 and §6.9.
//!
//! HTTP/2 sends increments. Here both ends keep **totals that only grow**: how many bytes were ever allowed, how many ever went.
//! So every question is one subtraction, a lost increment cannot hide, and a drawing is two staircases.
//!
//! Five laws hold for the receiving side, and `tests/laws.rs` and the simulated pair hold the connection to them:
//!
//! 1. What nobody will read (padding, DATA of a stream that was reset, or of a malformed message) counts as received *and* read on
//!    the connection.
//! 2. When all streams are gone, everything that was received has been read, so at least half of the window is open.
//! 3. A reader that stops reading one stream never stops the frames of others.
//! 4. Nobody holds a part of the connection's window that it cannot use now: room is taken by bytes that go, and not before.
//! 5. The connection's window opens when a handler has read, so what is held unread is never more than its size.

use crate::wire::Violation;
use crate::wire::settings::{FIRST_WINDOW, MAX_WINDOW};

/// The sending end of a window: the peer says how much may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Bytes that were ever allowed. A smaller SETTINGS_INITIAL_WINDOW_SIZE takes some back (§6.9.2): this is the one total
    /// that does not only grow.
    limit: i64,
    /// Bytes that ever went.
    sent: i64,
}

impl Sender {
    /// A window of `size`.
    pub fn new(size: u32) -> Sender {
        Sender { limit: size.into(), sent: 0 }
    }

    /// Bytes that may go now; below 0 after a smaller SETTINGS_INITIAL_WINDOW_SIZE.
    pub fn room(&self) -> i64 {
        self.limit - self.sent
    }

    /// Bytes that ever went.
    pub fn sent(&self) -> u64 {
        self.sent as u64
    }

    /// Bytes that were ever allowed.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// Takes so many bytes, at most [`room`](Self::room) of them.
    pub(crate) fn take(&mut self, bytes: u32) {
        self.sent += i64::from(bytes);
        debug_assert!(self.sent <= self.limit);
    }

    // ANCHOR: grow
    /// WINDOW_UPDATE, or the difference of two SETTINGS_INITIAL_WINDOW_SIZE.
    ///
    /// # Errors
    ///
    /// [`Violation::WindowOverflow`]: more than 2^31 - 1 could go at once (§6.9.1).
    pub(crate) fn grow(&mut self, by: i64) -> Result<(), Violation> {
        if self.room() + by > i64::from(MAX_WINDOW) {
            return Err(Violation::WindowOverflow);
        }
        self.limit += by;
        Ok(())
    }
    // ANCHOR_END: grow
}

/// The receiving end: we say how much may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// What may be here unread.
    size: u32,
    /// Bytes that were ever allowed.
    granted: u64,
    /// Bytes that ever came.
    received: u64,
    /// Bytes that somebody has read, or that nobody ever will.
    read: u64,
}

impl Receiver {
    /// A window of `size`, of which the peer knows.
    pub fn new(size: u32) -> Receiver {
        Receiver { size, granted: size.into(), received: 0, read: 0 }
    }

    /// The connection's window, of which the peer knows nothing yet but the 65,535 that every window begins with. A smaller
    /// one does not exist: nothing takes room back.
    pub fn connection(size: u32) -> Receiver {
        Receiver { size: size.clamp(FIRST_WINDOW, MAX_WINDOW), granted: FIRST_WINDOW.into(), received: 0, read: 0 }
    }

    // ANCHOR: receive
    /// DATA came, padding and all. `assumed` is the window that the peer may believe in, as long as it has not acknowledged
    /// our SETTINGS.
    ///
    /// # Errors
    ///
    /// [`Violation::WindowExceeded`].
    pub(crate) fn receive(&mut self, bytes: u32, assumed: u32) -> Result<(), Violation> {
        let received = self.received + u64::from(bytes);
        if bytes > 0 && received > self.granted.max(assumed.into()) {
            return Err(Violation::WindowExceeded);
        }
        self.received = received;
        Ok(())
    }
    // ANCHOR_END: receive

    /// So many bytes have been read, at most those that are here.
    pub(crate) fn consume(&mut self, bytes: u64) -> u64 {
        let bytes = bytes.min(self.unread());
        self.read += bytes;
        bytes
    }

    // ANCHOR: due
    /// The increment that is due: when half of the window would be shut, so that a WINDOW_UPDATE is worth its 13 bytes and
    /// the peer does not stand still for it.
    pub(crate) fn due(&mut self) -> Option<u32> {
        let open = self.read + u64::from(self.size);
        let increment = open.saturating_sub(self.granted);
        if increment == 0 || increment < u64::from(self.size / 2) {
            return None;
        }
        self.granted = open;
        Some(increment as u32)
    }
    // ANCHOR_END: due

    /// Bytes that came and that nobody has read.
    pub fn unread(&self) -> u64 {
        self.received - self.read
    }

    /// Bytes that the peer may still send.
    pub fn open(&self) -> u64 {
        self.granted.saturating_sub(self.received)
    }

    /// The totals: granted, received, read.
    pub fn totals(&self) -> (u64, u64, u64) {
        (self.granted, self.received, self.read)
    }

    /// What may be here unread.
    pub fn size(&self) -> u32 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9113_6_9_2_a_smaller_setting_makes_a_window_negative() {
        let mut window = Sender::new(10);
        window.take(10);
        window.grow(-7).expect("no overflow");
        assert_eq!(window.room(), -7);
        window.grow(8).expect("no overflow");
        assert_eq!(window.room(), 1);
    }

    #[test]
    fn rfc9113_6_9_1_a_window_ends_at_its_bound() {
        let mut window = Sender::new(MAX_WINDOW - 1);
        assert_eq!(window.grow(2), Err(Violation::WindowOverflow));
        assert_eq!(window.grow(1), Ok(()));
        assert_eq!(window.room(), MAX_WINDOW.into());
    }

    #[test]
    fn a_window_takes_what_it_granted_and_not_a_byte_more() {
        for size in [0, 1, 100, MAX_WINDOW] {
            let mut window = Receiver::new(size);
            assert_eq!(window.receive(0, 0), Ok(()), "no bytes always fit");
            assert_eq!(window.receive(size, 0), Ok(()));
            assert_eq!(window.receive(1, 0), Err(Violation::WindowExceeded));
            assert_eq!(window.unread(), size.into());
        }
    }

    #[test]
    fn what_the_peer_may_still_believe_in_is_taken() {
        let mut window = Receiver::new(10);
        assert_eq!(window.receive(100, 100), Ok(()));
        assert_eq!((window.receive(0, 0), window.receive(1, 0)), (Ok(()), Err(Violation::WindowExceeded)));
        assert_eq!((window.consume(100), window.due()), (100, Some(100)));
        assert_eq!(window.open(), 10);
    }

    #[test]
    fn an_update_is_due_at_half() {
        let mut window = Receiver::new(100);
        window.receive(100, 0).expect("room");
        assert_eq!((window.consume(49), window.due()), (49, None));
        assert_eq!((window.consume(1), window.due()), (1, Some(50)));
        assert_eq!((window.consume(1000), window.due()), (50, Some(50)), "no more is read than is here");
        assert_eq!((window.open(), window.unread()), (100, 0));
        // A window of 1 opens byte by byte, one of 0 never does.
        let mut window = Receiver::new(1);
        window.receive(1, 0).expect("room");
        assert_eq!((window.due(), window.consume(1), window.due()), (None, 1, Some(1)));
        assert_eq!(Receiver::new(0).due(), None);
    }

    #[test]
    fn the_connection_begins_with_what_everybody_has() {
        let mut window = Receiver::connection(1 << 20);
        assert_eq!((window.open(), window.due()), (65_535, Some((1 << 20) - 65_535)));
        for size in [0, 1, FIRST_WINDOW] {
            assert_eq!(Receiver::connection(size).due(), None);
        }
        // A little more than everybody has is not worth an update before it is used.
        assert_eq!(Receiver::connection(FIRST_WINDOW + 1).due(), None);
        assert_eq!(Receiver::connection(u32::MAX).due(), Some(MAX_WINDOW - FIRST_WINDOW));
    }
}
