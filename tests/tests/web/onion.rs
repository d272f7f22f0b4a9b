//! The onion: the order of its rings, and what becomes of failures, early answers and passing.

use super::world::*;
use wirebook_web::{Answer, Context, Edge, Failure, Next, Router, get as route};

/// Koa's first example, with a ring that waits: in from the outside, out from the inside.
struct Noted(&'static str);

impl Edge for Noted {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        note(ctx, &format!("({}", self.0));
        None
    }

    fn leave(&self, ctx: &mut Context<'_>, answer: Answer) -> Answer {
        note(ctx, &format!("{})", self.0));
        answer
    }
}

/// The outermost ring, which shows what all others did.
async fn shown(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    let answer = next.run(ctx).await;
    let trace = trace(ctx);
    ctx.set("x-trace", trace)?;
    answer
}

fn waiting(name: &'static str) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        note(ctx, &format!("[{name}"));
        wait().await;
        let answer = next.run(ctx).await;
        wait().await;
        note(ctx, &format!("{name}]"));
        answer
    }
}

async fn handler(ctx: &mut Context<'_>) -> Answer {
    note(ctx, "handler");
    ctx.text("body")
}

#[test]
fn layers_and_edges_stand_in_one_order() {
    let router = Router::new()
        .layer(shown)
        .edge(Noted("a"))
        .layer(waiting("b"))
        .edge(Noted("c"))
        .edge(Noted("d"))
        .route(route("/", handler).edge(Noted("e")).layer(waiting("f")).edge(Noted("g")));
    let reply = get(app(router), "/");
    assert_eq!(reply.field("x-trace"), Some("(a [b (c (d (e [f (g handler g) f] e) d) c) b] a)"));
    assert_eq!((reply.status, reply.body.as_str()), (200, "body"));
}

#[test]
fn rings_are_around_routes_that_were_added_before_them() {
    let inner = Router::new().get("/x", handler).edge(Noted("inner"));
    let router = Router::new().get("/", handler).nest("/in", inner).layer(shown).edge(Noted("outer"));
    assert_eq!(get(app(router), "/in/x").field("x-trace"), Some("(outer (inner handler inner) outer)"));
}

#[test]
fn an_edge_that_answers_turns_the_way_and_is_not_left() {
    struct Door;
    impl Edge for Door {
        fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
            note(ctx, "closed");
            Some(ctx.fail(403, "closed"))
        }

        fn leave(&self, ctx: &mut Context<'_>, answer: Answer) -> Answer {
            note(ctx, "never");
            answer
        }
    }
    let router = Router::new().layer(shown).edge(Noted("a")).edge(Door).edge(Noted("b")).get("/", handler);
    let reply = get(app(router), "/");
    assert_eq!(reply.field("x-trace"), Some("(a closed a)"));
    assert_eq!((reply.status, reply.body.as_str()), (403, "403 Forbidden: closed\n"));
}

#[test]
fn a_layer_may_answer_without_going_on() {
    let router = Router::new().layer(async |ctx, _next| ctx.status(503).text("later")).get("/", handler);
    assert_eq!(get(app(router), "/").body, "later");
}

#[test]
fn a_failure_passes_outward_and_a_ring_may_answer_it() {
    let fails = async |ctx: &mut Context<'_>| ctx.fail(409, "twice");
    let router = || Router::new().layer(shown).edge(Noted("a")).get("/", fails);
    let reply = get(app(router()), "/");
    assert_eq!((reply.status, reply.body.as_str()), (409, "409 Conflict: twice\n"));
    assert_eq!(reply.field("x-trace"), Some("(a a)"), "rings are left all the same");

    let answered = router().layer(async |ctx, next| match next.run(ctx).await {
        Err(failure) => ctx.status(200).text(format!("it was {}", failure.status())),
        done => done,
    });
    assert_eq!(get(app(answered), "/").body, "it was 409");
}

#[test]
fn an_error_of_ours_is_a_500_without_its_words() {
    let broken = async |_: &mut Context<'_>| {
        let number: u32 = "seven".parse()?;
        Err(Failure::new(400, format!("{number}")))
    };
    let reply = get(app(Router::new().get("/", broken)), "/");
    assert_eq!((reply.status, reply.body.as_str()), (500, "500 Internal Server Error\n"));
}

#[test]
fn what_described_a_body_goes_and_what_guards_stays_when_a_failure_takes_its_place() {
    let router = Router::new().get("/", async |ctx| {
        ctx.set("etag", "\"1\"")?.set("cache-control", "max-age=9")?.set("content-encoding", "gzip")?;
        ctx.set("strict-transport-security", "max-age=1")?.append("set-cookie", "a=b")?;
        ctx.fail(410, "gone")
    });
    let reply = get(app(router), "/");
    for name in ["etag", "content-encoding"] {
        assert_eq!(reply.field(name), None, "{name}");
    }
    // What was said of the page's copies is gone; the cookie is its visitor's own.
    assert_eq!(reply.all("cache-control"), ["private"]);
    for name in ["strict-transport-security", "set-cookie", "x-content-type-options"] {
        assert!(reply.field(name).is_some(), "{name}");
    }
}

