//! The proxy: one message in, the same message out, and nobody sent where only we may go. Security rule 18 of the web layer.

use super::wire::{rest, simulate};
use super::world::{ADDRESS, quiet, request, with_body};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options as Asked, Origin};
use wirebook_http1::server::{Hooks, Options};
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::layers::{Cors, Headers, request_id};
use wirebook_web::proxy::{self, Proxy, Tunnels, is_public, public_agent};
use wirebook_web::{Router, any};

const ORIGIN: &str = "10.0.0.2:80";

/// What the origin was asked: line, fields, and body as far as it came.
#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Vec<String>>>);

async fn origin(seen: &Seen, mut request: Request<'_>, response: Response<'_>) -> Outcome {
    let mut text = format!("{} {}\n", request.method(), request.target());
    for (name, value) in request.headers().iter() {
        text +=
            &format!("{}: {}\n", String::from_utf8_lossy(name).to_ascii_lowercase(), String::from_utf8_lossy(value));
    }
    match request.path() {
        "/slow" => net::sleep(Duration::from_secs(60)).await,
        "/early" => return response.status(413).end("enough").await,
        _ => {}
    }
    let mut body = Vec::new();
    while let Some(piece) = request.chunk().await? {
        body.extend_from_slice(piece);
    }
    text += &String::from_utf8_lossy(&body);
    seen.0.borrow_mut().push(text);
    match request.path() {
        "/half" => {
            let mut response = response.header("content-length", "10");
            response.write("half").await?;
            response.abort();
            Ok(())
        }
        "/304" => response.status(304).header("etag", "\"a\"").end("").await,
        "/204" => response.status(204).end("").await,
        "/said" => {
            let said = [
                ("Access-Control-Allow-Origin", "https://app.example.com"),
                ("X-Frame-Options", "DENY"),
                ("Content-Security-Policy", "default-src 'none'"),
                ("Cache-Control", "max-age=60"),
                ("X-Request-Id", "theirs"),
                ("Vary", "accept"),
                ("Set-Cookie", "theirs=1"),
                ("Server-Timing", "db;dur=1"),
                ("Link", "</a>; rel=preload"),
                ("X-Twice", "1"),
                ("X-Twice", "2"),
            ];
            said.into_iter().fold(response, |response, (name, value)| response.header(name, value)).end("said").await
        }
        _ => {
            let response = response.status(201).header("connection", "x-private").header("x-private", "1");
            let response = response.header("x-public", "1").header("keep-alive", "timeout=5");
            let response = response.header("set-cookie", "a=1").header("set-cookie", "b=2");
            response.end("answer").await
        }
    }
}

/// Asks through a proxy; gives what came back and what the origin saw.
fn through(bytes: impl Into<Vec<u8>>, make: impl FnOnce(Proxy) -> Proxy + 'static) -> (String, Vec<String>) {
    through_rings(bytes, Router::new(), make)
}

/// The same with rings around the proxy. A router waits for nothing, and so may be made outside of the loop.
fn through_rings(
    bytes: impl Into<Vec<u8>>,
    rings: Router,
    make: impl FnOnce(Proxy) -> Proxy + 'static,
) -> (String, Vec<String>) {
    let bytes = bytes.into();
    let seen = Seen::default();
    let there = seen.clone();
    let text = simulate(async move {
        let hooks = Hooks { handler_error: None, ..Hooks::default() };
        let listener = SimListener::bind(ORIGIN).expect("a free address");
        drop(http1::serve_on(listener, Options { hooks, ..Options::default() }, async move |request, response| {
            origin(&there, request, response).await
        }));
        let agent = Agent::with_connector(AgentOptions::default(), async |origin: Origin| {
            SimStream::connect((&*origin.host, origin.port)).await
        });
        let proxy = make(proxy::to(&format!("http://{ORIGIN}")).expect("a target").agent(agent));
        let app = rings.route(any("/{*rest}", proxy.handler()).body_limit(10_000)).into_app(quiet());
        let server = app.expect("routes").serve_on(SimListener::bind(ADDRESS).expect("a free address"));
        let client = SimStream::connect(ADDRESS).await.expect("a connection");
        client.write_all(&bytes).await.ok();
        client.shutdown(std::net::Shutdown::Write).ok();
        let got = rest(&client).await.0;
        server.close();
        String::from_utf8_lossy(&got).into_owned()
    });
    (text, seen.0.take())
}

