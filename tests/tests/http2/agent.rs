//! The agent: one connection for an origin that speaks HTTP/2, several for one that does not, and what is remembered of them.

use crate::peer::{ADDRESS, explore, rough, serve, simulate};
use crate::server::handler;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;
use wirebook_http1::client::{Origin, Timeouts};
use wirebook_http1::parser::Version;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_http2 as http2;
use wirebook_http2::client::{Agent, AgentOptions, Error, MAX_ORIGINS};
use wirebook_http2::server::Options;
use wirebook_net as net;
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_tests::tls::{Authority, Time};
use wirebook_tls::{Acceptor, Identity, TlsListener, TlsStream};

/// What stands between an agent and the servers of the simulation.
#[derive(Default)]
pub(crate) struct Wires {
    /// What both ends agree on.
    pub(crate) http2: Cell<bool>,
    /// For each connection, how many protocols were offered.
    pub(crate) offers: RefCell<Vec<usize>>,
    fails: Cell<bool>,
    delay: Cell<Duration>,
}

impl Wires {
    pub(crate) fn new(http2: bool) -> Rc<Wires> {
        let wires = Wires::default();
        wires.http2.set(http2);
        Rc::new(wires)
    }

    pub(crate) fn agent(self: &Rc<Self>, options: AgentOptions) -> Agent {
        let wires = self.clone();
        Agent::with_connector(options, async move |_: Origin, protocols: &'static [&'static str]| {
            wires.offers.borrow_mut().push(protocols.len());
            if !wires.delay.get().is_zero() {
                net::sleep(wires.delay.get()).await;
            }
            if wires.fails.get() {
                return Err(io::ErrorKind::HostUnreachable.into());
            }
            let agreed = wires.http2.get() && protocols.contains(&"h2");
            Ok((SimStream::connect(ADDRESS).await?, agreed.then(|| "h2".to_owned())))
        })
    }

    pub(crate) fn connections(&self) -> usize {
        self.offers.borrow().len()
    }
}

/// Asks, and gives the protocol and the text of the answer.
pub(crate) async fn ask(agent: &Agent, method: &str, url: &str, body: &str) -> Result<(Version, u16, String), Error> {
    let mut answer = agent.request(method, url)?.send(body).await?;
    let text = answer.bytes(1 << 20).await?;
    Ok((answer.version(), answer.status(), String::from_utf8(text).expect("text")))
}

/// The same, many times at once.
async fn ask_all(agent: &Agent, count: usize) -> Vec<Result<(Version, u16, String), Error>> {
    let all: Vec<_> = (0..count)
        .map(|n| {
            let agent = agent.clone();
            net::spawn(async move { ask(&agent, "GET", &format!("https://a/{n}"), "").await })
        })
        .collect();
    let mut answers = Vec::new();
    for each in all {
        answers.push(each.await.expect("a task"));
    }
    answers
}

#[test]
fn twenty_first_requests_share_one_connection() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let wires = Wires::new(true);
        let agent = wires.agent(AgentOptions::default());
        for (n, answer) in ask_all(&agent, 20).await.into_iter().enumerate() {
            assert_eq!(answer.expect("an answer"), (Version::Http2, 200, format!("/{n}")));
        }
        assert_eq!((wires.connections(), server.connections()), (1, 1));
        // Another name for the same server is another origin: nothing is shared.
        ask(&agent, "GET", "https://b/", "").await.expect("an answer");
        assert_eq!(wires.connections(), 2);
        agent.close();
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.connections(), 0);
        net::stop();
    });
}

#[test]
fn where_http1_is_spoken_it_is_found_out_once_and_then_has_its_five_connections() {
    simulate(async {
        serve(Options::default(), handler);
        let wires = Wires::new(false);
        let agent = wires.agent(AgentOptions::default());
        for (n, answer) in ask_all(&agent, 20).await.into_iter().enumerate() {
            assert_eq!(answer.expect("an answer"), (Version::Http11, 200, format!("/{n}")));
        }
        assert_eq!(wires.connections(), 5, "the one by which it became known serves too");
        ask(&agent, "GET", "https://a/", "").await.expect("an answer");
        assert_eq!(wires.connections(), 5);
        assert!(matches!(agent.session("https://a/").await, Err(Error::NotSpoken)));
        net::stop();
    });
}

