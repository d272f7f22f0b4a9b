//! Limits at the values that switch them off, and times at 0 and at their maximum. What they do at n and n + 1, at 0 and at 1 stands
//! in the case documents (`tests/cases/http2`), under names that begin with `limit_`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wirebook_http2::wire::{Frame, PREFACE};
use wirebook_http2::{Code, Config, Connection, Event, Fields, REMEMBERED_RESETS, Rate, StreamId, Violation};

const GET: &[u8] = b"\x82\x86\x84\x01\x01a";
const OFF: Rate = Rate { burst: u32::MAX, per_second: 0 };

/// A server to which a client has introduced itself.
fn server(config: Config, now: Instant) -> Connection {
    let mut connection = Connection::server(Arc::new(config), now);
    hear(&mut connection, PREFACE);
    hear(&mut connection, b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0");
    connection.answers(&mut Vec::new());
    connection
}

/// Takes whole frames; the error that ends it, if one does.
fn hear(connection: &mut Connection, bytes: &[u8]) -> Option<Violation> {
    let (mut at, mut room) = (0, Fields::default());
    loop {
        match connection.receive(&bytes[at..], &mut room) {
            Ok((_, None)) => return None,
            Ok((used, Some(_))) => at += used,
            Err(error) => return Some(error.violation),
        }
    }
}

fn frame(frame: Frame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    frame.write(&mut out);
    out
}

fn request(id: u32) -> Vec<u8> {
    let stream = StreamId::new(id);
    frame(Frame::Headers { stream, end_stream: true, end_headers: true, dependency: None, fragment: GET })
}

#[test]
fn budgets_and_bounds_can_be_switched_off() {
    let config = Config {
        idle_frames: OFF,
        resets: OFF,
        max_owed: usize::MAX,
        max_concurrent_streams: u32::MAX,
        max_continuations: u32::MAX,
        max_block: usize::MAX,
        max_settings: u32::MAX,
        max_requests: u32::MAX,
        max_fields: usize::MAX,
        max_header_list: u32::MAX,
        max_frame_size: u32::MAX,
        ..Config::default()
    };
    let mut connection = server(config, Instant::now());
    assert_eq!(hear(&mut connection, &frame(Frame::Ping { ack: false, data: [0; 8] }).repeat(10_000)), None);
    for id in (1..4000).step_by(2) {
        let reset = frame(Frame::RstStream { stream: StreamId::new(id), code: Code::CANCEL });
        assert_eq!(hear(&mut connection, &[request(id), reset].concat()), None);
    }
    for id in (4001..6000).step_by(2) {
        assert_eq!(hear(&mut connection, &request(id)), None);
    }
    assert_eq!(connection.streams(), 1000);
    assert_eq!(hear(&mut connection, &frame(Frame::Settings { payload: &[0, 1, 0, 0, 16, 0].repeat(100) })), None);
    let stream = StreamId::new(6001);
    let begin = Frame::Headers { stream, end_stream: true, end_headers: false, dependency: None, fragment: GET };
    let more = Frame::Continuation { stream, end_headers: false, fragment: b"\0\x01x\x01y" };
    let end = Frame::Continuation { stream, end_headers: true, fragment: b"" };
    assert_eq!(hear(&mut connection, &[frame(begin), frame(more).repeat(500), frame(end)].concat()), None);
    assert_eq!(connection.streams(), 1001);
    assert!(!connection.is_over() && connection.fault().is_none());
}

/// A list has 16 bits, whatever is allowed: the four fields of the request are 166, one with an empty value is 33.
#[test]
fn a_list_has_at_most_65_535_bytes() {
    let config =
        Config { max_header_list: u32::MAX, max_block: usize::MAX, max_frame_size: u32::MAX, ..Config::default() };
    let mut connection = server(config, Instant::now());
    let mut room = Fields::default();
    for (id, length, fits) in [(1, 65_535 - 166 - 33, true), (3, 65_535 - 166 - 32, false)] {
        let mut block = [GET, b"\0\x01x"].concat();
        wirebook_hpack::integer::write(length, 7, 0, &mut block);
        block.resize(block.len() + length as usize, b'v');
        let stream = StreamId::new(id);
        let head = Frame::Headers { stream, end_stream: true, end_headers: true, dependency: None, fragment: &block };
        match connection.receive(&frame(head), &mut room).expect("no error of the connection").1 {
            Some(Event::Request { head, .. }) => {
                assert!(fits);
                assert_eq!(head.fields.get("host"), Some(&b"a"[..]));
                assert_eq!(head.fields.get("x").map(<[u8]>::len), Some(length as usize));
            }
            Some(Event::StreamError(error)) => assert_eq!((fits, error.violation), (false, Violation::FieldsTooLarge)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_rate_that_has_been_used_up_comes_back_to_its_burst_and_no_further() {
    let now = Instant::now();
    let config = Config { idle_frames: Rate { burst: 2, per_second: 1 }, ..Config::default() };
    let mut connection = server(config, now);
    let ping = frame(Frame::Ping { ack: false, data: [0; 8] });
    assert_eq!(hear(&mut connection, &ping.repeat(2)), None);
    assert_eq!(connection.budgets().1, 0);
    connection.tick(now + Duration::from_secs(1 << 40), &mut Vec::new());
    assert_eq!(connection.budgets().1, 2);
    // Time that goes back does nothing.
    connection.tick(now, &mut Vec::new());
    assert_eq!(connection.budgets().1, 2);
    let never =
        Config { idle_frames: Rate { burst: 1, per_second: 0 }, idle_timeout: Duration::MAX, ..Config::default() };
    let mut connection = server(never, now);
    assert_eq!(hear(&mut connection, &ping), None);
    connection.tick(now + Duration::from_secs(1 << 40), &mut Vec::new());
    assert_eq!(hear(&mut connection, &ping), Some(Violation::TooManyIdle));
}

/// The times, one at a time: what happens when it is zero, and that nothing does when it is the largest.
#[test]
fn times_at_zero_have_passed_and_at_their_maximum_never_do() {
    let never = || Config {
        preface_timeout: Duration::MAX,
        head_timeout: Duration::MAX,
        settings_timeout: Duration::MAX,
        body_timeout: Duration::MAX,
        write_timeout: Duration::MAX,
        idle_timeout: Duration::MAX,
        shutdown_timeout: Duration::MAX,
        ping_timeout: Duration::MAX,
        ..Config::default()
    };
    let (now, far) = (Instant::now(), Instant::now() + Duration::from_secs(1 << 40));
    let mut out = Vec::new();
    // A stream that waits for content, one that waits for a window, a PING, a shutdown.
    let busy = |config: Config| {
        let mut connection = server(config, now);
        hear(&mut connection, &frame(Frame::Settings { payload: &[0, 4, 0, 0, 0, 0] }));
        let stream = StreamId::new(1);
        let post = Frame::Headers { stream, end_stream: false, end_headers: true, dependency: None, fragment: GET };
        hear(&mut connection, &frame(post));
        connection
    };
    let mut connection = busy(never());
    assert_eq!(connection.deadline(), None);
    connection.tick(far, &mut out);
    assert_eq!((connection.streams(), connection.is_over()), (1, false));

    let mut connection = busy(Config { body_timeout: Duration::ZERO, ..never() });
    assert_eq!(connection.deadline(), Some(now));
    connection.tick(now, &mut out);
    assert_eq!(connection.streams(), 0);

    let mut connection = busy(Config { write_timeout: Duration::ZERO, ..never() });
    let head = wirebook_http1::parser::ResponseHead::new(200, Default::default());
    let response = Event::Response { stream: StreamId::new(1), head, end: false };
    connection.send(response, &mut out).expect("an open stream");
    assert_eq!(connection.send_data(StreamId::new(1), b"x", false, &mut out), Ok(0));
    connection.tick(now, &mut out);
    assert!(connection.is_over(), "the last stream of a peer whose windows stay shut");

    let mut connection = busy(Config { ping_timeout: Duration::ZERO, ..never() });
    connection.send(Event::Ping(*b"12345678"), &mut out).expect("a question");
    connection.tick(now, &mut out);
    assert_eq!(connection.fault().map(|error| error.violation), Some(Violation::PingTimeout));

    let mut connection =
        server(Config { idle_timeout: Duration::ZERO, shutdown_timeout: Duration::ZERO, ..never() }, now);
    connection.tick(now, &mut out);
    assert!(!connection.is_over(), "it has said that it will leave");
    connection.tick(now, &mut out);
    assert!(connection.is_over());

    for (config, violation) in [
        (Config { preface_timeout: Duration::ZERO, ..never() }, Violation::PrefaceTimeout),
        (Config { settings_timeout: Duration::ZERO, ..never() }, Violation::SettingsTimeout),
    ] {
        let mut connection = Connection::server(Arc::new(config), now);
        connection.tick(now, &mut out);
        assert_eq!(connection.fault().map(|error| error.violation), Some(violation));
        assert_eq!(connection.deadline(), None);
    }
}

/// Everything that is used only when it is whole, cut at each byte: what was begun has its time from its first byte on, and one that came
/// whole has none. At zero, at the least, and at the largest.
#[test]
fn what_was_begun_ends_in_time() {
    let now = Instant::now();
    let stream = StreamId::new(1);
    let headers =
        |end_headers| Frame::Headers { stream, end_stream: true, end_headers, dependency: None, fragment: GET };
    let continued = [
        frame(headers(false)),
        frame(Frame::Continuation { stream, end_headers: false, fragment: b"" }),
        frame(Frame::Continuation { stream, end_headers: true, fragment: b"" }),
    ];
    let ping = frame(Frame::Ping { ack: false, data: [0; 8] });
    for whole in [frame(headers(true)), continued.concat(), ping] {
        for cut in 1..whole.len() {
            for (limit, violation) in [
                (Duration::ZERO, Some(Violation::HeadTimeout)),
                (Duration::from_nanos(1), Some(Violation::HeadTimeout)),
                (Duration::from_secs(10), Some(Violation::HeadTimeout)),
                (Duration::MAX, None),
            ] {
                let late = |connection: &mut Connection, after: Duration| {
                    connection.tick(now + after, &mut Vec::new());
                    connection.fault().map(|error| error.violation)
                };
                let config = || Config { head_timeout: limit, ..Config::default() };
                let mut connection = server(config(), now);
                assert_eq!(hear(&mut connection, &whole[..cut]), None);
                if let Some(just) = limit.checked_sub(Duration::from_nanos(1)).filter(|_| violation.is_some()) {
                    assert_eq!(late(&mut connection, just), None, "{cut} {limit:?}");
                    // More of it, but not all, is no new beginning.
                    assert_eq!(hear(&mut connection, &whole[..whole.len() - 1]), None);
                }
                assert_eq!(late(&mut connection, limit.min(Duration::from_secs(11))), violation, "{cut} {limit:?}");
                // And one that comes whole in time costs nothing later.
                let mut connection = server(config(), now);
                assert_eq!(hear(&mut connection, &whole[..cut]), None);
                assert_eq!(hear(&mut connection, &whole), None);
                assert_eq!(late(&mut connection, Duration::from_secs(11)), None, "{cut} {limit:?}");
            }
        }
    }
}

/// A driver may have reasons of its own to turn requests away: they cost the peer as much as the core's.
#[test]
fn requests_that_the_driver_refuses_cost_the_budget_too() {
    let config = Config { resets: Rate { burst: 2, per_second: 0 }, ..Config::default() };
    let mut connection = server(config, Instant::now());
    for (id, left, over) in [(1, 1, false), (3, 0, false), (5, 0, true)] {
        assert_eq!(hear(&mut connection, &request(id)), None);
        let refused = Event::Reset { stream: StreamId::new(id), code: Code::REFUSED_STREAM };
        connection.send(refused, &mut Vec::new()).expect("an open stream");
        assert_eq!((connection.budgets().0, connection.is_over()), (left, over), "{id}");
    }
    assert_eq!(connection.fault().map(|error| error.violation), Some(Violation::TooManyResets));
}

#[test]
fn the_last_resets_are_remembered() {
    let now = Instant::now();
    let config = || Config { max_concurrent_streams: 0, resets: OFF, ..Config::default() };
    let data = |id: u32| frame(Frame::Data { stream: StreamId::new(id), end_stream: false, padding: 0, data: b"x" });
    let refused = |count: usize| {
        let mut connection = server(config(), now);
        (0..count as u32).for_each(|n| assert_eq!(hear(&mut connection, &request(n * 2 + 1)), None));
        hear(&mut connection, &data(1))
    };
    assert_eq!(refused(REMEMBERED_RESETS), None, "it may be on its way");
    assert_eq!(refused(REMEMBERED_RESETS + 1), Some(Violation::StreamClosed));
}
