//! Compression: for whom, and of what never. Security rule 19 of the web layer.

use super::files::folder;
use super::world::{app, request, talk};
use flate2::read::{GzDecoder, ZlibDecoder};
use std::io::Read;
use wirebook_web::compress::{
    Coding, CompressOptions, Encoder, Facts, Uncompressed, Why, compress, compress_brotli, compress_with, why_not,
};
use wirebook_web::files::Files;
use wirebook_web::{App, Router};

/// An answer whose body is bytes.
struct Got {
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn field(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value)
    }

    fn status(&self) -> &str {
        &self.head[9..12]
    }

    /// The body without its coding.
    fn text(&self) -> String {
        let mut text = String::new();
        match self.field("content-encoding") {
            Some("gzip") => GzDecoder::new(&*self.body).read_to_string(&mut text),
            Some("br") => brotli::Decompressor::new(&*self.body, 4096).read_to_string(&mut text),
            Some("deflate") => ZlibDecoder::new(&*self.body).read_to_string(&mut text),
            None => (&*self.body).read_to_string(&mut text),
            Some(other) => panic!("{other}"),
        }
        .expect("a whole coding");
        text
    }
}

fn ask(app: App, path: &str, fields: &[&str]) -> Got {
    let method = if fields.contains(&"head") { "HEAD" } else { "GET" };
    let fields: Vec<&str> = fields.iter().filter(|field| **field != "head").copied().collect();
    let all = talk(app, request(method, path, &fields));
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(all[..end].to_vec()).expect("text");
    let mut got = Got { head, body: all[end + 4..].to_vec() };
    if got.field("transfer-encoding").is_some() {
        let (mut rest, mut body) = (&*got.body, Vec::new());
        while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
            let size = usize::from_str_radix(str::from_utf8(&rest[..line]).expect("text"), 16).expect("a size");
            body.extend_from_slice(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 4 + size..];
        }
        got.body = body;
    }
    got
}

fn page() -> String {
    "wirebook ".repeat(1000)
}

fn site() -> App {
    let router = Router::new()
        .layer(compress())
        .get("/big", async |ctx| {
            ctx.etag("v1")?;
            ctx.html(page())
        })
        .get("/small", async |ctx| ctx.text("x".repeat(1023)))
        .get("/enough", async |ctx| ctx.text("x".repeat(1024)))
        .get("/random", async |ctx| {
            // What no coding makes smaller.
            let mut state = 1u32;
            let bytes: Vec<u8> = (0..1500)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            ctx.content_type("text/plain")?.bytes(bytes)
        })
        .get("/image", async |ctx| ctx.content_type("image/png")?.bytes(page().into_bytes()))
        .get("/events", async |ctx| ctx.content_type("text/event-stream")?.text(page()))
        .get("/no-transform", async |ctx| ctx.set("cache-control", "public, no-transform")?.html(page()))
        .get("/coded", async |ctx| ctx.set("content-encoding", "br")?.html(page()))
        .get("/part", async |ctx| ctx.status(206).set("content-range", "bytes 0-8999/9001")?.text(page()))
        .get("/none", async |ctx| ctx.empty(204))
        .get("/secret", async |ctx| {
            ctx.state().insert(Uncompressed);
            ctx.html(page())
        })
        .get("/stream", async |ctx| {
            let mut left = 3;
            ctx.content_type("html")?.stream(async move || {
                left -= 1;
                Ok((left >= 0).then(|| page().into_bytes()))
            })
        })
        .get("/large", async |ctx| ctx.html(page().repeat(100)))
        .get("/fails", async |ctx| ctx.fail(404, page()));
    app(router)
}

