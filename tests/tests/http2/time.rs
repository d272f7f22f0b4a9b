//! Every wait has an end.

use crate::peer::{Peer, serve, simulate, with};
use crate::server::handler;
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Code, Config, Outcome, Request, Response};
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long `what` takes, in whole seconds.
async fn seconds(what: impl Future) -> u64 {
    let before = net::now();
    what.await;
    (net::now() - before).as_secs()
}

async fn to_the_end(stream: &SimStream) -> Vec<u8> {
    let (mut all, mut bytes) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        all.extend_from_slice(&bytes[..count]);
    }
    all
}

#[test]
fn whoever_says_nothing_is_not_waited_for() {
    simulate(async {
        serve(Options::default(), handler);
        let silent = SimStream::connect(super::peer::ADDRESS).await.expect("a server");
        assert_eq!(seconds(to_the_end(&silent)).await, 10, "not a byte");
        let half = SimStream::connect(super::peer::ADDRESS).await.expect("a server");
        half.write_all(&PREFACE[..23]).await.expect("a server that reads");
        assert_eq!(seconds(to_the_end(&half)).await, 10, "not all of the preface");
        let preface = SimStream::connect(super::peer::ADDRESS).await.expect("a server");
        preface.write_all(PREFACE).await.expect("a server that reads");
        let before = net::now();
        let all = to_the_end(&preface).await;
        assert_eq!((net::now() - before).as_secs(), 10, "no SETTINGS");
        assert!(all.ends_with(&[0, 0, 0, 4]), "SETTINGS_TIMEOUT: {all:?}");
        net::stop();
    });
}

#[test]
fn settings_that_are_not_acknowledged_end_the_connection() {
    simulate(async {
        serve(Options::default(), handler);
        let stream = SimStream::connect(super::peer::ADDRESS).await.expect("a server");
        stream.write_all(PREFACE).await.expect("a server that reads");
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.expect("a server that reads");
        let before = net::now();
        let all = to_the_end(&stream).await;
        assert_eq!((net::now() - before).as_secs(), 10);
        assert!(all.ends_with(&[0, 0, 0, 4]), "SETTINGS_TIMEOUT: {all:?}");
        net::stop();
    });
}

/// A field block that never ends, beside a stream that keeps the connection from idling: in one frame, in CONTINUATIONs that drip, and in
/// less than a header.
#[test]
fn a_field_block_that_never_ends_ends_the_connection() {
    let unfinished: &[u8] = &[0, 0, 200, 1, 5, 0, 0, 0, 3, 0x82];
    let dripping: &[u8] = &[0, 0, 1, 1, 1, 0, 0, 0, 3, 0x82];
    for begun in [unfinished, dripping, &unfinished[..3]] {
        simulate(async move {
            serve(Options::default(), async |_: Request<'_>, mut response: Response<'_>| -> Outcome {
                response.write("begun").await?;
                std::future::pending().await
            });
            let peer = Peer::connect().await;
            let held = peer.open("GET", "/", &[], true);
            peer.until(|peer| (peer.answer(held).status == 200).then_some(())).await;
            let before = net::now();
            peer.raw(begun).await;
            for _ in 0..6 {
                let turns = async {
                    while !peer.has_ended() {
                        peer.turn().await;
                    }
                };
                net::timeout(Duration::from_secs(3), turns).await.unwrap_or_default();
                if begun == dripping && !peer.has_ended() {
                    peer.raw(&[0, 0, 0, 9, 0, 0, 0, 0, 3]).await;
                }
            }
            assert!(peer.has_ended());
            assert_eq!(peer.goaways().last().map(|(_, code)| *code), Some(Code::ENHANCE_YOUR_CALM));
            assert!((10..=18).contains(&(net::now() - before).as_secs()));
            net::stop();
        });
    }
}

#[test]
fn an_idle_connection_ends_with_goaway_and_ping_is_no_activity() {
    simulate(async {
        serve(with(|config| config.idle_timeout = Duration::from_secs(20)), handler);
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/tea").await.status, 200);
        let before = net::now();
        while !peer.has_ended() {
            let each = async {
                while !peer.has_ended() {
                    peer.turn().await;
                }
            };
            net::timeout(Duration::from_secs(6), each).await.unwrap_or_default();
            if !peer.has_ended() {
                peer.raw(&[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]).await;
            }
        }
        let took = (net::now() - before).as_secs();
        assert!((20..=22).contains(&took), "{took}");
        let codes: Vec<_> = peer.goaways().iter().map(|(_, code)| *code).collect();
        assert_eq!(codes, [Code::NO_ERROR; 2], "in two steps");
        net::stop();
    });
}

