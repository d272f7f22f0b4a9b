//! What the acceptance tests of Express's examples and the tests of Koa's ask of those examples, asked of ours.

use super::world::*;

#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_express.rs"]
mod web_express;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_koa.rs"]
mod web_koa;

const FORM: &str = "content-type: application/x-www-form-urlencoded";
const JSON: &str = "content-type: application/json";

/// What Express's own acceptance tests ask of its examples.
#[test]
fn express() {
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
            &["cookie: remember=1; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"],
            200,
            "Remembered :). Click to <a href=\"/forget\">forget</a>!.",
        ),
        ("cookies", "GET", "/forget", &["cookie: remember=1"], 302, ""),
        ("cookies", "POST", "/", &[], 302, ""),
        ("downloads", "GET", "/", &[], 200, "href=\"/files/amazing.txt\""),
        ("downloads", "GET", "/files/missing.txt", &[], 404, "Cant find that file, sorry!"),
        ("downloads", "GET", "/files/notes/groceries.txt", &[], 200, "tea"),
        ("ejs", "GET", "/", &[], 200, "<li>tobi &lt;tobi@learnboost.com&gt;</li>"),
        ("markdown", "GET", "/", &[], 200, "<h1>Markdown Example</h1>"),
        ("markdown", "GET", "/fail", &[], 500, ""),
        ("error", "GET", "/", &[], 500, "Internal Server Error"),
        ("error", "GET", "/next", &[], 500, "Internal Server Error"),
        ("error", "GET", "/missing", &[], 404, ""),
        ("error-pages", "GET", "/", &[], 200, "Pages Example"),
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
        ("downloads", "GET", "/files/../index.js", &[], 403, "Forbidden"),
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
    let json = ask(web_express::app("cookies"), with_body("POST", "/", &[JSON], "{}"));
    assert_eq!((json.status, json.field("set-cookie")), (302, None));
    let file = get(web_express::app("downloads"), "/files/amazing.txt");
    assert_eq!(file.field("content-disposition"), Some("attachment; filename=\"amazing.txt\""));
    for path in ["/api/users?api-key=foo", "/api/something?api-key=bar"] {
        let reply = get(web_express::app("web-service"), path);
        assert_eq!(reply.field("content-type"), Some("application/json; charset=utf-8"), "{path}");
    }
}

/// Visits in order; each row is a method, a path, a field, a body, and what is wanted: a status, a Location, a piece of the body.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str, u16, Option<&'a str>, &'a str);

