//! Rows of `tests/attacks/web.jsonl` that want more than the core: bodies that arrive, compressed ones, Basic, and failures, over the wire.

use super::world::*;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::io::Write;
use wirebook_web::layers::{basic, csrf, errors};
use wirebook_web::{App, Failure, Router};

/// An application as the rows suppose it: a form and JSON at `/t`, a guarded page, an answer that fails when it has begun.
fn subject() -> App {
    let router = Router::new().layer(errors()).edge(csrf::by_origin(&[]));
    let router =
        router
            .post("/t", async |ctx| {
                if ctx.is(&["form"]).is_some() {
                    let fields = ctx.read_fields().await?;
                    return ctx.json(&fields.to_json());
                }
                let value: Value = ctx.read_json().await?;
                ctx.json(&value)
            })
            .get("/ip", async |ctx| {
                let text = format!("{:?} {}", ctx.ip(), ctx.is_secure());
                ctx.text(text)
            })
            .get("/late-error", async |ctx| {
                let mut is_first = true;
                ctx.stream(async move || {
                    if std::mem::take(&mut is_first) { Ok(Some(b"half".to_vec())) } else { Err(Failure::of(500)) }
                })
            })
            .get("/", async |ctx| ctx.text("home"))
            .get("/{page}", async |ctx| ctx.text("a page"))
            .with_at("/admin", async |ctx, _| ctx.fail(401, "closed"))
            .get("/admin", async |ctx| ctx.text("admin"));
    app(router)
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).expect("an octet")).collect()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in body.chunks(16 * 1024) {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

fn gzip(megabytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        encoder.write_all(&zeros).expect("memory");
    }
    encoder.finish().expect("memory")
}

/// What a row's generator makes.
fn generated(name: &str) -> Vec<u8> {
    let mut small = GzEncoder::new(Vec::new(), Compression::best());
    small.write_all(b"{\"a\":1}").expect("memory");
    let mut small = small.finish().expect("memory");
    let length = small.len();
    chunked(&match name {
        // A MiB is as good as the GiB of the row, which would be refused at the same byte.
        "gzip_bomb_1GiB" => gzip(1),
        "gzip_truncated" => small[..length - 9].to_vec(),
        "gzip_bad_crc" => {
            small[length - 6] ^= 1;
            small
        }
        "plain_json" => b"{}".to_vec(),
        other => panic!("no generator {other}"),
    })
}

fn bytes(row: &Value) -> Vec<u8> {
    let steps = row["steps"].as_array().expect("steps").iter();
    steps
        .flat_map(|step| match (step["data"].as_str(), step["generator"].as_str()) {
            (Some(data), _) => latin1(data),
            (_, Some(name)) => generated(name),
            _ => Vec::new(),
        })
        .collect()
}

fn row(number: &str) -> Value {
    let rows = include_str!("../../attacks/web.jsonl").lines();
    let mut rows = rows.map(|line| serde_json::from_str::<Value>(line).expect("a row is JSON"));
    rows.find(|row| row["id"] == format!("web-{number}")).unwrap_or_else(|| panic!("there is no row {number}"))
}

#[test]
fn rows_that_one_request_decides() {
    for number in "065 072 073 074 076 079 080 082 084 085 087 143".split(' ') {
        let row = row(number);
        let reply = ask(subject(), bytes(&row));
        let wanted = row["expect"]["status"].as_array();
        let permitted = row["also_ok"].as_array().into_iter().flatten().filter_map(|other| other["status"].as_array());
        let is_wanted =
            wanted.is_none() || wanted.into_iter().chain(permitted).flatten().any(|status| *status == reply.status);
        assert!(is_wanted && reply.status != 500, "{number} {}: {reply:?}", row["title"]);
    }
    let overflow = ask(subject(), bytes(&row("072")));
    assert_eq!(overflow.status, 400, "1e400 is no number that anybody could keep");
}

#[test]
fn web_127_nobody_says_who_he_is() {
    assert_eq!(ask(subject(), bytes(&row("127"))).body, "Some(127.0.0.1) false");
}

#[test]
fn web_131_132_basic() {
    // The realm is quoted or nothing: no line end gets into a field.
    let router = Router::new().edge(basic("a\"b\r\nX: y", |_, _| false)).get("/", async |ctx| ctx.text(""));
    let reply = get(app(router), "/");
    assert_eq!((reply.status, reply.field("x")), (401, None));
    assert_eq!(reply.field("www-authenticate"), Some("Basic realm=\"\", charset=\"UTF-8\""));
}

#[test]
fn web_135_136_137_guards() {
    let spellings = [
        "/admin",
        "/%61dmin",
        "/admin/",
        "//admin",
        "/x/../admin",
        "/admin%2f",
        "/./admin",
        "/admin;x",
        "/ADMIN",
        "/admin%00",
    ];
    for path in spellings {
        assert_ne!(get(subject(), path).body, "admin", "{path}");
    }
    for number in ["135", "136", "137"] {
        assert_ne!(ask(subject(), bytes(&row(number))).body, "admin");
    }
}

#[test]
fn web_159_what_fails_when_it_has_begun_is_no_whole_answer() {
    let all = talk(subject(), bytes(&row("159")));
    let text = String::from_utf8_lossy(&all);
    assert!(text.starts_with("HTTP/1.1 200 OK") && !text.contains("\r\n0\r\n"), "{text}");
}
