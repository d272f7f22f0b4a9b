//! What the site answers: the pages of the book, and what the widgets on them ask.
//!
//! Only our own pages may ask. Another site's page that a browser shows can reach this port too, under its own name (DNS
//! rebinding: the host is none of ours) or across origins (the browser says where a request comes from).

use crate::book::{Page, Pages};
use crate::live;
use wirebook_web::compress::{Uncompressed, compress};
use wirebook_web::layers::{Headers, csrf};
use wirebook_web::{Answer, App, Context, Edge, Failure, Options, Router, post};

/// Names of this machine that no DNS server can change.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The site, around a rendered book; of several processes each says with its answers which it is.
pub(super) fn app(pages: Pages, worker: Option<String>) -> App {
    // Nothing here is anything but what its type says, and nobody else is told which page somebody came from.
    let headers = Headers::none().set("x-content-type-options", "nosniff").set("referrer-policy", "no-referrer");
    let headers = match worker {
        Some(worker) => headers.set("x-worker", &worker),
        None => headers,
    };
    let options = Options { hosts: HOSTS.map(str::to_owned).into(), ..Options::default() };
    let widget =
        post("/live/{*operation}", widget).edge(csrf::by_origin(&[])).edge(Json).body_limit(4 * live::MAX_INPUT as u64);
    Router::new()
        .layer(compress())
        .edge(headers)
        .service(pages)
        .get("/", page)
        .get("/{*page}", page)
        .get("/live/feed", feed)
        .get("/live/socket", socket)
        .route(widget)
        .any("/live/{*operation}", async |_| Err(Failure::new(405, "A widget asks with POST.").with("allow", "POST")))
        .into_app(options)
        .expect("routes that are written here fit each other")
}

/// A page's script asks with JSON: a form of another site can post, but not this type, without asking first; and what OPTIONS
/// is answered with allows no other origin anything.
struct Json;

impl Edge for Json {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        ctx.is(&["application/json"]).is_none().then(|| ctx.fail(403, "Only the pages of this site may ask."))
    }
}

/// A page, or 304 where the browser has it.
async fn page(ctx: &mut Context<'_>) -> Answer {
    let path = format!("/{}", ctx.param("page").unwrap_or_default());
    let pages: &Pages = ctx.service().expect("the book is rendered");
    let (found, lost) = (pages.get(&path), pages.get("/404.html"));
    let Some(page) = found else {
        ctx.status(404);
        return match lost {
            Some(page) => show(ctx, page),
            None => ctx.text("There is no such page."),
        };
    };
    if page.mime.starts_with("text/html") {
        // What a page shows of its own bytes is to be read. Scripts, styles and the index for searching are compressed.
        ctx.state().insert(Uncompressed);
        // What the page's script may read of it: the key with which it can ask for the bytes of this request.
        if let Some(key) = live::page::remember_page(ctx) {
            ctx.set("server-timing", key)?;
        }
    }
    ctx.set("etag", &page.etag)?.set("cache-control", "no-cache")?;
    if ctx.is_fresh() { ctx.empty(304) } else { show(ctx, page) }
}

fn show(ctx: &mut Context<'_>, page: &'static Page) -> Answer {
    ctx.set("content-type", &page.mime)?.bytes(&page.bytes[..])
}

/// `GET /live/feed?SESSION`: the demonstration's event stream.
async fn feed(ctx: &mut Context<'_>) -> Answer {
    live::page::remember_keyed(ctx);
    ctx.raw(async |request, response| live::reconnect::feed(&request, response).await).await
}

/// The socket of a page. Its handshake holds `Origin` against `Host`.
async fn socket(ctx: &mut Context<'_>) -> Answer {
    live::page::remember_keyed(ctx);
    ctx.raw(live::socket::serve).await
}

/// A page's script asks for a widget's answer.
async fn widget(ctx: &mut Context<'_>) -> Answer {
    let body = ctx.read_bytes(0).await?;
    let operation = ctx.param("operation").unwrap_or_default();
    let answer = match live::socket::later(&operation, &body) {
        Some(later) => Some(later.await),
        None => live::answer(&operation, &body),
    };
    match answer {
        Some(Ok(answer)) => ctx.set("content-type", "application/json")?.bytes(answer.into_bytes()),
        Some(Err(sentence)) => ctx.fail(400, sentence),
        None => ctx.fail(404, "There is no such widget."),
    }
}
