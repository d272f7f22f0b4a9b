//! The two timers of a connection, of which one runs at a time: the heartbeat, and after our Close frame the wait for the
//! peer.
//!
//! A heartbeat looks once an interval whether anything was heard. If not, it pings, and gives the peer a timeout to be
//! heard. Nothing is done for a received frame but to set a flag.

use std::time::{Duration, Instant};

use crate::config::Heartbeat;
use crate::error::Error;

#[derive(Debug)]
pub(crate) struct Timer {
    phase: Phase,
    heard: bool,
    due: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Off,
    /// At `due`: ping, unless something was heard.
    Quiet,
    /// At `due`: gone, unless something was heard.
    Pinged,
    /// A Close frame was sent; nobody has told the time since. Due at once.
    Closing,
    /// At `due` the peer has had its time to finish.
    Closed,
}

impl Timer {
    pub(crate) fn new(heartbeat: Option<Heartbeat>, now: Instant) -> Self {
        match heartbeat {
            Some(heartbeat) => Timer { phase: Phase::Quiet, heard: false, due: now + heartbeat.interval },
            None => Timer { phase: Phase::Off, heard: false, due: now },
        }
    }

    /// Bytes came from the peer.
    #[inline]
    pub(crate) fn heard(&mut self) {
        self.heard = true;
    }

    /// Our Close frame was sent. Nobody says when; so what was due becomes the time at which that was set.
    pub(crate) fn closing(&mut self, heartbeat: Option<Heartbeat>) {
        match (self.phase, heartbeat) {
            (Phase::Closing | Phase::Closed, _) => return,
            (Phase::Quiet, Some(heartbeat)) => self.due -= heartbeat.interval,
            (Phase::Pinged, Some(heartbeat)) => self.due -= heartbeat.timeout,
            (Phase::Off | Phase::Quiet | Phase::Pinged, _) => {}
        }
        self.phase = Phase::Closing;
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Off => None,
            Phase::Quiet | Phase::Pinged | Phase::Closing | Phase::Closed => Some(self.due),
        }
    }

    /// `true`: send a ping.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        heartbeat: Option<Heartbeat>,
        close: Duration,
    ) -> Result<bool, Error> {
        match self.phase {
            Phase::Closing => {
                (self.phase, self.due) = (Phase::Closed, now + close);
                Ok(false)
            }
            _ if now < self.due => Ok(false),
            Phase::Closed => Err(Error::CloseTimeout),
            // ANCHOR: heartbeat
            Phase::Pinged if !self.heard => Err(Error::HeartbeatTimeout),
            Phase::Off | Phase::Quiet | Phase::Pinged => {
                let Some(heartbeat) = heartbeat else { return Ok(false) };
                let ping = self.phase == Phase::Quiet && !self.heard;
                self.heard = false;
                (self.phase, self.due) = match ping {
                    true => (Phase::Pinged, now + heartbeat.timeout),
                    false => (Phase::Quiet, now + heartbeat.interval),
                };
                // ANCHOR_END: heartbeat
                Ok(ping)
            }
        }
    }
}
