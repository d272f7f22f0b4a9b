//! Express's own examples, by their names, with their answers; Express's acceptance tests can be asked of each.
//!
//! Run: cargo run --example web_express -- --program params --addr 127.0.0.1:8000

#[path = "express/pages.rs"]
mod pages;

use std::cell::RefCell;
use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::trust::SetCookie;
use wirebook_web::{Answer, App, Context, Failure, Next, Options, Router};

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    addr: String,
    /// Which of Express's examples
    #[arg(long, default_value = "hello-world", value_parser = clap::builder::PossibleValuesParser::new(PROGRAMS))]
    program: String,
}

pub(crate) const PROGRAMS: [&str; 18] = [
    "auth",
    "content-negotiation",
    "cookie-sessions",
    "cookies",
    "downloads",
    "ejs",
    "error",
    "error-pages",
    "hello-world",
    "markdown",
    "multi-router",
    "mvc",
    "params",
    "resource",
    "route-map",
    "route-separation",
    "vhost",
    "web-service",
];

pub(crate) fn app(program: &str) -> App {
    let router = match program {
        "auth" => pages::auth(),
        "content-negotiation" => content_negotiation(),
        "cookie-sessions" => pages::cookie_sessions(),
        "cookies" => cookies(),
        "downloads" => pages::downloads(),
        "ejs" => pages::ejs(),
        "error" => error(),
        "error-pages" => error_pages(),
        "markdown" => pages::markdown(),
        "multi-router" => multi_router(),
        "mvc" => pages::mvc(),
        "params" => params(),
        "resource" => resource(),
        "route-map" => route_map(),
        "route-separation" => pages::route_separation(),
        "vhost" => vhost(),
        "web-service" => web_service(),
        _ => Router::new().get("/", async |ctx| ctx.text("Hello World")),
    };
    router.into_app(Options { on_error: None, ..Options::default() }).expect("routes that can be")
}

fn content_negotiation() -> Router {
    async fn users(ctx: &mut Context<'_>) -> Answer {
        const NAMES: [&str; 3] = ["Tobi", "Loki", "Jane"];
        ctx.vary("accept")?;
        match ctx.accepts(&["html", "text", "json"]) {
            Some("html") => {
                let items: String = NAMES.iter().map(|name| format!("<li>{name}</li>")).collect();
                ctx.html(format!("<ul>{items}</ul>"))
            }
            Some("text") => ctx.text(NAMES.iter().map(|name| format!(" - {name}\n")).collect::<String>()),
            Some(_) => ctx.json(&NAMES.map(|name| serde_json::json!({ "name": name }))),
            None => ctx.fail(406, "html, text or json"),
        }
    }
    Router::new().get("/", users).get("/users", users)
}

fn cookies() -> Router {
    Router::new()
        .get("/", async |ctx| match ctx.cookie("remember") {
            Some(_) => ctx.html("Remembered :). Click to <a href=\"/forget\">forget</a>!."),
            None => ctx.html(
                "<form method=\"post\"><p>Check to <label><input type=\"checkbox\" name=\"remember\"/> remember me</label> \
                 <input type=\"submit\" value=\"Submit\"/>.</p></form>",
            ),
        })
        .get("/forget", async |ctx| ctx.remove_cookie("remember")?.back("/"))
        .post("/", async |ctx| {
            let is_form = ctx.is(&["form"]).is_some();
            let wants = is_form && ctx.read_fields().await?.get("remember").is_some();
            if wants {
                ctx.set_cookie(&SetCookie { max_age: Some(60), ..SetCookie::new("remember", "1") })?;
            }
            ctx.back("/")
        })
}

fn error() -> Router {
    Router::new()
        .layer(async |ctx, next| match next.run(ctx).await {
            Err(failure) if failure.status() >= 500 => ctx.status(500).text("Internal Server Error"),
            answer => answer,
        })
        .get("/", async |_| Err(Failure::new(500, "something broke!")))
        .get("/next", async |_| {
            net::yield_now().await;
            Err(Failure::new(500, "oh no!"))
        })
}

