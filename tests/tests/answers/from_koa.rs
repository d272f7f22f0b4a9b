//! The lines of the appendix "From Koa, Express and Egg", `book/src/from-koa.md`: every line of code in its tables is a line of this file, which
//! is asked over the simulated network.

use std::collections::HashSet;
use std::fs;
use std::net::Shutdown;
use std::path::Path;
use std::time::Duration;
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_template::{Engine, data};
use wirebook_web::compress::{CompressOptions, compress, compress_brotli};
use wirebook_web::files::{Assets, Files};
use wirebook_web::guard::RateLimit;
use wirebook_web::layers::*;
use wirebook_web::log::{AccessLayout, Appender, Console, access_log};
use wirebook_web::message::CacheControl;
use wirebook_web::multipart::Limits;
use wirebook_web::session::{MemoryStore, Sessions, session};
use wirebook_web::trust::{Keys, SetCookie, Trust};
use wirebook_web::uploads::Uploads;
use wirebook_web::views::{Parts, Views};
use wirebook_web::{
    Answer, App, Config, ConfigError, Context, Failure, Natural, Next, Options, Parsed, Resource, Router, get, post,
    proxy,
};

#[derive(serde::Deserialize, serde::Serialize)]
struct Tea {
    name: String,
}

struct Stock(u32);

