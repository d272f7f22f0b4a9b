//! Routes, and what a context says of a request.

use super::world::*;
use wirebook_web::trust::Trust;
use wirebook_web::{Answer, Context, Natural, Options, Resource, Router, get as route};

#[test]
fn names_lead_back_to_paths() {
    let inner = Router::new().route(
        route("/{id:int}", async |ctx| {
            let (url, id) = (ctx.url_for("user", &[("id", "8")])?, ctx.param_as::<u64>("id")?);
            ctx.text(format!("{id} {url} {:?} {:?}", ctx.route_name(), ctx.matched_route()))
        })
        .name("user"),
    );
    let router = Router::new().nest("/users", inner);
    assert_eq!(get(app(router), "/users/7").body, "7 /users/8 Some(\"user\") Some(\"/users/{id:int}\")");
}

#[test]
fn a_route_that_cannot_be_is_an_error_when_the_router_becomes_an_application() {
    let twice = Router::new().get("/a", async |ctx| ctx.text("")).get("/a", async |ctx| ctx.text(""));
    assert!(twice.into_app(quiet()).unwrap_err().to_string().contains("GET /a"));
    let broken = Router::new().get("/{", async |ctx| ctx.text("")).get("/b", async |ctx| ctx.text(""));
    assert!(broken.into_app(quiet()).unwrap_err().to_string().contains("GET /{"));
    let nested = Router::new().nest("/x/", Router::new().get("/", async |ctx| ctx.text("")));
    assert!(nested.into_app(quiet()).is_err());
}

#[test]
fn head_follows_get_options_and_others_are_answered() {
    let router = || Router::new().get("/a", async |ctx| ctx.text("four")).post("/a", async |ctx| ctx.empty(204));
    let asked = |method: &str, path: &str| ask(app(router()), request(method, path, &[]));
    let head = asked("HEAD", "/a");
    assert_eq!((head.status, head.field("content-length")), (200, Some("4")));
    let reply = asked("OPTIONS", "/a");
    assert_eq!((reply.status, reply.field("allow")), (204, Some("GET, HEAD, POST, OPTIONS")));
    assert_eq!(asked("OPTIONS", "*").status, 200);
    assert_eq!(asked("PUT", "/a").status, 405);
    assert_eq!(asked("get", "/a").status, 501);
    assert_eq!(asked("BREW", "/a").status, 501);
    assert_eq!(asked("TRACE", "/a").status, 405);
    assert_eq!(asked("TRACE", "/nowhere").status, 405);
    assert_eq!(asked("GET", "/A").status, 404);
    assert_eq!(asked("GET", "/a/").status, 404);
}

#[test]
fn any_is_for_methods_without_a_route_of_their_own() {
    let router = || Router::new().any("/", async |ctx| ctx.text("any")).post("/", async |ctx| ctx.text("post"));
    assert_eq!(ask(app(router()), request("POST", "/", &[])).body, "post");
    assert_eq!(ask(app(router()), request("DELETE", "/", &[])).body, "any");
    assert_eq!(ask(app(router()), request("TRACE", "/", &[])).status, 405);
}

struct Topics;

impl Resource for Topics {
    async fn index(&self, ctx: &mut Context<'_>) -> Answer {
        ctx.text("index")
    }

    async fn new(&self, ctx: &mut Context<'_>) -> Answer {
        ctx.text("new")
    }

    async fn show(&self, ctx: &mut Context<'_>) -> Answer {
        let id = ctx.param("id").unwrap_or_default().into_owned();
        ctx.text(format!("show {id}"))
    }

    async fn update(&self, ctx: &mut Context<'_>) -> Answer {
        wait().await;
        ctx.text("update")
    }
}

#[test]
fn a_resource_has_seven_routes() {
    for (method, path, status, body) in [
        ("GET", "/topics", 200, "index"),
        ("GET", "/topics/new", 200, "new"),
        ("GET", "/topics/7", 200, "show 7"),
        ("PUT", "/topics/7", 200, "update"),
        ("PATCH", "/topics/7", 200, "update"),
        ("DELETE", "/topics/7", 404, "404 Not Found\n"),
        ("GET", "/topics/7/edit", 404, "404 Not Found\n"),
        ("DELETE", "/topics", 405, "405 Method Not Allowed\n"),
    ] {
        let reply = ask(app(Router::new().resources("/topics", Topics)), request(method, path, &[]));
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{method} {path}");
    }
}

#[test]
fn natural_mapping_goes_by_a_table() {
    let table = || {
        Natural::new().action("user", "setting", async |ctx, parameters| ctx.text(parameters.join("|"))).action(
            "user",
            "index",
            async |ctx, _| ctx.text("index"),
        )
    };
    for (path, status, body) in [
        ("/legacy/user/setting/12/1987", 200, "12|1987"),
        ("/legacy/user/setting/a%2Fb", 200, "a/b"),
        ("/legacy/user", 200, "index"),
        ("/legacy/user/", 200, "index"),
        ("/legacy/user/delete", 404, "404 Not Found\n"),
        ("/legacy/../user/setting", 400, "400 Bad Request: a path that can be read in two ways: DotSegment\n"),
    ] {
        let reply = get(app(Router::new().natural("/legacy", table())), path);
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{path}");
    }
}

