//! The agent in the simulated network: order, counts, time, giving up, and bytes that nobody asked for.

use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Options, request};
use wirebook_http1::{self as http1, server};
use wirebook_net::{self as net, Stream};
use wirebook_tests::http1_world::{Log, MILLISECOND, Peer, at, begin, counts, fetch, numbered, simulate, world};

#[test]
fn requests_queue_in_order_behind_max_sockets() {
    simulate(async {
        let options = AgentOptions { max_sockets: 2, ..AgentOptions::default() };
        let (agent, _) = world(options, numbered(Duration::from_secs(1)));
        let done = Log::default();
        let tasks: Vec<_> = (0..7)
            .map(|number| {
                let (agent, done) = (agent.clone(), done.clone());
                net::spawn(async move {
                    let body = fetch(&at(&agent, "/")).await.expect("an answer");
                    done.note(number.to_string());
                    body
                })
            })
            .collect();
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (2, 0, 5));
        assert_eq!(agent.origins()[0].requests, 5);
        for task in tasks {
            assert!(["0", "1"].contains(&&*task.await.expect("no panic")), "no third connection");
        }
        assert_eq!(*done.0.borrow(), ["0", "1", "2", "3", "4", "5", "6"]);
        assert_eq!(counts(&agent), (0, 2, 0));
    });
}

#[test]
fn the_connection_that_was_used_last_is_used_next() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), numbered(Duration::ZERO));
        let mut open = [begin(&at(&agent, "/")).await, begin(&at(&agent, "/")).await, begin(&at(&agent, "/")).await];
        // Heads are there, bodies too: only the reading gives the connections back, in this order.
        for (at, wanted) in [(1, "1"), (0, "0"), (2, "2")] {
            assert_eq!(open[at].bytes(9).await.expect("a body"), wanted.as_bytes());
        }
        assert_eq!(counts(&agent), (0, 3, 0));
        for _ in 0..3 {
            assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "2");
        }
    });
}

#[test]
fn idle_connections_end_after_their_time() {
    simulate(async {
        let (agent, log) = world(AgentOptions::default(), numbered(Duration::ZERO));
        fetch(&at(&agent, "/")).await.expect("an answer");
        net::sleep(Duration::from_millis(3_990)).await;
        assert_eq!(counts(&agent), (0, 1, 0));
        net::sleep(Duration::from_millis(20)).await;
        assert_eq!(counts(&agent), (0, 0, 0));
        net::sleep(MILLISECOND).await;
        assert!(log.has("end of 0"));
    });
}

#[test]
fn a_server_may_shorten_the_idle_time() {
    for (hint, seconds) in [("timeout=3", 2), ("max=5, timeout=2", 1), ("timeout=99", 4), ("timeout=-1", 4)] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.send(&format!("HTTP/1.1 200 OK\r\nKeep-Alive: {hint}\r\nContent-Length: 0\r\n\r\n")).await;
            });
            fetch(&at(&agent, "/")).await.expect("an answer");
            // A connection over its time is not used, whether the sweep has come or not.
            net::sleep(Duration::from_secs(seconds) - 2 * MILLISECOND).await;
            assert_eq!(agent.free(), 1, "{hint}");
            net::sleep(4 * MILLISECOND).await;
            assert!(!request(&at(&agent, "/")).await.expect("a connection").is_reused(), "{hint}");
        });
    }
}

#[test]
fn idle_connections_do_not_keep_the_loop_alive() {
    let started = std::time::Instant::now();
    let address = wirebook_tests::server::start(server::Options::default(), async |_: http1::Request<'_>, response| {
        http1::Response::end(response, "x").await
    });
    net::block_on(async move {
        let agent = Agent::default();
        let options = Options { host: "127.0.0.1", port: address.port(), ..at(&agent, "/") };
        fetch(&options).await.expect("an answer");
        assert_eq!(agent.free(), 1);
        // The loop ends although the agent lives as long as the process.
        std::mem::forget(agent);
    })
    .expect("the loop ends");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn max_free_sockets_bounds_what_is_kept() {
    simulate(async {
        let options = AgentOptions { max_free_sockets: 1, ..AgentOptions::default() };
        let (agent, log) = world(options, numbered(Duration::ZERO));
        let open = [begin(&at(&agent, "/")).await, begin(&at(&agent, "/")).await];
        for mut response in open {
            response.discard(9).await.expect("a body");
        }
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (0, 1, 0));
        assert!(log.has("end of 1"));
    });
}

