//! The rings that come with the crate.

use super::world::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net as net;
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_web::layers::*;
use wirebook_web::trust::{Keys, Trust};
use wirebook_web::{App, Environment, Failure, Options, Router, get as route, post};

#[test]
fn a_panic_is_a_500_and_the_connection_goes_on() {
    let router = Router::new()
        .layer(catch_panic())
        .get("/panic", async |_| panic!("secret words"))
        .get("/late", async |ctx| {
            wait().await;
            let text = ctx.query_value("number").expect("there is none");
            ctx.text(text)
        })
        .get("/", async |ctx| ctx.text("still here"));
    let asked = ["/panic", "/late", "/"].map(|path| request("GET", path, &[])).concat();
    let all = String::from_utf8(talk(app(router), asked)).unwrap();
    let statuses: Vec<&str> = all.match_indices("HTTP/1.1 ").map(|(at, _)| &all[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["500", "500", "200"], "{all}");
    assert!(all.ends_with("still here") && !all.contains("secret words"), "{all}");
}

#[test]
fn a_handler_that_takes_too_long_is_given_up() {
    let router = |limit| {
        let slow = async |ctx: &mut wirebook_web::Context<'_>| {
            net::sleep(Duration::from_secs(30)).await;
            ctx.text("at last")
        };
        let stream = async |ctx: &mut wirebook_web::Context<'_>| {
            ctx.raw(async |_, mut response| {
                response.write("begun ").await?;
                net::sleep(Duration::from_secs(60)).await;
                response.end("and ended").await
            })
            .await
        };
        let silent = async |ctx: &mut wirebook_web::Context<'_>| {
            ctx.raw(async |_, response| {
                net::sleep(Duration::from_secs(60)).await;
                response.end("too late").await
            })
            .await
        };
        let later = async |ctx: &mut wirebook_web::Context<'_>| {
            let mut left = 2;
            ctx.stream(async move || {
                net::sleep(Duration::from_secs(60)).await;
                left -= 1;
                Ok((left > 0).then(|| b"piece".to_vec()))
            })
        };
        let router = Router::new().layer(timeout(limit)).get("/slow", slow).get("/raw", stream).get("/stream", later);
        let router = router.get("/silent", silent);
        app(router.get("/", async |ctx| ctx.text("at once")))
    };
    let second = Duration::from_secs(1);
    let reply = get(router(second), "/slow");
    assert_eq!((reply.status, reply.field("retry-after")), (503, Some("1")));
    assert_eq!(get(router(Duration::from_secs(31)), "/slow").body, "at last");
    assert_eq!(get(router(Duration::MAX), "/slow").body, "at last");
    assert_eq!(get(router(Duration::ZERO), "/slow").status, 503);
    assert_eq!(get(router(Duration::ZERO), "/").body, "at once");
    assert_eq!(get(router(second), "/raw").body, "begun and ended");
    assert_eq!(get(router(second), "/stream").body, "piece");
    // Who speaks by itself and says nothing is late as everybody else.
    let reply = get(router(second), "/silent");
    assert_eq!((reply.status, reply.field("retry-after")), (503, Some("1")), "{}", reply.body);
    assert_eq!(get(router(Duration::from_secs(61)), "/silent").body, "too late");
}

#[test]
fn a_request_has_a_name_and_only_our_proxy_may_give_it() {
    let router = || {
        Router::new().edge(request_id()).get("/", async |ctx| {
            let id = ctx.get_state::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
            ctx.text(id)
        })
    };
    let reply = get(app(router()), "/");
    assert_eq!(reply.field("x-request-id"), Some(reply.body.as_str()));
    assert_eq!(reply.body.len(), 16);
    let named = |name: &str, trust: Trust| {
        let app = router().into_app(Options { trust, ..quiet() }).unwrap();
        ask(app, request("GET", "/", &[&format!("x-request-id: {name}")])).body
    };
    let ours = || Trust::cidrs(&["loopback"]).unwrap();
    assert_eq!(named("abc-1.2_3", ours()), "abc-1.2_3");
    assert_eq!(named(&"a".repeat(64), ours()), "a".repeat(64));
    for name in ["<b>", "a b", "", &"a".repeat(65)] {
        assert_eq!(named(name, ours()).len(), 16, "{name}");
    }
    assert_ne!(named("abc", Trust::default()), "abc");
}

