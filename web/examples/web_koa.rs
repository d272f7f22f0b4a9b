//! Koa's own examples, by their names, with their answers; the tests of Koa's examples can be asked of each.
//!
//! Run: cargo run --example web_koa -- --program negotiation --addr 127.0.0.1:8000

use std::{cell::RefCell, time::Duration};
use wirebook_net as net;
use wirebook_template::{Engine, Value, data};
use wirebook_terminal as terminal;
use wirebook_web::layers::{User, basic, csrf, same};
use wirebook_web::multipart::Limits;
use wirebook_web::session::{Sessions, session};
use wirebook_web::trust::{Keys, SetCookie};
use wirebook_web::uploads::Uploads;
use wirebook_web::views::Views;
use wirebook_web::{Answer, App, Context, Failure, Next, Options, Parsed, Router};

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    addr: String,
    /// Which of Koa's examples
    #[arg(long, default_value = "hello-world", value_parser = clap::builder::PossibleValuesParser::new(PROGRAMS))]
    program: String,
}

pub(crate) const PROGRAMS: [&str; 20] = [
    "404",
    "base-auth",
    "blog",
    "body-parsing",
    "compose",
    "conditional-middleware",
    "cookies",
    "csrf",
    "errors",
    "flash-messages",
    "hello-world",
    "multipart",
    "negotiation",
    "stream-file",
    "stream-objects",
    "stream-server-side-events",
    "stream-view",
    "templates",
    "upload",
    "vhost",
];

pub(crate) fn app(program: &str) -> App {
    let router = match program {
        "404" => not_found(),
        "base-auth" => base_auth(),
        "blog" => blog(),
        "body-parsing" => body_parsing(),
        "compose" => Router::new().layer(response_time).get("/", hello),
        "conditional-middleware" => conditional_middleware(),
        "cookies" => cookies(),
        "csrf" => csrf(),
        "errors" => errors(),
        "flash-messages" => flash_messages(),
        "multipart" => multipart(),
        "negotiation" => negotiation(),
        "stream-file" => stream_file(),
        "stream-objects" => stream_objects(),
        "stream-server-side-events" => server_side_events(),
        "stream-view" => stream_view(),
        "templates" => templates(),
        "upload" => upload(),
        "vhost" => vhost(),
        // An application of Koa answers at every path.
        _ => everywhere(hello),
    };
    let options = Options { on_error: None, keys: Some(keys()), ..Options::default() };
    router.into_app(options).expect("routes that can be")
}

/// A real one comes from where secrets are kept.
fn keys() -> Keys {
    Keys::new(&[b"a secret of thirty-two bytes, or of more"]).expect("it is long enough")
}

fn everywhere<H>(handler: H) -> Router
where
    H: for<'a, 'b> AsyncFn(&'a mut Context<'b>) -> Answer + Clone + 'static,
{
    Router::new().any("/", handler.clone()).any("/{*path}", handler)
}

async fn hello(ctx: &mut Context<'_>) -> Answer {
    ctx.text("Hello World")
}

async fn response_time(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    let began = net::now();
    let done = next.run(ctx).await?;
    ctx.set("x-response-time", format!("{}ms", (net::now() - began).as_millis()))?;
    Ok(done)
}

/// JSON as Koa labels it.
fn json(ctx: &mut Context<'_>, value: &serde_json::Value) -> Answer {
    ctx.set("content-type", "application/json; charset=utf-8")?.json(value)
}

fn not_found() -> Router {
    async fn page(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        match next.run(ctx).await {
            Err(failure) if failure.status() == 404 => {}
            done => return done,
        }
        ctx.status(404);
        match ctx.accepts(&["html", "json"]) {
            Some("html") => ctx.html("<p>Page Not Found</p>"),
            Some("json") => json(ctx, &serde_json::json!({ "message": "Page Not Found" })),
            _ => ctx.text("Page Not Found"),
        }
    }
    Router::new()
        .layer(page)
        .get("/ok", async |ctx| ctx.text("ok"))
        .get("/exception", async |ctx| ctx.fail(404, "none"))
}

