//! Both ends in memory: the closing handshake in every order, the timers in virtual time, sending.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wirebook_websocket::state::{Input, State, TABLE};
use wirebook_websocket::{
    Chunk, Close, Code, Config, Connection, Error, Event, Heartbeat, Kind, Message, Negotiated, SendError,
};

fn fill(bytes: &mut [u8]) {
    bytes.fill(9);
}

fn pair(config: Config) -> (Connection, Connection, Instant) {
    let (config, now) = (Arc::new(config), Instant::now());
    (Connection::client(config.clone(), None, fill, now), Connection::server(config, None, now), now)
}

fn quiet() -> Config {
    Config { heartbeat: None, ..Config::default() }
}

fn close(connection: &mut Connection, code: Code) -> Vec<u8> {
    let mut out = Vec::new();
    connection.send(Event::Close(Close::new(code, "")), &mut out).unwrap();
    out
}

#[track_caller]
fn hears_close(connection: &mut Connection, mut wire: Vec<u8>, code: Code) {
    let size = wire.len();
    assert_eq!(connection.receive(&mut wire), Ok((size, Some(Event::Close(Close::new(code, ""))))));
}

#[test]
fn rfc6455_7_1_client_closes() {
    let (mut client, mut server, _) = pair(quiet());
    let wire = close(&mut client, Code::NORMAL);
    assert_eq!(client.state(), State::CloseSent);
    hears_close(&mut server, wire, Code::NORMAL);
    assert_eq!(server.state(), State::CloseReceived);
    let wire = close(&mut server, Code::NORMAL);
    assert_eq!(server.state(), State::Closed);
    hears_close(&mut client, wire, Code::NORMAL);
    assert_eq!(client.state(), State::Closed);
    assert_eq!(client.receive_eof(), Ok(None));
    assert_eq!(server.receive_eof(), Ok(None));
}

#[test]
fn rfc6455_7_1_both_close_at_once() {
    let (mut client, mut server, _) = pair(quiet());
    let (a, b) = (close(&mut client, Code::GOING_AWAY), close(&mut server, Code(3000)));
    hears_close(&mut server, a, Code::GOING_AWAY);
    hears_close(&mut client, b, Code(3000));
    assert_eq!((client.state(), server.state()), (State::Closed, State::Closed));
}

#[test]
fn the_peer_may_finish_what_it_was_saying_after_our_close() {
    let (mut client, mut server, _) = pair(quiet());
    close(&mut server, Code::NORMAL);
    let mut wire = Vec::new();
    client.send(Event::Message(Message::text("late")), &mut wire).unwrap();
    assert_eq!(server.receive(&mut wire).unwrap().1, Some(Event::Message(Message::text("late"))));
}

#[test]
fn nothing_is_sent_after_close() {
    let (mut client, _, _) = pair(quiet());
    close(&mut client, Code::NORMAL);
    let mut out = Vec::new();
    for event in [Event::Message(Message::text("x")), Event::Ping(b""), Event::Pong(b"")] {
        assert_eq!(client.send(event, &mut out), Err(SendError::Closed));
    }
    assert_eq!(client.send(Event::Close(Close::new(Code::NORMAL, "")), &mut out), Err(SendError::Closed));
    assert_eq!(client.may_send_message(), Err(SendError::Closed));
    assert!(out.is_empty());
}

#[test]
fn what_may_not_be_sent_is_refused() {
    let (mut client, _, _) = pair(quiet());
    let mut out = Vec::new();
    for code in [Code(0), Code(999), Code(1004), Code::ABNORMAL, Code::TLS, Code(1016), Code(2999), Code(5000)] {
        assert_eq!(client.send(Event::Close(Close::new(code, "")), &mut out), Err(SendError::CloseCode));
    }
    let long = "r".repeat(124);
    assert_eq!(client.send(Event::Close(Close::new(Code::NORMAL, &long)), &mut out), Err(SendError::ControlTooLong));
    assert_eq!(client.send(Event::Ping(&[0; 126]), &mut out), Err(SendError::ControlTooLong));
    assert!(out.is_empty());
    client.send(Event::Ping(&[0; 125]), &mut out).unwrap();
    client.send(Event::Close(Close::new(Code::NORMAL, &long[1..])), &mut out).unwrap();
}

