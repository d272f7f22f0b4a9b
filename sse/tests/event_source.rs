//! The event source without a network: what it asks, what an answer means to it, and when it comes back.

use std::time::{Duration, Instant};

use wirebook_sse::DecodeError;
use wirebook_sse::connection::{Closed, Connection, Head, MAX_REDIRECTS, MIN_BACK_OFF, Settings};
use wirebook_sse::state::{ReadyState, State, Step, TABLE, diagram};
use wirebook_sse::url::{Url, UrlError};

const URL: &str = "http://example.test:8000/events?a=b";
const MS: Duration = Duration::from_millis(1);

fn connection(settings: Settings) -> (Connection, Instant) {
    let now = Instant::now();
    (Connection::new(URL, settings, 7, now).unwrap(), now)
}

fn stream<'a>() -> Head<'a> {
    Head { status: 200, content_type: Some(b"text/event-stream"), location: None }
}

fn open(settings: Settings) -> (Connection, Instant) {
    let (mut connection, now) = connection(settings);
    connection.receive_head(stream(), now);
    assert_eq!(connection.state(), State::Open);
    (connection, now)
}

fn request(connection: &Connection) -> String {
    let mut out = Vec::new();
    connection.request(&mut out);
    String::from_utf8(out).unwrap()
}

/// Lets the reconnection time pass; returns it.
fn wait(connection: &mut Connection, now: &mut Instant) -> Duration {
    assert_eq!(connection.state(), State::Waiting);
    let deadline = connection.deadline().unwrap();
    connection.expire(deadline - MS);
    assert_eq!(connection.state(), State::Waiting);
    connection.expire(deadline);
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
    assert_eq!(
        request(&connection),
        "GET /events?a=b HTTP/1.1\r\nHost: example.test:8000\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n\
         Last-Event-ID: é7\r\nAuthorization: Bearer x\r\n\r\n"
    );
}

#[test]
fn a_field_cannot_end_its_line() {
    let now = Instant::now();
    for (name, value) in [("A", "x\r\nB: y"), ("A\n", "x"), ("A: b", "x"), ("A", "\0")] {
        let settings = Settings { headers: vec![(name.into(), value.into())], ..Settings::default() };
        assert!(Connection::new(URL, settings, 0, now).is_err());
    }
    let settings = Settings { last_event_id: "1\n".into(), ..Settings::default() };
    assert!(Connection::new(URL, settings, 0, now).is_err());
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
        connection.receive_head(Head { status, content_type, location: None }, now);
        assert_eq!((connection.state(), connection.closed()), (state, closed), "{status} {content_type:?}");
        if state == State::Closed {
            assert_eq!(connection.deadline(), None);
            connection.lost(now);
            connection.expire(now + Duration::from_secs(1000));
            assert_eq!(connection.state(), State::Closed, "closed for good");
        }
    }
}

#[test]
fn whatwg_9_2_4_the_last_event_id_comes_back() {
    let (mut connection, mut now) = open(Settings { retry: MS, ..Settings::default() });
    assert!(connection.receive(b"id: a\rdata: 1\n\n", now).1.is_some());
    // The second event is cut off before its empty line: its id must not count.
    assert!(connection.receive(b"id: b\ndata: 2\n", now).1.is_none());
    connection.lost(now);
    wait(&mut connection, &mut now);
    assert!(request(&connection).contains("\r\nLast-Event-ID: a\r\n"));
    connection.receive_head(stream(), now);
    // Nothing of the lost stream is left over, but the id is.
    let event = connection.receive(b"data: 3\n\n", now).1.unwrap();
    assert_eq!((event.data, event.id), ("3", Some("a")));
}

#[test]
fn retry_is_kept_over_reconnections_and_bounded() {
    let (mut connection, mut now) = open(Settings { retry: 5 * MS, ..Settings::default() });
    connection.receive(b"retry: 40\n", now);
    assert_eq!(connection.retry(), 40 * MS);
    for _ in 0..3 {
        connection.lost(now);
        let waited = wait(&mut connection, &mut now);
        assert!((40 * MS..60 * MS).contains(&waited), "{waited:?}");
        connection.receive_head(stream(), now);
        connection.receive(b":\n", now);
    }
    connection.receive(b"retry: 18446744073709551615\n", now);
    assert_eq!(connection.retry(), Settings::default().max_retry);
}

#[test]
fn a_server_that_brings_nothing_is_asked_less_and_less_often() {
    for opens in [false, true] {
        let (mut connection, mut now) = connection(Settings { retry: 200 * MS, ..Settings::default() });
        for attempt in 0..100u32 {
            if opens {
                connection.receive_head(stream(), now);
            }
            connection.lost(now);
            let waited = wait(&mut connection, &mut now);
            let expected = (200 * MS * (1 << attempt.min(16))).min(Duration::from_secs(30));
            assert!(waited >= 200 * MS, "never before the reconnection time");
            assert!(waited >= expected && waited <= expected.mul_f64(1.5), "{attempt}: {waited:?}");
        }
        // One byte of a body ends it.
        connection.receive_head(stream(), now);
        connection.receive(b":", now);
        connection.lost(now);
        assert!(wait(&mut connection, &mut now) <= 300 * MS);
    }
}

#[test]
fn retry_zero_does_not_storm() {
    let (mut connection, mut now) = open(Settings::default());
    connection.receive(b"retry: 0\n", now);
    connection.lost(now);
    assert_eq!(wait(&mut connection, &mut now), Duration::ZERO, "the server asked for it");
    connection.lost(now);
    assert!(wait(&mut connection, &mut now) >= MIN_BACK_OFF, "but it is not there");
}