fn same(proxy: Proxy) -> Proxy {
    proxy
}

#[test]
fn rule_18_what_concerns_one_connection_stays_there() {
    let fields = [
        "connection: keep-alive, x-hop",
        "x-hop: secret",
        "keep-alive: timeout=5",
        "proxy-authorization: Basic xxx",
        "te: trailers",
        "upgrade: websocket",
        "x-forwarded-for: 1.2.3.4",
        "forwarded: for=1.2.3.4",
        "x-real-ip: 1.2.3.4",
        "x-forwarded-host: evil",
        "x-mine: kept",
        "cookie: a=1",
    ];
    let (answer, seen) = through(request("GET", "/x?a=1&b=%20", &fields), same);
    assert_eq!(seen.len(), 1);
    let seen = &seen[0];
    assert!(seen.starts_with("GET /x?a=1&b=%20\n"), "{seen}");
    for gone in ["x-hop", "keep-alive", "proxy-authorization", "te:", "upgrade", "1.2.3.4", "evil"] {
        assert!(!seen.contains(gone), "{gone}: {seen}");
    }
    for there in [
        "x-mine: kept\n",
        "cookie: a=1\n",
        "host: example.com\n",
        "x-forwarded-proto: http\n",
        "x-forwarded-host: example.com\n",
        "via: 1.1 wirebook\n",
    ] {
        assert!(seen.contains(there), "{there}: {seen}");
    }
    let head = answer.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 201 ") && head.ends_with("answer"), "{head}");
    for gone in ["x-private", "keep-alive: timeout=5\r\nset"] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    for there in [
        "x-public: 1\r\n",
        "set-cookie: a=1\r\n",
        "set-cookie: b=2\r\n",
        "content-length: 6\r\n",
        "via: 1.1 wirebook\r\n",
    ] {
        assert!(head.contains(there), "{there}: {head}");
    }
    assert_eq!(head.matches("\r\ndate: ").count(), 1, "{head}");
}

#[test]
fn rule_18_nobody_names_framing_or_host_away() {
    let body = with_body("POST", "/x", &["connection: content-length, host"], "hello");
    let (_, seen) = through(body, same);
    assert!(seen[0].contains("content-length: 5\n") && seen[0].contains("host: example.com\n"), "{seen:?}");
    assert!(seen[0].ends_with("hello"));
}

#[test]
fn targets_and_rewrites() {
    for (asked, wanted) in [
        ("/api-nebula/users?id=1", "/base/api/users?id=1"),
        ("/api-nebula", "/base/api"),
        ("/api-nebulae/users", "/base/api-nebulae/users"),
        ("/%61pi-nebula/x", "/base/api/x"),
        ("/a%2Fb%25/caf%C3%A9", "/base/a%2Fb%25/caf%C3%A9"),
        ("/a b", ""),
    ] {
        let (_, seen) = through(request("GET", asked, &[]), |proxy| {
            let based = proxy::to(&format!("http://{ORIGIN}/base/")).expect("a target");
            // The agent of the test, with another target.
            let agent = Agent::with_connector(AgentOptions::default(), async |origin: Origin| {
                SimStream::connect((&*origin.host, origin.port)).await
            });
            drop(proxy);
            based.agent(agent).rewrite("/api-nebula", "/api")
        });
        let line = seen.first().and_then(|seen| seen.lines().next()).unwrap_or_default();
        assert_eq!(line.strip_prefix("GET ").unwrap_or_default(), wanted, "{asked}");
    }
    let (_, seen) = through(request("GET", "/x", &[]), Proxy::change_origin);
    assert!(seen[0].contains("host: 10.0.0.2\n"), "{seen:?}");
    for url in ["ftp://a/", "http://user:pass@a/", "http://a/?q", "a", "/x"] {
        assert!(proxy::to(url).is_err(), "{url}");
    }
}

