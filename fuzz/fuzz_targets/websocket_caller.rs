//! A caller that does to its buffer what safe code may: writes over bytes that were not consumed, presents fewer than before, and
//! goes on. Whatever comes of it, nothing panics, and what is called text is text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use std::time::Instant;
use wirebook_websocket::{Config, Connection, Event, Limits, Message};

// Each step: what is read, then where a byte that was not consumed is written over, and how many of the last are forgotten.
fuzz_target!(|data: (bool, Vec<(Vec<u8>, Option<(u16, u8)>, u8)>)| {
    let (client, steps) = data;
    let config = Arc::new(Config { limits: Limits::message(4096), heartbeat: None, ..Config::default() });
    let mut connection = match client {
        true => Connection::client(config, None, |bytes| bytes.fill(1), Instant::now()),
        false => Connection::server(config, None, Instant::now()),
    };
    let mut buffer = Vec::new();
    for (bytes, write, forget) in steps {
        buffer.extend_from_slice(&bytes);
        if let Some((at, byte)) = write {
            let at = usize::from(at) % buffer.len().max(1);
            buffer.get_mut(at).into_iter().for_each(|old| *old = byte);
        }
        // Mostly none: else little would ever be whole.
        buffer.truncate(buffer.len().saturating_sub(usize::from(forget).saturating_sub(240)));
        loop {
            let (used, event) = match connection.receive(&mut buffer) {
                Ok(received) => received,
                Err(error) => return connection.fail(error, &mut Vec::new()),
            };
            let more = event.is_some();
            if let Some(Event::Message(Message::Text(text))) = event {
                assert!(std::str::from_utf8(text.as_bytes()).is_ok());
            }
            buffer.drain(..used);
            if !more {
                break;
            }
        }
    }
});
