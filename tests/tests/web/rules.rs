//! The security rules of the web layer, by their numbers: each with a test that names it. What is about files, uploads, sessions, proxies,
//! compression, caches and logs stands beside those.

use super::world::*;
use wirebook_web::layers::*;
use wirebook_web::{Answer, Context, Router};

async fn path(ctx: &mut Context<'_>) -> Answer {
    let text = format!("{} {:?}", ctx.path(), ctx.param("rest").unwrap_or_default());
    ctx.text(text)
}

#[test]
fn rule_01_a_guard_and_a_handler_see_the_same_washed_path() {
    let router = || {
        let guard = Router::new().with_at("/admin", async |ctx, _| ctx.fail(403, "closed"));
        app(guard.get("/{*rest}", path).get("/", path))
    };
    for (asked, status, body) in [
        ("/a%2Fb", 200, "/a%2Fb \"a/b\""),
        ("/%61dmin", 403, ""),
        ("/admin%2Fx", 200, "/admin%2Fx \"admin/x\""),
        ("/x/..%2fadmin", 200, "/x/..%2Fadmin \"x/../admin\""),
        ("/x/../admin", 400, ""),
        ("/x/%2e%2e/admin", 400, ""),
        ("/.%2e/admin", 400, ""),
        ("/a%00b", 400, ""),
        ("/a%5cb", 400, ""),
        ("/a%ff", 400, ""),
        ("/a%c0%af", 400, ""),
        ("/a%zz", 400, ""),
        ("/a%", 400, ""),
        ("//admin", 200, "//admin \"/admin\""),
        ("/admin;x=y", 200, "/admin;x=y \"admin;x=y\""),
        ("/Admin", 200, "/Admin \"Admin\""),
        ("/admin/", 403, ""),
    ] {
        let reply = get(router(), asked);
        assert_eq!(reply.status, status, "{asked}");
        assert!(body.is_empty() || reply.body == body, "{asked}: {}", reply.body);
    }
}

#[test]
fn rule_01_a_path_that_is_refused_is_shown_to_no_ring() {
    let router = Router::new()
        .layer(async |ctx, next| {
            ctx.ensure(ctx.path().is_empty(), 500, "a ring saw it")?;
            next.run(ctx).await
        })
        .with_at("/static", async |ctx, _| ctx.fail(500, "a ring at a path ran"))
        .get("/{*rest}", path);
    assert_eq!(get(app(router), "/static/%2e%2e/secret").status, 400);
}

#[test]
fn rule_06_names_are_names_whatever_javascript_makes_of_them() {
    let router = Router::new().post("/", async |ctx| {
        let fields = ctx.read_fields().await?;
        ctx.json(&fields.to_json())
    });
    let form = "content-type: application/x-www-form-urlencoded";
    let sent = with_body("POST", "/", &[form], "__proto__[admin]=1&constructor[prototype][x]=2&hasOwnProperty=3");
    assert_eq!(
        ask(app(router), sent).body,
        r#"{"__proto__":{"admin":"1"},"constructor":{"prototype":{"x":"2"}},"hasOwnProperty":"3"}"#
    );
}

#[test]
fn rule_07_what_a_page_of_another_site_may_send_is_no_json() {
    let router = || {
        app(Router::new().post("/", async |ctx| {
            let value: serde_json::Value = ctx.read_json().await?;
            ctx.json(&value)
        }))
    };
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ] {
        let sent = with_body("POST", "/", &[&format!("content-type: {kind}")], "{}");
        assert_eq!(ask(router(), sent).status, 415, "{kind}");
    }
}

#[test]
fn rule_12_another_page_changes_nothing_and_reading_is_free() {
    let router = || {
        let router = Router::new().edge(csrf::by_origin(&["https://app.example.com"]));
        app(router.any("/", async |ctx| ctx.text("done")))
    };
    for (method, fields, status) in [
        ("GET", &["origin: https://evil.example", "cookie: a=b"][..], 200),
        ("POST", &["sec-fetch-site: same-origin", "cookie: a=b"], 200),
        ("POST", &["sec-fetch-site: none", "cookie: a=b"], 200),
        ("POST", &["sec-fetch-site: same-site", "cookie: a=b"], 403),
        ("POST", &["sec-fetch-site: cross-site", "cookie: a=b"], 403),
        ("POST", &["sec-fetch-site: cross-site", "origin: https://app.example.com"], 200),
        ("POST", &["origin: http://example.com", "cookie: a=b"], 200),
        ("POST", &["origin: https://evil.example"], 403),
        ("POST", &["origin: null", "cookie: a=b"], 403),
        ("POST", &["cookie: a=b"], 403),
        ("POST", &["authorization: Basic x"], 403),
        ("POST", &[], 200),
        ("DELETE", &["sec-fetch-site: cross-site"], 403),
        ("PUT", &["origin: https://example.com.evil.example"], 403),
    ] {
        assert_eq!(ask(router(), request(method, "/", fields)).status, status, "{method} {fields:?}");
    }
}

