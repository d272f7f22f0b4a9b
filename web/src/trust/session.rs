//! What is kept of a visitor between two requests: an id that nobody guesses, and a record that two tabs may change at once.
//!
//! A request reads a record, changes it, and saves it; between the two another request has saved. Whoever saves the whole record
//! undoes the other's work. So a record remembers *what was done to it*, and a save does that to the newest record instead:
//!
//! ```text
//! tab A   load v1 {n: 1}   add n 1 ────────────────── save: v1? no, v2: apply (add n 1) to {n: 2} → v3 {n: 3}
//! tab B   load v1 {n: 1}      add n 1   save → v2 {n: 2}
//! ```
//!
//! A store compares the version and swaps (`load`, [`Record::onto`], save; again when the version was another).

use crate::text::{from_base64, to_base64};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A session's id: 128 random bits from the system. Its owner has it in a cookie; a store has only its hash, so that whoever reads
/// the store is nobody's visitor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId([u8; 16]);

impl std::fmt::Debug for SessionId {
    /// The id is a secret: not even a log has it.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SessionId(…)")
    }
}

impl SessionId {
    /// An id of random bytes.
    pub fn new(random: [u8; 16]) -> SessionId {
        SessionId(random)
    }

    /// Reads what a cookie has. That it is an id says nothing about whether there is such a session: one that a store does not
    /// know is never taken over (CWE-384).
    pub fn parse(text: &str) -> Option<SessionId> {
        Some(SessionId(from_base64(text)?.try_into().ok()?))
    }

    /// What is signed.
    #[cfg(feature = "net")]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The 22 characters for the cookie.
    pub fn text(&self) -> String {
        to_base64(&self.0)
    }

    /// The name in a store.
    pub fn key(&self) -> String {
        to_base64(&Sha256::digest(self.0))
    }
}

/// How long sessions live, in seconds. Each can be `u64::MAX`, for ever, or 0, over at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Since it was last used: 2 hours (OWASP's sheet on sessions).
    pub idle: u64,
    /// Since it was made, whatever is done: 30 days.
    pub absolute: u64,
}

impl Default for Times {
    fn default() -> Self {
        Times { idle: 2 * 60 * 60, absolute: 30 * 24 * 60 * 60 }
    }
}

impl Times {
    /// When a session is over that was made and last used at these times.
    pub fn end(&self, made: u64, used: u64) -> u64 {
        used.saturating_add(self.idle).min(made.saturating_add(self.absolute))
    }
}

/// One thing that was done to a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A key was given a value.
    Set(String, Value),
    /// A number was added to another. Two that do so at once both count. What is no whole number counts as 0.
    Add(String, i64),
    /// A key was removed.
    Remove(String),
    /// All keys were removed.
    Clear,
}

/// A record of more than so many bytes: it is not saved. 64 KiB unless said otherwise; a cookie has room for 3,800.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// What it has.
    pub bytes: usize,
}

/// What is kept, and what was done to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// When it was made, in seconds since 1970.
    made: u64,
    /// How often it was saved.
    version: u64,
    data: Map<String, Value>,
    changes: Vec<Change>,
}

impl Record {
    /// A record without keys.
    pub fn new(now: u64) -> Record {
        Record { made: now, ..Record::default() }
    }

    /// When it was made, in seconds since 1970.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// How often it was saved: what a store compares.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A key's value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.data.get(key)
    }

    /// Its keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.data.iter().map(|(key, value)| (&**key, value))
    }

    /// What was done to it since it was loaded. If nothing was, nothing need be saved.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Gives a key a value.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.perform(Change::Set(key.to_owned(), value.into()));
    }

    /// Adds to a number.
    pub fn add(&mut self, key: &str, number: i64) {
        self.perform(Change::Add(key.to_owned(), number));
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) {
        self.perform(Change::Remove(key.to_owned()));
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.perform(Change::Clear);
    }

    fn perform(&mut self, change: Change) {
        self.apply(&change);
        // What a later change undoes need not be done again.
        match &change {
            Change::Clear => self.changes.clear(),
            Change::Set(key, _) | Change::Remove(key) => self.changes.retain(|old| old.key() != Some(key)),
            Change::Add(..) => {}
        }
        self.changes.push(change);
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Set(key, value) => drop(self.data.insert(key.clone(), value.clone())),
            Change::Add(key, number) => {
                let old = self.data.get(key).and_then(Value::as_i64).unwrap_or(0);
                self.data.insert(key.clone(), old.saturating_add(*number).into());
            }
            Change::Remove(key) => drop(self.data.remove(key)),
            Change::Clear => self.data.clear(),
        }
    }

    /// The record to save: what was done to this one, done to the newest. `None` where there is nothing to do.
    ///
    /// ```
    /// use wirebook_web::trust::Record;
    ///
    /// let stored = Record::new(0);
    /// let (mut a, mut b) = (stored.clone(), stored.clone());
    /// a.add("visits", 1);
    /// b.add("visits", 1);
    /// b.set("name", "Ada");
    /// let stored = b.onto(&stored).unwrap();
    /// let stored = a.onto(&stored).unwrap();
    /// assert_eq!(stored.get("visits").unwrap(), 2);
    /// assert_eq!(stored.get("name").unwrap(), "Ada");
    /// ```
    pub fn onto(&self, newest: &Record) -> Option<Record> {
        if self.changes.is_empty() {
            return None;
        }
        let mut merged = Record { version: newest.version + 1, changes: Vec::new(), ..newest.clone() };
        self.changes.iter().for_each(|change| merged.apply(change));
        Some(merged)
    }

    /// Its bytes, for a store.
    ///
    /// # Errors
    ///
    /// More than `most` bytes.
    pub fn encode(&self, most: usize) -> Result<Vec<u8>, TooLarge> {
        let whole = serde_json::json!({ "made": self.made, "version": self.version, "data": self.data });
        let bytes = whole.to_string().into_bytes();
        if bytes.len() > most { Err(TooLarge { bytes: bytes.len() }) } else { Ok(bytes) }
    }

    /// Reads what [`encode`](Record::encode) made; `None` for anything else: what an older program or a broken disk left is no session, and no error
    /// that a visitor sees.
    pub fn decode(bytes: &[u8]) -> Option<Record> {
        let mut whole: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let (made, version) = (whole.get("made")?.as_u64()?, whole.get("version")?.as_u64()?);
        match whole.remove("data")? {
            Value::Object(data) if version < u64::MAX => Some(Record { made, version, data, changes: Vec::new() }),
            _ => None,
        }
    }
}

impl Change {
    fn key(&self) -> Option<&String> {
        match self {
            Change::Set(key, _) | Change::Add(key, _) | Change::Remove(key) => Some(key),
            Change::Clear => None,
        }
    }
}