fn hold(app: wirebook_web::App, rows: &[Row<'_>]) -> Vec<Reply> {
    let requests: Vec<_> = rows.iter().map(|(method, path, field, body, ..)| (*method, *path, *field, *body)).collect();
    let replies = visit(app, &requests);
    for (row, reply) in rows.iter().zip(&replies) {
        let (.., status, location, body) = row;
        assert_eq!((reply.status, reply.field("location")), (*status, *location), "{row:?}: {reply:?}");
        assert!(reply.body.contains(body), "{row:?}: {}", reply.body);
    }
    replies
}

#[test]
fn express_visits() {
    let rows: [Row<'_>; 12] = [
        ("GET", "/", "", "", 302, Some("/login"), ""),
        ("GET", "/login", "", "", 200, None, "<form"),
        ("GET", "/restricted", "", "", 302, Some("/login"), ""),
        ("GET", "/login", "", "", 200, None, "Access denied!"),
        ("POST", "/login", FORM, "username=not-tj&password=foobar", 302, Some("/login"), ""),
        ("GET", "/login", "", "", 200, None, "Authentication failed"),
        ("POST", "/login", FORM, "username=tj&password=baz", 302, Some("/login"), ""),
        ("POST", "/login", FORM, "username=tj&password=foobar", 302, Some("/"), ""),
        ("GET", "/restricted", "", "", 200, None, "Wahoo!"),
        ("GET", "/logout", "", "", 302, Some("/"), ""),
        ("GET", "/restricted", "", "", 302, Some("/login"), ""),
        ("POST", "/login", JSON, "{}", 415, None, ""),
    ];
    hold(web_express::app("auth"), &rows);
    let rows: [Row<'_>; 2] =
        [("GET", "/", "", "", 200, None, "viewed 1 times\n"), ("GET", "/", "", "", 200, None, "viewed 2 times\n")];
    let replies = hold(web_express::app("cookie-sessions"), &rows);
    assert!(replies[0].field("set-cookie").is_some_and(|cookie| cookie.starts_with("session=")));
    let rows: [Row<'_>; 19] = [
        ("GET", "/", "", "", 302, Some("/users"), ""),
        ("GET", "/pet/0", "", "", 200, None, "Tobi"),
        ("GET", "/pet/0/edit", "", "", 200, None, "<form"),
        ("PUT", "/pet/3", FORM, "pet[name]=Boots", 302, Some("/pet/3"), ""),
        ("GET", "/pet/3/edit", "", "", 200, None, "Boots"),
        ("POST", "/pet/3?_method=PUT", FORM, "pet[name]=%3Cb%3E", 302, Some("/pet/3"), ""),
        ("GET", "/pet/3", "", "", 200, None, "&lt;b&gt;"),
        ("GET", "/users", "", "", 200, None, ">Guillermo<"),
        ("GET", "/user/0", "", "", 200, None, "<h1>TJ <a href=\"/user/0/edit\">edit"),
        ("GET", "/user/0", "", "", 200, None, "/pet/2\">Jane"),
        ("GET", "/user/123", "", "", 404, None, ""),
        ("GET", "/user/x", "", "", 404, None, ""),
        ("GET", "/user/1/edit", "", "", 200, None, "<form"),
        ("PUT", "/user/1", JSON, "{}", 500, None, ""),
        ("PUT", "/user/1", "", "", 500, None, ""),
        ("PUT", "/user/1", FORM, "user[name]=Tobo", 302, Some("/"), ""),
        ("GET", "/user/1/edit", "", "", 200, None, "Tobo"),
        ("POST", "/user/2/pet", FORM, "pet[name]=Snickers", 302, Some("/user/2"), ""),
        ("GET", "/user/2", "", "", 200, None, "Snickers"),
    ];
    hold(web_express::app("mvc"), &rows);
    let rows: [Row<'_>; 12] = [
        ("GET", "/", "", "", 200, None, "Route Separation Example"),
        ("GET", "/users", "", "", 200, None, "Tobi"),
        ("GET", "/user/0", "", "", 200, None, "Viewing user TJ"),
        ("GET", "/user/0/view", "", "", 200, None, "Viewing user TJ"),
        ("GET", "/user/10", "", "", 404, None, ""),
        ("GET", "/user/10/view", "", "", 404, None, ""),
        ("GET", "/user/0/edit", "", "", 200, None, "Editing user TJ"),
        ("PUT", "/user/0/edit", FORM, "user[name]=TJ&user[email]=tj%40a.example", 302, Some("/"), ""),
        ("GET", "/user/0", "", "", 200, None, "tj@a.example"),
        ("POST", "/user/1/edit?_method=PUT", FORM, "user[name]=T&user[email]=t%40a.example", 302, Some("/"), ""),
        ("GET", "/user/1", "", "", 200, None, "t@a.example"),
        ("GET", "/posts", "", "", 200, None, "Posts"),
    ];
    hold(web_express::app("route-separation"), &rows);
}

#[test]
fn koa() {
    let large = format!("{{\"name\":\"{}\"}}", "a".repeat(4999));
    for (program, method, path, field, sent, status, body) in [
        ("404", "GET", "/", "accept: text/html", "", 404, "Page Not Found"),
        ("404", "GET", "/exception", "", "", 404, "Page Not Found"),
        ("404", "GET", "/ok", "", "", 200, "ok"),
        ("base-auth", "GET", "/", "", "", 401, "cant haz that"),
        ("base-auth", "GET", "/", "authorization: Basic dXNlcjppbnZhbGlkIHBhc3N3b3Jk", "", 401, "cant haz that"),
        ("base-auth", "GET", "/", "authorization: Basic dGo6dG9iaQ==", "", 200, "secret"),
        ("body-parsing", "POST", "/uppercase", JSON, r#"{"name":"tobi"}"#, 200, r#"{"name":"TOBI"}"#),
        ("body-parsing", "POST", "/uppercase", FORM, "name=tj", 200, r#"{"name":"TJ"}"#),
        ("body-parsing", "POST", "/json", JSON, &large, 413, ""),
        ("body-parsing", "POST", "/uppsercase", FORM, "age=10", 400, ".name required"),
        ("compose", "GET", "/aklsjdf", "", "", 404, ""),
        ("errors", "GET", "/", "", "", 500, "<p>Something <em>exploded</em>"),
        ("hello-world", "GET", "/", "", "", 200, "Hello World"),
        ("hello-world", "GET", "/any/where", "", "", 200, "Hello World"),
        ("negotiation", "GET", "/tobi", "accept: application/json", "", 200, r#"{"name":"tobi","species":"ferret"}"#),
        ("negotiation", "GET", "/tobi", "accept: application/xml", "", 200, "<name>tobi</name>"),
        ("negotiation", "GET", "/tobi", "accept: text/html", "", 200, "<h1>tobi</h1>"),
        ("negotiation", "GET", "/tobi", "accept: text/plain", "", 200, "tobi"),
        ("negotiation", "GET", "/tobi", "accept: */*", "", 200, r#"{"name":"tobi","species":"ferret"}"#),
        ("negotiation", "GET", "/tobi", "accept: image/png", "", 406, ""),
        ("negotiation", "GET", "/nobody", "", "", 404, ""),
        ("stream-file", "GET", "/app.js", "", "", 200, "fn stream_file"),
        ("stream-file", "GET", "/test.js", "", "", 200, ""),
        ("stream-file", "GET", "/lajksdf.js", "", "", 404, ""),
        ("stream-objects", "GET", "/app.js", "", "", 200, r#"[{"id":1},{"id":2}]"#),
        ("stream-view", "GET", "/", "", "", 200, "<title>Hello World</title></head><body><p>Hello World</p>"),
        ("templates", "GET", "/", "", "", 200, "<p>Tobi is a 3 year old ferret.</p>"),
    ] {
        let fields: Vec<&str> = Some(field).filter(|field| !field.is_empty()).into_iter().collect();
        let reply = ask(web_koa::app(program), with_body(method, path, &fields, sent));
        assert_eq!(reply.status, status, "{program} {method} {path}: {}", reply.body);
        assert!(reply.body.contains(body), "{program} {method} {path}: {}", reply.body);
    }
    for (program, path, has_time) in [
        ("compose", "/", true),
        ("conditional-middleware", "/", true),
        ("conditional-middleware", "/style.css", false),
        ("conditional-middleware", "/some.html", true),
    ] {
        let reply = get(web_koa::app(program), path);
        assert_eq!((reply.status, reply.body.as_str()), (200, "Hello World"), "{program} {path}");
        let time = reply.field("x-response-time");
        assert_eq!(time.is_some_and(|time| time.ends_with("ms")), has_time, "{program} {path}: {time:?}");
    }
    for (host, status, body) in [
        ("example.com", 200, "Hello from www app"),
        ("www.example.com", 200, "Hello from www app"),
        ("bar.example.com", 200, "Howzit? From bar middleware bundle"),
        ("127.0.0.1", 404, ""),
    ] {
        let reply = ask(web_koa::app("vhost"), format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert!(reply.status == status && reply.body.contains(body), "{host}: {reply:?}");
        assert_eq!(reply.field("x-custom").is_some(), body.contains("www"), "{host}");
        assert_eq!(reply.field("x-response-time").is_some(), body.contains("bar"), "{host}");
        let other = ask(web_koa::app("vhost"), format!("GET /aklsjdf HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(other.status, 404, "{host}");
    }
}

#[test]
fn koa_visits() {
    let token = "x-csrf-token: {said}";
    let rows: [Row<'_>; 6] = [
        ("GET", "/token", "", "", 200, None, ""),
        ("POST", "/post", JSON, r#"{"foo":"bar"}"#, 403, None, ""),
        ("POST", "/post", "x-csrf-token: wrong token", "", 403, None, ""),
        ("POST", "/post", token, "", 200, None, r#"{"ok":true}"#),
        ("POST", "/post", JSON, r#"{"_csrf":"{said}"}"#, 200, None, r#"{"ok":true}"#),
        ("POST", "/post", FORM, "_csrf={said}", 200, None, r#"{"ok":true}"#),
    ];
    hold(web_koa::app("csrf"), &rows);
    let rows: [Row<'_>; 4] = [
        ("GET", "/messages", "", "", 200, None, "[]"),
        ("POST", "/messages", FORM, "hello", 204, None, ""),
        ("GET", "/messages", "", "", 200, None, r#"["hello"]"#),
        ("GET", "/messages", "", "", 200, None, "[]"),
    ];
    let replies = hold(web_koa::app("flash-messages"), &rows);
    assert_eq!(replies[0].field("content-type"), Some("application/json; charset=utf-8"));
    let rows: [Row<'_>; 5] = [
        ("GET", "/", "", "", 200, None, "<p>You have <strong>0</strong> posts!</p>"),
        ("GET", "/post/new", "", "", 200, None, "<form"),
        ("POST", "/post", JSON, r#"{"title":"Title","body":"<i>"}"#, 302, Some("/"), ""),
        ("GET", "/post/0", "", "", 200, None, "<h1>Title</h1><p>&lt;i&gt;</p>"),
        ("GET", "/post/1", "", "", 404, None, "invalid post id"),
    ];
    hold(web_koa::app("blog"), &rows);
    for (number, reply) in visit(web_koa::app("cookies"), &[("GET", "/", "", ""); 3]).iter().enumerate() {
        let views = number + 1;
        assert_eq!(reply.body, format!("{views} views"));
        assert!(reply.field("set-cookie").is_some_and(|set| set.starts_with(&format!("view={views};"))), "{reply:?}");
    }
}

#[test]
fn koa_files() {
    let part = |name: &str, rest: &str, content: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{content}\r\n")
    };
    let body = part("file_name_0", "", "super alpha file")
        + &part("upload_file_0", "; filename=\"1k_a.dat\"", &"A".repeat(1023))
        + &part("upload_file_1", "; filename=\"../1k_b.dat\"", &"B".repeat(1023))
        + "--B--\r\n";
    let asked = with_body("POST", "/", &["content-type: multipart/form-data; boundary=B"], &body);
    let reply = ask(web_koa::app("multipart"), asked);
    let paths: Vec<std::path::PathBuf> = serde_json::from_str(&reply.body).expect("a list of paths");
    assert_eq!(paths.len(), 2);
    for path in &paths {
        assert_eq!(std::fs::metadata(path).expect("it is there").len(), 1023);
        std::fs::remove_file(path).expect("it is ours");
    }
    let kind = "content-type: multipart/form-data; boundary=B";
    let rows: [Row<'_>; 5] = [
        ("GET", "/", "", "", 200, None, "<form"),
        ("POST", "/", kind, &body, 302, Some("/"), ""),
        ("POST", "/", kind, "--B--", 400, None, "no file"),
        ("GET", "/missing", "", "", 302, Some("/404.html"), ""),
        ("GET", "/404.html", "", "", 200, None, "Not Found"),
    ];
    hold(web_koa::app("upload"), &rows);
    std::fs::remove_dir(paths[0].parent().expect("a folder")).expect("nothing else lies there");
}

/// An event stream has no end: its first event comes at once.
#[test]
fn koa_events() {
    use wirebook_net::{Stream, sim};
    let first = sim::run(1, async {
        let server = web_koa::app("stream-server-side-events")
            .serve_on(sim::SimListener::bind(ADDRESS).expect("a free address"));
        let client = sim::SimStream::connect(ADDRESS).await.expect("the server listens");
        client.write_all(request("GET", "/", &[]).as_bytes()).await.expect("it is sent");
        let (mut said, mut piece) = (String::new(), [0; 1024]);
        while !said.contains("data: {\"count\":2}\n\n") {
            let count = client.read(&mut piece).await.expect("it goes on");
            said.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        drop(client);
        server.close();
        server.closed().await;
        said
    });
    assert!(first.expect("the loop runs").contains("content-type: text/event-stream"));
}
