//! Who keeps workers alive, without a process, a socket or a clock.
//!
//! **Driving it.** Tell it what happens ([`Supervisor::on`]) and, when [`Supervisor::deadline`] has come, that time has passed
//! ([`Supervisor::expire`]); after either, do what it orders ([`Supervisor::order`]) until it orders nothing.
//!
//! **Slots.** A cluster has as many slots as it should have workers. A slot has one worker that serves, or will. One more may be
//! there to succeed it (after a reload, or because the first wants to leave), or be on its way out; never two more. At most one
//! successor is on its way in the whole cluster, so a reload costs one process, and what does not start does no harm.
//!
//! **Reading order.** `state.rs` is the table of one life, `options.rs` and `restart.rs` what is borne, `worker.rs` a record;
//! here is what happens to one worker, and in `slots.rs` what follows for its slot.

mod options;
mod restart;
mod slots;
pub mod state;
mod worker;

pub use options::{MAX_WORKERS, Options};
pub use restart::{BackOff, RestartLimit};
pub use state::State;
pub use worker::View;

use restart::{Chance, Deaths, Row};
use state::Input;
use std::{
    collections::{BTreeMap, VecDeque},
    error::Error,
    fmt,
    time::{Duration, Instant},
};
use worker::{Place, Worker};

/// The code of a cluster that gave up, being strict (sysexits.h, `EX_SOFTWARE`).
pub const GAVE_UP: u8 = 70;

/// What happens. A worker is named by the number with which it was ordered to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A worker's process runs and has said so.
    Online(u64),
    /// A worker asks for a port.
    Listening(u64),
    /// A worker serves.
    Ready(u64),
    /// A worker's sign of life.
    Beat(u64),
    /// A worker wants to leave, and waits for its successor.
    Bows(u64),
    /// A worker leaves: somebody else has told it to.
    Leaves(u64),
    /// A worker broke a rule of its channel, or does not read it.
    Misbehaves(u64),
    /// A worker's process has ended, or could not be started.
    Ended(u64),
    /// The workers are to be replaced by those of a new generation, one after the other.
    Reload,
    /// So many workers should serve.
    Scale(usize),
    /// All are to leave. Said again: they are to break off.
    Leave,
    /// All are to end at once.
    Quit,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start a process for this worker.
    Start {
        /// Its number; no other ever has it.
        worker: u64,
        /// Its slot, from 0.
        slot: usize,
        /// The generation of its program.
        generation: u64,
    },
    /// Tell it to leave, and to finish what it has.
    Leave(u64),
    /// Tell it to break off.
    Hurry(u64),
    /// Kill its process, and what that has started.
    Kill(u64),
    /// Tell who asked that all workers are of this generation.
    Reloaded(u64),
    /// Tell who asked that a worker of this generation died before it was ready: the others stay.
    NotReloaded(u64),
    /// Tell that too many have died: from here on a start is tried now and then.
    GiveUp,
    /// Tell that nobody has died for long enough.
    Recovered,
    /// All have ended: end with this code.
    End(u8),
}

/// What was said has no place in the worker's state, or there is no such worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfPlace {
    /// Where the worker stands; `None` for one that is not there.
    pub state: Option<State>,
}

impl fmt::Display for OutOfPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            Some(state) => write!(f, "that has no place for a worker that is {state:?}"),
            None => f.write_str("there is no such worker"),
        }
    }
}

impl Error for OutOfPlace {}

/// What the whole cluster is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    /// All leave; the code that it ends with.
    Leaving(u8),
    /// It has ordered the end.
    Over,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Supervisor {
    options: Options,
    phase: Phase,
    workers: BTreeMap<u64, Worker>,
    /// The rows of deaths, for each slot that there ever was.
    rows: Vec<Row>,
    deaths: Deaths,
    degraded: bool,
    chance: Chance,
    last_worker: u64,
    /// The newest generation that was ordered, and the one that new slots are of.
    newest: u64,
    proven: u64,
    /// A reload is on its way to [`Supervisor::newest`].
    reloading: bool,
    orders: VecDeque<Order>,
}

