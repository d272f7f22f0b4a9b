//! A connection without a stream rests after a quarter of a second: it has no task then, and nobody notices.

use crate::peer::{ADDRESS, Peer, serve, simulate, with};
use crate::server::handler;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Code, StreamId};
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};

/// After so long a connection rests.
const REST: Duration = Duration::from_millis(400);

#[test]
fn what_comes_while_it_rests_is_answered_again_and_again() {
    simulate(async {
        let open = Arc::new(Mutex::new(Vec::new()));
        let mut options = Options::default();
        for hook in [&mut options.http.hooks.connection, &mut options.http.hooks.close] {
            let open = open.clone();
            *hook = Some(Arc::new(move |count: &usize| open.lock().unwrap().push(*count)));
        }
        let server = serve(options, handler);
        let peer = Peer::connect().await;
        for path in ["/one", "/two", "/three"] {
            net::sleep(REST).await;
            assert_eq!(peer.get(path).await.text(), path);
            net::sleep(REST).await;
            // PING alone is answered, too.
            peer.raw(&[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]).await;
            peer.turn().await;
        }
        assert_eq!((server.connections(), &*open.lock().unwrap()), (1, &vec![1]), "one connection all the time");
        drop(peer);
        net::sleep(REST).await;
        assert_eq!((server.connections(), &*open.lock().unwrap()), (0, &vec![1, 0]), "who goes while it rests is gone");
        net::stop();
    });
}

#[test]
fn half_a_frame_and_half_a_handler_keep_it_awake() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/tea").await.status, 200);
        net::sleep(REST).await;
        let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        for piece in ping.chunks(5) {
            peer.raw(piece).await;
            net::sleep(REST).await;
        }
        let slow = peer.open("GET", "/slow", &[], true);
        peer.flush().await;
        net::sleep(REST).await;
        assert_eq!(peer.whole(slow).await.text(), "slow");
        net::stop();
    });
}

#[test]
fn what_is_due_while_it_rests_comes_in_its_moment() {
    simulate(async {
        serve(with(|config| config.idle_timeout = Duration::from_secs(20)), handler);
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/tea").await.status, 200);
        let before = net::now();
        peer.until(|peer| (!peer.goaways().is_empty()).then_some(())).await;
        let took = net::now() - before;
        assert!((Duration::from_millis(19_900)..Duration::from_millis(20_100)).contains(&took), "{took:?}");
        peer.to_the_end().await;
        who_never_acknowledges().await;
        net::stop();
    });
}

/// A client that never acknowledges our settings, and says nothing else, has ten seconds.
async fn who_never_acknowledges() {
    let stream = SimStream::connect(ADDRESS).await.expect("the server listens");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("a server that reads");
    let before = net::now();
    let (mut heard, mut bytes) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        heard.extend_from_slice(&bytes[..count]);
    }
    let took = net::now() - before;
    assert!((Duration::from_millis(9_900)..Duration::from_millis(10_100)).contains(&took), "{took:?}");
    assert!(heard.ends_with(&[0, 0, 0, 4]), "SETTINGS_TIMEOUT: {heard:?}");
}

#[test]
fn a_server_that_closes_or_breaks_off_wakes_those_that_rest() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/tea").await.status, 200);
        net::sleep(REST).await;
        server.close();
        peer.to_the_end().await;
        assert_eq!(peer.goaways(), [(StreamId::MAX, Code::NO_ERROR), (StreamId::new(1), Code::NO_ERROR)]);
        server.closed().await;
    });
    simulate(async {
        let server = serve(Options::default(), handler);
        let peers = [Peer::connect().await, Peer::connect().await];
        for peer in &peers {
            assert_eq!(peer.get("/tea").await.status, 200);
        }
        net::sleep(REST).await;
        server.abort();
        for peer in &peers {
            peer.to_the_end().await;
            assert!(peer.goaways().is_empty(), "it was broken off");
        }
        assert_eq!(server.connections(), 0);
        net::stop();
    });
}
