//! The agent: one connection for an origin that speaks HTTP/2, several for one that does not, and what is remembered of them.

use crate::peer::{ADDRESS, explore, rough, serve, simulate};
use crate::server::handler;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;
use wirebook_http1::client::{Origin, Timeouts};
use wirebook_http1::parser::Version;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_http2::client::{Agent, AgentOptions, Error, HTTP1_TIME, MAX_ORIGINS};
use wirebook_http2::server::Options;
use wirebook_http2::{self as http2, Code};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::tls::{Authority, Time};
use wirebook_tls::{Acceptor, Identity, TlsListener, TlsStream};

/// What stands between an agent and the servers of the simulation.
#[derive(Default)]
pub(crate) struct Wires {
    /// What both ends agree on.
    pub(crate) http2: Cell<bool>,
    /// For each connection, how many protocols were offered.
    offers: RefCell<Vec<usize>>,
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
async fn ask(agent: &Agent, method: &str, url: &str, body: &str) -> Result<(Version, u16, String), Error> {
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

/// What a scripted server says to a request.
#[derive(Clone, Copy)]
enum Says {
    Answer,
    Reset(Code),
    /// No stream above that one counts.
    Goaway(u8, Code),
    /// What a server of HTTP/1.1 says to the preface.
    BadRequest,
}

/// A server that says to each request what `says` has for it, given the number of its connection and its own on it, from 0 on; it speaks
/// HTTP/1.1 as well. Each request of these tests is one HEADERS frame.
fn scripted(says: impl Fn(usize, usize) -> Says + 'static) -> Rc<Cell<usize>> {
    let requests = Rc::new(Cell::new(0));
    let (counted, says) = (requests.clone(), Rc::new(says));
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    net::spawn(async move {
        for connection in 0.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            let (counted, says) = (counted.clone(), says.clone());
            net::spawn(async move { converse(&stream, connection, &*says, &counted).await });
        }
    });
    requests
}

/// Until either end has had enough.
async fn converse(
    stream: &SimStream,
    connection: usize,
    says: &dyn Fn(usize, usize) -> Says,
    requests: &Cell<usize>,
) -> Option<()> {
    let (mut heard, mut answered, mut greeted) = (Vec::new(), 0, false);
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes).await {
            Ok(count @ 1..) => heard.extend_from_slice(&bytes[..count]),
            _ => return None,
        }
        if !heard.starts_with(b"PRI") {
            requests.set(requests.get() + 1);
            heard.clear();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.ok()?;
            continue;
        }
        for id in streams(&heard).split_off(answered) {
            let said = says(connection, answered);
            if let Says::BadRequest = said {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await.ok()?;
                stream.shutdown(std::net::Shutdown::Write).ok()?;
                // Who ends with bytes unread takes its own answer back.
                while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
                return None;
            }
            if !std::mem::replace(&mut greeted, true) {
                stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.ok()?;
            }
            requests.set(requests.get() + 1);
            answered += 1;
            let code = |code: Code| code.0 as u8;
            let said = match said {
                Says::Answer => vec![0, 0, 1, 1, 5, 0, 0, 0, id, 0x88],
                Says::Reset(reason) => vec![0, 0, 4, 3, 0, 0, 0, 0, id, 0, 0, 0, code(reason)],
                Says::Goaway(last, reason) => vec![0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, code(reason)],
                Says::BadRequest => return None,
            };
            stream.write_all(&said).await.ok()?;
        }
    }
}

/// The streams that were opened.
fn streams(heard: &[u8]) -> Vec<u8> {
    let mut rest = heard.strip_prefix(http2::wire::PREFACE).unwrap_or_default();
    let mut found = Vec::new();
    while rest.len() >= 9 {
        if rest[3] == 1 {
            found.push(rest[8]);
        }
        rest = rest.get(9 + usize::from(rest[2])..).unwrap_or_default();
    }
    found
}

