//! Bodies: every bound at n and at n + 1, the error that each gives, and what is read.

use super::world::*;
use flate2::{Compression, write::DeflateEncoder, write::GzEncoder, write::ZlibEncoder};
use std::io::Write;
use wirebook_web::multipart::Limits as FormLimits;
use wirebook_web::{Answer, App, Context, Limits, Options, Parsed, Router, post};

const JSON: &str = "content-type: application/json";
const FORM: &str = "content-type: application/x-www-form-urlencoded";
const TEXT: &str = "content-type: text/plain";

async fn json(ctx: &mut Context<'_>) -> Answer {
    let value: serde_json::Value = ctx.read_json().await?;
    ctx.json(&value)
}

async fn form(ctx: &mut Context<'_>) -> Answer {
    let fields = ctx.read_fields().await?;
    ctx.json(&fields.to_json())
}

async fn text(ctx: &mut Context<'_>) -> Answer {
    let text = ctx.read_text().await?;
    ctx.text(text)
}

async fn xml(ctx: &mut Context<'_>) -> Answer {
    let document = ctx.read_xml().await?;
    ctx.json(&document.to_json())
}

/// How many bytes, and no matter which.
async fn raw(ctx: &mut Context<'_>) -> Answer {
    let bytes = ctx.read_bytes(1000).await?;
    ctx.text(bytes.len().to_string())
}

fn with(limits: Limits) -> App {
    let router = Router::new().post("/json", json).post("/form", form).post("/text", text).post("/xml", xml);
    router.post("/raw", raw).into_app(Options { limits, ..quiet() }).expect("routes that can be")
}

fn all() -> App {
    with(Limits::default())
}

fn sent(app: App, path: &str, kind: &str, body: &str) -> Reply {
    ask(app, with_body("POST", path, &[kind], body))
}

#[test]
fn json_comes_as_json_and_fails_with_a_reason() {
    let reply = sent(all(), "/json", JSON, r#"{"tea":["green",7]}"#);
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"tea":["green",7]}"#));
    assert_eq!(reply.field("content-type"), Some("application/json"));
    for (kind, body, status) in [
        ("content-type: application/problem+json; charset=utf-8", "1", 200),
        ("content-type: application/json; charset=latin1", "1", 415),
        ("content-type: text/plain", "{}", 415),
        ("content-type: application/jsonx", "{}", 415),
        ("content-type: application/json, text/plain", "{}", 415),
        ("x-no: type", "{}", 415),
        (JSON, "", 400),
        (JSON, "{", 400),
        (JSON, "{}x", 400),
        (JSON, "\u{feff}{}", 200),
        (JSON, "\"\\ud800\"", 400),
    ] {
        assert_eq!(sent(all(), "/json", kind, body).status, status, "{kind} {body}");
    }
}

#[test]
fn two_types_are_none() {
    let both = with_body("POST", "/json", &[JSON, "content-type: text/plain"], "{}");
    assert_eq!(ask(all(), both).status, 415);
}