fn error_pages() -> Router {
    async fn pages(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        let failure = match next.run(ctx).await {
            Err(failure) => failure,
            done => return done,
        };
        ctx.status(failure.status());
        match (failure.status(), ctx.accepts(&["html", "json", "text"])) {
            (404, Some("html")) => {
                let path = ctx.original_path().replace('&', "&amp;").replace('<', "&lt;");
                ctx.html(format!("<h2>Cannot find {path}</h2>"))
            }
            (404, Some("json")) => ctx.json(&serde_json::json!({ "error": "Not found" })),
            (404, _) => ctx.text("Not found"),
            (_, _) => ctx.html(format!("<h2>Error: {}</h2>", failure.shown())),
        }
    }
    Router::new()
        .layer(pages)
        .get("/", async |ctx| {
            ctx.html(
                "<title>Pages Example</title><a href=\"/403\">403</a> <a href=\"/404\">404</a> <a href=\"/500\">500</a>",
            )
        })
        .get("/404", async |ctx| Ok(ctx.pass()))
        .get("/403", async |ctx| ctx.fail(403, "not allowed!"))
        .get("/500", async |ctx| ctx.fail(500, "keyboard cat!"))
}

fn multi_router() -> Router {
    let version = |number: u8| {
        Router::new()
            .get("/", async move |ctx| ctx.text(format!("Hello from APIv{number} root route.")))
            .get("/users", async move |ctx| ctx.text(format!("List of APIv{number} users.")))
    };
    Router::new()
        // `/api/v1/` is another path than `/api/v1`, and Express's tests ask for it.
        .layer(async |ctx, next| {
            if let Some(short) = ctx.path().strip_suffix('/').filter(|short| !short.is_empty()).map(str::to_owned) {
                ctx.rewrite(&short)?;
            }
            next.run(ctx).await
        })
        .nest("/api/v1", version(1))
        .nest("/api/v2", version(2))
        .get("/", async |ctx| ctx.text("Hello from root route."))
}

fn params() -> Router {
    const USERS: [&str; 5] = ["tj", "tobi", "loki", "jane", "bandit"];
    fn number(text: &str) -> Result<usize, Failure> {
        text.parse().map_err(|_| Failure::new(400, format!("failed to parseInt {text}")))
    }
    Router::new()
        .get("/", async |ctx| ctx.text("Visit /user/0 or /users/0-2"))
        .get("/user/{user}", async |ctx| {
            let user = ctx.param("user").and_then(|text| USERS.get(text.parse::<usize>().ok()?));
            let user = user.ok_or_else(|| Failure::new(404, "failed to find user"))?;
            ctx.text(format!("user {user}"))
        })
        .get("/users/{range}", async |ctx| {
            let range = ctx.param("range").unwrap_or_default().into_owned();
            let (from, to) = range.split_once('-').ok_or_else(|| Failure::of(404))?;
            let (from, to) = (number(from)?, number(to)?);
            let some: Vec<&str> = USERS.into_iter().take(to.saturating_add(1)).skip(from).collect();
            ctx.text(format!("users {}", some.join(", ")))
        })
}

fn resource() -> Router {
    type Users = RefCell<Vec<Option<&'static str>>>;
    let users = ["tj", "ciaran", "aaron", "guillermo", "simon", "tobi"].map(Some).to_vec();
    let json = |user: &Option<&str>| user.map(|name| serde_json::json!({ "name": name }));
    let missing = || serde_json::json!({ "error": "Cannot find user" });
    Router::new()
        .service::<Users>(RefCell::new(users))
        .get("/", async |ctx| ctx.html("<h1>Examples:</h1> <ul><li>GET /users</li><li>GET /users/1..3.json</li></ul>"))
        .get("/users", async move |ctx| {
            let users = ctx.service::<Users>().expect("it was lent").borrow().clone();
            ctx.json(&users.iter().map(json).collect::<Vec<_>>())
        })
        .get("/users/{id}", async move |ctx| {
            let users = ctx.service::<Users>().expect("it was lent").borrow().clone();
            let id = ctx.param("id").unwrap_or_default().into_owned();
            let Some((from, rest)) = id.split_once("..") else {
                let user = id.parse::<usize>().ok().and_then(|id| users.get(id).and_then(json));
                return ctx.json(&user.unwrap_or_else(missing));
            };
            let (to, format) = rest.split_once('.').unwrap_or((rest, "html"));
            let (Ok(from), Ok(to)) = (from.parse::<usize>(), to.parse::<usize>()) else {
                return ctx.fail(400, "two numbers");
            };
            let some: Vec<_> = users.into_iter().take(to.saturating_add(1)).skip(from).collect();
            if format == "json" {
                return ctx.json(&some.iter().map(json).collect::<Vec<_>>());
            }
            let items: Vec<String> = some.iter().flatten().map(|name| format!("<li>{name}</li>")).collect();
            ctx.html(format!("<ul>{}</ul>", items.join("\n")))
        })
        .route(wirebook_web::delete("/users/{id:int}", async |ctx| {
            let id = ctx.param_as::<usize>("id")?;
            let gone = ctx.service::<Users>().expect("it was lent").borrow_mut().get_mut(id).and_then(Option::take);
            ctx.text(if gone.is_some() { "destroyed" } else { "Cannot find user" })
        }))
}