#[test]
fn rule_18_bodies_pass_as_they_are() {
    let chunked = request("POST", "/x", &["transfer-encoding: chunked", "content-encoding: gzip"])
        + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let (answer, seen) = through(chunked, same);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(seen[0].ends_with("abcde") && seen[0].contains("content-encoding: gzip\n"), "{seen:?}");
    // Half a body is never a whole one.
    let half = request("POST", "/x", &["content-length: 10"]) + "half";
    let (answer, seen) = through(half, same);
    assert!(seen.is_empty() && !answer.starts_with("HTTP/1.1 2"), "{answer} {seen:?}");
    let half = request("POST", "/x", &["transfer-encoding: chunked"]) + "4\r\nhalf\r\n";
    assert!(through(half, same).1.is_empty());
    // A body has the bound of its route.
    for (length, status) in [(10_000, "201"), (10_001, "413")] {
        let (answer, _) = through(with_body("POST", "/x", &[], &"x".repeat(length)), same);
        assert_eq!(&answer[9..12], status, "{length}");
    }
}

#[test]
fn rule_18_answers_pass_as_they_are() {
    let (answer, _) = through(request("GET", "/half", &[]), same);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("half"), "it breaks off: {answer}");
    assert!(answer.to_ascii_lowercase().contains("content-length: 10\r\n"), "{answer}");
    let (answer, _) = through(request("HEAD", "/x", &[]), same);
    assert!(answer.to_ascii_lowercase().contains("content-length: 6\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    let (answer, _) = through(request("GET", "/304", &[]), same);
    assert!(answer.starts_with("HTTP/1.1 304") && answer.contains("etag"), "{answer}");
    let (answer, _) = through(request("GET", "/204", &[]), same);
    assert!(answer.starts_with("HTTP/1.1 204") && !answer.contains("ontent-length"), "{answer}");
}

/// echo #1419 and others: a ring before the proxy and the server behind it have both said where pages may come from, and two answers are none.
#[test]
fn rule_18_the_origin_has_the_last_word_and_says_it_once() {
    let rings = Router::new()
        .edge(Headers::default())
        .edge(Cors::listed(&["https://app.example.com"]).credentials())
        .edge(request_id())
        .layer(async |ctx, next| {
            ctx.append("set-cookie", "ours=1")?.append("server-timing", "app")?.append("link", "</b>; rel=preload")?;
            next.run(ctx).await
        });
    let asked = request("GET", "/said", &["origin: https://app.example.com"]);
    let head = through_rings(asked, rings, same).0.to_ascii_lowercase();
    let all = |name: &str| -> Vec<&str> {
        head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
    };
    for (name, values) in [
        ("access-control-allow-origin", &["https://app.example.com"][..]),
        ("access-control-allow-credentials", &["true"]),
        ("x-frame-options", &["deny"]),
        ("content-security-policy", &["default-src 'none'"]),
        ("cache-control", &["max-age=60"]),
        ("x-request-id", &["theirs"]),
        ("x-content-type-options", &["nosniff"]),
        ("vary", &["origin", "accept"]),
        ("set-cookie", &["ours=1", "theirs=1"]),
        ("server-timing", &["app", "db;dur=1"]),
        ("link", &["</b>; rel=preload", "</a>; rel=preload"]),
        ("x-twice", &["1", "2"]),
    ] {
        assert_eq!(all(name), values, "{head}");
    }
}

/// RFC 9110 §7.6.2: OPTIONS goes no further than its asker wants. TRACE, the other method that may say so, goes nowhere.
#[test]
fn rule_18_options_go_as_far_as_they_may() {
    for (method, hops, status, sent) in [
        ("OPTIONS", "0", "204", None),
        ("OPTIONS", "000", "204", None),
        ("OPTIONS", "1", "201", Some("0")),
        ("OPTIONS", "2", "201", Some("1")),
        ("OPTIONS", "10", "201", Some("9")),
        ("OPTIONS", "18446744073709551615", "201", Some("18446744073709551614")),
        ("OPTIONS", "99999999999999999999999", "201", Some("18446744073709551614")),
        // What is no number says nothing, and neither does the field of another method.
        ("OPTIONS", "-1", "201", Some("-1")),
        ("OPTIONS", "x", "201", Some("x")),
        ("GET", "0", "201", Some("0")),
        ("TRACE", "0", "405", None),
        ("TRACE", "5", "405", None),
    ] {
        let (answer, seen) = through(request(method, "/x", &[&format!("max-forwards: {hops}")]), same);
        assert_eq!(&answer[9..12], status, "{method} {hops}: {answer}");
        let line = seen.first().and_then(|seen| seen.lines().find_map(|line| line.strip_prefix("max-forwards: ")));
        assert_eq!(line, sent, "{method} {hops}: {seen:?}");
    }
    let (_, seen) = through(request("OPTIONS", "/x", &[]), same);
    assert!(!seen[0].contains("max-forwards"), "{seen:?}");
}

/// What a browser sends in a query though no grammar has it goes on as it came, or is refused by us: it is no fault of the origin's.
#[test]
fn rule_18_a_query_goes_on_as_it_came() {
    for (query, status) in [
        ("a=b", "201"),
        ("a=%C3%A9", "201"),
        ("a=é", "400"),
        ("a|b", "201"),
        ("a={b}", "201"),
        ("a=[b]", "201"),
        ("a=\"b\"", "201"),
        ("a=<b>", "201"),
        ("a=b\\c", "201"),
        ("a=^`", "201"),
        ("a=%zz", "201"),
        ("a=//evil.example", "201"),
        ("?", "201"),
        ("", "201"),
        ("a#b", "400"),
        ("a b", "400"),
        ("a\u{1}b", "400"),
        ("a\tb", "400"),
    ] {
        let (answer, seen) = through(request("GET", &format!("/x?{query}"), &[]), same);
        assert_eq!(&answer[9..12], status, "{query:?}: {answer}");
        let line = seen.first().and_then(|seen| seen.lines().next());
        assert_eq!(line, (status == "201").then(|| format!("GET /x?{query}")).as_deref(), "{query:?}");
    }
}

#[test]
fn an_origin_that_is_slow_or_not_there() {
    let (answer, _) = through(request("GET", "/slow", &[]), same);
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    let (answer, _) = through(request("GET", "/x", &[]), |_| {
        let agent =
            Agent::with_connector(AgentOptions::default(), async |_: Origin| SimStream::connect("10.0.0.9:80").await);
        proxy::to("http://10.0.0.9").expect("a target").agent(agent)
    });
    assert!(answer.starts_with("HTTP/1.1 502") && !answer.contains("10.0.0.9"), "nobody learns where it is: {answer}");
    let (answer, _) = through(with_body("POST", "/early", &[], &"x".repeat(9000)), same);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn rule_18_addresses_that_only_we_can_reach() {
    for address in [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(address.parse().expect("an address")), "{address}");
    }
    for address in [
        "1.1.1.1",
        "93.184.216.34",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "64:ff9b::101:101",
        "2002:101:101::1",
    ] {
        assert!(is_public(address.parse().expect("an address")), "{address}");
    }
}

/// Spellings that a list of bad names misses: the address is asked about, after the look-up.
#[test]
fn rule_18_a_stranger_sends_us_nowhere_private() {
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"] {
        let url = wirebook_http1::client::Url::parse(&format!("http://{host}:1/")).expect("a URL");
        let failed = net::block_on(async move {
            let agent = public_agent(AgentOptions::default());
            let options = Asked { host: &url.host, port: url.port, agent: Some(&agent), ..Asked::default() };
            http1::request(&options).await.map(|_| ()).expect_err("it is refused")
        });
        match failed.expect("a loop") {
            Error::Connect(failed) => assert_eq!(failed.error.kind(), std::io::ErrorKind::PermissionDenied, "{host}"),
            other => panic!("{host}: {other}"),
        }
    }
}