#[test]
fn browsers_are_told_to_guard_a_page() {
    let router = || {
        let router = Router::new().edge(Headers::default().set("x-frame-options", "DENY").without("X-XSS-Protection"));
        router
            .get("/", async |ctx| ctx.set("referrer-policy", "origin")?.text(""))
            .get("/raw", async |ctx| ctx.raw(async |_, response| response.end("").await).await)
    };
    let reply = get(app(router()), "/");
    assert_eq!(reply.all("x-frame-options"), ["DENY"]);
    assert_eq!(reply.all("referrer-policy"), ["origin"], "a handler has the last word");
    assert_eq!((reply.field("x-xss-protection"), reply.field("strict-transport-security")), (None, None));
    assert!(reply.field("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'self'")));
    for path in ["/nowhere", "/raw", "/%00"] {
        assert_eq!(get(app(router()), path).field("x-content-type-options"), Some("nosniff"), "{path}");
    }
    let trust = Trust::cidrs(&["loopback"]).unwrap();
    let behind_tls = router().into_app(Options { trust, ..quiet() }).unwrap();
    let reply = ask(behind_tls, request("GET", "/", &["x-forwarded-proto: https"]));
    assert!(reply.field("strict-transport-security").is_some());
}

#[test]
fn basic_asks_for_a_name_and_a_password() {
    let router = || {
        let room = Router::new()
            .edge(basic("the \"back\" room", |name, password| same(name, "ada") & same(password, "a:b ü")));
        let room = room.get("/", async |ctx| {
            let user = ctx.get_state::<User>().map(|user| user.0.clone()).unwrap_or_default();
            ctx.text(user)
        });
        app(Router::new().nest("/back", room))
    };
    let challenge = "Basic realm=\"the \\\"back\\\" room\", charset=\"UTF-8\"";
    let reply = get(router(), "/back");
    assert_eq!((reply.status, reply.field("www-authenticate")), (401, Some(challenge)));
    assert_eq!(get(router(), "/back/nothing/here").status, 401, "nor is it said what is there");
    for (token, status) in [
        ("Basic YWRhOmE6YiDDvA==", 200),
        ("bAsIc  YWRhOmE6YiDDvA==", 200),
        ("Basic YWRhOmE6YiDDvA", 401),
        ("Basic YWRhOmI=", 401),
        ("Basic YWRh", 401),
        ("Basic !!!!", 401),
        ("Basic", 401),
        ("Basic ", 401),
        ("Bearer YWRhOmE6YiDDvA==", 401),
        ("Basic YWRhOmE6YiDDvAA=", 401),
    ] {
        let reply = ask(router(), request("GET", "/back", &[&format!("authorization: {token}")]));
        assert_eq!(reply.status, status, "{token}");
    }
}

#[test]
fn a_form_may_put_and_delete_and_a_link_may_not() {
    let router = || {
        let router = Router::new().layer(method_override());
        let put = async |ctx: &mut wirebook_web::Context<'_>| {
            let fields = ctx.read_fields().await?;
            ctx.text(format!("put {}", fields.to_json()))
        };
        app(router.put("/", put).post("/", async |ctx| ctx.text("post")).get("/", async |ctx| ctx.text("get")))
    };
    const FORM: &str = "content-type: application/x-www-form-urlencoded";
    let reply = ask(router(), with_body("POST", "/", &[FORM], "_method=put&tea=green"));
    assert_eq!(reply.body, r#"put {"_method":"put","tea":"green"}"#, "the handler reads the form, too");
    let by_field = ask(router(), with_body("POST", "/", &[FORM, "x-http-method-override: PUT"], "a=1"));
    assert_eq!(by_field.body, r#"put {"a":"1"}"#);
    assert_eq!(ask(router(), with_body("POST", "/", &[FORM], "a=1")).body, "post");
    assert_eq!(ask(router(), with_body("POST", "/", &[FORM], "_method=TRACE")).status, 400);
    assert_eq!(ask(router(), with_body("POST", "/", &[FORM], "_method=get")).status, 400);
    assert_eq!(ask(router(), request("GET", "/", &["x-http-method-override: PUT"])).body, "get");
    let large = format!("a={}", "x".repeat(70_000));
    assert_eq!(ask(router(), with_body("POST", "/", &[FORM], &large)).status, 413);
}

#[test]
fn a_body_that_says_that_it_is_too_large_is_refused_at_the_door() {
    let router = |bytes| {
        let reads = async |ctx: &mut wirebook_web::Context<'_>| {
            let body = ctx.read_bytes(u64::MAX).await?;
            ctx.text(body.len().to_string())
        };
        app(Router::new().edge(body_size(bytes)).post("/", reads).route(post("/more", reads).body_limit(20)))
    };
    let sent =
        |limit, path: &str, bytes: usize| ask(router(limit), with_body("POST", path, &[], &"x".repeat(bytes))).status;
    assert_eq!((sent(10, "/", 10), sent(10, "/", 11)), (200, 413));
    assert_eq!((sent(0, "/", 0), sent(0, "/", 1), sent(u64::MAX, "/", 100_000)), (200, 413, 200));
    let chunked = request("POST", "/", &["transfer-encoding: chunked"]) + "b\r\n0123456789a\r\n0\r\n\r\n";
    assert_eq!(ask(router(10), chunked).status, 413, "also if it does not say");
    let chunked = request("POST", "/more", &["transfer-encoding: chunked"]) + "b\r\n0123456789a\r\n0\r\n\r\n";
    assert_eq!(ask(router(10), chunked).body, "11", "a route has the last word");
}

