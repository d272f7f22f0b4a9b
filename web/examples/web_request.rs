//! What a request says, read back to whoever sent it, and what a ring sees of the answer before it goes.
//!
//! Run: cargo run --example web_request -- --addr 127.0.0.1:8000

use serde_json::json;
use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::{Answer, App, Context, Next, Options, Router, router::RouteError};

// ANCHOR: request
async fn read_back(ctx: &mut Context<'_>) -> Answer {
    let said = json!({
        "method": ctx.method(),
        "may be sent twice": ctx.is_idempotent(),
        "href": ctx.href(),
        "path": ctx.path(),
        "query": ctx.query(),
        "page": ctx.query_value("page"),
        "host": [ctx.host(), ctx.hostname()],
        "protocol": ctx.protocol(),
        "is secure": ctx.is_secure(),
        "ip": ctx.ip().map(|ip| ip.to_string()),
        "fields": ctx.headers().len(),
        "agent": ctx.header("user-agent"),
        "type": ctx.media().map(|media| media.essence().to_owned()),
        "charset": ctx.charset(),
        "length": ctx.length(),
        "is a form": ctx.is(&["form", "multipart"]).is_some(),
        "language": ctx.accepts_languages(&["en", "de", "zh"]),
        "coding": ctx.accepts_encodings(&["br", "gzip", "identity"]),
        "letters": ctx.accepts_charsets(&["utf-8", "iso-8859-1"]),
        "has the newest": ctx.is_fresh(),
    });
    ctx.set("x-draft", "for rings only")?.etag("v1")?;
    match ctx.accepts(&["text", "json"]) {
        Some("json") => ctx.json(&said),
        Some(_) => ctx.text(format!("{said:#}\n")),
        None => ctx.fail(406, "there is text and json"),
    }
}

/// An answer that is made is not yet sent: a ring may look at it, and has the last word.
async fn look(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    let done = next.run(ctx).await?;
    let (status, media) = (ctx.status_now(), ctx.get("content-type").unwrap_or_default());
    let length = ctx.body().length().unwrap_or_default();
    ctx.set("x-seen", format!("{status}, {length} bytes of {media}"))?.append("x-seen", "by a ring")?;
    ctx.remove("x-draft").vary("accept")?;
    Ok(done)
}

pub(crate) fn app() -> Result<App, RouteError> {
    // `{*rest}` stands for something, so the front page has a route of its own.
    Router::new().layer(look).any("/", read_back).any("/{*rest}", read_back).into_app(Options::default())
}
// ANCHOR_END: request

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_request.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let ask = format!("curl -H 'Accept: text/*' 'http://{here}/teas/%6Eew?page=2'");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&ask]);
        Ok(server.until(stop).await?)
    })
}