/// An origin that agrees to a WebSocket at `/chat`, tells what it was asked, and gives every byte back.
async fn talker(seen: &Seen, request: Request<'_>, response: Response<'_>) -> Outcome {
    let lines = request.headers();
    let names =
        ["connection", "upgrade", "sec-websocket-key", "sec-websocket-protocol", "origin", "cookie", "x-forwarded-for"];
    let told = names.map(|name| format!("{name}: {}", lines.get(name).unwrap_or_default().escape_ascii()));
    seen.0.borrow_mut().push(format!("{} {}", request.target(), told.join(", ")));
    if request.path() != "/chat" {
        return response.status(403).end("no chat").await;
    }
    let response =
        response.header("upgrade", "websocket").header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let stream = response.upgrade(request).await?;
    let mut bytes = vec![0; 3000];
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        stream.write_all(&bytes[..count]).await?;
    }
    stream.write_all(b"farewell").await?;
    Ok(())
}

/// What asks for a WebSocket.
fn wish(path: &str) -> String {
    let fields = [
        "connection: keep-alive, Upgrade",
        "upgrade: WebSocket",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version: 13",
        "sec-websocket-protocol: tea",
        "origin: http://page.example",
        "cookie: sid=1",
        "x-forwarded-for: 6.6.6.6",
    ];
    request("GET", path, &fields)
}

