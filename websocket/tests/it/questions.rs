//! What a connection answers to those who drive it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wirebook_websocket::{Config, Connection, Heartbeat, Negotiated};

fn connection(config: &Arc<Config>, agreed: Option<Negotiated>, now: Instant) -> Connection {
    Connection::server(config.clone(), agreed, now)
}

#[test]
fn it_keeps_the_settings_that_it_was_given_and_knows_what_was_agreed_on() {
    let config = Arc::new(Config::default());
    let agreed = Negotiated { own_takeover: false, peer_takeover: false, own_window_bits: 15, peer_window_bits: 15 };
    for agreed in [None, Some(agreed)] {
        let connection = connection(&config, agreed, Instant::now());
        assert!(Arc::ptr_eq(connection.config(), &config));
        assert_eq!(connection.compresses(), agreed.is_some());
    }
}

#[test]
fn a_peer_that_is_excused_is_not_gone() {
    let (interval, timeout) = (Duration::from_secs(10), Duration::from_secs(5));
    let config = Arc::new(Config { heartbeat: Some(Heartbeat { interval, timeout }), ..Config::default() });
    for excused in [false, true] {
        let (start, mut out) = (Instant::now(), Vec::new());
        let mut connection = connection(&config, None, start);
        connection.expire(start + interval, &mut out).expect("a ping");
        if excused {
            connection.excuse();
        }
        let silent = connection.expire(start + interval + timeout, &mut out);
        assert_eq!(silent.is_ok(), excused);
    }
}

#[test]
fn a_close_is_seen_where_a_frame_begins_and_nowhere_else() {
    let config = Arc::new(Config { heartbeat: None, ..Config::default() });
    let mut server = connection(&config, None, Instant::now());
    let close = b"\x88\x80\0\0\0\0";
    for (input, is_close) in [(&close[..], true), (&close[..2], false), (&close[..1], false), (b"", false)] {
        assert_eq!(server.is_at_close(input), is_close, "{input:?}");
    }
    assert!(!server.is_at_close(b"\x89\x80\0\0\0\0"), "a ping");
    // Within a frame that is longer than what is held in place, the same bytes are payload.
    let length = (config.limits.in_place as u64 + 1).max(70_000);
    let mut header = [&[0x82, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
    let (used, _) = server.receive(&mut header).expect("a header");
    assert_eq!(used, header.len());
    assert!(!server.is_at_close(close));
}
