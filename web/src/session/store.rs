//! What keeps sessions between two requests: five functions, all about bytes under a key, and one comparison.

use crate::trust::Record;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;

/// What a store will have done.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + 'a>>;

/// A record, and when it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// What is kept.
    pub record: Record,
    /// In seconds since 1970: from then on it is as if it were not there. `u64::MAX` is never.
    pub ends: u64,
}

/// Keeps records under keys ([`SessionId::key`](crate::trust::SessionId::key): the hash of an id, never the id), on one loop.
///
/// A store knows nothing of who merges what. It compares and swaps: [`save`](Store::save) says which version it means to replace, and is told
/// if another lies there.
pub trait Store {
    /// What lies under a key; nothing, if it is over.
    fn load<'a>(&'a self, key: &'a str, now: u64) -> Later<'a, Option<Stored>>;

    /// Puts a record under a key, if the version there is this one; `version` 0: if nothing is there. Says whether it did. What is over
    /// or was destroyed is not there, so a late save does not bring it back.
    fn save<'a>(&'a self, key: &'a str, stored: &'a Stored, version: u64, now: u64) -> Later<'a, bool>;

    /// Moves the end of what lies there, if anything does.
    fn touch<'a>(&'a self, key: &'a str, ends: u64, now: u64) -> Later<'a, ()>;

    /// Removes what lies there.
    fn destroy<'a>(&'a self, key: &'a str) -> Later<'a, ()>;

    /// Removes all that is over; says how many.
    fn sweep(&self, now: u64) -> Later<'_, usize>;
}

/// A store that others ask as well.
impl<S: Store + ?Sized> Store for Rc<S> {
    fn load<'a>(&'a self, key: &'a str, now: u64) -> Later<'a, Option<Stored>> {
        (**self).load(key, now)
    }

    fn save<'a>(&'a self, key: &'a str, stored: &'a Stored, version: u64, now: u64) -> Later<'a, bool> {
        (**self).save(key, stored, version, now)
    }

    fn touch<'a>(&'a self, key: &'a str, ends: u64, now: u64) -> Later<'a, ()> {
        (**self).touch(key, ends, now)
    }

    fn destroy<'a>(&'a self, key: &'a str) -> Later<'a, ()> {
        (**self).destroy(key)
    }

    fn sweep(&self, now: u64) -> Later<'_, usize> {
        (**self).sweep(now)
    }
}
