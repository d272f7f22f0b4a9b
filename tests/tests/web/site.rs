//! Files, sessions and logs as rings of an application, over the wire.

use super::files::folder;
use super::logs::Kept;
use super::world::{app, ask, get, request};
use std::rc::Rc;
use std::time::Duration;
use wirebook_web::files::{Assets, Files};
use wirebook_web::layers::User;
use wirebook_web::log::{AccessLayout, Appender, access_log};
use wirebook_web::session::{Carrier, MemoryStore, SessionOptions, Sessions, Token, session};
use wirebook_web::trust::Keys;
use wirebook_web::{App, Clock, Router};

fn clock() -> Clock {
    Clock::new(|| Duration::from_secs(1_795_749_258))
}

#[test]
fn files_under_a_path() {
    let folder = folder();
    let site = || {
        let files = Files::beneath(folder.path().join("site")).expect("a folder");
        app(Router::new().files("/static", files).get("/", async |ctx| ctx.text("hello")))
    };
    for (path, status) in [
        ("/static/1000bytes", 200),
        ("/static/", 200),
        ("/static/css/", 200),
        ("/static/css", 301),
        ("/static", 404),
        ("/static/nothing", 404),
        ("/static/.env", 404),
        ("/static/out", 404),
        ("/static/fifo", 404),
        ("/static//css/app.css", 404),
        ("/static/..%2fsecret", 404),
        ("/static/%2e%2e/secret", 400),
        ("/static/..\\secret", 400),
        ("/static/a%00b", 400),
    ] {
        let reply = get(site(), path);
        assert_eq!(reply.status, status, "{path}");
        assert!(!reply.body.contains("root:"), "{path}");
    }
    assert_eq!(get(site(), "/static/css").field("location"), Some("/static/css/"));
    let reply = ask(site(), request("POST", "/static/1000bytes", &[]));
    assert_eq!((reply.status, reply.field("allow")), (405, Some("GET, HEAD, OPTIONS")));
    let reply = ask(site(), request("HEAD", "/static/1000bytes", &["range: bytes=0-9"]));
    assert_eq!((reply.status, reply.field("content-length")), (200, Some("1000")));
    let reply = ask(site(), request("GET", "/static/1000bytes", &["range: bytes=998-2000"]));
    assert_eq!((reply.status, reply.field("content-range")), (206, Some("bytes 998-999/1000")));
    assert_eq!(reply.body, "xx");
    let tag = get(site(), "/static/1000bytes").field("etag").expect("a tag").to_owned();
    let reply =
        ask(site(), request("GET", "/static/1000bytes", &["if-none-match: \"a\"", &format!("if-none-match: {tag}")]));
    assert_eq!((reply.status, reply.field("etag")), (304, Some(&*tag)), "a list may stand on several lines");
    let reply = ask(site(), request("GET", "/static/1000bytes", &["range: bytes=2000-"]));
    assert_eq!((reply.status, reply.field("content-range")), (416, Some("bytes */1000")));
}

#[test]
fn files_as_a_layer_go_on_where_there_is_nothing() {
    let folder = folder();
    let site = || {
        let files = Files::beneath(folder.path().join("site")).expect("a folder");
        app(Router::new().layer(files.layer("/")).any("/{*rest}", async |ctx| ctx.text("handler")))
    };
    assert_eq!(get(site(), "/css/app.css").body, "a{}");
    assert_eq!(get(site(), "/nothing").body, "handler");
    assert_eq!(get(site(), "/.env").body, "handler");
    assert_eq!(ask(site(), request("POST", "/css/app.css", &[])).body, "handler");
}

#[test]
fn assets_and_their_names() {
    let folder = folder();
    let site = || {
        let assets = Assets::read(folder.path().join("site")).expect("a folder");
        app(Router::new().assets("/static", assets).get("/", async |ctx| ctx.text(ctx.asset("css/app.css"))))
    };
    let name = get(site(), "/").body;
    assert!(name.starts_with("/static/css/app.") && name.ends_with(".css"), "{name}");
    let reply = get(site(), &name);
    assert_eq!(
        (reply.body.as_str(), reply.field("cache-control")),
        ("a{}", Some("public, immutable, max-age=31536000"))
    );
    let reply = ask(site(), request("GET", &name, &["range: bytes=1-1"]));
    assert_eq!((reply.status, reply.body.as_str()), (206, "{"));
    assert_eq!(get(site(), "/static/nothing").status, 404);
}

