//! Random lives of clusters, in virtual time: workers that die at every step, hang, refuse to leave, say things late; masters
//! that sleep; reloads, scalings and farewells at any moment. After each step the invariants of `supervisor` must hold, and once
//! the faults end everything must become well.
//!
//! Three thousand run with all tests. `WIREBOOK_TRIALS=1000000 cargo test -p wirebook-cluster --test simulated` runs a million,
//! `WIREBOOK_FIRST=N` begins with another seed; `WIREBOOK_SEED=N` runs one, with its story.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use wirebook_cluster::supervisor::{
    BackOff, Event, GAVE_UP, MAX_WORKERS, Options, Order, RestartLimit, State, Supervisor,
};

#[path = "any_bytes/mod.rs"]
mod play;

/// The twin of the fuzz target `cluster_any_bytes`: the same play, on bytes that are the same every time. `WIREBOOK_TRIALS` says how many.
#[test]
fn plays_of_any_bytes() {
    let mut dice = Dice(20);
    const WORDS: [&[u8]; 8] =
        [b"GET /?sid=", b" HTTP/1.1\r\n", b"Cookie: id=", b"\r\n\r\n", b"*/5 ", b"* * * * *", b"0 4 ", b"L "];
    for _ in 0..number("WIREBOOK_TRIALS").unwrap_or(200) {
        let mut input = vec![dice.below(4) as u8];
        while dice.below(8) > 0 {
            if dice.percent(50) {
                input.extend_from_slice(WORDS[dice.below(8) as usize]);
            } else {
                input.extend((0..dice.below(12)).map(|_| dice.below(256) as u8));
            }
        }
        play::play(&input);
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.below(most))
    }
}

/// What will happen, in the order of time.
#[derive(Clone, Copy, Debug)]
enum Coming {
    Said(u64, fn(u64) -> Event),
    Beat(u64),
    Ends(u64),
    Command(Event),
}

struct World {
    dice: Dice,
    start: Instant,
    now: Instant,
    supervisor: Supervisor,
    coming: BTreeMap<(Instant, u64), Coming>,
    count: u64,
    /// Processes, and whether they do what they are told.
    alive: BTreeMap<u64, bool>,
    started: BTreeSet<u64>,
    slots: BTreeMap<u64, usize>,
    /// When a worker that has been ready gave its last sign of life.
    heard: BTreeMap<u64, Instant>,
    /// How long it may be silent then, and how often signs come.
    patience: Duration,
    beat: Duration,
    faults: bool,
    leaving: bool,
    strict: bool,
    ended: Option<u8>,
    steps: u64,
    told: bool,
}

impl World {
    fn new(seed: u64, options: Options, told: bool) -> World {
        let start = Instant::now();
        let mut world = World {
            dice: Dice(seed.wrapping_mul(2).wrapping_add(1)),
            start,
            now: start,
            supervisor: Supervisor::new(options, start),
            coming: BTreeMap::new(),
            count: 0,
            alive: BTreeMap::new(),
            started: BTreeSet::new(),
            slots: BTreeMap::new(),
            heard: BTreeMap::new(),
            patience: options.beat * options.missed,
            beat: options.beat,
            faults: true,
            leaving: false,
            strict: options.strict,
            ended: None,
            steps: 0,
            told,
        };
        world.obey();
        world
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.told {
            println!("{:>9.3} {}", (self.now - self.start).as_secs_f64(), what());
        }
    }

    fn after(&mut self, time: Duration, coming: Coming) {
        self.count += 1;
        self.coming.insert((self.now + time, self.count), coming);
    }

