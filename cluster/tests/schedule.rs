//! Timetables in virtual time, with two clocks that go as they like.

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use wirebook_cluster::schedule::{
    BadTime, Job, LOOK, MAX_JOBS, MAX_NAME, MIN_INTERVAL, NotAdded, Run, Timetable, When, Whom,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Both clocks, and the timetable that reads them.
struct World<Z: TimeZone> {
    table: Timetable<Z>,
    now: Instant,
    wall: DateTime<Z>,
}

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 27, 12, 0, 0).unwrap()
}

fn job(name: &str, when: When, whom: Whom) -> Job {
    Job { name: name.into(), when, whom, at_once: false }
}

fn cron(line: &str) -> When {
    When::cron(line).unwrap()
}

fn every(interval: Duration) -> When {
    When::every(interval).unwrap()
}

impl<Z: TimeZone> World<Z> {
    fn new(wall: DateTime<Z>, workers: &[u64], jobs: &[Job]) -> Self {
        let now = Instant::now();
        let mut table = Timetable::new(now, wall.clone());
        table.workers(workers, &[]);
        for job in jobs {
            table.add(job.clone(), now, wall.clone()).unwrap();
        }
        World { table, now, wall }
    }

    /// Time passes on both clocks; then the wall's is set by that much more.
    fn jump(&mut self, time: Duration, set: TimeDelta) -> Vec<Run> {
        self.now += time;
        self.wall = self.wall.clone() + TimeDelta::from_std(time).unwrap() + set;
        self.table.expire(self.now, self.wall.clone());
        std::iter::from_fn(|| self.table.order()).collect()
    }

    fn passes(&mut self, time: Duration) -> Vec<Run> {
        self.jump(time, TimeDelta::zero())
    }

    /// As a driver does: sleeps until it is time, and all that is given out is done at once. Counts the runs.
    fn drive(&mut self, time: Duration) -> BTreeMap<(String, u64), usize> {
        let (end, mut counts) = (self.now + time, BTreeMap::new());
        let mut turns = 0;
        while let Some(due) = self.table.deadline().filter(|due| *due <= end) {
            turns += 1;
            assert!(turns < 100_000, "it spins");
            for Run { job, worker } in self.passes(due.saturating_duration_since(self.now)) {
                self.table.ended(&job, worker);
                *counts.entry((job, worker)).or_default() += 1;
            }
        }
        self.passes(end - self.now);
        counts
    }
}

#[test]
fn an_interval_keeps_its_beat_and_what_was_missed_is_one_run() {
    let mut world = World::new(noon(), &[1], &[job("a", every(10 * SECOND), Whom::One)]);
    assert_eq!(world.passes(9 * SECOND), []);
    assert_eq!(world.passes(SECOND).len(), 1);
    world.table.ended("a", 1);
    // 95 s late: nine were missed, one runs, and the next is due where it would have been.
    assert_eq!(world.passes(95 * SECOND).len(), 1);
    world.table.ended("a", 1);
    assert_eq!(world.table.deadline(), Some(world.now + 5 * SECOND));
    assert_eq!(world.drive(100 * SECOND)[&("a".into(), 1)], 10);
}

#[test]
fn a_calendar_is_followed_to_the_second() {
    let jobs = [job("four", cron("0 4 * * *"), Whom::One), job("tens", cron("*/10 * * * * *"), Whom::One)];
    let mut world = World::new(noon(), &[1], &jobs);
    let counts = world.drive(24 * HOUR);
    assert_eq!((counts[&("four".into(), 1)], counts[&("tens".into(), 1)]), (1, 6 * 60 * 24));
}

#[test]
fn a_night_asleep_is_one_run_and_no_storm() {
    let jobs = [job("minutes", cron("* * * * *"), Whom::One), job("four", cron("0 4 * * *"), Whom::One)];
    let mut world = World::new(noon(), &[1, 2], &jobs);
    // The clock that runs stood still meanwhile.
    let runs = world.jump(SECOND, TimeDelta::hours(20));
    assert_eq!(runs.iter().map(|run| &*run.job).collect::<Vec<_>>(), ["minutes", "four"]);
    assert_eq!(world.passes(SECOND), []);
}

#[test]
fn a_clock_that_is_corrected_repeats_nothing() {
    for back in [1, 500, 59_000, 60_000] {
        let mut world = World::new(noon(), &[1], &[job("hours", cron("0 * * * *"), Whom::One)]);
        assert_eq!(world.passes(HOUR).len(), 1);
        world.table.ended("hours", 1);
        assert_eq!(world.jump(Duration::ZERO, TimeDelta::milliseconds(-back)), [], "{back}");
        assert_eq!(world.drive(30 * MINUTE).len(), 0, "{back}");
        assert_eq!(world.drive(HOUR)[&("hours".into(), 1)], 1, "{back}");
    }
}