/// A client that asks for a WebSocket at that path through a proxy, and then says `bytes`; what came back, and what the origin saw.
fn chat<T: 'static>(
    path: &'static str,
    make: impl FnOnce(Proxy) -> Proxy + 'static,
    say: impl AsyncFnOnce(SimStream) -> T + 'static,
) -> (T, Vec<String>) {
    let seen = Seen::default();
    let there = seen.clone();
    let said = simulate(async move {
        let listener = SimListener::bind(ORIGIN).expect("a free address");
        drop(http1::serve_on(listener, Options::default(), async move |request, response| {
            talker(&there, request, response).await
        }));
        let agent = Agent::with_connector(AgentOptions::default(), async |origin: Origin| {
            SimStream::connect((&*origin.host, origin.port)).await
        });
        let proxy = make(proxy::to(&format!("http://{ORIGIN}")).expect("a target").agent(agent));
        // What gives up slow handlers leaves a connection alone that is another protocol's.
        let app = Router::new().layer(wirebook_web::layers::timeout(Duration::from_secs(5)));
        let app = app.any("/{*rest}", proxy.handler()).into_app(quiet()).expect("routes");
        let server = app.serve_on(SimListener::bind(ADDRESS).expect("a free address"));
        let client = SimStream::connect(ADDRESS).await.expect("a connection");
        client.write_all(wish(path).as_bytes()).await.expect("it is sent");
        let said = say(client).await;
        server.close();
        said
    });
    (said, seen.0.take())
}

/// Reads until so many bytes have come behind the head, or the end.
async fn behind_head(client: &SimStream, count: usize) -> (String, Vec<u8>) {
    let (mut all, mut bytes) = (Vec::new(), vec![0; 4096]);
    loop {
        let head = all.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        if let Some(at) = head.filter(|at| all.len() >= at + count) {
            return (String::from_utf8_lossy(&all[..at]).into_owned(), all[at..].to_vec());
        }
        match client.read(&mut bytes).await {
            Ok(count @ 1..) => all.extend_from_slice(&bytes[..count]),
            _ => return (String::from_utf8_lossy(&all).into_owned(), Vec::new()),
        }
    }
}

