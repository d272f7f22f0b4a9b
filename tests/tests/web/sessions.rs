//! Sessions: ids that nobody chooses, and two tabs that lose nothing of each other. Security rules 9 to 11 of the web layer.

use super::wire::simulate;
use std::cell::Cell;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::{self as net};
use wirebook_web::Clock;
use wirebook_web::session::{
    FileStore, Later, MOST_TOKEN, MemoryStore, Session, SessionOptions, Sessions, Store, Stored, TRIES, Token,
};
use wirebook_web::trust::{Keys, Record, SessionId, Times};

const START: u64 = 1_800_000_000;
const HOUR: u64 = 3600;

fn keys() -> Keys {
    Keys::new(&[&[7; 32]]).expect("a key")
}

/// Runs in a simulation, with sessions in each kind of store.
fn in_every_store(test: impl AsyncFn(Sessions) + Copy + 'static) {
    simulate(async move {
        let sessions = Sessions::new(MemoryStore::default(), keys());
        test(sessions.clock(Clock::from(START))).await;
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sessions");
    simulate(async move {
        let sessions = Sessions::new(FileStore::beneath(path).expect("a folder"), keys());
        test(sessions.clock(Clock::from(START))).await;
    });
}

async fn hours(hours: u64) {
    net::sleep(Duration::from_secs(hours * HOUR)).await;
}

fn set(token: Token) -> String {
    match token {
        Token::Set(token) => token,
        other => panic!("no token: {other:?}"),
    }
}

async fn open(sessions: &Sessions, token: &str) -> Session {
    sessions.open(Some(token), b"").await.expect("a store")
}

async fn close(sessions: &Sessions, session: &Session) -> Token {
    sessions.close(session, b"").await.expect("a store")
}

/// A visitor to whom something was done: their token.
async fn visitor(sessions: &Sessions, key: &str, value: &str) -> String {
    let session = sessions.open(None, b"").await.expect("a store");
    session.set(key, value);
    set(close(sessions, &session).await)
}

#[test]
fn a_visitor_is_known_again() {
    in_every_store(async |sessions| {
        let token = visitor(&sessions, "name", "Ada").await;
        let session = open(&sessions, &token).await;
        assert!(!session.is_new());
        assert_eq!(session.text("name").as_deref(), Some("Ada"));
        assert_eq!(close(&sessions, &session).await, Token::Same, "nothing was done");
        let nobody = sessions.open(None, b"").await.expect("a store");
        assert!(nobody.is_new());
        assert_eq!(close(&sessions, &nobody).await, Token::Same, "nothing is kept of whom nothing was done to");
    });
}

/// web-063: an id that somebody chose is never taken over.
#[test]
fn rule_10_unknown_ids_are_not_adopted() {
    in_every_store(async |sessions| {
        let chosen = SessionId::new([1; 16]);
        for signed in [true, false] {
            let sessions = sessions.clone().with(SessionOptions { signed, ..SessionOptions::default() });
            for token in [&chosen.text()[..], "chosen-by-attacker", "", "v1.AAAA.0.AAAA", "../../etc/passwd", "\0"] {
                let session = open(&sessions, token).await;
                assert!(session.is_new(), "{token}");
                session.set("n", 1);
                let new = set(close(&sessions, &session).await);
                assert!(new != token && !new.contains(&chosen.text()), "{token}");
                assert!(open(&sessions, token).await.is_new(), "{token}");
            }
        }
        // Also not one that we signed and that is kept no more.
        let token = visitor(&sessions, "n", "1").await;
        hours(3).await;
        let session = open(&sessions, &token).await;
        assert!(session.is_new());
        session.set("n", 2);
        assert_ne!(set(close(&sessions, &session).await), token);
    });
}

/// web-061: who logs in gets another id, and the old one is worth nothing.
#[test]
fn rule_10_renewing() {
    in_every_store(async |sessions| {
        let old = visitor(&sessions, "cart", "3 apples").await;
        let (session, other) = (open(&sessions, &old).await, open(&sessions, &old).await);
        session.renew().set("user", 7);
        let new = set(close(&sessions, &session).await);
        assert_ne!(old, new);
        assert!(open(&sessions, &old).await.is_new(), "the old id is worth nothing");
        let known = open(&sessions, &new).await;
        assert_eq!((known.text("cart").as_deref(), known.number("user")), (Some("3 apples"), Some(7)));
        // A request that began under the old id: it neither revives it nor takes the new token from the browser.
        other.set("late", true);
        assert_eq!(close(&sessions, &other).await, Token::Same);
        assert!(open(&sessions, &old).await.is_new());
        // Who logs in while a slower request of theirs logs out is logged in, and has nothing of what was destroyed.
        let (out, login) = (open(&sessions, &new).await, open(&sessions, &new).await);
        out.destroy();
        close(&sessions, &out).await;
        login.renew().set("user", 8);
        let known = open(&sessions, &set(close(&sessions, &login).await)).await;
        assert_eq!((known.number("user"), known.get("cart")), (Some(8), None));
        let new = visitor(&sessions, "n", "1").await;
        let known = open(&sessions, &new).await;
        // Nothing else was done: it still gets another id.
        known.renew();
        let newer = set(close(&sessions, &known).await);
        assert!(open(&sessions, &new).await.is_new() && !open(&sessions, &newer).await.is_new());
    });
}

/// web-062: after a logout an old cookie is nobody's, and no late save brings the session back.
#[test]
fn rule_10_destroyed_is_destroyed() {
    in_every_store(async |sessions| {
        let token = visitor(&sessions, "user", "7").await;
        let (late, session) = (open(&sessions, &token).await, open(&sessions, &token).await);
        session.destroy();
        assert_eq!(close(&sessions, &session).await, Token::Remove);
        late.set("n", 1);
        assert_eq!(close(&sessions, &late).await, Token::Same);
        let again = open(&sessions, &token).await;
        assert!(again.is_new() && again.get("user").is_none());
    });
}

#[test]
fn rule_11_what_two_requests_do_at_once_is_both_done() {
    in_every_store(async |sessions| {
        let token = visitor(&sessions, "name", "Ada").await;
        let (one, other) = (open(&sessions, &token).await, open(&sessions, &token).await);
        for session in [&one, &other] {
            session.add("visits", 1);
        }
        one.set("theme", "dark");
        other.remove("name");
        close(&sessions, &other).await;
        close(&sessions, &one).await;
        let session = open(&sessions, &token).await;
        assert_eq!(session.number("visits"), Some(2));
        assert_eq!(session.text("theme").as_deref(), Some("dark"));
        assert_eq!(session.get("name"), None);
    });
}

/// A store in which somebody else is faster so many times.
struct Busy {
    store: MemoryStore,
    faster: Cell<usize>,
}

impl Store for Busy {
    fn load<'a>(&'a self, key: &'a str, now: u64) -> Later<'a, Option<Stored>> {
        self.store.load(key, now)
    }
    fn save<'a>(&'a self, key: &'a str, stored: &'a Stored, version: u64, now: u64) -> Later<'a, bool> {
        Box::pin(async move {
            if version > 0 && self.faster.get() > 0 {
                self.faster.set(self.faster.get() - 1);
                let newest = self.store.load(key, now).await?.expect("it is there");
                let mut theirs = newest.record.clone();
                theirs.add("visits", 1);
                let record = theirs.onto(&newest.record).expect("a change");
                self.store.save(key, &Stored { record, ends: newest.ends }, version, now).await?;
            }
            self.store.save(key, stored, version, now).await
        })
    }
    fn touch<'a>(&'a self, key: &'a str, ends: u64, now: u64) -> Later<'a, ()> {
        self.store.touch(key, ends, now)
    }
    fn destroy<'a>(&'a self, key: &'a str) -> Later<'a, ()> {
        self.store.destroy(key)
    }
    fn sweep(&self, now: u64) -> Later<'_, usize> {
        self.store.sweep(now)
    }
}

