//! Each fast thing against its obvious twin, each codec against itself, arbitrary bytes against everything.

use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;
use wirebook_websocket::frame::{Header, Opcode};
use wirebook_websocket::utf8::{State, Utf8, step};
use wirebook_websocket::{Config, Connection, Deflate, Event, Kind, Limits, Message, Negotiated, mask};

fn fill(bytes: &mut [u8]) {
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = (i * 37 + 11) as u8;
    }
}

/// Feeds `wire` in pieces that end at `cuts`; the messages that came, and how it ended.
fn receive_all(to: &mut Connection, wire: &[u8], cuts: &[usize]) -> (Vec<Message<'static>>, bool) {
    let (mut got, mut buffer, mut fed) = (Vec::new(), Vec::new(), 0);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (wire.len() + 1)).chain([wire.len()]).collect();
    cuts.sort_unstable();
    for cut in cuts {
        buffer.extend_from_slice(&wire[fed..cut]);
        fed = cut;
        let mut start = 0;
        loop {
            match to.receive(&mut buffer[start..]) {
                Ok((used, event)) => {
                    start += used;
                    match event {
                        Some(Event::Message(message)) => got.push(message.into_owned()),
                        Some(_) => {}
                        None => break,
                    }
                }
                Err(_) => return (got, false),
            }
        }
        buffer.drain(..start);
    }
    (got, true)
}

fn messages() -> impl Strategy<Value = Vec<Message<'static>>> {
    let text = "\\PC{0,300}".prop_map(Message::from);
    let repeated = (any::<u8>(), 0..3000usize).prop_map(|(byte, n)| Message::from(vec![byte; n]));
    let binary = prop::collection::vec(any::<u8>(), 0..700).prop_map(Message::from);
    prop::collection::vec(prop_oneof![text, repeated, binary], 0..6)
}