    /// A process begins: when it will speak, and whether it will die of itself.
    fn begin(&mut self, worker: u64) {
        assert!(self.started.insert(worker), "{worker} was started twice");
        let obeys = !(self.faults && self.dice.percent(10));
        self.alive.insert(worker, obeys);
        if self.faults && self.dice.percent(10) {
            return self.after(Duration::ZERO, Coming::Ends(worker));
        }
        let mut at = Duration::ZERO;
        let life: [fn(u64) -> Event; 3] = [Event::Online, Event::Listening, Event::Ready];
        for say in life {
            if self.faults && self.dice.percent(8) {
                // It hangs or dies here.
                if self.dice.percent(60) {
                    self.after(at, Coming::Ends(worker));
                }
                return;
            }
            at += self.dice.millis(60);
            self.after(at, Coming::Said(worker, say));
        }
        self.after(at + Duration::from_millis(900), Coming::Beat(worker));
        if self.faults && self.dice.percent(50) {
            let at = at + self.dice.millis(40_000);
            self.after(at, Coming::Ends(worker));
        }
        if self.faults && self.dice.percent(10) {
            let at = at + self.dice.millis(10_000);
            let how: [fn(u64) -> Event; 3] = [Event::Bows, Event::Leaves, Event::Misbehaves];
            let how = how[self.dice.below(3) as usize];
            self.after(at, Coming::Said(worker, how));
        }
    }

    fn obey(&mut self) {
        while let Some(order) = self.supervisor.order() {
            self.tell(|| format!("{order:?}"));
            assert_eq!(self.ended, None, "nothing is ordered behind the end");
            match order {
                Order::Start { worker, slot, .. } => {
                    assert!(!self.leaving, "nobody is started for a farewell");
                    assert!(slot < MAX_WORKERS);
                    self.slots.insert(worker, slot);
                    self.begin(worker);
                }
                Order::Leave(worker) | Order::Hurry(worker) => {
                    assert!(
                        matches!(order, Order::Hurry(_)) || self.is_replaced(worker),
                        "{worker} leaves its slot alone"
                    );
                    let lasts = if matches!(order, Order::Leave(_)) { 8_000 } else { 100 };
                    if self.alive.get(&worker) == Some(&true) {
                        let lasts = self.dice.millis(lasts);
                        self.after(lasts, Coming::Ends(worker));
                    }
                }
                Order::Kill(worker) => {
                    assert!(self.alive.contains_key(&worker), "{worker} is killed and does not live");
                    let hung = self.supervisor.workers().any(|view| (view.worker, view.state) == (worker, State::Hung));
                    let silent = || self.heard.get(&worker).is_some_and(|last| *last + self.patience <= self.now);
                    assert!(!hung || silent(), "{worker} is missed, and was heard");
                    let lasts = self.dice.millis(50);
                    self.after(lasts, Coming::Ends(worker));
                }
                Order::End(code) => {
                    assert!(self.alive.is_empty(), "the end comes behind every worker's");
                    self.ended = Some(code);
                }
                Order::Reloaded(generation) => {
                    let old = |view: &wirebook_cluster::supervisor::View| {
                        view.generation < generation
                            && !matches!(view.state, State::Draining | State::Hung | State::Killed)
                    };
                    assert_eq!(self.supervisor.workers().filter(old).count(), 0);
                }
                Order::GiveUp => self.leaving |= self.strict,
                Order::NotReloaded(_) | Order::Recovered => {}
            }
        }
    }

    /// Nobody is told to leave whose slot is wanted and has no other that serves.
    fn is_replaced(&self, worker: u64) -> bool {
        let slot = self.slots[&worker];
        let mut others = self.supervisor.workers().filter(|view| view.slot == slot && view.worker != worker);
        self.leaving || slot >= self.supervisor.wanted() || others.any(|view| view.state.serves())
    }

