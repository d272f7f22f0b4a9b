//! Every limit of the client and its agent at nothing, at the least and at the most; how each is switched off; and what an
//! error tells.

use std::error::Error as _;
use std::io;
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Origin, Stage, Timeouts, request};
use wirebook_http1::parser::Limits;
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};
use wirebook_tests::http1_world::{ADDRESS, MILLISECOND, Peer, at, begin, counts, fetch, numbered, simulate, world};

const OFF: Timeouts = Timeouts {
    connect: Duration::MAX,
    head: Duration::MAX,
    body: Duration::MAX,
    continued: Duration::MAX,
    whole: Some(Duration::MAX),
};

#[test]
fn time_limits_that_are_off_wait_as_long_as_it_takes() {
    simulate(async {
        let long = Duration::from_secs(1_000);
        let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
            peer.head().await;
            net::sleep(long).await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no").await;
            net::sleep(long).await;
            peer.send("k").await;
        });
        let started = net::now();
        assert_eq!(fetch(&Options { timeouts: OFF, ..at(&agent, "/") }).await.expect("an answer"), "ok");
        assert!(net::now() - started >= 2 * long);
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}

#[test]
fn a_time_limit_of_zero_takes_what_is_there_at_once() {
    for (timeouts, stage) in [
        (Timeouts { connect: Duration::ZERO, ..OFF }, Stage::Connect),
        (Timeouts { head: Duration::ZERO, ..OFF }, Stage::Head),
        (Timeouts { body: Duration::ZERO, ..OFF }, Stage::Body),
        (Timeouts { whole: Some(Duration::ZERO), ..OFF }, Stage::Whole),
        (Timeouts { head: Duration::from_nanos(1), ..OFF }, Stage::Head),
    ] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
                peer.head().await;
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").await;
                net::sleep(Duration::from_secs(1)).await;
                peer.send("ok").await;
            });
            let outcome = fetch(&Options { timeouts, ..at(&agent, "/") }).await;
            assert!(matches!(&outcome, Err(Error::TimedOut(found)) if *found == stage), "{stage:?}: {outcome:?}");
            assert_eq!(counts(&agent), (0, 0, 0), "{stage:?}");
        });
    }
    // A whole body that is there needs no time.
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), numbered(Duration::ZERO));
        let timeouts = Timeouts { body: Duration::ZERO, ..OFF };
        assert_eq!(fetch(&Options { timeouts, ..at(&agent, "/") }).await.expect("an answer"), "0");
    });
}

#[test]
fn an_agent_that_allows_no_connection_says_so() {
    for options in [
        AgentOptions { max_sockets: 0, ..AgentOptions::default() },
        AgentOptions { max_total_sockets: 0, ..AgentOptions::default() },
    ] {
        simulate(async move {
            let (agent, _) = world(options, numbered(Duration::ZERO));
            assert!(matches!(fetch(&at(&agent, "/")).await, Err(Error::Option(_))));
            assert_eq!((counts(&agent), agent.origins().len()), ((0, 0, 0), 0));
        });
    }
}

#[test]
fn the_bounds_of_an_agent_at_their_edges() {
    let most = AgentOptions {
        max_sockets: usize::MAX,
        max_free_sockets: usize::MAX,
        max_total_sockets: usize::MAX,
        max_queued: usize::MAX,
        idle_timeout: Duration::MAX,
        ..AgentOptions::default()
    };
    for (options, sockets, queued, refused, kept) in [
        (most, 20, 0, 0, 20),
        (AgentOptions { max_sockets: 1, ..most }, 1, 19, 0, 1),
        (AgentOptions { max_total_sockets: 1, ..most }, 1, 19, 0, 1),
        (AgentOptions { max_sockets: 1, max_queued: 0, ..most }, 1, 0, 19, 1),
        (AgentOptions { max_sockets: 1, max_queued: 1, ..most }, 1, 1, 18, 1),
        (AgentOptions { max_free_sockets: 0, ..most }, 20, 0, 0, 0),
        (AgentOptions { max_free_sockets: 1, ..most }, 20, 0, 0, 1),
        (AgentOptions { max_free_sockets: 0, max_sockets: 1, ..most }, 1, 19, 0, 0),
        (AgentOptions { idle_timeout: Duration::ZERO, ..most }, 20, 0, 0, 0),
        (AgentOptions { idle_timeout: Duration::ZERO, max_sockets: 1, ..most }, 1, 19, 0, 0),
        (AgentOptions { keep_alive: false, max_sockets: 1, ..most }, 1, 19, 0, 0),
    ] {
        simulate(async move {
            let (agent, _) = world(options, numbered(Duration::from_secs(1)));
            let tasks: Vec<_> = (0..20)
                .map(|_| {
                    let agent = agent.clone();
                    net::spawn(async move { fetch(&at(&agent, "/")).await })
                })
                .collect();
            net::sleep(MILLISECOND).await;
            assert_eq!((agent.sockets(), agent.requests()), (sockets, queued), "{options:?}");
            let mut full = 0;
            for task in tasks {
                match task.await.expect("no panic") {
                    Ok(_) => {}
                    Err(Error::QueueFull) => full += 1,
                    Err(error) => panic!("{options:?}: {error}"),
                }
            }
            assert_eq!((full, counts(&agent)), (refused, (0, kept, 0)), "{options:?}");
            net::sleep(Duration::from_secs(1_000)).await;
            assert_eq!(agent.free(), kept, "{options:?}");
        });
    }
}