#[test]
fn both_protocols_are_asked_the_same() {
    simulate(async {
        serve(Options::default(), handler);
        for (http2, version) in [(true, "Http2"), (false, "Http11")] {
            let agent = Wires::new(http2).agent(AgentOptions::default());
            let who = ask(&agent, "GET", "http://a/who", "").await.expect("an answer").2;
            assert_eq!(who, format!("GET /who Some(\"a\") http {version}"));
            let who = ask(&agent, "GET", "http://[2001:DB8::1]:8000/who", "").await.expect("an answer").2;
            assert_eq!(who, format!("GET /who Some(\"[2001:db8::1]:8000\") http {version}"));
            assert_eq!(ask(&agent, "POST", "http://a/echo", "tea").await.expect("an answer").2, "tea");
            let mut answer = agent.request("POST", "http://a/trailers").expect("a URL").send("x").await.expect("one");
            assert!(matches!(answer.bytes(3).await, Err(Error::TooLarge)));
            assert!(agent.request("GET", "ftp://a/").is_err() && agent.request("GET", "tea").is_err());
            let refused = agent.request("GET", "http://a/").expect("a URL").header("a b", "").send("").await;
            assert!(matches!(refused, Err(Error::Field(_))), "{refused:?}");
        }
        net::stop();
    });
}

#[test]
fn a_users_name_is_sent_by_both() {
    simulate(async {
        serve(Options::default(), async |request: Request<'_>, response: Response<'_>| -> Outcome {
            response.end(request.header("authorization").unwrap_or_default().to_vec()).await
        });
        for http2 in [true, false] {
            let agent = Wires::new(http2).agent(AgentOptions::default());
            assert_eq!(ask(&agent, "GET", "http://tea:pot@a/", "").await.expect("an answer").2, "Basic dGVhOnBvdA==");
            assert_eq!(ask(&agent, "GET", "http://a/", "").await.expect("an answer").2, "");
        }
        net::stop();
    });
}

/// The server behind a name is replaced by one that speaks the other protocol; the next request finds it out, in the same call.
#[test]
fn what_is_remembered_gets_old() {
    simulate(async {
        let wires = Wires::new(true);
        let agent = wires.agent(AgentOptions::default());
        for (http2, version) in [(true, Version::Http2), (false, Version::Http11), (true, Version::Http2)] {
            wires.http2.set(http2);
            let server = serve(Options::default(), handler);
            // A POST too: nothing was sent before the protocol is known.
            let answer = ask(&agent, "POST", "https://a/echo", "once").await.expect("an answer");
            assert_eq!(answer, (version, 200, "once".to_owned()));
            server.close();
            server.closed().await;
            drop(server);
            net::sleep(Duration::from_secs(1)).await;
        }
        assert!(wires.offers.borrow().iter().all(|offers| *offers == 2), "both are offered each time");
        net::stop();
    });
}

#[test]
fn who_waits_for_a_connection_hears_that_there_is_none_and_the_next_one_tries_again() {
    simulate(async {
        serve(Options::default(), handler);
        let wires = Wires::new(true);
        let agent = wires.agent(AgentOptions::default());
        wires.fails.set(true);
        wires.delay.set(Duration::from_millis(1));
        for answer in ask_all(&agent, 20).await {
            assert!(matches!(answer, Err(Error::Io(_))), "{answer:?}");
        }
        assert_eq!(wires.connections(), 1, "one attempt for all of them");
        wires.fails.set(false);
        assert!(ask_all(&agent, 20).await.iter().all(Result::is_ok));
        assert_eq!(wires.connections(), 2);
        net::stop();
    });
}

#[test]
fn who_stops_connecting_lets_the_others_try() {
    simulate(async {
        serve(Options::default(), handler);
        let wires = Wires::new(true);
        wires.delay.set(Duration::from_secs(1));
        let agent = wires.agent(AgentOptions::default());
        let first = agent.clone();
        let first = net::spawn(async move {
            net::timeout(Duration::from_millis(500), ask(&first, "GET", "https://a/", "")).await.is_err()
        });
        assert!(ask_all(&agent, 3).await.iter().all(Result::is_ok));
        assert!(first.await.expect("a task"), "it had given up");
        assert_eq!(wires.connections(), 2);
        net::stop();
    });
}

#[test]
fn so_many_origins_are_remembered_and_one_more_makes_the_oldest_forgotten() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let wires = Wires::new(true);
        let agent = wires.agent(AgentOptions::default());
        let ask_origin = async |n: usize| {
            ask(&agent, "GET", &format!("https://h{n}/"), "").await.expect("an answer");
            std::mem::take(&mut *wires.offers.borrow_mut()).len()
        };
        for n in 0..MAX_ORIGINS {
            assert_eq!(ask_origin(n).await, 1);
        }
        assert_eq!(ask_origin(0).await, 0, "all of them are known");
        assert_eq!(ask_origin(MAX_ORIGINS).await, 1);
        assert_eq!((ask_origin(0).await, ask_origin(1).await), (0, 1), "the second one was asked longest ago");
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.connections(), MAX_ORIGINS, "the connections of those that were forgotten have ended");
        net::stop();
    });
}

