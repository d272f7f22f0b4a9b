//! The twin in Rust: the routes of `express.mjs` and `koa.mjs`. It prints its port.

use serde_json::{Value, json};
use wirebook_http1::reason;
use wirebook_net as net;
use wirebook_web::files::Files;
use wirebook_web::layers::conditional;
use wirebook_web::message::Ranges;
use wirebook_web::trust::keygrip::Keygrip;
use wirebook_web::trust::{SameSite, SetCookie, Trust};
use wirebook_web::{Answer, Context, Failure, Next, Options, Router};

const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/twins/site");
const KEYS: [&[u8]; 2] = [b"the newest key of the twins", b"an older key"];

/// Every failure is the words of its status.
async fn words(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    match next.run(ctx).await {
        Err(failure) => {
            ctx.show(&failure)?;
            ctx.text(reason(failure.status()))
        }
        done => done,
    }
}

fn basics(router: Router) -> Router {
    router
        .get("/", async |ctx| ctx.text("hello"))
        .get("/page", async |ctx| ctx.html("<p>hello"))
        .get("/json", async |ctx| ctx.json(&json!({ "tea": "green", "list": [1, null, true], "text": "é </script>" })))
        .get("/jsonp", async |ctx| ctx.jsonp(&json!({ "tea": "green", "text": "\u{2028}" })))
        .get("/empty", async |ctx| ctx.empty(204))
        .get("/status/{code}", async |ctx| {
            let code = ctx.param_as("code")?;
            ctx.send_status(code)
        })
        .get("/users/{id}", async |ctx| say(ctx, "user", "id"))
        .get("/users/{id}/pets/{pet}", async |ctx| {
            let text = format!("{} has {}", ctx.param("id").unwrap_or_default(), ctx.param("pet").unwrap_or_default());
            ctx.text(text)
        })
        .get("/items/{id:int}", async |ctx| say(ctx, "item", "id"))
        .get("/tree/{*rest}", async |ctx| say(ctx, "tree", "rest"))
        .any("/any", async |ctx| {
            let text = format!("any {}", ctx.method());
            ctx.text(text)
        })
        .get("/passed/{x:int}", async |ctx| match ctx.param("x").as_deref() {
            Some("0") => Ok(ctx.pass()),
            _ => say(ctx, "number", "x"),
        })
        .get("/passed/{y}", async |ctx| say(ctx, "word", "y"))
}

fn say(ctx: &mut Context<'_>, what: &str, name: &str) -> Answer {
    let text = format!("{what} {}", ctx.param(name).unwrap_or_default());
    ctx.text(text)
}

fn routers(router: Router) -> Router {
    let leaves = Router::new().get("/leaves/{leaf}", async |ctx| {
        let all: Value = ctx.params().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        ctx.json(&all)
    });
    let teas = Router::new()
        .get("/teas", async |ctx| ctx.json(&["green", "black"]))
        .post("/teas", async |ctx| {
            let body: Value = ctx.read_json().await?;
            ctx.status(201).location("/api/v1/teas/7")?.json(&body)
        })
        .get("/teas/{id}", async |ctx| {
            let id = json!({ "id": ctx.param("id") });
            ctx.json(&id)
        })
        .put("/teas/{id}", async |ctx| change(ctx, "put").await)
        .patch("/teas/{id}", async |ctx| change(ctx, "patch").await)
        .delete("/teas/{id}", async |ctx| ctx.empty(204))
        .nest("/teas/{id}", leaves);
    let guarded = Router::new()
        .layer(async |ctx, next| match ctx.header("x-key") {
            Some("open") => next.run(ctx).await,
            _ => Err(Failure::of(401)),
        })
        .get("/secret", async |ctx| ctx.text("secret"));
    router.nest("/api/v1", teas).nest("/guarded", guarded)
}

async fn change(ctx: &mut Context<'_>, how: &str) -> Answer {
    let body: Value = ctx.read_json().await?;
    let answer = json!({ "id": ctx.param("id"), how: body });
    ctx.json(&answer)
}

fn redirects_and_cookies(router: Router) -> Router {
    let keys = Keygrip::new(&KEYS).expect("two keys");
    let same = keys.clone();
    router
        .get("/redirect", async |ctx| ctx.redirect("/page"))
        .get("/redirect/moved", async |ctx| ctx.status(301).redirect("/page"))
        .get("/redirect/see", async |ctx| ctx.status(303).redirect("/page?a=1&b=é"))
        .get("/redirect/out", async |ctx| ctx.redirect_external("https://example.com/tea"))
        .get("/redirect/back", async |ctx| ctx.back("/page"))
        .get("/cookie/set", async |ctx| {
            let short = SetCookie {
                max_age: Some(60),
                path: Some("/cookie"),
                http_only: false,
                same_site: Some(SameSite::Strict),
                ..SetCookie::new("short", "b")
            };
            ctx.set_cookie(&SetCookie::new("plain", "a1"))?.set_cookie(&short)?.text("set")
        })
        .get("/cookie/read", async |ctx| {
            let text = format!("plain {}", ctx.cookie("plain").unwrap_or("none"));
            ctx.text(text)
        })
        .get("/cookie/clear", async |ctx| ctx.remove_cookie("plain")?.text("cleared"))
        .get("/cookie/sign", async move |ctx| {
            let code = keys.sign("user", "ada");
            ctx.set_cookie(&SetCookie::new("user", "ada"))?
                .set_cookie(&SetCookie::new("user.sig", &code))?
                .text("signed")
        })
        .get("/cookie/signed", async move |ctx| {
            let found = ctx.cookie("user").zip(ctx.cookie("user.sig"));
            let user = found.filter(|(user, code)| same.verify("user", user, code).is_some());
            ctx.text(format!("user {}", user.map_or("nobody", |(user, _)| user)))
        })
}