#[test]
fn rule_11_a_save_is_tried_three_times() {
    simulate(async {
        for faster in [0, 1, TRIES - 1, TRIES] {
            let busy = Rc::new(Busy { store: MemoryStore::default(), faster: Cell::new(0) });
            let sessions = Sessions::new(busy.clone(), keys()).clock(Clock::from(START));
            let token = visitor(&sessions, "name", "Ada").await;
            busy.faster.set(faster);
            let session = open(&sessions, &token).await;
            session.add("visits", 1);
            let saved = sessions.close(&session, b"").await;
            if faster < TRIES {
                assert_eq!(saved.expect("a save"), Token::Same);
                assert_eq!(open(&sessions, &token).await.number("visits"), Some(faster as i64 + 1));
            } else {
                assert_eq!(saved.expect_err("too many").kind(), io::ErrorKind::ResourceBusy);
            }
        }
    });
}

#[test]
fn a_store_has_no_ids() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sessions");
    let there = path.clone();
    let token = simulate(async move {
        let sessions = Sessions::new(FileStore::beneath(there).expect("a folder"), keys());
        let options = SessionOptions { signed: false, ..SessionOptions::default() };
        visitor(&sessions.clock(Clock::from(START)).with(options), "n", "1").await
    });
    assert_eq!(fs::metadata(&path).expect("a folder").permissions().mode() & 0o777, 0o700);
    let mut sessions = 0;
    for entry in fs::read_dir(&path).expect("a folder") {
        let entry = entry.expect("a file");
        let name = entry.file_name().into_string().expect("a name");
        let text = fs::read_to_string(entry.path()).expect("a text");
        assert!(!name.contains(&token) && !text.contains(&token), "{name}: {text}");
        assert_eq!(entry.metadata().expect("a file").permissions().mode() & 0o777, 0o600, "{name}");
        sessions += usize::from(name == SessionId::parse(&token).expect("an id").key());
    }
    assert_eq!(sessions, 1);
}

