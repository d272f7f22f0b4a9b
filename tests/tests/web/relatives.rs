//! Relatives of the rows of `tests/attacks/web.jsonl`: the same attack in other spellings, codings and heads, over the wire.

use super::world::*;
use wirebook_web::files::Files;
use wirebook_web::layers::{User, basic, bearer, csrf, errors, same};
use wirebook_web::trust::safe_target;
use wirebook_web::{App, Router};

/// Everything in one application: files, forms, a back room.
fn subject(folder: &std::path::Path) -> App {
    let back = Router::new()
        .edge(basic("back", |name, word| same(name, "ada") & same(word, "tea")))
        .get("/", async |ctx| ctx.text("the back room"));
    let router = Router::new()
        .layer(errors())
        .edge(csrf::by_origin(&[]))
        .files("/static", Files::beneath(folder.join("site")).expect("a folder"))
        .nest("/admin", back)
        .get("/go", async |ctx| {
            let next = ctx.query_value("next").unwrap_or_default();
            ctx.redirect(safe_target(&next).unwrap_or("/"))
        })
        .get("/name", async |ctx| {
            let name = ctx.query_value("name").unwrap_or_default();
            ctx.attachment(Some(&name))?.text("x")
        })
        .post("/json", async |ctx| {
            let value: serde_json::Value = ctx.read_json().await?;
            ctx.json(&value)
        })
        .post("/form", async |ctx| {
            let fields = ctx.read_fields().await?;
            ctx.json(&fields.to_json())
        });
    app(router)
}

#[test]
fn ways_out_of_a_folder() {
    let folder = super::files::folder();
    for path in [
        "/static/%2e%2e%2fsecret",
        "/static/%2E%2E/secret",
        "/static/.%2e/secret",
        "/static/%2e./secret",
        "/static/%252e%252e/secret",
        "/static/%25252e%25252e%25252fsecret",
        "/static/..%c0%afsecret",
        "/static/%c0%ae%c0%ae/secret",
        "/static/%e0%80%ae%e0%80%ae/secret",
        "/static/%uff0e%uff0e/secret",
        "/static/%ef%bc%8e%ef%bc%8e/secret",
        "/static/....//secret",
        "/static/..../secret",
        "/static/..;/secret",
        "/static/.;/../secret",
        "/static/..%00/secret",
        "/static/..%09/secret",
        "/static/..%0d%0a/secret",
        "/static/%5c..%5csecret",
        "/static/css/../../secret",
        "/static/./../secret",
        "/static/~root/secret",
        "/static/file:///etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static///etc/passwd",
        "/static/\\\\host\\share",
        "/static/%5c%5chost%5cshare",
        "/static/%2e%67%69%74/config",
        "/static/.git%2fconfig",
        "/static/css/.%2fapp.css",
        "/static/.env%20",
        "/static/%2eenv",
        "/static/about.html%20",
        "/static/about.html.",
        "/static/about.html::$DATA",
        "/static/ABOUT.HTML",
        "/static/about%2ehtml%00",
        "/static/%",
        "/static/%2",
        "/static/%zz",
    ] {
        let reply = get(subject(folder.path()), path);
        assert!((400..500).contains(&reply.status), "{path}: {reply:?}");
        assert!(!reply.body.contains("root:") && !reply.body.contains("PASSWORD"), "{path}");
        assert!(!reply.body.contains(&*folder.path().display().to_string()), "{path} tells where the folder lies");
    }
    let long = format!("/static/{}", "a/".repeat(3000));
    assert!((400..500).contains(&get(subject(folder.path()), &long).status));
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "G\u{c9}T"] {
        let reply = ask(subject(folder.path()), request(method, "/static/about.html", &[]));
        assert!(reply.status >= 400 && !reply.body.contains("about"), "{method}: {reply:?}");
    }
}