    fn check(&self) {
        let supervisor = &self.supervisor;
        let (mut running, mut settled, mut succeed) = (0, 0, 0);
        // By slot; a scaled cluster has six at most.
        let mut slots = [0_u8; 8];
        for view in supervisor.workers() {
            if view.state.runs() {
                running += 1;
                slots[view.slot] += 1;
                assert!(slots[view.slot] <= 2, "slot {} has more than two", view.slot);
                assert!(self.alive.contains_key(&view.worker), "{} has ended and was not told so", view.worker);
            }
            // Whatever it is about: who was ready and is silent does not stand there for long.
            let serves_or_leaves = matches!(view.state, State::Ready | State::Bowing | State::Draining);
            if let Some(last) = self.heard.get(&view.worker).filter(|_| serves_or_leaves) {
                assert!(
                    self.now <= *last + self.patience,
                    "{} is silent, {:?}, and not missed",
                    view.worker,
                    view.state
                );
            }
            settled +=
                usize::from(!matches!(view.state, State::Draining | State::Hung | State::Killed | State::Resting));
            succeed += usize::from(view.succeeds);
        }
        assert!(succeed <= 1, "one successor at a time");
        assert!(settled <= supervisor.wanted() + 1, "{settled} workers where {} are wanted", supervisor.wanted());
        // All of those are alive, so these are the same.
        assert_eq!(self.alive.len(), running, "every process has somebody who knows it");
    }

    /// One step: what comes next, or what is due.
    fn step(&mut self) {
        self.steps += 1;
        let next = self.coming.first_key_value().map(|(key, _)| *key);
        let due = self.supervisor.deadline();
        if let Some(due) = due {
            assert!(due >= self.start, "a deadline");
        }
        if due.is_some_and(|due| next.is_none_or(|(at, _)| due <= at)) {
            let due = due.expect("a deadline");
            // Sometimes the master was away.
            let late = if self.faults && self.dice.percent(1) { self.dice.millis(20_000) } else { Duration::ZERO };
            self.now = self.now.max(due) + late;
            self.tell(|| "expire".into());
            if self.now - due >= self.beat {
                // Who was away has not listened: one more sign is waited for.
                let excused = self.now + self.beat - self.patience;
                let missed = self.heard.values_mut().filter(|last| **last + self.patience <= self.now);
                missed.for_each(|last| *last = excused);
            }
            self.supervisor.expire(self.now);
            // A farewell without any time is told, hurried and killed in one moment.
            for _ in 0..2 {
                if self.supervisor.deadline().is_some_and(|again| again <= self.now) {
                    self.supervisor.expire(self.now);
                }
            }
            assert!(self.supervisor.deadline().is_none_or(|again| again > self.now), "a deadline that stays is a spin");
        } else if let Some(key) = next {
            let coming = self.coming.remove(&key).expect("it comes");
            self.now = self.now.max(key.0);
            self.happen(coming);
        } else {
            self.now += Duration::from_secs(1);
        }
        self.obey();
        self.check();
    }

    fn happen(&mut self, coming: Coming) {
        let now = self.now;
        match coming {
            Coming::Said(worker, say) if self.alive.contains_key(&worker) => {
                self.tell(|| format!("{:?}", say(worker)));
                // What a worker says in its own order is never out of place, whatever it was told meanwhile; the channel's
                // faults, and a wish to leave by one who said nothing before, may be.
                let said = self.supervisor.on(say(worker), now);
                if matches!(say(worker), Event::Ready(_)) {
                    self.heard.insert(worker, now);
                }
                if let (Err(error), Event::Online(_) | Event::Listening(_) | Event::Ready(_)) = (said, say(worker)) {
                    panic!("{error}");
                }
            }
            Coming::Beat(worker) if self.alive.contains_key(&worker) => {
                self.supervisor.on(Event::Beat(worker), now).expect("a beat");
                self.heard.insert(worker, now);
                // One that hangs beats no more.
                if !(self.faults && self.dice.percent(3)) {
                    self.after(Duration::from_millis(900), Coming::Beat(worker));
                }
            }
            Coming::Ends(worker) if self.alive.remove(&worker).is_some() => {
                self.tell(|| format!("{worker} ends"));
                self.supervisor.on(Event::Ended(worker), now).expect("an end");
                let twice = self.supervisor.on(Event::Ended(worker), now);
                assert_eq!(twice.expect_err("it ended once").state, None);
            }
            Coming::Command(event) => {
                self.tell(|| format!("{event:?}"));
                self.leaving |= matches!(event, Event::Leave | Event::Quit);
                self.supervisor.on(event, now).expect("a command");
            }
            _ => {}
        }
    }

