//! HTTP, WebSocket and server-sent events over TLS: clients and servers of the house with each other.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Origin, get, request};
use wirebook_http1::server::{self, Hooks};
use wirebook_http1::{self as http1, Outcome, Request, Response, Server};
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_sse::client::Notice;
use wirebook_sse::{self as sse, EventSource, Settings, feed::Feed};
use wirebook_tests::asked;
use wirebook_tests::tls::{Authority, Time, self_signed};
use wirebook_tls::{Acceptor, Connector, Identity, Roots, TlsListener, TlsStream};
use wirebook_websocket::{self as websocket, Fault, Message};

/// Runs a future on a loop, which ends with it: its servers are not waited for.
fn on_a_loop<T: 'static>(future: impl Future<Output = T> + 'static) -> io::Result<T> {
    net::block_on(async {
        let result = future.await;
        net::stop();
        result
    })
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::default);

/// A server's identity, for this machine's names.
fn identity() -> Identity {
    static IDENTITY: LazyLock<Identity> =
        LazyLock::new(|| AUTHORITY.sign(&["localhost", "127.0.0.1", "server.example"], Time::Now).identity());
    IDENTITY.clone()
}

fn connector() -> Connector {
    AUTHORITY.connector(&Default::default())
}

fn agent() -> Agent {
    Agent::with_tls(AgentOptions::default(), connector())
}

async fn handler(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    match request.path() {
        "/echo" => {
            let body = request.bytes(1 << 24).await?;
            response.end(body).await
        }
        "/down" => response.status(302).header("location", "http://127.0.0.1:1/").end("").await,
        "/peer" => response.end(format!("{} {}", request.scheme(), request.peer_addr().is_some())).await,
        "/until-close" => {
            let mut response = response.header("connection", "close");
            response.write("all of it").await?;
            response.end("").await
        }
        path => response.end(path).await,
    }
}

fn serve() -> (Server, String) {
    let server = http1::serve_secure("127.0.0.1:0", &identity(), handler).expect("a free port");
    let url = format!("https://localhost:{}", server.local_addr().expect("TCP").port());
    (server, url)
}

#[test]
fn https_is_asked_for_with_an_agent_and_its_connection_is_kept() {
    let served = on_a_loop(async {
        let (server, url) = serve();
        let agent = agent();
        let options = Options { agent: Some(&agent), ..Options::default() };
        for path in ["/tea", "/peer", "/until-close", "/tea"] {
            let mut response = get(&format!("{url}{path}"), &options).await?;
            let expected = match path {
                "/peer" => "https true",
                "/until-close" => "all of it",
                path => path,
            };
            assert_eq!(response.bytes(100).await?, expected.as_bytes(), "{path}");
        }
        assert_eq!((agent.free(), server.connections()), (1, 1));
        let big: Vec<u8> = (0..3_000_000u32).map(|at| at as u8).collect();
        let port = server.local_addr().expect("TCP").port();
        let options = Options { secure: true, port, method: "POST", path: "/echo", ..options };
        let response = request(&options).await?.end(&big[..]).await?;
        assert_eq!(response.status(), 413, "a server's default is a mebibyte");
        drop(response);
        let options = Options {
            secure: true,
            port,
            host: "localhost",
            method: "POST",
            path: "/echo",
            agent: Some(&agent),
            ..Options::default()
        };
        let mut response = request(&options).await?.end(&big[..1_000_000]).await?;
        assert!(response.bytes(1 << 24).await? == big[..1_000_000]);
        // From https to http nobody is led in secret.
        let options = Options { agent: Some(&agent), max_redirects: 3, ..Options::default() };
        assert!(matches!(get(&format!("{url}/down"), &options).await, Err(Error::Redirect(_))));
        server.until(async {}).await;
        Ok::<_, Error>(())
    });
    served.expect("a loop").expect("every answer");
}