#[test]
fn rfc6455_5_4_a_message_sent_as_a_stream() {
    let (_, mut server, _) = pair(quiet());
    let mut out = Vec::new();
    let chunk = |payload: &'static [u8], last| Event::Chunk(Chunk { kind: Kind::Text, payload: payload.into(), last });
    server.send(chunk(b"Hel", false), &mut out).unwrap();
    assert_eq!(server.send(Event::Message(Message::text("x")), &mut out), Err(SendError::MessageUnfinished));
    let other = Event::Chunk(Chunk { kind: Kind::Binary, payload: (&b"x"[..]).into(), last: true });
    assert_eq!(server.send(other, &mut out), Err(SendError::MessageUnfinished));
    server.send(Event::Ping(b""), &mut out).unwrap();
    server.send(chunk(b"lo", true), &mut out).unwrap();
    server.send(Event::Message(Message::text("!")), &mut out).unwrap();
    assert_eq!(out, b"\x01\x03Hel\x89\x00\x80\x02lo\x81\x01!");
}

#[test]
fn rfc6455_5_4_a_message_sent_by_size() {
    let (_, mut server, _) = pair(Config { fragment: Some(2), ..quiet() });
    let mut out = Vec::new();
    server.send(Event::Message(Message::text("Hello")), &mut out).unwrap();
    server.send(Event::Message(Message::text("")), &mut out).unwrap();
    assert_eq!(out, b"\x01\x02He\x00\x02ll\x80\x01o\x81\x00");
}