impl Supervisor {
    /// A new cluster, which orders its first workers.
    pub fn new(options: Options, now: Instant) -> Self {
        let options = Options { workers: Options::within_bounds(options.workers), ..options };
        let mut supervisor = Supervisor {
            options,
            phase: Phase::Running,
            workers: BTreeMap::new(),
            rows: Vec::new(),
            deaths: Deaths::default(),
            degraded: false,
            chance: Chance::new(options.seed),
            last_worker: 0,
            newest: options.generation,
            proven: options.generation,
            reloading: false,
            orders: VecDeque::new(),
        };
        supervisor.go_on(now);
        supervisor
    }

    /// The next thing to do.
    pub fn order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// When [`Supervisor::expire`] is to be called, if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        let recovery = if self.degraded { self.deaths.over_at(&self.options.limit) } else { None };
        // A successor that may come and cannot waits for its turn, and not for a time.
        let successions = self.workers.values().filter_map(|worker| Some((worker.succeeded_from?, worker)));
        let successions = successions.filter(|(_, worker)| !self.waits_for_turn(worker)).map(|(from, _)| from);
        let dues = self.workers.values().flat_map(|worker| [worker.due, worker.silent_until]).flatten();
        dues.chain(successions).chain(recovery).min()
    }

    /// All workers, in the order of their starts.
    pub fn workers(&self) -> impl Iterator<Item = View> {
        self.workers.iter().map(|(&number, worker)| View {
            worker: number,
            slot: worker.slot,
            generation: worker.generation,
            state: worker.state(),
            succeeds: worker.place == Place::Succeeds,
            began: worker.began,
        })
    }

    /// How many workers should serve.
    pub fn wanted(&self) -> usize {
        self.options.workers
    }

    /// The generation that was begun last, whatever became of it.
    pub fn newest_generation(&self) -> u64 {
        self.newest
    }

    /// The generation that new slots are of: the last that all workers were of.
    pub fn proven_generation(&self) -> u64 {
        self.proven
    }

    /// Too many have died.
    pub fn is_degraded(&self) -> bool {
        self.degraded
    }

    /// A reload is on its way.
    pub fn is_reloading(&self) -> bool {
        self.reloading
    }

    // ANCHOR: on
    /// Takes in what has happened.
    ///
    /// # Errors
    /// What a worker says has no place where it stands: it breaks a rule, or is not there. Nothing has changed then.
    pub fn on(&mut self, event: Event, now: Instant) -> Result<(), OutOfPlace> {
        match event {
            Event::Online(worker) => self.step(worker, Input::Online).map(drop)?,
            Event::Listening(worker) => self.step(worker, Input::Listen).map(drop)?,
            Event::Ready(worker) => self.ready(worker, now)?,
            // A sign of life, and nothing follows from it.
            Event::Beat(worker) => return self.beat(worker, now),
            Event::Bows(worker) => self.bows(worker, now)?,
            Event::Leaves(worker) => self.departs(worker, now)?,
            Event::Misbehaves(worker) => self.kill(worker)?,
            Event::Ended(worker) => self.ended(worker, now)?,
            Event::Reload => self.reload(),
            Event::Scale(workers) => self.options.workers = Options::within_bounds(workers),
            Event::Leave => self.leave(0, now),
            Event::Quit => self.quit(),
        }
        self.go_on(now);
        Ok(())
    }
    // ANCHOR_END: on

    /// Something was heard of a worker: whatever it was, it lives. A sign of life may lie behind much else that it says, and is not
    /// waited for meanwhile.
    pub fn heard(&mut self, worker: u64, now: Instant) {
        let silent_until = self.options.patience().and_then(|patience| now.checked_add(patience));
        // One that is not ready yet may say what it likes, and is not held to it.
        if let Some(worker) = self.workers.get_mut(&worker).filter(|worker| worker.silent_until.is_some()) {
            worker.silent_until = silent_until;
        }
    }

    fn worker(&mut self, number: u64) -> Result<&mut Worker, OutOfPlace> {
        self.workers.get_mut(&number).ok_or(OutOfPlace { state: None })
    }

    fn step(&mut self, number: u64, input: Input) -> Result<&mut Worker, OutOfPlace> {
        let worker = self.worker(number)?;
        let state = worker.state();
        worker.step(input).map_err(|_| OutOfPlace { state: Some(state) })?;
        Ok(worker)
    }

    /// It serves: who served its slot before may leave.
    fn ready(&mut self, number: u64, now: Instant) -> Result<(), OutOfPlace> {
        let silent_until = self.options.patience().and_then(|patience| now.checked_add(patience));
        let &mut Worker { slot, place, .. } = self.worker(number)?;
        let before = if place == Place::Succeeds { self.in_slot(slot, Place::Serves) } else { None };
        let worker = self.step(number, Input::Ready)?;
        if worker.state().may_be_missed() {
            worker.silent_until = silent_until;
        }
        if worker.state() == State::Ready {
            (worker.due, worker.place) = (None, Place::Serves);
            before.into_iter().for_each(|before| self.dismiss(before, now));
        }
        Ok(())
    }

    fn beat(&mut self, number: u64, now: Instant) -> Result<(), OutOfPlace> {
        self.step(number, Input::Beat)?;
        self.heard(number, now);
        Ok(())
    }

    /// It leaves when its successor is ready; one whose slot is not wanted leaves at once. To leave is to die, as far as the pause
    /// and the limit are concerned: who wants to leave after every request must not keep the machine busy.
    fn bows(&mut self, number: u64, now: Instant) -> Result<(), OutOfPlace> {
        let worker = self.step(number, Input::Bow)?;
        if worker.state() != State::Bowing {
            return Ok(());
        }
        let (slot, lived) = (worker.slot, now.saturating_duration_since(worker.began));
        if self.phase != Phase::Running || slot >= self.options.workers {
            self.dismiss(number, now);
            return Ok(());
        }
        self.count_death(now);
        let pause = self.rows[slot].died(lived, &self.options.back_off, self.degraded, &mut self.chance);
        self.worker(number)?.succeeded_from = now.checked_add(pause);
        Ok(())
    }

    /// It goes without waiting; its slot is filled as after a death.
    fn departs(&mut self, number: u64, now: Instant) -> Result<(), OutOfPlace> {
        let Worker { slot, generation, place, began, due, .. } = *self.worker(number)?;
        let due = self.leaves_until(due, now);
        let worker = self.step(number, Input::Leave)?;
        if worker.state() != State::Draining || place == Place::Leaves {
            return Ok(());
        }
        (worker.place, worker.due) = (Place::Leaves, due);
        self.lost(slot, generation, place, began, now);
        Ok(())
    }

    fn kill(&mut self, number: u64) -> Result<(), OutOfPlace> {
        let worker = self.step(number, Input::Kill)?;
        (worker.due, worker.silent_until) = (None, None);
        self.orders.push_back(Order::Kill(number));
        Ok(())
    }

    fn ended(&mut self, number: u64, now: Instant) -> Result<(), OutOfPlace> {
        let &mut Worker { slot, generation, place, began, .. } = self.step(number, Input::End)?;
        self.workers.remove(&number);
        if place != Place::Leaves {
            self.lost(slot, generation, place, began, now);
        }
        Ok(())
    }

    fn reload(&mut self) {
        if self.phase == Phase::Running {
            self.newest = self.newest.saturating_add(1);
            self.reloading = true;
        }
    }

    /// Tells all to leave, and those that leave already to hurry.
    fn leave(&mut self, code: u8, now: Instant) {
        let again = matches!(self.phase, Phase::Leaving(_));
        if self.phase == Phase::Running {
            (self.phase, self.reloading) = (Phase::Leaving(code), false);
        }
        for number in self.workers.keys().copied().collect::<Vec<_>>() {
            if again { self.hurry(number, now) } else { self.dismiss(number, now) }
        }
    }

    fn quit(&mut self) {
        if self.phase == Phase::Running {
            self.phase = Phase::Leaving(0);
        }
        self.reloading = false;
        for number in self.workers.keys().copied().collect::<Vec<_>>() {
            if self.step(number, Input::Cancel).is_ok() {
                self.workers.remove(&number);
            } else {
                // Every other state has a row for it, but for one who is killed for being hung.
                let _ = self.kill(number);
            }
        }
    }

    /// When a worker that leaves from now on has had its time. One that never was ready has nothing to finish, and no more time than
    /// it had for its start.
    fn leaves_until(&self, due: Option<Instant>, now: Instant) -> Option<Instant> {
        now.checked_add(self.options.drain).into_iter().chain(due).min()
    }

    /// Has a worker leave; who rests is gone at once.
    fn dismiss(&mut self, number: u64, now: Instant) {
        if self.step(number, Input::Cancel).is_ok() {
            self.workers.remove(&number);
            return;
        }
        let due = self.workers.get(&number).and_then(|worker| worker.due);
        let due = self.leaves_until(due, now);
        let Ok(worker) = self.worker(number) else { return };
        let left_already = worker.state() == State::Draining;
        worker.place = Place::Leaves;
        if !left_already && worker.step(Input::Leave) == Ok(State::Draining) {
            worker.due = due;
            self.orders.push_back(Order::Leave(number));
        }
    }

    fn hurry(&mut self, number: u64, now: Instant) {
        let due = now.checked_add(self.options.kill_after);
        let Ok(worker) = self.worker(number) else { return };
        if worker.state() == State::Draining && !std::mem::replace(&mut worker.hurried, true) {
            worker.due = due;
            self.orders.push_back(Order::Hurry(number));
        }
    }

    // ANCHOR: expire
    /// Does what is due.
    ///
    /// Who comes here much too late was itself away, stopped or asleep with the machine, and has not listened: then silence
    /// proves nothing, and the workers get one more beat.
    pub fn expire(&mut self, now: Instant) {
        let late = self.deadline().map_or(Duration::ZERO, |due| now.saturating_duration_since(due));
        let was_away = late >= self.options.beat;
        for number in self.workers.keys().copied().collect::<Vec<_>>() {
            let Some(worker) = self.workers.get_mut(&number) else { continue };
            let has_come = |time: Option<Instant>| time.is_some_and(|time| time <= now);
            if has_come(worker.silent_until) {
                if was_away {
                    worker.silent_until = now.checked_add(self.options.beat);
                } else {
                    self.miss(number);
                    continue;
                }
            }
            let Some(worker) = self.workers.get(&number).filter(|worker| has_come(worker.due)) else { continue };
            match worker.state() {
                State::Resting => self.start(number, now),
                State::Starting | State::Online | State::Listening => {
                    let _ = self.kill(number);
                }
                State::Draining if !worker.hurried => self.hurry(number, now),
                State::Draining => {
                    let _ = self.kill(number);
                }
                // Whoever serves has no end, and who is killed nothing left to wait for.
                State::Ready | State::Bowing | State::Hung | State::Killed | State::Gone => {}
            }
        }
        if self.degraded && self.deaths.are_over(&self.options.limit, now) {
            self.degraded = false;
            self.orders.push_back(Order::Recovered);
        }
        self.go_on(now);
    }
    // ANCHOR_END: expire

    /// It gives no sign of life any more, whatever it was about.
    fn miss(&mut self, number: u64) {
        if let Ok(worker) = self.step(number, Input::Miss) {
            (worker.due, worker.silent_until) = (None, None);
            self.orders.push_back(Order::Kill(number));
        }
    }
}
