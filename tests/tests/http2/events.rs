//! Event sources through the agent: many on one connection, silent for as long as they like, and as hostile servers would have them.

use crate::again::{Says, scripted};
use crate::agent::Wires;
use crate::peer::{ADDRESS, serve, simulate};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::Origin;
use wirebook_http1::parser::Version;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_http2::client::{Agent, AgentOptions};
use wirebook_http2::server::Options;
use wirebook_http2::{self as http2, Code};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Listener, Stream};
use wirebook_sse::client::{Connecting, Notice};
use wirebook_sse::feed::Feed;
use wirebook_sse::server::serve_feed;
use wirebook_sse::url::Url;
use wirebook_sse::{Cause, Closed, EventSource, Settings};
use wirebook_tests::attacks::row::latin1;
use wirebook_tests::tls::{Authority, Time};

type Source = EventSource<TcpStream, fn(Url) -> Connecting>;

fn source(path: &str, settings: Settings, agent: &Agent) -> Source {
    EventSource::with_agent(&format!("https://a{path}"), settings, agent.clone()).expect("a good URL")
}

/// Nothing but the limits that a test is about.
fn quiet() -> Settings {
    Settings { silence_timeout: None, ..Settings::default() }
}

/// The next event's data; what is not an event is passed over.
async fn data(source: &mut Source) -> String {
    loop {
        if let Notice::Event(event) = source.next().await.expect("it goes on") {
            return event.data.to_owned();
        }
    }
}

/// A server of one feed, for both protocols.
fn serve_events(feed: &Feed) -> http1::Server {
    let feed = feed.clone();
    serve(Options::default(), async move |mut request: Request<'_>, response: Response<'_>| -> Outcome {
        let options = wirebook_sse::server::Options { heartbeat: Duration::MAX, ..Default::default() };
        serve_feed(&mut request, response, &feed, &options).await
    })
}

#[test]
fn twenty_event_sources_share_one_connection() {
    simulate(async {
        let feed = Feed::new(Default::default());
        let server = serve_events(&feed);
        let wires = Wires::new(true);
        let agent = wires.agent(AgentOptions::default());
        let mut sources: Vec<_> = (0..20).map(|_| source("/", quiet(), &agent)).collect();
        for source in &mut sources {
            assert_eq!(source.next().await, Ok(Notice::Open));
        }
        feed.publish("message", "to all").expect("an event");
        for source in &mut sources {
            assert_eq!(data(source).await, "to all");
        }
        assert_eq!((wires.connections(), server.connections()), (1, 1));
        // One that is dropped ends its stream and nobody else's.
        sources.truncate(1);
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(feed.subscribers(), 1);
        net::stop();
    });
}

/// Ten minutes of nothing are no fault of an event source, whatever carries it: the limits are its own.
#[test]
fn silence_is_its_own_to_judge() {
    for http2 in [true, false] {
        simulate(async move {
            let feed = Feed::new(Default::default());
            serve_events(&feed);
            let agent = Wires::new(http2).agent(AgentOptions::default());
            let mut patient = source("/", quiet(), &agent);
            assert_eq!(patient.next().await, Ok(Notice::Open));
            net::sleep(Duration::from_secs(600)).await;
            feed.publish("message", "late").expect("an event");
            assert_eq!(data(&mut patient).await, "late");
            let settings = Settings { silence_timeout: Some(Duration::from_secs(5)), ..Settings::default() };
            let mut impatient = source("/", settings, &agent);
            assert_eq!(impatient.next().await, Ok(Notice::Open));
            let before = net::now();
            assert!(matches!(impatient.next().await, Ok(Notice::Reconnecting { cause: Cause::Silence, .. })));
            assert_eq!((net::now() - before).as_secs(), 5);
            net::stop();
        });
    }
}