fn route_map() -> Router {
    let pets = Router::new()
        .get("/", async |ctx| {
            let text = format!("user {}'s pets", ctx.param("uid").unwrap_or_default());
            ctx.text(text)
        })
        .delete("/{pid}", async |ctx| {
            let text = format!(
                "delete {}'s pet {}",
                ctx.param("uid").unwrap_or_default(),
                ctx.param("pid").unwrap_or_default()
            );
            ctx.text(text)
        });
    Router::new()
        .get("/users", async |ctx| ctx.text("user list"))
        .delete("/users", async |ctx| ctx.text("delete users"))
        .get("/users/{uid}", async |ctx| {
            let text = format!("user {}", ctx.param("uid").unwrap_or_default());
            ctx.text(text)
        })
        .nest("/users/{uid}/pets", pets)
}

fn vhost() -> Router {
    let main = Router::new().get("/", async |ctx| ctx.text("Hello from main app!")).get("/{sub}", async |ctx| {
        let text = format!("requested {}", ctx.param("sub").unwrap_or_default());
        ctx.text(text)
    });
    let others = Router::new().any("/{*rest}", lead).any("/", lead);
    async fn lead(ctx: &mut Context<'_>) -> Answer {
        let place = format!("http://example.com:3000/{}", ctx.param("name").unwrap_or_default());
        ctx.redirect_external(&place)
    }
    Router::new().host("example.com", main).host("{name}.example.com", others)
}

fn web_service() -> Router {
    const REPOS: [(&str, &str); 3] = [
        ("express", "https://github.com/expressjs/express"),
        ("stylus", "https://github.com/learnboost/stylus"),
        ("cluster", "https://github.com/learnboost/cluster"),
    ];
    fn repos(some: &[usize]) -> Vec<serde_json::Value> {
        some.iter().map(|at| serde_json::json!({ "name": REPOS[*at].0, "url": REPOS[*at].1 })).collect()
    }
    async fn errors(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        ctx.set("content-type", "application/json; charset=utf-8")?;
        let failure = match next.run(ctx).await {
            Err(failure) => failure,
            done => return done,
        };
        let text = if failure.status() == 404 { "Sorry, can't find that" } else { failure.shown() };
        ctx.status(failure.status()).json(&serde_json::json!({ "error": text }))
    }
    async fn key(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        match ctx.query_value("api-key").as_deref() {
            None => ctx.fail(400, "api key required"),
            Some("foo" | "bar" | "baz") => next.run(ctx).await,
            Some(_) => ctx.fail(401, "invalid api key"),
        }
    }
    let api = Router::new()
        .layer(key)
        .get("/users", async |ctx| ctx.json(&["tobi", "loki", "jane"].map(|name| serde_json::json!({ "name": name }))))
        .get("/repos", async |ctx| ctx.json(&repos(&[0, 1, 2])))
        .get("/user/{name}/repos", async |ctx| {
            let some: &[usize] = match ctx.param("name").as_deref() {
                Some("tobi") => &[0, 1],
                Some("loki") => &[1],
                Some("jane") => &[2],
                _ => return ctx.fail(404, "no such user"),
            };
            ctx.json(&repos(some))
        });
    Router::new().layer(errors).nest("/api", api)
}

fn main() -> terminal::Result {
    let Arguments { addr, program } = terminal::arguments(include_str!("web_express.rs"));
    net::run(async move {
        let server = app(&program).serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let asked = match &*program {
            "content-negotiation" => format!("-H 'accept: application/json' http://{here}/users"),
            "downloads" => format!("http://{here}/files/amazing.txt"),
            "error-pages" => format!("http://{here}/404"),
            "mvc" => format!("-L http://{here}/"),
            "params" => format!("http://{here}/users/0-2"),
            "resource" => format!("http://{here}/users/1..3.json"),
            "route-map" => format!("http://{here}/users/12/pets"),
            "vhost" => format!("-H 'host: foo.example.com' http://{here}/"),
            "web-service" => format!("'http://{here}/api/users?api-key=foo'"),
            _ => format!("http://{here}/"),
        };
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -i {asked}")]);
        Ok(server.until(stop).await?)
    })
}