#[test]
fn without_keep_alive_the_agent_only_counts_and_queues() {
    simulate(async {
        let options = AgentOptions { keep_alive: false, max_sockets: 1, ..AgentOptions::default() };
        let (agent, _) = world(options, async |peer: &Peer| {
            let head = peer.head().await.expect("a request");
            assert!(head.contains("connection: close\r\n"), "{head}");
            peer.answer(&peer.number.to_string()).await;
        });
        assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "0");
        assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "1");
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

#[test]
fn giving_up_in_a_body_closes_the_connection_and_serves_the_next() {
    simulate(async {
        let options = AgentOptions { max_sockets: 1, ..AgentOptions::default() };
        let (agent, log) = world(options, async |peer: &Peer| {
            peer.head().await;
            match peer.number {
                0 => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await,
                _ => peer.answer("whole").await,
            }
        });
        let mut response = begin(&at(&agent, "/")).await;
        assert_eq!(response.chunk().await.expect("a piece"), Some(&b"half"[..]));
        let mine = agent.clone();
        let next = net::spawn(async move { fetch(&at(&mine, "/")).await });
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (1, 0, 1));
        drop(response);
        assert_eq!(next.await.expect("no panic").expect("an answer"), "whole");
        assert!(log.has("end of 0"));
    });
}

#[test]
fn giving_up_a_request_closes_its_connection_at_every_stage() {
    for stage in 0..3 {
        simulate(async move {
            let (agent, log) = world(AgentOptions::default(), async |peer: &Peer| drop(peer.head().await));
            let mut upload = request(&Options { method: "POST", ..at(&agent, "/") }).await.expect("a connection");
            if stage > 0 {
                upload.write("piece").await.expect("a write");
            }
            if stage > 1 {
                assert!(net::timeout(MILLISECOND, upload.response()).await.is_err());
            }
            drop(upload);
            net::sleep(MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 0, 0), "{stage}");
            assert!(log.has("end of 0"), "{stage}");
        });
    }
}

#[test]
fn giving_up_in_the_queue_leaves_it() {
    simulate(async {
        let options = AgentOptions { max_sockets: 1, ..AgentOptions::default() };
        let (agent, _) = world(options, numbered(Duration::from_secs(1)));
        let spawn = |timeout: u64| {
            let agent = agent.clone();
            net::spawn(async move {
                net::timeout(Duration::from_millis(timeout), async { fetch(&at(&agent, "/")).await }).await
            })
        };
        let tasks = [spawn(10_000), spawn(500), spawn(10_000)];
        net::sleep(MILLISECOND).await;
        assert_eq!(agent.requests(), 2);
        net::sleep(500 * MILLISECOND).await;
        assert_eq!(agent.requests(), 1);
        let [first, second, third] = tasks;
        assert!(first.await.expect("no panic").is_ok());
        assert!(second.await.expect("no panic").is_err());
        assert_eq!(third.await.expect("no panic").expect("in time").expect("an answer"), "0");
    });
}

#[test]
fn a_dropped_response_whose_rest_has_arrived_keeps_its_connection() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), numbered(Duration::ZERO));
        drop(begin(&at(&agent, "/")).await);
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}

#[test]
fn bytes_that_nobody_asked_for_close_an_idle_connection_at_once() {
    for unasked in ["x", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL", "HTTP/1.1 408 Request Timeout\r\n\r\n", ""]
    {
        simulate(async move {
            let (agent, log) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.answer("fine").await;
                net::sleep(100 * MILLISECOND).await;
                match unasked {
                    "" => peer.stream.shutdown(std::net::Shutdown::Write).expect("open"),
                    bytes => peer.send(bytes).await,
                }
            });
            fetch(&at(&agent, "/")).await.expect("an answer");
            net::sleep(99 * MILLISECOND).await;
            assert_eq!(agent.free(), 1);
            net::sleep(3 * MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 0, 0), "{unasked:?}");
            assert!(log.has("end of 0"));
        });
    }
}

/// A full agent gives up the connection that has idled longest, whichever origin it belongs to, and the one that was used since stays.
#[test]
fn a_full_agent_closes_what_has_idled_longest() {
    simulate(async {
        let options = AgentOptions { max_total_sockets: 2, ..AgentOptions::default() };
        let (agent, log) = world(options, numbered(Duration::ZERO));
        let ask = async |host: &'static str| {
            net::sleep(MILLISECOND).await;
            fetch(&Options { host, ..at(&agent, "/") }).await.expect("an answer")
        };
        assert_eq!([ask("a").await, ask("b").await, ask("a").await], ["0", "1", "0"]);
        assert_eq!(counts(&agent), (0, 2, 0));
        // Of a and b, b has idled longer.
        assert_eq!(ask("c").await, "2");
        net::sleep(MILLISECOND).await;
        assert!(log.has("end of 1") && !log.has("end of 0"));
        assert_eq!(ask("a").await, "0");
        assert_eq!(counts(&agent), (0, 2, 0));
        // An origin without a connection is not remembered, so ten thousand of them cost nothing.
        assert_eq!(agent.origins().len(), 2);
        net::sleep(Duration::from_secs(5)).await;
        assert_eq!((counts(&agent), agent.origins().len()), ((0, 0, 0), 0));
    });
}