#[test]
fn routes_of_a_host_go_before_those_of_every_host() {
    let api = Router::new().get("/", async |ctx| {
        let text = format!("tenant {}", ctx.param("tenant").unwrap_or_default());
        ctx.text(text)
    });
    let router = Router::new().host("{tenant}.example.com", api).get("/", async |ctx| ctx.text("all"));
    let all = app(router);
    assert_eq!(ask(all, "GET / HTTP/1.1\r\nHost: acme.example.com:80\r\n\r\n").body, "tenant acme");
}

#[test]
fn a_target_is_taken_apart_in_all_its_forms() {
    let parts = || {
        Router::new().any("/{*rest}", async |ctx| {
            // The field is still there when the request has been given away.
            let body = ctx.read_text().await?;
            let text = format!("{} {} {:?} {} {body}", ctx.path(), ctx.original_path(), ctx.query(), ctx.host());
            ctx.text(text)
        })
    };
    for (target, wanted) in [
        ("/a/b", "/a/b /a/b None tea.example:80 hi"),
        ("/a/b?", "/a/b /a/b Some(\"\") tea.example:80 hi"),
        ("/a.b?x=/./&y=?z", "/a.b /a.b Some(\"x=/./&y=?z\") tea.example:80 hi"),
        ("/%61%2fb?x", "/a%2Fb /%61%2fb Some(\"x\") tea.example:80 hi"),
        ("http://other.example:81/a?x", "/a /a Some(\"x\") other.example:81 hi"),
        ("http://other.example/a", "/a /a None other.example hi"),
    ] {
        let asked = format!(
            "POST {target} HTTP/1.1\r\nHost: tea.example:80\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
        );
        assert_eq!(ask(app(parts()), asked).body, wanted, "{target}");
    }
    // A route of one host asks the target's, where it names one.
    let of_host = Router::new().host(
        "{name}.example",
        Router::new().get("/", async |ctx| {
            let name = ctx.param("name").unwrap_or_default().into_owned();
            ctx.text(name)
        }),
    );
    assert_eq!(ask(app(of_host), "GET http://other.example/ HTTP/1.1\r\nHost: tea.example\r\n\r\n").body, "other");
}

/// What a handler sees of a request, as text.
async fn seen(ctx: &mut Context<'_>) -> Answer {
    let text = format!(
        "{} {} {} {} ip={} secure={} sub={:?} q={:?} accepts={:?} is={:?} lang={:?} xhr={} idempotent={} length={:?} charset={:?} cookie={:?}",
        ctx.method(),
        ctx.href(),
        ctx.hostname(),
        ctx.protocol(),
        ctx.ip().map(|ip| ip.to_string()).unwrap_or_default(),
        ctx.is_secure(),
        ctx.subdomains(),
        ctx.query_value("q"),
        ctx.accepts(&["html", "json"]),
        ctx.is(&["json", "form"]),
        ctx.accepts_languages(&["en", "zh"]),
        ctx.is_xhr(),
        ctx.is_idempotent(),
        ctx.length(),
        ctx.charset(),
        ctx.cookie("a"),
    );
    ctx.text(text)
}

#[test]
fn a_context_knows_what_koas_does() {
    let asked = "POST /a?q=1+2&q=3 HTTP/1.1\r\nHost: x.tea.example.com:8080\r\nAccept: text/plain\r\nAccept: application/json;q=0.5, text/html;q=0.4\r\n\
        Accept-Language: zh-CN, en;q=0.5\r\nX-Requested-With: XMLHttpRequest\r\nCookie: b=1; a=2\r\n\
        Content-Type: application/json; charset=UTF-8\r\nContent-Length: 2\r\n\r\n{}";
    let reply = ask(app(Router::new().any("/{*rest}", seen)), asked);
    let wanted = "POST http://x.tea.example.com:8080/a?q=1+2&q=3 x.tea.example.com http ip=127.0.0.1 secure=false sub=[\"tea\", \"x\"] \
        q=Some(\"1 2\") accepts=Some(\"json\") is=Some(\"json\") lang=Some(\"zh\") xhr=true idempotent=false length=Some(2) \
        charset=Some(\"utf-8\") cookie=Some(\"2\")";
    assert_eq!(reply.body, wanted);
}

