//! What `web.mjs` has a browser ask: cookies, CORS, CSRF, forms and BigPipe, on two ports. `localhost` and `127.0.0.1` are two sites to a
//! browser, and two ports two origins. It prints the ports.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::{self as net, tcp::TcpListener};
use wirebook_template::{Engine, data};
use wirebook_web::layers::{Cors, csrf};
use wirebook_web::multipart::Limits;
use wirebook_web::trust::{Received, SameSite, SetCookie};
use wirebook_web::views::{Parts, Views};
use wirebook_web::{Answer, App, Context, Options, Router, now};

/// Cookies that are sent at a time: a browser keeps at most 180 of one site, and curl 50 of one answer.
const BATCH: usize = 48;

/// Every prefix with every attribute that a rule asks for. What we would not set ourselves is among it.
fn lines() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for prefix in ["", "__Secure-", "__Host-", "__host-", "__SECURE-"] {
        for secure in ["", "; Secure"] {
            for domain in ["", "; Domain=localhost"] {
                for path in ["; Path=/", "; Path=/cookies", ""] {
                    for more in ["; SameSite=Lax", "; SameSite=None", "; SameSite=Strict; HttpOnly", "; Partitioned"] {
                        let name = format!("{prefix}{}", lines.len());
                        lines.push((name.clone(), format!("{name}=1{secure}{domain}{path}{more}")));
                    }
                }
            }
        }
    }
    lines
}

/// Whether a browser keeps it, as far as we know. To a browser this machine is as good as TLS.
fn is_kept(line: &str) -> bool {
    Received::parse(line, now()).is_ok_and(|received| received.kept(true).is_ok())
}

fn cookies(router: Router) -> Router {
    router
        .get("/cookies/count", async |ctx| ctx.json(&lines().len().div_ceil(BATCH)))
        .get("/cookies/batch/{number:int}", async |ctx| {
            let batch: Vec<(String, String)> =
                lines().chunks(BATCH).nth(ctx.param_as("number")?).unwrap_or_default().to_vec();
            for (_, line) in &batch {
                ctx.append("set-cookie", line)?;
            }
            let told: Vec<Value> =
                batch.iter().map(|(name, line)| json!({ "name": name, "line": line, "kept": is_kept(line) })).collect();
            ctx.json(&told)
        })
        // What we set ourselves: a browser refuses none of it.
        .get("/cookies/ours", async |ctx| {
            let secure = |name| SetCookie { secure: true, ..SetCookie::new(name, "1") };
            for cookie in [
                SetCookie::new("plain", "1"),
                secure("__Secure-ours"),
                secure("__Host-ours"),
                SetCookie { same_site: Some(SameSite::None), partitioned: true, ..secure("apart") },
            ] {
                ctx.set_cookie(&cookie)?;
            }
            ctx.html("<!doctype html><title>ours</title>")
        })
        .get("/cookies/away/{name}", async |ctx| {
            let name = ctx.param("name").unwrap_or_default().into_owned();
            let apart = name == "apart";
            let same_site = Some(if apart { SameSite::None } else { SameSite::Lax });
            let gone =
                SetCookie { secure: name != "plain", partitioned: apart, same_site, ..SetCookie::removal(&name) };
            ctx.set_cookie(&gone)?.empty(204)
        })
        .get("/cookies/sites", async |ctx| {
            for (name, same_site) in
                [("strict", Some(SameSite::Strict)), ("lax", Some(SameSite::Lax)), ("none", Some(SameSite::None))]
            {
                let secure = same_site == Some(SameSite::None);
                ctx.set_cookie(&SetCookie { same_site, secure, ..SetCookie::new(name, "1") })?;
            }
            ctx.html("<!doctype html><title>sites</title>")
        })
        .any("/cookies/echo", echo)
}

/// The names of the cookies that came, for a page of any origin to read.
async fn echo(ctx: &mut Context<'_>) -> Answer {
    let mut names: Vec<&str> = ctx.cookies().iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let text = names.join(" ");
    if let Some(origin) = ctx.header("origin").filter(|origin| *origin != "null") {
        ctx.set("access-control-allow-origin", origin)?.set("access-control-allow-credentials", "true")?;
    }
    ctx.text(text)
}

