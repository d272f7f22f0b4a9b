//! Rough networks: cuts, short writes, small windows, uneven delays.

use crate::peer::{Peer, explore, rough, serve};
use crate::server::handler;
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Code, Config, Event};
use wirebook_net as net;
use wirebook_net::sim::{self, Faults};

#[test]
fn every_client_gets_its_own_answers() {
    explore(rough, |seed| async move {
        let server = serve(Options::default(), handler);
        let clients = (0..2).map(|client| {
            net::spawn(async move {
                let stream_window = [2000, 65_535, 1 << 20][(seed + client) as usize % 3];
                let peer = Peer::with(Config { stream_window, ..Config::default() }).await;
                let body = |request| format!("/{seed}/{client}/{request}").repeat(1 + (seed as usize * 7 % 300));
                let streams: Vec<_> = (0..4_u32)
                    .map(|request| match request % 3 {
                        0 => peer.open("GET", &format!("/{seed}/{client}/{request}"), &[], true),
                        1 => peer.open("GET", "/slow", &[], true),
                        _ => peer.open("POST", "/echo", &[], false),
                    })
                    .collect();
                if seed % 5 == 0 {
                    peer.say(Event::Reset { stream: streams[1], code: Code::CANCEL }).expect("an open stream");
                }
                peer.upload(streams[2], body(2).as_bytes()).await;
                for (request, stream) in streams.iter().enumerate() {
                    if request == 1 && seed % 5 == 0 {
                        continue;
                    }
                    let answer = peer.whole(*stream).await;
                    let expected = match request {
                        1 => "slow".to_owned(),
                        2 => body(2),
                        _ => format!("/{seed}/{client}/{request}"),
                    };
                    assert!(answer.ended && answer.text() == expected, "{request}: {:?}", answer.status);
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.expect("a client that was answered");
        }
        server.close();
        server.closed().await;
    });
}

/// Connections that break at any moment leave nothing behind.
#[test]
fn whatever_breaks_nothing_is_left() {
    explore(
        |seed| sim::Config {
            faults: Faults { reset: 0.05, refuse: 0.0, ..Faults::rough() },
            ..sim::Config::rough(seed)
        },
        |_| async move {
            let server = serve(Options::default(), handler);
            let peer = Peer::connect().await;
            let streams = ["/slow", "/large", "/echo"].map(|path| peer.open("POST", path, &[], false));
            peer.data(streams[2], &[0; 5000], true).unwrap_or_default();
            net::timeout(Duration::from_secs(2), peer.to_the_end()).await.unwrap_or_default();
            drop(peer);
            net::sleep(Duration::from_secs(5)).await;
            assert_eq!(server.connections(), 0);
            net::stop();
        },
    );
}