/// A site with a login, and the store of its visitors.
fn visited(options: SessionOptions) -> impl Fn() -> App {
    let sessions = Sessions::new(Rc::new(MemoryStore::default()), Keys::new(&[&[7; 32]]).expect("a key"))
        .clock(clock())
        .with(options)
        .bind(|ctx| ctx.header("user-agent").unwrap_or_default().into());
    move || {
        let router = Router::new()
            .layer(session(sessions.clone()))
            .get("/", async |ctx| {
                let session = ctx.session()?;
                let visits = session.add("visits", 1);
                let user = session.text("user").unwrap_or_default();
                ctx.text(format!("{visits}{user}"))
            })
            .get("/look", async |ctx| {
                let visits = ctx.session()?.number("visits");
                ctx.text(format!("{visits:?}"))
            })
            .get("/token", async |ctx| {
                let token = ctx.session()?.token();
                ctx.text(token.unwrap_or_default())
            })
            .post("/login", async |ctx| {
                ctx.session()?.renew().set("user", "ada");
                ctx.redirect("/")
            })
            .post("/logout", async |ctx| {
                ctx.session()?.destroy();
                ctx.redirect("/")
            })
            .get("/fails", async |ctx| {
                ctx.session()?.add("visits", 10);
                ctx.fail(500, "broken")
            })
            .get("/raw", async |ctx| {
                ctx.session()?.add("visits", 100);
                ctx.raw(async |_, response| response.end("raw").await).await
            });
        app(router)
    }
}

/// What a browser sends back of a Set-Cookie.
fn cookie(line: &str) -> String {
    format!("cookie: {}", line.split(';').next().unwrap_or_default())
}

