//! What users of other web layers have reported, asked of ours over the wire: byte order marks, strings that are never closed, cookies in
//! caches, secrets in logs, and whatever else one program took for something else than the next.

use super::world::*;
use wirebook_web::files::Files;
use wirebook_web::layers::{conditional, csrf, errors, method_override};
use wirebook_web::trust::{Keys, SetCookie, Source, Trust};
use wirebook_web::{App, Limits, Options, Router};

const JSON: &str = "content-type: application/json";
const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// A request whose last field has bytes that are no text.
pub(super) fn with_bytes(method: &str, path: &str, fields: &[&str], name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = request(method, path, fields).into_bytes();
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(format!("{name}: ").as_bytes());
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes
}

fn keyed(router: Router) -> App {
    router.into_app(Options { keys: Some(Keys::new(&[&[9; 32]]).expect("a key")), ..quiet() }).expect("routes")
}

pub(super) fn bodies(limits: Limits) -> App {
    let router = Router::new()
        .post("/json", async |ctx| {
            let value: serde_json::Value = ctx.read_json().await?;
            ctx.json(&value)
        })
        .post("/text", async |ctx| {
            let text = ctx.read_text().await?;
            ctx.text(text)
        })
        .post("/xml", async |ctx| {
            let document = ctx.read_xml().await?;
            ctx.json(&document.to_json())
        })
        .post("/form", async |ctx| {
            let fields = ctx.read_fields().await?;
            ctx.json(&fields.to_json())
        })
        .post("/raw", async |ctx| {
            let bytes = ctx.read_bytes(1000).await?;
            ctx.bytes(bytes)
        });
    router.into_app(Options { limits, ..quiet() }).expect("routes")
}

