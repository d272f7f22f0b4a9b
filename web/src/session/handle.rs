//! A visitor's session, as a handler has it.

use crate::trust::{Record, SessionId};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// What is kept of a visitor. Clones are handles to the same session. What is changed here is saved when the request is answered.
#[derive(Clone)]
pub struct Session(pub(super) Rc<RefCell<State>>);

pub(super) struct State {
    pub(super) record: Record,
    /// Where it is kept; `None`: nowhere yet.
    pub(super) id: Option<SessionId>,
    /// When what is kept ends, and when its token does.
    pub(super) ends: u64,
    pub(super) token_ends: u64,
    pub(super) fate: Fate,
    /// Its visitor is to be given a new token: an older key signed the last one.
    pub(super) is_stale: bool,
    /// The token that its visitor has, or is to have.
    pub(super) token: Option<String>,
    /// A new visitor's id, where links have to have it.
    pub(super) reserved: Option<SessionId>,
    /// A link has the token, so there has to be something under it.
    pub(super) is_asked: Cell<bool>,
    /// Somebody has asked for it, so the answer may be its visitor's own.
    pub(super) is_used: Cell<bool>,
}

/// What is to become of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    /// Under a new id.
    Renew,
    Destroy,
}

impl Session {
    pub(super) fn fresh(now: u64) -> Session {
        Session(Rc::new(RefCell::new(State {
            record: Record::new(now),
            id: None,
            ends: 0,
            token_ends: 0,
            fate: Fate::Keep,
            is_stale: false,
            token: None,
            reserved: None,
            is_asked: Cell::new(false),
            is_used: Cell::new(false),
        })))
    }

    /// A key's value.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.0.borrow().record.get(key).cloned()
    }

    /// A key's value, where it is a text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_str().map(str::to_owned)
    }

    /// A key's value, where it is a whole number.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_i64()
    }

    /// Gives a key a value.
    pub fn set(&self, key: &str, value: impl Into<Value>) {
        self.0.borrow_mut().record.set(key, value);
    }

    /// Adds to a number; two requests that do so at once both count. Gives the sum as far as it is known here.
    pub fn add(&self, key: &str, number: i64) -> i64 {
        self.0.borrow_mut().record.add(key, number);
        self.number(key).unwrap_or_default()
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.0.borrow_mut().record.remove(key);
    }

    /// Removes all keys.
    pub fn clear(&self) {
        self.0.borrow_mut().record.clear();
    }

    /// Nobody has been here before, or what was kept of them is over.
    pub fn is_new(&self) -> bool {
        self.0.borrow().id.is_none()
    }

    /// What stands in links, with [`Carrier::Query`](super::Carrier::Query): `?sid=` and this. `None` where cookies carry sessions and there
    /// is none yet.
    pub fn token(&self) -> Option<String> {
        let state = self.0.borrow();
        state.is_asked.set(true);
        state.token.clone()
    }

    /// Puts the session under a new id, and makes the old one worth nothing. To be called whenever somebody becomes somebody else: when
    /// they log in, sign up, change a password. Whoever made them use an id that he knows is left with it alone (CWE-384).
    pub fn renew(&self) -> &Self {
        let mut state = self.0.borrow_mut();
        if state.fate == Fate::Keep {
            state.fate = Fate::Renew;
        }
        drop(state);
        self
    }

    /// Forgets all of it, here and in the store: when they log out.
    pub fn destroy(&self) {
        let mut state = self.0.borrow_mut();
        state.record.clear();
        state.fate = Fate::Destroy;
    }

    /// Says something to the next page that asks for it with [`take_flash`](Session::take_flash), such as "saved", behind a redirect.
    pub fn flash(&self, key: &str, value: impl Into<Value>) {
        self.set(&format!("flash.{key}"), value);
    }

    /// What an earlier page said, once.
    pub fn take_flash(&self, key: &str) -> Option<Value> {
        let key = format!("flash.{key}");
        let value = self.get(&key)?;
        self.remove(&key);
        Some(value)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.borrow();
        let keys: Vec<&str> = state.record.iter().map(|(key, _)| key).collect();
        out.debug_struct("Session").field("is_new", &state.id.is_none()).field("keys", &keys).finish_non_exhaustive()
    }
}
