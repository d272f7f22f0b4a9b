//! Who runs which job when, without a process or a clock.
//!
//! **Driving it.** Say who is there ([`Timetable::workers`]), what has begun and ended, and, when [`Timetable::deadline`] has come,
//! how late it is by both clocks ([`Timetable::expire`]); after each, do what it orders ([`Timetable::order`]) until it orders
//! nothing.
//!
//! **Two clocks.** An interval is measured by a clock that only runs. A calendar is read from the clock on the wall, which people and
//! servers of time set. It may jump, and a machine sleeps:
//!
//! - What was missed runs once, however often it was missed. A night of missed minutes is one run, and no storm.
//! - A clock that is set back a little (up to [`CORRECTION`]) is corrected: what has run does not run again. One that is set back
//!   further shows another time, and what comes is counted from there.
//! - The wall is looked at every [`LOOK`], so a jump is noticed, and a change to summer time.
//!
//! **No overlap.** A job that still runs is not started again; that is counted ([`View::skipped`]). With [`Whom::All`] each worker
//! has its own run, and those that still run are left out.

mod when;

pub use when::{BadTime, MIN_INTERVAL, When};

use crate::policy::Turn;
use chrono::{DateTime, TimeDelta, TimeZone};
use std::{
    collections::{BTreeSet, VecDeque},
    error::Error,
    fmt,
    time::{Duration, Instant},
};

/// Jobs of a timetable, at most.
pub const MAX_JOBS: usize = 256;
/// Octets of a job's name, at most.
pub const MAX_NAME: usize = 256;
/// By how much a clock is set back that is only corrected.
pub const CORRECTION: Duration = Duration::from_secs(60);
/// How often the clock on the wall is looked at, while a job depends on it.
pub const LOOK: Duration = Duration::from_secs(60);

/// Whom a job is given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// One worker, in turn. Egg's `worker`.
    One,
    /// Each worker. Egg's `all`.
    All,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name, by which workers know what to do; no other job has it.
    pub name: String,
    /// When it is due.
    pub when: When,
    /// Who runs it.
    pub whom: Whom,
    /// Also once at the beginning. Egg's `immediate`.
    pub at_once: bool,
}

/// Why a job is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdded {
    /// There are [`MAX_JOBS`] already.
    TooMany,
    /// There is one of that name.
    Twice,
    /// Its name has more than [`MAX_NAME`] octets.
    LongName,
    /// Its line of cron names no day that ever comes, as the 30th of February.
    Never,
}

impl fmt::Display for NotAdded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAdded::TooMany => write!(f, "there are {MAX_JOBS} jobs already"),
            NotAdded::Twice => f.write_str("there is a job of that name"),
            NotAdded::LongName => write!(f, "the name of a job has {MAX_NAME} octets at most"),
            NotAdded::Never => f.write_str("that time never comes"),
        }
    }
}

impl Error for NotAdded {}

/// A worker is to run a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The job's name.
    pub job: String,
    /// The worker's number.
    pub worker: u64,
}

/// A job, as a timetable tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View<'a> {
    /// The job.
    pub job: &'a Job,
    /// How often it was given to somebody.
    pub started: u64,
    /// How often it was due and nobody could run it: it still ran, or nobody was there.
    pub skipped: u64,
    /// Workers that run it.
    pub running: &'a BTreeSet<u64>,
}

/// When a job is due next.
#[derive(Debug)]
enum Due<Z: TimeZone> {
    /// By the clock that runs; `None` is never.
    At(Option<Instant>),
    /// By the clock on the wall.
    On(Option<DateTime<Z>>),
}

#[derive(Debug)]
struct Entry<Z: TimeZone> {
    job: Job,
    due: Due<Z>,
    at_once: bool,
    started: u64,
    skipped: u64,
    running: BTreeSet<u64>,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Timetable<Z: TimeZone> {
    entries: Vec<Entry<Z>>,
    turn: Turn,
    /// Both clocks, as they were seen last.
    now: Instant,
    shown: DateTime<Z>,
    /// How late it is: what the wall has shown at its latest, unless it shows another time altogether.
    wall: DateTime<Z>,
    orders: VecDeque<Run>,
}

impl<Z: TimeZone> Timetable<Z> {
    /// One without jobs.
    pub fn new(now: Instant, wall: DateTime<Z>) -> Self {
        let shown = wall.clone();
        Timetable { entries: Vec::new(), turn: Turn::default(), now, shown, wall, orders: VecDeque::new() }
    }

    /// Takes a job; an interval begins now.
    ///
    /// # Errors
    /// [`NotAdded`], and nothing has changed.
    pub fn add(&mut self, job: Job, now: Instant, wall: DateTime<Z>) -> Result<(), NotAdded> {
        if self.entries.len() >= MAX_JOBS {
            return Err(NotAdded::TooMany);
        }
        if job.name.len() > MAX_NAME {
            return Err(NotAdded::LongName);
        }
        if self.entries.iter().any(|entry| entry.job.name == job.name) {
            return Err(NotAdded::Twice);
        }
        let due = match &job.when {
            When::Every(interval) => Due::At(now.checked_add(*interval)),
            cron => Due::On(Some(cron.after(&wall).ok_or(NotAdded::Never)?)),
        };
        let at_once = job.at_once;
        self.entries.push(Entry { job, due, at_once, started: 0, skipped: 0, running: BTreeSet::new() });
        self.look(now, wall);
        Ok(())
    }

