//! Arbitrary bytes, arbitrary cuts, all settings: nothing panics, no limit is passed, text is text, and cutting the input
//! changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use std::time::Instant;
use wirebook_websocket::{Config, Connection, Delivery, Event, Limits, Negotiated};

const LIMIT: usize = 4096;

fn connection(settings: u8) -> Connection {
    let delivery = if settings & 1 != 0 { Delivery::Chunks } else { Delivery::Messages };
    let mut limits = Limits::message(LIMIT);
    limits.in_place = if settings & 2 != 0 { 16 } else { LIMIT };
    limits.empty_fragments = 9;
    let agreed = (settings & 4 != 0).then_some(Negotiated {
        own_takeover: settings & 8 != 0,
        peer_takeover: settings & 8 != 0,
        own_window_bits: 15,
        peer_window_bits: 15,
    });
    let config = Arc::new(Config { limits, delivery, ..Config::default() });
    match settings & 16 != 0 {
        true => Connection::client(config, agreed, |bytes| bytes.fill(1), Instant::now()),
        false => Connection::server(config, agreed, Instant::now()),
    }
}

/// The events as text, chunks of a message joined; and the error.
fn run(settings: u8, input: &[u8], cuts: &[usize]) -> (Vec<String>, String) {
    let mut connection = connection(settings);
    let (mut events, mut buffer, mut chunk, mut fed) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for &cut in cuts {
        buffer.extend_from_slice(&input[fed..cut]);
        fed = cut;
        let mut start = 0;
        loop {
            match connection.receive(&mut buffer[start..]) {
                Err(error) => return (events, format!("{error:?}")),
                Ok((used, event)) => {
                    start += used;
                    match event {
                        None => break,
                        Some(Event::Chunk(part)) => {
                            chunk.extend_from_slice(&part.payload);
                            assert!(chunk.len() <= LIMIT);
                            if part.last {
                                events.push(format!("{:?} {:?}", part.kind, std::mem::take(&mut chunk)));
                            }
                        }
                        Some(event) => {
                            if let Event::Message(message) = &event {
                                assert!(message.as_bytes().len() <= LIMIT);
                                assert!(message.as_text().is_none_or(|text| std::str::from_utf8(text.as_bytes()).is_ok()));
                            }
                            events.push(format!("{event:?}"));
                        }
                    }
                }
            }
        }
        buffer.drain(..start);
    }
    (events, String::new())
}

fuzz_target!(|data: (u8, u16, Vec<u8>)| {
    let (settings, cut, input) = data;
    let cut = usize::from(cut) % (input.len() + 1);
    let whole = run(settings, &input, &[input.len()]);
    assert_eq!(whole, run(settings, &input, &[cut, input.len()]));
    let every: Vec<usize> = (1..=input.len().min(300)).chain([input.len()]).collect();
    assert_eq!(whole, run(settings, &input, &every));
});