fn requests(router: Router) -> Router {
    router
        .get("/query", async |ctx| {
            let query = ctx.queries()?.to_json();
            ctx.json(&query)
        })
        .post("/body/json", async |ctx| {
            let body: Value = ctx.read_json().await?;
            ctx.json(&body)
        })
        .post("/body/form", async |ctx| {
            let form = ctx.read_fields().await?.to_json();
            ctx.json(&form)
        })
        .post("/body/text", async |ctx| {
            let text = ctx.read_text().await?;
            ctx.text(text)
        })
        .post("/body/raw", async |ctx| {
            let bytes = ctx.read_bytes(1000).await?.len();
            ctx.text(format!("{bytes} bytes"))
        })
        .post("/is", async |ctx| {
            let kind = ctx.is(&["json", "text/*", "form"]).unwrap_or("false");
            ctx.text(if kind == "form" { "urlencoded" } else { kind })
        })
        .get("/error/{status}", async |ctx| {
            let status = ctx.param_as("status")?;
            ctx.fail(status, "as you like it")
        })
        .get("/throw", async |_| Err(Failure::new(500, "a secret of ours")))
        .get("/host", async |ctx| {
            let all = json!({
                "host": ctx.host(), "hostname": ctx.hostname(), "protocol": ctx.protocol(), "secure": ctx.is_secure(),
                "ip": ctx.ip().map(|ip| ip.to_string()), "subdomains": ctx.subdomains(),
            });
            ctx.json(&all)
        })
        .get("/range", async |ctx| {
            let ranges = match ctx.range(100) {
                Ranges::Whole => json!("whole"),
                Ranges::Unsatisfiable => json!(-1),
                Ranges::Parts(parts) => parts.iter().map(|part| json!([part.start(), part.end()])).collect(),
            };
            ctx.json(&ranges)
        })
        .get("/xhr", async |ctx| {
            let text = ctx.is_xhr().to_string();
            ctx.text(text)
        })
}

fn answers(router: Router) -> Router {
    router
        .get("/attachment", async |ctx| ctx.attachment(Some("plan.pdf"))?.content_type("text")?.text("a plan"))
        .get("/tag", async |ctx| ctx.etag("v1")?.text("tagged"))
        .get("/dated", async |ctx| ctx.last_modified(1_767_225_600)?.text("dated"))
        .get("/cached", async |ctx| ctx.set("cache-control", "public, max-age=60")?.text("cached"))
        .get("/negotiate", async |ctx| {
            ctx.vary("accept")?;
            match ctx.accepts(&["html", "text", "json"]) {
                Some("html") => ctx.html("<p>tea"),
                Some("text") => ctx.text("tea"),
                Some(_) => ctx.json("tea"),
                None => Err(Failure::of(406)),
            }
        })
        .get("/languages", async |ctx| {
            let best = ctx.accepts_languages(&["en", "de", "zh"]).unwrap_or("false");
            ctx.vary("accept-language")?.text(best)
        })
        .get("/encodings", async |ctx| {
            let best = ctx.accepts_encodings(&["gzip", "identity"]).unwrap_or("false");
            ctx.vary("accept-encoding")?.text(best)
        })
        .get("/charsets", async |ctx| {
            let best = ctx.accepts_charsets(&["utf-8", "iso-8859-1"]).unwrap_or("false");
            ctx.text(best)
        })
        .get("/vary", async |ctx| ctx.vary("accept")?.vary("Accept")?.vary("cookie")?.text("vary"))
        .get("/type/xml", async |ctx| ctx.content_type("xml")?.text("<a/>"))
        .get("/type/bytes", async |ctx| ctx.bytes(vec![1, 2, 3]))
        .get("/link", async |ctx| ctx.link("/page?n=2", "next")?.link("/page?n=9", "last")?.text("links"))
        .get("/fields", async |ctx| {
            ctx.set("x-one", "1")?.set("X-One", "2")?.append("x-two", "a")?.append("x-two", "b")?;
            ctx.set("x-three", "3")?.remove("x-three").text("fields")
        })
        .get("/stream", async |ctx| {
            let mut pieces = ["one ", "two"].into_iter();
            ctx.content_type("text")?.stream(async move || Ok(pieces.next().map(|piece| piece.as_bytes().to_vec())))
        })
}

fn files(router: Router) -> std::io::Result<Router> {
    let site = Files::beneath(SITE)?;
    let (one, download) = (site.clone(), site.clone());
    Ok(router.files("/static", site).get("/send", async move |ctx| one.serve(ctx, "tea.json").await).get(
        "/download",
        async move |ctx| {
            ctx.attachment(Some("the \"first\" €.txt"))?;
            download.serve(ctx, "a.txt").await
        },
    ))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    net::run(async {
        let trust = Trust::cidrs(&["127.0.0.0/8"])?;
        let router = Router::new().layer(words).layer(conditional());
        let router = files(answers(requests(redirects_and_cookies(routers(basics(router))))))?;
        let server = router.into_app(Options { trust, on_error: None, ..Options::default() })?.serve("127.0.0.1:0")?;
        let stop = net::ctrl_c();
        println!("{}", server.local_addr().expect("TCP has an address").port());
        server.until(stop).await?;
        Ok(())
    })
}