#[test]
fn rfc9113_8_7_what_goaway_leaves_out_is_made_again_elsewhere() {
    simulate(async {
        // The first connection answers its first stream, and has looked at no other.
        scripted(|connection, request| match (connection, request) {
            (0, 1) => Says::Goaway(1, Code::NO_ERROR),
            _ => Says::Answer,
        });
        let wires = Wires::new(true);
        let agent = wires.agent(AgentOptions::default());
        // A POST is made again as well: the server has not looked at it.
        let all: Vec<_> = ["GET", "POST"]
            .map(|method| {
                let agent = agent.clone();
                net::spawn(async move { ask(&agent, method, "https://a/", "").await.expect("an answer").1 })
            })
            .into();
        for each in all {
            assert_eq!(each.await.expect("a task"), 200);
        }
        assert_eq!(wires.connections(), 2, "one connection for both, and one for what was left out");
        net::stop();
    });
}

#[test]
fn rfc9113_8_7_a_refused_stream_is_opened_again_once() {
    for (refusals, answered) in [(0, true), (1, true), (2, false)] {
        simulate(async move {
            let requests = scripted(
                move |_, request| {
                    if request < refusals { Says::Reset(Code::REFUSED_STREAM) } else { Says::Answer }
                },
            );
            let wires = Wires::new(true);
            let answer = ask(&wires.agent(AgentOptions::default()), "POST", "https://a/", "").await;
            assert_eq!(answer.is_ok(), answered, "{answer:?}");
            assert!(answered || matches!(answer, Err(Error::Unprocessed)));
            assert_eq!((requests.get(), wires.connections()), (refusals + usize::from(answered), 1));
            net::stop();
        });
    }
}

#[test]
fn other_resets_are_no_reason_to_ask_again() {
    for code in [Code::CANCEL, Code::INTERNAL_ERROR, Code::PROTOCOL_ERROR, Code::ENHANCE_YOUR_CALM] {
        simulate(async move {
            let requests = scripted(move |_, _| Says::Reset(code));
            let answer = ask(&Wires::new(true).agent(AgentOptions::default()), "GET", "https://a/", "").await;
            assert!(matches!(answer, Err(Error::Reset(why)) if why == code), "{answer:?}");
            assert_eq!(requests.get(), 1);
            net::stop();
        });
    }
}

#[test]
fn a_connection_that_ends_in_the_middle_is_no_reason_to_ask_again() {
    simulate(async {
        let times = Rc::new(Cell::new(0));
        let counted = times.clone();
        let listener = SimListener::bind(ADDRESS).expect("a free address");
        net::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a client");
                counted.set(counted.get() + 1);
                stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.expect("a client");
                net::sleep(Duration::from_millis(10)).await;
            }
        });
        let agent = Wires::new(true).agent(AgentOptions::default());
        let answer = ask(&agent, "POST", "https://a/", "x").await;
        assert!(matches!(answer, Err(Error::Ended | Error::Io(_))), "{answer:?}");
        assert_eq!(times.get(), 1);
        net::stop();
    });
}

/// RFC 9113 §7: said of a request by RST_STREAM, or of the connection by GOAWAY; and by a server that never spoke HTTP/2 at all.
#[test]
fn who_wants_http1_gets_it_in_the_same_call_and_for_five_minutes() {
    for says in [Says::Reset(Code::HTTP_1_1_REQUIRED), Says::Goaway(0, Code::HTTP_1_1_REQUIRED), Says::BadRequest] {
        simulate(async move {
            scripted(move |_, _| says);
            let wires = Wires::new(true);
            let agent = wires.agent(AgentOptions::default());
            let expected = (Version::Http11, 200, "ok".to_owned());
            assert_eq!(ask(&agent, "POST", "https://a/", "").await.expect("an answer"), expected);
            assert_eq!(wires.offers.take(), [2, 1], "then HTTP/1.1 alone was offered");
            net::sleep(HTTP1_TIME - Duration::from_secs(1)).await;
            assert_eq!(ask(&agent, "GET", "https://a/", "").await.expect("an answer"), expected);
            assert_eq!(wires.offers.take(), [1]);
            net::sleep(HTTP1_TIME).await;
            assert_eq!(ask(&agent, "GET", "https://a/", "").await.expect("an answer"), expected);
            assert_eq!(wires.offers.take(), [2, 1], "asked again whether it still is so");
            net::stop();
        });
    }
}