#[test]
fn what_a_client_has_already_is_not_sent_again() {
    let router = || {
        let router = Router::new().layer(conditional()).get("/", async |ctx| ctx.text("tea"));
        let router = router.get("/dated", async |ctx| ctx.last_modified(784_111_777)?.etag("v1")?.text("tea"));
        app(router.post("/", async |ctx| ctx.text("tea")).get("/made", async |ctx| ctx.status(201).text("")))
    };
    let first = get(router(), "/");
    let tag = first.field("etag").expect("a tag").to_owned();
    let again = ask(router(), request("GET", "/", &[&format!("if-none-match: W/\"x\", {tag}")]));
    assert_eq!((again.status, again.body.as_str(), again.field("etag")), (304, "", Some(tag.as_str())));
    assert_eq!(again.field("content-type"), None);
    let lines = request("GET", "/", &["if-none-match: \"x\"", &format!("if-none-match: {tag}")]);
    assert_eq!(ask(router(), lines).status, 304, "two lines are one list");
    assert_eq!(ask(router(), request("GET", "/", &["if-match: \"x\""])).status, 412);
    assert_eq!(ask(router(), request("HEAD", "/", &[&format!("if-none-match: {tag}")])).status, 304);
    assert_eq!(
        ask(router(), request("GET", "/", &[&format!("if-none-match: {tag}"), "cache-control: no-cache"])).status,
        304
    );
    let since = "if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT";
    assert_eq!(ask(router(), request("GET", "/dated", &[since])).status, 304);
    assert_eq!(ask(router(), request("GET", "/dated", &[since, "if-none-match: \"v2\""])).status, 200);
    assert_eq!(ask(router(), request("POST", "/", &["if-none-match: *"])).status, 200, "what was done is done");
    assert_eq!(get(router(), "/made").field("etag"), None);
}

