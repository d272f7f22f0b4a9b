//! Who has a slot: one that serves it, or will, and perhaps one that succeeds it; and what a death costs.

use super::{
    GAVE_UP, Order, Phase, Supervisor,
    restart::Row,
    state::{Input, State},
    worker::{Place, Worker},
};
use std::time::{Duration, Instant};

impl Supervisor {
    // ANCHOR: lost
    /// A worker is gone, or going, that nobody has told to go.
    pub(super) fn lost(&mut self, slot: usize, generation: u64, place: Place, began: Instant, now: Instant) {
        if place == Place::Succeeds && self.reloading && generation == self.newest {
            // It died before it was ready, and so would the next. Who serves stays.
            self.reloading = false;
            self.orders.push_back(Order::NotReloaded(generation));
        }
        if self.phase == Phase::Running && slot < self.options.workers {
            self.count_death(now);
        }
        // That death may have been the last that a strict cluster bears.
        if self.phase != Phase::Running || slot >= self.options.workers {
            return;
        }
        let lived = now.saturating_duration_since(began);
        let pause = self.rows[slot].died(lived, &self.options.back_off, self.degraded, &mut self.chance);
        match (place, self.in_slot(slot, Place::Serves), self.in_slot(slot, Place::Succeeds)) {
            // A slot that is served needs nobody; one who wants to leave it goes on waiting.
            (Place::Succeeds, Some(served), _) => {
                if let Some(served) = self.workers.get_mut(&served).filter(|served| served.state() == State::Bowing) {
                    served.succeeded_from = now.checked_add(pause);
                }
            }
            // What was to succeed it becomes its slot's own when it is ready.
            (_, _, Some(_)) => {}
            (Place::Succeeds, ..) => self.rest(slot, self.proven, Place::Serves, pause, now),
            _ => self.rest(slot, generation, Place::Serves, pause, now),
        }
    }
    // ANCHOR_END: lost

    pub(super) fn count_death(&mut self, now: Instant) {
        if self.deaths.note(&self.options.limit, now) && !std::mem::replace(&mut self.degraded, true) {
            self.orders.push_back(Order::GiveUp);
            if self.options.strict {
                self.leave(GAVE_UP, now);
            }
        }
    }

    fn rest(&mut self, slot: usize, generation: u64, place: Place, pause: Duration, now: Instant) {
        self.last_worker += 1;
        // A pause without an end is never over, and a reload takes its place.
        let worker = Worker::new(slot, generation, place, now, now.checked_add(pause));
        self.workers.insert(self.last_worker, worker);
    }

    /// Starts the process of one that rested; later, while its slot has two already.
    pub(super) fn start(&mut self, number: u64, now: Instant) {
        let due = now.checked_add(self.options.start_timeout);
        let Some(&Worker { slot, generation, .. }) = self.workers.get(&number) else { return };
        if self.processes(slot) >= 2 {
            if let Some(worker) = self.workers.get_mut(&number) {
                (worker.due, worker.waits) = (None, true);
            }
            return;
        }
        if let Ok(worker) = self.step(number, Input::Start) {
            (worker.began, worker.due, worker.waits) = (now, due, false);
            self.orders.push_back(Order::Start { worker: number, slot, generation });
        }
    }

    /// The worker with that place in a slot: there is one at most, but of those that leave.
    pub(super) fn in_slot(&self, slot: usize, place: Place) -> Option<u64> {
        let here = |worker: &Worker| worker.slot == slot && worker.place == place;
        self.workers.iter().find(|(_, worker)| here(worker)).map(|(number, _)| *number)
    }

    /// Processes of a slot.
    fn processes(&self, slot: usize) -> usize {
        self.workers.values().filter(|worker| worker.slot == slot && worker.state().runs()).count()
    }

    /// What follows from how things stand.
    pub(super) fn go_on(&mut self, now: Instant) {
        match self.phase {
            Phase::Running => {}
            Phase::Leaving(code) if self.workers.is_empty() => {
                self.phase = Phase::Over;
                return self.orders.push_back(Order::End(code));
            }
            Phase::Leaving(_) | Phase::Over => return,
        }
        let wanted = self.options.workers;
        let surplus = |worker: &Worker| worker.slot >= wanted && worker.place != Place::Leaves;
        let too_many: Vec<u64> =
            self.workers.iter().filter(|(_, one)| surplus(one)).map(|(number, _)| *number).collect();
        too_many.into_iter().for_each(|number| self.dismiss(number, now));
        self.rows.resize(self.rows.len().max(wanted), Row::default());
        for slot in 0..wanted {
            self.fill(slot, now);
        }
        self.succeed(now);
    }

    /// A slot has a worker of its own, or one that will be.
    fn fill(&mut self, slot: usize, now: Instant) {
        if self.in_slot(slot, Place::Serves).or(self.in_slot(slot, Place::Succeeds)).is_none() {
            self.rest(slot, self.proven, Place::Serves, Duration::ZERO, now);
        }
        let waits = |worker: &Worker| worker.waits || worker.due.is_some_and(|due| due <= now);
        let rested = |worker: &Worker| worker.slot == slot && worker.state() == State::Resting && waits(worker);
        if let Some(number) = self.workers.iter().find(|(_, worker)| rested(worker)).map(|(number, _)| *number) {
            self.start(number, now);
        }
    }

    /// Whether a worker could not be succeeded now, whatever the time is.
    pub(super) fn waits_for_turn(&self, worker: &Worker) -> bool {
        let taken = self.workers.values().any(|worker| worker.place == Place::Succeeds);
        taken || self.processes(worker.slot) >= 2 || worker.state() != State::Bowing
    }

    /// Brings the next successor on its way: for one that wants to leave, then for one of an old generation.
    fn succeed(&mut self, now: Instant) {
        if self.workers.values().any(|worker| worker.place == Place::Succeeds) {
            return;
        }
        let is_bowing =
            |worker: &&Worker| worker.state() == State::Bowing && worker.succeeded_from.is_some_and(|from| from <= now);
        let is_old = |worker: &&Worker| {
            let may_go = matches!(worker.state(), State::Ready | State::Bowing | State::Resting);
            worker.place == Place::Serves && worker.generation < self.newest && may_go
        };
        let has_room = |worker: &&Worker| self.processes(worker.slot) < 2;
        let mut old = self.workers.values().filter(is_old).filter(has_room).map(|worker| worker.slot);
        let mut bowing = self.workers.values().filter(is_bowing).filter(has_room);
        if let Some(&Worker { slot, generation, .. }) = bowing.next() {
            let generation = if self.reloading { self.newest } else { generation };
            return self.start_successor(slot, generation, now);
        }
        if !self.reloading {
            return;
        }
        if let Some(slot) = old.next() {
            return self.start_successor(slot, self.newest, now);
        }
        // Some may be about to become ready, and then be old.
        let mut own = self.workers.values().filter(|worker| worker.place == Place::Serves);
        if own.all(|worker| worker.generation == self.newest) {
            (self.reloading, self.proven) = (false, self.newest);
            self.orders.push_back(Order::Reloaded(self.newest));
        }
    }

    fn start_successor(&mut self, slot: usize, generation: u64, now: Instant) {
        // One that rests has nobody to serve meanwhile, and is not waited for.
        let own = self.in_slot(slot, Place::Serves);
        let rests = |number: &u64| self.workers.get(number).is_some_and(|worker| worker.state() == State::Resting);
        if let Some(number) = own.filter(rests) {
            self.dismiss(number, now);
        }
        self.rest(slot, generation, Place::Succeeds, Duration::ZERO, now);
        self.start(self.last_worker, now);
    }
}