#[test]
fn a_route_that_passes_leaves_the_request_to_the_next_that_fits() {
    let router = Router::new()
        .layer(shown)
        .edge(Noted("app"))
        .route(
            route("/tea/new", async |ctx| {
                note(ctx, "literal");
                Ok(ctx.pass())
            })
            .edge(Noted("a")),
        )
        .route(
            route("/tea/{name}", async |ctx| {
                let name = ctx.param("name").unwrap_or_default().into_owned();
                note(ctx, &name);
                Ok(ctx.pass())
            })
            .edge(Noted("b")),
        )
        .any("/{*rest}", async |ctx| {
            let text = format!("{} {:?}", ctx.matched_route().unwrap_or_default(), ctx.param("rest"));
            ctx.text(text)
        });
    let reply = get(app(router), "/tea/new");
    assert_eq!(reply.body, "/{*rest} Some(\"tea/new\")");
    assert_eq!(reply.field("x-trace"), Some("(app (a literal (b new b) a) app)"));
}

#[test]
fn the_last_route_that_passes_leaves_a_404() {
    let router = Router::new().get("/", async |ctx| Ok(ctx.pass()));
    assert_eq!(get(app(router), "/").status, 404);
}

#[test]
fn rings_of_the_application_are_around_what_has_no_route() {
    let router = || Router::new().layer(shown).edge(Noted("a")).get("/", handler);
    let reply = get(app(router()), "/nowhere");
    assert_eq!((reply.status, reply.field("x-trace")), (404, Some("(a a)")));
    let reply = ask(app(router()), request("DELETE", "/", &[]));
    assert_eq!((reply.status, reply.field("x-trace")), (405, Some("(a a)")));
    assert_eq!(reply.field("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn rings_of_a_nested_router_are_around_what_lies_below_its_prefix() {
    let deep = Router::new().edge(Noted("deep")).get("/x", handler);
    let inner = Router::new().edge(Noted("in")).get("/x", handler).nest("/{id}/deep", deep);
    let router = || {
        let inner = Router::new().edge(Noted("in")).get("/x", handler);
        Router::new().layer(shown).nest("/a", inner).get("/b", handler)
    };
    for (path, trace) in [("/a/none", "(in in)"), ("/a", "(in in)"), ("/ab", ""), ("/b/none", "")] {
        let reply = get(app(router()), path);
        assert_eq!((reply.status, reply.field("x-trace")), (404, Some(trace)), "{path}");
    }
    let reply = ask(app(router()), request("OPTIONS", "/a/x", &[]));
    assert_eq!(
        (reply.status, reply.field("x-trace"), reply.field("allow")),
        (204, Some("(in in)"), Some("GET, HEAD, OPTIONS"))
    );
    let nested = Router::new().layer(shown).nest("/a", inner);
    assert_eq!(get(app(nested), "/a/7/deep/none").field("x-trace"), Some("(in (deep deep) in)"));
}

#[test]
fn a_layer_at_a_path_is_around_every_route_that_lies_there() {
    let router = || {
        let below = async |ctx: &mut Context<'_>, next: Next<'_>| {
            note(ctx, "guard");
            next.run(ctx).await
        };
        Router::new().layer(shown).any("/{*rest}", handler).with_at("/admin", below)
    };
    for (path, trace) in [
        ("/admin", "guard handler"),
        ("/admin/x", "guard handler"),
        ("/%61dmin/x", "guard handler"),
        ("/administrator", "handler"),
        ("/x/admin", "handler"),
    ] {
        assert_eq!(get(app(router()), path).field("x-trace"), Some(trace), "{path}");
    }
}

#[test]
fn a_layer_at_a_path_of_a_nested_router_lies_below_both() {
    let inner = Router::new().get("/x/y", handler).get("/z", handler).with_at("/x", waiting("g"));
    let router = Router::new().layer(shown).nest("/{tenant}", inner);
    let all = app(router);
    assert_eq!(get(all, "/acme/x/y").field("x-trace"), Some("[g handler g]"));
}

#[test]
fn a_ring_may_change_method_and_path_before_the_route_is_looked_for() {
    let router = Router::new()
        .layer(async |ctx, next| {
            if ctx.path() == "/old" {
                ctx.set_method("PUT");
                ctx.rewrite("/new")?;
            }
            next.run(ctx).await
        })
        .put("/new", async |ctx| {
            let text = format!("{} {} {}", ctx.method(), ctx.path(), ctx.original_path());
            ctx.text(text)
        });
    assert_eq!(get(app(router), "/old").body, "PUT /new /old");
}

#[test]
fn a_body_may_be_changed_on_the_way_out() {
    let router = Router::new()
        .layer(async |ctx, next| {
            let done = next.run(ctx).await?;
            let loud = ctx.body().bytes().map(<[u8]>::to_ascii_uppercase).unwrap_or_default();
            ctx.put_body(wirebook_web::Body::Bytes(loud.into()));
            Ok(done)
        })
        .get("/", handler);
    assert_eq!(get(app(router), "/").body, "BODY");
}

#[test]
fn a_handler_may_speak_http_by_itself_and_rings_are_left_all_the_same() {
    let router = Router::new().edge(Noted("a")).get("/", async |ctx| {
        ctx.set("x-before", "1")?;
        ctx.raw(async |request, mut response| {
            response.write(request.path()).await?;
            response.end(" and an end").await
        })
        .await
    });
    let reply = get(app(router), "/");
    assert_eq!((reply.body.as_str(), reply.field("x-before")), ("/ and an end", Some("1")));
}

#[test]
fn a_field_that_is_none_is_a_500_and_not_a_second_answer() {
    let router = Router::new().get("/{*rest}", async |ctx| {
        let value = ctx.param("rest").unwrap_or_default().into_owned();
        ctx.set("x-echo", value)?.text("ok")
    });
    let reply = get(app(router), "/a%0D%0Aset-cookie:%20b=c");
    assert_eq!((reply.status, reply.field("set-cookie")), (500, None));
}

#[test]
fn a_stream_comes_in_pieces_and_one_that_fails_is_no_whole_answer() {
    let stream = |fails: bool| {
        Router::new().get("/", async move |ctx| {
            let mut left = 3;
            ctx.stream(async move || {
                wait().await;
                left -= 1;
                match left {
                    0 if fails => Err(Failure::of(500)),
                    0 => Ok(None),
                    _ => Ok(Some(vec![b'a'; left])),
                }
            })
        })
    };
    let reply = get(app(stream(false)), "/");
    assert_eq!((reply.body.as_str(), reply.is_broken), ("aaa", false));
    let reply = get(app(stream(true)), "/");
    assert!(reply.is_broken, "{reply:?}");
    let reply = ask(app(stream(false)), request("HEAD", "/", &[]));
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
}

/// The stream has no end, and the server's patience is ten seconds: it ends when it hears that the server does, and a page that has an end comes
/// whole.
#[test]
fn a_stream_without_an_end_hears_that_the_server_closes() {
    use std::time::Duration;
    use wirebook_net::sim::{self, SimListener, SimStream};
    use wirebook_net::{self as net, Stream};
    let ends = |path: &'static str| {
        let ended = async move {
            let router = Router::new()
                .layer(wirebook_web::compress::compress())
                .get("/hears", async |ctx| {
                    let closing = ctx.closing();
                    assert!(!closing.is_said());
                    ctx.stream(async move || {
                        let is_over = net::timeout(Duration::from_secs(1), closing.said()).await.is_ok();
                        assert_eq!(is_over, closing.is_said());
                        Ok((!is_over).then(|| b"tick ".to_vec()))
                    })
                })
                .get("/deaf", async |ctx| {
                    ctx.stream(async || {
                        net::sleep(Duration::from_secs(1)).await;
                        Ok(Some(b"tick ".to_vec()))
                    })
                })
                .get("/page", async |ctx| {
                    let (mut left, _closing) = (5, ctx.closing());
                    ctx.stream(async move || {
                        net::sleep(Duration::from_secs(1)).await;
                        left -= 1;
                        Ok((left > 0).then(|| b"part ".to_vec()))
                    })
                });
            let server = app(router).serve_on(SimListener::bind(ADDRESS).unwrap());
            let client = SimStream::connect(ADDRESS).await.unwrap();
            client.write_all(request("GET", path, &[]).as_bytes()).await.unwrap();
            let reading = net::spawn(async move {
                let (mut all, mut bytes) = (Vec::new(), [0; 1024]);
                while let Ok(count @ 1..) = client.read(&mut bytes).await {
                    all.extend_from_slice(&bytes[..count]);
                }
                String::from_utf8_lossy(&all).into_owned()
            });
            server.until(net::sleep(Duration::from_millis(2_500))).await;
            let ended = net::now();
            let all = reading.await.unwrap();
            (ended, all)
        };
        sim::run(1, async move {
            let began = net::now();
            let (ended, all) = ended.await;
            (
                (ended - began).as_millis(),
                all.matches("tick").count(),
                all.matches("part").count(),
                all.ends_with("0\r\n\r\n"),
            )
        })
        .unwrap()
    };
    let (after, ticks, _, is_whole) = ends("/hears");
    assert!((2_500..2_600).contains(&after) && ticks == 2 && is_whole, "{after} ms, {ticks} ticks");
    let (after, ticks, _, is_whole) = ends("/deaf");
    assert!((12_500..12_600).contains(&after) && ticks > 10 && !is_whole, "{after} ms, {ticks} ticks");
    let (after, _, parts, is_whole) = ends("/page");
    assert!((4_900..5_600).contains(&after) && parts == 4 && is_whole, "{after} ms, {parts} parts");
}