/// web-064: what an older program, a broken disk or a liar left is no session, and no error that a visitor sees.
#[test]
fn what_cannot_be_read_is_no_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    simulate(async move {
        let sessions = Sessions::new(FileStore::beneath(&path).expect("a folder"), keys()).clock(Clock::from(START));
        let sessions = sessions.with(SessionOptions { signed: false, ..SessionOptions::default() });
        let id = SessionId::new([3; 16]);
        for bytes in [&b""[..], b"\n", b"1\n{}", b"99999999999\n{", b"\xff\n\xff", b"99999999999\n[]", &[b'9'; 2 << 20]]
        {
            fs::write(path.join(id.key()), bytes).expect("a file");
            let session = open(&sessions, &id.text()).await;
            assert!(session.is_new(), "{:?}", bytes.get(..20));
            session.set("n", 1);
            assert_ne!(set(close(&sessions, &session).await), id.text());
        }
        // And a folder, a pipe or a link there are nothing, too.
        fs::remove_file(path.join(id.key())).expect("a file");
        fs::create_dir(path.join(id.key())).expect("a folder");
        assert!(open(&sessions, &id.text()).await.is_new());
        assert!(sessions.sweep().await.is_err() || path.join(id.key()).exists(), "what is not ours stays");
    });
}

#[test]
fn sessions_end() {
    in_every_store(async |sessions| {
        // Two hours since it was used: each visit moves the end.
        let token = visitor(&sessions, "n", "1").await;
        for _ in 0..5 {
            hours(1).await;
            let session = open(&sessions, &token).await;
            assert!(!session.is_new());
            close(&sessions, &session).await;
        }
        hours(2).await;
        assert!(open(&sessions, &token).await.is_new());
        assert_eq!(sessions.sweep().await.expect("a store"), 1);
        assert_eq!(sessions.sweep().await.expect("a store"), 0);
        // The ends of the range.
        for (idle, absolute, lives) in
            [(0, u64::MAX, false), (u64::MAX, 0, false), (1, 1, true), (u64::MAX, u64::MAX, true)]
        {
            let times = Times { idle, absolute };
            let options = SessionOptions { times, max_age: None, ..SessionOptions::default() };
            let sessions = sessions.clone().with(options);
            let token = visitor(&sessions, "n", "1").await;
            assert_eq!(!open(&sessions, &token).await.is_new(), lives, "{times:?}");
        }
    });
}