    fn run_until(&mut self, end: Instant) {
        let mut steps = 0;
        while self.now < end && self.ended.is_none() {
            self.step();
            steps += 1;
            assert!(steps < 200_000, "it spins");
        }
    }
}

fn options(dice: &mut Dice) -> Options {
    let seconds = Duration::from_secs;
    Options {
        workers: 1 + dice.below(4) as usize,
        start_timeout: seconds(1 + dice.below(5)),
        missed: 2 + dice.below(3) as u32,
        back_off: BackOff { longest: seconds(dice.below(20)), settled: seconds(dice.below(40)), ..BackOff::default() },
        limit: RestartLimit { deaths: dice.below(20) as usize, within: seconds(1 + dice.below(60)) },
        strict: dice.percent(5),
        drain: seconds(dice.below(6)),
        kill_after: seconds(dice.below(4)),
        seed: dice.below(1 << 32),
        ..Options::default()
    }
}

fn live(seed: u64, told: bool) -> World {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9).wrapping_add(12_345));
    let mut world = World::new(seed, options(&mut dice), told);
    for _ in 0..dice.below(5) {
        let event = match dice.below(4) {
            0 => Event::Scale(dice.below(6) as usize),
            _ => Event::Reload,
        };
        let at = dice.millis(40_000);
        world.after(at, Coming::Command(event));
    }
    let farewell = dice.percent(20);
    if farewell {
        let at = dice.millis(50_000);
        let event = if dice.percent(50) { Event::Leave } else { Event::Quit };
        world.after(at, Coming::Command(event));
        let again = at + dice.millis(3_000);
        world.after(again, Coming::Command(Event::Leave));
    }
    world.run_until(world.start + Duration::from_secs(60));
    world
}

/// All slots are served, and nobody else is there; and nothing is on its way but a sign of life of each.
fn is_well(world: &World) -> bool {
    let supervisor = &world.supervisor;
    let all = supervisor.workers().count() == supervisor.wanted();
    let ready = supervisor.workers().all(|view| view.state == State::Ready);
    let quiet =
        world.coming.values().all(|coming| matches!(coming, Coming::Beat(worker) if world.alive.contains_key(worker)));
    let beats = world.coming.len() == supervisor.wanted();
    all && ready && quiet && beats && !supervisor.is_reloading() && !supervisor.is_degraded()
}

/// From here on nothing goes wrong: soon all is well, and stays so; and then all leave.
fn become_well(world: &mut World) {
    world.faults = false;
    let end = world.now + Duration::from_secs(300);
    while world.now < end && world.ended.is_none() && !world.leaving && !is_well(world) {
        world.step();
    }
    if world.ended.is_none() && !world.leaving {
        for _ in 0..20 {
            assert!(is_well(world), "all serve, and nobody else is there");
            world.step();
        }
        world.after(Duration::ZERO, Coming::Command(Event::Leave));
    }
    world.run_until(world.now + Duration::from_secs(360));
    let gave_up = world.strict && world.ended == Some(GAVE_UP);
    assert!(world.ended == Some(0) || gave_up, "{:?}", world.ended);
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn random_histories() {
    if let Some(seed) = number("WIREBOOK_SEED") {
        return become_well(&mut live(seed, true));
    }
    let (first, trials) = (number("WIREBOOK_FIRST").unwrap_or(0), number("WIREBOOK_TRIALS").unwrap_or(3_000));
    let (next, steps) = (AtomicU64::new(first), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + trials {
                        return;
                    }
                    let told = Told(seed);
                    let mut world = live(seed, false);
                    become_well(&mut world);
                    steps.fetch_add(world.steps, Ordering::Relaxed);
                    std::mem::forget(told);
                }
            });
        }
    });
    println!("{trials} histories from seed {first} on, {} steps", steps.into_inner());
}