struct User(&'static str);

/// What is asked of a request.
async fn request(ctx: &mut Context<'_>) -> Answer {
    let method = ctx.method();
    let path = ctx.path();
    let target = ctx.target();
    let href = ctx.href();
    let query = ctx.query();
    let page = ctx.query_value("page");
    let filter = ctx.queries()?;
    let id = ctx.param("id");
    let number: Option<u64> = ctx.param_as("id").ok();
    let pattern = ctx.matched_route();
    let agent = ctx.header("user-agent");
    let kind = ctx.is(&["json", "form"]);
    let best = ctx.accepts(&["html", "json"]);
    let language = ctx.accepts_languages(&["en", "zh"]);
    let ip = ctx.ip();
    let is_secure = ctx.is_secure();
    let hostname = ctx.hostname();
    let subdomains = ctx.subdomains();
    let is_fresh = ctx.is_fresh();
    let is_xhr = ctx.is_xhr();
    let theme = ctx.cookie("theme");
    let cart = ctx.signed_cookie("cart");
    let coding = ctx.accepts_encodings(&["br", "gzip"]);
    let whence = (ctx.host(), ctx.origin(), ctx.protocol());
    let size = (ctx.length(), ctx.charset());
    let is_idempotent = ctx.is_idempotent();
    let range = ctx.range(1000);
    let original = ctx.original_path();
    let url = ctx.url_for("user", &[("id", "7")])?;
    let stock = ctx.service::<Stock>();
    let all = (method, path, target, href, query, page, filter, id, number, pattern, agent, kind);
    let others = (best, language, ip, is_secure, hostname, subdomains, is_fresh, is_xhr, theme, cart, url);
    let more = (coding, whence, size, is_idempotent, range, original);
    let stock = stock.map_or(0, |stock| stock.0);
    let text = format!("{all:?} {others:?} {more:?} {stock}");
    ctx.state().insert(User("ada"));
    let user = ctx.get_state::<User>().map(|user| user.0);
    ctx.ensure(user.is_some(), 401, "who are you?")?;
    ctx.text(text)
}

/// What is said of an answer.
async fn fields(ctx: &mut Context<'_>) -> Answer {
    ctx.status(201);
    ctx.set("x-tea", "green")?;
    ctx.append("link", "</style.css>; rel=preload")?;
    ctx.remove("x-tea");
    ctx.content_type("html")?;
    ctx.vary("accept")?;
    ctx.etag("v1")?;
    ctx.last_modified(784_111_777)?;
    ctx.cache(&CacheControl::forever())?;
    ctx.link("/2", "next")?;
    let closing = ctx.closing();
    assert!(!closing.is_said());
    ctx.location("/teas/7")?;
    ctx.attachment(Some("teas.csv"))?;
    ctx.set_cookie(&SetCookie { max_age: Some(3600), ..SetCookie::new("theme", "dark") })?;
    ctx.set_signed_cookie(&SetCookie::new("cart", "3 apples"))?;
    ctx.remove_cookie("old")?;
    ctx.html("<h1>Tea</h1>")
}

async fn json(ctx: &mut Context<'_>) -> Answer {
    let tea: Tea = ctx.read_json().await?;
    ctx.json(&tea)
}

async fn form(ctx: &mut Context<'_>) -> Answer {
    let tea: Tea = ctx.read_form().await?;
    ctx.text(tea.name)
}

async fn files(ctx: &mut Context<'_>) -> Answer {
    let mut parts = ctx.multipart(Limits { files: 1, ..Limits::default() })?;
    while let Some(mut part) = parts.next().await? {
        part.bytes().await?;
    }
    ctx.empty(204)
}

/// Bodies of the other kinds.
async fn read(ctx: &mut Context<'_>) -> Answer {
    let parsed = ctx.read_body().await?;
    match parsed {
        Parsed::Xml(order) => ctx.text(order.name().to_owned()),
        _ => ctx.text("no XML"),
    }
}

async fn xml(ctx: &mut Context<'_>) -> Answer {
    let order = ctx.read_xml().await?;
    ctx.text(order.name().to_owned())
}

async fn text(ctx: &mut Context<'_>) -> Answer {
    let text = ctx.read_text().await?;
    ctx.text(text)
}

async fn bytes(ctx: &mut Context<'_>) -> Answer {
    let bytes = ctx.read_bytes(1 << 20).await?;
    ctx.bytes(bytes)
}

/// What goes to a folder; nobody asks for this one here.
async fn uploaded(ctx: &mut Context<'_>) -> Answer {
    let uploads = Uploads::beneath("uploads")?;
    let form = uploads.form(ctx, Limits::default()).await?;
    for file in form.files {
        file.keep().await?;
    }
    ctx.empty(204)
}

async fn sent(ctx: &mut Context<'_>) -> Answer {
    let files = Files::beneath("src")?;
    files.serve(ctx, "prices.csv").await
}

async fn remembered(ctx: &mut Context<'_>) -> Answer {
    let visits = ctx.session()?.add("visits", 1);
    ctx.text(format!("visit {visits}"))
}

/// A source of pieces.
fn lines() -> impl AsyncFnMut() -> Result<Option<Vec<u8>>, Failure> {
    let mut left = 3;
    async move || {
        left -= 1;
        Ok((left > 0).then(|| b"a line\n".to_vec()))
    }
}

/// A part of a page.
async fn hot() -> Result<String, Failure> {
    Ok("<b>Oolong</b>".to_owned())
}

struct Topics;

impl Resource for Topics {
    async fn index(&self, ctx: &mut Context<'_>) -> Answer {
        ctx.text("all topics")
    }
}

/// What is there to be put around, and to be put in.
fn more(router: Router) -> Router {
    let router = router.layer(compress());
    let router = router.layer(compress_brotli(CompressOptions::default()));
    let router = router.edge(RateLimit::per_minute(600));
    let keys = Keys::new(&[&[7; 32]]).unwrap();
    let router = router.layer(session(Sessions::new(MemoryStore::default(), keys)));
    let mut engine = Engine::in_memory();
    engine.add("tea", "<%= name %> <%= asset('lib.rs') %>");
    engine.add("form", "<input type=hidden name=_csrf value=\"<%= csrf() %>\">");
    engine.add("big", "<%- placeholder('hot', 'soon') %><%- pagelets() %>");
    let views = Views::new(engine);
    let router = router.views(views);
    let router = router.files("/files", Files::beneath("src").unwrap().precompressed());
    let pages = Files::beneath("src").unwrap().handle("ejs", async |ctx, _file| ctx.html("a page"));
    let router = router.files("/pages", pages);
    let router = router.assets("/assets", Assets::read("src").unwrap());
    let legacy = Natural::new().action("user", "show", async |ctx, _rest| ctx.text("a user"));
    let router = router.natural("/legacy", legacy);
    let router = router.resources("/topics", Topics);
    let api = Router::new().get("/", async |ctx| ctx.text("the API"));
    let router = router.host("api.example.com", api);
    let hers = Router::new().get("/", async |ctx| ctx.text("for Ada"));
    let hers = hers.edge(bearer(|token| same(token, "a long text").then(|| "ada".to_owned())));
    let router = router.nest("/hers", hers);
    let behind = proxy::to("http://127.0.0.1:9000").unwrap().rewrite("/api", "/");
    let router = router.any("/api/{*rest}", behind.handler());
    let chat = proxy::to("http://127.0.0.1:9000").unwrap().websocket();
    let router = router.any("/chat", chat.handler());
    let router = router.post("/read", read).post("/xml", xml).post("/text", text);
    let router = router.route(post("/bytes", bytes).body_limit(8 << 20)).post("/uploads", uploaded);
    let ours = Router::new().get("/", async |ctx| ctx.render("form", &data!({})));
    let router = router.nest("/form-of-ours", ours.layer(csrf::by_token()));
    let back = Router::new().get("/", async |ctx| ctx.text("the back room"));
    let back = back.edge(basic("the back room", |name, word| same(name, "ada") & same(word, "tea")));
    let router = router.nest("/back-room", back);
    let log = Appender::with(Console, 0, Default::default());
    let router = router.layer(access_log(log, AccessLayout::Dev));
    router
        .get("/sent", sent)
        .get("/visits", remembered)
        .get("/away", async |ctx| ctx.redirect_external("https://example.com/"))
        .get("/jsonp", async |ctx| ctx.jsonp(&["green", "black"]))
        .get("/stream", async |ctx| ctx.stream(lines()))
        .get("/bytes", async |ctx| ctx.bytes(vec![1, 2, 3]))
        .get("/page", async |ctx| ctx.render("tea", &data!({ "name": "green" })))
        .get("/big", async |ctx| ctx.pipe("big", &data!({}), Parts::default().part("hot", hot())))
}

async fn timed(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    let answer = next.run(ctx).await;
    ctx.set("x-timed", "yes")?;
    answer
}

async fn logged(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    next.run(ctx).await
}

fn app() -> App {
    let teas = Router::new().get("/", async |ctx| ctx.text("teas"));
    let router = Router::new();
    let router = router.layer(timed);
    let router = router.with_at("/admin", logged);
    let router = router.nest("/teas", teas);
    let router = router.any("/every", async |ctx| ctx.text("every method"));
    let router = router.route(get("/users/{id:int}", request).name("user"));
    let router = router.service(Stock(7));
    let router = router.edge(Headers::default());
    let router = router.edge(Cors::listed(&["https://app.example.com"]).credentials());
    let router = router.edge(csrf::by_origin(&[]));
    let router = router.edge(request_id());
    let router = router.layer(errors());
    let router = router.layer(catch_panic());
    let router = router.layer(conditional());
    let router = router.layer(method_override());
    let router = router.layer(timeout(Duration::from_secs(30)));
    let router = router.get("/fields", fields).post("/json", json).post("/form", form).post("/files", files);
    let router = router
        .get("/redirect", async |ctx| ctx.redirect("/teas"))
        .get("/back", async |ctx| ctx.back("/"))
        .get("/fail", async |ctx| ctx.fail(404, "no such tea"))
        .get("/throw", async |_| Err(Failure::new(503, "the kettle is away").with("retry-after", "9")))
        .get("/status", async |ctx| ctx.send_status(418))
        .get("/pass", async |ctx| Ok(ctx.pass()));
    let router = more(router);
    let options = Options { on_error: None, trust: Trust::cidrs(&["loopback"]).unwrap(), ..Options::default() };
    let options = Options { keys: Some(Keys::new(&[&[7; 32]]).unwrap()), ..options };
    router.into_app(options).unwrap()
}

/// What the environment says, and a file.
fn port() -> Result<u16, ConfigError> {
    let config = Config::load(".env")?;
    let port = config.value("PORT")?.unwrap_or(3000_u16);
    Ok(port)
}

/// The statuses of requests on one connection.
fn statuses(asked: String) -> Vec<String> {
    let all = sim::run(1, async move {
        let server = app().serve_on(SimListener::bind("10.0.0.1:80").unwrap());
        let client = SimStream::connect("10.0.0.1:80").await.unwrap();
        client.write_all(asked.as_bytes()).await.unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let (mut all, mut piece) = (String::new(), [0; 4096]);
        while let Ok(count @ 1..) = client.read(&mut piece).await {
            all.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        server.close();
        all
    });
    let all = all.unwrap();
    all.match_indices("HTTP/1.1 ").map(|(at, _)| all[at + 9..at + 12].to_owned()).collect()
}

#[test]
fn they_run() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let post = |path: &str, kind: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let form = "application/x-www-form-urlencoded";
    let part = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n";
    let asked = [
        get("/users/7?page=2"),
        get("/fields"),
        post("/json", "application/json", "{\"name\":\"green\"}"),
        post("/form", form, "name=green"),
        post("/files", "multipart/form-data; boundary=B", part),
        get("/teas"),
        get("/every"),
        get("/redirect"),
        get("/back"),
        get("/fail"),
        get("/throw"),
        get("/status"),
        get("/pass"),
    ];
    let wanted = ["200", "201", "200", "200", "204", "200", "200", "302", "302", "404", "503", "418", "404"];
    assert_eq!(statuses(asked.concat()), wanted);
    let xml = "<order><tea>green</tea></order>";
    let others = [
        post("/read", "application/xml", xml),
        post("/xml", "text/xml", xml),
        post("/text", "text/plain", "tea"),
        post("/bytes", "image/png", "tea"),
        get("/away"),
        get("/jsonp?callback=show"),
        get("/stream"),
        get("/bytes"),
        get("/page"),
        get("/big"),
        get("/form-of-ours"),
        get("/back-room"),
        get("/hers"),
        get("/visits"),
        get("/sent"),
        get("/files/lib.rs"),
        get("/pages/none.ejs"),
        get("/assets/none"),
        get("/legacy/user/show"),
        get("/topics"),
        "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n".to_owned(),
    ];
    let set = std::env::var("PORT");
    assert_eq!(port().ok(), set.map_or(Some(3000), |port| port.parse().ok()));
    let wanted = "200 200 200 200 302 200 200 200 200 200 200 401 401 200 404 200 404 404 200 200 200";
    assert_eq!(statuses(others.concat()).join(" "), wanted);
}

fn sources_below(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources_below(&path, all);
        } else {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_line_of_the_appendix_is_a_line_of_this_file() {
    let here: HashSet<&str> = include_str!("from_koa.rs").lines().map(str::trim).collect();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src/from-koa.md")).unwrap();
    let mut sources = String::new();
    sources_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src"), &mut sources);
    sources_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../net/src"), &mut sources);
    let mut lines = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| in ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, code] = cells[..] else { panic!("not two cells: {row}") };
        // What is more than one line of code is words.
        let line = code.strip_prefix('`').and_then(|code| code.strip_suffix('`'));
        let Some(code) = line.filter(|line| !line.contains('`')) else {
            assert!(code.len() > 20, "neither code nor a reason: {row}");
            // Their words may be any, but what they call is there to be called.
            for piece in code.split('`').skip(1).step_by(2) {
                for (at, _) in piece.match_indices('(') {
                    let name = piece[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
                    let name = name.filter(|name| !name.is_empty());
                    let is_there =
                        |name| sources.contains(&format!("fn {name}")) || sources.contains(&format!("\"{name}\""));
                    assert!(name.is_none_or(is_there), "there is no {name:?}: {row}");
                }
            }
            continue;
        };
        let code = code.replace("\\|", "|");
        assert!(here.contains(&*code), "no line of from_koa.rs: {code}");
        lines += 1;
    }
    assert!(lines > 50, "only {lines} lines of code");
}