/// web-060: the end is in what we signed, whatever the browser was told.
#[test]
fn a_token_ends_and_is_renewed() {
    in_every_store(async |sessions| {
        let times = Times { idle: u64::MAX, absolute: u64::MAX };
        let with = |rolling, renew| SessionOptions { times, rolling, renew, ..SessionOptions::default() };
        let plain = sessions.clone().with(with(false, false));
        let token = visitor(&plain, "n", "1").await;
        hours(23).await;
        let session = open(&plain, &token).await;
        session.add("visits", 1);
        assert_eq!(close(&plain, &session).await, Token::Same);
        hours(1).await;
        assert!(open(&plain, &token).await.is_new(), "a day is over");
        // rolling: each answer has a new one.
        let rolling = sessions.clone().with(with(true, false));
        let mut token = visitor(&rolling, "n", "1").await;
        for _ in 0..3 {
            hours(23).await;
            token = set(close(&rolling, &open(&rolling, &token).await).await);
        }
        // renew: when half is over.
        let renew = sessions.clone().with(with(false, true));
        let token = visitor(&renew, "n", "1").await;
        hours(11).await;
        assert_eq!(close(&renew, &open(&renew, &token).await).await, Token::Same);
        hours(2).await;
        set(close(&renew, &open(&renew, &token).await).await);
        // 0 is over at once.
        let zero = sessions.clone().with(SessionOptions { max_age: Some(0), ..with(false, false) });
        let token = visitor(&zero, "n", "1").await;
        assert!(open(&zero, &token).await.is_new());
    });
}

#[test]
fn rule_09_a_token_is_its_owners() {
    in_every_store(async |sessions| {
        let session = sessions.open(None, b"firefox").await.expect("a store");
        session.set("n", 1);
        let token = set(sessions.close(&session, b"firefox").await.expect("a store"));
        assert!(!sessions.open(Some(&token), b"firefox").await.expect("a store").is_new());
        assert!(sessions.open(Some(&token), b"curl").await.expect("a store").is_new());
        let other = sessions.clone().with(SessionOptions { key: "other".into(), ..SessionOptions::default() });
        assert!(other.open(Some(&token), b"firefox").await.expect("a store").is_new(), "under another name");
        let mut flipped = token.into_bytes();
        *flipped.last_mut().expect("a byte") ^= 1;
        let flipped = String::from_utf8(flipped).expect("text");
        assert!(sessions.open(Some(&flipped), b"firefox").await.expect("a store").is_new());
    });
}

/// web-057.
#[test]
fn rule_09_an_old_key_verifies_and_is_replaced() {
    simulate(async {
        let (old, new) = ([1; 32], [2; 32]);
        let store = Rc::new(MemoryStore::default());
        let with =
            |keys: &[&[u8]]| Sessions::new(store.clone(), Keys::new(keys).expect("keys")).clock(Clock::from(START));
        let token = visitor(&with(&[&old]), "n", "1").await;
        let both = with(&[&new, &old]);
        let session = open(&both, &token).await;
        assert!(!session.is_new());
        let token = set(close(&both, &session).await);
        assert!(!open(&with(&[&new]), &token).await.is_new());
    });
}

#[test]
fn sessions_in_cookies() {
    simulate(async {
        let sessions = Sessions::in_cookies(keys()).clock(Clock::from(START));
        let token = visitor(&sessions, "name", "Ada").await;
        let session = open(&sessions, &token).await;
        assert_eq!(session.text("name").as_deref(), Some("Ada"));
        assert_eq!(close(&sessions, &session).await, Token::Same);
        session.add("n", 1);
        let next = set(close(&sessions, &session).await);
        assert_eq!(open(&sessions, &next).await.number("n"), Some(1));
        session.destroy();
        assert_eq!(close(&sessions, &session).await, Token::Remove);
        // What a browser would not keep is an error here, and never a session that is silently lost.
        let session = open(&sessions, &next).await;
        session.set("long", "x".repeat(4000));
        assert_eq!(sessions.close(&session, b"").await.expect_err("too large").kind(), io::ErrorKind::FileTooLarge);
        // To the byte: a token of `MOST_TOKEN` is the longest that is sent.
        let mut longest = 0;
        for length in (0..4).chain(2700..2900) {
            let session = open(&sessions, &next).await;
            session.set("long", "x".repeat(length));
            match sessions.close(&session, b"").await {
                Ok(token) => longest = longest.max(set(token).len()),
                Err(error) => assert_eq!((error.kind(), length > 2700), (io::ErrorKind::FileTooLarge, true)),
            }
        }
        assert!((MOST_TOKEN - 1..=MOST_TOKEN).contains(&longest), "{longest}");
        hours(24).await;
        assert!(open(&sessions, &next).await.is_new());
        // The time of a session in all ends it, however often its token is made anew.
        let times = Times { idle: 0, absolute: 48 * HOUR };
        let sessions = sessions.with(SessionOptions { rolling: true, times, ..SessionOptions::default() });
        let mut token = visitor(&sessions, "n", "1").await;
        for _ in 0..2 {
            hours(23).await;
            token = set(close(&sessions, &open(&sessions, &token).await).await);
        }
        hours(2).await;
        assert!(open(&sessions, &token).await.is_new());
    });
}