#[test]
fn failures_have_a_page_json_or_a_line() {
    let heard: Rc<RefCell<Vec<String>>> = Rc::default();
    let make = |environment| -> App {
        let heard = heard.clone();
        let on_error: wirebook_web::OnError =
            Rc::new(move |failure, method, path| heard.borrow_mut().push(format!("{method} {path}: {failure}")));
        let router = Router::new().edge(request_id()).layer(errors()).layer(catch_panic());
        let router = router
            .get("/mine", async |ctx| ctx.fail(409, "<b>twice</b>"))
            .get("/ours", async |_| Err(Failure::new(500, "the <database> is away")))
            .get("/panic", async |_| panic!("a <bug>"))
            .route(route("/users/{id:int}", async |ctx| ctx.text("")));
        router.into_app(Options { environment, on_error: Some(on_error), ..Options::default() }).unwrap()
    };
    let html = "accept: text/html";
    let asked = |environment, path: &str, fields: &[&str]| ask(make(environment), request("GET", path, fields));

    let page = asked(Environment::Production, "/mine", &[html]);
    assert_eq!((page.status, page.field("content-type")), (409, Some("text/html; charset=utf-8")));
    assert!(page.body.contains("&lt;b&gt;twice&lt;/b&gt;") && !page.body.contains("<b>"), "{}", page.body);
    assert_eq!(page.field("cache-control"), Some("no-store"));
    assert!(heard.borrow().is_empty(), "what a client does wrong is not our failure");

    let page = asked(Environment::Production, "/ours", &[html]);
    let id = page.field("x-request-id").unwrap();
    assert!(page.body.contains(id) && !page.body.contains("database"), "{}", page.body);
    assert_eq!(heard.take(), [format!("GET /ours: 500 the <database> is away ({id})")]);

    let json = asked(Environment::Production, "/ours", &["accept: application/json"]);
    let said: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!((said["status"].as_u64(), said["message"].as_str()), (Some(500), Some("Internal Server Error")));
    assert_eq!(said["id"].as_str(), json.field("x-request-id"));
    let line = asked(Environment::Production, "/nowhere", &["accept: text/plain"]);
    assert_eq!((line.status, line.body.as_str()), (404, "404 Not Found\n"));
    heard.take();

    let page =
        asked(Environment::Development, "/panic", &[html, "cookie: sid=geheim", "x-odd: <i>", "x-api-token: geheim"]);
    assert!(page.body.contains("a panic: a &lt;bug&gt;") && page.body.contains("x-odd: &lt;i&gt;"), "{}", page.body);
    assert!(page.body.contains("cookie: (not shown)") && !page.body.contains("geheim"), "{}", page.body);
    // The line that failed, and the way to it.
    let page = asked(Environment::Development, "/ours", &[html]);
    let line = "Err(Failure::new(500, &#34;the &lt;database&gt; is away&#34;))";
    assert!(page.body.contains("layers.rs:") && page.body.contains(line), "{}", page.body);
    let at = |name: &str| page.body.find(name).unwrap_or_else(|| panic!("{name} in {}", page.body));
    assert!(
        at("request_id") < at("::errors") && at("::errors") < at("::catch_panic") && at("::catch_panic") < at("/ours<")
    );
    let page = asked(Environment::Production, "/ours", &[html]);
    assert!(!page.body.contains(".rs") && !page.body.contains("catch_panic"), "{}", page.body);
    let page = asked(Environment::Development, "/users/ada", &[html]);
    assert!(page.body.contains("GET /users/{id:int}: byte 7: wants int there"), "{}", page.body);
    for claim in ["x-forwarded-for: 203.0.113.7", "forwarded: for=127.0.0.1", "x-forwarded-for: 127.0.0.1"] {
        let page = asked(Environment::Development, "/ours", &[html, claim]);
        assert!(!page.body.contains("database"), "{claim}: {}", page.body);
    }
}

#[test]
fn a_form_of_ours_has_a_token_and_a_strangers_has_none() {
    let make = || {
        let router = Router::new().layer(csrf::by_token());
        let router = router
            .get("/form", async |ctx| {
                let token = ctx.csrf_token()?;
                ctx.text(token)
            })
            .get("/", async |ctx| ctx.text("no form"))
            .post("/form", async |ctx| {
                let fields = ctx.read_fields().await?;
                ctx.text(fields.get("tea").and_then(|tea| tea.text()).unwrap_or_default().to_owned())
            });
        router.into_app(Options { keys: Some(Keys::new(&[&[9; 32]]).unwrap()), ..quiet() }).unwrap()
    };
    assert_eq!(get(make(), "/").all("set-cookie").len(), 0, "who sees no form is not remembered");
    let page = get(make(), "/form");
    let cookie = format!("cookie: {}", page.field("set-cookie").unwrap().split(';').next().unwrap());
    let other = ask(make(), request("GET", "/form", &[&cookie]));
    assert!(other.body != page.body && other.field("set-cookie").is_none(), "another mask, the same secret");
    const FORM: &str = "content-type: application/x-www-form-urlencoded";
    let sent = |fields: &[&str], body: &str| ask(make(), with_body("POST", "/form", &[&[FORM], fields].concat(), body));
    for token in [&page.body, &other.body] {
        assert_eq!(sent(&[&cookie], &format!("_csrf={token}&tea=green")).body, "green");
        assert_eq!(sent(&[&cookie, &format!("x-csrf-token: {token}")], "tea=green").body, "green");
        assert_eq!(sent(&[&cookie, &format!("x-xsrf-token: {token}")], "tea=green").body, "green");
    }
    let mine = format!("_csrf={}&tea=green", page.body);
    assert_eq!(sent(&[], &mine).status, 403, "a token without its cookie");
    assert_eq!(sent(&[&cookie], "tea=green").status, 403);
    assert_eq!(sent(&[&cookie], "_csrf=&tea=green").status, 403);
    assert_eq!(sent(&[&cookie, "sec-fetch-site: cross-site"], &mine).status, 403, "a token that leaked does not help");
    let stranger = get(make(), "/form");
    let foreign = format!("_csrf={}&tea=green", stranger.body);
    assert_eq!(sent(&[&cookie], &foreign).status, 403);
}

