//! Compressing and passing on as one writes them first, and the answers of "Compressing and proxying".

use super::asked::{answer, get, quiet};
use flate2::read::GzDecoder;
use std::cell::RefCell;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Shutdown};
use std::rc::Rc;
use wirebook_http1::client::{Agent, AgentOptions, Origin};
use wirebook_http1::{self as http1, server};
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_web::compress::{Coding, Encoder, Facts, Why, compress, why_not};
use wirebook_web::proxy::{self, is_public};
use wirebook_web::{Router, any};

// ANCHOR: naive
/// Compresses all that goes out to somebody who can read it.
fn shrink(accept_encoding: &str, body: &[u8]) -> Vec<u8> {
    match accept_encoding.contains("gzip") {
        true => gzip(body),
        false => body.to_vec(),
    }
}

/// The fields of a request that go on to the server behind: all of them.
fn pass_on<'f>(fields: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    fields.to_vec()
}
// ANCHOR_END: naive

fn gzip(body: &[u8]) -> Vec<u8> {
    Encoder::new(Coding::Gzip, 6).whole(body).expect("memory takes all")
}

/// Bytes that have no pattern, as in a photo.
fn photo() -> Vec<u8> {
    let mut state = 7u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..4000).map(next).collect()
}

// ANCHOR: breaks
#[test]
fn smaller_is_not_always_better() {
    assert!(shrink("gzip", &photo()).len() > photo().len()); // A photo grows.
    assert_ne!(shrink("gzip;q=0", b"tea"), b"tea"); // "Anything but gzip."
    let passed = pass_on(&[("connection", "keep-alive, x-debug"), ("x-debug", "1"), ("te", "gzip")]);
    assert_eq!(passed.len(), 3); // Three words between the client and us, said to another.
}
// ANCHOR_END: breaks

// ANCHOR: breach
#[test]
fn a_length_gives_a_secret_away() {
    // The page has a secret, and repeats what was searched for.
    let length = |searched: &str| {
        let page = format!("<p>You searched for {searched}.<input name=token value=7f3a9c2e51>");
        gzip(page.as_bytes()).len()
    };
    assert!(length("token value=7f3a9c") < length("token value=zqwxyk"));
}
// ANCHOR_END: breach

// ANCHOR: facts
#[test]
fn there_is_a_reason_against_each() {
    let page = Facts { status: 200, content_type: Some("text/html"), length: Some(9000), ..Facts::default() };
    assert_eq!(why_not(&page, 1024), None);
    assert_eq!(why_not(&Facts { content_type: Some("image/jpeg"), ..page }, 1024), Some(Why::Type));
    assert_eq!(why_not(&Facts { length: Some(200), ..page }, 1024), Some(Why::Small));
    assert_eq!(why_not(&Facts { content_encoding: Some("br"), ..page }, 1024), Some(Why::Coded));
    assert_eq!(why_not(&Facts { content_type: Some("text/event-stream"), ..page }, 1024), Some(Why::EventStream));
}
// ANCHOR_END: facts

// ANCHOR: layer
#[test]
fn an_answer_says_what_was_done_to_it() {
    let tea = || {
        let page = "<p>green tea ".repeat(200);
        Router::new().layer(compress()).get("/", async move |ctx| ctx.set("etag", "\"v1\"")?.html(page.clone()))
    };
    let said = answer(tea(), quiet(), &get("/", &["accept-encoding: gzip"]));
    for field in ["content-encoding: gzip", "vary: accept-encoding", "etag: W/\"v1\""] {
        assert!(said.contains(field), "{field}");
    }
    // Also an answer that is not compressed depends on the field.
    assert!(answer(tea(), quiet(), &get("/", &[])).contains("vary: accept-encoding"));
}
// ANCHOR_END: layer

// ANCHOR: pieces
#[test]
fn a_piece_can_be_read_before_the_next_is_there() {
    let mut encoder = Encoder::new(Coding::Gzip, 6);
    let mut sent = encoder.piece(b"the news, ").expect("memory");
    let read = |sent: &[u8]| {
        let mut text = Vec::new();
        // What is not there yet is an error to this reader.
        GzDecoder::new(sent).read_to_end(&mut text).ok();
        text
    };
    assert_eq!(read(&sent), b"the news, ");
    sent.extend(encoder.piece(b"and the weather").expect("memory"));
    assert_eq!(read(&sent), b"the news, and the weather");
}
// ANCHOR_END: pieces