#[test]
fn it_comes_back_with_the_id_of_what_it_saw_last_and_by_whatever_is_spoken_then() {
    simulate(async {
        let wires = Wires::new(true);
        let agent = wires.agent(AgentOptions::default());
        let mut events = source("/", Settings { retry: Duration::from_millis(10), ..quiet() }, &agent);
        let seen = Rc::new(RefCell::new(Vec::new()));
        for (http2, version) in [(true, Version::Http2), (false, Version::Http11), (true, Version::Http2)] {
            wires.http2.set(http2);
            let asked = seen.clone();
            let server = serve(Options::default(), async move |request: Request<'_>, response: Response<'_>| {
                let id = request.header("last-event-id").unwrap_or(b"none").escape_ascii().to_string();
                asked.borrow_mut().push((request.version(), id));
                let number = asked.borrow().len();
                let mut response = response.header("content-type", "text/event-stream");
                response.write(format!("id: {number}\ndata: {number}\n\n")).await?;
                net::sleep(Duration::from_secs(1)).await;
                response.end("").await
            });
            let number = seen.borrow().len() + 1;
            assert_eq!(data(&mut events).await, number.to_string());
            let (spoken, id) = seen.borrow().last().cloned().expect("it was asked");
            let last = if number == 1 { "none".to_owned() } else { (number - 1).to_string() };
            assert_eq!((spoken, id), (version, last));
            server.close();
            assert!(matches!(events.next().await, Ok(Notice::Reconnecting { .. })));
            server.closed().await;
        }
        net::stop();
    });
}

/// The server is gone without a word, and its connection stands: who asks again on it must not wait for ever.
#[test]
fn a_connection_whose_other_end_has_vanished_is_given_up() {
    simulate(async {
        let feed = Feed::new(Default::default());
        let server = serve_events(&feed);
        let dead = Rc::new(Cell::new(false));
        let (is_dead, connections) = (dead.clone(), Rc::new(Cell::new(0)));
        let counted = connections.clone();
        // What a connection carries goes through here, until it is dead.
        let relay = SimListener::bind("10.0.0.9:80").expect("a free address");
        net::spawn(async move {
            while let Ok((near, _)) = relay.accept().await {
                let far = Rc::new(SimStream::connect(ADDRESS).await.expect("a server"));
                let (near, first) = (Rc::new(near), counted.replace(counted.get() + 1) == 0);
                for (from, to) in [(near.clone(), far.clone()), (far, near)] {
                    let is_dead = is_dead.clone();
                    net::spawn(async move {
                        let mut bytes = [0; 4096];
                        while let Ok(count @ 1..) = from.read(&mut bytes).await {
                            let passes = !(first && is_dead.get());
                            if passes && to.write_all(&bytes[..count]).await.is_err() {
                                return;
                            }
                        }
                    });
                }
            }
        });
        let agent = Agent::with_connector(AgentOptions::default(), async |_: Origin, _: &'static [&'static str]| {
            Ok((SimStream::connect("10.0.0.9:80").await?, Some("h2".to_owned())))
        });
        let settings = Settings { silence_timeout: Some(Duration::from_secs(40)), ..Settings::default() };
        let mut events = source("/", settings, &agent);
        assert_eq!(events.next().await, Ok(Notice::Open));
        dead.set(true);
        let before = net::now();
        while connections.get() < 2 {
            events.next().await.expect("it goes on trying");
        }
        let took = (net::now() - before).as_secs();
        assert!((40..90).contains(&took), "{took} seconds");
        feed.publish("message", "again").expect("an event");
        assert_eq!(data(&mut events).await, "again");
        drop(server);
        net::stop();
    });
}

/// Rows of `tests/attacks/sse.jsonl` that are a body and what it means, over HTTP/2.
#[test]
fn every_row_that_is_a_body() {
    let rows = include_str!("../../attacks/sse.jsonl").lines();
    let rows = rows.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let is_body = |row: &Value| {
        let steps = row["steps"].as_array().expect("steps");
        let known =
            |step: &Value| ["send", "send_repeat", "wait_ms"].contains(&step["op"].as_str().expect("an operation"));
        row["role"] == "sse-client" && steps.iter().all(known)
    };
    let mut played = 0;
    for row in rows.filter(is_body) {
        played += 1;
        simulate(async move {
            let steps = row["steps"].as_array().expect("steps").clone();
            serve(Options::default(), async move |_: Request<'_>, response: Response<'_>| -> Outcome {
                let mut response = response.header("content-type", "text/event-stream");
                for step in &steps {
                    net::sleep(Duration::from_millis(step["ms"].as_u64().unwrap_or(0))).await;
                    let data = latin1(step["data"].as_str().unwrap_or_default());
                    for _ in 0..step["count"].as_u64().unwrap_or(1) {
                        response.write(&data).await?;
                    }
                }
                response.end("").await
            });
            let mut settings = quiet();
            if let Some(most) = row["config"]["max_event"].as_u64() {
                (settings.limits.max_event, settings.limits.max_line) = (most as usize, most as usize);
            }
            let agent = Wires::new(true).agent(AgentOptions::default());
            let mut events = source("/", settings, &agent);
            let mut heard = Vec::new();
            let closed = loop {
                match events.next().await {
                    Ok(Notice::Event(event)) => heard.push((
                        event.event_type.to_owned(),
                        event.data.to_owned(),
                        event.id.unwrap_or_default().to_owned(),
                    )),
                    Ok(Notice::Open) => {}
                    Ok(Notice::Reconnecting { .. }) => break None,
                    Err(closed) => break Some(closed),
                }
            };
            let expected = row["expect"]["events"].as_array().expect("events");
            assert_eq!(heard.len(), expected.len(), "{}: {heard:?}, {closed:?}", row["id"]);
            for ((kind, data, id), expected) in heard.iter().zip(expected) {
                let says = |key: &str, text: &str| expected[key].as_str().is_none_or(|expected| expected == text);
                assert!(
                    says("event", kind) && says("data", data) && says("lastEventId", id),
                    "{}: {heard:?}",
                    row["id"]
                );
            }
            // Nothing was heard: the bounds have ended it for good.
            assert_eq!(expected.is_empty(), matches!(closed, Some(Closed::TooLarge(_))), "{}: {closed:?}", row["id"]);
            net::stop();
        });
    }
    assert!(played >= 12, "{played} rows");
}

