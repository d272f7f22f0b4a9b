//! Every limit at nothing, at one and at its most: what `config.rs` says of it, and never a panic.

use std::sync::Arc;
use std::time::Instant;

use wirebook_websocket::handshake::client::Request;
use wirebook_websocket::handshake::server::{Offer, Policy};
use wirebook_websocket::{
    Chunk, Config, Connection, Deflate, Delivery, Error, Event, Kind, Limits, Message, Negotiated, RATIO_FROM,
};

const DEFLATE: Negotiated =
    Negotiated { own_takeover: false, peer_takeover: false, own_window_bits: 15, peer_window_bits: 15 };

fn quiet(limits: Limits) -> Config {
    Config { limits, heartbeat: None, ..Config::default() }
}

/// Sends `message`, in `fragments` of two bytes if so, to a server with these limits: what that makes of it, fed whole and
/// byte by byte.
fn receives(config: &Config, compressed: bool, fragmented: bool, payload: &[u8]) -> Result<usize, Error> {
    let sends = Config {
        fragment: fragmented.then_some(2),
        deflate: Some(Deflate { threshold: 0, ..Deflate::default() }),
        ..quiet(Limits::default())
    };
    let agreed = compressed.then_some(DEFLATE);
    let mut client = Connection::client(Arc::new(sends), agreed, |bytes| bytes.fill(3), Instant::now());
    let mut wire = Vec::new();
    client.send(Event::Message(Message::binary(payload)), &mut wire).unwrap();
    let run = |step: usize| {
        let mut server = Connection::server(Arc::new(config.clone()), agreed, Instant::now());
        let (mut buffer, mut got, mut parts) = (Vec::new(), None, 0);
        for piece in wire.chunks(step) {
            buffer.extend_from_slice(piece);
            loop {
                let (used, event) = server.receive(&mut buffer)?;
                let more = event.is_some();
                match event {
                    Some(Event::Message(message)) => got = Some(message.as_bytes().len()),
                    Some(Event::Chunk(chunk)) => {
                        parts += chunk.payload.len();
                        got = chunk.last.then_some(parts);
                    }
                    _ => {}
                }
                buffer.drain(..used);
                if !more {
                    break;
                }
            }
        }
        Ok(got.expect("all of it was sent"))
    };
    let whole = run(wire.len());
    if wire.len() < 10_000 {
        assert_eq!(whole, run(1), "the same byte by byte");
    }
    whole
}

/// The same for messages and for chunks.
fn both(limits: Limits, compressed: bool, fragmented: bool, payload: &[u8]) -> Result<usize, Error> {
    let mut config = quiet(limits);
    let whole = receives(&config, compressed, fragmented, payload);
    config.delivery = Delivery::Chunks;
    assert_eq!(whole, receives(&config, compressed, fragmented, payload));
    whole
}

#[test]
fn frames() {
    for (frame, one, two) in [
        (0, Err(Error::FrameTooLarge), Err(Error::FrameTooLarge)),
        (1, Ok(1), Err(Error::FrameTooLarge)),
        (u64::MAX, Ok(1), Ok(2)),
    ] {
        let limits = Limits { frame, ..Limits::default() };
        assert_eq!(both(limits, false, false, b""), Ok(0));
        assert_eq!((both(limits, false, false, b"a"), both(limits, false, false, b"ab")), (one, two), "{frame}");
    }
}

#[test]
fn messages() {
    for compressed in [false, true] {
        for (message, one, two) in [
            (0, Err(Error::MessageTooLarge), Err(Error::MessageTooLarge)),
            (1, Ok(1), Err(Error::MessageTooLarge)),
            (usize::MAX, Ok(1), Ok(2)),
        ] {
            let limits = Limits { message, ..Limits::default() };
            assert_eq!(both(limits, compressed, false, b""), Ok(0));
            assert_eq!(both(limits, compressed, false, b"a"), one, "{message} {compressed}");
            assert_eq!(both(limits, compressed, false, b"ab"), two, "{message} {compressed}");
        }
    }
}

#[test]
fn fragments() {
    for (fragments, several) in
        [(0, Err(Error::TooManyFragments)), (1, Err(Error::TooManyFragments)), (u32::MAX, Ok(5))]
    {
        for in_place in [0, 80 << 10] {
            let limits = Limits { fragments, in_place, ..Limits::default() };
            assert_eq!(both(limits, false, false, b"abcde"), Ok(5), "one frame is no fragment: {fragments}");
            assert_eq!(both(limits, true, false, b"abcde"), Ok(5), "{fragments}");
            assert_eq!(both(limits, false, true, b"abcde"), several, "{fragments}");
        }
    }
}