#[test]
fn https_without_an_agent_believes_the_webs_authorities_and_says_why_not() {
    let refused = on_a_loop(async {
        let (_server, url) = serve();
        get(&url, &Options::default()).await.err().map(|error| error.to_string())
    });
    let text = refused.expect("a loop").expect("nobody has heard of this authority");
    assert!(text.starts_with("cannot connect to localhost:") && text.ends_with("not trusted here"), "{text}");
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let words = |identity: Identity, connector: Connector, host: &'static str| {
        let refused = on_a_loop(async move {
            let server = http1::serve_secure("127.0.0.1:0", &identity, handler).expect("a free port");
            let agent = Agent::with_tls(AgentOptions::default(), connector);
            let port = server.local_addr().expect("TCP").port();
            let options = Options { agent: Some(&agent), ..Options::default() };
            get(&format!("https://{host}:{port}/"), &options).await.err().map(|error| error.to_string())
        });
        refused.expect("a loop").expect("a refusal")
    };
    let signed = |names: &[&str], time| AUTHORITY.sign(names, time).identity();
    assert!(
        words(signed(&["tea.example"], Time::Now), connector(), "localhost")
            .ends_with("is for another name: tea.example")
    );
    assert!(words(signed(&["localhost"], Time::Past), connector(), "localhost").ends_with("has expired"));
    assert!(words(signed(&["localhost"], Time::Now), connector(), "127.0.0.1").contains("another name"));
    let alone = self_signed(&["localhost"]).identity();
    assert!(words(alone, connector(), "localhost").contains("signed by itself"));
    let nobody = Connector::new(Roots::none(), &Default::default()).expect("a connector");
    assert!(
        words(identity(), nobody, "localhost").contains("an authority that is not trusted here"),
        "nothing is pinned"
    );
}

#[test]
fn http_to_a_port_of_tls_is_answered_and_tls_to_a_port_of_http_is_named() {
    let both = on_a_loop(async {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hearing = heard.clone();
        let open_error: server::Hook<io::Error> =
            Arc::new(move |error| hearing.lock().expect("a hook").push(error.to_string()));
        let options =
            server::Options { hooks: Hooks { open_error: Some(open_error), ..Hooks::default() }, ..Default::default() };
        let acceptor = Acceptor::new(&identity(), &Default::default()).expect("an acceptor");
        let secure = http1::server::serve_secure_with("127.0.0.1:0", acceptor, options, handler).expect("a free port");
        let url = format!("http://{}/", secure.local_addr().expect("TCP"));
        let mut response = get(&url, &Options::default()).await?;
        assert_eq!(response.status(), 400);
        assert!(response.bytes(1_000).await?.ends_with(b"use https\n"));
        assert_eq!(*heard.lock().expect("a hook"), ["the other end speaks HTTP in clear text here, and not TLS"]);

        let plain = http1::serve("127.0.0.1:0", handler).expect("a free port");
        let url = format!("https://{}/", plain.local_addr().expect("TCP"));
        let agent = agent();
        let asked = get(&url, &Options { agent: Some(&agent), ..Options::default() }).await;
        let Err(error) = asked else { panic!("no TLS was spoken") };
        assert!(error.to_string().contains("HTTP in clear text"), "{error}");
        Ok::<_, Error>(())
    });
    both.expect("a loop").expect("answers");
}

const ADDRESS: &str = "10.0.0.1:443";

fn simulated(options: server::Options) -> Server {
    let acceptor = Acceptor::new(&identity(), &Default::default()).expect("an acceptor");
    http1::serve_on(TlsListener::new(SimListener::bind(ADDRESS).expect("an address"), acceptor), options, handler)
}

async fn to_the_server(_: Origin) -> io::Result<TlsStream<SimStream>> {
    thread_local!(static CONNECTOR: Connector = connector());
    CONNECTOR.with(Clone::clone).connect(SimStream::connect(ADDRESS).await?, "server.example").await
}