#[test]
fn workers_at_their_most_and_their_fewest() {
    let now = Instant::now();
    let starts = |supervisor: &mut Supervisor| {
        std::iter::from_fn(|| supervisor.order()).filter(|order| matches!(order, Order::Start { .. })).count()
    };
    for (asked, wanted) in [(0, 1), (1, 1), (255, 255), (MAX_WORKERS, 256), (257, 256), (usize::MAX, 256)] {
        let mut supervisor = Supervisor::new(Options { workers: asked, ..Options::default() }, now);
        assert_eq!((supervisor.wanted(), starts(&mut supervisor)), (wanted, wanted), "{asked}");
        let mut supervisor = Supervisor::new(Options::default(), now);
        assert_eq!(starts(&mut supervisor), 1);
        supervisor.on(Event::Scale(asked), now).unwrap();
        assert_eq!((supervisor.wanted(), starts(&mut supervisor)), (wanted, wanted - 1), "{asked}");
    }
}

/// What is ordered until then, with the milliseconds since `start`, while nothing happens but that time passes.
fn orders(supervisor: &mut Supervisor, start: Instant, until: Duration) -> Vec<(u128, Order)> {
    let mut all = Vec::new();
    let mut now = start;
    for _ in 0..100 {
        all.extend(std::iter::from_fn(|| supervisor.order()).map(|order| ((now - start).as_millis(), order)));
        match supervisor.deadline().filter(|due| *due <= start + until) {
            Some(due) => now = now.max(due),
            None => return all,
        }
        supervisor.expire(now);
    }
    panic!("it spins: {all:?}");
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Each time of a worker at 0, at its least, as usual and without an end.
#[test]
fn every_time_of_a_worker_has_its_edges() {
    let (zero, least, max, seconds) = (Duration::ZERO, Duration::from_nanos(1), Duration::MAX, Duration::from_secs);
    let start = Instant::now();
    // A worker that says nothing is killed when its start has lasted too long.
    for (start_timeout, killed) in [(zero, Some(0)), (least, Some(0)), (seconds(30), Some(30_000)), (max, None)] {
        let mut supervisor = Supervisor::new(Options { start_timeout, ..Options::default() }, start);
        let killed = killed.map(|at| (at, Order::Kill(1)));
        let started = (0, Order::Start { worker: 1, slot: 0, generation: 1 });
        let wanted: Vec<_> = [started].into_iter().chain(killed).collect();
        assert_eq!(orders(&mut supervisor, start, DAY), wanted, "{start_timeout:?}");
    }
    let ready = |options: Options| {
        let mut supervisor = Supervisor::new(options, start);
        orders(&mut supervisor, start, zero);
        supervisor.on(Event::Online(1), start).unwrap();
        supervisor.on(Event::Ready(1), start).unwrap();
        supervisor
    };
    // One that serves and is silent is missed.
    for (beat, missed, killed) in [
        (seconds(1), 3, Some(3000)),
        (seconds(1), 1, Some(1000)),
        (least, 1, Some(0)),
        (zero, 3, None),
        (max, 1, None),
        (max / 2, 3, None),
        (seconds(1), 0, None),
        (seconds(1), u32::MAX, None),
        (seconds(1), u32::MAX - 1, None),
    ] {
        let mut supervisor = ready(Options { beat, missed, ..Options::default() });
        let wanted: Vec<_> = killed.map(|at| (at, Order::Kill(1))).into_iter().collect();
        assert_eq!(orders(&mut supervisor, start, DAY), wanted, "{beat:?} {missed}");
    }
    // One that is told to leave is hurried, and then killed.
    for (drain, kill_after, hurried, killed) in [
        (seconds(30), seconds(5), Some(30_000), Some(35_000)),
        (zero, seconds(5), Some(0), Some(5000)),
        (seconds(30), zero, Some(30_000), Some(30_000)),
        (zero, zero, Some(0), Some(0)),
        (least, least, Some(0), Some(0)),
        (max, zero, None, None),
        (seconds(30), max, Some(30_000), None),
    ] {
        let mut supervisor = ready(Options { drain, kill_after, beat: zero, ..Options::default() });
        supervisor.on(Event::Leave, start).unwrap();
        let hurried = hurried.map(|at| (at, Order::Hurry(1)));
        let killed = killed.map(|at| (at, Order::Kill(1)));
        let wanted: Vec<_> = [(0, Order::Leave(1))].into_iter().chain(hurried).chain(killed).collect();
        assert_eq!(orders(&mut supervisor, start, DAY), wanted, "{drain:?} {kill_after:?}");
    }
}

/// How many deaths are too many, and how long that lasts.
#[test]
fn every_bound_of_deaths_has_its_edges() {
    let (zero, max, seconds) = (Duration::ZERO, Duration::MAX, Duration::from_secs);
    let start = Instant::now();
    for (deaths, within, gives_up_at, recovers_after) in [
        (10, seconds(60), Some(11), Some(60_000)),
        (1, seconds(60), Some(2), Some(60_000)),
        (0, seconds(60), Some(1), Some(60_000)),
        (usize::MAX, seconds(60), None, None),
        (0, zero, None, None),
        (2, Duration::from_nanos(1), None, None),
        (2, max, Some(3), None),
        (usize::MAX - 1, max, None, None),
    ] {
        for strict in [false, true] {
            let back_off = BackOff { first: zero, longest: zero, settled: max };
            let limit = RestartLimit { deaths, within };
            let mut supervisor = Supervisor::new(Options { back_off, limit, strict, ..Options::default() }, start);
            let mut gave_up = None;
            // Each a millisecond behind the one before.
            let mut now = start;
            for death in 1..=20 {
                now += Duration::from_millis(1);
                let all: Vec<Order> = std::iter::from_fn(|| supervisor.order()).collect();
                let Some(Order::Start { worker, .. }) = all.last().copied() else { break };
                supervisor.on(Event::Ended(worker), now).unwrap();
                if supervisor.is_degraded() {
                    gave_up = gave_up.or(Some(death));
                    break;
                }
            }
            assert_eq!(gave_up, gives_up_at, "{deaths} {within:?}");
            let behind = orders(&mut supervisor, now, DAY);
            let recovered = behind.iter().find(|(_, order)| *order == Order::Recovered).map(|(at, _)| *at);
            if strict && gave_up.is_some() {
                assert!(behind.contains(&(0, Order::End(GAVE_UP))), "{deaths} {within:?}: {behind:?}");
            } else {
                assert_eq!(recovered, recovers_after, "{deaths} {within:?}: {behind:?}");
            }
        }
    }
}

/// Behind the last generation there is none.
#[test]
fn the_last_generation_is_replaced_by_nobody() {
    let now = Instant::now();
    for (generation, newest) in [(u64::MAX - 1, u64::MAX), (u64::MAX, u64::MAX)] {
        let mut supervisor = Supervisor::new(Options { generation, ..Options::default() }, now);
        supervisor.on(Event::Online(1), now).unwrap();
        supervisor.on(Event::Ready(1), now).unwrap();
        while supervisor.order().is_some() {}
        supervisor.on(Event::Reload, now).unwrap();
        let all: Vec<Order> = std::iter::from_fn(|| supervisor.order()).collect();
        let replaced = Order::Start { worker: 2, slot: 0, generation: u64::MAX };
        let wanted = if generation == newest { Order::Reloaded(newest) } else { replaced };
        assert_eq!((all, supervisor.newest_generation()), (vec![wanted], newest));
    }
}

/// Says which history it was, when that did not end well.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        println!("seed {0} fails; WIREBOOK_SEED={0} shows its story", self.0);
    }
}
