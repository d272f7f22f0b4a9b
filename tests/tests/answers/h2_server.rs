//! The loop that one would write first, and the answers of "One handler, two protocols".

use std::time::Duration;
use wirebook_http1::{FieldBlock, Outcome, Request, Response};
use wirebook_http2::server::Options;
use wirebook_http2::wire::{Flags, Frame, Header, Kind};
use wirebook_http2::{Lanes, Priority, StreamId, serve_on};
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};

// ANCHOR: naive
/// A connection's loop that waits for each handler. A handler is a time here; gives when each has answered.
async fn answer_in_turn(handlers: &[Duration]) -> Vec<Duration> {
    let begin = net::now();
    let mut answered = Vec::new();
    for handler in handlers {
        net::sleep(*handler).await;
        answered.push(net::now() - begin);
    }
    answered
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn the_quick_ones_wait_for_the_slow_one() {
    sim::run(1, async {
        let handlers = [Duration::from_secs(3), Duration::from_millis(1), Duration::from_millis(1)];
        let answered = answer_in_turn(&handlers).await;
        assert_eq!(answered[1], Duration::from_millis(3001));
        assert_eq!(answered[2], Duration::from_millis(3002));
    })
    .expect("the loop runs");
}
// ANCHOR_END: breaks

// ANCHOR: exercise_sum
async fn sum(mut request: Request<'_>, mut response: Response<'_>) -> Outcome {
    let mut sum = 0_u64;
    while let Some(piece) = request.chunk().await? {
        sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        response.write(piece).await?;
    }
    let mut trailers = FieldBlock::default();
    trailers.push("x-sum", sum.to_string())?;
    response.end_with_trailers("", &trailers).await
}
// ANCHOR_END: exercise_sum

/// Says something, and hears until it has heard enough.
async fn talk(said: &[u8], enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let stream = SimStream::connect("10.0.0.1:80").await.expect("a server");
    stream.write_all(said).await.expect("a server that reads");
    let (mut heard, mut bytes) = (Vec::new(), [0; 1024]);
    while !enough(&heard) {
        let count = stream.read(&mut bytes).await.expect("an answer");
        assert!(count > 0, "the server closed");
        heard.extend_from_slice(&bytes[..count]);
    }
    heard
}

/// The headers and payloads of whole frames.
fn frames(mut bytes: &[u8]) -> Vec<(Header, &[u8])> {
    let mut found = Vec::new();
    while let Some((header, behind)) = bytes.split_first_chunk() {
        let header = Header::read(header);
        let Some((payload, rest)) = behind.split_at_checked(header.length as usize) else { break };
        found.push((header, payload));
        bytes = rest;
    }
    found
}

// ANCHOR: exercise_sum_test
#[test]
fn the_sum_comes_behind_the_body_over_both_protocols() {
    sim::run(1, async {
        serve_on(SimListener::bind("10.0.0.1:80").expect("free"), Options::default(), sum);
        let one = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        let heard = talk(one, |heard| heard.ends_with(b"x-sum: 294\r\n\r\n")).await;
        assert!(heard.ends_with(b"3\r\nabc\r\n0\r\nx-sum: 294\r\n\r\n"));

        let mut two = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        // POST, http, /, and a host; then DATA with END_STREAM.
        two.extend(b"\0\0\x06\x01\x04\0\0\0\x01\x83\x86\x84\x01\x01a");
        two.extend(b"\0\0\x03\0\x01\0\0\0\x01abc");
        let ends = |header: Header| header.kind == Kind::Headers && header.flags.has(Flags::END_STREAM);
        let ended = |heard: &[u8]| frames(heard).iter().any(|(header, _)| ends(*header));
        let heard = talk(&two, ended).await;
        let (mut decoder, mut body, mut fields) = (wirebook_hpack::naive::Decoder::new(4096), Vec::new(), Vec::new());
        for (header, payload) in frames(&heard) {
            match Frame::read(header, payload).expect("a frame") {
                Frame::Data { data, .. } => body.extend_from_slice(data),
                Frame::Headers { fragment, .. } => fields = decoder.decode(fragment).expect("a block"),
                _ => {}
            }
        }
        assert_eq!((&body[..], &fields[0].0[..], &fields[0].1[..]), (&b"abc"[..], &b"x-sum"[..], &b"294"[..]));
        net::stop();
    })
    .expect("the loop runs");
}
// ANCHOR_END: exercise_sum_test

// ANCHOR: exercise_turns
/// The turn in which each is complete: streams by number, priority and turns that they need.
fn complete(mut streams: Vec<(u32, Priority, u32)>) -> Vec<(u32, u32)> {
    let (mut lanes, mut ends) = (Lanes::default(), Vec::new());
    for turn in 1.. {
        let ready = streams.iter().map(|(id, priority, _)| (StreamId::new(*id), *priority));
        let Some(next) = lanes.next(ready) else { break };
        let at = streams.iter().position(|(id, ..)| *id == next.number()).expect("one of them");
        streams[at].2 -= 1;
        if streams[at].2 == 0 {
            ends.push((streams.remove(at).0, turn));
        }
    }
    ends
}
// ANCHOR_END: exercise_turns

// ANCHOR: exercise_turns_test
#[test]
fn order_makes_nothing_faster_in_all_and_the_page_much_faster() {
    let asked = [(1, 6), (3, 2), (5, 4), (7, 4)];
    let equal = Priority { incremental: true, ..Priority::default() };
    let by_turns = asked.map(|(id, turns)| (id, equal, turns));
    assert_eq!(complete(by_turns.to_vec()), [(3, 6), (5, 13), (7, 14), (1, 16)]);
    // The page and its style sheet at once, images by turns and later.
    let urgent = Priority { urgency: 0, incremental: false };
    let image = Priority { urgency: 5, incremental: true };
    let browser = asked.map(|(id, turns)| (id, if id < 5 { urgent } else { image }, turns));
    assert_eq!(complete(browser.to_vec()), [(1, 6), (3, 8), (5, 15), (7, 16)]);
}
// ANCHOR_END: exercise_turns_test
