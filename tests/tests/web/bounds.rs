//! Bounds that more than one room has a share in, at 0, 1, n, n + 1 and without an end: raw bodies, queries, and what a proxy waits for.

use super::wire::simulate;
use super::world::*;
use std::io::{Read, Write};
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Origin, Timeouts};
use wirebook_http1::server::{Hooks, Options as Below};
use wirebook_http1::{self as http1};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::input::{Limits as Query, QUERY};
use wirebook_web::multipart::Limits as FormLimits;
use wirebook_web::{App, Limits, Options, Router, proxy};

/// What is read raw, or as a form with files, has the bound of `Limits::body`, where its route has none.
#[test]
fn a_form_with_files_has_the_bound_of_what_is_read_raw() {
    let form = |length: usize| {
        let head = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        let end = "\r\n--B--\r\n";
        format!("{head}{}{end}", "x".repeat(length - head.len() - end.len()))
    };
    for (most, length, status) in
        [(100, 100, 200), (100, 101, 413), (0, 100, 413), (1, 100, 413), (u64::MAX, 60_000, 200)]
    {
        let router = Router::new().post("/", async |ctx| {
            let mut parts = ctx.multipart(FormLimits::default())?;
            while parts.next().await?.is_some() {}
            ctx.text("read")
        });
        let limits = Limits { body: most, ..Limits::default() };
        let app = router.into_app(Options { limits, ..quiet() }).expect("routes");
        let kind = "content-type: multipart/form-data; boundary=B";
        let reply = ask(app, with_body("POST", "/", &[kind], &form(length)));
        assert_eq!(reply.status, status, "{length} of {most}");
    }
}

#[test]
fn a_query_has_bounds_on_bytes_and_pairs() {
    let site = || {
        let router = Router::new().get("/tree", async |ctx| {
            let read = ctx.queries()?.to_json();
            ctx.json(&read)
        });
        app(router.get("/one", async |ctx| {
            let last = ctx.query_value("last").unwrap_or_else(|| "none".to_owned());
            ctx.text(last)
        }))
    };
    let status = |query: &str| get(site(), &format!("/tree?{query}")).status;
    let pairs = |count: usize| (0..count).map(|at| format!("k{at}=")).collect::<Vec<_>>().join("&");
    for (count, expected) in [(0, 200), (1, 200), (QUERY.pairs, 200), (QUERY.pairs + 1, 413)] {
        assert_eq!(status(&pairs(count)), expected, "{count} pairs");
    }
    for (length, expected) in [(1, 200), (QUERY.bytes, 200), (QUERY.bytes + 1, 413)] {
        assert_eq!(status(&"x".repeat(length)), expected, "{length} bytes");
    }
    // Another bound, and none.
    let none = Query { bytes: usize::MAX, pairs: usize::MAX, depth: usize::MAX, list: usize::MAX };
    let most = |bytes, pairs| Query { bytes, pairs, ..none };
    for (limit, query, expected) in [
        (most(0, 0), "", 200),
        (most(0, 9), "a", 413),
        (most(9, 0), "a", 413),
        (most(1, 1), "a", 200),
        (most(2, 1), "aa", 200),
        (most(2, 2), "aaa", 413),
        (most(9, 1), "a&b", 413),
        (none, &pairs(1_000), 200),
        (none, &"x".repeat(12_000), 200),
    ] {
        let limits = Limits { query: limit, ..Limits::default() };
        let router = Router::new().get("/", async |ctx| {
            let read = ctx.queries()?.to_json();
            ctx.json(&read)
        });
        let app = router.into_app(Options { limits, ..quiet() }).expect("routes");
        assert_eq!(get(app, &format!("/?{query}")).status, expected, "{query} of {limit:?}");
    }
    // One value is looked for among as many pairs, here and in every ring.
    for (before, said) in [(0, "here"), (QUERY.pairs - 1, "here"), (QUERY.pairs, "none")] {
        let reply = get(site(), &format!("/one?{}last=here", "a=b&".repeat(before)));
        assert_eq!(reply.body, said, "{before} before it");
    }
}