fn base_auth() -> Router {
    async fn refused(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        match next.run(ctx).await {
            Err(failure) if failure.status() == 401 => {
                ctx.status(401).set("www-authenticate", "Basic")?.text("cant haz that")
            }
            done => done,
        }
    }
    let check = |name: &str, password: &str| same(name, "tj") & same(password, "tobi");
    everywhere(async |ctx: &mut Context<'_>| {
        ctx.ensure(ctx.get_state::<User>().is_some(), 500, "nobody came in without a name")?;
        ctx.text("secret")
    })
    .layer(refused)
    .edge(basic("secret", check))
}

#[derive(Default)]
struct Posts(RefCell<Vec<(String, String)>>);

fn blog() -> Router {
    const LIST: &str = "<title>Posts</title><h1>Posts</h1><p>You have <strong><%= posts.length %></strong> posts!</p>
<p><a href=\"/post/new\">Create a Post</a></p><ul><% posts.forEach(function (title, id) { %>
<li><a href=\"/post/<%= id %>\"><%= title %></a></li><% }) %>
</ul>";
    const NEW: &str = "<title>New Post</title><h1>New Post</h1><form action=\"/post\" method=\"post\">
<input name=\"title\"> <textarea name=\"body\"></textarea> <button>Create</button></form>";
    const SHOW: &str = "<title><%= title %></title><h1><%= title %></h1><p><%= body %></p>";
    let mut engine = Engine::in_memory();
    for (name, source) in [("list", LIST), ("new", NEW), ("show", SHOW)] {
        engine.add(name, source);
    }
    Router::new()
        .views(Views::new(engine))
        .service(Posts::default())
        .get("/", async |ctx| {
            let posts = ctx.service::<Posts>().expect("the application lends them");
            let titles: Vec<Value> = posts.0.borrow().iter().map(|(title, _)| title.as_str().into()).collect();
            ctx.render("list", &data!({ "posts": titles }))
        })
        .get("/post/new", async |ctx| ctx.render("new", &data!({})))
        .get("/post/{id}", async |ctx| {
            let id = ctx.param_as::<usize>("id")?;
            let posts = ctx.service::<Posts>().expect("the application lends them");
            let post = posts.0.borrow().get(id).cloned();
            let (title, body) = post.ok_or_else(|| Failure::new(404, "invalid post id"))?;
            ctx.render("show", &data!({ "title": title, "body": body }))
        })
        .post("/post", async |ctx| {
            let said = fields(ctx).await?;
            let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
            let post = (text("title"), text("body"));
            ctx.service::<Posts>().expect("the application lends them").0.borrow_mut().push(post);
            ctx.redirect("/")
        })
}

/// The body of a form or of JSON, as `ctx.request.body` has it.
async fn fields(ctx: &mut Context<'_>) -> Result<serde_json::Value, Failure> {
    Ok(match ctx.read_body().await? {
        Parsed::Json(value) => value,
        Parsed::Form(form) => form.to_json(),
        _ => serde_json::Value::Null,
    })
}

fn body_parsing() -> Router {
    let uppercase = wirebook_web::post("/{*path}", async |ctx: &mut Context<'_>| {
        let said = fields(ctx).await?;
        let name = said["name"].as_str().ok_or_else(|| Failure::new(400, ".name required"))?;
        json(ctx, &serde_json::json!({ "name": name.to_uppercase() }))
    });
    Router::new().route(uppercase.body_limit(1024))
}

fn conditional_middleware() -> Router {
    everywhere(hello).layer(async |ctx: &mut Context<'_>, next: Next<'_>| {
        if ctx.path().ends_with(".css") { next.run(ctx).await } else { response_time(ctx, next).await }
    })
}

fn cookies() -> Router {
    everywhere(async |ctx: &mut Context<'_>| {
        let views = ctx.cookie("view").and_then(|views| views.parse::<u32>().ok()).unwrap_or(0).saturating_add(1);
        ctx.set_cookie(&SetCookie::new("view", &views.to_string()))?.text(format!("{views} views"))
    })
}