#[test]
fn rule_19_what_is_never_compressed() {
    for path in
        ["/small", "/random", "/image", "/events", "/no-transform", "/coded", "/part", "/none", "/secret", "/fails"]
    {
        let got = ask(site(), path, &["accept-encoding: gzip, deflate"]);
        assert!(matches!(got.field("content-encoding"), None | Some("br")), "{path}: {}", got.head);
    }
    let facts = Facts { status: 200, content_type: Some("text/html"), length: Some(5000), ..Facts::default() };
    for (facts, why) in [
        (facts, None),
        (Facts { length: None, ..facts }, None),
        (Facts { length: Some(1023), ..facts }, Some(Why::Small)),
        (Facts { length: Some(1024), ..facts }, None),
        (Facts { status: 101, ..facts }, Some(Why::Status)),
        (Facts { status: 204, ..facts }, Some(Why::Status)),
        (Facts { status: 205, ..facts }, Some(Why::Status)),
        (Facts { status: 206, ..facts }, Some(Why::Status)),
        (Facts { status: 304, ..facts }, Some(Why::Status)),
        (Facts { status: 404, ..facts }, None),
        (Facts { is_part: true, ..facts }, Some(Why::Status)),
        (Facts { content_encoding: Some("gzip"), ..facts }, Some(Why::Coded)),
        (Facts { content_encoding: Some("Identity"), ..facts }, None),
        (Facts { cache_control: Some("max-age=1, No-Transform"), ..facts }, Some(Why::NoTransform)),
        (Facts { content_type: Some("text/event-stream; charset=utf-8"), ..facts }, Some(Why::EventStream)),
        (Facts { content_type: Some("TEXT/Event-Stream"), ..facts }, Some(Why::EventStream)),
        (Facts { content_type: None, ..facts }, Some(Why::Type)),
        (Facts { content_type: Some("image/png"), ..facts }, Some(Why::Type)),
        (Facts { content_type: Some("image/svg+xml"), ..facts }, None),
        (Facts { content_type: Some("application/problem+json"), ..facts }, None),
    ] {
        assert_eq!(why_not(&facts, 1024), why, "{facts:?}");
    }
}

/// web-154: a page with a token beside words that the asker chose. Each answer has the token in another form, so how small it becomes
/// says nothing; and a page with a secret that cannot be masked says that it must stay as it is.
#[test]
fn rule_19_secrets_beside_words_of_others() {
    let site = || {
        let keys = wirebook_web::trust::Keys::new(&[&[7; 32]]).expect("a key");
        let router =
            Router::new().layer(compress()).layer(wirebook_web::layers::csrf::by_token()).get("/form", async |ctx| {
                let token = ctx.csrf_token()?;
                ctx.html(format!("<input value=\"{token}\">{}{}", ctx.query().unwrap_or_default(), page()))
            });
        let options = wirebook_web::Options { keys: Some(keys), ..super::world::quiet() };
        router.into_app(options).expect("routes")
    };
    let first = ask(site(), "/form?q=AAAA", &[]);
    let cookie = first.field("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie").to_owned();
    let token = || {
        let got = ask(site(), "/form?q=AAAA", &["accept-encoding: gzip", &format!("cookie: {cookie}")]);
        assert_eq!(got.field("content-encoding"), Some("gzip"));
        got.text().split('"').nth(1).expect("a token").to_owned()
    };
    let (one, other) = (token(), token());
    assert_ne!(one, other);
    let secret = ask(self::site(), "/secret", &["accept-encoding: gzip"]);
    assert_eq!(secret.field("content-encoding"), None);
}

#[test]
fn rule_19_the_bound_at_0_1_n_and_max() {
    let facts = |length| Facts { status: 200, content_type: Some("text/html"), length, ..Facts::default() };
    for (length, least, why) in [
        (Some(0), 0, Some(Why::Small)),
        (Some(1), 0, None),
        (Some(0), 1, Some(Why::Small)),
        (Some(1), 1, None),
        (Some(u64::MAX - 1), u64::MAX, Some(Why::Small)),
        (None, u64::MAX, None),
    ] {
        assert_eq!(why_not(&facts(length), least), why, "{length:?} {least}");
    }
    for level in [0, 1, 9, u32::MAX] {
        let router = Router::new()
            .layer(compress_with(CompressOptions { least: 0, level }))
            .get("/", async |ctx| ctx.html(page()));
        assert_eq!(ask(app(router), "/", &["accept-encoding: gzip"]).text(), page(), "{level}");
    }
}

