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
