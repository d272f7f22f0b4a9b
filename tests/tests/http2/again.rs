//! The agent, when a server has not looked at a request or wants it in the other way: what is asked again, and what never is.

use crate::agent::{Wires, ask};
use crate::peer::{ADDRESS, explore, rough, serve, simulate};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::Origin;
use wirebook_http1::parser::Version;
use wirebook_http1::{Outcome, Request, Response};
use wirebook_http2::client::{Agent, AgentOptions, Error, HTTP1_TIME};
use wirebook_http2::server::Options;
use wirebook_http2::{self as http2, Code};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};

/// What a scripted server says to a request.
#[derive(Clone, Copy)]
pub(crate) enum Says {
    Answer,
    Reset(Code),
    /// No stream above that one counts.
    Goaway(u8, Code),
    /// What a server of HTTP/1.1 says to the preface.
    BadRequest,
    /// A head without a status.
    Nonsense,
}

/// A server that says to each request what `says` has for it, given the number of its connection and its own on it, from 0 on; it speaks
/// HTTP/1.1 as well. Each request of these tests is one HEADERS frame.
pub(crate) fn scripted(says: impl Fn(usize, usize) -> Says + 'static) -> Rc<Cell<usize>> {
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
                Says::Nonsense => vec![0, 0, 0, 1, 5, 0, 0, 0, id],
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
            assert!(answered || matches!(answer, Err(Error::Unprocessed(_))));
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