#[test]
fn a_failure_earns_its_code_once() {
    let (_, mut server, _) = pair(quiet());
    let mut out = Vec::new();
    let error = server.receive(&mut [0x81, 0x02, b'h', b'i']).unwrap_err();
    assert_eq!(error, Error::Unmasked);
    server.fail(error, &mut out);
    assert_eq!(out, [0x88, 2, 0x03, 0xea]);
    server.fail(error, &mut out);
    assert_eq!(out.len(), 4);
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn a_failure_after_our_close_says_nothing_more() {
    let (_, mut server, _) = pair(quiet());
    close(&mut server, Code::NORMAL);
    let error = server.receive(&mut [0x83, 0x80, 0, 0, 0, 0]).unwrap_err();
    let mut out = Vec::new();
    server.fail(error, &mut out);
    assert!(out.is_empty());
}

#[test]
fn only_one_who_was_not_told_gets_1006() {
    assert_eq!(Error::AbruptEnd.local_code(), Code::ABNORMAL);
    assert_eq!(Error::HeartbeatTimeout.close_code(), None);
    assert_eq!(Error::InvalidUtf8.local_code(), Code::INVALID_PAYLOAD);
}

#[test]
fn a_heartbeat_pings_at_rest_and_gives_up() {
    let (interval, timeout) = (Duration::from_secs(10), Duration::from_secs(4));
    let config = Config { heartbeat: Some(Heartbeat { interval, timeout }), ..Config::default() };
    let (_, mut server, start) = pair(config);
    let mut out = Vec::new();
    assert_eq!(server.deadline(), Some(start + interval));
    server.expire(start + interval - Duration::from_nanos(1), &mut out).unwrap();
    assert!(out.is_empty());
    server.expire(start + interval, &mut out).unwrap();
    assert_eq!(out, [0x89, 0x00]);
    assert_eq!(server.deadline(), Some(start + interval + timeout));
    let gone = server.expire(start + interval + timeout, &mut out);
    assert_eq!((gone, out.len()), (Err(Error::HeartbeatTimeout), 2));
}

#[test]
fn any_byte_is_a_sign_of_life() {
    let (interval, timeout) = (Duration::from_secs(10), Duration::from_secs(4));
    let config = Config { heartbeat: Some(Heartbeat { interval, timeout }), ..Config::default() };
    let (_, mut server, start) = pair(config);
    let mut out = Vec::new();
    server.expire(start + interval, &mut out).unwrap();
    server.receive(&mut [0x82]).unwrap();
    server.expire(start + interval + timeout, &mut out).unwrap();
    assert_eq!(out.len(), 2);
    // Heard since: no ping at the next look, one at the look after it.
    server.receive(&mut [0x82, 0x80]).unwrap();
    let next = start + interval + timeout + interval;
    server.expire(next, &mut out).unwrap();
    assert_eq!(out.len(), 2);
    server.expire(next + interval, &mut out).unwrap();
    assert_eq!(out.len(), 4);
}

#[test]
fn the_clock_of_a_close_starts_when_the_time_is_told() {
    let (_, mut server, start) = pair(Config { close_timeout: Duration::from_secs(3), ..quiet() });
    assert_eq!(server.deadline(), None);
    close(&mut server, Code::NORMAL);
    assert!(server.deadline().is_some_and(|due| due <= start), "due at once");
    let (told, mut out) = (start + Duration::from_secs(60), Vec::new());
    server.expire(told, &mut out).unwrap();
    assert_eq!(server.deadline(), Some(told + Duration::from_secs(3)));
    assert_eq!(server.expire(told + Duration::from_secs(3), &mut out), Err(Error::CloseTimeout));
}

#[test]
fn a_header_alone_where_nothing_is_done_to_the_payload() {
    let (mut client, mut server, now) = pair(quiet());
    let mut out = Vec::new();
    assert_eq!(client.send_header(Kind::Binary, 5, &mut out), Ok(false));
    assert_eq!(server.send_header(Kind::Binary, 5, &mut out), Ok(true));
    assert_eq!(out, [0x82, 5]);
    let agreed = Negotiated { own_takeover: false, peer_takeover: false, own_window_bits: 15, peer_window_bits: 15 };
    let mut deflating = Connection::server(Arc::new(quiet()), Some(agreed), now);
    assert_eq!(deflating.send_header(Kind::Binary, 5, &mut out), Ok(false));
}

#[test]
fn every_fresh_key_is_asked_for() {
    let (mut client, mut server, _) = pair(quiet());
    let mut wire = Vec::new();
    for _ in 0..200 {
        client.send(Event::Message(Message::text("x")), &mut wire).unwrap();
    }
    let mut at = 0;
    while let (used, Some(event)) = server.receive(&mut wire[at..]).unwrap() {
        assert_eq!(event, Event::Message(Message::text("x")));
        at += used;
    }
    assert_eq!(at, 200 * 7);
}

/// A server that stands there, by way of what a user can do.
fn standing(state: State) -> Connection {
    let (_, mut server, _) = pair(quiet());
    if state == State::CloseSent || state == State::Closed {
        close(&mut server, Code::NORMAL);
    }
    if state == State::CloseReceived || state == State::Closed {
        server.receive(&mut [0x88, 0x80, 0, 0, 0, 0]).unwrap();
    }
    assert_eq!(server.state(), state);
    server
}

/// Does `input` to it; whether that was taken.
fn does(server: &mut Connection, input: Input) -> bool {
    let mut out = Vec::new();
    match input {
        Input::Receive => server.receive(&mut [0x89, 0x80, 0, 0, 0, 0]) == Ok((6, Some(Event::Ping(b"")))),
        Input::Send => {
            let sent = server.send(Event::Ping(b""), &mut out).is_ok();
            let chunk = Event::Chunk(Chunk { kind: Kind::Text, payload: (&b""[..]).into(), last: true });
            let also = [
                server.may_send_message().is_ok(),
                server.send(Event::Message(Message::text("")), &mut out).is_ok(),
                server.send(chunk, &mut out).is_ok(),
                server.send_header(Kind::Text, 0, &mut out).is_ok(),
            ];
            assert_eq!(also, [sent; 4], "whatever is sent asks the same row");
            assert_eq!(out.is_empty(), !sent);
            sent
        }
        Input::ReceiveClose => matches!(server.receive(&mut [0x88, 0x80, 0, 0, 0, 0]), Ok((6, Some(Event::Close(_))))),
        Input::SendClose => server.send(Event::Close(Close::new(Code::NORMAL, "")), &mut out).is_ok(),
        // Where nothing is heard, nothing can be heard to be wrong.
        Input::Fail => match server.receive(&mut [0xff]) {
            Err(error) => error == Error::ReservedOpcode,
            Ok(nothing) => {
                assert_eq!(nothing, (1, None));
                false
            }
        },
        // That it ends is never refused; how it is called is a question of its own, below.
        Input::End => {
            let _ = server.receive_eof();
            true
        }
    }
}

#[test]
fn every_state_and_every_input_do_what_the_table_says_and_every_row_is_used() {
    let mut used = Vec::new();
    for state in State::ALL {
        for input in Input::ALL {
            let mut server = standing(state);
            let taken = does(&mut server, input);
            let row = state.after(input);
            assert_eq!(taken, row.is_some(), "{state:?} {input:?}");
            assert_eq!(server.state(), row.unwrap_or(state), "{state:?} {input:?}");
            used.extend(row.map(|to| (state, input, to)));
            let stands = (server.owes_close(), server.is_over());
            assert_eq!(stands, (server.state() == State::CloseReceived, server.state() == State::Closed));
        }
    }
    used.sort_by_key(|row| TABLE.iter().position(|other| other == row));
    assert_eq!(used, TABLE, "a row that nothing uses, or one that is not there");
}

#[test]
fn the_end_is_abrupt_where_a_close_was_still_to_be_heard() {
    for state in State::ALL {
        let abrupt = state.after(Input::ReceiveClose).is_some();
        assert_eq!(standing(state).receive_eof(), if abrupt { Err(Error::AbruptEnd) } else { Ok(None) }, "{state:?}");
    }
}

#[test]
fn a_failure_ends_the_conversation_from_everywhere() {
    for state in State::ALL {
        for error in [Error::Unmasked, Error::AbruptEnd, Error::HeartbeatTimeout] {
            let (mut server, mut out) = (standing(state), Vec::new());
            server.fail(error, &mut out);
            assert_eq!(server.state(), State::Closed, "{state:?}");
            let told = error.close_code().is_some() && state.after(Input::SendClose).is_some();
            assert_eq!(!out.is_empty(), told && state != State::CloseSent, "{state:?} {error:?}");
        }
    }
}

#[test]
fn a_bound_that_the_code_does_not_name_is_named_in_the_reason() {
    let limits = wirebook_websocket::Limits { fragments: 2, empty_fragments: 1, ratio: 7, ..Default::default() };
    let (_, mut server, _) = pair(Config { limits, ..quiet() });
    let mut out = Vec::new();
    server.fail(Error::DeflateRatio, &mut out);
    assert_eq!(&out[2..], b"\x03\xf1inflates by more than the allowed ratio of 7 to 1");
    for (error, reason) in [
        (Error::TooManyFragments, "more than 2 fragments"),
        (Error::TooManyEmptyFragments, "more than 1 empty fragments"),
        (Error::MessageTooLarge, ""),
    ] {
        assert_eq!(error.reason(&limits), reason);
    }
}

#[test]
fn every_duration_at_nothing_at_little_and_at_most() {
    let most = Duration::MAX;
    for interval in [Duration::ZERO, Duration::from_nanos(1), most] {
        for timeout in [Duration::ZERO, Duration::from_nanos(1), most] {
            for close_timeout in [Duration::ZERO, Duration::from_nanos(1), most] {
                let heartbeat = Some(Heartbeat { interval, timeout });
                let (_, mut server, begun) = pair(Config { heartbeat, close_timeout, ..Config::default() });
                let mut out = Vec::new();
                // Nothing, which is off, and for ever are never due; the shortest is a millisecond.
                let due = (interval == Duration::from_nanos(1)).then_some(begun + Duration::from_millis(1));
                assert_eq!(server.deadline(), due);
                if let Some(due) = due {
                    server.expire(due, &mut out).unwrap();
                    assert_eq!(out, [0x89, 0]);
                    let given = (timeout != most).then(|| due + timeout);
                    assert_eq!(server.deadline(), given);
                    if let Some(given) = given {
                        assert_eq!(server.expire(given, &mut out), Err(Error::HeartbeatTimeout));
                        assert_eq!(server.state(), State::Closed, "a timer that ran out is an end");
                    }
                }
                let (_, mut server, begun) = pair(Config { heartbeat, close_timeout, ..Config::default() });
                close(&mut server, Code::NORMAL);
                assert_eq!(server.deadline(), Some(begun), "somebody is to tell the time");
                server.expire(begun, &mut out).unwrap();
                let given = (close_timeout != most).then(|| begun + close_timeout);
                assert_eq!(server.deadline(), given);
                if let Some(given) = given {
                    assert_eq!(server.expire(given, &mut out), Err(Error::CloseTimeout));
                }
            }
        }
    }
}

#[test]
fn who_takes_bytes_that_waited_is_alive_and_has_its_time_anew() {
    let (_, mut server, begun) = pair(Config::default());
    let mut out = Vec::new();
    close(&mut server, Code::NORMAL);
    server.expire(begun, &mut out).unwrap();
    let later = begun + Duration::from_secs(2);
    server.progress();
    server.expire(later, &mut out).unwrap();
    assert_eq!(server.deadline(), Some(later + Duration::from_secs(3)));
    assert_eq!(server.expire(later + Duration::from_secs(3), &mut out), Err(Error::CloseTimeout));
}