#[test]
fn json_of_another_shape_is_422_and_a_member_that_comes_twice_an_error() {
    #[derive(serde::Deserialize)]
    struct Tea {
        name: String,
    }
    let read = || {
        app(Router::new().post("/", async |ctx| {
            let tea: Tea = ctx.read_json().await?;
            ctx.text(tea.name)
        }))
    };
    assert_eq!(sent(read(), "/", JSON, r#"{"name":"green"}"#).body, "green");
    assert_eq!(sent(read(), "/", JSON, r#"{"name":7}"#).status, 422);
    assert_eq!(sent(read(), "/", JSON, r#"{"name":"a","name":"b"}"#).status, 400);
}

/// What a limit lets through, and what it does not: at n, n + 1, 0, and without one.
fn bound(path: &str, kind: &str, limit: impl Fn(&mut Limits, u64), body: impl Fn(usize) -> String) {
    for (limited, bytes, status) in
        [(10, 10, 200), (10, 11, 413), (4, 4, 200), (4, 5, 413), (0, 4, 413), (u64::MAX, 100_000, 200)]
    {
        let mut limits = Limits::default();
        limit(&mut limits, limited);
        let reply = sent(with(limits), path, kind, &body(bytes));
        assert_eq!(reply.status, status, "{path}: {bytes} bytes of {limited}: {}", reply.body);
        // The same when nobody says beforehand how long it is.
        let chunk = body(bytes);
        let chunked = request("POST", path, &[kind, "transfer-encoding: chunked"])
            + &format!("{:x}\r\n{chunk}\r\n0\r\n\r\n", chunk.len());
        assert_eq!(ask(with(limits), chunked).status, status, "{path}: {bytes} bytes of {limited} in a chunk");
    }
}

#[test]
fn every_way_to_read_a_body_has_a_bound_of_its_own() {
    bound("/json", JSON, |limits, n| limits.json = n, |bytes| format!("\"{}\"", "x".repeat(bytes - 2)));
    bound("/text", TEXT, |limits, n| limits.text = n, |bytes| "x".repeat(bytes));
    bound(
        "/xml",
        "content-type: application/atom+xml",
        |limits, n| limits.xml = n,
        |bytes| format!("<a/>{}", " ".repeat(bytes - 4)),
    );
    bound("/form", FORM, |limits, n| limits.form = n, |bytes| format!("a={}", "x".repeat(bytes - 2)));
}

#[test]
fn a_routes_own_bound_takes_the_place_of_all_others() {
    for (limit, bytes, status) in
        [(5_000_000, 2_000_000, 200), (5, 5, 200), (5, 6, 413), (0, 0, 200), (0, 1, 413), (u64::MAX, 2_000_000, 200)]
    {
        let router = Router::new().route(post("/", raw).body_limit(limit));
        let reply = sent(app(router), "/", TEXT, &"x".repeat(bytes));
        assert_eq!(reply.status, status, "{bytes} of {limit}");
    }
}

#[test]
fn a_body_that_is_too_large_fails_within_the_onion() {
    let router = Router::new()
        .layer(async |ctx, next| match next.run(ctx).await {
            Err(failure) if failure.status() == 413 => ctx.status(413).text("a page about size"),
            answer => answer,
        })
        .route(post("/", raw).body_limit(10));
    let head = request("POST", "/", &[TEXT, "content-length: 10000000"]);
    let reply = ask(app(router), head);
    assert_eq!((reply.status, reply.body.as_str()), (413, "a page about size"));
    assert_eq!(reply.field("connection"), Some("close"), "the rest of it is not read");
}

#[test]
fn a_handler_that_does_not_read_may_be_sent_whatever_it_is() {
    let router = Router::new().post("/", async |ctx| ctx.text("fine"));
    let reply = ask(app(router), request("POST", "/", &["content-length: 10000000"]));
    assert_eq!((reply.status, reply.body.as_str()), (200, "fine"));
}

#[test]
fn who_waits_to_be_asked_for_a_body_is_asked_when_it_is_read() {
    let router = || Router::new().post("/read", raw).post("/not", async |ctx| ctx.text("no"));
    let expects = |path| request("POST", path, &[TEXT, "content-length: 2", "expect: 100-continue"]);
    let all = String::from_utf8(talk(app(router()), expects("/read"))).unwrap();
    assert!(all.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 "), "{all}");
    let all = String::from_utf8(talk(app(router()), expects("/not"))).unwrap();
    assert!(all.starts_with("HTTP/1.1 200 OK"), "{all}");
}

#[test]
fn json_is_nested_no_deeper_than_its_bound() {
    for (limit, depth, status) in
        [(3, 3, 200), (3, 4, 400), (0, 0, 200), (0, 1, 400), (usize::MAX, 100, 200), (usize::MAX, 200, 400)]
    {
        let body = format!("{}7{}", "[".repeat(depth), "]".repeat(depth));
        let reply = sent(with(Limits { json_depth: limit, ..Limits::default() }), "/json", JSON, &body);
        assert_eq!(reply.status, status, "{depth} of {limit}: {}", reply.body);
    }
    let brackets_in_text = sent(with(Limits { json_depth: 1, ..Limits::default() }), "/json", JSON, r#"["[[[\"[["]"#);
    assert_eq!(brackets_in_text.status, 200);
}

#[test]
fn a_form_has_bounds_on_pairs_depth_and_lists() {
    let pairs = |count: usize| vec!["a=1"; count].join("&");
    for (body, status) in [
        (pairs(100), 200),
        ("a[b][c][d][e][f]=1".to_owned(), 200),
        ("a[b][c][d][e][f][g]=1".to_owned(), 400),
        ("a[99]=1".to_owned(), 200),
        ("a[100]=1".to_owned(), 400),
        ("a=1&a[b]=2".to_owned(), 400),
        ((0..1000).map(|at| format!("k{at}=1")).collect::<Vec<_>>().join("&"), 200),
        ((0..1001).map(|at| format!("k{at}=1")).collect::<Vec<_>>().join("&"), 413),
        ("a=%ff".to_owned(), 200),
    ] {
        let reply = sent(all(), "/form", FORM, &body);
        assert_eq!(reply.status, status, "{:.60}: {:.100}", body, reply.body);
    }
    assert_eq!(
        sent(all(), "/form", FORM, "user[name]=Ada+L.&__proto__[x]=1").body,
        r#"{"__proto__":{"x":"1"},"user":{"name":"Ada L."}}"#
    );
}

#[test]
fn a_form_becomes_a_type() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
    }
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "the test looks at what `Debug` says of them")]
    struct Order {
        name: String,
        count: u8,
        price: Option<f64>,
        note: Option<String>,
        #[serde(default)]
        gift: bool,
        size: Size,
        tags: Vec<String>,
        address: std::collections::BTreeMap<String, String>,
    }
    let read = || {
        app(Router::new().post("/", async |ctx| {
            let order: Order = ctx.read_form().await?;
            ctx.text(format!("{order:?}"))
        }))
    };
    let whole = "name=Ada&count=7&price=&note=&gift=on&size=large&tags=a&address[city]=London";
    assert_eq!(
        sent(read(), "/", FORM, whole).body,
        r#"Order { name: "Ada", count: 7, price: None, note: None, gift: true, size: Large, tags: ["a"], address: {"city": "London"} }"#
    );
    for (from, to, status) in [
        ("count=7", "count=256", 422),
        ("count=7", "count=seven", 422),
        ("gift=on", "gift=maybe", 422),
        ("size=large", "size=huge", 422),
        ("size=large", "size=small", 200),
        ("name=Ada", "name=Ada&name=Bob", 422),
        ("name=Ada&", "", 422),
        ("price=", "price=1.5", 200),
        ("tags=a", "tags=a&tags=b", 200),
        ("address[city]", "address", 422),
    ] {
        let reply = sent(read(), "/", FORM, &whole.replace(from, to));
        assert_eq!(reply.status, status, "{to}: {}", reply.body);
    }
}

#[test]
fn a_body_is_read_as_its_type_says() {
    let router = || {
        app(Router::new().post("/", async |ctx| {
            let what = match ctx.read_body().await? {
                Parsed::Nothing => "nothing".to_owned(),
                Parsed::Json(value) => format!("json {value}"),
                Parsed::Form(value) => format!("form {}", value.to_json()),
                Parsed::Xml(document) => format!("xml {}", document.to_json()),
                Parsed::Text(text) => format!("text {text}"),
            };
            ctx.text(what)
        }))
    };
    assert_eq!(sent(router(), "/", JSON, "[1]").body, "json [1]");
    assert_eq!(sent(router(), "/", FORM, "a=1").body, r#"form {"a":"1"}"#);
    assert_eq!(sent(router(), "/", TEXT, "hi").body, "text hi");
    assert_eq!(ask(router(), request("POST", "/", &[])).body, "nothing");
    assert_eq!(sent(router(), "/", "content-type: image/png", "x").status, 415);
    assert_eq!(ask(router(), request("POST", "/", &[TEXT, "content-length: 0"])).body, "nothing");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn coded(app: App, path: &str, coding: &str, body: &[u8]) -> Reply {
    let fields = [TEXT, &format!("content-encoding: {coding}"), &format!("content-length: {}", body.len())];
    ask(app, [request("POST", path, &fields).as_bytes(), body].concat())
}

#[test]
fn a_compressed_body_is_read_as_what_it_was() {
    let text = "tea ".repeat(9000);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(text.as_bytes()).unwrap();
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
    bare.write_all(text.as_bytes()).unwrap();
    let members = [gzip(&text.as_bytes()[..100]), gzip(&text.as_bytes()[100..])].concat();
    for (coding, body) in [
        ("gzip", gzip(text.as_bytes())),
        ("X-GZIP", members),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", bare.finish().unwrap()),
        ("identity", text.clone().into_bytes()),
    ] {
        let reply = coded(all(), "/text", coding, &body);
        assert_eq!((reply.status, reply.body == text), (200, true), "{coding}");
    }
    assert_eq!(coded(all(), "/text", "gzip", b"").body, "");
}

#[test]
fn a_compressed_body_that_is_broken_says_how() {
    let whole = gzip(b"tea");
    let reply = coded(all(), "/text", "gzip", &whole[..whole.len() - 1]);
    assert_eq!((reply.status, reply.body.as_str()), (400, "400 Bad Request: the compressed body breaks off\n"));
    for cut in 1..whole.len() {
        assert_eq!(coded(all(), "/text", "gzip", &whole[..cut]).status, 400, "{cut}");
    }
    assert_eq!(coded(all(), "/text", "gzip", b"no gzip at all").status, 400);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(b"tea").unwrap();
    let behind = [zlib.finish().unwrap(), b"x".to_vec()].concat();
    assert_eq!(
        coded(all(), "/text", "deflate", &behind).body,
        "400 Bad Request: bytes come behind the compressed body\n"
    );
    for coding in ["br", "gzip, gzip", "zstd", "gzip, identity"] {
        let reply = coded(all(), "/text", coding, &whole);
        assert_eq!((reply.status, reply.field("accept-encoding")), (415, Some("gzip, deflate")), "{coding}");
    }
}

#[test]
fn what_a_compressed_body_becomes_is_bounded() {
    // 256 KiB of nothing are some hundred bytes: 413 long before it is there.
    let bomb = gzip(&vec![b' '; 256 << 10]);
    assert!(bomb.len() < 600);
    let text = |limits: Limits| with(Limits { text: u64::MAX, ..limits });
    assert_eq!(coded(text(Limits::default()), "/text", "gzip", &bomb).status, 413);
    let any = Limits { inflate_ratio: u64::MAX, ..Limits::default() };
    assert_eq!(coded(text(any), "/text", "gzip", &bomb).body.len(), 256 << 10);
    let none = Limits { inflate_ratio: 0, ..Limits::default() };
    assert_eq!(coded(text(none), "/text", "gzip", &gzip(b"tea")).status, 415);
    // The ratio does not count for the first 64 KiB; the bound on text does.
    let small = gzip(&vec![b' '; 64 * 1024]);
    assert_eq!(
        coded(with(Limits { text: 65_536, inflate_ratio: 1, ..Limits::default() }), "/text", "gzip", &small).status,
        200
    );
    assert_eq!(coded(with(Limits { text: 65_535, ..Limits::default() }), "/text", "gzip", &small).status, 413);
    // So much for each byte that came, and not a byte more.
    let more = vec![b' '; 70_000];
    let packed = gzip(&more);
    let least = (more.len() as u64).div_ceil(packed.len() as u64);
    let text = |ratio| with(Limits { text: u64::MAX, inflate_ratio: ratio, ..Limits::default() });
    assert_eq!(coded(text(least), "/text", "gzip", &packed).status, 200);
    assert_eq!(coded(text(least - 1), "/text", "gzip", &packed).status, 413);
}

async fn upload(ctx: &mut Context<'_>) -> Answer {
    let mut parts = ctx.multipart(FormLimits { files: 2, fields: 2, field: 10, file: 100, ..FormLimits::default() })?;
    let mut seen = Vec::new();
    while let Some(mut part) = parts.next().await? {
        let (name, file, kind) =
            (part.name().to_owned(), part.filename().map(str::to_owned), part.content_type().map(str::to_owned));
        if name != "skipped" {
            seen.push(format!("{name} {file:?} {kind:?} {:?}", part.text().await?));
        }
    }
    // What is known of a request is known after its body was given away.
    ctx.ensure(ctx.remote_addr().is_some() && ctx.path() == "/", 500, "forgotten")?;
    ctx.text(seen.join("\n"))
}

const MULTIPART: &str = "content-type: multipart/form-data; boundary=B";

fn part(disposition: &str, content: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

#[test]
fn a_form_with_files_comes_part_by_part_wherever_it_is_cut() {
    let body = part("name=\"tea\"", "green")
        + &part("name=\"skipped\"", "0123456789")
        + "--B\r\nContent-Disposition: form-data; name=\"leaf\"; filename=\"../a/leaf.txt\"\r\nContent-Type: text/plain\r\n\r\n--Bis\r\n--not\r\n"
        + "--B--\r\n";
    let wanted = "tea None None \"green\"\nleaf Some(\"leaf.txt\") Some(\"text/plain\") \"--Bis\\r\\n--not\"";
    let router = || app(Router::new().post("/", upload));
    assert_eq!(sent(router(), "/", MULTIPART, &body).body, wanted);
    for cut in 1..body.len() {
        let (front, back) = body.split_at(cut);
        let chunks = format!("{:x}\r\n{front}\r\n{:x}\r\n{back}\r\n0\r\n\r\n", front.len(), back.len());
        let asked = request("POST", "/", &[MULTIPART, "transfer-encoding: chunked"]) + &chunks;
        assert_eq!(ask(router(), asked).body, wanted, "cut at {cut}");
    }
}

#[test]
fn a_form_with_files_that_breaks_a_rule_fails_with_its_status() {
    let end = "--B--\r\n";
    let field = |name: &str| part(&format!("name=\"{name}\""), "x");
    for (kind, body, status) in [
        (MULTIPART, String::new(), 400),
        (MULTIPART, field("a"), 400),
        (MULTIPART, field("a") + end, 200),
        (MULTIPART, field("a") + &field("b") + &field("c") + end, 413),
        (MULTIPART, part("name=\"a\"", "0123456789") + end, 200),
        (MULTIPART, part("name=\"a\"", "0123456789a") + end, 413),
        (MULTIPART, part("name=\"a\"; filename=\"f\"", &"x".repeat(100)) + end, 200),
        (MULTIPART, part("name=\"a\"; filename=\"f\"", &"x".repeat(101)) + end, 413),
        (MULTIPART, part("filename=\"f\"", "x") + end, 400),
        ("content-type: multipart/form-data", field("a") + end, 400),
        (JSON, "{}".to_owned(), 415),
    ] {
        let reply = sent(app(Router::new().post("/", upload)), "/", kind, &body);
        assert_eq!(reply.status, status, "{kind} {body:?}: {}", reply.body);
    }
}

#[test]
fn a_form_with_files_has_the_bound_of_its_route() {
    let body = part("name=\"a\"; filename=\"f\"", "x") + "--B--\r\n";
    let length = body.len() as u64;
    for (limit, status) in [(length, 200), (length - 1, 413), (0, 413)] {
        let router = Router::new().route(post("/", upload).body_limit(limit));
        assert_eq!(sent(app(router), "/", MULTIPART, &body).status, status, "{limit}");
    }
}

#[test]
fn a_client_that_vanishes_within_its_body_is_400_and_costs_nobody_else_anything() {
    let body = part("name=\"a\"; filename=\"f\"", "x");
    let asked = request("POST", "/", &[MULTIPART, "content-length: 1000"]) + &body;
    let reply = ask(app(Router::new().post("/", upload)), asked);
    assert_eq!(reply.status, 400, "{}", reply.body);
}