/// A server leaves at any moment, and its next life takes its place: every request is answered, and none is done twice. What is told as an
/// error was done by nobody.
#[test]
fn a_server_that_leaves_at_any_moment_loses_nothing_and_does_nothing_twice() {
    explore(rough, |seed| async move {
        let done: Rc<RefCell<BTreeMap<String, u32>>> = Rc::default();
        let counted = done.clone();
        let handler = async move |mut request: Request<'_>, response: Response<'_>| -> Outcome {
            *counted.borrow_mut().entry(request.path().to_owned()).or_default() += 1;
            let body = request.bytes(1000).await?;
            net::sleep(Duration::from_millis(3)).await;
            response.end(body).await
        };
        let first = serve(Options::default(), handler.clone());
        let agent = Wires::new(true).agent(AgentOptions::default());
        let asking: Vec<_> = (0..20)
            .map(|n| {
                let (agent, done) = (agent.clone(), done.clone());
                net::spawn(async move {
                    net::sleep(Duration::from_millis(n)).await;
                    let (url, body) = (format!("https://a/{n}"), format!("order {n}"));
                    loop {
                        match ask(&agent, "POST", &url, &body).await {
                            Ok((_, status, text)) => return assert_eq!((status, text), (200, body)),
                            Err(error) => {
                                let is_done = done.borrow().contains_key(&format!("/{n}"));
                                assert!(!is_done, "seed {seed}: {n} was done, and ended with {error:?}");
                                net::sleep(Duration::from_millis(1)).await;
                            }
                        }
                    }
                })
            })
            .collect();
        net::sleep(Duration::from_micros(seed.wrapping_mul(0x9e37_79b9) % 40_000)).await;
        first.close();
        let listener = loop {
            match SimListener::bind(ADDRESS) {
                Ok(listener) => break listener,
                Err(_) => net::sleep(Duration::from_micros(100)).await,
            }
        };
        http2::serve_on(listener, Options::default(), handler);
        for each in asking {
            each.await.expect("an answer");
        }
        let done = done.borrow();
        assert_eq!((done.len(), done.values().sum::<u32>()), (20, 20), "seed {seed}: {done:?}");
        net::stop();
    });
}

/// Its answer and its end may be read at once, or one after the other.
#[test]
fn on_rough_networks_who_never_spoke_http2_is_asked_by_http1() {
    explore(rough, |_| async move {
        scripted(|_, _| Says::BadRequest);
        let agent = Wires::new(true).agent(AgentOptions::default());
        let answer = ask(&agent, "POST", "https://a/", "").await;
        assert_eq!(answer.expect("an answer"), (Version::Http11, 200, "ok".to_owned()));
        net::stop();
    });
}

/// A connector that says `h2` whatever was offered, and a server that wants HTTP/1.1: somebody has to give up.
#[test]
fn who_changes_his_mind_for_ever_is_left() {
    simulate(async {
        let requests = scripted(|_, _| Says::Reset(Code::HTTP_1_1_REQUIRED));
        let agent = Agent::with_connector(AgentOptions::default(), async |_: Origin, _: &'static [&'static str]| {
            Ok((SimStream::connect(ADDRESS).await?, Some("h2".to_owned())))
        });
        assert!(ask(&agent, "GET", "https://a/", "").await.is_err());
        assert!(requests.get() <= 2, "{}", requests.get());
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
