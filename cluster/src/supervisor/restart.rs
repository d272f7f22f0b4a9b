//! When a worker that died is started again: a back-off for each slot, and one limit for the whole cluster.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// A pause differs from its nominal length by up to a fifth, so that workers that died together do not come back together.
const JITTER: f64 = 0.2;

/// How long a slot rests between a death and the next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// The pause before the second start in a row; it doubles from then on. The first is at once: who died after a long life
    /// is replaced without delay. 100 ms by default. Zero: every start is at once.
    pub first: Duration,
    /// The longest pause, and the pause of every start while the cluster is degraded. 30 s by default; zero is no pause, as
    /// above; [`Duration::MAX`] lets it grow for ever, and a degraded cluster start nobody.
    pub longest: Duration,
    /// A worker that lived so long ends the row: the next start is at once again. 30 s by default. Zero: no death belongs to
    /// a row; [`Duration::MAX`]: a row never ends.
    pub settled: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        BackOff { first: Duration::from_millis(100), longest: seconds(30), settled: seconds(30) }
    }
}

/// How many deaths a cluster bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartLimit {
    /// Deaths that nobody ordered; one more within [`RestartLimit::within`], and the cluster gives up: it is degraded. 10 by
    /// default. 0 gives up at the first, `usize::MAX` never.
    pub deaths: usize,
    /// The time in which they are counted. 60 s by default. Zero counts nothing, [`Duration::MAX`] forgets nothing.
    pub within: Duration,
}

impl Default for RestartLimit {
    fn default() -> Self {
        RestartLimit { deaths: 10, within: Duration::from_secs(60) }
    }
}

/// Deaths in a row, of one slot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    deaths: u32,
}

impl Row {
    /// Notes a death after a life of that length, and says how long to rest.
    pub(super) fn died(&mut self, lived: Duration, options: &BackOff, degraded: bool, chance: &mut Chance) -> Duration {
        if lived >= options.settled {
            self.deaths = 0;
        }
        let doubled = self.deaths.checked_sub(1).map_or(Duration::ZERO, |times| {
            options.first.checked_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX)).unwrap_or(Duration::MAX)
        });
        self.deaths = self.deaths.saturating_add(1);
        let pause = if degraded { options.longest } else { doubled.min(options.longest) };
        chance.around(pause)
    }
}

/// The deaths of a cluster that count.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    /// One more than the limit at most.
    recent: VecDeque<Instant>,
}

impl Deaths {
    /// Notes a death, and says whether there were too many.
    pub(super) fn note(&mut self, limit: &RestartLimit, now: Instant) -> bool {
        if limit.deaths == usize::MAX || limit.within.is_zero() {
            return false;
        }
        self.forget(limit, now);
        self.recent.push_back(now);
        let too_many = self.recent.len() > limit.deaths;
        // The last one stays, also with a limit of 0: it says how long the trouble lasts.
        while self.recent.len() > limit.deaths.max(1) {
            self.recent.pop_front();
        }
        too_many
    }

    fn forget(&mut self, limit: &RestartLimit, now: Instant) {
        while self.recent.front().is_some_and(|at| now.saturating_duration_since(*at) >= limit.within) {
            self.recent.pop_front();
        }
    }

    /// None of them counts any more.
    pub(super) fn are_over(&self, limit: &RestartLimit, now: Instant) -> bool {
        self.recent.is_empty() || self.over_at(limit).is_some_and(|over| over <= now)
    }

    /// When the last of them counts no more; `None` where there was none, and where none is forgotten.
    pub(super) fn over_at(&self, limit: &RestartLimit) -> Option<Instant> {
        self.recent.back()?.checked_add(limit.within)
    }
}

/// Numbers that look random and are the same for the same seed (splitmix64).
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// That time, up to a fifth more or less.
    fn around(&mut self, time: Duration) -> Duration {
        let unit = self.next() as f64 / u64::MAX as f64;
        Duration::try_from_secs_f64(time.as_secs_f64() * (1.0 - JITTER + 2.0 * JITTER * unit)).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pauses(options: BackOff, lives: &[Duration], degraded: bool) -> Vec<Duration> {
        let (mut row, mut chance) = (Row::default(), Chance::new(7));
        lives.iter().map(|lived| row.died(*lived, &options, degraded, &mut chance)).collect()
    }

    fn is_around(pause: Duration, nominal: Duration) -> bool {
        pause >= nominal.mul_f64(0.8) && pause <= nominal.mul_f64(1.2)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_long_life() {
        let lives = [[Duration::ZERO; 11].as_slice(), &[30 * SECOND, Duration::ZERO]].concat();
        let pauses = pauses(BackOff::default(), &lives, false);
        assert_eq!((pauses[0], pauses[11]), (Duration::ZERO, Duration::ZERO));
        for (at, milliseconds) in [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000].into_iter().enumerate()
        {
            assert!(is_around(pauses[at + 1], Duration::from_millis(milliseconds)), "{at}: {pauses:?}");
        }
        assert!(is_around(pauses[12], Duration::from_millis(100)));
    }

    #[test]
    fn every_bound_of_a_pause_has_its_edges() {
        let young = [Duration::ZERO; 40];
        let first = |first| BackOff { first, ..BackOff::default() };
        assert!(pauses(first(Duration::ZERO), &young, false).iter().all(Duration::is_zero));
        let pauses_of_max = pauses(first(Duration::MAX), &young, false);
        assert!(pauses_of_max[0].is_zero() && is_around(pauses_of_max[1], 30 * SECOND));
        let longest = |longest| BackOff { longest, ..BackOff::default() };
        assert!(pauses(longest(Duration::ZERO), &young, false).iter().all(Duration::is_zero));
        assert!(*pauses(longest(Duration::MAX), &young, false).last().unwrap() > 1_000_000 * SECOND);
        let settled = |settled| BackOff { settled, ..BackOff::default() };
        assert!(pauses(settled(Duration::ZERO), &young, false).iter().all(Duration::is_zero));
        assert!(is_around(pauses(settled(Duration::MAX), &[9_999_999 * SECOND; 40], false)[39], 30 * SECOND));
        assert!(pauses(BackOff::default(), &young, true).iter().all(|pause| is_around(*pause, 30 * SECOND)));
    }
}