#[test]
fn a_connection_that_somebody_waits_for_is_kept_although_no_idle_one_may_be() {
    simulate(async {
        let options = AgentOptions { max_sockets: 1, max_free_sockets: 0, ..AgentOptions::default() };
        let (agent, _) = world(options, numbered(Duration::from_secs(1)));
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let agent = agent.clone();
                net::spawn(async move { fetch(&at(&agent, "/")).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.expect("no panic").expect("an answer"), "0", "no second connection");
        }
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

#[test]
fn an_idle_time_of_a_nanosecond_keeps_nothing_for_long() {
    simulate(async {
        let options = AgentOptions { idle_timeout: Duration::from_nanos(1), ..AgentOptions::default() };
        let (agent, _) = world(options, numbered(Duration::ZERO));
        fetch(&at(&agent, "/")).await.expect("an answer");
        net::sleep(10 * MILLISECOND).await;
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

#[test]
fn bounds_on_bodies_at_their_edges() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            while let Some(head) = peer.head().await {
                peer.answer(if head.contains("/empty") { "" } else { "x" }).await;
            }
        });
        for (path, max_body, limit, good) in [
            ("/empty", 0, 0, true),
            ("/", 0, 1, false),
            ("/", 1, 0, false),
            ("/", 1, 1, true),
            ("/", u64::MAX, usize::MAX, true),
        ] {
            let options = Options { max_body, ..at(&agent, path) };
            let body = begin(&options).await.bytes(limit).await;
            assert!(
                if good { body.is_ok() } else { matches!(body, Err(Error::BodyTooLarge)) },
                "{path} {max_body} {limit}"
            );
            assert_eq!(begin(&options).await.discard(limit).await.is_ok(), good, "{path} {max_body} {limit}");
        }
    });
}

#[test]
fn bounds_on_heads_at_their_edges() {
    for (limits, good) in [
        (Limits { head: 0, ..Limits::default() }, false),
        (Limits { head: 1, ..Limits::default() }, false),
        (Limits { head: usize::MAX, ..Limits::default() }, true),
    ] {
        simulate(async move {
            let (agent, _) = world(AgentOptions { limits, ..AgentOptions::default() }, numbered(Duration::ZERO));
            let outcome = fetch(&at(&agent, "/")).await;
            assert!(if good { outcome.is_ok() } else { matches!(outcome, Err(Error::Protocol(_))) }, "{outcome:?}");
        });
    }
}

#[test]
fn the_last_handle_of_an_agent_closes_its_idle_connections() {
    simulate(async {
        let (agent, log) =
            world(AgentOptions { idle_timeout: Duration::MAX, ..AgentOptions::default() }, numbered(Duration::ZERO));
        let other = agent.clone();
        fetch(&at(&agent, "/")).await.expect("an answer");
        drop(agent);
        net::sleep(MILLISECOND).await;
        assert!(!log.has("end of 0"), "a handle is left");
        drop(other);
        net::sleep(MILLISECOND).await;
        assert!(log.has("end of 0"));
    });
}

#[test]
fn an_agent_may_go_while_its_connections_are_in_use_and_requests_wait() {
    simulate(async {
        let options = AgentOptions { max_sockets: 1, ..AgentOptions::default() };
        let (agent, log) = world(options, numbered(Duration::from_secs(1)));
        let ask = |agent: Agent| net::spawn(async move { fetch(&at(&agent, "/")).await });
        let (first, second) = (ask(agent.clone()), ask(agent.clone()));
        net::sleep(MILLISECOND).await;
        drop(agent);
        assert_eq!(first.await.expect("no panic").expect("an answer"), "0");
        assert_eq!(second.await.expect("no panic").expect("an answer"), "0");
        net::sleep(MILLISECOND).await;
        assert!(log.has("end of 0"));
    });
}

#[test]
fn spurious_readiness_does_not_close_an_idle_connection_and_true_readiness_does() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            for _ in 0..3 {
                peer.head().await;
                peer.answer(&peer.number.to_string()).await;
            }
            net::sleep(100 * MILLISECOND).await;
            peer.send("unasked").await;
        });
        for _ in 0..3 {
            assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "0");
            net::fake_readiness();
            net::sleep(MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 1, 0));
        }
        net::sleep(110 * MILLISECOND).await;
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