fn csrf() -> Router {
    Router::new()
        .layer(csrf::by_token())
        .get("/token", async |ctx| {
            let token = ctx.csrf_token()?;
            ctx.text(token)
        })
        .post("/post", async |ctx| json(ctx, &serde_json::json!({ "ok": true })))
}

fn errors() -> Router {
    async fn caught(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        match next.run(ctx).await {
            Err(failure) => {
                // The application's own place for errors hears of it as well.
                ctx.report(&failure);
                let page = "<p>Something <em>exploded</em>, please contact Maru.</p>";
                ctx.status(failure.status()).html(page)
            }
            done => done,
        }
    }
    everywhere(async |_: &mut Context<'_>| Err(Failure::new(500, "boom boom"))).layer(caught)
}

fn flash_messages() -> Router {
    Router::new()
        .layer(session(Sessions::in_cookies(keys())))
        .get("/messages", async |ctx| {
            let session = ctx.session()?;
            let messages = session.get("messages").unwrap_or_else(|| serde_json::json!([]));
            session.remove("messages");
            json(ctx, &messages)
        })
        .post("/messages", async |ctx| {
            let message = String::from_utf8_lossy(&ctx.read_bytes(1024).await?).into_owned();
            let session = ctx.session()?;
            let mut messages = session.get("messages").unwrap_or_else(|| serde_json::json!([]));
            messages.as_array_mut().expect("only lists are kept there").push(message.into());
            session.set("messages", messages);
            ctx.empty(204)
        })
}

fn multipart() -> Router {
    everywhere(async |ctx: &mut Context<'_>| {
        // A real one has a folder of its own, which nobody else may write to.
        let folder = std::env::temp_dir().join(format!("wirebook-koa-multipart-{}", std::process::id()));
        let form = Uploads::beneath(&folder)?.form(ctx, Limits::default()).await?;
        let mut paths = Vec::new();
        for file in form.files {
            paths.push(folder.join(file.keep().await?).display().to_string());
        }
        json(ctx, &paths.into())
    })
}

fn negotiation() -> Router {
    Router::new().get("/{name}", async |ctx| {
        let known = ["tobi", "loki"].into_iter().find(|known| ctx.param("name").as_deref() == Some(*known));
        let name = known.ok_or_else(|| Failure::of(404))?;
        match ctx.accepts(&["json", "html", "xml", "text"]) {
            Some("json") => json(ctx, &serde_json::json!({ "name": name, "species": "ferret" })),
            Some("html") => ctx.html(format!("<h1>{name}</h1>")),
            Some("xml") => ctx.content_type("xml")?.text(format!("<name>{name}</name>")),
            Some(_) => ctx.text(name),
            None => ctx.fail(406, "json, html, xml or text"),
        }
    })
}

/// Answers piece by piece, as they come.
fn pieces(ctx: &mut Context<'_>, pieces: impl Iterator<Item = String> + 'static) -> Answer {
    let mut pieces = pieces;
    ctx.stream(async move || {
        net::yield_now().await;
        Ok(pieces.next().map(String::into_bytes))
    })
}

fn stream_file() -> Router {
    // What lies on a disk is served by `Files`; see the example web_static.
    const FILES: [(&str, &str); 2] = [("app.js", include_str!("web_koa.rs")), ("test.js", "// a test\n")];
    Router::new().get("/{name}", async |ctx| {
        let file = FILES.iter().find(|(name, _)| ctx.param("name").as_deref() == Some(*name));
        let (_, text) = file.ok_or_else(|| Failure::of(404))?;
        pieces(ctx.content_type("text/javascript; charset=utf-8")?, text.lines().map(|line| format!("{line}\n")))
    })
}

fn stream_objects() -> Router {
    everywhere(async |ctx: &mut Context<'_>| {
        let objects = (1..=2).map(|id| format!("{}{{\"id\":{id}}}", if id == 1 { "[" } else { "," }));
        pieces(ctx.content_type("json")?, objects.chain(["]".to_owned()]))
    })
}