#[test]
fn a_clock_that_is_set_back_shows_another_time() {
    let mut world = World::new(noon(), &[1], &[job("minutes", cron("* * * * *"), Whom::One)]);
    assert_eq!(world.passes(5 * MINUTE).len(), 1);
    world.table.ended("minutes", 1);
    assert_eq!(world.jump(SECOND, TimeDelta::hours(-2)), []);
    // It does not wait two hours for the old time to come again.
    assert_eq!(world.drive(10 * MINUTE)[&("minutes".into(), 1)], 10);
}

#[test]
fn a_driver_notices_a_jump_within_a_minute() {
    let mut world = World::new(noon(), &[1], &[job("four", cron("0 4 * * *"), Whom::One)]);
    assert_eq!(world.table.deadline(), Some(world.now + LOOK));
    world.wall += TimeDelta::hours(16);
    assert_eq!(world.drive(2 * LOOK)[&("four".into(), 1)], 1);
}

#[test]
fn what_still_runs_is_not_started_again() {
    let one = World::new(noon(), &[1, 2], &[job("one", every(SECOND), Whom::One)]);
    let all = World::new(noon(), &[1, 2], &[job("all", every(SECOND), Whom::All)]);
    let (mut one, mut all) = (one, all);
    assert_eq!(one.passes(SECOND).len(), 1);
    assert_eq!(one.passes(SECOND), [], "also not by the other one");
    assert_eq!(one.table.jobs().next().map(|view| (view.started, view.skipped)), Some((1, 1)));
    one.table.ended("one", 1);
    assert_eq!(one.passes(SECOND), [Run { job: "one".into(), worker: 2 }], "in turn");
    // One that leaves still runs it, and one that is gone runs nothing.
    one.table.workers(&[1], &[2]);
    assert_eq!(one.passes(SECOND), []);
    one.table.workers(&[1], &[]);
    assert_eq!(one.passes(SECOND), [Run { job: "one".into(), worker: 1 }]);

    assert_eq!(all.passes(SECOND).len(), 2);
    all.table.ended("all", 2);
    assert_eq!(all.passes(SECOND), [Run { job: "all".into(), worker: 2 }]);
    all.table.workers(&[2, 3], &[]);
    assert_eq!(all.passes(SECOND), [Run { job: "all".into(), worker: 3 }]);
}

#[test]
fn a_new_agent_is_told_what_runs_already() {
    let mut world = World::new(noon(), &[1, 2], &[job("a", every(SECOND), Whom::One)]);
    world.table.runs("a", 2);
    world.table.runs("unknown", 2);
    assert_eq!(world.passes(SECOND), []);
    world.table.ended("a", 2);
    assert_eq!(world.passes(SECOND).len(), 1);
}

