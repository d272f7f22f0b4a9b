//! WebSockets on streams of HTTP/2 (RFC 8441): the same handler as over HTTP/1.1, on the same port.

use crate::peer::{ADDRESS, Peer, explore, rough, serve, simulate, with};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http2::client::{Error, Opened, Session};
use wirebook_http2::server::Options as H2Options;
use wirebook_http2::{Config, Misuse, Outcome, Request, Response};
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};
use wirebook_websocket::handshake::server::Policy;
use wirebook_websocket::handshake::{Origin, client};
use wirebook_websocket::{self as websocket, Code, Connected, Deflate, Limits, Message, Options};

/// Echoes; what is a text that names a code is answered with a farewell.
async fn handler(request: Request<'_>, response: Response<'_>) -> Outcome {
    match request.path() {
        "/echo" => echo(request, response).await,
        "/deaf" => {
            let stream = response.upgrade(request).await?.stream;
            net::sleep(Duration::from_secs(20)).await;
            drop(stream);
            Ok(())
        }
        "/other" => {
            let stream = response.upgrade(request).await?.stream;
            let all = net::timeout(Duration::from_secs(1), async {
                let mut bytes = [0; 100];
                let count = std::future::poll_fn(|context| {
                    std::task::ready!(stream.poll_readable(context))?;
                    std::task::Poll::Ready(stream.try_read(&mut bytes))
                });
                count.await.map(|count| bytes[..count].to_vec())
            });
            let heard = all.await.map_err(std::io::Error::from)??;
            stream.try_write(&[&b"heard "[..], &heard].concat())?;
            Ok(())
        }
        path => response.end(path).await,
    }
}

async fn echo(request: Request<'_>, response: Response<'_>) -> Outcome {
    let policy = Policy { origin: Origin::Everyone, protocols: vec!["tea".into()] };
    let limits = Limits { message: 1_000_000, ..Limits::default() };
    let config = websocket::Config { deflate: Some(Deflate::default()), limits, ..websocket::Config::default() };
    let options = Options { policy, config: Arc::new(config), ..Options::default() };
    let Some(mut socket) = websocket::upgrade(request, response, &options).await? else { return Ok(()) };
    while let Some(message) = socket.reader.next().await? {
        match message.as_text() {
            Some("leave") => socket.writer.close(Code(4001), "as you wish")?,
            _ => socket.writer.send(message).await?,
        }
    }
    Ok(())
}

fn options() -> H2Options {
    with(|config| config.extended_connect = true)
}

async fn connect() -> Session {
    with_config(Config::default()).await
}

async fn with_config(config: Config) -> Session {
    Session::over(SimStream::connect(ADDRESS).await.expect("a server"), "a", Arc::new(config))
}

/// A WebSocket on a stream of the session.
async fn open(session: &Session, target: &str) -> Result<Connected<Rc<dyn Stream>>, Error> {
    let config = websocket::Config { deflate: Some(Deflate::default()), ..websocket::Config::default() };
    let mut request = websocket::request("a", target, &config);
    request.protocols = vec!["milk".into(), "tea".into()];
    let Opened { stream, headers } = ask(session, &request, "websocket").await?;
    let agreed = request.check_extended(200, headers.lines().iter()).expect("what was offered");
    Ok(websocket::joined(stream, agreed, Arc::new(config)))
}

async fn ask(session: &Session, request: &client::Request, protocol: &str) -> Result<Opened, Error> {
    let asked = session.request("CONNECT", &request.target);
    let asked = request.extended_fields().fold(asked, |asked, (name, value)| asked.header(&name, value));
    asked.upgrade(protocol).await
}

