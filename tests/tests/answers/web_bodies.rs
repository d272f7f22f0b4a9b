//! A body that is read as one writes it first, and the answers of "Bodies with an end".

use sha1::{Digest, Sha1};
use std::net::Shutdown;
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_web::{Answer, Context, Options, Router, post};

// ANCHOR: naive
async fn order(ctx: &mut Context<'_>) -> Answer {
    let body = ctx.read_bytes(u64::MAX).await?;
    let order: serde_json::Value = serde_json::from_slice(&body)?;
    ctx.text(format!("ordered: {}", order["tea"]))
}
// ANCHOR_END: naive

/// Sends one request, and gives status and body.
fn ask(router: Router, head: &str, body: &[u8]) -> (u16, String) {
    let asked = format!("{head}Host: a\r\nContent-Length: {}\r\n\r\n", body.len());
    let asked = [asked.as_bytes(), body].concat();
    let all = sim::run(1, async move {
        let app = router.into_app(Options { on_error: None, ..Options::default() }).expect("routes");
        let server = app.serve_on(SimListener::bind("10.0.0.1:80").expect("a free address"));
        let client = SimStream::connect("10.0.0.1:80").await.expect("the server listens");
        client.write_all(&asked).await.ok();
        client.shutdown(Shutdown::Write).ok();
        let (mut all, mut piece) = (String::new(), [0; 4096]);
        while let Ok(count @ 1..) = client.read(&mut piece).await {
            all.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        server.close();
        all
    });
    let all = all.expect("the loop runs");
    let body = all.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (all[9..12].parse().expect("a status"), body)
}

// ANCHOR: stranger
#[test]
fn a_page_of_another_site_orders_tea() {
    // <form method=post enctype=text/plain><input name='{"tea":"all of it","x":"' value='"}'>
    let head = "POST / HTTP/1.1\r\nContent-Type: text/plain\r\nCookie: sid=a-visitor\r\n";
    let sent = br#"{"tea":"all of it","x":"="}"#;
    let (status, body) = ask(Router::new().post("/", order), head, sent);
    assert_eq!((status, body.as_str()), (200, "ordered: \"all of it\""));
}
// ANCHOR_END: stranger

// ANCHOR: read
#[derive(serde::Deserialize)]
struct Order {
    tea: String,
    grams: u32,
}

async fn read(ctx: &mut Context<'_>) -> Answer {
    let Order { tea, grams } = ctx.read_json().await?;
    ctx.text(format!("{grams} g of {tea}"))
}
// ANCHOR_END: read

// ANCHOR: statuses
#[test]
fn every_fault_has_its_status() {
    let json = "POST / HTTP/1.1\r\nContent-Type: application/json\r\n";
    let text = "POST / HTTP/1.1\r\nContent-Type: text/plain\r\n";
    let zipped = "POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Encoding: br\r\n";
    for (head, body, status) in [
        (json, r#"{"tea":"green","grams":50}"#, 200),
        (json, r#"{"tea":"green","grams":50"#, 400),            // no JSON
        (json, r#"{"tea":"green","grams":50,"grams":5}"#, 400), // two readers, two orders
        (json, r#"{"tea":"green","grams":"some"}"#, 422),       // JSON, but no order
        (text, r#"{"tea":"green","grams":50}"#, 415),           // another type
        (zipped, r#"{"tea":"green","grams":50}"#, 415),         // a coding that is not taken
    ] {
        assert_eq!(ask(Router::new().post("/", read), head, body.as_bytes()).0, status, "{body}");
    }
    let small = Router::new().route(post("/", read).body_limit(10));
    assert_eq!(ask(small, json, br#"{"tea":"green","grams":50}"#).0, 413);
}
// ANCHOR_END: statuses

// ANCHOR: depth
/// How deep brackets are nested. What stands in a string is no bracket.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            // To the end of the string, over what a backslash hides.
            b'"' => {
                while let Some(inside) = bytes.next() {
                    match inside {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
// ANCHOR_END: depth

#[test]
fn depth_is_that_of_the_crate() {
    for (json, deep) in [("7", 0), ("[]", 1), ("[[],{}]", 2), (r#"{"a":["[[[\"[["]}"#, 2), (r#"["\\",[1]]"#, 2)] {
        assert_eq!(depth(json), deep, "{json}");
        let reads = async |ctx: &mut Context<'_>| {
            let value: serde_json::Value = ctx.read_json().await?;
            ctx.json(&value)
        };
        for (limit, status) in [(deep, 200), (deep.wrapping_sub(1), if deep == 0 { 200 } else { 400 })] {
            let limits = wirebook_web::Limits { json_depth: limit, ..Default::default() };
            let head = "POST / HTTP/1.1\r\nContent-Type: application/json\r\n";
            let said = with_limits(Router::new().post("/", reads), limits, head, json.as_bytes());
            assert_eq!(said, status, "{json} of {limit}");
        }
    }
}

fn with_limits(router: Router, limits: wirebook_web::Limits, head: &str, body: &[u8]) -> u16 {
    let asked = format!("{head}Host: a\r\nContent-Length: {}\r\n\r\n", body.len());
    let asked = [asked.as_bytes(), body].concat();
    let status = sim::run(1, async move {
        let app = router.into_app(Options { on_error: None, limits, ..Options::default() }).expect("routes");
        let server = app.serve_on(SimListener::bind("10.0.0.1:80").expect("a free address"));
        let client = SimStream::connect("10.0.0.1:80").await.expect("the server listens");
        client.write_all(&asked).await.ok();
        let mut piece = [0; 512];
        let count = client.read(&mut piece).await.expect("an answer");
        server.close();
        String::from_utf8_lossy(&piece[9..12.min(count)]).into_owned()
    });
    status.expect("the loop runs").parse().expect("a status")
}

// ANCHOR: hash
/// Hashes whatever comes, of any size, and holds one piece of it at a time.
async fn hash(ctx: &mut Context<'_>) -> Answer {
    let mut body = ctx.incoming(1 << 30)?;
    let (mut hash, mut bytes) = (Sha1::new(), 0);
    while let Some(piece) = body.chunk().await? {
        hash.update(piece);
        bytes += piece.len();
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    ctx.ensure(bytes > 0, 400, "nothing came")?;
    ctx.text(format!("{bytes} {hex}"))
}
// ANCHOR_END: hash

#[test]
fn a_hash_of_what_came() {
    let head = "PUT / HTTP/1.1\r\n";
    let (status, said) = ask(Router::new().put("/", hash), head, b"tea");
    let wanted: String = Sha1::digest(b"tea").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((status, said), (200, format!("3 {wanted}")));
    let large = vec![b'x'; 300_000];
    assert!(ask(Router::new().put("/", hash), head, &large).1.starts_with("300000 "));
    assert_eq!(ask(Router::new().put("/", hash), head, b"").0, 400);
}