#[test]
fn a_refused_connection_names_the_address_and_the_call() {
    // A port that was free a moment ago, and on which nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = net::run(async move {
        request(&Options { host: "127.0.0.1", port: address.port(), ..Options::default() }).await.map(drop)
    })
    .expect_err("nobody listens");
    assert_eq!(error.to_string(), format!("cannot connect to {address}: connection refused"));
    assert!(error.source().is_some());
    let Error::Connect(failed) = &error else { panic!("{error:?}") };
    assert_eq!((failed.call, &*failed.origin.host, failed.origin.port), ("connect to", "127.0.0.1", address.port()));
    let error = io::Error::from(error);
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains(&address.to_string()));
}

#[test]
fn every_kind_of_origin_has_its_name_in_errors() {
    for (options, name) in [
        (Options { host: "A.example", ..Options::default() }, "a.example:80"),
        (Options { host: "::1", port: 81, ..Options::default() }, "[::1]:81"),
        (Options { host: "[fe80::1%eth0]", ..Options::default() }, "[fe80::1%eth0]:80"),
        (Options { socket_path: Some(std::path::Path::new("/a.sock")), ..Options::default() }, "/a.sock"),
    ] {
        simulate(async move {
            let agent = Agent::with_connector(AgentOptions::default(), async |_: Origin| {
                Err::<SimStream, _>(io::Error::other("no way"))
            });
            let error = request(&Options { agent: Some(&agent), ..options }).await.expect_err("there is no way");
            assert_eq!(error.to_string(), format!("cannot connect to {name}: no way"));
        });
    }
}

#[test]
fn a_connection_that_fails_later_names_its_origin_too() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            if peer.number == 0 {
                return peer.stream.shutdown(std::net::Shutdown::Write).expect("open");
            }
            peer.stream.reset();
        });
        let options = Options { host: "a.example", ..at(&agent, "/") };
        let error = fetch(&options).await.expect_err("it ends before its answer");
        let text = error.to_string();
        assert_eq!(text, "cannot read from a.example:80: the server closed the connection before it answered");
        let error = fetch(&options).await.expect_err("it is reset");
        assert!(error.to_string().starts_with("cannot read from a.example:80: "), "{error}");
        let _ = SimStream::connect(ADDRESS).await.expect("it listens");
    });
}

#[test]
fn a_peer_that_vanishes_is_given_up() {
    // Neither bytes nor an end ever come: at every stage, the limit of that stage ends it.
    simulate(async {
        let timeouts = Timeouts { head: Duration::from_secs(7), body: Duration::from_secs(5), ..Timeouts::default() };
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            if peer.head().await.expect("a head").contains("/body") {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx").await;
            }
            std::future::pending::<()>().await;
        });
        let upload = vec![b'x'; 1 << 20];
        for (path, body, seconds) in [("/head", &b""[..], 7), ("/body", b"", 5), ("/upload", &upload, 5)] {
            let started = net::now();
            let exchange = async {
                let options = Options { method: "POST", timeouts, ..at(&agent, path) };
                request(&options).await?.end(body).await?.bytes(99).await
            };
            let outcome = exchange.await;
            assert!(matches!(outcome, Err(Error::TimedOut(_))), "{path}: {outcome:?}");
            assert_eq!(((net::now() - started).as_secs(), counts(&agent)), (seconds, (0, 0, 0)), "{path}");
        }
    });
}