#[test]
fn messages_of_any_size_go_both_ways_and_farewells_too() {
    simulate(async {
        serve(options(), handler);
        let session = connect().await;
        let mut socket = open(&session, "/echo").await.expect("a tunnel");
        assert_eq!(socket.protocol.as_deref(), Some("tea"));
        // Above both windows, too.
        for size in [0, 1, 125, 126, 65_536, 300_000, 1_000_000] {
            let bytes: Vec<u8> = (0..size as u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
            socket.writer.send(Message::binary(&bytes)).await.expect("room");
            let message = socket.reader.next().await.expect("no fault").expect("an echo");
            assert!(message.as_bytes() == bytes, "{size}");
        }
        socket.writer.send("leave").await.expect("room");
        assert!(socket.reader.next().await.expect("no fault").is_none());
        let farewell = socket.reader.farewell().expect("a farewell");
        assert_eq!((farewell.code, &*farewell.reason), (Code(4001), "as you wish"));
        // A limit of the server's.
        let mut socket = open(&session, "/echo").await.expect("a tunnel");
        socket.writer.send(Message::binary(&vec![7; 1_000_001])).await.unwrap_or_default();
        while let Ok(Some(_)) = socket.reader.next().await {}
        assert_eq!(socket.reader.farewell().map(|farewell| farewell.code), Some(Code::TOO_BIG));
        // Requests go on beside them, and HTTP/1.1 on the same port.
        let mut answer = session.request("GET", "/tea").send("").await.expect("an answer");
        assert_eq!(answer.bytes(100).await.expect("content"), b"/tea");
        let stream = SimStream::connect(ADDRESS).await.expect("a server");
        let mut one = websocket::connect_over(stream, "a", "/echo", Arc::default()).await.expect("an upgrade");
        one.writer.send("hello").await.expect("room");
        assert_eq!(one.reader.next().await.expect("no fault").expect("an echo").as_text(), Some("hello"));
        net::stop();
    });
}

#[test]
fn rfc8441_3_a_client_asks_only_where_it_may() {
    simulate(async {
        serve(H2Options::default(), handler);
        let refused = open(&connect().await, "/echo").await.err();
        assert!(matches!(refused, Some(Error::Misuse(Misuse::Protocol))), "{refused:?}");
        net::stop();
    });
}

#[test]
fn a_handshake_that_is_none_is_answered_with_the_reason() {
    simulate(async {
        serve(options(), handler);
        let session = connect().await;
        let request = websocket::request("a", "/echo", &websocket::Config::default());
        let refused = |opened: Result<Opened, Error>| match opened {
            Err(Error::Refused(status)) => status,
            other => panic!("{:?}", other.err()),
        };
        assert_eq!(refused(ask(&session, &request, "teapot").await), 400, "another protocol");
        let asked = session.request("CONNECT", "/echo").header("sec-websocket-version", "8");
        assert_eq!(refused(asked.upgrade("websocket").await), 426);
        let page = websocket::request("a", "/tea", &websocket::Config::default());
        assert_eq!(refused(ask(&session, &page, "websocket").await), 501, "a handler that opens nothing");
        let mut answer = session.request("GET", "/echo").send("").await.expect("an answer");
        assert_eq!((answer.status(), answer.bytes(100).await.is_ok()), (400, true));
        let socket = open(&session, "/echo").await;
        assert!(socket.is_ok(), "and the session lives on");
        net::stop();
    });
}

#[test]
fn bytes_of_any_protocol_end_as_a_tunnel_ends() {
    simulate(async {
        serve(options(), handler);
        let session = connect().await;
        let request = websocket::request("a", "/other", &websocket::Config::default());
        let Opened { stream, .. } = ask(&session, &request, "anything").await.expect("a tunnel");
        assert_eq!(stream.try_write(b"tea").expect("room"), 3);
        let mut all = Vec::new();
        let ended = std::future::poll_fn(|context| {
            let mut bytes = [0; 10];
            loop {
                std::task::ready!(stream.poll_readable(context))?;
                match stream.try_read(&mut bytes) {
                    Ok(0) => return std::task::Poll::Ready(std::io::Result::Ok(())),
                    Ok(count) => all.extend_from_slice(&bytes[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(error) => return std::task::Poll::Ready(Err(error)),
                }
            }
        });
        ended.await.expect("an orderly end");
        assert_eq!(all, b"heard tea");
        net::stop();
    });
}

/// Nobody reads: the window is all that goes, and the rest waits with its writer.
#[test]
fn a_reader_that_stands_still_holds_its_writer_back_and_nobody_else() {
    simulate(async {
        serve(options(), handler);
        let session = connect().await;
        let request = websocket::request("a", "/deaf", &websocket::Config::default());
        let Opened { stream, .. } = ask(&session, &request, "bytes").await.expect("a tunnel");
        let sent = Rc::new(Cell::new(0));
        let counted = sent.clone();
        let writer = net::spawn(async move {
            let all = std::future::poll_fn(|context| {
                loop {
                    match stream.try_write(&[7; 10_000]) {
                        Ok(count) => counted.set(counted.get() + count),
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                            std::task::ready!(stream.poll_writable(context))?;
                        }
                        Err(error) => return std::task::Poll::Ready(std::io::Result::<()>::Err(error)),
                    }
                }
            });
            all.await
        });
        net::sleep(Duration::from_secs(5)).await;
        assert_eq!(sent.get(), 256 * 1024, "the stream's window");
        let mut other = open(&session, "/echo").await.expect("a tunnel");
        other.writer.send("tea").await.expect("room");
        assert_eq!(other.reader.next().await.expect("no fault").expect("an echo").as_text(), Some("tea"));
        // The handler gives up with bytes unread, which is a reset: the writer is told.
        let ended = net::timeout(Duration::from_secs(60), writer).await.expect("an end").expect("a task");
        assert_eq!(
            (ended.map_err(|error| error.kind()), sent.get()),
            (Err(std::io::ErrorKind::BrokenPipe), 256 * 1024)
        );
        net::stop();
    });
}

/// No time that a body has, and no time of idleness, ends a tunnel that is quiet.
#[test]
fn a_quiet_tunnel_stays() {
    simulate(async {
        serve(options(), handler);
        let session = connect().await;
        let mut socket = open(&session, "/echo").await.expect("a tunnel");
        for wait in [29, 31, 59, 61, 600] {
            net::sleep(Duration::from_secs(wait)).await;
            socket.writer.send("still here").await.expect("room");
            let message = socket.reader.next().await.expect("no fault").expect("an echo");
            assert_eq!(message.as_text(), Some("still here"), "{wait}");
        }
        net::stop();
    });
}

/// An end of the connection or of the stream is an end of the WebSocket, at both ends, and nothing is left.
#[test]
fn what_breaks_is_told() {
    simulate(async {
        let server = serve(options(), handler);
        let peer = Peer::with(Config { extended_connect: true, ..Config::default() }).await;
        peer.get("/tea").await;
        let mut sockets = Vec::new();
        let session = connect().await;
        for _ in 0..3 {
            sockets.push(open(&session, "/echo").await.expect("a tunnel"));
        }
        drop(sockets.pop());
        let mut answer = session.request("GET", "/tea").send("").await.expect("an answer");
        assert_eq!(answer.bytes(100).await.expect("content"), b"/tea");
        drop(answer);
        assert_eq!(server.connections(), 2);
        server.abort();
        for socket in &mut sockets {
            assert!(!matches!(socket.reader.next().await, Ok(Some(_))));
        }
        net::stop();
    });
}

#[test]
fn rfc8441_4_the_answer_to_a_reset_is_an_end() {
    simulate(async {
        let told = Rc::new(Cell::new(false));
        let tells = told.clone();
        serve(options(), async move |request: Request<'_>, response: Response<'_>| {
            let Some(mut socket) = websocket::upgrade(request, response, &Options::default()).await? else {
                return Ok(());
            };
            tells.set(socket.reader.next().await.is_err());
            Ok(())
        });
        let session = connect().await;
        let request = websocket::request("a", "/", &websocket::Config::default());
        let Opened { stream, .. } = ask(&session, &request, "websocket").await.expect("a tunnel");
        drop(stream);
        net::sleep(Duration::from_secs(1)).await;
        assert!(told.get(), "an end without a farewell is a fault");
        let mut answer = session.request("GET", "/").send("").await.expect("an answer");
        assert_eq!(answer.status(), 400);
        answer.bytes(100).await.expect("content");
        net::stop();
    });
}

#[test]
fn rough_networks() {
    explore(rough, |seed| async move {
        let server = serve(options(), handler);
        let stream_window = [2000, 65_535, 1 << 20][seed as usize % 3];
        let session = with_config(Config { stream_window, ..Config::default() }).await;
        let all: Vec<_> = (0..3)
            .map(|n| {
                let session = session.clone();
                net::spawn(async move {
                    let mut socket = open(&session, "/echo").await.expect("a tunnel");
                    for round in 0..5 {
                        let text = format!("{seed} {n} {round} ").repeat(1 + (seed as usize * 31 + round * 700) % 3000);
                        let (writer, reader) = (&socket.writer, &mut socket.reader);
                        writer.send(text.as_str()).await.expect("room");
                        let message = reader.next().await.expect("no fault").expect("an echo");
                        assert!(message.as_text() == Some(text.as_str()), "{n} {round}");
                    }
                    socket.writer.close(Code::NORMAL, "").expect("an open socket");
                    assert!(socket.reader.next().await.expect("no fault").is_none());
                })
            })
            .collect();
        for each in all {
            each.await.expect("an echo");
        }
        drop(session);
        server.close();
        server.closed().await;
    });
}

/// What a tunnel keeps counts as a stream does.
#[test]
fn a_tunnel_is_one_of_the_streams() {
    simulate(async {
        serve(with(|config| (config.extended_connect, config.max_concurrent_streams) = (true, 2)), handler);
        let session = connect().await;
        let first = open(&session, "/echo").await.expect("a tunnel");
        let _second = open(&session, "/echo").await.expect("a tunnel");
        let third = net::timeout(Duration::from_secs(1), open(&session, "/echo")).await;
        assert!(third.is_err(), "it waits for a place");
        first.writer.close(Code::NORMAL, "").expect("an open socket");
        drop(first);
        let third = net::timeout(Duration::from_secs(5), open(&session, "/echo")).await;
        assert!(third.is_ok_and(|third| third.is_ok()), "there is one");
        net::stop();
    });
}
