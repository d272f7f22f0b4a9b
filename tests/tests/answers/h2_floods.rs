//! Bounds that one would write first, what they do not see, and the answers of "Floods: who pays for a frame".

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_http2::wire::{Frame, PREFACE};
use wirebook_http2::{Code, Config, Connection, Event, Fields, Rate, StreamId};

// ANCHOR: naive
/// At most a hundred streams at a time.
#[derive(Default)]
struct Open {
    streams: HashSet<u32>,
    handlers: u64,
}

impl Open {
    fn request(&mut self, stream: u32) -> bool {
        if self.streams.len() == 100 {
            return false;
        }
        self.streams.insert(stream);
        self.handlers += 1;
        true
    }

    fn reset(&mut self, stream: u32) {
        self.streams.remove(&stream);
    }
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn a_bound_on_open_streams_does_not_see_a_flood() {
    let mut open = Open::default();
    for stream in (1..20_000).step_by(2) {
        assert!(open.request(stream), "never refused");
        open.reset(stream);
    }
    assert_eq!((open.streams.len(), open.handlers), (0, 10_000));
}
// ANCHOR_END: breaks

// ANCHOR: breaks_twice
/// So many resets by the client in the life of a connection.
struct Lifetime {
    left: u32,
}

impl Lifetime {
    fn client_resets(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }
}

#[test]
fn a_lifetime_of_resets_ends_a_patient_reader_and_no_attacker() {
    // Somebody reads maps for a day, and scrolls on before the pictures are there.
    let mut reader = Lifetime { left: 1000 };
    let day = (0..24 * 60).all(|_minute| reader.client_resets());
    assert!(!day, "thrown out, for one reset a minute");
    // Somebody else makes mistakes, and lets the server reset.
    let attacker = Lifetime { left: 1000 };
    assert_eq!(attacker.left, 1000, "nobody has counted anything");
}
// ANCHOR_END: breaks_twice

fn written(frame: Frame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    frame.write(&mut out);
    out
}

fn get(stream: StreamId) -> Vec<u8> {
    // :method: GET, :scheme: https, :path: /, :authority: a
    let fragment = b"\x82\x87\x84\x01\x01a";
    written(Frame::Headers { stream, end_stream: true, end_headers: true, dependency: None, fragment })
}

/// A mistake on the stream of a request.
fn mistake(stream: StreamId) -> Vec<u8> {
    written(Frame::WindowUpdate { stream, increment: 0 })
}

/// How many handlers a server with these bounds begins, when `count` requests come at once with that behind each.
// ANCHOR: exercise_handlers
fn handlers(resets: Rate, count: u32, behind: impl Fn(StreamId) -> Vec<u8>) -> u32 {
    // Small windows cost of their own; here the resets alone are of interest.
    let idle_frames = Rate { burst: u32::MAX, per_second: 0 };
    let config = Arc::new(Config { resets, idle_frames, ..Config::default() });
    let mut server = Connection::server(config, Instant::now());
    let mut bytes = [PREFACE.to_vec(), written(Frame::Settings { payload: &[] })].concat();
    for number in 0..count {
        let stream = StreamId::new(2 * number + 1);
        bytes.extend([get(stream), behind(stream)].concat());
    }
    let (mut room, mut at, mut begun) = (Fields::default(), 0, 0);
    while let Ok((used, Some(event))) = server.receive(&bytes[at..], &mut room) {
        at += used;
        begun += u32::from(matches!(event, Event::Request { .. }));
        // A driver writes what is owed behind each read.
        server.answers(&mut Vec::new());
    }
    begun
}
// ANCHOR_END: exercise_handlers

// ANCHOR: exercise_handlers_test
#[test]
fn a_reset_costs_the_same_whoever_sends_it() {
    let off = Rate { burst: u32::MAX, per_second: 0 };
    let reset = |stream| written(Frame::RstStream { stream, code: Code::CANCEL });
    assert_eq!((handlers(off, 5_000, mistake), handlers(off, 5_000, reset)), (5_000, 5_000));
    let resets = Config::default().resets;
    assert_eq!((handlers(resets, 5_000, mistake), handlers(resets, 5_000, reset)), (201, 201));
    // Nobody is hurt who waits for the answers.
    assert_eq!(handlers(resets, 100, |_| Vec::new()), 100);
}
// ANCHOR_END: exercise_handlers_test

// ANCHOR: exercise_budget
/// A level that falls by what is done, and rises with time up to its burst.
struct Budget {
    burst: f64,
    per_second: f64,
    level: f64,
    since: Duration,
}

impl Budget {
    fn new(burst: f64, per_second: f64) -> Budget {
        Budget { burst, per_second, level: burst, since: Duration::ZERO }
    }

    /// Takes one at this time, if there is one.
    fn spend(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.since).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.burst);
        self.since = self.since.max(now);
        let enough = self.level >= 1.0;
        self.level -= f64::from(u8::from(enough));
        enough
    }

    /// Something was done that had a purpose.
    fn refund(&mut self) {
        self.level = (self.level + 1.0).min(self.burst);
    }
}
// ANCHOR_END: exercise_budget

// ANCHOR: exercise_budget_test
#[test]
fn a_budget_bounds_a_rate_and_no_lifetime() {
    let at = |budget: &mut Budget, count: u32, each: Duration| (0..count).all(|nth| budget.spend(each * nth));
    // One a minute, for a year.
    assert!(at(&mut Budget::new(200.0, 33.0), 365 * 24 * 60, Duration::from_secs(60)));
    // Thirty a second is less than comes back, a hundred is more.
    assert!(at(&mut Budget::new(200.0, 33.0), 10_000, Duration::from_millis(1000 / 30)));
    assert!(!at(&mut Budget::new(200.0, 33.0), 10_000, Duration::from_millis(10)));
    // At once: two hundred, and not one more.
    let mut budget = Budget::new(200.0, 33.0);
    assert!(at(&mut budget, 200, Duration::ZERO) && !budget.spend(Duration::ZERO));
    budget.refund();
    assert!(budget.spend(Duration::ZERO) && !budget.spend(Duration::ZERO));
}
// ANCHOR_END: exercise_budget_test