/// Over sockets: `https:` speaks HTTP/2 where the server does, and HTTP/1.1 where it does not; a stranger's certificate is refused.
#[test]
fn over_tls_it_speaks_what_the_server_speaks() {
    let authority = Authority::default();
    let identity = authority.sign(&["localhost"], Time::Now).identity();
    net::block_on(async move {
        let handler = async |request: Request<'_>, response: Response<'_>| -> Outcome {
            let mut response = response.header("content-type", "text/event-stream");
            response.write(format!("data: {:?}\n\n", request.version())).await?;
            std::future::pending().await
        };
        let both = http2::serve_secure("127.0.0.1:0", &identity, handler).expect("a free port");
        let old = http1::serve_secure("127.0.0.1:0", &identity, handler).expect("a free port");
        for (server, version) in [(&both, "Http2"), (&old, "Http11")] {
            let url = format!("https://localhost:{}/", server.local_addr().expect("TCP").port());
            let connector = authority.connector(&Default::default());
            let mut events = EventSource::secure(&url, Settings::default(), connector).expect("a good URL");
            assert_eq!(data(&mut events).await, version);
            let nobody = wirebook_tls::Connector::new(wirebook_tls::Roots::none(), &Default::default());
            let mut events =
                EventSource::secure(&url, Settings::default(), nobody.expect("a connector")).expect("a good URL");
            let refused = "the certificate is signed by an authority that is not trusted here";
            match events.next().await {
                Ok(Notice::Reconnecting { cause, .. }) => assert_eq!(cause, Cause::Insecure(refused)),
                other => panic!("{other:?}"),
            }
        }
        net::stop();
        io::Result::Ok(())
    })
    .expect("a loop")
    .expect("no fault");
}

/// What a server says as it ends the stream or the connection is the reason to come back.
#[test]
fn a_server_that_refuses_is_quoted() {
    let told = |code: Code| Cause::Told(code.name().expect("a name"));
    for (says, cause) in [
        (Says::Reset(Code::INTERNAL_ERROR), told(Code::INTERNAL_ERROR)),
        (Says::Reset(Code::REFUSED_STREAM), told(Code::REFUSED_STREAM)),
        (Says::Reset(Code(0x17)), Cause::Told("a code that has no name")),
        (Says::Goaway(0, Code::ENHANCE_YOUR_CALM), told(Code::ENHANCE_YOUR_CALM)),
        (Says::Goaway(0, Code::NO_ERROR), Cause::Ended),
        (Says::Nonsense, Cause::NotHttp2("a message has all pseudo-fields of its kind")),
    ] {
        simulate(async move {
            scripted(move |_, _| says);
            let mut events = source("/", quiet(), &Wires::new(true).agent(AgentOptions::default()));
            match events.next().await {
                Ok(Notice::Reconnecting { cause: heard, .. }) => assert_eq!(heard, cause),
                other => panic!("{other:?}"),
            }
            net::stop();
        });
    }
    assert_eq!(told(Code::CANCEL).to_string(), "the server ended the stream: CANCEL");
}