#[test]
fn ranges_of_every_spelling() {
    let folder = super::files::folder();
    let asked = |fields: &[&str]| {
        let reply = ask(subject(folder.path()), request("GET", "/static/1000bytes", fields));
        (reply.status, reply.body.len(), reply.field("content-range").map(str::to_owned))
    };
    let whole = (200, 1000, None);
    let none = |(status, _, range): (u16, usize, Option<String>)| (status, range);
    for field in [
        "bytes=",
        "bytes",
        "bytes=-",
        "bytes=a-b",
        "bytes=0x0-0x9",
        "bytes=+0-9",
        "bytes=0--9",
        "bytes=0-9-",
        "bytes=5-2",
        "bytes 0-9",
        "items=0-9",
        "bytes=0-9;q=1",
        "bytes=\u{660}-\u{669}",
        "bytes=0-9,20-29",
        "bytes=,",
        "bytes=0-,-1",
    ] {
        let field = format!("range: {field}");
        assert_eq!(asked(&[&field]), whole, "{field}");
    }
    for (field, length, range) in [
        ("bytes=0-0", 1, "bytes 0-0/1000"),
        ("bytes=999-", 1, "bytes 999-999/1000"),
        ("bytes=-1", 1, "bytes 999-999/1000"),
        ("bytes=-1000", 1000, "bytes 0-999/1000"),
        ("bytes=0-99999999999999999999999999", 1000, "bytes 0-999/1000"),
        ("bytes=-99999999999999999999999999", 1000, "bytes 0-999/1000"),
        ("bytes=00000-00009", 10, "bytes 0-9/1000"),
        ("BYTES=0-9", 10, "bytes 0-9/1000"),
        ("bytes=0-9,", 10, "bytes 0-9/1000"),
    ] {
        assert_eq!(asked(&[&format!("range: {field}")]), (206, length, Some(range.to_owned())), "{field}");
    }
    for field in
        ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=18446744073709551615-", "bytes=99999999999999999999999-"]
    {
        assert_eq!(none(asked(&[&format!("range: {field}")])), (416, Some("bytes */1000".to_owned())), "{field}");
    }
    // Two fields are one list, and more ranges than one are not served.
    assert_eq!(asked(&["range: bytes=0-9", "range: bytes=10-19"]).0, 200);
    assert_eq!(asked(&["range: bytes=0-9", "if-range: \"other\""]), whole);
    assert_eq!(asked(&["range: bytes=0-9", "if-range: never"]), whole);
    assert_eq!(asked(&["range: bytes=0-9", "if-range:"]), whole);
}

#[test]
fn targets_that_lead_away() {
    let folder = super::files::folder();
    for next in [
        "//evil.example",
        "///evil.example",
        "/%5cevil.example/..//evil.example%5c",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "%09//evil.example",
        "%20//evil.example",
        "%00//evil.example",
        "http://evil.example",
        "HTTP://evil.example",
        "https:evil.example",
        "http:/evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java%0ascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "@evil.example",
        "",
        "%e2%80%a8//evil.example",
        "/%0d%0aset-cookie:%20a=b",
        "/%0d%0a%0d%0a%3Cscript%3E",
    ] {
        let reply = get(subject(folder.path()), &format!("/go?next={next}"));
        assert!(reply.status == 302 || reply.status == 400, "{next}: {reply:?}");
        let place = reply.field("location").unwrap_or("/");
        assert!(place.starts_with('/') && !place.starts_with("//") && !place.contains(['\\', '\t']), "{next}: {place}");
        assert_eq!(reply.field("set-cookie"), None, "{next}");
        assert!(!reply.body.contains("<script"), "{next}");
    }
}