#[test]
fn empty_fragments() {
    for (empty_fragments, allowed) in [(0, 0), (1, 1), (u32::MAX, 5_000)] {
        let limits = Limits { empty_fragments, ..Limits::default() };
        let mut server = Connection::server(Arc::new(quiet(limits)), None, Instant::now());
        assert_eq!(server.receive(&mut [0x01, 0x81, 0, 0, 0, 0, b'a']), Ok((7, None)));
        for _ in 0..allowed {
            assert_eq!(server.receive(&mut [0x00, 0x80, 0, 0, 0, 0]), Ok((6, None)));
        }
        if empty_fragments < u32::MAX {
            assert_eq!(server.receive(&mut [0x00, 0x80, 0, 0, 0, 0]), Err(Error::TooManyEmptyFragments));
        }
    }
}

#[test]
fn ratios() {
    let zeros = vec![0; RATIO_FROM];
    for (ratio, most) in [(0, Err(Error::DeflateRatio)), (1, Err(Error::DeflateRatio)), (u32::MAX, Ok(RATIO_FROM))] {
        let limits = Limits { ratio, ..Limits::message(4 << 20) };
        assert_eq!(both(limits, true, false, &zeros), most, "{ratio}");
        assert_eq!(
            both(limits, true, false, &zeros[1..]),
            Ok(RATIO_FROM - 1),
            "a message below the size is not held to it"
        );
        assert_eq!(both(limits, false, false, &zeros), Ok(RATIO_FROM), "nor is one that was not compressed");
    }
}

#[test]
fn in_place() {
    for in_place in [0, 1, usize::MAX] {
        let limits = Limits { in_place, frame: u64::MAX, message: usize::MAX, ..Limits::default() };
        for size in [0, 1, 2, 200, 70_000, 200_000] {
            assert_eq!(receives(&quiet(limits), false, false, &vec![7; size]), Ok(size), "{in_place}");
        }
    }
    // A length that nothing can have is waited for, and costs nothing meanwhile.
    let limits = Limits { in_place: usize::MAX, frame: u64::MAX, message: usize::MAX, ..Limits::default() };
    let mut server = Connection::server(Arc::new(quiet(limits)), None, Instant::now());
    let mut huge = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 2, 3];
    assert_eq!(server.receive(&mut huge), Ok((14, None)));
}

#[test]
fn sizes_of_fragments_that_are_sent() {
    for (fragment, frames) in [(0, 3), (1, 3), (usize::MAX, 1)] {
        let config = Config { fragment: Some(fragment), ..quiet(Limits::default()) };
        let mut server = Connection::server(Arc::new(config), None, Instant::now());
        let mut wire = Vec::new();
        server.send(Event::Message(Message::text("abc")), &mut wire).unwrap();
        assert_eq!(wire.len(), 3 + 2 * frames, "{fragment}");
        let chunk = Chunk { kind: Kind::Binary, payload: (&b"abc"[..]).into(), last: true };
        server.send(Event::Chunk(chunk), &mut wire).unwrap();
    }
}

#[test]
fn windows_levels_and_thresholds() {
    for bits in [0, 1, 8, u8::MAX] {
        for level in [0, 1, u32::MAX] {
            for (threshold, compresses) in [(0, true), (1, true), (usize::MAX, false)] {
                let wants =
                    Deflate { own_window_bits: bits, peer_window_bits: bits, threshold, level, ..Deflate::default() };
                // The client's offer is one that servers understand, ours too.
                let mut request = Request::new("a", "/", [7; 16]);
                request.deflate = Some(wants);
                let mut head = Vec::new();
                request.write(&mut head);
                let head = String::from_utf8(head).unwrap();
                let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
                let offer = Offer::read(b"GET", true, fields.map(|(n, v)| (n.as_bytes(), v.as_bytes()))).unwrap();
                let config = Config { deflate: Some(wants), ..quiet(Limits::default()) };
                let accepted = offer.accept(&Policy::default(), &config).unwrap();
                let agreed = accepted.deflate.expect("they agree");
                assert!((9..=15).contains(&agreed.own_window_bits) && (9..=15).contains(&agreed.peer_window_bits));
                let answer = accepted.fields().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
                let theirs = request.check(101, answer).unwrap().deflate.expect("they agree");
                // What one sends the other reads.
                let mut server = Connection::server(Arc::new(config.clone()), Some(agreed), Instant::now());
                let mut client = Connection::client(Arc::new(config), Some(theirs), |b| b.fill(1), Instant::now());
                let payload = vec![b'x'; 3000];
                let mut wire = Vec::new();
                server.send(Event::Message(Message::binary(&payload)), &mut wire).unwrap();
                assert_eq!(wire[0] & 0x40 != 0, compresses, "{bits} {level} {threshold}");
                let size = wire.len();
                assert_eq!(client.receive(&mut wire), Ok((size, Some(Event::Message(Message::binary(&payload))))));
            }
        }
    }
}