/// Zero, the least there is, and no limit.
#[test]
fn the_two_limits_hold_for_both_protocols() {
    simulate(async {
        serve(Options::default(), handler);
        let wires = Wires::new(true);
        wires.delay.set(Duration::from_millis(1));
        let limits = |connect, whole| AgentOptions {
            timeouts: Timeouts { connect, whole, ..Timeouts::default() },
            ..AgentOptions::default()
        };
        for http2 in [true, false] {
            wires.http2.set(http2);
            for short in [Duration::ZERO, Duration::from_nanos(1)] {
                for options in [limits(short, None), limits(Duration::MAX, Some(short))] {
                    let late = ask(&wires.agent(options), "GET", "https://a/", "").await;
                    let is_late = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
                    assert!(matches!(&late, Err(Error::Io(error)) if is_late(error)), "{late:?}");
                }
            }
            let options = limits(Duration::MAX, Some(Duration::MAX));
            assert_eq!(ask(&wires.agent(options), "GET", "https://a/slow", "").await.expect("an answer").2, "slow");
        }
        net::stop();
    });
}

#[test]
fn on_rough_networks_every_request_has_its_answer() {
    explore(rough, |seed| async move {
        serve(Options::default(), handler);
        let wires = Wires::new(seed % 2 == 0);
        let agent = wires.agent(AgentOptions::default());
        for (n, answer) in ask_all(&agent, 10).await.into_iter().enumerate() {
            assert_eq!(answer.expect("an answer").2, format!("/{n}"));
        }
        assert_eq!(wires.connections(), if seed % 2 == 0 { 1 } else { 5 });
        net::stop();
    });
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::default);

fn identity() -> Identity {
    static IDENTITY: LazyLock<Identity> = LazyLock::new(|| AUTHORITY.sign(&["localhost"], Time::Now).identity());
    IDENTITY.clone()
}

/// Over sockets, with what the handshake says.
#[test]
fn over_tls_the_handshake_says_what_is_spoken() {
    net::block_on(async {
        let both = http2::serve_secure("127.0.0.1:0", &identity(), handler).expect("a free port");
        let old = http1::serve_secure("127.0.0.1:0", &identity(), handler).expect("a free port");
        let agent = Agent::with_tls(AgentOptions::default(), AUTHORITY.connector(&Default::default()));
        for (server, version) in [(&both, Version::Http2), (&old, Version::Http11)] {
            let port = server.local_addr().expect("TCP").port();
            for _ in 0..2 {
                let (spoken, _, who) =
                    ask(&agent, "GET", &format!("https://localhost:{port}/who"), "").await.expect("an answer");
                assert_eq!(spoken, version);
                assert_eq!(who, format!("GET /who Some(\"localhost:{port}\") https {version:?}"));
            }
            let body = "x".repeat(700_000);
            let answer = ask(&agent, "POST", &format!("https://localhost:{port}/whole"), &body).await;
            assert_eq!(answer.expect("an answer").2, "700000 bytes");
        }
        let stranger = Agent::default();
        let port = both.local_addr().expect("TCP").port();
        let refused = ask(&stranger, "GET", &format!("https://localhost:{port}/"), "").await;
        assert!(matches!(refused, Err(Error::Io(_))), "{refused:?}");
        net::stop();
    })
    .expect("a loop");
}

/// One port; the server behind it is replaced by one of HTTP/1.1, and that one by the first.
#[test]
fn over_tls_what_is_remembered_gets_old() {
    simulate(async {
        let connector = AUTHORITY.connector(&Default::default());
        let agent = Agent::with_connector(
            AgentOptions::default(),
            async move |origin: Origin, protocols: &'static [&'static str]| {
                let stream = SimStream::connect(ADDRESS).await?;
                let stream = connector.offering(protocols).connect(stream, &origin.host).await?;
                let agreed = stream.protocol();
                Ok((stream, agreed))
            },
        );
        let both: &[&str] = &["h2", "http/1.1"];
        for (protocols, version) in
            [(both, Version::Http2), (&["http/1.1"], Version::Http11), (&[], Version::Http11), (both, Version::Http2)]
        {
            let protocols = protocols.iter().map(|name| (*name).to_owned()).collect();
            let options = wirebook_tls::Options { protocols, ..Default::default() };
            let acceptor = Acceptor::new(&identity(), &options).expect("an acceptor");
            let listener = TlsListener::new(SimListener::bind(ADDRESS).expect("a free address"), acceptor);
            let spoken = |stream: &TlsStream<SimStream>| stream.protocol();
            let server = http2::serve_secure_on(listener, Options::default(), handler, spoken);
            let answer = ask(&agent, "POST", "https://localhost/echo", "once").await.expect("an answer");
            assert_eq!(answer, (version, 200, "once".to_owned()));
            server.close();
            server.closed().await;
            drop(server);
            net::sleep(Duration::from_secs(1)).await;
        }
        net::stop();
    });
}