#[test]
fn what_a_proxy_says_counts_only_if_it_is_ours() {
    let fields =
        ["x-forwarded-for: 6.6.6.6, 203.0.113.7", "x-forwarded-proto: https", "x-forwarded-host: shop.example.com"];
    let asked = request("GET", "/a", &fields);
    let plain = ask(app(Router::new().any("/{*rest}", seen)), asked.clone()).body;
    assert!(plain.contains("http://example.com/a example.com http ip=127.0.0.1 "), "{plain}");
    let options = Options { trust: Trust::cidrs(&["loopback"]).unwrap(), ..quiet() };
    let trusted = Router::new().any("/{*rest}", seen).into_app(options).unwrap();
    let behind = ask(trusted, asked).body;
    assert!(
        behind.contains("https://shop.example.com/a shop.example.com https ip=203.0.113.7 secure=true"),
        "{behind}"
    );
}

#[test]
fn a_redirect_stays_here() {
    let router = || {
        Router::new().get("/go", async |ctx| {
            let place = ctx.query_value("next").unwrap_or_default();
            ctx.redirect(&place)
        })
    };
    let reply = get(app(router()), "/go?next=%2Forders%3Fpage%3D2");
    assert_eq!((reply.status, reply.field("location")), (302, Some("/orders?page=2")));
    assert_eq!(reply.field("content-type"), Some("text/plain; charset=utf-8"));
    for elsewhere in ["//evil.example", "https://evil.example", "%5C%5Cevil.example", "%09//evil.example", ""] {
        let reply = get(app(router()), &format!("/go?next={elsewhere}"));
        assert_eq!((reply.status, reply.field("location")), (400, None), "{elsewhere}");
    }
    let back = || Router::new().get("/back", async |ctx| ctx.back("/home"));
    for (referer, place) in [
        ("http://example.com/cart", "/cart"),
        ("http://example.com.evil.example/", "/home"),
        ("http://evil.example/cart", "/home"),
        ("http://example.com//evil.example", "/home"),
    ] {
        let reply = ask(app(back()), request("GET", "/back", &[&format!("referer: {referer}")]));
        assert_eq!(reply.field("location"), Some(place), "{referer}");
    }
    let out = |url: &'static str| app(Router::new().get("/", async move |ctx| ctx.redirect_external(url)));
    assert_eq!(get(out("https://docs.example/a"), "/").field("location"), Some("https://docs.example/a"));
    for url in ["javascript:alert(1)", "https://", "https://user@evil.example/", "https://a\\b", "//evil.example"] {
        assert_eq!(get(out(url), "/").status, 500, "{url}");
    }
}

#[test]
fn a_host_that_is_none_of_ours_is_421_and_runs_no_handler() {
    let options = || Options { hosts: vec!["example.com".into()], ..quiet() };
    let app = || Router::new().any("/{*rest}", async |ctx| ctx.text("ours")).into_app(options()).unwrap();
    assert_eq!(get(app(), "/a").body, "ours");
    assert_eq!(ask(app(), "GET /a HTTP/1.1\r\nHost: EXAMPLE.com:8080\r\n\r\n").body, "ours");
    assert_eq!(ask(app(), "GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
}

#[test]
fn cookies_are_set_signed_and_refused() {
    use wirebook_web::trust::{Keys, SetCookie};
    let options = || Options { keys: Some(Keys::new(&[&[7; 32]]).unwrap()), ..quiet() };
    let router = || {
        Router::new()
            .get("/set", async |ctx| {
                ctx.set_signed_cookie(&SetCookie::new("cart", "3 apples"))?;
                ctx.set_cookie(&SetCookie::new("theme", "dark"))?.remove_cookie("old")?.text("")
            })
            .get("/get", async |ctx| {
                let text = format!("{:?} {:?}", ctx.signed_cookie("cart"), ctx.signed_cookie("price"));
                ctx.text(text)
            })
            .get("/bad", async |ctx| ctx.set_cookie(&SetCookie::new("a b", "c"))?.text(""))
            .into_app(options())
            .unwrap()
    };
    let reply = get(router(), "/set");
    let all = reply.all("set-cookie");
    assert_eq!(all.len(), 3);
    assert_eq!(all[1], "theme=dark; Path=/; HttpOnly; SameSite=Lax");
    assert!(all[2].starts_with("old=; ") && all[2].contains("Max-Age=0"), "{}", all[2]);
    let token = all[0].split(';').next().unwrap().strip_prefix("cart=").unwrap();
    let asked = request("GET", "/get", &[&format!("cookie: cart={token}; price={token}")]);
    assert_eq!(ask(router(), asked).body, "Some(\"3 apples\") None");
    assert_eq!(get(router(), "/bad").status, 500);
}

#[test]
fn services_are_lent_to_handlers() {
    struct Stock(u32);
    let router = Router::new().service(Stock(7)).get("/", async |ctx| {
        let stock = ctx.service::<Stock>().map(|stock| stock.0).unwrap_or_default();
        ctx.text(stock.to_string())
    });
    assert_eq!(get(app(router), "/").body, "7");
}