/// What was asked of `/api` and `/change`, in its order.
#[derive(Default)]
struct Heard(RefCell<Vec<String>>);

fn hear(ctx: &Context<'_>) {
    let line = format!("{} {}", ctx.method(), ctx.header("origin").unwrap_or("-"));
    ctx.service::<Heard>().expect("it was lent").0.borrow_mut().push(line);
}

fn origins(router: Router, listed: &str) -> Router {
    let api = Router::new()
        .layer(async |ctx, next| {
            hear(ctx);
            next.run(ctx).await
        })
        .edge(Cors::listed(&[listed]).credentials().headers("content-type, x-token").exposed("x-total"))
        .get("/item", async |ctx| {
            let has_cookie = ctx.cookie("none").is_some();
            ctx.set("x-total", "7")?.set("x-hidden", "8")?.json(&json!({ "cookie": has_cookie }))
        })
        .put("/item", async |ctx| {
            let body: Value = ctx.read_json().await?;
            ctx.json(&json!({ "put": body }))
        });
    let feed = Router::new().edge(Cors::any()).get("/item", async |ctx| ctx.text("for everybody"));
    let guarded = Router::new().edge(csrf::by_origin(&[])).post("/", async |ctx| {
        hear(ctx);
        ctx.html("<!doctype html><title>changed</title>")
    });
    router.nest("/api", api).nest("/feed", feed).nest("/change", guarded).get("/heard", async |ctx| {
        let heard = ctx.service::<Heard>().expect("it was lent").0.take();
        ctx.json(&heard)
    })
}

async fn form(ctx: &mut Context<'_>) -> Answer {
    let mut parts = ctx.multipart(Limits { files: 20, ..Limits::default() })?;
    let mut all = Vec::new();
    while let Some(mut part) = parts.next().await? {
        let (name, filename) = (part.name().to_owned(), part.filename().map(str::to_owned));
        let mut value = Vec::new();
        while let Some(piece) = part.chunk().await? {
            value.extend_from_slice(piece);
        }
        all.push(json!([name, filename, String::from_utf8_lossy(&value)]));
    }
    ctx.json(&all)
}

const PIPE: &str = "<!doctype html><title>pipe</title><p elementtiming=shell>the shell
<%- placeholder('slow', '<p>slow comes later') %>
<%- placeholder('fast', '<p>fast comes later') %>
<%- pagelets() %>
";

/// Parts that may come: each waits until it is named here.
type Released = Rc<RefCell<HashSet<String>>>;

fn pipe(router: Router) -> Router {
    let released = Released::default();
    let (wanted, named) = (released.clone(), released);
    let part = move |name: &'static str| {
        let released = wanted.clone();
        async move {
            while !released.borrow().contains(name) {
                net::sleep(Duration::from_millis(5)).await;
            }
            Ok(format!("<p elementtiming={name}>{name} is here"))
        }
    };
    let mut engine = Engine::in_memory();
    engine.add("pipe", PIPE);
    router
        .views(Views::new(engine))
        .get("/pipe", async move |ctx| {
            ctx.pipe("pipe", &data!({}), Parts::default().part("slow", part("slow")).part("fast", part("fast")))
        })
        .post("/release/{name}", async move |ctx| {
            named.borrow_mut().insert(ctx.param("name").unwrap_or_default().into_owned());
            ctx.empty(204)
        })
}

fn app(listed: &str) -> App {
    let router = Router::new()
        .service(Heard::default())
        .get("/blank", async |ctx| ctx.html("<!doctype html><title>blank</title><link rel=icon href=data:,>"))
        .post("/form", form);
    let router = pipe(origins(cookies(router), listed));
    router.into_app(Options { on_error: None, ..Options::default() }).expect("routes that can be")
}

fn main() -> std::io::Result<()> {
    net::run(async {
        let listeners = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
        let ports = [listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()];
        let [first, second] = listeners;
        let listed = format!("http://localhost:{}", ports[1]);
        let other = app(&listed).serve_on(second);
        let server = app(&listed).serve_on(first);
        let stop = net::ctrl_c();
        println!("{} {}", ports[0], ports[1]);
        server.until(stop).await?;
        other.close();
        Ok(())
    })
}