#[test]
fn two_seeds_wait_differently() {
    let delay = |seed| {
        let now = Instant::now();
        let mut connection = Connection::new(URL, Settings::default(), seed, now).unwrap();
        connection.lost(now);
        connection.deadline().unwrap() - now
    };
    assert_ne!(delay(1), delay(2));
    assert_eq!(delay(1), delay(1));
}

#[test]
fn redirects_are_followed_and_counted() {
    let (mut connection, mut now) = connection(Settings::default());
    let to = |location: &'static [u8]| Head { status: 307, content_type: None, location: Some(location) };
    for status in [301, 302, 303, 307, 308] {
        connection.receive_head(Head { status, ..to(b"/next") }, now);
        assert_eq!((connection.state(), connection.url().target()), (State::Connecting, "/next"));
    }
    for _ in 5..MAX_REDIRECTS {
        connection.receive_head(to(b"again?x"), now);
    }
    assert_eq!(connection.state(), State::Connecting);
    connection.receive_head(to(b"once-more"), now);
    assert_eq!(connection.state(), State::Waiting, "one redirect too many is a network error");
    wait(&mut connection, &mut now);
    assert_eq!(connection.url().to_string(), URL, "a reconnection starts at the beginning");
    connection.receive_head(to(b"https://example.test/"), now);
    assert_eq!(connection.closed(), Some(Closed::Redirect(UrlError::Scheme)));
}

#[test]
fn fetch_4_4_another_origin_sees_no_credentials() {
    let headers = vec![("Authorization".into(), "secret".into()), ("Cookie".into(), "secret".into())];
    let (mut connection, mut now) = connection(Settings { headers, last_event_id: "7".into(), ..Settings::default() });
    let to = |location: &'static [u8]| Head { status: 302, content_type: None, location: Some(location) };
    connection.receive_head(to(b"/same-origin"), now);
    assert!(request(&connection).contains("secret"));
    for other in [&b"http://example.test:8001/"[..], b"//other.test:8000/"] {
        connection.receive_head(Head { location: Some(other), ..to(b"") }, now);
        assert!(!request(&connection).contains("secret"));
        assert!(request(&connection).contains("Last-Event-ID: 7"));
    }
    connection.lost(now);
    wait(&mut connection, &mut now);
    assert!(request(&connection).contains("secret"), "back at its own origin");
}

#[test]
fn silence_and_slow_heads_are_timed_out() {
    let second = Duration::from_secs(1);
    let settings =
        Settings { head_timeout: Some(5 * second), silence_timeout: Some(10 * second), ..Settings::default() };
    let (mut connection, now) = connection(settings);
    assert_eq!(connection.deadline(), Some(now + 5 * second));
    connection.receive_head(stream(), now + second);
    assert_eq!(connection.deadline(), Some(now + 11 * second));
    connection.receive(b":\n", now + 9 * second);
    connection.expire(now + 18 * second);
    assert_eq!(connection.state(), State::Open, "a comment is a sign of life");
    connection.expire(now + 19 * second);
    assert_eq!(connection.state(), State::Waiting);
}

#[test]
fn a_stream_past_the_bounds_closes_it() {
    let (mut connection, now) = open(Settings::default());
    let line = vec![b'a'; (1 << 20) + 1];
    assert_eq!(connection.receive(&line, now), (line.len(), None));
    assert_eq!(connection.closed(), Some(Closed::TooLarge(DecodeError::LineTooLong)));
}

#[test]
fn close_is_for_good_in_every_state() {
    for state in [State::Connecting, State::Open, State::Waiting] {
        let (mut connection, now) = connection(Settings::default());
        if state == State::Open {
            connection.receive_head(stream(), now);
        }
        if state == State::Waiting {
            connection.lost(now);
        }
        assert_eq!(connection.state(), state);
        connection.close();
        assert_eq!((connection.state(), connection.closed()), (State::Closed, Some(Closed::ByCaller)));
        assert_eq!(connection.receive(b"data: 1\n\n", now), (9, None));
    }
}

#[test]
fn the_table_is_what_the_text_says() {
    assert!(TABLE.iter().all(|(from, _, _)| *from != State::Closed));
    for state in [State::Connecting, State::Open, State::Waiting] {
        assert_eq!(state.after(Step::Close), Some(State::Closed));
    }
    assert_eq!(diagram().lines().count(), TABLE.len() + 2);
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
    ] {
        assert_eq!(base.join(reference).unwrap().target(), target, "{reference:?}");
    }
    assert_eq!(base.join("//g").unwrap().to_string(), "http://g/");
    assert_eq!(base.join("http://h:1/x").unwrap().to_string(), "http://h:1/x");
    assert_eq!(base.join("mailto:x"), Err(UrlError::Scheme));
    assert_eq!(base.join("/a\r\nb"), Err(UrlError::Byte));
}

#[test]
fn urls_that_are_refused() {
    for (url, error) in [
        ("https://a/", UrlError::Scheme),
        ("ftp://a/", UrlError::Scheme),
        ("a", UrlError::Scheme),
        ("", UrlError::Scheme),
        ("http://", UrlError::Authority),
        ("http://:80/", UrlError::Authority),
        ("http://a:b/", UrlError::Authority),
        ("http://a:65536/", UrlError::Authority),
        ("http://user:pass@a/", UrlError::Authority),
        ("http://[::1", UrlError::Authority),
        ("http://::1/", UrlError::Authority),
        ("http://a/ b", UrlError::Byte),
        ("http://a/\r\nX: y", UrlError::Byte),
        ("http://a/é", UrlError::Byte),
    ] {
        assert_eq!(Url::parse(url), Err(error), "{url:?}");
    }
    let url = Url::parse("HTTP://[::1]:8080?x").unwrap();
    assert_eq!((url.host(), url.port(), url.target(), url.authority()), ("::1", 8080, "/?x", "[::1]:8080"));
}
