//! In turn, among those who have room.

use std::collections::BTreeMap;

/// Workers that take connections, and whose turn it is.
///
/// ```
/// use wirebook_cluster::policy::Turn;
/// let mut turn = Turn::default();
/// turn.join(1);
/// turn.join(2);
/// turn.join(3);
/// let given: Vec<u64> = (0..4).filter_map(|_| turn.next(|worker| worker != 2)).collect();
/// assert_eq!(given, [1, 3, 1, 3]);
/// assert_eq!(turn.next(|_| false), None);
/// ```
#[derive(Debug, Default)]
pub struct Turn {
    members: Vec<u64>,
    /// Who is asked first.
    next: usize,
    /// Connections that they have said they have, and those that they were given since.
    open: BTreeMap<u64, usize>,
}

impl Turn {
    /// A worker takes connections from now on; it is the last in turn.
    pub fn join(&mut self, worker: u64) {
        if !self.members.contains(&worker) {
            self.members.push(worker);
        }
    }

    /// A worker takes none any more.
    pub fn leave(&mut self, worker: u64) {
        if let Some(at) = self.members.iter().position(|member| *member == worker) {
            self.members.remove(at);
            self.next -= usize::from(at < self.next);
            self.open.remove(&worker);
        }
    }

    /// Who takes part.
    pub fn members(&self) -> &[u64] {
        &self.members
    }

    // ANCHOR: next
    /// Whose turn it is among those who have room.
    pub fn next(&mut self, has_room: impl Fn(u64) -> bool) -> Option<u64> {
        let count = self.members.len();
        let at = (0..count).map(|step| (self.next + step) % count).find(|at| has_room(self.members[*at]))?;
        self.next = (at + 1) % count;
        Some(self.members[at])
    }
    // ANCHOR_END: next

    /// Who has the fewest connections among those who have room; of several, in turn.
    pub fn fewest(&mut self, has_room: impl Fn(u64) -> bool) -> Option<u64> {
        let open = |worker: u64| self.open.get(&worker).copied().unwrap_or_default();
        let least = self.members.iter().copied().filter(|worker| has_room(*worker)).map(open).min()?;
        let poorest: Vec<u64> = self.members.iter().copied().filter(|worker| open(*worker) == least).collect();
        let worker = self.next(|worker| poorest.contains(&worker) && has_room(worker))?;
        let open = self.open.entry(worker).or_default();
        *open = open.saturating_add(1);
        Some(worker)
    }

    /// A worker says how many it has.
    pub fn has_open(&mut self, worker: u64, open: usize) {
        if self.members.contains(&worker) {
            self.open.insert(worker, open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(workers: std::ops::RangeInclusive<u64>) -> Turn {
        let mut turn = Turn::default();
        workers.for_each(|worker| turn.join(worker));
        turn
    }

    #[test]
    fn shares_differ_by_one_at_most() {
        let mut turn = of(1..=8);
        let mut counts = [0; 9];
        for _ in 0..803 {
            counts[turn.next(|_| true).unwrap() as usize] += 1;
        }
        assert_eq!((counts[1..].iter().min(), counts[1..].iter().max()), (Some(&100), Some(&101)));
    }

    #[test]
    fn who_leaves_changes_nobody_s_turn() {
        for leaver in 1..=4 {
            for before in 0..4 {
                let mut turn = of(1..=4);
                (0..before).for_each(|_| assert!(turn.next(|_| true).is_some()));
                turn.leave(leaver);
                turn.leave(leaver);
                let rest: Vec<u64> = (0..3).filter_map(|_| turn.next(|_| true)).collect();
                let due: Vec<u64> =
                    (0..4).map(|step| (before + step) % 4 + 1).filter(|worker| *worker != leaver).collect();
                assert_eq!(rest, due, "{leaver} left after {before}");
            }
        }
        let mut turn = of(1..=1);
        turn.leave(1);
        assert_eq!((turn.next(|_| true), turn.fewest(|_| true), turn.members().len()), (None, None, 0));
    }

    #[test]
    fn the_fewest_are_levelled() {
        let mut turn = of(1..=3);
        turn.has_open(1, 5);
        turn.has_open(2, 3);
        turn.has_open(9, 0);
        let given: Vec<u64> = (0..8).filter_map(|_| turn.fewest(|_| true)).collect();
        let count = |worker| given.iter().filter(|given| **given == worker).count();
        let mut levels = [count(1) + 5, count(2) + 3, count(3)];
        levels.sort_unstable();
        assert_eq!(levels, [5, 5, 6], "{given:?}");
        assert_eq!(turn.fewest(|worker| worker == 3), Some(3), "who has no room is passed over");
        turn.has_open(2, usize::MAX);
        assert_eq!(turn.fewest(|worker| worker == 2), Some(2), "whatever it says of itself");
    }
}