/// Asks through a proxy; gives what the server behind was asked, as lines.
fn behind(request: &str) -> Vec<String> {
    let request = request.to_owned();
    let seen: Rc<RefCell<Vec<String>>> = Rc::default();
    let there = seen.clone();
    let all = sim::run(1, async move {
        let listener = SimListener::bind("10.0.0.2:80").expect("a free address");
        drop(http1::serve_on(listener, server::Options::default(), async move |request, response| {
            let request: http1::Request<'_> = request;
            let mut lines = vec![format!("{} {}", request.method(), request.target())];
            for (name, value) in request.headers().iter() {
                let [name, value] = [name, value].map(|text| String::from_utf8_lossy(text).into_owned());
                lines.push(format!("{}: {value}", name.to_ascii_lowercase()));
            }
            there.replace(lines);
            let response: http1::Response<'_> = response;
            response.end("from behind").await
        }));
        let agent = Agent::with_connector(AgentOptions::default(), async |origin: Origin| {
            SimStream::connect((&*origin.host, origin.port)).await
        });
        let proxy = proxy::to("http://10.0.0.2:80").expect("a target").agent(agent).rewrite("/shop", "/api");
        let app = Router::new().route(any("/{*rest}", proxy.handler())).into_app(quiet()).expect("a route");
        let server = app.serve_on(SimListener::bind("10.0.0.1:80").expect("a free address"));
        let client = SimStream::connect("10.0.0.1:80").await.expect("the server listens");
        client.write_all(request.as_bytes()).await.expect("the server reads");
        client.shutdown(Shutdown::Write).ok();
        let mut bytes = [0; 4096];
        while let Ok(1..) = client.read(&mut bytes).await {}
        server.close();
        seen.take()
    });
    all.expect("the loop runs")
}

// ANCHOR: proxied
#[test]
fn what_is_between_two_stays_between_them() {
    let fields = ["Connection: keep-alive, x-debug", "X-Debug: 1", "Cookie: sid=x7", "X-Forwarded-For: 6.6.6.6"];
    let seen = behind(&get("/shop/teas?page=2", &fields));
    assert_eq!(seen[0], "GET /api/teas?page=2");
    let has = |line: &str| seen.iter().any(|seen| seen == line);
    assert!(has("cookie: sid=x7") && has("x-forwarded-host: tea.example") && has("via: 1.1 wirebook"), "{seen:?}");
    // What was for us alone, and what the client made up, do not go on.
    assert!(!has("x-debug: 1") && !seen.iter().any(|line| line.contains("6.6.6.6")), "{seen:?}");
}
// ANCHOR_END: proxied

// ANCHOR: hop
/// Whether a field goes on to the next hop: it is none of one connection, and Connection does
/// not name it.
fn goes_on(name: &str, connection: &str) -> bool {
    let of_one = [
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let is = |other: &str| other.trim().eq_ignore_ascii_case(name);
    // A client that names the length would have two readers see two messages.
    let is_framing = is("content-length") || is("host");
    !of_one.into_iter().any(is) && (is_framing || !connection.split(',').any(is))
}
// ANCHOR_END: hop

#[test]
fn mine_lets_through_what_the_crates_lets_through() {
    for name in ["x-a", "X-B", "cookie", "keep-alive", "te", "upgrade-insecure-requests", "proxy-connection", "trailer"]
    {
        for connection in ["close", "x-a", "Cookie, x-b", "keep-alive, X-A "] {
            let seen = behind(&get("/x", &[&format!("Connection: {connection}"), &format!("{name}: 1")]));
            let passed = seen.iter().any(|line| *line == format!("{}: 1", name.to_ascii_lowercase()));
            assert_eq!(goes_on(name, connection), passed, "{name} beside {connection}: {seen:?}");
        }
    }
}

// ANCHOR: public
/// Whether an IPv4 address is one that everybody can reach. Each row: a network and its bits.
fn everybodys(address: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u32); 17] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16), // Among it the metadata of a cloud's machine.
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 31, 196, 0], 24),
        ([192, 52, 193, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([192, 175, 48, 0], 24),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 3), // Groups, and what was never given away.
    ];
    let bits = address.to_bits();
    !SPECIAL.iter().any(|(network, length)| (bits ^ u32::from_be_bytes(*network)) >> (32 - length) == 0)
}
// ANCHOR_END: public

#[test]
fn mine_knows_the_same_addresses() {
    // The borders of each, and some between.
    let borders = [
        0x0a00, 0x0b00, 0x6440, 0x647f, 0x6480, 0xa9fe, 0xac0f, 0xac10, 0xac1f, 0xac20, 0xc000, 0xc01f, 0xc034, 0xc058,
        0xc0a8, 0xc0af, 0xc612, 0xc613, 0xc614, 0xc633, 0xcb00, 0xdfff, 0xe000,
    ];
    for upper in (0..=u16::MAX).step_by(997).chain(borders) {
        for lower in [0, 2 << 8, 99 << 8, 100 << 8, 113 << 8, 175 << 8, 193 << 8, 196 << 8, u16::MAX] {
            let address = Ipv4Addr::from_bits(u32::from(upper) << 16 | u32::from(lower));
            assert_eq!(everybodys(address), is_public(IpAddr::V4(address)), "{address}");
        }
    }
}
