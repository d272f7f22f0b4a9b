//! One thing in every spelling: methods that a form overrides, origins, redirects, names of files and of fields, hosts. Fresh relatives of the
//! reports on other web layers.

use super::reports::{bodies, with_bytes};
use super::world::*;
use wirebook_web::files::Files;
use wirebook_web::layers::{csrf, method_override};
use wirebook_web::{Limits, Router};

const JSON: &str = "content-type: application/json";
const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// What a form that lies about its method may become, and from where.
#[test]
fn a_method_is_overridden_by_a_post_alone_and_by_no_trick() {
    let site = || {
        let router = Router::new().layer(method_override()).any("/", async |ctx| {
            let method = ctx.method().to_owned();
            ctx.text(method)
        });
        app(router)
    };
    for (method, fields, body, answer) in [
        ("POST", &["x-http-method-override: PUT"][..], "", "PUT"),
        ("POST", &["x-http-method-override: patch"], "", "PATCH"),
        ("POST", &["x-http-method-override: DeLeTe"], "", "DELETE"),
        ("POST", &["x-http-method-override: GET"], "", "400"),
        ("POST", &["x-http-method-override: HEAD"], "", "400"),
        ("POST", &["x-http-method-override: POST"], "", "400"),
        ("POST", &["x-http-method-override: TRACE"], "", "400"),
        ("POST", &["x-http-method-override: CONNECT"], "", "400"),
        ("POST", &["x-http-method-override: PUT, DELETE"], "", "400"),
        ("POST", &["x-http-method-override: PUT "], "", "PUT"),
        ("POST", &["x-http-method-override:"], "", "400"),
        ("POST", &["x-http-method: PUT"], "", "POST"),
        ("POST", &["x-method-override: PUT"], "", "POST"),
        ("GET", &["x-http-method-override: DELETE"], "", "GET"),
        ("OPTIONS", &["x-http-method-override: DELETE"], "", "OPTIONS"),
        ("PUT", &["x-http-method-override: DELETE"], "", "PUT"),
        ("POST", &[FORM], "_method=PUT", "PUT"),
        ("POST", &[FORM], "_method=PUT&_method=DELETE", "PUT"),
        ("POST", &[FORM], "%5Fmethod=delete", "DELETE"),
        ("POST", &[FORM], "_method[]=PUT", "POST"),
        ("POST", &[FORM], "_method=", "400"),
        ("POST", &[JSON], r#"{"_method":"PUT"}"#, "POST"),
        ("POST", &["content-type: text/plain"], "_method=PUT", "POST"),
        ("GET", &[FORM], "_method=PUT", "GET"),
        ("POST", &[FORM, "x-http-method-override: PATCH"], "_method=PUT", "PATCH"),
    ] {
        let reply = ask(site(), with_body(method, "/", fields, body));
        let said = if reply.status == 200 { reply.body } else { reply.status.to_string() };
        assert_eq!(said, answer, "{method} {fields:?} {body}");
    }
}

/// Where a request comes from: other ports, other schemes, sandboxes, fields that are not text, fields that are there twice.
#[test]
fn a_page_of_another_origin_in_every_spelling() {
    let site = || app(Router::new().edge(csrf::by_origin(&[])).any("/", async |ctx| ctx.text("done")));
    for (method, fields, status) in [
        ("POST", &["origin: http://example.com:8080"][..], 403),
        ("POST", &["origin: http://example.com:80"], 403),
        ("POST", &["origin: https://EXAMPLE.com"], 200),
        ("POST", &["origin: http://sub.example.com"], 403),
        ("POST", &["origin: http://example.com."], 403),
        ("POST", &["origin: http://example.com@evil.example"], 403),
        ("POST", &["origin: http://evil.example#example.com"], 403),
        ("POST", &["origin: http://evil.example/example.com"], 403),
        ("POST", &["origin: example.com"], 403),
        ("POST", &["origin: //example.com"], 403),
        ("POST", &["origin: file://"], 403),
        ("POST", &["origin: chrome-extension://abc"], 403),
        ("POST", &["origin: null"], 403),
        ("POST", &["origin: NULL"], 403),
        ("POST", &["origin:"], 403),
        ("POST", &["origin: http://example.com http://evil.example"], 403),
        ("POST", &["origin: http://example.com, http://evil.example"], 403),
        ("POST", &["sec-fetch-site: same-origin", "origin: null"], 200),
        ("POST", &["sec-fetch-site: SAME-ORIGIN"], 403),
        ("POST", &["sec-fetch-site:"], 403),
        ("POST", &["sec-fetch-site: same-origin, cross-site"], 403),
        ("POST", &["sec-fetch-site: cross-site", "origin: http://example.com"], 403),
        ("POST", &["sec-fetch-site: \"same-origin\""], 403),
        ("POST", &["referer: http://example.com/"], 200),
        ("POST", &["referer: http://example.com/", "cookie: a=b"], 403),
        ("POST", &["cookie:"], 403),
        ("post", &["origin: http://evil.example"], 403),
        ("PROPPATCH", &["origin: http://evil.example"], 403),
        ("QUERY", &["origin: http://evil.example"], 403),
        ("PATCH", &["origin: http://evil.example"], 403),
        ("HEAD", &["origin: http://evil.example"], 200),
    ] {
        let reply = ask(site(), request(method, "/", fields));
        assert_eq!(reply.status == 403, status == 403, "{method} {fields:?}: {reply:?}");
    }
    let sent = with_bytes("POST", "/", &["cookie: a=b"], "origin", b"http://example.com\xff");
    assert_eq!(ask(site(), sent).status, 403);
}

/// A redirect is ours, or it is none.
#[test]
fn a_redirect_leads_to_a_place_of_ours_in_every_spelling() {
    let to = |target: &'static str| get(app(Router::new().get("/", async move |ctx| ctx.redirect(target))), "/");
    for target in [
        "/\u{9}/evil.example",
        "/\u{b}/evil.example",
        "/\u{85}/evil.example",
        "/\u{a0}/evil.example",
        "/\u{2028}/evil.example",
        "/\u{3000}/evil.example",
        "/./\\evil.example",
        "/.//evil.example",
        "/%2e//evil.example",
        "/%2E%2E//evil.example",
        "/a/%2e%2e//evil.example",
        "/..",
        "/%5cevil.example",
        "/%00",
        "/%zz",
        "/a?b\\c",
        "/a#b\\c",
        "/a?b\r\nset-cookie: c=d",
        " /a",
        "/a ",
        "?a",
        "#a",
        "a",
        "./a",
        "../a",
        "/\u{7f}",
    ] {
        let reply = to(target);
        assert_eq!((reply.status, reply.field("location")), (400, None), "{target:?}");
    }
    for (target, place) in [
        ("/%2f%2fevil.example", "/%2f%2fevil.example"),
        ("/@evil.example", "/@evil.example"),
        ("/:80", "/:80"),
        ("/;//evil.example", "/;//evil.example"),
        ("/é", "/%C3%A9"),
        ("/\u{feff}/", "/%EF%BB%BF/"),
        ("/a?next=//evil.example", "/a?next=//evil.example"),
        ("/a'\"<>", "/a%27%22%3C%3E"),
        ("/a?100%", "/a?100%"),
    ] {
        assert_eq!(to(target).field("location"), Some(place), "{target:?}");
    }
    // 304 is no redirect, and has no place to lead to.
    for (before, status) in [(200, 302), (301, 301), (303, 303), (304, 302), (307, 307), (308, 308), (404, 302)] {
        let reply = get(app(Router::new().get("/", async move |ctx| ctx.status(before).redirect("/a"))), "/");
        assert_eq!((reply.status, reply.field("location")), (status, Some("/a")), "{before}");
    }
}

/// Names of files, parts of nothing, and tags.
#[test]
fn files_under_odd_names_and_parts_of_nothing() {
    let folder = super::files::folder();
    for (name, text) in [("site/nothing", ""), ("site/trailing.", "dot"), ("site/a b", "space"), ("site/é", "letter")]
    {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let site = || {
        let files = Files::beneath(folder.path().join("site")).expect("a folder");
        app(Router::new().files("/static", files))
    };
    for (path, fields, status, body) in [
        ("/static/nothing", &[][..], 200, ""),
        ("/static/nothing", &["range: bytes=0-"], 416, ""),
        ("/static/nothing", &["range: bytes=0-0"], 416, ""),
        ("/static/nothing", &["range: bytes=-1"], 200, ""),
        ("/static/nothing", &["range: bytes=-0"], 416, ""),
        ("/static/nothing", &["if-none-match: *"], 304, ""),
        ("/static/nothing", &["if-match: \"x\""], 412, ""),
        ("/static/trailing.", &[], 200, "dot"),
        ("/static/trailing", &[], 404, ""),
        ("/static/trailing..", &[], 404, ""),
        ("/static/a%20b", &[], 200, "space"),
        ("/static/a+b", &[], 404, ""),
        ("/static/%C3%A9", &[], 200, "letter"),
        ("/static/e%CC%81", &[], 404, ""),
        ("/static/index.html/", &[], 404, ""),
        ("/static/1000bytes/", &[], 404, ""),
        ("/static/1000bytes%2f", &[], 404, ""),
        ("/static/1000BYTES", &[], 404, ""),
        ("/static/1000bytes%00.html", &[], 400, ""),
        ("/static/1000bytes%0a", &[], 404, ""),
        ("/static/css%2fapp.css", &[], 404, ""),
        ("/static/css//app.css", &[], 404, ""),
        ("/static/inside", &[], 200, "<p>about"),
        ("/static/out", &[], 404, ""),
        ("/static/up/secret", &[], 404, ""),
        ("/static/magic/etc/passwd", &[], 404, ""),
        ("/static/fifo", &[], 404, ""),
        ("/static/socket", &[], 404, ""),
        ("/static/about.html", &["range: bytes=0-2, 4-6"], 200, "<p>about"),
        ("/static/about.html", &["range: bytes=0-2", "range: bytes=0-2"], 200, "<p>about"),
        ("/static/about.html", &["range: bytes=0-2", "if-range: W/\"x\""], 200, "<p>about"),
        ("/static/about.html", &["range: bytes=0-2", "if-match: \"x\""], 412, ""),
        ("/static/about.html", &["if-modified-since: Thu, 01 Jan 1970 00:00:00 GMT"], 200, "<p>about"),
        ("/static/about.html", &["if-modified-since: 2100"], 200, "<p>about"),
        ("/static/about.html", &["if-unmodified-since: Thu, 01 Jan 1970 00:00:00 GMT"], 412, ""),
    ] {
        let reply = ask(site(), request("GET", path, fields));
        assert_eq!(reply.status, status, "{path} {fields:?}");
        assert!(status >= 300 || reply.body == body, "{path} {fields:?}: {}", reply.body);
        assert!(!reply.body.contains("root:") && !reply.body.contains("PASSWORD"), "{path}");
    }
}

/// Names that are something else in JavaScript, numbers that are too large, brackets that do not close.
#[test]
fn forms_that_were_made_by_hand() {
    let read = |body: &str| {
        let reply = ask(bodies(Limits::default()), with_body("POST", "/form", &[FORM], body));
        if reply.status == 200 { reply.body } else { reply.status.to_string() }
    };
    for (body, answer) in [
        ("a[1e9]=1", r#"{"a":{"1e9":"1"}}"#),
        ("a[1000000000]=1", "400"),
        ("a[99]=1", r#"{"a":["1"]}"#),
        ("a[100]=1", "400"),
        ("a[-1]=1", r#"{"a":{"-1":"1"}}"#),
        ("a[00]=1", r#"{"a":{"00":"1"}}"#),
        ("a[0x1]=1", r#"{"a":{"0x1":"1"}}"#),
        ("a[\u{661}]=1", "{\"a\":{\"\u{661}\":\"1\"}}"),
        ("a[__proto__][x]=1", r#"{"a":{"__proto__":{"x":"1"}}}"#),
        ("a[]=1&a[__proto__]=2", "400"),
        ("a[length]=9&a[]=1", "400"),
        ("toString=1&valueOf=2", r#"{"toString":"1","valueOf":"2"}"#),
        ("a[b=1", r#"{"a[b":"1"}"#),
        ("a]b[=1", r#"{"a]b[":"1"}"#),
        ("a[b]c=1", r#"{"a[b]c":"1"}"#),
        ("a[[b]]=1", r#"{"a[[b]]":"1"}"#),
        ("[a]=1", r#"{"[a]":"1"}"#),
        ("a%5Bb%5D=1", r#"{"a":{"b":"1"}}"#),
        ("a[b]=1&a[b]=2", r#"{"a":{"b":["1","2"]}}"#),
        ("a=1&a=2&a[]=3", r#"{"a":["1","2","3"]}"#),
        ("a.b=1", r#"{"a.b":"1"}"#),
        ("a=1;b=2", r#"{"a":"1;b=2"}"#),
        ("a=%u0041", r#"{"a":"%u0041"}"#),
        ("a=%00", r#"{"a":"\u0000"}"#),
        ("a[][b]=1&a[][b]=2", r#"{"a":[{"b":"1"},{"b":"2"}]}"#),
        ("a[b][c][d][e][f]=1", r#"{"a":{"b":{"c":{"d":{"e":{"f":"1"}}}}}}"#),
        ("a[b][c][d][e][f][g]=1", "400"),
    ] {
        assert_eq!(read(body), answer, "{body}");
    }
    // A second of work would be a second for everybody.
    let long = "a[".repeat(20_000);
    assert_eq!(read(&long), format!("{{\"{long}\":\"\"}}"));
    assert_eq!(read(&"&".repeat(60_000)), "{}");
    assert_eq!((read(&"a[0]=&".repeat(101)).as_str(), read(&"a=&".repeat(101)).as_str()), ("400", "400"));
}

/// A name of a file is a label, whatever stands in it.
#[test]
fn forms_with_files_that_were_made_by_hand() {
    let site = || {
        app(Router::new().post("/", async |ctx| {
            let mut parts = ctx.multipart(wirebook_web::multipart::Limits::default())?;
            let mut told = Vec::new();
            while let Some(mut part) = parts.next().await? {
                let (name, file) = (part.name().to_owned(), part.filename().map(str::to_owned));
                let length = part.bytes().await?.len();
                told.push(serde_json::json!([name, file, length]));
            }
            ctx.json(&told)
        }))
    };
    let sent = |disposition: &str| {
        let body = format!("--B\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--B--\r\n");
        let reply = ask(site(), with_body("POST", "/", &["content-type: multipart/form-data; boundary=B"], &body));
        if reply.status == 200 { reply.body } else { reply.status.to_string() }
    };
    for (disposition, answer) in [
        ("form-data; name=\"a\"", r#"[["a",null,1]]"#),
        ("form-data; name=a", r#"[["a",null,1]]"#),
        ("FORM-DATA; NAME=\"a\"", r#"[["a",null,1]]"#),
        ("form-data; name=\"a\"; filename=\"\"", r#"[["a","",1]]"#),
        ("form-data; name=\"a\"; filename=\"../../x\"", r#"[["a","x",1]]"#),
        ("form-data; name=\"a\"; filename=\"C:\\\\fakepath\\\\x\"", r#"[["a","x",1]]"#),
        ("form-data; name=\"a\"; filename*=UTF-8''x", r#"[["a",null,1]]"#),
        ("form-data; name=\"__proto__\"", r#"[["__proto__",null,1]]"#),
        ("form-data; name=\"a[__proto__][b]\"", r#"[["a[__proto__][b]",null,1]]"#),
        ("form-data; name=\"%22\"", r#"[["\"",null,1]]"#),
        ("form-data", "400"),
        ("attachment; name=\"a\"", "400"),
        ("form-data; name=\"a\"; name=\"b\"", "400"),
        ("form-data; name=\"a", "400"),
        ("form-data; filename=\"x\"", "400"),
    ] {
        assert_eq!(sent(disposition), answer, "{disposition}");
    }
    for (kind, status) in [
        ("multipart/form-data; boundary=B", 200),
        ("multipart/form-data; boundary=\"B\"", 200),
        ("Multipart/Form-Data; Boundary=B", 200),
        ("multipart/form-data; charset=utf-8; boundary=B", 200),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=\"\"", 400),
        ("multipart/form-data; boundary=B; boundary=C", 400),
        ("multipart/mixed; boundary=B", 415),
        ("application/x-www-form-urlencoded", 415),
    ] {
        let body = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n";
        let reply = ask(site(), with_body("POST", "/", &[&format!("content-type: {kind}")], body));
        assert_eq!(reply.status, status, "{kind}");
    }
}

/// `Host` in every spelling, and a target that says another one (RFC 9112 §3.2).
#[test]
fn a_host_in_every_spelling() {
    let site = || {
        let router = Router::new().get("/{*rest}", async |ctx| {
            let text = format!("{} {}", ctx.hostname(), ctx.href());
            ctx.text(text)
        });
        app(router)
    };
    for (head, answer) in [
        ("GET /a HTTP/1.1\r\nHost: [::1]:80", "[::1] http://[::1]:80/a"),
        ("GET http://b.example/a HTTP/1.1\r\nHost: c.example", "b.example http://b.example/a"),
        ("GET http://b.example:80/a?c HTTP/1.1\r\nHost: c.example", "b.example http://b.example:80/a?c"),
        ("GET http://b.example HTTP/1.1\r\nHost: b.example", "404"),
        ("GET http://user@b.example/a HTTP/1.1\r\nHost: b.example", "400"),
        ("GET http:///a HTTP/1.1\r\nHost: b.example", "400"),
        ("GET //b.example/a HTTP/1.1\r\nHost: c.example", "c.example http://c.example//b.example/a"),
        ("GET /a HTTP/1.1", "400"),
        ("GET /a HTTP/1.1\r\nHost: a\r\nHost: a", "400"),
        ("GET /a HTTP/1.1\r\nHost: a, b", "400"),
        ("GET /a HTTP/1.1\r\nHost: a:b", "400"),
        ("GET /a HTTP/1.1\r\nHost: a:99999", "400"),
        ("GET /a HTTP/1.1\r\nHost: [::1", "400"),
        // A name may have escapes (RFC 3986 §3.2.2); whoever goes by hosts lists his own.
        ("GET /a HTTP/1.1\r\nHost: a%2f", "a%2f http://a%2f/a"),
        ("GET /a#b HTTP/1.1\r\nHost: a", "400"),
        ("GET a HTTP/1.1\r\nHost: a", "400"),
    ] {
        let reply = ask(site(), format!("{head}\r\n\r\n"));
        let said = if reply.status == 200 { reply.body } else { reply.status.to_string() };
        assert_eq!(said, answer, "{head}");
    }
}
