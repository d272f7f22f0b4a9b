//! What the examples answer.

use super::world::*;

#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_basic.rs"]
mod web_basic;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_cors.rs"]
mod web_cors;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_download.rs"]
mod web_download;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_etag.rs"]
mod web_etag;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_form_csrf.rs"]
mod web_form_csrf;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_onion.rs"]
mod web_onion;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_request.rs"]
mod web_request;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_rest.rs"]
mod web_rest;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_router.rs"]
mod web_router;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_upload.rs"]
mod web_upload;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_views.rs"]
mod web_views;

/// Asks one application several things on one connection.
fn all(app: wirebook_web::App, requests: &[String]) -> String {
    String::from_utf8(talk(app, requests.concat())).expect("text")
}

#[test]
fn onion() {
    let reply = get(web_onion::app().unwrap(), "/");
    assert_eq!(reply.field("x-trace"), Some("outer in, inner in, handler, inner out, outer out"));
}

#[test]
fn rest() {
    let json = "content-type: application/json";
    let asked = [
        with_body("POST", "/teas", &[json], r#"{"name":"green","minutes":3}"#),
        with_body("PUT", "/teas/1", &[json], r#"{"name":"green","minutes":2}"#),
        request("GET", "/teas", &[]),
        request("DELETE", "/teas/1", &[]),
        request("GET", "/teas/1", &["accept: application/json"]),
        request("GET", "/teas/x", &[]),
        with_body("POST", "/teas", &[json], r#"{"name":"green","minutes":300}"#),
    ];
    let said = all(web_rest::app().unwrap(), &asked);
    let statuses: Vec<&str> = said.match_indices("HTTP/1.1 ").map(|(at, _)| &said[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["201", "200", "200", "204", "404", "404", "422"], "{said}");
    assert!(said.contains("location: /teas/1\r\n") && said.contains(r#"{"1":{"name":"green","minutes":2}}"#), "{said}");
    assert!(said.contains(r#""message":"no such tea""#), "{said}");
}

#[test]
fn form_with_a_token() {
    let page = get(web_form_csrf::app().unwrap(), "/");
    let cookie = format!("cookie: {}", page.field("set-cookie").unwrap().split(';').next().unwrap());
    let token = page.body.split("_csrf value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let form = "content-type: application/x-www-form-urlencoded";
    let asked = [
        with_body("POST", "/", &[form, &cookie], &format!("_csrf={token}&name=%3Cb%3E&text=hello")),
        with_body("POST", "/", &[form, &cookie], "name=mallory&text=x"),
        request("GET", "/", &[&cookie]),
    ];
    let said = all(web_form_csrf::app().unwrap(), &asked);
    assert!(said.starts_with("HTTP/1.1 303 See Other\r\n") && said.contains("HTTP/1.1 403 Forbidden"), "{said}");
    assert!(said.contains("<li>&lt;b&gt;: hello") && !said.contains("mallory"), "{said}");
}

#[test]
fn basic() {
    assert_eq!(get(web_basic::app().unwrap(), "/").body, "The shop is open.\n");
    assert_eq!(get(web_basic::app().unwrap(), "/back").status, 401);
    let asked = request("GET", "/back", &["authorization: Basic YWRhOm9wZW4gc2VzYW1l"]);
    assert_eq!(ask(web_basic::app().unwrap(), asked).body, "Welcome, ada.\n");
}

#[test]
fn etag() {
    let page = get(web_etag::app().unwrap(), "/");
    let tag = page.field("etag").expect("a tag").to_owned();
    let again = |field: &str, path: &str| ask(web_etag::app().unwrap(), request("GET", path, &[field])).status;
    assert_eq!(again(&format!("if-none-match: {tag}"), "/"), 304);
    assert_eq!(again("if-none-match: \"other\"", "/"), 200);
    let prices = get(web_etag::app().unwrap(), "/prices");
    assert_eq!(prices.field("last-modified"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    assert_eq!(again("if-modified-since: Thu, 01 Jan 2026 00:00:00 GMT", "/prices"), 304);
    assert_eq!(again("if-modified-since: Wed, 31 Dec 2025 00:00:00 GMT", "/prices"), 200);
}

#[test]
fn download() {
    let asked = |path: &str, fields: &[&str]| ask(web_download::app().unwrap(), request("GET", path, fields));
    let file = asked("/prices", &[]);
    let disposition = "attachment; filename=\"Prices in ?.csv\"; filename*=UTF-8''Prices%20in%20%E2%82%AC.csv";
    assert_eq!((file.field("content-disposition"), file.field("content-type")), (Some(disposition), Some("text/csv")));
    let moved = asked("/old", &[]);
    assert_eq!((moved.status, moved.field("location")), (301, Some("/prices")));
    assert_eq!(asked("/to?next=/teas?a=1", &[]).field("location"), Some("/teas?a=1"));
    assert_eq!(asked("/to?next=//evil.example", &[]).status, 400);
    assert_eq!(asked("/back", &["referer: http://example.com/teas"]).field("location"), Some("/teas"));
    assert_eq!(asked("/back", &["referer: http://evil.example/teas"]).field("location"), Some("/prices"));
}

#[test]
fn cors() {
    let asked = |method: &str, path: &str, origin: &str| {
        let fields = [&*format!("origin: {origin}"), "access-control-request-method: PUT"];
        let reply = ask(web_cors::app().unwrap(), request(method, path, &fields));
        (reply.status, reply.field("access-control-allow-origin").map(str::to_owned))
    };
    assert_eq!(asked("GET", "/feed/teas", "https://anybody.example"), (200, Some("*".into())));
    assert_eq!(asked("OPTIONS", "/orders/7", "https://shop.example"), (204, Some("https://shop.example".into())));
    assert_eq!(asked("GET", "/orders", "https://anybody.example"), (200, None));
}

#[test]
fn router() {
    for (path, body) in [
        ("/", "home\n"),
        ("/api/v1/users", "all users\n"),
        ("/api/v1/users/7", "user 7; the next one is /api/v1/users/8\n"),
        ("/legacy/user/setting/12/1987", "setting of user 12 and 1987\n"),
        ("/teas/new", "tea new\n"),
        ("/teas/a%2Fb", "tea a/b\n"),
        ("/api/v1/users/x", "GET /api/v1/users/x: there is nothing\n"),
    ] {
        assert_eq!(get(web_router::app().unwrap(), path).body, body, "{path}");
    }
}

#[test]
fn upload() {
    let body = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\ntea\r\n--B--\r\n";
    let asked = with_body("POST", "/", &["content-type: multipart/form-data; boundary=B"], body);
    assert_eq!(ask(web_upload::app().unwrap(), asked).body, "\"f\": the file \"a.txt\" of 3 bytes\n");
}

#[test]
fn views() {
    let page = get(web_views::app().unwrap(), "/").body;
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what}: {page}"));
    assert!(at("What is hot comes soon.") < at("A new kettle.") && at("A new kettle.") < at("Oolong"), "{page}");
    assert!(page.contains("<a href=\"/teas/green\">"), "{page}");
    assert_eq!(
        get(web_views::app().unwrap(), "/teas/%3Ci%3E").body,
        "<!doctype html><title>&lt;i&gt;</title><h1>&lt;i&gt; tea</h1>\n"
    );
}

#[test]
fn a_request_is_read_back() {
    let asked = request("GET", "/teas/%6Eew?page=2", &["accept: application/json", "accept-language: de, en;q=0.5"]);
    let reply = ask(web_request::app().unwrap(), asked);
    let said: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!((&said["path"], &said["page"], &said["language"]), (&"/teas/new".into(), &"2".into(), &"de".into()));
    let seen = format!("200, {} bytes of application/json", reply.body.len());
    assert_eq!(reply.fields.iter().filter(|(name, _)| name == "x-seen").count(), 2, "{reply:?}");
    assert_eq!((reply.field("x-seen"), reply.field("x-draft")), (Some(&*seen), None));
    assert_eq!((reply.field("vary"), reply.field("etag")), (Some("accept"), Some("\"v1\"")));

    let fields = [
        "content-type: Application/X-WWW-Form-Urlencoded; charset=UTF-8",
        "accept: application/json",
        "accept-charset: iso-8859-1;q=0.2, utf-8;q=0.1",
        "accept-encoding: gzip, br;q=0.5",
        "user-agent: x",
    ];
    let reply = ask(web_request::app().unwrap(), with_body("POST", "/a%20b?c=%20&c", &fields, "name=ada"));
    let said: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    for (name, wanted) in [
        ("method", serde_json::json!("POST")),
        ("may be sent twice", false.into()),
        ("path", "/a b".into()),
        ("query", "c=%20&c".into()),
        ("protocol", "http".into()),
        ("is secure", false.into()),
        ("agent", "x".into()),
        ("type", "application/x-www-form-urlencoded".into()),
        ("charset", "utf-8".into()),
        ("length", 8.into()),
        ("is a form", true.into()),
        ("coding", "gzip".into()),
        ("letters", "iso-8859-1".into()),
        ("has the newest", false.into()),
    ] {
        assert_eq!(said[name], wanted, "{name}: {said:#}");
    }
    assert_eq!(
        said["host"][1],
        said["host"][0].as_str().expect("a host").split(':').next().expect("a name"),
        "{said:#}"
    );
    assert!(
        said["href"].as_str().is_some_and(|href| href.starts_with("http://") && href.ends_with("/a%20b?c=%20&c")),
        "{said:#}"
    );
    assert!(said["fields"].as_u64().is_some_and(|count| count >= 6), "{said:#}");

    assert_eq!(ask(web_request::app().unwrap(), request("GET", "/", &["accept: image/png"])).status, 406);
    let page = ask(web_request::app().unwrap(), request("GET", "/<script>", &["accept: text/html, text/plain;q=0.1"]));
    assert!(page.field("content-type").is_some_and(|media| media.starts_with("text/plain")), "{page:?}");
}