#[test]
fn a_body_that_does_not_come_costs_its_stream_alone() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let stream = peer.open("POST", "/whole", &[], false);
        peer.data(stream, b"begun", false).expect("room");
        let before = net::now();
        assert_eq!(peer.whole(stream).await.reset, Some(Code::CANCEL));
        assert_eq!((net::now() - before).as_secs(), 30);
        assert_eq!(peer.get("/tea").await.status, 200);
        net::stop();
    });
}

/// §8.1: its answer is complete, and nobody reads the rest of its request.
#[test]
fn a_client_that_goes_on_behind_its_answer_is_told_to_stop() {
    for (timeout, bytes, expected) in [
        (Duration::from_secs(1), 1000, 1),
        (Duration::from_secs(7), 1000, 7),
        (Duration::ZERO, 0, 0),
        // Half of the window of 2,000 bytes.
        (Duration::MAX, 1000, 0),
    ] {
        simulate(async move {
            let change = |config: &mut Config| (config.stop_timeout, config.stream_window) = (timeout, 2000);
            serve(with(change), handler);
            let peer = Peer::connect().await;
            let stream = peer.open("POST", "/tea", &[], false);
            peer.until(|peer| peer.answer(stream).ended.then_some(())).await;
            let before = net::now();
            let sent = bytes.min(if timeout < Duration::MAX { 999 } else { 1000 });
            // Where the stream is gone by now, that has been said.
            peer.data(stream, &vec![0; sent], false).unwrap_or_default();
            peer.until(|peer| peer.answer(stream).reset).await;
            assert_eq!((peer.answer(stream).reset, (net::now() - before).as_secs()), (Some(Code::NO_ERROR), expected));
            assert_eq!(peer.get("/tea").await.status, 200);
            net::stop();
        });
    }
}

/// And one that ends is not.
#[test]
fn a_client_that_says_the_rest_in_time_is_not_reset() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let stream = peer.open("POST", "/tea", &[], false);
        peer.until(|peer| peer.answer(stream).ended.then_some(())).await;
        peer.data(stream, &[0; 1000], true).expect("room");
        assert_eq!(peer.get("/tea").await.status, 200);
        net::sleep(Duration::from_secs(5)).await;
        assert_eq!(peer.get("/tea").await.status, 200);
        assert_eq!(peer.answer(stream).reset, None);
        net::stop();
    });
}

#[test]
fn a_client_that_keeps_its_window_shut_is_not_waited_for() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        peer.stall();
        let stream = peer.open("GET", "/large", &[], true);
        let before = net::now();
        let answer = peer.whole(stream).await;
        assert_eq!((answer.reset, (net::now() - before).as_secs()), (Some(Code::CANCEL), 30));
        net::stop();
    });
}

#[test]
fn a_client_that_takes_no_bytes_is_broken_off() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let peer = Peer::with(Config { stream_window: 1 << 20, ..Config::default() }).await;
        assert_eq!(peer.get("/tea").await.status, 200);
        peer.open("GET", "/large", &[], true);
        peer.flush().await;
        let before = net::now();
        while server.connections() > 0 {
            net::sleep(Duration::from_secs(1)).await;
        }
        let took = (net::now() - before).as_secs();
        assert!((30..=32).contains(&took), "{took}");
        net::stop();
    });
}

#[test]
fn durations_of_nothing_and_of_for_ever_have_a_meaning() {
    for most in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        simulate(async move {
            let mut options = with(|config| {
                (config.preface_timeout, config.settings_timeout, config.body_timeout) = (most, most, most);
                (config.write_timeout, config.idle_timeout, config.ping_timeout) = (most, most, most);
                config.head_timeout = most;
                config.shutdown_timeout = most;
            });
            (options.http.write_timeout, options.http.linger_time, options.http.close_timeout) = (most, most, most);
            let server = serve(options, handler);
            if most == Duration::MAX {
                assert_eq!(Peer::connect().await.get("/tea").await.status, 200);
            } else {
                let peer = Peer::connect().await;
                peer.flush().await;
                // It may be given up at any moment, and it does not spin.
                net::timeout(Duration::from_secs(5), peer.to_the_end()).await.expect("nobody is waited for");
            }
            server.until(async {}).await;
            net::stop();
        });
    }
}
