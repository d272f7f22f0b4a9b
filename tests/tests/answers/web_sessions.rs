//! Sessions that are anybody's, sessions that lose what two tabs do, and the answers of "Sessions and login".

use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::rc::Rc;
use wirebook_net as net;
use wirebook_web::session::{Later, MemoryStore, Sessions, Store, Stored, Token};
use wirebook_web::trust::{Keys, Record};

// ANCHOR: naive
/// What is kept of visitors, by what their cookie says.
#[derive(Default)]
struct Visitors(HashMap<String, Map<String, Value>>);

impl Visitors {
    fn session(&mut self, sid: &str) -> &mut Map<String, Value> {
        self.0.entry(sid.to_owned()).or_default()
    }
}
// ANCHOR_END: naive

// ANCHOR: fixed
#[test]
fn an_id_is_chosen_by_somebody_else() {
    let mut visitors = Visitors::default();
    // Mallory has Ada's browser send a cookie that he knows, and waits.
    let chosen = "mallory-knows-it";
    visitors.session(chosen).insert("user".into(), json!("ada")); // Ada logs in.
    assert_eq!(visitors.session(chosen)["user"], "ada"); // Mallory is Ada.
}
// ANCHOR_END: fixed

// ANCHOR: lost
#[test]
fn two_tabs_lose_one_of_two_changes() {
    let mut visitors = Visitors::default();
    let (mut one, mut other) = (visitors.session("x").clone(), visitors.session("x").clone());
    one.insert("cart".into(), json!("3 apples"));
    other.insert("theme".into(), json!("dark"));
    *visitors.session("x") = one;
    *visitors.session("x") = other;
    assert_eq!(visitors.session("x").get("cart"), None);
}
// ANCHOR_END: lost

fn sessions(store: impl Store + 'static) -> Sessions {
    Sessions::new(store, Keys::new(&[&[7; 32]]).expect("32 bytes"))
}

fn new(token: Token) -> String {
    match token {
        Token::Set(token) => token,
        other => panic!("{other:?}"),
    }
}

// ANCHOR: renewed
async fn login(sessions: &Sessions) -> std::io::Result<()> {
    // What is in a cookie that we did not write is no session.
    assert!(sessions.open(Some("mallory-knows-it"), b"").await?.is_new());
    // Mallory may get an id of ours, and have Ada's browser send that.
    let session = sessions.open(None, b"").await?;
    session.set("cart", "3 apples");
    let known = new(sessions.close(&session, b"").await?);
    // When she logs in she gets another, and the old one is worth nothing.
    let session = sessions.open(Some(&known), b"").await?;
    session.renew().set("user", "ada");
    let hers = new(sessions.close(&session, b"").await?);
    assert!(sessions.open(Some(&known), b"").await?.is_new());
    let session = sessions.open(Some(&hers), b"").await?;
    assert_eq!(session.text("user").as_deref(), Some("ada"));
    assert_eq!(session.text("cart").as_deref(), Some("3 apples"));
    Ok(())
}
// ANCHOR_END: renewed

#[test]
fn who_logs_in_gets_another_id() {
    let sessions = sessions(MemoryStore::default());
    net::block_on(async move { login(&sessions).await }).expect("a loop").expect("a store");
}

// ANCHOR: merged
#[test]
fn what_two_tabs_do_is_both_done() {
    let stored = Record::new(0);
    let (mut one, mut other) = (stored.clone(), stored.clone());
    one.set("cart", "3 apples");
    one.add("visits", 1);
    other.add("visits", 1);
    let stored = one.onto(&stored).unwrap();
    let stored = other.onto(&stored).unwrap();
    assert_eq!((stored.get("cart"), stored.get("visits")), (Some(&json!("3 apples")), Some(&json!(2))));
}
// ANCHOR_END: merged

// ANCHOR: changes
/// What was done to a record since it was loaded.
#[derive(Default)]
struct Mine {
    data: Map<String, Value>,
    done: Vec<(String, Option<Value>)>,
}

impl Mine {
    fn set(&mut self, key: &str, value: Option<Value>) {
        apply(&mut self.data, key, value.clone());
        self.done.push((key.to_owned(), value));
    }

    /// Does it to the newest record.
    fn onto(&self, newest: &Map<String, Value>) -> Map<String, Value> {
        let mut merged = newest.clone();
        self.done.iter().for_each(|(key, value)| apply(&mut merged, key, value.clone()));
        merged
    }
}

fn apply(data: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(data.insert(key.to_owned(), value)),
        None => drop(data.remove(key)),
    }
}
// ANCHOR_END: changes

#[test]
fn my_changes_are_theirs() {
    let mut state = 5u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    for _ in 0..500 {
        let keys = ["a", "b", "c"];
        let mut newest = Record::new(0);
        let (mut mine, mut theirs) = (Mine::default(), Record::new(0));
        newest.set(keys[below(3)], below(9));
        for _ in 0..=below(6) {
            let (key, value) = (keys[below(3)], below(9));
            if below(3) > 0 {
                mine.set(key, Some(json!(value)));
                theirs.set(key, value);
            } else {
                mine.set(key, None);
                theirs.remove(key);
            }
        }
        let there: Map<String, Value> = newest.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
        let merged = theirs.onto(&newest).expect("a change");
        let merged: Map<String, Value> = merged.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
        assert_eq!(mine.onto(&there), merged);
    }
}

// ANCHOR: store
/// A store that is a map.
#[derive(Default)]
struct MyStore(RefCell<BTreeMap<String, Stored>>);

impl MyStore {
    fn live(&self, key: &str, now: u64) -> Option<Stored> {
        self.0.borrow().get(key).filter(|stored| stored.ends > now).cloned()
    }
}

impl Store for MyStore {
    fn load<'a>(&'a self, key: &'a str, now: u64) -> Later<'a, Option<Stored>> {
        Box::pin(ready(Ok(self.live(key, now))))
    }

    fn save<'a>(&'a self, key: &'a str, stored: &'a Stored, version: u64, now: u64) -> Later<'a, bool> {
        let there = self.live(key, now).map_or(0, |stored| stored.record.version());
        if there == version {
            self.0.borrow_mut().insert(key.to_owned(), stored.clone());
        }
        Box::pin(ready(Ok(there == version)))
    }

    fn touch<'a>(&'a self, key: &'a str, ends: u64, now: u64) -> Later<'a, ()> {
        if let Some(stored) = self.live(key, now) {
            self.0.borrow_mut().insert(key.to_owned(), Stored { ends, ..stored });
        }
        Box::pin(ready(Ok(())))
    }

    fn destroy<'a>(&'a self, key: &'a str) -> Later<'a, ()> {
        self.0.borrow_mut().remove(key);
        Box::pin(ready(Ok(())))
    }

    fn sweep(&self, now: u64) -> Later<'_, usize> {
        let mut all = self.0.borrow_mut();
        let before = all.len();
        all.retain(|_, stored| stored.ends > now);
        Box::pin(ready(Ok(before - all.len())))
    }
}
// ANCHOR_END: store

#[test]
fn my_store_is_a_store() {
    let store = Rc::new(MyStore::default());
    let sessions = sessions(store.clone());
    net::block_on(async move { login(&sessions).await }).expect("a loop").expect("a store");
    assert_eq!(store.0.borrow().len(), 1, "the old id is gone");
    let swept = net::block_on(async move { store.sweep(u64::MAX).await });
    assert_eq!(swept.expect("a loop").expect("a store"), 1);
}
