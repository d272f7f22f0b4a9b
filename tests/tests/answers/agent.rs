//! What one would write first for a clock, and the answers of "The agent, the messenger and the clock".

use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use wirebook_cluster::schedule::{Job, Run, Timetable, When, Whom};

// ANCHOR: obvious
/// Runs what is due each minute by the clock on the wall, and says how often.
fn run_due(next: &mut u64, wall: u64) -> usize {
    let mut runs = 0;
    while *next <= wall {
        runs += 1;
        *next += 60;
    }
    runs
}
// ANCHOR_END: obvious

#[test]
fn the_obvious_clock_makes_a_storm_and_then_falls_silent() {
    let mut next = 60;
    assert_eq!(run_due(&mut next, 61), 1);
    assert_eq!(run_due(&mut next, 61 + 8 * 3600), 480, "a night asleep");
    assert_eq!(run_due(&mut next, 60), 0, "set back, and silent for eight hours");
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_780_800, 0).expect("a moment")
}

fn every_minute() -> Job {
    let when = When::every(Duration::from_secs(60)).expect("an interval");
    Job { name: "mail".into(), when, whom: Whom::One, at_once: false }
}

#[test]
fn ten_minutes_of_ninety_seconds() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut table = Timetable::new(start, noon());
    table.add(every_minute(), start, noon()).expect("one job");
    table.workers(&[1], &[]);
    let mut ends = None;
    for at in 1..=3600 {
        if ends == Some(at) {
            table.ended("mail", 1);
        }
        table.expire(start + at * second, noon() + TimeDelta::seconds(i64::from(at)));
        if table.order().is_some() {
            ends = Some(at + 90);
        }
    }
    assert_eq!(table.jobs().next().map(|view| (view.started, view.skipped)), Some((30, 30)));
}

// ANCHOR: questions
/// Questions that were sent with a number, and wait for a message with the same one.
struct Questions {
    last: u64,
    patience: Duration,
    open: BTreeMap<u64, Instant>,
}

impl Questions {
    /// The number of a new question.
    fn ask(&mut self, now: Instant) -> u64 {
        self.last += 1;
        self.open.insert(self.last, now + self.patience);
        self.last
    }

    /// Whether that is the answer to something; the second one to the same is not.
    fn is_answer(&mut self, number: u64) -> bool {
        self.open.remove(&number).is_some()
    }

    /// Questions that nobody will answer: who was asked is gone, or never there.
    fn expire(&mut self, now: Instant) -> Vec<u64> {
        let late: Vec<u64> = self.open.iter().filter(|(_, until)| **until <= now).map(|(number, _)| *number).collect();
        self.open.retain(|_, until| *until > now);
        late
    }
}
// ANCHOR_END: questions

#[test]
fn an_hour_of_questions() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut questions = Questions { last: 0, patience: 2 * second, open: BTreeMap::new() };
    let (one, other) = (questions.ask(start), questions.ask(start + second));
    assert!(questions.is_answer(one) && !questions.is_answer(one) && !questions.is_answer(9));
    assert_eq!((questions.expire(start + 2 * second), questions.expire(start + 3 * second)), (vec![], vec![other]));
    assert!(!questions.is_answer(other), "too late");
}

// ANCHOR: again
/// A timetable whose runs are repeated by another worker when theirs has died.
struct Again {
    table: Timetable<Utc>,
    given: Vec<Run>,
    again: Vec<String>,
}

impl Again {
    fn workers(&mut self, workers: &[u64]) {
        self.table.workers(workers, &[]);
        let lost = self.given.extract_if(.., |run| !workers.contains(&run.worker));
        self.again.extend(lost.map(|run| run.job));
    }

    fn ended(&mut self, job: &str, worker: u64) {
        self.table.ended(job, worker);
        self.given.retain(|run| (&*run.job, run.worker) != (job, worker));
    }

    /// What is to be run: first what was broken off, and beside it nothing of the same job.
    fn orders(&mut self, workers: &[u64]) -> Vec<Run> {
        let repeat = |job: String| Some(Run { job, worker: *workers.first()? });
        let mut orders: Vec<Run> = std::mem::take(&mut self.again).into_iter().filter_map(repeat).collect();
        for run in &orders {
            self.table.runs(&run.job, run.worker);
        }
        while let Some(run) = self.table.order() {
            if orders.iter().all(|other| other.job != run.job) {
                orders.push(run);
            }
        }
        self.given.extend(orders.iter().cloned());
        orders
    }
}
// ANCHOR_END: again

#[test]
fn an_evening_of_runs_that_are_repeated() {
    let (start, minute) = (Instant::now(), Duration::from_secs(60));
    let mut again = Again { table: Timetable::new(start, noon()), given: Vec::new(), again: Vec::new() };
    again.table.add(every_minute(), start, noon()).expect("one job");
    again.workers(&[1, 2]);
    let expire = |again: &mut Again, minutes: u32| {
        again.table.expire(start + minutes * minute, noon() + TimeDelta::minutes(minutes.into()));
    };
    let run = |worker| Run { job: "mail".into(), worker };
    expire(&mut again, 1);
    assert_eq!(again.orders(&[1, 2]), [run(1)]);
    again.workers(&[2]);
    assert_eq!(again.orders(&[2]), [run(2)], "it was broken off");
    expire(&mut again, 2);
    assert_eq!(again.orders(&[2]), [], "it still runs");
    again.ended("mail", 2);
    again.workers(&[3]);
    assert_eq!(again.orders(&[3]), [], "it was done");
    expire(&mut again, 3);
    assert_eq!(again.orders(&[3]), [run(3)]);
}