#[test]
fn a_session_over_the_wire() {
    let site = visited(SessionOptions::default());
    assert_eq!(get(site(), "/look").all("set-cookie"), [] as [&str; 0], "nothing is kept of whom nothing was done to");
    let first = get(site(), "/");
    assert_eq!(first.body, "1");
    let line = first.field("set-cookie").expect("a cookie");
    assert!(line.ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"), "{line}");
    assert_eq!(first.field("cache-control"), Some("private"));
    let cookie = cookie(line);
    let second = ask(site(), request("GET", "/", &[&cookie]));
    assert_eq!((second.body.as_str(), second.field("set-cookie")), ("2", None));
    // What was done before a handler failed, or spoke by itself, counts.
    assert_eq!(ask(site(), request("GET", "/fails", &[&cookie])).status, 500);
    assert_eq!(ask(site(), request("GET", "/raw", &[&cookie])).body, "raw");
    assert_eq!(ask(site(), request("GET", "/look", &[&cookie])).body, "Some(112)");
    // It is bound to its owner's browser.
    assert_eq!(ask(site(), request("GET", "/", &[&cookie, "user-agent: other"])).body, "1");
}

/// web-061 and web-062.
#[test]
fn rule_10_login_and_logout_over_the_wire() {
    let site = visited(SessionOptions::default());
    let before = cookie(get(site(), "/").field("set-cookie").expect("a cookie"));
    let login = ask(site(), request("POST", "/login", &[&before]));
    let after = cookie(login.field("set-cookie").expect("another cookie"));
    assert_ne!(before, after);
    assert_eq!(ask(site(), request("GET", "/", &[&after])).body, "2ada");
    assert_eq!(ask(site(), request("GET", "/look", &[&before])).body, "None");
    let logout = ask(site(), request("POST", "/logout", &[&after]));
    assert!(logout.field("set-cookie").is_some_and(|line| line.starts_with("sid=; ") && line.contains("Max-Age=0")));
    assert_eq!(ask(site(), request("GET", "/look", &[&after])).body, "None");
}

#[test]
fn a_session_by_the_query() {
    let site = visited(SessionOptions { carrier: Carrier::Query, ..SessionOptions::default() });
    let first = get(site(), "/token");
    assert_eq!(first.field("set-cookie"), None);
    assert_eq!((first.field("referrer-policy"), first.field("cache-control")), (Some("no-referrer"), Some("no-store")));
    let path = format!("/?sid={}", first.body);
    assert_eq!((get(site(), &path).body, get(site(), &path).body), ("1".into(), "2".into()));
    assert_eq!(get(site(), "/?sid=chosen").body, "1");
    assert_eq!(get(site(), &format!("/token?sid={}", first.body)).body, first.body);
}

#[test]
fn the_log_of_a_site() {
    let kept = Kept::default();
    let sink = kept.clone();
    let site = move |layout| {
        let appender = Appender::with(sink.clone(), usize::MAX, clock());
        let router = Router::new()
            .layer(access_log(appender, layout))
            .get("/hello", async |ctx| {
                ctx.state().insert(User("ada".into()));
                wirebook_net::sleep(Duration::from_millis(5)).await;
                ctx.text("hello")
            })
            .get("/fails", async |ctx| ctx.fail(503, "later"));
        app(router)
    };
    ask(
        site(AccessLayout::Combined),
        request("GET", "/hello?token=x&a=1", &["user-agent: a\"b", "referer: http://a/?pass=x"]),
    );
    get(site(AccessLayout::Common), "/fails");
    get(site(AccessLayout::Common), "/nothing%00");
    get(site(AccessLayout::Dev), "/hello");
    ask(site(AccessLayout::Common), request("HEAD", "/hello", &[]));
    let text = kept.text();
    let lines: Vec<&str> = text.lines().map(|line| line.split_once(" - ").map_or(line, |(_, rest)| rest)).collect();
    assert_eq!(
        lines[0],
        r#"ada [27/Nov/2026:03:14:18 +0000] "GET /hello?token=[redacted]&a=1 HTTP/1.1" 200 5 "http://a/?pass=[redacted]" "a\"b""#
    );
    assert_eq!(lines[1], r#"- [27/Nov/2026:03:14:18 +0000] "GET /fails HTTP/1.1" 503 -"#);
    assert_eq!(lines[2], r#"- [27/Nov/2026:03:14:18 +0000] "GET /nothing%00 HTTP/1.1" 400 -"#);
    assert!(text.lines().nth(3).is_some_and(|line| line.starts_with("GET /hello 200 5.0")), "{text}");
    assert!(lines[4].ends_with("200 0"), "{text}");
}

/// Five tabs at once, some of which vanish, on a thousand rough networks: what was answered was saved, and nothing is counted twice.
#[test]
fn rule_11_no_session_is_lost_on_any_network() {
    use super::world::{ADDRESS, quiet};
    use std::cell::Cell;
    use wirebook_net::sim::{self, Config, Faults, SimListener, SimStream};
    use wirebook_net::{self as net, Stream};
    let config = |seed| Config { faults: Faults { reset: 0.02, ..Faults::rough() }, ..Config::from(seed) };
    sim::explore(1000, config, async |_| {
        let store = Rc::new(MemoryStore::default());
        let sessions = Sessions::new(store.clone(), Keys::new(&[&[7; 32]]).expect("a key")).clock(clock());
        let first = sessions.open(None, b"").await.expect("a store");
        first.set("visits", 0);
        let Token::Set(token) = sessions.close(&first, b"").await.expect("a store") else { panic!("no token") };
        let router = Router::new().layer(session(sessions.clone())).get("/", async |ctx| {
            let visits = ctx.session()?.add("visits", 1);
            net::sleep(Duration::from_millis(sim::random_below(50))).await;
            ctx.text(visits.to_string())
        });
        let server = router.into_app(quiet()).expect("routes").serve_on(SimListener::bind(ADDRESS).expect("free"));
        let answered = Rc::new(Cell::new(0));
        let tabs: Vec<_> = (0..5)
            .map(|_| {
                let (token, answered) = (token.clone(), answered.clone());
                net::spawn(async move {
                    let Ok(client) = SimStream::connect(ADDRESS).await else { return };
                    let asked = request("GET", "/", &[&format!("cookie: sid={token}"), "connection: close"]);
                    client.write_all(asked.as_bytes()).await.ok();
                    if sim::chance(0.3) {
                        return net::sleep(Duration::from_millis(sim::random_below(60))).await;
                    }
                    let all = super::wire::rest(&client).await.0;
                    answered.set(answered.get() + i64::from(all.starts_with(b"HTTP/1.1 200")));
                })
            })
            .collect();
        for tab in tabs {
            tab.await.expect("no panic");
        }
        server.close();
        server.closed().await;
        let visits = sessions.open(Some(&token), b"").await.expect("a store").number("visits").expect("it is kept");
        assert!((answered.get()..=5).contains(&visits), "{visits} visits, {} answered", answered.get());
        assert_eq!(store.len(), 1);
    });
}