#[test]
fn nobody_there_is_counted_and_the_first_run_waits_for_somebody() {
    let early = Job { at_once: true, ..job("early", every(HOUR), Whom::All) };
    let mut world = World::new(noon(), &[], &[early, job("a", every(SECOND), Whom::One)]);
    assert_eq!(world.passes(SECOND), []);
    world.table.workers(&[4], &[]);
    assert_eq!(world.table.deadline(), Some(world.now));
    assert_eq!(world.passes(Duration::ZERO), [Run { job: "early".into(), worker: 4 }]);
    assert_eq!(world.table.jobs().map(|view| view.skipped).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn every_bound_has_its_edges() {
    assert_eq!(When::every(Duration::ZERO), Err(BadTime::TooOften));
    assert_eq!(When::every(MIN_INTERVAL - Duration::from_nanos(1)), Err(BadTime::TooOften));
    let mut world = World::new(noon(), &[1], &[]);
    assert_eq!(world.table.deadline(), None);
    let (now, wall) = (world.now, world.wall);
    let mut add = |job| world.table.add(job, now, wall);
    assert_eq!(add(job("never", every(Duration::MAX), Whom::One)), Ok(()));
    assert_eq!(add(job("never", every(SECOND), Whom::One)), Err(NotAdded::Twice));
    assert_eq!(add(job(&"x".repeat(MAX_NAME + 1), every(SECOND), Whom::One)), Err(NotAdded::LongName));
    assert_eq!(add(job("february", cron("0 0 30 2 *"), Whom::One)), Err(NotAdded::Never));
    for number in 1..MAX_JOBS {
        assert_eq!(add(job(&number.to_string(), every(MIN_INTERVAL), Whom::One)), Ok(()));
    }
    assert_eq!(add(job("more", every(SECOND), Whom::One)), Err(NotAdded::TooMany));
    assert_eq!(world.passes(MIN_INTERVAL).len(), MAX_JOBS - 1);
}

/// A place where an hour is left out on 29 March 2026 at two, and one comes twice on 25 October at three, as in Berlin.
#[derive(Clone, Copy, Debug)]
struct Summer;

impl Summer {
    fn offset(utc: NaiveDateTime) -> FixedOffset {
        let at = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap().and_hms_opt(1, 0, 0).unwrap();
        FixedOffset::east_opt(if utc >= at(3, 29) && utc < at(10, 25) { 7200 } else { 3600 }).unwrap()
    }
}

impl TimeZone for Summer {
    type Offset = FixedOffset;
    fn from_offset(_: &FixedOffset) -> Self {
        Summer
    }
    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<FixedOffset> {
        self.offset_from_local_datetime(&local.and_hms_opt(0, 0, 0).unwrap())
    }
    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
        let fits = |seconds: i32| {
            let offset = FixedOffset::east_opt(seconds).unwrap();
            (Summer::offset(*local - offset) == offset).then_some(offset)
        };
        match (fits(7200), fits(3600)) {
            (Some(early), Some(late)) => MappedLocalTime::Ambiguous(early, late),
            (one, other) => one.or(other).map_or(MappedLocalTime::None, MappedLocalTime::Single),
        }
    }
    fn offset_from_utc_date(&self, utc: &NaiveDate) -> FixedOffset {
        Summer::offset(utc.and_hms_opt(0, 0, 0).unwrap())
    }
    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> FixedOffset {
        Summer::offset(*utc)
    }
}

#[test]
fn four_o_clock_comes_once_on_every_day_also_when_summer_begins_or_ends() {
    for (month, day) in [(3, 28), (10, 24)] {
        let begins = Summer.with_ymd_and_hms(2026, month, day, 12, 0, 0).unwrap();
        let mut world = World::new(begins, &[1], &[job("four", cron("0 4 * * *"), Whom::One)]);
        assert_eq!(world.drive(72 * HOUR)[&("four".into(), 1)], 3, "{month}");
    }
}

/// Workers come and go, runs last as long as they like, both clocks jump: whatever happens, no worker has two runs of a job, a job
/// for one has one run, and nothing is started twice at a moment.
#[test]
fn a_hundred_thousand_random_steps() {
    let mut seed = 0x5eed_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let jobs = [
        job("one", every(SECOND), Whom::One),
        job("all", every(3 * SECOND), Whom::All),
        job("minutes", cron("* * * * *"), Whom::One),
        job("tens", cron("*/10 * * * * *"), Whom::All),
    ];
    let mut world = World::new(noon(), &[1, 2, 3], &jobs);
    let mut there = vec![1, 2, 3];
    let mut running: Vec<Run> = Vec::new();
    let mut started = 0;
    for step in 0..100_000 {
        let set = match random(200) {
            0 => TimeDelta::seconds(random(100_000) as i64),
            1 => TimeDelta::seconds(-(random(100_000) as i64)),
            2 => TimeDelta::milliseconds(-(random(60_000) as i64)),
            _ => TimeDelta::zero(),
        };
        let given = world.jump(Duration::from_millis(random(3000)), set);
        for run in &given {
            assert!(there.contains(&run.worker), "{step}: {run:?}");
            assert_eq!(given.iter().filter(|other| *other == run).count(), 1, "{step}: twice at a moment: {run:?}");
            assert!(!running.contains(run), "{step}: it runs already: {run:?}");
            let for_one = matches!(&*run.job, "one" | "minutes");
            assert!(!for_one || running.iter().all(|other| other.job != run.job), "{step}: {run:?} beside {running:?}");
        }
        started += given.len();
        running.extend(given);
        assert!(world.table.deadline().is_some_and(|due| due > world.now), "{step}: a driver would spin");
        if random(3) == 0 && !running.is_empty() {
            let Run { job, worker } = running.swap_remove(random(running.len() as u64) as usize);
            world.table.ended(&job, worker);
        }
        if random(50) == 0 {
            there = (1..=6).filter(|_| random(2) == 0).collect();
            let leaving = (1..=6).filter(|worker| !there.contains(worker) && random(2) == 0).collect::<Vec<u64>>();
            running.retain(|run| there.contains(&run.worker) || leaving.contains(&run.worker));
            world.table.workers(&there, &leaving);
        }
    }
    assert!(started > 10_000, "{started}");
}