#[test]
fn rough_networks_between_an_agent_and_a_server() {
    sim::explore(asked("WIREBOOK_TRIALS", 200), Config::rough, |_| async {
        let server = simulated(server::Options::default());
        let agent = Agent::with_connector(AgentOptions { max_sockets: 2, ..AgentOptions::default() }, to_the_server);
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let agent = agent.clone();
                let body = vec![b'x'; sim::random_below(30_000) as usize];
                net::spawn(async move {
                    let options = Options {
                        agent: Some(&agent),
                        method: "POST",
                        path: "/echo",
                        secure: true,
                        ..Options::default()
                    };
                    let mut response = request(&options).await?.end(&body[..]).await?;
                    assert!(response.bytes(1 << 20).await? == body);
                    Ok::<_, Error>(())
                })
            })
            .collect();
        for one in asking {
            one.await.expect("a task").expect("an answer");
        }
        server.until(async {}).await;
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn a_silent_client_is_closed_and_one_in_the_middle_of_its_hello_has_ten_seconds() {
    sim::run(1, async {
        let server = simulated(server::Options::default());
        let begin = net::now();
        let silent = SimStream::connect(ADDRESS).await.expect("a listener");
        let half = SimStream::connect(ADDRESS).await.expect("a listener");
        half.write_all(b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc").await.expect("a server");
        assert_eq!(silent.read(&mut [0; 10]).await.expect("an end"), 0);
        let first = net::now() - begin;
        assert!((5..7).contains(&first.as_secs()), "a connection that says nothing may idle as any other: {first:?}");
        let _ = half.read(&mut [0; 10]).await;
        let second = (net::now() - begin).as_millis();
        assert!(second.abs_diff(10_000) < 5, "{second} ms");
        // A server that closes waits for no handshake.
        let half = SimStream::connect(ADDRESS).await.expect("a listener");
        half.write_all(b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc").await.expect("a server");
        net::sleep(Duration::from_secs(1)).await;
        let begin = net::now();
        server.until(async {}).await;
        assert!(net::now() - begin < Duration::from_secs(1));
    })
    .expect("a simulation");
}

#[test]
fn every_end_is_said_by_both() {
    sim::run(1, async {
        let server = simulated(server::Options::default());
        let stream = to_the_server_alone().await;
        stream.write_all(b"GET /tea HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a server");
        let mut all = Vec::new();
        let mut bytes = [0; 1_000];
        loop {
            // It idles, and is closed: an end that was not said would be an error here.
            match stream.read(&mut bytes).await.expect("an end that was said") {
                0 => break,
                count => all.extend_from_slice(&bytes[..count]),
            }
        }
        assert!(all.ends_with(b"/tea"));
        server.until(async {}).await;
    })
    .expect("a simulation");
}

async fn to_the_server_alone() -> TlsStream<SimStream> {
    connector().connect(SimStream::connect(ADDRESS).await.expect("a listener"), "server.example").await.expect("TLS")
}

#[test]
fn a_message_that_ends_with_its_connection_is_whole_only_if_that_was_said() {
    for said in [true, false] {
        sim::run(1, async move {
            let listener = TlsListener::new(
                SimListener::bind(ADDRESS).expect("an address"),
                Acceptor::new(&identity(), &Default::default()).expect("an acceptor"),
            );
            net::spawn(async move {
                use net::Listener;
                let (stream, _) = listener.accept().await.expect("a client");
                let mut bytes = [0; 1_000];
                let _ = stream.read(&mut bytes).await;
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nas long as it lasts").await.expect("a client");
                if said {
                    stream.shutdown(std::net::Shutdown::Write).expect("an open half");
                }
            });
            let agent = Agent::with_connector(AgentOptions::default(), to_the_server);
            let options = Options { agent: Some(&agent), secure: true, ..Options::default() };
            let mut response = request(&options).await.expect("a connection").end("").await.expect("a head");
            let body = response.bytes(1_000).await;
            assert_eq!(body.is_ok(), said, "{body:?}");
        })
        .expect("a simulation");
    }
}

#[test]
fn websockets_speak_over_tls() {
    let spoken = on_a_loop(async {
        let server = websocket::serve_secure("127.0.0.1:0", &identity(), async |mut reader, writer| {
            while let Some(message) = reader.next().await? {
                writer.send(message).await?;
            }
            Ok(())
        })
        .expect("a free port");
        let url = format!("wss://localhost:{}/", server.local_addr().port());
        let (mut reader, writer) = websocket::connect_secure(&url, &connector()).await?;
        for text in ["hello", "again"] {
            writer.send(text).await?;
            assert_eq!(reader.next().await?, Some(Message::text(text)));
        }
        let large = vec![7; 900_000];
        writer.send(large.clone()).await?;
        assert!(reader.next().await? == Some(Message::binary(&large)));
        writer.close(websocket::Code::NORMAL, "")?;
        assert_eq!(reader.next().await?, None);
        // What cannot be is told.
        assert_eq!(websocket::connect(&url).await.err(), Some(Fault::Secure));
        assert_eq!(websocket::connect_secure("ws://a/", &connector()).await.err(), Some(Fault::Url));
        let nobody = Connector::new(Roots::none(), &Default::default()).expect("a connector");
        let refused = websocket::connect_secure(&url, &nobody).await.err().expect("nobody is trusted");
        assert!(matches!(&refused, Fault::Tls(why) if why.contains("not trusted here")), "{refused}");
        server.until(async {}).await;
        Ok::<_, Fault>(())
    });
    spoken.expect("a loop").expect("every message");
}

/// One connector for clients of every kind: each offers what it speaks, so that a server that speaks both is taken at its word.
#[test]
fn who_speaks_one_protocol_offers_no_other() {
    let spoken = on_a_loop(async {
        let options = wirebook_http2::server::Options::default();
        let server = wirebook_http2::server::serve_secure_with(
            "127.0.0.1:0",
            &identity(),
            options,
            async |request, response| {
                if request.path() != "/socket" {
                    return handler(request, response).await;
                }
                let Some(mut socket) = websocket::upgrade(request, response, &Default::default()).await? else {
                    return Ok(());
                };
                while let Some(message) = socket.reader.next().await? {
                    socket.writer.send(message).await?;
                }
                Ok(())
            },
        )
        .expect("a free port");
        let port = server.local_addr().expect("TCP").port();
        for protocols in [&["h2", "http/1.1"][..], &["h2"], &["http/1.1"], &[]] {
            let connector = connector().offering(protocols);
            let agent = Agent::with_tls(AgentOptions::default(), connector.clone());
            let options = Options { agent: Some(&agent), ..Options::default() };
            let url = format!("https://localhost:{port}/tea");
            assert_eq!(get(&url, &options).await.expect("an answer").bytes(100).await.expect("content"), b"/tea");
            let (mut reader, writer) =
                websocket::connect_secure(&format!("wss://localhost:{port}/socket"), &connector).await?;
            writer.send("hello").await?;
            assert_eq!(reader.next().await?, Some(Message::text("hello")));
            let session = wirebook_http2::client::Session::connect_secure("localhost", port, &connector).await;
            let answer = session.expect("HTTP/2").request("GET", "/tea").send(b"").await;
            assert_eq!(answer.expect("an answer").bytes(100).await.expect("content"), b"/tea");
        }
        Ok::<_, Fault>(())
    });
    spoken.expect("a loop").expect("every message");
}

#[test]
fn event_sources_listen_over_tls() {
    on_a_loop(async {
        let feed = Feed::new(Default::default());
        let server = sse::serve_secure("127.0.0.1:0", &identity(), feed.clone()).expect("a free port");
        let url = format!("https://localhost:{}/", server.local_addr().expect("TCP").port());
        feed.publish("message", "before").expect("a feed");
        let mut source = EventSource::secure(&url, Settings::default(), connector()).expect("a URL");
        assert_eq!(source.next().await.expect("open"), Notice::Open);
        feed.publish("message", "hello").expect("a feed");
        match source.next().await.expect("an event") {
            Notice::Event(event) => assert_eq!(event.data, "hello"),
            other => panic!("{other:?}"),
        }
        drop(source);
        assert!(EventSource::new(&url).is_err(), "without TLS no https");
        let nobody = Connector::new(Roots::none(), &Default::default()).expect("a connector");
        let mut source = EventSource::secure(&url, Settings::default(), nobody).expect("a URL");
        match source.next().await.expect("it goes on trying") {
            Notice::Reconnecting { cause, .. } => {
                assert!(cause.to_string().ends_with("signed by an authority that is not trusted here"), "{cause}");
            }
            other => panic!("{other:?}"),
        }
        drop(source);
        server.until(async {}).await;
    })
    .expect("a loop");
}

#[test]
fn a_redirect_from_https_to_http_ends_an_event_source() {
    sim::run(1, async {
        let acceptor = Acceptor::new(&identity(), &Default::default()).expect("an acceptor");
        let listener = TlsListener::new(SimListener::bind(ADDRESS).expect("an address"), acceptor);
        let _server = http1::serve_on(listener, Default::default(), handler);
        let asked: Rc<RefCell<u32>> = Rc::default();
        let asking = asked.clone();
        let connect = move |_| {
            *asking.borrow_mut() += 1;
            Box::pin(to_the_server_alone_result())
        };
        let settings = Settings { secure: true, ..Settings::default() };
        let mut source =
            EventSource::with_connector("https://server.example/down", settings, 1, connect).expect("a URL");
        let closed = source.next().await.expect_err("it goes no further");
        assert_eq!(closed, sse::Closed::Redirect(sse::url::UrlError::Downgrade));
        assert_eq!(*asked.borrow(), 1);
    })
    .expect("a simulation");
}

async fn to_the_server_alone_result() -> io::Result<TlsStream<SimStream>> {
    Ok(to_the_server_alone().await)
}