    /// Who may run something, and who only finishes what it has; a run of anybody else's is over.
    pub fn workers(&mut self, workers: &[u64], leaving: &[u64]) {
        for gone in self.turn.members().to_vec().into_iter().filter(|member| !workers.contains(member)) {
            self.turn.leave(gone);
        }
        workers.iter().for_each(|worker| self.turn.join(*worker));
        for entry in &mut self.entries {
            entry.running.retain(|worker| workers.contains(worker) || leaving.contains(worker));
        }
        self.orders.retain(|run| workers.contains(&run.worker));
    }

    /// A worker runs a job, by its own word: somebody before has given it to it.
    pub fn runs(&mut self, job: &str, worker: u64) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.job.name == job) {
            entry.running.insert(worker);
        }
    }

    /// A worker has run a job.
    pub fn ended(&mut self, job: &str, worker: u64) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.job.name == job) {
            entry.running.remove(&worker);
        }
    }

    /// The next thing to do.
    pub fn order(&mut self) -> Option<Run> {
        self.orders.pop_front()
    }

    /// All jobs.
    pub fn jobs(&self) -> impl Iterator<Item = View<'_>> {
        self.entries.iter().map(|Entry { job, started, skipped, running, .. }| View {
            job,
            started: *started,
            skipped: *skipped,
            running,
        })
    }

    /// When [`Timetable::expire`] is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let due = |entry: &Entry<Z>| match &entry.due {
            _ if entry.at_once && !self.turn.members().is_empty() => Some(self.now),
            Due::At(due) => *due,
            Due::On(due) => {
                let left = due.clone()?.signed_duration_since(&self.shown).to_std().unwrap_or(Duration::ZERO);
                self.now.checked_add(left.min(LOOK))
            }
        };
        self.entries.iter().filter_map(due).min()
    }

    // ANCHOR: expire
    /// Starts what is due, by either clock.
    pub fn expire(&mut self, now: Instant, wall: DateTime<Z>) {
        self.look(now, wall);
        for at in 0..self.entries.len() {
            let entry = &mut self.entries[at];
            // At the beginning somebody is waited for.
            let first = entry.at_once && !self.turn.members().is_empty();
            let due = match &mut entry.due {
                Due::At(Some(due)) if *due <= now => {
                    entry.due = Due::At(next(*due, &entry.job.when, now));
                    true
                }
                Due::On(Some(due)) if *due <= self.wall => {
                    entry.due = Due::On(entry.job.when.after(&self.wall));
                    true
                }
                _ => false,
            };
            entry.at_once &= !first;
            if first || due {
                self.start(at);
            }
        }
    }
    // ANCHOR_END: expire

    /// Notes how late it is, and notices a clock that was set back.
    fn look(&mut self, now: Instant, wall: DateTime<Z>) {
        let back = self.wall.clone().signed_duration_since(&wall);
        (self.now, self.shown) = (now, wall.clone());
        if back > TimeDelta::zero() && back.to_std().is_ok_and(|back| back <= CORRECTION) {
            // It is later than the wall says: what has run has run.
            return;
        }
        self.wall = wall;
        if back > TimeDelta::zero() {
            for entry in &mut self.entries {
                if let Due::On(due) = &mut entry.due {
                    *due = entry.job.when.after(&self.wall);
                }
            }
        }
    }

    // ANCHOR: start
    /// Gives a job to whom it is for, but to nobody who still runs it.
    fn start(&mut self, at: usize) {
        let entry = &mut self.entries[at];
        let takers: Vec<u64> = match entry.job.whom {
            Whom::One if !entry.running.is_empty() => Vec::new(),
            Whom::One => self.turn.next(|_| true).into_iter().collect(),
            Whom::All => self.turn.members().iter().copied().filter(|worker| !entry.running.contains(worker)).collect(),
        };
        if takers.is_empty() {
            entry.skipped += 1;
            return;
        }
        entry.started += 1;
        entry.running.extend(&takers);
        self.orders.extend(takers.into_iter().map(|worker| Run { job: entry.job.name.clone(), worker }));
    }
    // ANCHOR_END: start
}

/// The next moment of an interval behind now: those that were missed are left out, and the beat is kept.
fn next(due: Instant, when: &When, now: Instant) -> Option<Instant> {
    let When::Every(interval) = when else { return None };
    let late = now.saturating_duration_since(due).as_nanos() % interval.as_nanos().max(1);
    let left = interval.as_nanos() - late;
    now.checked_add(Duration::new((left / 1_000_000_000) as u64, (left % 1_000_000_000) as u32))
}
