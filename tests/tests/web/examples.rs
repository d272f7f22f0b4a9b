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
#[path = "../../../web/examples/web_express.rs"]
mod web_express;
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

/// What Express's own acceptance tests ask of its examples.
#[test]
fn express() {
    const FORM: &str = "content-type: application/x-www-form-urlencoded";
    let json = "accept: application/json";
    for (program, method, path, fields, status, body) in [
        ("hello-world", "GET", "/", &[][..], 200, "Hello World"),
        ("hello-world", "GET", "/missing", &[], 404, ""),
        ("content-negotiation", "GET", "/", &[], 200, "<ul><li>Tobi</li><li>Loki</li><li>Jane</li></ul>"),
        ("content-negotiation", "GET", "/", &["accept: text/plain"], 200, " - Tobi\n - Loki\n - Jane\n"),
        ("content-negotiation", "GET", "/users", &[json], 200, r#"[{"name":"Tobi"},{"name":"Loki"},{"name":"Jane"}]"#),
        ("cookies", "GET", "/", &[], 200, "<form"),
        (
            "cookies",
            "GET",
            "/",
            &["cookie: remember=1"],
            200,
            "Remembered :). Click to <a href=\"/forget\">forget</a>!.",
        ),
        ("cookies", "GET", "/forget", &["cookie: remember=1"], 302, ""),
        ("cookies", "POST", "/", &[], 302, ""),
        ("error", "GET", "/", &[], 500, "Internal Server Error"),
        ("error", "GET", "/next", &[], 500, "Internal Server Error"),
        ("error", "GET", "/missing", &[], 404, ""),
        ("error-pages", "GET", "/", &[], 200, "Error Pages"),
        ("error-pages", "GET", "/403", &[], 403, "not allowed!"),
        ("error-pages", "GET", "/404", &[], 404, "Cannot find /404"),
        ("error-pages", "GET", "/404", &[json], 404, r#"{"error":"Not found"}"#),
        ("error-pages", "GET", "/404", &["accept: text/plain"], 404, "Not found"),
        ("error-pages", "GET", "/500", &[], 500, "Internal Server Error"),
        ("multi-router", "GET", "/", &[], 200, "Hello from root route."),
        ("multi-router", "GET", "/api/v1/", &[], 200, "Hello from APIv1 root route."),
        ("multi-router", "GET", "/api/v2/users", &[], 200, "List of APIv2 users."),
        ("params", "GET", "/", &[], 200, "Visit /user/0 or /users/0-2"),
        ("params", "GET", "/user/0", &[], 200, "user tj"),
        ("params", "GET", "/user/9", &[], 404, "failed to find user"),
        ("params", "GET", "/users/0-2", &[], 200, "users tj, tobi, loki"),
        ("params", "GET", "/users/foo-bar", &[], 400, "failed to parseInt foo"),
        ("resource", "GET", "/users/1", &[], 200, r#"{"name":"ciaran"}"#),
        ("resource", "GET", "/users/9", &[], 200, r#"{"error":"Cannot find user"}"#),
        ("resource", "GET", "/users/1..3", &[], 200, "<ul><li>ciaran</li>\n<li>aaron</li>\n<li>guillermo</li></ul>"),
        (
            "resource",
            "GET",
            "/users/1..3.json",
            &[],
            200,
            r#"[{"name":"ciaran"},{"name":"aaron"},{"name":"guillermo"}]"#,
        ),
        ("resource", "DELETE", "/users/1", &[], 200, "destroyed"),
        ("resource", "DELETE", "/users/9", &[], 200, "Cannot find user"),
        ("route-map", "GET", "/users", &[], 200, "user list"),
        ("route-map", "DELETE", "/users", &[], 200, "delete users"),
        ("route-map", "GET", "/users/12", &[], 200, "user 12"),
        ("route-map", "GET", "/users/12/pets", &[], 200, "user 12's pets"),
        ("route-map", "DELETE", "/users/12/pets/2", &[], 200, "delete 12's pet 2"),
        ("vhost", "GET", "/", &[], 200, "Hello from main app!"),
        ("vhost", "GET", "/foo", &[], 200, "requested foo"),
        ("web-service", "GET", "/api/users", &[], 400, r#"{"error":"api key required"}"#),
        ("web-service", "GET", "/api/users?api-key=rawr", &[], 401, r#"{"error":"invalid api key"}"#),
        (
            "web-service",
            "GET",
            "/api/users?api-key=foo",
            &[],
            200,
            r#"[{"name":"tobi"},{"name":"loki"},{"name":"jane"}]"#,
        ),
        ("web-service", "GET", "/api/repos?api-key=foo", &[], 200, "express"),
        ("web-service", "GET", "/api/user/loki/repos?api-key=foo", &[], 200, "stylus"),
        ("web-service", "GET", "/api/what?api-key=foo", &[], 404, r#"{"error":"Sorry, can't find that"}"#),
        ("web-service", "GET", "/what", &[], 404, r#"{"error":"Sorry, can't find that"}"#),
    ] {
        let reply = ask(web_express::app(program), request(method, path, fields));
        assert_eq!(reply.status, status, "{program} {method} {path}: {}", reply.body);
        assert!(reply.body.contains(body), "{program} {method} {path}: {}", reply.body);
    }
    let remembered = ask(web_express::app("cookies"), with_body("POST", "/", &[FORM], "remember=1"));
    assert!(remembered.field("set-cookie").is_some_and(|cookie| cookie.starts_with("remember=1; ")));
    let other = ask(web_express::app("vhost"), "GET / HTTP/1.1\r\nHost: foo.example.com\r\n\r\n");
    assert_eq!((other.status, other.body.as_str()), (302, "Redirecting to http://example.com:3000/foo\n"));
}

#[test]
fn a_request_is_read_back() {
    let asked = request("GET", "/teas/%6Eew?page=2", &["accept: application/json", "accept-language: de, en;q=0.5"]);
    let reply = ask(web_request::app().unwrap(), asked);
    let said: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!((&said["path"], &said["page"], &said["language"]), (&"/teas/new".into(), &"2".into(), &"de".into()));
    assert_eq!(ask(web_request::app().unwrap(), request("GET", "/", &["accept: image/png"])).status, 406);
    let page = ask(web_request::app().unwrap(), request("GET", "/<script>", &["accept: text/html, text/plain;q=0.1"]));
    assert!(page.field("content-type").is_some_and(|media| media.starts_with("text/plain")), "{page:?}");
}
