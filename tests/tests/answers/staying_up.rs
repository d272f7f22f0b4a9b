//! What one would write first to keep workers alive, and the answers of "Staying up".

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use wirebook_cluster::supervisor::{Event, Options, Order, State, Supervisor, state::Input};

// ANCHOR: obvious
/// How often a worker is started that always dies, if it is started again whenever it has died.
fn starts_within(time: Duration, each_lives: Duration) -> u64 {
    (time.as_nanos() / each_lives.as_nanos().max(1)) as u64
}
// ANCHOR_END: obvious

#[test]
fn a_loop_of_crashes_is_busy() {
    assert_eq!(starts_within(Duration::from_secs(60), Duration::from_millis(1)), 60_000);
}

#[test]
fn a_ready_worker_cannot_be_ready_again() {
    assert_eq!(State::Ready.after(Input::Ready), None);
    assert_eq!(State::Draining.after(Input::Ready), Some(State::Draining));
}

// ANCHOR: limit
/// A limit on deaths: says yes while at most `most` have come within `window`.
struct Limit {
    most: usize,
    window: Duration,
    deaths: VecDeque<Instant>,
}

impl Limit {
    fn bears(&mut self, now: Instant) -> bool {
        let old = |at: &Instant| now.saturating_duration_since(*at) >= self.window;
        while self.deaths.front().is_some_and(old) {
            self.deaths.pop_front();
        }
        self.deaths.push_back(now);
        // No more are remembered than are needed to say no: the latest.
        while self.deaths.len() > self.most + 1 {
            self.deaths.pop_front();
        }
        self.deaths.len() <= self.most
    }
}
// ANCHOR_END: limit

#[test]
fn an_hour_of_limits() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut limit = Limit { most: 2, window: 10 * second, deaths: VecDeque::new() };
    let told: Vec<bool> = [0, 1, 2, 3, 30].map(|at| limit.bears(start + at * second)).to_vec();
    assert_eq!(told, [true, true, false, false, true]);
    let mut limit = Limit { most: 2, window: 10 * second, deaths: VecDeque::new() };
    let told: Vec<bool> = [0, 1, 2, 3, 9, 11].map(|at| limit.bears(start + at * second)).to_vec();
    assert_eq!((told.last(), limit.deaths.len()), (Some(&false), 3), "what was refused counts, too");
}

// ANCHOR: reload
/// Plays a reload in which the worker of that number dies before it is ready, and gives the generations that serve at the end.
fn reload_that_fails_at(slots: usize, dies: u64) -> Vec<u64> {
    let now = Instant::now();
    let mut supervisor = Supervisor::new(Options { workers: slots, ..Options::default() }, now);
    let mut reloads = 1;
    loop {
        match supervisor.order() {
            Some(Order::Start { worker, .. }) if worker == dies => {
                supervisor.on(Event::Ended(worker), now).expect("it was there");
            }
            Some(Order::Start { worker, .. }) => {
                supervisor.on(Event::Online(worker), now).expect("it starts");
                supervisor.on(Event::Ready(worker), now).expect("it is ready once");
            }
            Some(Order::Leave(worker)) => supervisor.on(Event::Ended(worker), now).expect("it was there"),
            Some(_) => {}
            None if reloads > 0 => {
                reloads -= 1;
                supervisor.on(Event::Reload, now).expect("a command");
            }
            None => break,
        }
    }
    supervisor.workers().filter(|view| view.state == State::Ready).map(|view| view.generation).collect()
}
// ANCHOR_END: reload

#[test]
fn an_evening_of_a_reload() {
    assert_eq!(reload_that_fails_at(3, 4), [1, 1, 1], "the first of the new ones: nothing has changed");
    assert_eq!(reload_that_fails_at(3, u64::MAX), [2, 2, 2]);
    let mixed = reload_that_fails_at(3, 5);
    assert_eq!(
        (mixed.len(), mixed.iter().filter(|generation| **generation == 2).count()),
        (3, 1),
        "what is proven stays"
    );
}
