//! Time: it comes from outside, and does nothing but end what has waited for too long.

use super::Connection;
use crate::message::Scratch;
use crate::stream::state::Leaving;
use crate::stream::table::Streams;
use crate::wire::Violation;
use std::time::{Duration, Instant};

/// A connection that has had no stream for so long gives back the room that it needs for them. One that is asked again sooner keeps it, and
/// allocates nothing.
const REST: Duration = Duration::from_millis(250);

impl Connection {
    /// It is `now`. Budgets rise, and what has waited for too long ends: streams are told of by the next
    /// [`receive`](Self::receive), which may be given no bytes; the connection itself by [`fault`](Self::fault) and
    /// [`is_over`](Self::is_over). What is owed for it is appended to `out`.
    pub fn tick(&mut self, now: Instant, out: &mut Vec<u8>) {
        let passed = now.saturating_duration_since(self.now);
        self.now = self.now.max(now);
        self.resets.refill(passed);
        self.idle_frames.refill(passed);
        if self.departure.leaving() != Leaving::Closed {
            if let Some(violation) = self.too_late() {
                self.fail(violation);
            } else {
                if self.has_passed(self.settle_due) {
                    self.settle();
                }
                let idle_due = self.idle_due();
                if self.departure.leaving() == Leaving::No && self.has_passed(idle_due) {
                    self.shutdown();
                }
                self.end_slow_streams();
                if self.has_passed(self.rest_due()) {
                    self.rest();
                }
            }
        }
        self.answers(out);
    }

    /// When [`tick`](Self::tick) has something to do, if nothing comes before.
    pub fn deadline(&self) -> Option<Instant> {
        let streams = self.streams.iter().flat_map(|stream| [stream.content_due(), stream.room_due]);
        let idle_due = if self.departure.leaving() == Leaving::No { self.idle_due() } else { None };
        let own = [
            self.rest_due(),
            self.opening_due,
            self.head_due,
            self.settings_due,
            self.settle_due,
            self.pong_due(),
            idle_due,
        ];
        match self.departure.leaving() {
            Leaving::Closed => None,
            _ => streams.chain(own).flatten().min(),
        }
    }

    fn has_passed(&self, due: Option<Instant>) -> bool {
        due.is_some_and(|due| due <= self.now)
    }

    /// How long there has been no stream.
    pub fn idle_time(&self) -> Duration {
        if self.streams.is_empty() { self.now.saturating_duration_since(self.idle_since) } else { Duration::ZERO }
    }

    fn idle_due(&self) -> Option<Instant> {
        self.idle_since.checked_add(self.config.idle_timeout).filter(|_| self.streams.is_empty())
    }

    fn rest_due(&self) -> Option<Instant> {
        self.idle_since.checked_add(REST).filter(|_| self.streams.is_empty() && !self.rests)
    }

    /// What is left is what the two ends know of each other.
    fn rest(&mut self) {
        self.rests = true;
        self.streams = Streams::default();
        self.encoder.shrink();
        self.decoder.shrink();
        self.scratch = Scratch::new();
        self.owed.shrink_to_fit();
        self.rare = self.rare.take().filter(|rare| !(rare.held.is_empty() && rare.late.is_empty()));
    }

    /// Whether it has no stream and keeps no room for any, so that who drives it need not either.
    pub fn rests(&self) -> bool {
        self.rests && self.streams.is_empty()
    }

    fn pong_due(&self) -> Option<Instant> {
        self.pinged.and_then(|(_, due)| due)
    }

    /// What the whole connection has waited for too long.
    fn too_late(&self) -> Option<Violation> {
        let dues = [
            (self.opening_due, Violation::PrefaceTimeout),
            (self.head_due, Violation::HeadTimeout),
            (self.settings_due, Violation::SettingsTimeout),
            (self.pong_due(), Violation::PingTimeout),
        ];
        dues.into_iter().find(|(due, _)| self.has_passed(*due)).map(|(_, violation)| violation)
    }

    /// Streams whose peer is too slow are cancelled. A peer that lets the last of its windows stay shut is gone.
    fn end_slow_streams(&mut self) {
        let slow = |stream: &&crate::stream::table::Stream| {
            self.has_passed(stream.content_due()) || self.has_passed(stream.room_due)
        };
        let mut ended: Vec<_> = self.streams.iter().filter(slow).map(|stream| (stream.id, stream.room_due)).collect();
        ended.sort_unstable_by_key(|(id, _)| *id);
        let mut shut = false;
        for (id, room_due) in ended {
            if self.streams.get(id).is_some_and(crate::stream::table::Stream::is_unwanted) {
                if let Err(violation) = self.stop(id) {
                    self.fail(violation);
                    return;
                }
                continue;
            }
            let is_shut = self.has_passed(room_due);
            shut |= is_shut;
            let violation = if is_shut { Violation::WriteTimeout } else { Violation::BodyTimeout };
            match self.end_stream(id, violation) {
                Ok(error) => self.rare.get_or_insert_default().late.push_back(error),
                Err(violation) => {
                    self.fail(violation);
                    return;
                }
            }
        }
        if shut && self.streams.is_empty() {
            self.settle();
        }
    }
}
