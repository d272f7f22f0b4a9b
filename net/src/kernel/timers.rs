//! Timers: a binary heap ordered by deadline, then by age.
//!
//! Inserting costs O(log n) at worst and O(1) on average (most timers are later than most others, so they stay near
//! the bottom); the next deadline is at the top. Cancelling is the common case (an idle timeout is cancelled by
//! every byte that arrives), so it must not search the heap: it empties the timer's place in the slab and leaves the
//! heap entry behind, stale. A stale entry is dropped when it reaches the top, and when stale entries outnumber live
//! ones the heap is swept, which costs O(1) for each cancelled timer.

use super::{
    slab::{Key, Slab},
    waiter::Waiter,
};
use std::{cmp::Ordering, collections::BinaryHeap};

/// Nanoseconds since the loop started. 64 bits hold 584 years.
pub(crate) type Nanos = u64;

/// Below this many stale entries a sweep is not worth its walk.
const SWEEP_AT_LEAST: usize = 64;

/// What a timer does when its time has come.
pub(crate) enum Action {
    Wake(Waiter),
    Once(Box<dyn FnOnce()>),
    /// The callback is out of its place while it runs: it may clear itself.
    Repeat(Option<Box<dyn FnMut()>>, Nanos),
}

struct Timer {
    action: Action,
    /// Keeps the loop alive (Node's `ref`).
    holds: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    deadline: Nanos,
    key: Key,
}

impl Ord for Entry {
    /// Reversed, because [`BinaryHeap`] gives the greatest first and we want the earliest deadline, oldest first.
    fn cmp(&self, other: &Self) -> Ordering {
        let age = self.key.generation.wrapping_sub(other.key.generation) as i32;
        other.deadline.cmp(&self.deadline).then((0).cmp(&age))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Entry>,
    timers: Slab<Timer>,
    holding: usize,
}

impl Timers {
    pub(crate) fn insert(&mut self, deadline: Nanos, action: Action) -> Key {
        let key = self.timers.insert(Timer { action, holds: true });
        self.holding += 1;
        self.heap.push(Entry { deadline, key });
        key
    }

    /// Returns what the timer held, so that the caller drops it (which may run anyone's code) outside any borrow.
    pub(crate) fn cancel(&mut self, key: Key) -> Option<Action> {
        let timer = self.timers.remove(key)?;
        self.holding -= usize::from(timer.holds);
        let stale = self.heap.len() - self.timers.len();
        if stale > SWEEP_AT_LEAST && stale > self.timers.len() {
            let timers = &mut self.timers;
            self.heap.retain(|entry| timers.get_mut(entry.key).is_some());
        }
        Some(timer.action)
    }

    /// Sets whom a pending [`Action::Wake`] timer wakes. Gives who it was before; `None` when it has fired.
    pub(crate) fn set_waiter(&mut self, key: Key, waiter: Waiter) -> Option<Action> {
        let action = &mut self.timers.get_mut(key)?.action;
        Some(std::mem::replace(action, Action::Wake(waiter)))
    }

    /// Sets whether the timer keeps the loop alive.
    pub(crate) fn hold(&mut self, key: Key, holds: bool) {
        if let Some(timer) = self.timers.get_mut(key) {
            self.holding = self.holding - usize::from(timer.holds) + usize::from(holds);
            timer.holds = holds;
        }
    }

    /// How many timers keep the loop alive.
    pub(crate) fn holding(&self) -> usize {
        self.holding
    }

    /// When the next timer is due.
    pub(crate) fn next(&mut self) -> Option<Nanos> {
        while let Some(entry) = self.heap.peek() {
            if self.timers.get_mut(entry.key).is_some() {
                return Some(entry.deadline);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes the earliest timer that is due at `now`. A repeating timer stays, due again one period from `now`, and
    /// its callback must be given back with [`Timers::give_back`].
    pub(crate) fn expire(&mut self, now: Nanos) -> Option<(Key, Action)> {
        if self.next()? > now {
            return None;
        }
        let entry = self.heap.pop()?;
        if let Action::Repeat(callback, period) = &mut self.timers.get_mut(entry.key)?.action {
            let taken = Action::Repeat(callback.take(), *period);
            return Some((entry.key, taken));
        }
        let timer = self.timers.remove(entry.key)?;
        self.holding -= usize::from(timer.holds);
        Some((entry.key, timer.action))
    }

    /// Arms a repeating timer again after its callback ran; false when the callback has cleared it.
    pub(crate) fn give_back(&mut self, key: Key, callback: Box<dyn FnMut()>, deadline: Nanos) -> bool {
        let Some(Timer { action: Action::Repeat(place, _), .. }) = self.timers.get_mut(key) else { return false };
        *place = Some(callback);
        self.heap.push(Entry { deadline, key });
        true
    }

    /// For tearing down: what all timers hold, which the caller drops.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Action> + use<> {
        self.heap.clear();
        self.holding = 0;
        self.timers.take_all().map(|timer| timer.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Operation {
        Insert(Nanos),
        /// The n-th of those that were ever inserted.
        Cancel(usize),
        Advance(Nanos),
    }

    fn operations() -> impl Strategy<Value = Vec<Operation>> {
        let operation = prop_oneof![
            4 => (0..50u64).prop_map(Operation::Insert),
            3 => (0..200usize).prop_map(Operation::Cancel),
            2 => (0..20u64).prop_map(Operation::Advance),
        ];
        prop::collection::vec(operation, 0..400)
    }

    proptest! {
        /// The obvious timers, a list that is searched, judge the heap: the same ones fire, in the same order.
        #[test]
        fn the_heap_agrees_with_a_list(operations in operations()) {
            let (mut timers, mut list) = (Timers::default(), Vec::<(Nanos, usize)>::new());
            let (mut keys, mut now) = (Vec::new(), 0);
            for operation in operations {
                match operation {
                    Operation::Insert(delay) => {
                        list.push((now + delay, keys.len()));
                        keys.push(timers.insert(now + delay, Action::Once(Box::new(|| {}))));
                    }
                    Operation::Cancel(number) if number < keys.len() => {
                        let cancelled = timers.cancel(keys[number]).is_some();
                        let at = list.iter().position(|(_, listed)| *listed == number);
                        prop_assert_eq!(cancelled, at.is_some());
                        at.map(|at| list.remove(at));
                    }
                    Operation::Cancel(_) => {}
                    Operation::Advance(time) => {
                        now += time;
                        // A stable sort: those of one deadline keep the order in which they were made.
                        list.sort_by_key(|(deadline, _)| *deadline);
                        while let Some((key, _)) = timers.expire(now) {
                            prop_assert_eq!(key, keys[list.remove(0).1]);
                        }
                        prop_assert!(list.first().is_none_or(|(deadline, _)| *deadline > now));
                    }
                }
                prop_assert_eq!(timers.next(), list.iter().map(|(deadline, _)| *deadline).min());
                prop_assert_eq!(timers.holding(), list.len());
                prop_assert!(timers.heap.len() <= 2 * list.len() + SWEEP_AT_LEAST + 1);
            }
        }
    }
}
