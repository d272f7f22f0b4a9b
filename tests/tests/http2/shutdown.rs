//! A server that closes loses nothing (RFC 9113 §6.8).

use crate::peer::{ADDRESS, Peer, serve, simulate, with};
use crate::server::handler;
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Code, StreamId};
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net};

#[test]
fn goaway_comes_in_two_steps_and_what_was_asked_is_answered() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let idle = Peer::connect().await;
        idle.turn().await;
        let slow = peer.open("GET", "/slow", &[], true);
        peer.flush().await;
        net::sleep(Duration::from_secs(1)).await;
        server.close();
        // On its way when the server says that it will leave: it is answered all the same.
        let late = peer.open("GET", "/late", &[], true);
        assert_eq!(peer.whole(late).await.text(), "/late");
        assert_eq!(peer.whole(slow).await.text(), "slow");
        peer.to_the_end().await;
        assert_eq!(peer.goaways(), [(StreamId::MAX, Code::NO_ERROR), (late, Code::NO_ERROR)]);
        idle.to_the_end().await;
        assert_eq!(idle.goaways(), [(StreamId::MAX, Code::NO_ERROR), (StreamId::CONNECTION, Code::NO_ERROR)]);
        server.closed().await;
        assert!(SimStream::connect(ADDRESS).await.is_err(), "nobody listens any more");
    });
}

#[test]
fn a_server_that_retires_says_so_where_something_happens_and_leaves_idle_connections_be() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let (peer, idle) = (Peer::connect().await, Peer::connect().await);
        assert_eq!(peer.get("/tea").await.status, 200);
        idle.turn().await;
        server.retire();
        assert_eq!(peer.get("/coffee").await.status, 200);
        peer.to_the_end().await;
        assert_eq!(peer.goaways().first(), Some(&(StreamId::MAX, Code::NO_ERROR)));
        net::sleep(Duration::from_secs(1)).await;
        assert!(idle.goaways().is_empty(), "nothing happened there");
        assert_eq!(idle.get("/late").await.status, 200);
        idle.to_the_end().await;
        server.close();
        server.closed().await;
    });
}

#[test]
fn a_client_that_does_not_answer_the_ping_is_given_a_second() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/tea").await.status, 200);
        let before = net::now();
        server.close();
        server.closed().await;
        let took = net::now() - before;
        assert!((Duration::from_secs(1)..Duration::from_millis(1100)).contains(&took), "{took:?}");
        drop(peer);
    });
}

#[test]
fn what_does_not_end_is_broken_off() {
    simulate(async {
        let mut options = Options::default();
        options.http.close_timeout = Duration::from_secs(2);
        let server = serve(options, async |_: wirebook_http2::Request<'_>, _: wirebook_http2::Response<'_>| {
            std::future::pending().await
        });
        let peer = Peer::connect().await;
        peer.open("GET", "/", &[], true);
        peer.flush().await;
        net::sleep(Duration::from_secs(1)).await;
        let before = net::now();
        server.until(async {}).await;
        assert_eq!((net::now() - before).as_secs(), 2);
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn a_connection_that_has_carried_enough_is_shut_down() {
    simulate(async {
        serve(with(|config| config.max_requests = 3), handler);
        let peer = Peer::connect().await;
        for _ in 0..3 {
            assert_eq!(peer.get("/tea").await.status, 200);
        }
        peer.to_the_end().await;
        assert_eq!(peer.goaways().len(), 2);
        net::stop();
    });
}

#[test]
fn a_client_that_leaves_is_answered_first() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let slow = peer.open("GET", "/slow", &[], true);
        // GOAWAY(0, NO_ERROR).
        peer.raw(&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).await;
        assert_eq!(peer.whole(slow).await.text(), "slow");
        peer.to_the_end().await;
        drop(peer);
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.connections(), 0);
        net::stop();
    });
}

/// An answer that has no end of its own is told, and says good-bye by itself.
#[test]
fn an_answer_without_an_end_hears_that_the_server_closes() {
    simulate(async {
        let server = serve(
            Options::default(),
            async |_: wirebook_http2::Request<'_>, mut response: wirebook_http2::Response<'_>| loop {
                if net::timeout(Duration::from_secs(1), response.closing()).await.is_ok() {
                    return response.end("good-bye").await;
                }
                response.write("tick ").await?;
            },
        );
        let peer = Peer::connect().await;
        let asked = peer.open("GET", "/", &[], true);
        peer.flush().await;
        net::sleep(Duration::from_millis(2_500)).await;
        let before = net::now();
        server.close();
        assert_eq!(peer.whole(asked).await.text(), "tick tick good-bye");
        assert!(net::now() - before < Duration::from_secs(1));
        drop(peer);
        server.closed().await;
    });
}