#[test]
fn rule_18_a_websocket_passes_byte_for_byte() {
    let all: Vec<u8> = (0..200_000u32).map(|number| (number * 7 % 251) as u8).collect();
    let sent = all.clone();
    let ((head, back, end), seen) = chat("/chat", Proxy::websocket, async move |client| {
        // More than all buffers hold, so reading and writing take turns.
        let (reads, writes) = net::split(client);
        let writing = net::spawn(async move { writes.write_all(&sent).await.map(|()| writes) });
        let mut got = Vec::new();
        let mut bytes = vec![0; 4096];
        let head = loop {
            if let Some(at) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let count = reads.read(&mut bytes).await.expect("the proxy answers");
            got.extend_from_slice(&bytes[..count]);
        };
        while got.len() < head + 200_000 {
            let count = reads.read(&mut bytes).await.expect("bytes come back");
            assert!(count > 0, "it ended behind {}", got.len());
            got.extend_from_slice(&bytes[..count]);
        }
        // Our end passes on, and what the origin says behind it comes back.
        let writes = writing.await.expect("a task").expect("all is written");
        drop(writes);
        let mut end = Vec::new();
        while let Ok(count @ 1..) = reads.read(&mut bytes).await {
            end.extend_from_slice(&bytes[..count]);
        }
        (String::from_utf8_lossy(&got[..head]).into_owned(), got[head..].to_vec(), end)
    });
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    let lower = head.to_ascii_lowercase();
    for field in ["upgrade: websocket", "connection: upgrade", "sec-websocket-accept: s3ppLMBiTxaQ9kYGzzhZRbK+xOo="] {
        assert!(lower.contains(&field.to_ascii_lowercase()), "{field}: {head}");
    }
    assert!(back == all, "{} bytes came back", back.len());
    assert_eq!(end, b"farewell");
    let [asked] = &seen[..] else { panic!("{seen:?}") };
    for part in [
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol: tea",
        "origin: http://page.example",
        "cookie: sid=1",
    ] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    assert!(!asked.contains("6.6.6.6") && !asked.contains("keep-alive"), "{asked}");
}

#[test]
fn a_tunnel_has_bounds_and_may_be_refused() {
    // Silence: as long as the limit, in the time of the network.
    for (idle, waits) in [(Duration::from_secs(20), 20), (Duration::from_secs(1), 1), (Duration::ZERO, 0)] {
        let make = move |proxy: Proxy| proxy.websocket_with(Tunnels { idle, ..Tunnels::default() });
        let (silent, _) = chat("/chat", make, async move |client| {
            let (head, _) = behind_head(&client, 0).await;
            assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            let began = net::now();
            while let Ok(1..) = client.read(&mut [0; 64]).await {}
            (net::now() - began).as_secs()
        });
        assert!((waits..=waits + 1).contains(&silent), "{silent} seconds of {waits}");
    }
    let for_ever = Tunnels { idle: Duration::MAX, most: usize::MAX };
    let (said, _) = chat(
        "/chat",
        move |proxy| proxy.websocket_with(for_ever),
        async |client| {
            behind_head(&client, 0).await;
            net::sleep(Duration::from_secs(100_000)).await;
            client.write_all(b"still here").await.expect("it is open");
            let mut bytes = [0; 64];
            let count = client.read(&mut bytes).await.expect("it comes back");
            String::from_utf8_lossy(&bytes[..count]).into_owned()
        },
    );
    assert_eq!(said, "still here");
    let head = |path, make: fn(Proxy) -> Proxy| chat(path, make, async |client| behind_head(&client, 7).await);
    // Who refuses answers as always.
    let ((refused, body), _) = head("/other", Proxy::websocket);
    assert!(refused.starts_with("HTTP/1.1 403 ") && body.windows(7).any(|text| text == b"no chat"), "{refused}");
    let ((full, _), seen) = head("/chat", |proxy| proxy.websocket_with(Tunnels { most: 0, ..Tunnels::default() }));
    assert!(full.starts_with("HTTP/1.1 503 ") && seen.is_empty(), "{full}");
    // One more than there may be, and again one when there is room.
    for (most, second) in [(1, "HTTP/1.1 503 "), (2, "HTTP/1.1 101 ")] {
        let make = move |proxy: Proxy| proxy.websocket_with(Tunnels { most, ..Tunnels::default() });
        let heads = chat("/chat", make, async |client| {
            behind_head(&client, 0).await;
            let another = async || {
                let client = SimStream::connect(ADDRESS).await.expect("a connection");
                client.write_all(wish("/chat").as_bytes()).await.expect("it is sent");
                (behind_head(&client, 0).await.0, client)
            };
            let (second, kept) = another().await;
            drop((client, kept));
            net::sleep(Duration::from_secs(1)).await;
            (second, another().await.0)
        });
        let (told, third) = heads.0;
        assert!(told.starts_with(second) && third.starts_with("HTTP/1.1 101 "), "{most}: {told}, {third}");
    }
    // Without being asked a proxy passes no protocol on but HTTP.
    let (_, seen) = head("/other", same);
    assert!(seen[0].contains("upgrade: ,"), "{seen:?}");
}
