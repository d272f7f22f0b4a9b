//! The two timers of a connection, of which one runs at a time: the heartbeat, and after our Close frame the wait for the
//! peer.
//!
//! A heartbeat looks once an interval whether anything was heard. If not, it pings, and gives the peer a timeout to be
//! heard. Nothing is done for a received frame but to set a flag. Only beginnings are kept: when a phase ends is worked out
//! where it is asked, and an end that no clock can name never comes.

use std::time::{Duration, Instant};

use crate::config::{Config, Heartbeat};
use crate::error::Error;

/// A shorter interval counts as this one, so that a heartbeat is never a loop that does nothing else.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

// Packed, so that the flags of its connection lie behind it where there would be nothing.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed)]
pub(crate) struct Timer {
    phase: Phase,
    heard: bool,
    /// When the phase began.
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// An interval from its beginning on: ping, unless something was heard.
    Quiet,
    /// A timeout from its beginning on: gone, unless something was heard.
    Pinged,
    /// The end has begun; nobody has told the time since. Due at once.
    Ending,
    /// A close timeout from its beginning on, the peer has had its time to finish.
    Closing,
}

impl Timer {
    pub(crate) fn new(now: Instant) -> Self {
        Timer { phase: Phase::Quiet, heard: false, since: now }
    }

    /// Bytes came from the peer.
    #[inline]
    pub(crate) fn heard(&mut self) {
        self.heard = true;
    }

    /// The peer took bytes that had to wait: it lives, and the time that it has to finish begins anew.
    pub(crate) fn progress(&mut self) {
        self.heard = true;
        if self.phase == Phase::Closing {
            self.phase = Phase::Ending;
        }
    }

    /// Our Close frame was sent, or the transport has ended. Nobody says when.
    pub(crate) fn ending(&mut self) {
        if matches!(self.phase, Phase::Quiet | Phase::Pinged) {
            self.phase = Phase::Ending;
        }
    }

    pub(crate) fn deadline(&self, config: &Config) -> Option<Instant> {
        let heartbeat = config.heartbeat.filter(|heartbeat| !heartbeat.interval.is_zero());
        let lasts = match self.phase {
            Phase::Quiet => heartbeat?.interval.max(SHORTEST_INTERVAL),
            Phase::Pinged => heartbeat?.timeout,
            Phase::Ending => Duration::ZERO,
            Phase::Closing => config.close_timeout,
        };
        { self.since }.checked_add(lasts)
    }

    /// `true`: send a ping.
    pub(crate) fn expire(&mut self, now: Instant, config: &Config) -> Result<bool, Error> {
        if self.phase == Phase::Ending {
            (self.phase, self.since) = (Phase::Closing, now);
            return Ok(false);
        }
        if self.deadline(config).is_none_or(|due| now < due) {
            return Ok(false);
        }
        match self.phase {
            Phase::Closing => Err(Error::CloseTimeout),
            // ANCHOR: heartbeat
            Phase::Pinged if !self.heard => Err(Error::HeartbeatTimeout),
            _ => {
                let ping = self.phase == Phase::Quiet && !self.heard;
                self.phase = if ping { Phase::Pinged } else { Phase::Quiet };
                (self.heard, self.since) = (false, now);
                // ANCHOR_END: heartbeat
                Ok(ping)
            }
        }
    }
}

impl Heartbeat {
    /// What it is for a connection that is open to the world.
    pub(crate) const DEFAULT: Heartbeat =
        Heartbeat { interval: Duration::from_secs(30), timeout: Duration::from_secs(20) };
}
