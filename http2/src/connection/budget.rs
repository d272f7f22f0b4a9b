//! What a peer may do without a purpose: RFC 9113 §10.5.
//!
//! A budget is a level that falls by what is done and rises with time, so it bounds a rate and no lifetime: a connection that
//! lives for a month may be reset a million times.

use crate::config::Rate;
use std::time::Duration;

/// Parts of one: what a nanosecond brings at a rate of one a second.
const ONE: u64 = 1_000_000_000;

/// The level.
#[derive(Debug)]
pub(crate) struct Budget {
    rate: Rate,
    level: u64,
}

impl Budget {
    pub(crate) fn new(rate: Rate) -> Self {
        Budget { rate, level: u64::from(rate.burst) * ONE }
    }

    // ANCHOR: spend
    /// Takes one. Says whether there was one.
    pub(crate) fn spend(&mut self) -> bool {
        if self.rate.burst == u32::MAX {
            return true;
        }
        match self.level.checked_sub(ONE) {
            Some(level) => {
                self.level = level;
                true
            }
            None => false,
        }
    }
    // ANCHOR_END: spend

    // ANCHOR: refill
    /// So much time has passed.
    pub(crate) fn refill(&mut self, passed: Duration) {
        let nanos = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX);
        self.add(nanos.saturating_mul(self.rate.per_second.into()));
    }

    /// Something was done that had a purpose.
    pub(crate) fn refund(&mut self, count: u32) {
        self.add(u64::from(count) * ONE);
    }

    fn add(&mut self, parts: u64) {
        self.level = self.level.saturating_add(parts).min(u64::from(self.rate.burst) * ONE);
    }
    // ANCHOR_END: refill

    /// How many are left.
    pub(crate) fn left(&self) -> u32 {
        (self.level / ONE) as u32
    }
}