/// RFC 8259 §8.1 allows a reader to ignore it; body-parser and co-body do, and so does "UTF-8 decode" of the Encoding standard.
#[test]
fn a_byte_order_mark_at_the_front_says_nothing() {
    const TEXT: &str = "content-type: text/plain";
    const XML: &str = "content-type: application/xml";
    for (path, kind, body, status, read) in [
        ("/json", JSON, "\u{feff}{\"a\":1}", 200, r#"{"a":1}"#),
        ("/json", JSON, "\u{feff} 1", 200, "1"),
        ("/json", "content-type: application/problem+json", "\u{feff}[]", 200, "[]"),
        ("/json", JSON, "\u{feff}\u{feff}{}", 400, ""),
        ("/json", JSON, " \u{feff}{}", 400, ""),
        ("/json", JSON, "{}\u{feff}", 400, ""),
        ("/json", JSON, "\u{feff}", 400, ""),
        ("/json", JSON, "{\"\u{feff}a\":\"\u{feff}\"}", 200, "{\"\u{feff}a\":\"\u{feff}\"}"),
        ("/text", TEXT, "\u{feff}tea", 200, "tea"),
        ("/text", TEXT, "\u{feff}\u{feff}tea", 200, "\u{feff}tea"),
        ("/text", TEXT, "te\u{feff}a", 200, "te\u{feff}a"),
        ("/text", TEXT, "\u{feff}", 200, ""),
        ("/xml", XML, "\u{feff}<a>b</a>", 200, r#"{"a":"b"}"#),
        ("/xml", XML, "\u{feff}\u{feff}<a/>", 400, ""),
        ("/form", FORM, "\u{feff}a=b", 200, r#"{"a":"b"}"#),
        // What is escaped was meant.
        ("/form", FORM, "%EF%BB%BFa=b", 200, "{\"\u{feff}a\":\"b\"}"),
        ("/form", FORM, "a=\u{feff}b", 200, "{\"a\":\"\u{feff}b\"}"),
        ("/raw", "content-type: a/b", "\u{feff}x", 200, "\u{feff}x"),
    ] {
        let reply = ask(bodies(Limits::default()), with_body("POST", path, &[kind], body));
        assert_eq!(reply.status, status, "{path} {body:?}: {}", reply.body);
        assert!(status != 200 || reply.body == read, "{path} {body:?}: {:?}", reply.body);
    }
    // It counts as what was sent: three bytes.
    for (most, status) in [(5, 200), (4, 413)] {
        let limits = Limits { json: most, ..Limits::default() };
        assert_eq!(ask(bodies(limits), with_body("POST", "/json", &[JSON], "\u{feff}{}")).status, status, "{most}");
    }
    // UTF-16, with its own mark, is another encoding, whatever is said of it.
    for bytes in [&b"\xff\xfe{\0}\0"[..], b"\xfe\xff\0{\0}", b"\xef\xbb{}", b"\xef{}", b"{\0}\0"] {
        let mut sent = request("POST", "/json", &[JSON, &format!("content-length: {}", bytes.len())]).into_bytes();
        sent.extend_from_slice(bytes);
        assert_eq!(ask(bodies(Limits::default()), sent).status, 400, "{bytes:?}");
    }
    // Whoever looks before the handler reads the same.
    let site = || {
        let router = Router::new().layer(method_override()).put("/", async |ctx| {
            let fields = ctx.read_fields().await?;
            ctx.json(&fields.to_json())
        });
        app(router)
    };
    let reply = ask(site(), with_body("POST", "/", &[FORM], "\u{feff}_method=put&a=1"));
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"_method":"put","a":"1"}"#));
    let site = || {
        let page = Router::new().layer(csrf::by_token()).get("/", async |ctx| {
            let token = ctx.csrf_token()?;
            ctx.text(token)
        });
        keyed(page.post("/", async |ctx| {
            let value: serde_json::Value = ctx.read_json().await?;
            ctx.text(value["a"].to_string())
        }))
    };
    let page = get(site(), "/");
    let cookie = format!("cookie: {}", page.field("set-cookie").and_then(|line| line.split(';').next()).expect("one"));
    let body = format!("\u{feff}{{\"_csrf\":\"{}\",\"a\":7}}", page.body);
    assert_eq!(ask(site(), with_body("POST", "/", &[JSON, &cookie], &body)).body, "7");
}

/// Names of codings have no case (RFC 9110 §8.4.1), the one that is none among them.
#[test]
fn a_coding_that_is_none_has_no_case() {
    for (coding, status) in [
        ("identity", 200),
        ("Identity", 200),
        ("IDENTITY", 200),
        ("", 200),
        (" ", 200),
        ("identity, identity", 415),
        ("identity, gzip", 415),
        ("gzip, gzip", 415),
        ("br", 415),
        ("zstd", 415),
        ("chunked", 415),
        ("aes128gcm", 415),
        ("gzip;q=1", 415),
        ("\"gzip\"", 415),
    ] {
        let field = format!("content-encoding: {coding}");
        let reply = ask(bodies(Limits::default()), with_body("POST", "/json", &[JSON, &field], "{}"));
        assert_eq!(reply.status, status, "{coding:?}");
    }
    let sent = with_bytes("POST", "/json", &[JSON, "content-length: 0"], "content-encoding", b"\xff");
    assert_eq!(ask(bodies(Limits::default()), sent).status, 415);
}

/// A proxy adds to what the client has sent, in the same line. Whatever that was, it takes nothing away from what the proxy says: else a client
/// would pass for the proxy, which is trusted.
#[test]
fn what_a_client_writes_before_our_proxy_swallows_nothing() {
    let site = |source| {
        let trust = Trust::cidrs(&["loopback", "10.0.0.0/8"]).expect("networks").source(source);
        let router = Router::new().get("/", async |ctx| {
            let text = format!("{} {}", ctx.ip().map(|ip| ip.to_string()).unwrap_or_default(), ctx.protocol());
            ctx.text(text)
        });
        router.into_app(Options { trust, ..quiet() }).expect("routes")
    };
    for mine in [
        &b"for=\""[..],
        b"for=\"a",
        b"for=\"a\\",
        b"for=\"a\\\"",
        b"for=\"\\\\",
        b"a=\"b\";for=\"",
        b"\"",
        b"\\",
        b"=",
        b"\xff",
        b"for=\xff",
        b"for=\"\xff",
        b"for=6.6.6.6;proto=\"",
        b"for=\"6.6.6.6",
        b"for=\"[::1]:80\", for=\"",
        b",,,",
        b";;;",
        b"for=10.0.0.9",
    ] {
        for (proxy, ip) in
            [("for=203.0.113.9;proto=https", "203.0.113.9"), ("for=\"[2001:db8::1]:80\";proto=https", "2001:db8::1")]
        {
            let line = [mine, b", ", proxy.as_bytes()].concat();
            let reply = ask(site(Source::Forwarded), with_bytes("GET", "/", &[], "forwarded", &line));
            assert_eq!(reply.body, format!("{ip} https"), "{}", line.escape_ascii());
        }
    }
    for mine in [&b"\xff"[..], b"\xc3\x28", b"6.6.6.6\xff", b"\"", b"unknown", b",", b"10.0.0.9 10.0.0.8", b"::1%lo"] {
        let line = [mine, b", 203.0.113.9, 10.0.0.2"].concat();
        let reply = ask(site(Source::XForwarded), with_bytes("GET", "/", &[], "x-forwarded-for", &line));
        assert_eq!(reply.body, "203.0.113.9 http", "{}", line.escape_ascii());
    }
}

/// A cookie of another program on this host, or of a host above it, may be in any encoding: Node reads the others all the same.
#[test]
fn a_cookie_that_is_no_text_takes_no_other_with_it() {
    let site = || {
        let router = Router::new().get("/", async |ctx| {
            let names: Vec<&str> = ctx.cookies().iter().map(|(name, _)| name).collect();
            let text = format!("{} {}", ctx.cookie("sid").unwrap_or("none"), names.join(","));
            ctx.text(text)
        });
        app(router)
    };
    for (cookies, read) in [
        (&b"sid=1; theme=\xe9"[..], "1 sid"),
        (b"theme=\xe9; sid=1", "1 sid"),
        (b"\xff=1; sid=1", "1 sid"),
        (b"\xff; sid=1; \xc3", "1 sid"),
        (b"sid=\xff; sid=2", "2 sid"),
        (b"sid=\xff", "none "),
        ("name=é; sid=1".as_bytes(), "1 name,sid"),
        (b"sid=1;sid=2", "1 sid,sid"),
        (b";;; sid=1 ;", "1 sid"),
        (b"SID=1", "none SID"),
        (b"sid", "none "),
        (b"sid=", " sid"),
        (b"sid = 1", "1 sid"),
        (b"$Version=1; sid=\"1\"", "\"1\" $Version,sid"),
        (b"sid=a=b", "a=b sid"),
        (b"__Host-sid=1; sid=2", "2 __Host-sid,sid"),
    ] {
        let reply = ask(site(), with_bytes("GET", "/", &[], "cookie", cookies));
        assert_eq!(reply.body, read, "{}", cookies.escape_ascii());
    }
    // Node, axum and actix read several fields as one, and so does whoever joins what HTTP/2 has taken apart.
    for (fields, read) in [
        (&["cookie: a=1", "cookie: sid=1"][..], "1 a,sid"),
        (&["cookie: sid=1", "cookie: sid=2"], "1 sid,sid"),
        (&["cookie:", "Cookie: sid=1; a=2", "cookie: b=3"], "1 sid,a,b"),
    ] {
        assert_eq!(ask(site(), request("GET", "/", fields)).body, read, "{fields:?}");
    }
    // The bound is on all of them.
    let many: Vec<String> = (0..20).map(|at| format!("cookie: {}", format!("c{at}=1; ").repeat(10))).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let read = ask(site(), request("GET", "/", &many)).body;
    assert!(read.matches('c').count() <= wirebook_web::trust::MOST_COOKIES && read.contains("c1,"), "{read}");
    assert!(!read.contains("c19"), "{read}");
}

/// nextjs-auth0 #2100, CloudFront: a cache between has given one visitor's cookie to the next (RFC 9111 §7.3).
#[test]
fn an_answer_that_sets_a_cookie_is_its_visitors_own() {
    let site = || {
        let mine = SetCookie::new("mine", "1");
        let cookies = Router::new()
            .get("/plain", async |ctx| ctx.set_cookie(&SetCookie::new("mine", "1"))?.text("x"))
            .get("/signed", async |ctx| ctx.set_signed_cookie(&SetCookie::new("mine", "1"))?.text("x"))
            .get("/removed", async |ctx| ctx.remove_cookie("mine")?.text("x"))
            .get("/before", async |ctx| {
                ctx.set("cache-control", "max-age=5")?.set_cookie(&SetCookie::new("a", "1"))?.text("x")
            })
            .get("/behind", async move |ctx| {
                ctx.set_cookie(&mine)?.set("cache-control", "public, max-age=5")?.text("x")
            })
            .get("/fails", async |ctx| ctx.set_cookie(&SetCookie::new("mine", "1"))?.fail(404, "gone"))
            .get("/long", async |ctx| {
                ctx.set("cache-control", "max-age=99999")?.set_cookie(&SetCookie::new("mine", "1"))?.fail(404, "gone")
            })
            .get("/none", async |ctx| ctx.set("cache-control", "max-age=99999")?.fail(404, "gone"));
        let page = Router::new().layer(csrf::by_token()).get("/", async |ctx| {
            let token = ctx.csrf_token()?;
            ctx.text(token)
        });
        keyed(cookies.nest("/page", page))
    };
    for (path, status, control) in [
        ("/plain", 200, Some("private")),
        ("/signed", 200, Some("private")),
        ("/removed", 200, Some("private")),
        ("/page", 200, Some("private")),
        // Whoever says something has said it.
        ("/before", 200, Some("max-age=5")),
        ("/behind", 200, Some("public, max-age=5")),
        // What was said of a page is not said of its failure.
        ("/fails", 404, Some("private")),
        ("/long", 404, Some("private")),
        ("/none", 404, None),
    ] {
        let reply = get(site(), path);
        assert_eq!((reply.status, reply.field("cache-control")), (status, control), "{path}: {reply:?}");
        assert_eq!(reply.all("cache-control").len(), usize::from(control.is_some()), "{path}");
    }
    let failing = || {
        let router = Router::new().layer(errors());
        keyed(router.get("/", async |ctx| ctx.set_cookie(&SetCookie::new("mine", "1"))?.fail(500, "away")))
    };
    assert_eq!(get(failing(), "/").field("cache-control"), Some("no-store"));
}

/// What a session had a say in, and a page with a token in it, are of one visitor also when no cookie is set: a cache between would welcome the next
/// one by her name. Django says so with `Vary: Cookie`, Rails with `private`.
#[test]
fn an_answer_of_a_session_is_its_visitors_own() {
    use std::rc::Rc;
    use wirebook_web::session::{MemoryStore, Sessions, session};
    let keys = || Keys::new(&[&[9; 32]]).expect("a key");
    let sessions = Sessions::new(Rc::new(MemoryStore::default()), keys());
    let site = || {
        let form = Router::new().layer(csrf::by_token());
        let form = form.get("/form", async |ctx| {
            let token = ctx.csrf_token()?;
            ctx.text(token)
        });
        let router = Router::new()
            .layer(session(sessions.clone()))
            .get("/count", async |ctx| {
                let visits = ctx.session()?.add("visits", 1);
                ctx.text(visits.to_string())
            })
            .get("/look", async |ctx| {
                let visits = ctx.session()?.number("visits");
                ctx.text(format!("{visits:?}"))
            })
            .get("/said", async |ctx| {
                let visits = ctx.session()?.number("visits");
                ctx.set("cache-control", "public, max-age=9")?.text(format!("{visits:?}"))
            })
            .get("/plain", async |ctx| ctx.text("for all"))
            .nest("/page", form.get("/none", async |ctx| ctx.text("no form")));
        keyed(router)
    };
    let cookies: Vec<String> = ["/count", "/page/form"]
        .iter()
        .map(|path| {
            get(site(), path).field("set-cookie").and_then(|line| line.split(';').next()).expect("one").to_owned()
        })
        .collect();
    let known = format!("cookie: {}", cookies.join("; "));
    for (path, fields, control) in [
        ("/count", &[][..], Some("private")),
        ("/count", &[&*known], Some("private")),
        ("/look", &[&known], Some("private")),
        ("/look", &[], Some("private")),
        ("/said", &[&known], Some("public, max-age=9")),
        ("/plain", &[&known], None),
        ("/plain", &[], None),
        ("/page/form", &[], Some("private")),
        ("/page/form", &[&known], Some("private")),
        ("/page/none", &[&known], None),
    ] {
        let reply = ask(site(), request("GET", path, fields));
        assert_eq!((reply.status, reply.field("cache-control")), (200, control), "{path} {fields:?}: {reply:?}");
    }
}

/// Express's compression #44, tower-http: a 304 has the Vary of its 200 (RFC 9110 §15.4.5), and HEAD the tag that GET has.
#[test]
fn what_a_304_and_a_head_say_of_codings() {
    let folder = super::files::folder();
    let large = folder.path().join("site/large.txt");
    std::fs::write(&large, "wirebook ".repeat(1000)).expect("a file");
    let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(784_111_777);
    let file = std::fs::File::options().write(true).open(&large).expect("a file");
    file.set_modified(date).expect("a date");
    let site = || {
        let files = Files::beneath(folder.path().join("site")).expect("a folder");
        let page = wirebook_web::get("/page", async |ctx| ctx.html("wirebook ".repeat(1000))).layer(conditional());
        app(Router::new().layer(wirebook_web::compress::compress()).route(page).files("/static", files))
    };
    for path in ["/page", "/static/large.txt"] {
        let asked = |method: &str, fields: &[&str]| {
            let all = talk(site(), request(method, path, &[&["accept-encoding: gzip"], fields].concat()));
            let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
            String::from_utf8_lossy(&all[..end]).to_ascii_lowercase()
        };
        let tag = |head: &str| head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag").to_owned();
        let (got, head) = (asked("GET", &[]), asked("HEAD", &[]));
        assert!(got.contains("content-encoding: gzip") && tag(&got).starts_with("w/"), "{got}");
        assert_eq!(tag(&got), tag(&head), "{path}");
        assert!(head.contains("vary: accept-encoding") && !head.contains("content-length"), "{head}");
        for tag in ["*", "W/\"x\", *"] {
            let fields = format!("if-none-match: {tag}");
            let fresh = asked("GET", &[&fields]);
            let is_fresh = fresh.starts_with("http/1.1 304");
            assert!(is_fresh == (tag == "*") && fresh.contains("vary: accept-encoding"), "{path} {tag}: {fresh}");
        }
    }
}

/// Whoever invents methods does not write into our log of errors, and wakes nobody at night.
#[test]
fn a_method_that_nobody_knows_is_no_failure_of_ours() {
    use std::cell::RefCell;
    use std::rc::Rc;
    use wirebook_web::layers::request_id;
    let heard = Rc::new(RefCell::new(Vec::new()));
    for (method, path, status, is_heard) in [
        ("BREW", "/", 501, false),
        ("get", "/", 501, false),
        ("PROPFIND", "/nowhere", 501, false),
        ("TRACE", "/", 405, false),
        ("GET", "/nowhere", 404, false),
        ("GET", "/later", 501, false),
        ("GET", "/broken", 500, true),
        ("GET", "/busy", 503, true),
    ] {
        let listener = heard.clone();
        let on_error: wirebook_web::OnError =
            Rc::new(move |failure, _, _| listener.borrow_mut().push(failure.status()));
        let router = Router::new()
            .edge(request_id())
            .layer(errors())
            .get("/", async |ctx| ctx.text("here"))
            .get("/later", async |ctx| ctx.fail(501, "not yet"))
            .get("/broken", async |ctx| ctx.fail(500, "broken"))
            .get("/busy", async |ctx| ctx.fail(503, "busy"));
        let site = router.into_app(Options { on_error: Some(on_error), ..Options::default() }).expect("routes");
        let reply = ask(site, request(method, path, &["accept: text/html"]));
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(heard.take(), if is_heard { vec![status] } else { vec![] }, "{method} {path}");
        // Who reads that they may tell us of it finds it in our log.
        assert_eq!(reply.body.contains("If you tell us of it"), is_heard, "{method} {path}: {}", reply.body);
    }
}