#[test]
fn a_session_is_bounded_at_n_and_n_plus_1() {
    in_every_store(async |sessions| {
        let mut record = Record::new(START);
        record.set("text", "x".repeat(100));
        let whole = record.onto(&Record::new(START)).expect("a change").encode(usize::MAX).expect("bytes").len();
        for (most, fits) in [(0, false), (whole - 1, false), (whole, true), (usize::MAX, true)] {
            let sessions = sessions.clone().with(SessionOptions { most, ..SessionOptions::default() });
            let session = sessions.open(None, b"").await.expect("a store");
            session.set("text", "x".repeat(100));
            let made = sessions.close(&session, b"").await;
            assert_eq!(made.is_ok(), fits, "{most} of {whole}: {made:?}");
        }
    });
}

#[test]
fn a_memory_store_is_bounded_and_forgets_the_least_used() {
    simulate(async {
        for most in [0, 1, 2, usize::MAX] {
            let store = Rc::new(MemoryStore::of(most));
            let sessions = Sessions::new(store.clone(), keys()).clock(Clock::from(START));
            for _ in 0..3 {
                let session = sessions.open(None, b"").await.expect("a store");
                session.set("n", 1);
                close(&sessions, &session).await;
            }
            assert_eq!(store.len(), most.min(3));
        }
        let store = Rc::new(MemoryStore::of(2));
        let sessions = Sessions::new(store.clone(), keys()).clock(Clock::from(START));
        let one = visitor(&sessions, "n", "1").await;
        let two = visitor(&sessions, "n", "2").await;
        open(&sessions, &one).await;
        let three = visitor(&sessions, "n", "3").await;
        let is_new = async |token: &str| open(&sessions, token).await.is_new();
        assert_eq!((is_new(&one).await, is_new(&two).await, is_new(&three).await), (false, true, false));
    });
}

#[test]
fn a_flash_is_read_once() {
    in_every_store(async |sessions| {
        let session = sessions.open(None, b"").await.expect("a store");
        session.flash("info", "saved");
        let token = set(close(&sessions, &session).await);
        let session = open(&sessions, &token).await;
        assert_eq!(session.take_flash("info").expect("a flash"), "saved");
        assert_eq!(session.take_flash("info"), None);
        close(&sessions, &session).await;
        assert_eq!(open(&sessions, &token).await.take_flash("info"), None);
    });
}

/// Four programs at once, each with loops of its own: nothing is lost, and nothing is left lying about.
#[test]
fn files_are_shared_by_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let make = |path: &std::path::Path| Sessions::new(FileStore::beneath(path).expect("a folder"), keys());
    let path = folder.path().to_owned();
    let token = net::block_on({
        let sessions = make(&path);
        async move { visitor(&sessions, "name", "Ada").await }
    })
    .expect("a loop");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (path, token) = (path.clone(), token.clone());
            std::thread::spawn(move || {
                let sessions = make(&path);
                net::block_on(async move {
                    let mut saved = 0;
                    for _ in 0..10 {
                        let session = open(&sessions, &token).await;
                        session.add("n", 1);
                        // Three tries may all be lost to three others; then it is told, and the caller may try again.
                        saved += i64::from(sessions.close(&session, b"").await.is_ok());
                    }
                    saved
                })
                .expect("a loop")
            })
        })
        .collect();
    let saved: i64 = threads.into_iter().map(|thread| thread.join().expect("it ends")).sum();
    let sessions = make(&path);
    let count = net::block_on(async move { open(&sessions, &token).await.number("n") }).expect("a loop");
    assert_eq!(count, Some(saved));
    let names: Vec<_> =
        fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("a file").file_name()).collect();
    assert_eq!(names.len(), 2, "one session and one lock: {names:?}");
}