#[test]
fn rule_12_a_post_that_says_it_is_a_get_is_asked_all_the_same() {
    let router = Router::new().edge(csrf::by_origin(&[])).layer(method_override()).any("/", path);
    let sent = request("POST", "/", &["x-http-method-override: GET", "sec-fetch-site: cross-site"]);
    assert_eq!(ask(app(router), sent).status, 403);
}

#[test]
fn rule_13_the_page_of_a_redirect_runs_nothing() {
    let router = Router::new().get("/", async |ctx| ctx.redirect("/x\"><script>"));
    let reply = get(app(router), "/");
    assert_eq!(reply.field("location"), Some("/x%22%3E%3Cscript%3E"));
    assert_eq!(reply.field("content-type"), Some("text/plain; charset=utf-8"));
    assert!(!reply.body.contains('<'), "{}", reply.body);
}

#[test]
fn rule_16_cors_goes_by_a_list_and_always_varies() {
    let listed = || {
        Router::new()
            .edge(Cors::listed(&["https://app.example.com", "null"]).credentials().exposed("x-total").max_age(60))
    };
    let listed = || app(listed().get("/", async |ctx| ctx.text("data")).put("/", async |ctx| ctx.text("")));
    let reply = ask(listed(), request("GET", "/", &["origin: https://app.example.com"]));
    assert_eq!(reply.field("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(reply.field("access-control-allow-credentials"), Some("true"));
    assert_eq!(reply.field("access-control-expose-headers"), Some("x-total"));
    for origin in [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "https://APP.example.com",
        "http://app.example.com",
        "https://app.example.com:443",
        "null",
        "",
    ] {
        for method in ["GET", "OPTIONS"] {
            let fields = [&*format!("origin: {origin}"), "access-control-request-method: PUT"];
            let reply = ask(listed(), request(method, "/", &fields));
            assert_eq!(reply.field("access-control-allow-origin"), None, "{method} {origin}");
            assert_eq!(reply.field("access-control-allow-credentials"), None, "{method} {origin}");
            assert_eq!(reply.field("vary"), Some("origin"), "{method} {origin}");
        }
    }
    assert_eq!(get(listed(), "/").field("vary"), Some("origin"));
    let asked = ["origin: https://app.example.com", "access-control-request-method: PUT"];
    let reply = ask(listed(), request("OPTIONS", "/", &asked));
    assert_eq!((reply.status, reply.field("access-control-max-age")), (204, Some("60")));
    assert_eq!(reply.field("access-control-allow-methods"), Some("GET, HEAD, POST, PUT, PATCH, DELETE"));
    assert_eq!(reply.field("access-control-allow-headers"), Some("content-type"));
    let plain = ask(listed(), request("OPTIONS", "/", &["origin: https://app.example.com"]));
    assert_eq!(plain.field("allow"), Some("GET, HEAD, PUT, OPTIONS"), "an OPTIONS that asks for nothing first");
    let failed = ask(listed(), request("GET", "/nowhere", &["origin: https://app.example.com"]));
    assert_eq!((failed.status, failed.field("access-control-allow-origin")), (404, Some("https://app.example.com")));

    let any = app(Router::new().edge(Cors::any()).get("/", async |ctx| ctx.text("feed")));
    let reply = ask(any, request("GET", "/", &["origin: https://anybody.example"]));
    assert_eq!(reply.field("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.field("access-control-allow-credentials"), None);
    let nobody = app(Router::new().edge(Cors::listed(&[])).get("/", async |ctx| ctx.text("")));
    assert_eq!(ask(nobody, request("GET", "/", &["origin: https://a"])).field("access-control-allow-origin"), None);
}

#[test]
fn rule_17_a_guard_of_a_router_is_around_all_of_its_routes() {
    let closed = async |ctx: &mut Context<'_>, _: wirebook_web::Next<'_>| ctx.fail(401, "closed");
    let inner =
        || Router::new().get("/a", path).nest("/deep", Router::new().get("/b", path)).layer(closed).get("/c", path);
    for asked in ["/in/a", "/in/c", "/in/deep/b", "/in/none", "/in"] {
        let router = Router::new().get("/open", path).nest("/in", inner());
        assert_eq!(get(app(router), asked).status, 401, "{asked}");
    }
    let router = Router::new().get("/open", path).nest("/in", inner());
    assert_eq!(get(app(router), "/open").status, 200);
    // Nor does it tell of the methods that lie behind it.
    let router = Router::new().get("/open", path).nest("/in", inner());
    let reply = ask(app(router), request("OPTIONS", "/in/a", &[]));
    assert_eq!((reply.status, reply.field("allow")), (401, None));
}
