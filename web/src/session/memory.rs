//! Sessions in this loop's memory: gone when the program ends, and never more than a bound.

use super::store::{Later, Store, Stored};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// Sessions that are kept at a time.
pub const MOST_SESSIONS: usize = 100_000;

/// A store in memory. When it is full, the session that was not used for longest goes: whoever makes a million of them makes
/// room with their own.
#[derive(Debug)]
pub struct MemoryStore {
    most: usize,
    kept: RefCell<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_key: HashMap<String, (Stored, u64)>,
    /// By the number of their last use, the oldest first.
    by_use: BTreeMap<u64, String>,
    uses: u64,
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::of(MOST_SESSIONS)
    }
}

impl MemoryStore {
    /// A store of at most so many sessions. 0 keeps none; `usize::MAX` is no bound.
    pub fn of(most: usize) -> MemoryStore {
        MemoryStore { most, kept: RefCell::default() }
    }

    /// How many sessions are kept.
    pub fn len(&self) -> usize {
        self.kept.borrow().by_key.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Kept {
    /// What lies there and is not over, now used.
    fn live(&mut self, key: &str, now: u64) -> Option<&mut Stored> {
        let (stored, used) = self.by_key.get_mut(key).filter(|(stored, _)| !is_over(stored.ends, now))?;
        self.uses += 1;
        let name = self.by_use.remove(used).unwrap_or_else(|| key.to_owned());
        self.by_use.insert(self.uses, name);
        *used = self.uses;
        Some(stored)
    }

    fn put(&mut self, key: &str, stored: Stored) {
        self.remove(key);
        self.uses += 1;
        self.by_use.insert(self.uses, key.to_owned());
        self.by_key.insert(key.to_owned(), (stored, self.uses));
    }

    fn remove(&mut self, key: &str) {
        if let Some((_, used)) = self.by_key.remove(key) {
            self.by_use.remove(&used);
        }
    }
}

/// Whether what ends then is over. What never ends is not.
pub(super) fn is_over(ends: u64, now: u64) -> bool {
    ends <= now && ends != u64::MAX
}

/// What is done already.
fn done<'a, T: 'a>(value: T) -> Later<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Store for MemoryStore {
    fn load<'a>(&'a self, key: &'a str, now: u64) -> Later<'a, Option<Stored>> {
        done(self.kept.borrow_mut().live(key, now).cloned())
    }

    fn save<'a>(&'a self, key: &'a str, stored: &'a Stored, version: u64, now: u64) -> Later<'a, bool> {
        let mut kept = self.kept.borrow_mut();
        let there = kept.live(key, now).map_or(0, |there| there.record.version());
        if there != version || self.most == 0 {
            return done(false);
        }
        kept.put(key, stored.clone());
        while kept.by_key.len() > self.most {
            let Some((_, oldest)) = kept.by_use.pop_first() else { break };
            kept.by_key.remove(&oldest);
        }
        done(true)
    }

    fn touch<'a>(&'a self, key: &'a str, ends: u64, now: u64) -> Later<'a, ()> {
        if let Some(stored) = self.kept.borrow_mut().live(key, now) {
            stored.ends = ends;
        }
        done(())
    }

    fn destroy<'a>(&'a self, key: &'a str) -> Later<'a, ()> {
        self.kept.borrow_mut().remove(key);
        done(())
    }

    fn sweep(&self, now: u64) -> Later<'_, usize> {
        let mut kept = self.kept.borrow_mut();
        let over: Vec<String> = kept
            .by_key
            .iter()
            .filter(|(_, (stored, _))| is_over(stored.ends, now))
            .map(|(key, _)| key.clone())
            .collect();
        over.iter().for_each(|key| kept.remove(key));
        done(over.len())
    }
}