#[test]
fn bodies_by_another_name() {
    let folder = super::files::folder();
    let sent = |path: &str, kinds: &[&str], body: &str| {
        ask(subject(folder.path()), with_body("POST", path, kinds, body)).status
    };
    for (kind, status) in [
        ("application/json", 200),
        ("APPLICATION/JSON", 200),
        ("application/json ; charset=UTF-8", 200),
        ("application/json;charset=\"utf-8\"", 200),
        ("application/vnd.api+json", 200),
        ("application/json;charset=utf-16", 415),
        ("application/json;charset=utf-7", 415),
        ("application/json;charset=latin1", 415),
        ("application/jsonp", 415),
        ("application/json5", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("text/plain;application/json", 415),
        ("text/plain, application/json", 415),
        ("multipart/form-data; a=application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("json", 415),
        ("/", 415),
        ("", 415),
        ("application/json/x", 415),
        ("*/*", 415),
        ("application/*", 415),
        ("application/json\u{0}", 400),
    ] {
        assert_eq!(sent("/json", &[&format!("content-type: {kind}")], "{}"), status, "{kind:?}");
    }
    let json = "content-type: application/json";
    assert_eq!(sent("/json", &[], "{}"), 415);
    assert!([400, 415].contains(&sent("/json", &[json, "content-type: text/plain"], "{}")));
    for body in [
        "",
        " ",
        "{} {}",
        "{}x",
        "{'a':1}",
        "{\"a\":1,}",
        "[1,]",
        "NaN",
        "Infinity",
        "-",
        "01",
        "1.",
        ".5",
        "+1",
        "0x1",
        "\"\t\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"",
        "nul",
        "True",
        "// a\n1",
        "/* */1",
        "\u{0}",
        "{\"a\"}",
        "{:1}",
        "1e999",
        "-1e999",
    ] {
        assert_eq!(sent("/json", &[json], body), 400, "{body:?}");
    }
    for open in ["[", "{\"a\":", "[{\"a\":"] {
        assert_eq!(sent("/json", &[json], &open.repeat(5000)), 400, "{open}");
    }
    let form = "content-type: application/x-www-form-urlencoded";
    for body in ["a=b&a[b]=c", "a[b]=c&a=b", "a[]=b&a[c]=d&a=e"] {
        assert_eq!(sent("/form", &[form], body), 400, "{body}");
    }
    for body in [
        "",
        "&",
        "=",
        "&&=&",
        "a",
        "=b",
        "a=%",
        "a=%2",
        "a=%zz",
        "a=%ff",
        "%ff=a",
        "a=%c0%80",
        "a=%ed%a0%80",
        "a]=b",
        "[a=b",
        "[]=b",
        "__proto__[x]=1",
        "constructor=1",
    ] {
        assert_eq!(sent("/form", &[form], body), 200, "{body}");
    }
}

#[test]
fn who_comes_in_by_the_back_door() {
    let folder = super::files::folder();
    let asked = |field: &str| {
        let fields = [field];
        ask(subject(folder.path()), request("GET", "/admin", if field.is_empty() { &[] } else { &fields }))
    };
    // `ada:tea`
    assert_eq!(asked("authorization: Basic YWRhOnRlYQ==").body, "the back room");
    assert_eq!(asked("authorization: bAsIc   YWRhOnRlYQ==").body, "the back room");
    for field in [
        "",
        "authorization:",
        "authorization: Basic",
        "authorization: Basic ",
        "authorization: BasicYWRhOnRlYQ==",
        "authorization: Basic YWRhOnRlYQ",
        "authorization: Basic YWRhOnRlYQ== x",
        "authorization: Basic YWRhOnRlYQ==, Basic x",
        "authorization: Basic YWRh",
        "authorization: Basic Og==",
        "authorization: Basic OnRlYQ==",
        "authorization: Basic YWRhOg==",
        "authorization: Basic QURBOnRlYQ==",
        "authorization: Basic YWRhOnRlYQA=",
        "authorization: Basic YWRhAHg6dGVh",
        "authorization: Basic YWRhOnRlYQ0K",
        "authorization: Basic =YWRhOnRlYQ==",
        "authorization: Bearer YWRhOnRlYQ==",
        "authorization: Basic ada:tea",
        "proxy-authorization: Basic YWRhOnRlYQ==",
        "x-authorization: Basic YWRhOnRlYQ==",
        "cookie: authorization=Basic YWRhOnRlYQ==",
    ] {
        let reply = asked(field);
        assert_eq!((reply.status, reply.all("www-authenticate").len()), (401, 1), "{field}");
    }
    let twice = ["authorization: Basic YWRhOnRlYQ==", "authorization: Basic eDp5"];
    let reply = ask(subject(folder.path()), request("GET", "/admin", &twice));
    assert_eq!(reply.status, 401, "two names are none");
    for path in [
        "/admin/",
        "/Admin",
        "/%61dmin",
        "/%41dmin",
        "/admin//",
        "//admin/",
        "/./admin/",
        "/admin/.",
        "/admin/%2e",
        "/admin%2f",
        "/admin;/",
    ] {
        assert_ne!(get(subject(folder.path()), path).body, "the back room", "{path}");
    }
}

#[test]
fn names_of_files_forge_no_field() {
    let folder = super::files::folder();
    for name in [
        "a%0d%0aset-cookie:%20a=b.txt",
        "a%00.txt",
        "..%2f..%2fetc%2fpasswd",
        "%22;%20filename=%22evil.exe",
        "a%5c%22b",
        "%e2%80%aetxt.exe",
        "%ff",
        "",
        "%f0%9f%8d%b5.txt",
    ] {
        let reply = get(subject(folder.path()), &format!("/name?name={name}"));
        assert!(reply.status == 200 || reply.status == 500, "{name}: {reply:?}");
        assert_eq!((reply.field("set-cookie"), reply.all("content-disposition").len() <= 1), (None, true), "{name}");
        let said = reply.field("content-disposition").unwrap_or_default();
        // Outside of its quotes there is one name alone.
        let bare = said.replace("\\\\", "").replace("\\\"", "");
        let bare: String = bare.split('"').step_by(2).collect();
        assert!(!said.contains("/etc") && bare.matches("filename=").count() <= 1, "{name}: {said}");
    }
    let long = get(subject(folder.path()), &format!("/name?name={}", "x".repeat(6000)));
    assert_eq!(long.status, 200);
}

#[test]
fn tokens_that_open_and_those_that_do_not() {
    let site = || {
        let known = |token: &str| same(token, "a-._~+/9==").then(|| "ada".to_owned());
        app(Router::new().edge(bearer(known)).get("/", async |ctx| {
            let name = ctx.get_state::<User>().map_or(String::new(), |user| user.0.clone());
            ctx.text(name)
        }))
    };
    for field in ["authorization: Bearer a-._~+/9==", "authorization: bEARER   a-._~+/9=="] {
        assert_eq!(ask(site(), request("GET", "/", &[field])).body, "ada", "{field}");
    }
    let known = "authorization: Bearer a-._~+/9==";
    for (path, fields, challenge) in [
        ("/", &[][..], "Bearer"),
        ("/", &["authorization:"], "Bearer"),
        ("/", &["authorization: Bearer"], "Bearer"),
        ("/", &["authorization: Bearer "], "Bearer"),
        ("/", &["authorization: Bearer =="], "Bearer"),
        ("/", &["authorization: Bearera-._~+/9=="], "Bearer"),
        ("/", &["authorization: Basic a-._~+/9=="], "Bearer"),
        ("/", &["authorization: Bearer a-._~+/9== x"], "Bearer"),
        ("/", &["authorization: Bearer a-._~+/=9="], "Bearer"),
        ("/", &["authorization: Bearer \u{e9}"], "Bearer"),
        ("/", &[known, known], "Bearer"),
        ("/", &["proxy-authorization: Bearer a-._~+/9=="], "Bearer"),
        ("/?access_token=a-._~+/9==", &[], "Bearer"),
        ("/", &["authorization: Bearer a-._~+/9="], "Bearer error=\"invalid_token\""),
        ("/", &["authorization: Bearer A-._~+/9=="], "Bearer error=\"invalid_token\""),
    ] {
        let reply = ask(site(), request("GET", path, fields));
        assert_eq!((reply.status, reply.field("www-authenticate")), (401, Some(challenge)), "{fields:?}");
    }
}