#[test]
fn what_a_client_takes() {
    for (accepts, coding) in [
        ("gzip, deflate, br", Some("gzip")),
        ("deflate", Some("deflate")),
        ("gzip;q=0.5, deflate", Some("deflate")),
        ("*", Some("gzip")),
        ("gzip;q=0, *", Some("deflate")),
        ("br", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("", None),
        ("gzip;q=0, identity;q=0, *;q=0", None),
    ] {
        let got = ask(site(), "/big", &[&format!("accept-encoding: {accepts}")]);
        assert_eq!(got.status(), "200");
        assert_eq!(got.field("content-encoding"), coding, "{accepts}");
        assert_eq!(got.field("vary"), Some("accept-encoding"), "{accepts}");
        assert_eq!(got.text(), page(), "{accepts}");
    }
    assert_eq!(ask(site(), "/big", &[]).field("content-encoding"), None, "nobody has said that they can decode");
    assert_eq!(ask(site(), "/enough", &["accept-encoding: gzip"]).field("content-encoding"), Some("gzip"));
    let split = ask(site(), "/big", &["accept-encoding: br", "accept-encoding: gzip"]);
    assert_eq!(split.field("content-encoding"), Some("gzip"), "a list may stand on several lines");
}

/// web-155.
#[test]
fn rule_19_a_strong_tag_becomes_weak() {
    assert_eq!(ask(site(), "/big", &[]).field("etag"), Some("\"v1\""));
    assert_eq!(ask(site(), "/big", &["accept-encoding: gzip"]).field("etag"), Some("W/\"v1\""));
}

#[test]
fn rule_19_head_is_not_compressed_and_says_no_length_that_get_has_not() {
    let got = ask(site(), "/big", &["head", "accept-encoding: gzip"]);
    assert_eq!((got.field("content-encoding"), got.field("content-length")), (None, None));
    assert_eq!((got.field("vary"), got.body.len()), (Some("accept-encoding"), 0));
    let got = ask(site(), "/big", &["head"]);
    assert_eq!(got.field("content-length"), Some("9000"));
}

#[test]
fn streams_and_what_is_large() {
    let got = ask(site(), "/stream", &["accept-encoding: gzip"]);
    assert_eq!((got.field("content-encoding"), got.text()), (Some("gzip"), page().repeat(3)));
    let got = ask(site(), "/large", &["accept-encoding: deflate"]);
    assert_eq!(got.text(), page().repeat(100));
    assert!(got.body.len() < 20_000);
}

/// Each piece of a stream can be read when it has come, though more is to come.
#[test]
fn rule_19_a_piece_waits_for_no_other() {
    let mut encoder = wirebook_web::compress::Encoder::new(wirebook_web::compress::Coding::Gzip, 6);
    let first = encoder.piece(b"first").expect("a piece");
    let mut read = [0; 5];
    GzDecoder::new(&*first).read_exact(&mut read).expect("it is all there");
    assert_eq!(&read, b"first");
}

/// web-036: a part of a file is a part of the file.
#[test]
fn files_and_parts_of_them() {
    let folder = folder();
    std::fs::write(folder.path().join("site/large.txt"), page().repeat(20)).expect("a file");
    let site = || {
        let files = Files::beneath(folder.path().join("site")).expect("a folder");
        app(Router::new().layer(compress()).files("/", files))
    };
    let whole = ask(site(), "/large.txt", &["accept-encoding: gzip"]);
    assert_eq!((whole.field("content-encoding"), whole.field("accept-ranges")), (Some("gzip"), None));
    assert_eq!(whole.text(), page().repeat(20));
    let weak = whole.field("etag").expect("a tag").to_owned();
    assert!(weak.starts_with("W/"));
    let part = ask(site(), "/large.txt", &["accept-encoding: gzip", "range: bytes=0-8"]);
    assert_eq!((part.status(), part.field("content-encoding"), part.text().as_str()), ("206", None, "wirebook "));
    // The compressed answer's tag asks no part of the plain one, and serves for a 304 of its own.
    let part = ask(site(), "/large.txt", &["accept-encoding: gzip", "range: bytes=0-8", &format!("if-range: {weak}")]);
    assert_eq!(part.status(), "200");
    let fresh = ask(site(), "/large.txt", &["accept-encoding: gzip", &format!("if-none-match: {weak}")]);
    assert_eq!((fresh.status(), fresh.field("etag")), ("304", Some(&*weak)));
}

#[test]
fn brotli_for_whoever_takes_it_where_it_was_asked_for() {
    let text: String = (0..2_000).map(|number| format!("<li>tea number {}\n", number * 7919 % 1000)).collect();
    let site = |text: &str| {
        let (page, pieces) = (text.to_owned(), text.to_owned());
        let router = Router::new().layer(compress_brotli(CompressOptions::default()));
        let router = router.get("/page", async move |ctx| ctx.html(page.clone())).get("/pieces", async move |ctx| {
            let mut pieces = vec![pieces.clone(), pieces.clone()];
            ctx.content_type("html")?.stream(async move || Ok(pieces.pop().map(String::into_bytes)))
        });
        app(router)
    };
    let took = |fields: &str| ask(site(&text), "/page", &[fields]);
    for (accept, coding) in [
        ("accept-encoding: gzip, deflate, br, zstd", Some("br")),
        ("accept-encoding: br;q=0.5, gzip", Some("gzip")),
        ("accept-encoding: br;q=0, gzip", Some("gzip")),
        ("accept-encoding: br", Some("br")),
        ("accept-encoding: identity", None),
        ("accept: */*", None),
    ] {
        let got = took(accept);
        assert_eq!((got.field("content-encoding"), got.text() == text), (coding, true), "{accept}");
        assert_eq!(got.field("vary"), Some("accept-encoding"), "{accept}");
    }
    assert!(took("accept-encoding: br").body.len() < took("accept-encoding: gzip").body.len());
    let got = ask(site(&text), "/pieces", &["accept-encoding: br"]);
    assert_eq!((got.field("content-encoding"), got.text()), (Some("br"), text.repeat(2)));
}

#[test]
fn an_encoder_of_brotli_lets_each_piece_out_and_holds_no_more_than_it_says() {
    // More than 9 is 9.
    for level in [0, 1, 6, u32::MAX] {
        let mut random = 42u32;
        let mut piece = || -> Vec<u8> {
            let byte = |_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                b"etaoin shrdlu<>/"[(random >> 24) as usize % 16]
            };
            (0..32 * 1024).map(byte).collect()
        };
        let ((), cost) = wirebook_tests::allocations::measure(|| {
            let mut encoder = Encoder::new(Coding::Brotli, level);
            let (mut coded, mut whole) = (Vec::new(), Vec::new());
            for number in 0..4 {
                let more = piece();
                coded.extend(encoder.piece(&more).expect("a piece"));
                whole.extend(more);
                let mut so_far = vec![0; whole.len()];
                brotli::Decompressor::new(&*coded, 4096).read_exact(&mut so_far).expect("all that was given");
                assert!(so_far == whole, "level {level}, piece {number}");
            }
            coded.extend(encoder.finish().expect("an end"));
            let mut back = Vec::new();
            brotli::Decompressor::new(&*coded, 4096).read_to_end(&mut back).expect("a whole coding");
            assert!(back == whole, "level {level}");
        });
        if level < 6 {
            continue;
        }
        // More than it may hold; the lower levels look back less.
        let film = vec![b'x'; 64 * 1024];
        let ((), held) = wirebook_tests::allocations::measure(|| {
            let mut encoder = Encoder::new(Coding::Brotli, level);
            for _ in 0..70 {
                encoder.piece(&film).expect("a piece");
            }
        });
        assert!(
            held.peak_bytes < 4 << 20,
            "level {level}: {} bytes for a film, {} with its reader",
            held.peak_bytes,
            cost.peak_bytes
        );
    }
}