fn server_side_events() -> Router {
    everywhere(async |ctx: &mut Context<'_>| {
        ctx.set("content-type", "text/event-stream; charset=utf-8")?.set("cache-control", "no-cache")?;
        let (mut count, closing) = (0, ctx.closing());
        ctx.stream(async move || {
            count += 1;
            if count > 1 && net::timeout(Duration::from_secs(1), closing.said()).await.is_ok() {
                return Ok(None);
            }
            Ok(Some(format!("data: {{\"count\":{count}}}\n\n").into_bytes()))
        })
    })
}

fn stream_view() -> Router {
    everywhere(async |ctx: &mut Context<'_>| {
        let head = "<!DOCTYPE html><html><head><title>Hello World</title></head>";
        let page = [head, "<body>", "<p>Hello World</p>", "</body></html>"].map(str::to_owned);
        pieces(ctx.content_type("html")?, page.into_iter())
    })
}

fn templates() -> Router {
    let mut engine = Engine::in_memory();
    engine.add("user", "<p><%= user.name %> is a <%= user.age %> year old <%= user.species %>.</p>");
    everywhere(async |ctx: &mut Context<'_>| {
        ctx.render("user", &data!({ "user": { "name": "Tobi", "age": 3, "species": "ferret" } }))
    })
    .views(Views::new(engine))
}

fn upload() -> Router {
    const FORM: &str = "<title>Upload</title><h1>File Upload</h1><form method=\"post\" enctype=\"multipart/form-data\">
<input type=\"file\" name=\"file\"> <button>Upload</button></form>";
    async fn lost(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        match next.run(ctx).await {
            Err(failure) if failure.status() == 404 && ctx.is_idempotent() => ctx.redirect("/404.html"),
            done => done,
        }
    }
    Router::new()
        .layer(lost)
        .get("/", async |ctx| ctx.html(FORM))
        .get("/404.html", async |ctx| ctx.html("<title>Not Found</title><h1>Not Found</h1>"))
        .post("/", async |ctx| {
            // Where files are kept shows the program `multipart`; here they are read and forgotten.
            let (mut parts, mut files) = (ctx.multipart(Limits::default())?, 0);
            while let Some(mut part) = parts.next().await? {
                files += usize::from(part.is_file());
                while part.chunk().await?.is_some() {}
            }
            ctx.ensure(files > 0, 400, "no file")?;
            ctx.redirect("/")
        })
}

fn vhost() -> Router {
    async fn custom(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        ctx.set("x-custom", "Dub Dub Dub App")?;
        next.run(ctx).await
    }
    let www = || Router::new().layer(custom).get("/", async |ctx| ctx.text("Hello from www app"));
    let bar = Router::new().layer(response_time).get("/", async |ctx| ctx.text("Howzit? From bar middleware bundle"));
    Router::new().host("example.com", www()).host("www.example.com", www()).host("bar.example.com", bar)
}

fn main() -> terminal::Result {
    let Arguments { addr, program } = terminal::arguments(include_str!("web_koa.rs"));
    net::run(async move {
        let server = app(&program).serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let asked = match &*program {
            "404" => format!("http://{here}/missing"),
            "base-auth" => format!("-u tj:tobi http://{here}/"),
            "body-parsing" => format!("-d name=tobi http://{here}/uppercase"),
            "csrf" => format!("http://{here}/token"),
            "flash-messages" => format!("http://{here}/messages"),
            "multipart" | "upload" => format!("-F file=@README.md http://{here}/"),
            "negotiation" => format!("-H 'accept: text/html' http://{here}/tobi"),
            "stream-file" => format!("http://{here}/app.js"),
            "vhost" => format!("-H 'host: bar.example.com' http://{here}/"),
            _ => format!("http://{here}/"),
        };
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -iN {asked}")]);
        Ok(server.until(stop).await?)
    })
}
