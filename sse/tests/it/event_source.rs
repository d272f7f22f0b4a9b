//! The event source without a network: what it asks, what an answer means to it, and when it comes back.

use std::time::{Duration, Instant};

use wirebook_http1::FieldBlock;
use wirebook_sse::connection::{Connection, Head, MAX_REDIRECTS};

use wirebook_sse::settings::RESERVED;
use wirebook_sse::state::{OutOfTurn, ReadyState, State, Step, TABLE};
use wirebook_sse::url::{Url, UrlError};
use wirebook_sse::{Cause, Closed, Coding, DecodeError, Limits, Settings, SetupError};

const URL: &str = "http://example.test:8000/events?a=b";
const MS: Duration = Duration::from_millis(1);

fn connection(settings: Settings) -> (Connection, Instant) {
    let now = Instant::now();
    (Connection::new(URL, settings, 7, now).unwrap(), now)
}

fn open(settings: Settings) -> (Connection, Instant) {
    let (mut connection, now) = connection(settings);
    connection.receive_head(Head::event_stream(), now).unwrap();
    assert_eq!(connection.state(), State::Open);
    (connection, now)
}

/// The fields that a connection asks with, a line each.
fn request(connection: &Connection) -> String {
    let mut block = FieldBlock::default();
    connection.fields(&mut block);
    let line = |(name, value): (&[u8], &[u8])| {
        format!("{}: {}\n", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
    };
    block.lines().iter().map(line).collect()
}

/// Lets the reconnection time pass; returns it.
fn wait(connection: &mut Connection, now: &mut Instant) -> Duration {
    assert_eq!(connection.state(), State::Waiting);
    let deadline = connection.deadline().unwrap();
    connection.expire(deadline - MS).unwrap();
    assert_eq!(connection.state(), State::Waiting);
    connection.expire(deadline).unwrap();
    assert_eq!(connection.state(), State::Connecting);
    let waited = deadline - *now;
    *now = deadline;
    waited
}

#[test]
fn whatwg_9_2_3_the_request() {
    let (connection, _) = connection(Settings {
        headers: vec![("Authorization".into(), "Bearer x".into())],
        last_event_id: "é7".into(),
        ..Settings::default()
    });
    assert_eq!(connection.ready_state(), ReadyState::Connecting);
    assert_eq!(connection.url().target(), "/events?a=b");
    assert_eq!(
        request(&connection),
        "Host: example.test:8000\nAccept: text/event-stream\nAccept-Encoding: identity\nCache-Control: no-cache\n\
         Authorization: Bearer x\nLast-Event-ID: é7\n"
    );
}

fn with_field(name: &str, value: &str) -> Result<Connection, SetupError> {
    let settings = Settings { headers: vec![(name.into(), value.into())], ..Settings::default() };
    Connection::new(URL, settings, 0, Instant::now())
}

#[test]
fn a_field_that_cannot_be_sent_is_an_error_at_once() {
    for name in ["", "A\n", "A: b", "A b", "naïve", "名", "A\t", "(a)", "A\u{7f}"] {
        assert_eq!(with_field(name, "x").unwrap_err(), SetupError::FieldName(name.into()), "{name:?}");
    }
    for value in ["x\r\nB: y", "\0", "a\u{1}b", "a\u{7f}", "\n"] {
        assert_eq!(with_field("A", value).unwrap_err(), SetupError::FieldValue("A".into()), "{value:?}");
    }
    for name in RESERVED {
        for name in [name.to_string(), name.to_uppercase()] {
            assert_eq!(with_field(&name, "x").unwrap_err(), SetupError::FieldReserved(name));
        }
    }
    for value in ["", "é", "a\tb", " trimmed "] {
        assert!(with_field("X-Any", value).is_ok(), "{value:?}");
    }
    let too_large = "x".repeat(64 * 1024);
    assert_eq!(with_field("A", &too_large).unwrap_err(), SetupError::FieldsTooLarge);
    // Each for itself would fit, but not with the four that are always there.
    let many = |count| Settings { headers: vec![("A".into(), "x".into()); count], ..Settings::default() };
    assert!(Connection::new(URL, many(96), 0, Instant::now()).is_ok());
    assert_eq!(Connection::new(URL, many(97), 0, Instant::now()).unwrap_err(), SetupError::FieldsTooLarge);
    for id in ["1\n", "\0", "a\u{1}", &too_large] {
        let settings = Settings { last_event_id: id.into(), ..Settings::default() };
        assert_eq!(Connection::new(URL, settings, 0, Instant::now()).unwrap_err(), SetupError::LastEventId);
    }
}

#[test]
fn an_id_of_the_server_that_no_field_can_carry_is_left_out() {
    let (mut connection, mut now) = open(Settings::default());
    connection.receive(b"id: a\x01b\ndata: 1\n\n", now).unwrap();
    assert_eq!(connection.last_event_id(), "a\u{1}b");
    connection.lost(Cause::Ended, now).unwrap();
    wait(&mut connection, &mut now);
    assert!(!request(&connection).contains("Last-Event-ID") && request(&connection).contains("Host: "));
}

type Answer = (u16, Option<&'static [u8]>, State, Option<Closed>);

#[test]
fn whatwg_9_2_3_status_and_type() {
    let table: &[Answer] = &[
        (200, Some(b"text/event-stream"), State::Open, None),
        (200, Some(b"TEXT/Event-Stream ; charset=utf-8"), State::Open, None),
        (200, Some(b"text/plain"), State::Closed, Some(Closed::ContentType)),
        (200, Some(b"text/event-stream-x"), State::Closed, Some(Closed::ContentType)),
        (200, None, State::Closed, Some(Closed::ContentType)),
        (204, None, State::Closed, Some(Closed::NoContent)),
        (201, Some(b"text/event-stream"), State::Closed, Some(Closed::Status(201))),
        (404, Some(b"text/event-stream"), State::Closed, Some(Closed::Status(404))),
        (500, None, State::Closed, Some(Closed::Status(500))),
        (503, None, State::Closed, Some(Closed::Status(503))),
        (302, None, State::Closed, Some(Closed::Status(302))),
        (304, None, State::Closed, Some(Closed::Status(304))),
    ];
    for &(status, content_type, state, closed) in table {
        let (mut connection, now) = connection(Settings::default());
        connection.receive_head(Head { status, content_type, ..Head::default() }, now).unwrap();
        assert_eq!((connection.state(), connection.closed()), (state, closed), "{status} {content_type:?}");
        if state == State::Closed {
            assert_eq!(connection.deadline(), None);
            assert!(connection.lost(Cause::Ended, now).is_err());
            connection.expire(now + Duration::from_secs(1000)).unwrap();
            assert_eq!(connection.state(), State::Closed, "closed for good");
        }
        // The same answers, to a caller who would rather try again: all but 204, and what opened.
        let (mut connection, now) = self::connection(Settings { retry_refusals: true, ..Settings::default() });
        connection.receive_head(Head { status, content_type, ..Head::default() }, now).unwrap();
        let cause = match closed {
            Some(Closed::Status(status)) => Some(Cause::Status(status)),
            Some(Closed::ContentType) => Some(Cause::ContentType),
            _ => None,
        };
        let expected = if cause.is_some() { State::Waiting } else { state };
        assert_eq!((connection.state(), connection.cause()), (expected, cause), "{status} {content_type:?}");
    }
}

#[test]
fn rfc9110_12_5_3_a_coding_that_was_not_asked_for_is_told_by_name() {
    let answer = |content_encoding: &'static [u8], settings| {
        let (mut connection, now) = connection(settings);
        let head = Head { content_encoding: Some(content_encoding), ..Head::event_stream() };
        connection.receive_head(head, now).unwrap();
        connection
    };
    for (value, name) in [
        (&b"gzip"[..], "gzip"),
        (b"identity, br", "br"),
        (b" Zstd ", "Zstd"),
        (b"a-very-long-name-of-a-coding", "a-very-long-nam"),
        (b"\xff\x00", "??"),
    ] {
        let connection = answer(value, Settings::default());
        let closed = Closed::ContentEncoding(Coding::new(name.as_bytes()));
        assert_eq!(connection.closed(), Some(closed));
        assert!(closed.to_string().contains(name), "{closed}");
        let connection = answer(value, Settings { retry_refusals: true, ..Settings::default() });
        assert_eq!(connection.cause(), Some(Cause::ContentEncoding(Coding::new(name.as_bytes()))));
    }
    for value in [&b""[..], b"identity", b"Identity , ,"] {
        assert_eq!(answer(value, Settings::default()).state(), State::Open);
    }
}

#[test]
fn whatwg_9_2_4_the_last_event_id_comes_back() {
    let (mut connection, mut now) = open(Settings { retry: MS, ..Settings::default() });
    assert!(connection.receive(b"id: a\rdata: 1\n\n", now).unwrap().1.is_some());
    // The second event is cut off before its empty line: its id must not count.
    assert!(connection.receive(b"id: b\ndata: 2\n", now).unwrap().1.is_none());
    connection.lost(Cause::Ended, now).unwrap();
    wait(&mut connection, &mut now);
    assert!(request(&connection).contains("\nLast-Event-ID: a\n"));
    connection.receive_head(Head::event_stream(), now).unwrap();
    // Nothing of the lost stream is left over, but the id is.
    let event = connection.receive(b"data: 3\n\n", now).unwrap().1.unwrap();
    assert_eq!((event.data, event.id), ("3", Some("a")));
}

#[test]
fn retry_is_kept_over_reconnections_and_bounded() {
    let (mut connection, mut now) = open(Settings { retry: 5 * MS, min_delay: MS, ..Settings::default() });
    connection.receive(b"retry: 40\ndata: 1\n\n", now).unwrap();
    assert_eq!(connection.retry(), 40 * MS);
    for _ in 0..3 {
        connection.lost(Cause::Ended, now).unwrap();
        let waited = wait(&mut connection, &mut now);
        assert!((40 * MS..60 * MS).contains(&waited), "{waited:?}");
        connection.receive_head(Head::event_stream(), now).unwrap();
        connection.receive(b"data: 2\n\n", now).unwrap();
    }
    connection.receive(b"retry: 18446744073709551615\n", now).unwrap();
    assert_eq!(connection.retry(), Settings::default().max_retry);
}

/// Streams that bring nothing: they do not open, they open and end, and they end with everything but an event in them.
const NOTHING: [Option<&[u8]>; 5] =
    [None, Some(b""), Some(b":\n\n"), Some(b"retry: 200\n\nid: 7\n\n"), Some(b"data: unfinished\n")];

#[test]
fn a_server_that_brings_nothing_is_asked_less_and_less_often() {
    for stream in NOTHING {
        let (mut connection, mut now) = connection(Settings { retry: 200 * MS, min_delay: MS, ..Settings::default() });
        for attempt in 0..100u32 {
            if let Some(bytes) = stream {
                connection.receive_head(Head::event_stream(), now).unwrap();
                connection.receive(bytes, now).unwrap();
            }
            connection.lost(Cause::Ended, now).unwrap();
            let waited = wait(&mut connection, &mut now);
            let expected = (200 * MS * (1 << attempt.min(16))).min(Duration::from_secs(30));
            assert!(waited >= 200 * MS, "never before the reconnection time");
            assert!(waited >= expected && waited <= expected.mul_f64(1.5), "{attempt}: {waited:?}");
        }
        // One event ends it.
        connection.receive_head(Head::event_stream(), now).unwrap();
        connection.receive(b"data: 1\n\n", now).unwrap();
        connection.lost(Cause::Ended, now).unwrap();
        assert!(wait(&mut connection, &mut now) <= 300 * MS);
        // And so does a stream that stood for the reconnection time, to the millisecond.
        for (stood, good) in [(199, false), (200, true)] {
            connection.receive_head(Head::event_stream(), now).unwrap();
            now += stood * MS;
            connection.lost(Cause::Ended, now).unwrap();
            assert_eq!(wait(&mut connection, &mut now) <= 300 * MS, good, "{stood} ms");
        }
    }
}

#[test]
fn retry_zero_does_not_storm() {
    let floor = Settings::default().min_delay;
    let (mut connection, mut now) = open(Settings::default());
    for _ in 0..3 {
        connection.receive(b"retry: 0\ndata: 1\n\n", now).unwrap();
        connection.lost(Cause::Ended, now).unwrap();
        let waited = wait(&mut connection, &mut now);
        assert!(waited >= floor && waited <= floor.mul_f64(1.5), "the floor, and it brings something: {waited:?}");
        connection.receive_head(Head::event_stream(), now).unwrap();
    }
    connection.lost(Cause::Ended, now).unwrap();
    wait(&mut connection, &mut now);
    connection.lost(Cause::Refused, now).unwrap();
    assert!(wait(&mut connection, &mut now) >= 2 * floor, "but it is not there");
    // Switched off by name, the server has what it asked for.
    let (mut connection, mut now) = open(Settings { min_delay: Duration::ZERO, ..Settings::default() });
    connection.receive(b"retry: 0\ndata: 1\n\n", now).unwrap();
    connection.lost(Cause::Ended, now).unwrap();
    assert_eq!(connection.deadline(), Some(now));
    connection.expire(now).unwrap();
    assert_eq!(connection.state(), State::Connecting);
    now += MS;
    connection.lost(Cause::Refused, now).unwrap();
    assert_eq!(connection.deadline(), Some(now));
}

#[test]
fn two_seeds_wait_differently() {
    let delay = |seed| {
        let now = Instant::now();
        let mut connection = Connection::new(URL, Settings::default(), seed, now).unwrap();
        connection.lost(Cause::Refused, now).unwrap();
        connection.deadline().unwrap() - now
    };
    assert_ne!(delay(1), delay(2));
    assert_eq!(delay(1), delay(1));
}

fn to(location: &'static [u8]) -> Head<'static> {
    Head { status: 307, location: Some(location), ..Head::default() }
}

/// Follows a redirect; says how long it had to wait for the floor.
fn follow(connection: &mut Connection, head: Head<'_>, now: &mut Instant) -> Duration {
    connection.receive_head(head, *now).unwrap();
    assert_eq!((connection.state(), connection.ready_state()), (State::Redirected, ReadyState::Connecting));
    let earliest = connection.deadline().unwrap();
    connection.expire(earliest).unwrap();
    assert_eq!(connection.state(), State::Connecting);
    let waited = earliest - *now;
    *now = earliest;
    waited
}

#[test]
fn redirects_are_followed_and_counted() {
    let (mut connection, mut now) = connection(Settings::default());
    for status in [301, 302, 303, 307, 308] {
        follow(&mut connection, Head { status, ..to(b"/next") }, &mut now);
        assert_eq!(connection.url().target(), "/next");
    }
    for _ in 5..MAX_REDIRECTS {
        follow(&mut connection, to(b"again?x"), &mut now);
    }
    connection.receive_head(to(b"once-more"), now).unwrap();
    assert_eq!(connection.state(), State::Waiting, "one redirect too many is a network error");
    assert_eq!(connection.cause(), Some(Cause::TooManyRedirects));
    wait(&mut connection, &mut now);
    assert_eq!(connection.url().to_string(), URL, "a reconnection starts at the beginning");
    connection.receive_head(to(b"https://example.test/"), now).unwrap();
    assert_eq!(connection.closed(), Some(Closed::Redirect(UrlError::Scheme)));
}

#[test]
fn a_redirect_is_a_connection_like_any_other() {
    let floor = Settings::default().min_delay;
    let (mut connection, mut now) = connection(Settings::default());
    now += 5 * MS;
    assert_eq!(follow(&mut connection, to(b"/quick"), &mut now), floor - 5 * MS, "the rest of the floor");
    now += 2 * floor;
    assert_eq!(follow(&mut connection, to(b"/slow"), &mut now), Duration::ZERO, "a slow answer has waited enough");
}

#[test]
fn fetch_4_4_another_origin_sees_no_credentials() {
    let headers = vec![("Authorization".into(), "secret".into()), ("Cookie".into(), "secret".into())];
    let (mut connection, mut now) = connection(Settings { headers, last_event_id: "7".into(), ..Settings::default() });
    follow(&mut connection, to(b"/same-origin"), &mut now);
    assert!(request(&connection).contains("secret"));
    for other in [&b"http://example.test:8001/"[..], b"//other.test:8000/"] {
        follow(&mut connection, to(other), &mut now);
        assert!(!request(&connection).contains("secret"));
        assert!(request(&connection).contains("Last-Event-ID: 7"));
    }
    connection.lost(Cause::Broken, now).unwrap();
    wait(&mut connection, &mut now);
    assert!(request(&connection).contains("secret"), "back at its own origin");
}

/// All durations and limits at their ends: whatever a peer then does, no panic, and a time that is no time is never.
#[test]
fn every_duration_and_limit_at_zero_one_and_max() {
    let ends = [Duration::ZERO, Duration::from_nanos(1), Duration::MAX];
    let default = Settings::default();
    let mut all = Vec::new();
    for end in ends {
        let some = Some(end);
        all.push(Settings { retry: end, ..default.clone() });
        all.push(Settings { max_retry: end, ..default.clone() });
        all.push(Settings { min_delay: end, ..default.clone() });
        all.push(Settings { max_delay: end, ..default.clone() });
        all.push(Settings { head_timeout: some, ..default.clone() });
        all.push(Settings { silence_timeout: some, ..default.clone() });
        all.push(Settings { retry: end, max_retry: end, min_delay: end, max_delay: end, ..default.clone() });
    }
    for limit in [0, 1, usize::MAX] {
        all.push(Settings { limits: Limits { max_line: limit, max_event: limit }, ..default.clone() });
    }
    for settings in all {
        for bytes in [&b""[..], b"retry: 0\n\n", b"retry: 18446744073709551615\ndata: 1\n\n"] {
            let (mut connection, mut now) = connection(settings.clone());
            for _ in 0..40 {
                if connection.state() == State::Connecting {
                    connection.receive_head(Head::event_stream(), now).unwrap();
                    let _ = connection.receive(bytes, now).unwrap();
                }
                if connection.state() == State::Open {
                    connection.lost(Cause::Ended, now).unwrap();
                }
                match connection.deadline() {
                    Some(deadline) => now = now.max(deadline),
                    None => break,
                }
                connection.expire(now).unwrap();
            }
        }
    }
    let (mut never, now) = open(Settings { retry: Duration::MAX, max_retry: Duration::MAX, ..default.clone() });
    never.lost(Cause::Ended, now).unwrap();
    assert_eq!((never.state(), never.deadline()), (State::Waiting, None), "it never reconnects");
    let (patient, _) = connection(Settings { head_timeout: Some(Duration::MAX), ..default.clone() });
    assert_eq!(patient.deadline(), None);
    let (mut hasty, now) = connection(Settings { head_timeout: Some(Duration::ZERO), ..default });
    hasty.expire(now).unwrap();
    assert_eq!(hasty.cause(), Some(Cause::HeadTimeout));
}

#[test]
fn silence_and_slow_heads_are_timed_out() {
    let second = Duration::from_secs(1);
    let settings =
        Settings { head_timeout: Some(5 * second), silence_timeout: Some(10 * second), ..Settings::default() };
    let (mut connection, now) = connection(settings);
    assert_eq!(connection.deadline(), Some(now + 5 * second));
    connection.receive_head(Head::event_stream(), now + second).unwrap();
    assert_eq!(connection.deadline(), Some(now + 11 * second));
    connection.receive(b":\n", now + 9 * second).unwrap();
    connection.expire(now + 18 * second).unwrap();
    assert_eq!(connection.state(), State::Open, "a comment is a sign of life");
    connection.expire(now + 19 * second).unwrap();
    assert_eq!((connection.state(), connection.cause()), (State::Waiting, Some(Cause::Silence)));
}

#[test]
fn the_time_for_a_head_begins_with_the_connection() {
    let (mut connection, now) = connection(Settings::default());
    let late = now + Duration::from_secs(3600);
    connection.begin(late);
    connection.expire(late).unwrap();
    assert_eq!(connection.state(), State::Connecting, "it was made an hour ago and has only begun to connect");
    connection.expire(late + Duration::from_secs(30)).unwrap();
    assert_eq!(connection.cause(), Some(Cause::HeadTimeout));
}

#[test]
fn a_stream_past_the_bounds_closes_it() {
    let (mut connection, now) = open(Settings::default());
    let line = vec![b'a'; (1 << 20) + 1];
    assert_eq!(connection.receive(&line, now), Ok((line.len(), None)));
    assert_eq!(connection.closed(), Some(Closed::TooLarge(DecodeError::LineTooLong)));
}

/// An event source in that state.
fn in_state(state: State) -> (Connection, Instant) {
    let (mut connection, now) = connection(Settings::default());
    match state {
        State::Connecting => {}
        State::Redirected => connection.receive_head(to(b"/next"), now).unwrap(),
        State::Open => connection.receive_head(Head::event_stream(), now).unwrap(),
        State::Waiting => connection.lost(Cause::Ended, now).unwrap(),
        State::Closed => connection.receive_head(Head { status: 204, ..Head::default() }, now).unwrap(),
    }
    assert_eq!(connection.state(), state);
    (connection, now)
}

/// Everything that can be said to an event source, and the steps that it is.
type Say = fn(&mut Connection, Instant) -> Result<(), OutOfTurn>;
const SAYINGS: [(&[Step], Say); 9] = [
    (&[Step::Answer, Step::Accept], |connection, now| connection.receive_head(Head::event_stream(), now)),
    (&[Step::Answer, Step::Redirect], |connection, now| connection.receive_head(to(b"/other"), now)),
    (&[Step::Answer, Step::Refuse], |connection, now| {
        connection.receive_head(Head { status: 500, ..Head::default() }, now)
    }),
    (&[Step::Answer, Step::Refuse], |connection, now| connection.receive_head(to(b"ftp://a/"), now)),
    (&[Step::Receive], |connection, now| connection.receive(b"data: 1\n\n", now).map(drop)),
    (&[Step::Receive, Step::Refuse], |connection, now| connection.receive(&vec![b'a'; (1 << 20) + 1], now).map(drop)),
    (&[Step::Lost], |connection, now| connection.lost(Cause::Broken, now)),
    (&[Step::Close], |connection, _| connection.close()),
    (&[Step::Timer], |connection, _| {
        // Only the clock can say this, and only where there is a deadline.
        let deadline = connection.deadline().ok_or(OutOfTurn { state: connection.state(), step: Step::Timer })?;
        connection.expire(deadline)
    }),
];

#[test]
fn every_pair_of_state_and_step_is_what_the_table_says() {
    let mut used = Vec::new();
    for state in State::ALL {
        for (steps, say) in SAYINGS {
            let (mut connection, now) = in_state(state);
            // A deadline is the end of the time to wait, or else of the connection.
            let timed_out = steps == [Step::Timer] && matches!(state, State::Connecting | State::Open);
            let mut expected = Ok(state);
            for &step in if timed_out { &[Step::Lost] } else { steps } {
                let Ok(from) = expected else { break };
                expected = from.after(step).ok_or(OutOfTurn { state: from, step });
                used.extend(expected.map(|to| (from, step, to)));
            }
            let said = say(&mut connection, now);
            assert_eq!(said.map(|()| connection.state()), expected, "{state:?} {steps:?}");
            assert!(said.is_ok() || connection.state() == state, "an error changes nothing");
        }
    }
    for row in TABLE {
        assert!(used.contains(row), "nothing uses {row:?}");
    }
}

#[test]
fn close_is_for_good_in_every_state() {
    for state in State::ALL {
        let (mut connection, now) = in_state(state);
        connection.close().unwrap();
        let why = if state == State::Closed { Closed::NoContent } else { Closed::ByCaller };
        assert_eq!((connection.state(), connection.closed()), (State::Closed, Some(why)), "the first reason stays");
        assert!(connection.receive(b"data: 1\n\n", now).is_err());
        assert_eq!(connection.deadline(), None);
    }
}

#[test]
fn rfc_3986_5_4_reference_resolution() {
    let base = Url::parse("http://a/b/c/d;p?q").unwrap();
    // The examples of RFC 3986 §5.4 that an http URL without a fragment can have.
    for (reference, target) in [
        ("g", "/b/c/g"),
        ("./g", "/b/c/g"),
        ("g/", "/b/c/g/"),
        ("/g", "/g"),
        ("?y", "/b/c/d;p?y"),
        ("g?y", "/b/c/g?y"),
        ("#s", "/b/c/d;p?q"),
        (";x", "/b/c/;x"),
        ("g;x?y#s", "/b/c/g;x?y"),
        ("", "/b/c/d;p?q"),
        (".", "/b/c/"),
        ("./", "/b/c/"),
        ("..", "/b/"),
        ("../g", "/b/g"),
        ("../..", "/"),
        ("../../g", "/g"),
        ("../../../../g", "/g"),
        ("/./g", "/g"),
        ("/../g", "/g"),
        ("g.", "/b/c/g."),
        ("..g", "/b/c/..g"),
        ("./g/.", "/b/c/g/"),
        ("g;x=1/../y", "/b/c/y"),
        ("g?y/../x", "/b/c/g?y/../x"),
        // The WHATWG's: backslashes, blanks, tabs, other scripts, dots that are percent-encoded.
        ("\\g\\h", "/g/h"),
        (" g h ", "/b/c/g%20h"),
        ("g\t\nh", "/b/c/gh"),
        ("http:g", "/b/c/g"),
        ("é", "/b/c/%C3%A9"),
        ("%2e%2e/g", "/b/g"),
        ("?a b", "/b/c/d;p?a%20b"),
        ("/a\r\nb", "/ab"),
    ] {
        assert_eq!(base.join(reference).unwrap().target(), target, "{reference:?}");
    }
    for (reference, whole) in [
        ("//g", "http://g/"),
        ("http://h:1/x", "http://h:1/x"),
        ("\\\\g", "http://g/"),
        ("//0x7f.1", "http://127.0.0.1/"),
        ("http://EXAMPLE.org:80#f", "http://example.org/"),
    ] {
        assert_eq!(base.join(reference).unwrap().to_string(), whole);
    }
    assert_eq!(base.join("mailto:x"), Err(UrlError::Scheme));
    assert_eq!(base.join("//"), Err(UrlError::Invalid));
    // A field is bytes: UTF-8 where it is, and else what stands there.
    assert_eq!(base.join_location("é".as_bytes()).unwrap().target(), "/b/c/%C3%A9");
    assert_eq!(base.join_location(b"\xe9").unwrap().target(), "/b/c/%E9");
}

#[test]
fn a_location_is_followed_as_browsers_do() {
    for (location, whole) in [
        (&b"/a b"[..], "http://example.test:8000/a%20b"),
        (b"\xe9", "http://example.test:8000/%E9"),
        (b"\\\\other.test\\x", "http://other.test/x"),
        (b"http:other", "http://example.test:8000/other"),
        (b"", URL),
    ] {
        let (mut connection, _) = connection(Settings::default());
        let now = Instant::now();
        connection.receive_head(Head { status: 302, location: Some(location), ..Head::default() }, now).unwrap();
        assert_eq!((connection.state(), &connection.url().to_string()[..]), (State::Redirected, whole));
    }
    for (location, error) in [
        (&b"https://a/"[..], UrlError::Scheme),
        (b"javascript:alert(1)", UrlError::Scheme),
        (b"http://", UrlError::Invalid),
        (b"http://u:p@a/", UrlError::Credentials),
        (b"//a:99999/", UrlError::Invalid),
    ] {
        let (mut connection, now) = connection(Settings::default());
        connection.receive_head(Head { status: 302, location: Some(location), ..Head::default() }, now).unwrap();
        assert_eq!(connection.closed(), Some(Closed::Redirect(error)));
    }
}

#[test]
fn urls_that_are_refused() {
    for (url, error) in [
        ("ftp://a/", UrlError::Scheme),
        ("a:80/b", UrlError::Scheme),
        ("a", UrlError::Invalid),
        ("", UrlError::Invalid),
        ("http://", UrlError::Invalid),
        ("http://:80/", UrlError::Invalid),
        ("http://a:b/", UrlError::Invalid),
        ("http://a:65536/", UrlError::Invalid),
        ("http://user:pass@a/", UrlError::Credentials),
        ("http://[::1", UrlError::Invalid),
        ("http://::1/", UrlError::Invalid),
        ("http://a b/", UrlError::Invalid),
    ] {
        assert_eq!(Url::parse(url), Err(error), "{url:?}");
    }
    // A backslash is a slash: what stands behind it is never a host.
    assert_eq!(Url::parse("http://good\\@127.0.0.1/").unwrap().host(), "good");
    let url = Url::parse("HTTP://[::1]:8080?x").unwrap();
    assert_eq!((url.host(), url.port(), url.target(), url.authority()), ("::1", 8080, "/?x", "[::1]:8080"));
}