proptest! {
    #[test]
    fn every_mask_variant_gives_what_the_formula_gives(
        payload in prop::collection::vec(any::<u8>(), 0..700),
        key: [u8; 4],
        offset in 0..9usize,
        skip in 0..9usize,
    ) {
        let start = skip.min(payload.len());
        let mut expected = payload.clone();
        mask::byte::apply(&mut expected[start..], key, offset);
        for variant in [mask::word::apply, mask::simd::apply, mask::apply] {
            let mut got = payload.clone();
            variant(&mut got[start..], key, offset);
            prop_assert_eq!(&got, &expected);
        }
    }

    #[test]
    fn a_mask_may_be_applied_in_pieces(payload in prop::collection::vec(any::<u8>(), 0..300), key: [u8; 4], cut: usize) {
        let cut = cut % (payload.len() + 1);
        let (mut whole, mut pieces) = (payload.clone(), payload);
        mask::apply(&mut whole, key, 0);
        mask::apply(&mut pieces[..cut], key, 0);
        mask::apply(&mut pieces[cut..], key, cut);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn utf8_is_what_std_says_it_is(
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(prop_oneof![Just(0xe2u8), Just(0x82), Just(0xac), Just(0xf0), Just(0x9f), Just(0xed), any::<u8>()], 0..6),
            "\\PC{0,40}".prop_map(String::into_bytes),
        ], 0..6),
    ) {
        let whole: Vec<u8> = pieces.concat();
        let mut check = Utf8::default();
        let mut at = 0;
        let mut bad = None;
        for piece in &pieces {
            if let Err(index) = check.feed(piece) {
                bad = Some(at + index);
                break;
            }
            at += piece.len();
        }
        // The machine by itself is the oracle, and `std` is the oracle's.
        let mut state = Some(State::Complete);
        let mut first_bad = None;
        for (index, &byte) in whole.iter().enumerate() {
            state = state.and_then(|state| step(state, byte));
            if state.is_none() {
                first_bad = Some(index);
                break;
            }
        }
        prop_assert_eq!(bad, first_bad);
        let ok = bad.is_none() && check.is_complete();
        prop_assert_eq!(ok, state == Some(State::Complete));
        prop_assert_eq!(ok, std::str::from_utf8(&whole).is_ok());
    }

    #[test]
    fn a_header_that_is_written_is_read(
        fin: bool,
        rsv in 0..8u8,
        opcode in prop::sample::select(vec![Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Ping, Opcode::Pong, Opcode::Close]),
        key in any::<Option<[u8; 4]>>(),
        length in prop_oneof![0..130u64, 65_500..65_600u64, any::<u64>()],
    ) {
        let control = opcode.is_control();
        let length = if control { length % 126 } else { length >> 1 };
        let header = Header { fin: fin || control, rsv, opcode, mask: key, length };
        let mut bytes = [0; 14];
        let size = header.encode(&mut bytes);
        prop_assert_eq!(Header::decode(&bytes[..size]), Ok(Some((header, size))));
        for cut in 0..size {
            prop_assert_eq!(Header::decode(&bytes[..cut]), Ok(None));
        }
    }

    #[test]
    fn what_is_sent_is_received_however_it_is_cut(
        messages in messages(),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        fragment in prop::option::of(1..200usize),
        from_client: bool,
        in_place in 0..500usize,
        deflate in prop::option::of((any::<bool>(), 9..16u8, 1..10u32)),
    ) {
        let (now, mut config) = (Instant::now(), Config { fragment, ..Config::default() });
        config.limits.in_place = in_place;
        let agreed = deflate.map(|(takeover, bits, level)| {
            config.deflate = Some(Deflate { threshold: 8, level, ..Deflate::default() });
            Negotiated { own_takeover: takeover, peer_takeover: takeover, own_window_bits: bits, peer_window_bits: bits }
        });
        let config = Arc::new(config);
        let client = Connection::client(config.clone(), agreed, fill, now);
        let server = Connection::server(config, agreed, now);
        let (mut from, mut to) = if from_client { (client, server) } else { (server, client) };
        let mut wire = Vec::new();
        for message in &messages {
            from.send(Event::Ping(b"in between"), &mut wire).unwrap();
            from.send(Event::Message(message.clone()), &mut wire).unwrap();
        }
        prop_assert_eq!(receive_all(&mut to, &wire, &cuts), (messages, true));
    }

    #[test]
    fn a_window_is_never_wider_than_agreed(seed in prop::collection::vec(any::<u8>(), 600..3000), bits in 9..16u8, level in 1..10u32) {
        // Repeats at every distance up to 6,000; an inflater with exactly the agreed window must find them all.
        let payload: Vec<u8> = seed.iter().chain(&seed[..500]).chain(&seed).chain(&seed[100..300]).copied().collect();
        let agreed = Negotiated { own_takeover: true, peer_takeover: true, own_window_bits: bits, peer_window_bits: bits };
        let config = Arc::new(Config { deflate: Some(Deflate { threshold: 0, level, ..Deflate::default() }), ..Config::default() });
        let mut server = Connection::server(config, Some(agreed), Instant::now());
        let mut inflater = flate2::Decompress::new_with_window_bits(false, bits);
        for _ in 0..3 {
            let mut wire = Vec::new();
            server.send(Event::Message(Message::binary(&payload)), &mut wire).unwrap();
            let (header, size) = Header::decode(&wire).unwrap().unwrap();
            prop_assert_eq!(header.rsv, 4);
            let mut deflated = wire[size..].to_vec();
            deflated.extend([0, 0, 0xff, 0xff]);
            let mut out = Vec::with_capacity(payload.len() + 100);
            inflater.decompress_vec(&deflated, &mut out, flate2::FlushDecompress::Sync).unwrap();
            prop_assert_eq!(&out, &payload);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_nor_pass_the_limits(
        wire in prop::collection::vec(any::<u8>(), 0..2000),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
        server: bool,
        deflate: bool,
        head in prop::sample::select(vec![vec![], vec![0xc1, 0x7e, 0x07, 0x00], vec![0x01, 0x05], vec![0x82, 0xfe, 0x01, 0x00, 1, 2, 3, 4]]),
    ) {
        let config = Arc::new(Config { limits: Limits::message(1000), ..Config::default() });
        let agreed = deflate.then_some(Negotiated { own_takeover: false, peer_takeover: true, own_window_bits: 15, peer_window_bits: 15 });
        let mut to = match server {
            true => Connection::server(config, agreed, Instant::now()),
            false => Connection::client(config, agreed, fill, Instant::now()),
        };
        let wire = [head, wire].concat();
        let (got, _) = receive_all(&mut to, &wire, &cuts);
        for message in got {
            prop_assert!(message.as_bytes().len() <= 1000);
            prop_assert!(message.kind() == Kind::Binary || std::str::from_utf8(message.as_bytes()).is_ok());
        }
    }

    #[test]
    fn whatever_a_caller_does_to_its_buffer_text_is_text(
        payload in "\\PC{1,60}",
        steps in prop::collection::vec((1..40usize, prop::option::of((any::<usize>(), any::<u8>())), 0..3usize), 1..12),
        client: bool,
    ) {
        let config = Arc::new(Config { heartbeat: None, ..Config::default() });
        let key = if client { vec![] } else { vec![0; 4] };
        let size = payload.len() as u8;
        let header = if size < 126 {
            vec![0x81, size | if client { 0 } else { 0x80 }]
        } else {
            vec![0x81, 126 | if client { 0 } else { 0x80 }, 0, size]
        };
        prop_assume!(payload.len() < 256);
        let wire = [header, key, payload.into_bytes()].concat().repeat(3);
        let mut connection = match client {
            true => Connection::client(config, None, fill, Instant::now()),
            false => Connection::server(config, None, Instant::now()),
        };
        let (mut fed, mut buffer) = (0, Vec::new());
        'steps: for (count, write, forget) in steps {
            let end = (fed + count).min(wire.len());
            buffer.extend_from_slice(&wire[fed..end]);
            fed = end;
            if let Some((at, byte)) = write.filter(|_| !buffer.is_empty()) {
                let at = at % buffer.len();
                buffer[at] = byte;
            }
            buffer.truncate(buffer.len() - forget.saturating_sub(1).min(buffer.len()));
            loop {
                let Ok((used, event)) = connection.receive(&mut buffer) else { break 'steps };
                let more = event.is_some();
                if let Some(Event::Message(Message::Text(text))) = event {
                    prop_assert!(std::str::from_utf8(text.as_bytes()).is_ok());
                }
                buffer.drain(..used);
                if !more {
                    break;
                }
            }
        }
    }

    #[test]
    fn arbitrary_extension_lists_never_panic(value in "[a-z;=,\" \\\\0-9_-]{0,80}") {
        let _ = wirebook_websocket::handshake::extension::parse(value.as_bytes());
    }
}