/// In JSON as in a form; in the query where that is asked for by its name.
#[test]
fn a_token_in_json_and_in_the_query() {
    let make = |in_query: bool| {
        let router = Router::new();
        let router = if in_query { router.layer(csrf::by_token_or_query()) } else { router.layer(csrf::by_token()) };
        let router = router
            .get("/", async |ctx| {
                let token = ctx.csrf_token()?;
                ctx.text(token)
            })
            .post("/", async |ctx| {
                let body = ctx.read_bytes(1024).await?;
                ctx.bytes(body)
            });
        router.into_app(Options { keys: Some(Keys::new(&[&[9; 32]]).unwrap()), ..quiet() }).unwrap()
    };
    let page = get(make(false), "/");
    let (token, cookie) = (&page.body, page.field("set-cookie").unwrap().split(';').next().unwrap().to_owned());
    let cookie = format!("cookie: {cookie}");
    const JSON: &str = "content-type: application/json";
    for (in_query, kind, path, body, status) in [
        (false, JSON, "/".to_owned(), format!(r#"{{"a":[1],"_csrf":"{token}"}}"#), 200),
        (false, "content-type: application/x+json", "/".into(), format!(r#"{{"_csrf":"{token}"}}"#), 200),
        (false, "content-type: text/plain", "/".into(), format!(r#"{{"_csrf":"{token}"}}"#), 403),
        (false, JSON, "/".into(), format!(r#"[{{"_csrf":"{token}"}}]"#), 403),
        (false, JSON, "/".into(), format!(r#"{{"a":{{"_csrf":"{token}"}}}}"#), 403),
        (false, JSON, "/".into(), format!(r#"{{"_csrf":["{token}"]}}"#), 403),
        (false, JSON, "/".into(), format!(r#"{{"_csrf":"{token}""#), 403),
        (false, JSON, "/".into(), r#"{"_csrf":null}"#.into(), 403),
        (false, JSON, "/".into(), String::new(), 403),
        (false, JSON, format!("/?_csrf={token}"), "{}".into(), 403),
        (true, JSON, format!("/?_csrf={token}"), "{}".into(), 200),
        (true, "content-type: multipart/form-data; boundary=B", format!("/?a=b&_csrf={token}"), "--B--".into(), 200),
        (true, JSON, "/?_csrf=".into(), "{}".into(), 403),
        (true, JSON, "/?_csrf=x".into(), "{}".into(), 403),
        (true, JSON, "/".into(), "{}".into(), 403),
        // What the body says goes before the address.
        (true, JSON, format!("/?_csrf={token}"), r#"{"_csrf":"x"}"#.into(), 403),
    ] {
        let reply = ask(make(in_query), with_body("POST", &path, &[kind, &cookie], &body));
        assert_eq!(reply.status, status, "{path} {body}");
        // The ring that has looked has left the body whole.
        assert!(status != 200 || reply.body == body, "{reply:?}");
    }
}

#[test]
fn a_server_that_ends_finishes_what_it_has_begun() {
    let ended = sim::run(1, async {
        let router = Router::new().get("/", async |ctx| {
            net::sleep(Duration::from_secs(3)).await;
            ctx.text("whole")
        });
        let server = Rc::new(app(router).serve_on(SimListener::bind(ADDRESS).unwrap()));
        let client = SimStream::connect(ADDRESS).await.unwrap();
        client.write_all(request("GET", "/", &[]).as_bytes()).await.unwrap();
        let ending = server.clone();
        let began = net::now();
        let end = net::spawn(async move { ending.until(net::sleep(Duration::from_secs(1))).await });
        let (mut all, mut piece) = (Vec::new(), [0; 1024]);
        while let Ok(count @ 1..) = client.read(&mut piece).await {
            all.extend_from_slice(&piece[..count]);
        }
        drop(client);
        end.await.unwrap();
        assert!(SimStream::connect(ADDRESS).await.is_err(), "nobody is let in any more");
        (String::from_utf8(all).unwrap(), (net::now() - began).as_secs())
    });
    let (all, seconds) = ended.unwrap();
    assert!(all.ends_with("whole") && all.contains("connection: close\r\n"), "{all}");
    assert_eq!(seconds, 3);
}