/// An origin that waits, and a proxy that does not wait for ever. The clock is the network's.
#[test]
fn a_proxy_waits_as_long_as_it_was_told() {
    async fn slow(request: http1::Request<'_>, response: http1::Response<'_>) -> http1::Outcome {
        if request.path() == "/head" {
            net::sleep(Duration::from_secs(60)).await;
            return response.end("whole").await;
        }
        let mut response = response.header("content-length", "5");
        response.write("who").await?;
        net::sleep(Duration::from_secs(60)).await;
        response.end("le").await
    }
    let asked = |path: &'static str, change: fn(&mut Timeouts, Duration), limit: Duration| {
        let said = simulate(async move {
            let listener = SimListener::bind("10.0.0.2:80").expect("a free address");
            let hooks = Hooks { handler_error: None, ..Hooks::default() };
            drop(http1::serve_on(listener, Below { hooks, ..Below::default() }, slow));
            let agent = Agent::with_connector(AgentOptions::default(), async move |origin: Origin| {
                if path == "/connect" {
                    net::sleep(Duration::from_secs(60)).await;
                }
                SimStream::connect((&*origin.host, origin.port)).await
            });
            let mut proxy = proxy::to("http://10.0.0.2").expect("a target").agent(agent);
            change(&mut proxy.timeouts, limit);
            let app = Router::new().any("/{*rest}", proxy.handler()).into_app(quiet()).expect("routes");
            let server = app.serve_on(SimListener::bind(ADDRESS).expect("a free address"));
            let client = SimStream::connect(ADDRESS).await.expect("a connection");
            client.write_all(request("GET", path, &[]).as_bytes()).await.expect("it is sent");
            client.shutdown(std::net::Shutdown::Write).ok();
            let all = super::wire::rest(&client).await.0;
            server.close();
            String::from_utf8_lossy(&all).into_owned()
        });
        (said[9..12].to_owned(), said.ends_with("whole"))
    };
    let seconds = Duration::from_secs;
    for limit in [Duration::ZERO, seconds(1), seconds(5), seconds(59)] {
        assert_eq!(asked("/connect", |all, limit| all.connect = limit, limit), ("504".into(), false), "{limit:?}");
        assert_eq!(asked("/head", |all, limit| all.head = limit, limit), ("504".into(), false), "{limit:?}");
        // The head is out: all that is left is to break off.
        if !limit.is_zero() {
            assert_eq!(asked("/body", |all, limit| all.body = limit, limit), ("200".into(), false), "{limit:?}");
        }
    }
    for limit in [seconds(61), Duration::MAX] {
        let whole = ("200".to_owned(), true);
        let wide = |all: &mut Timeouts, limit| (all.connect, all.head, all.body) = (limit, limit, limit);
        for path in ["/connect", "/head", "/body"] {
            assert_eq!(asked(path, wide, limit), whole, "{path} {limit:?}");
        }
    }
    // What nobody has changed.
    let kept = proxy::to("http://10.0.0.2").expect("a target").timeouts;
    assert_eq!((kept.connect, kept.head, kept.body), (seconds(5), seconds(30), seconds(30)));
}

/// 48 KiB, over a real connection: the agent that a proxy has by itself connects nowhere else.
#[test]
fn the_head_of_an_origins_answer_is_bounded() {
    const MOST: usize = 48 * 1024;
    let head = |length: usize| {
        let mut head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n".to_vec();
        while head.len() < length - 2 {
            let room = (length - 2 - head.len()).min(8_000);
            // No line is left that would be too short to be one.
            let room = if (1..6).contains(&(length - 2 - head.len() - room)) { room - 6 } else { room };
            head.extend_from_slice(format!("x: {}\r\n", "y".repeat(room - 5)).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        assert_eq!(head.len(), length);
        head
    };
    for (length, status) in [(200, 200), (MOST - 1, 200), (MOST, 200), (MOST + 1, 502), (MOST + 9_000, 502)] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let origin = listener.local_addr().expect("an address");
        let answer = [head(length).as_slice(), b"whole"].concat();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the proxy");
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a head");
                asked.push(byte[0]);
            }
            // A proxy that has seen enough hangs up.
            stream.write_all(&answer).ok();
        });
        let got = net::block_on(async move {
            let proxy = proxy::to(&format!("http://{origin}")).expect("a target");
            let app: App = Router::new().any("/{*rest}", proxy.handler()).into_app(quiet()).expect("routes");
            let server = app.serve("127.0.0.1:0").expect("a free port");
            let client = net::tcp::TcpStream::connect(server.local_addr().expect("TCP")).await.expect("a connection");
            let asked = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            client.write_all(asked.as_bytes()).await.expect("it is sent");
            let (mut all, mut bytes) = (Vec::new(), vec![0; 16 * 1024]);
            while let Ok(count @ 1..) = client.read(&mut bytes).await {
                all.extend_from_slice(&bytes[..count]);
            }
            // Else the server reads on, for what may still come.
            drop(client);
            server.close();
            server.closed().await;
            String::from_utf8_lossy(&all).into_owned()
        });
        let got = got.expect("a loop");
        serving.join().expect("the origin");
        assert_eq!(&got[9..12], status.to_string(), "{length}");
    }
}
