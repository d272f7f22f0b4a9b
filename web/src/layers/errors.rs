//! A page for every failure: an id for visitors, everything for developers who sit at this machine.

use super::{
    page::{escape, is_secret},
    request_id::RequestId,
};
use crate::{
    context::{Answer, Context, Environment, Failure},
    onion::Next,
};
use std::fmt::Write;
use wirebook_http1::reason;

// ANCHOR: errors
/// Answers failures with a page, or with JSON where the client likes that better.
///
/// A visitor sees the status, the words of a failure that is his own, and the id of the request, which the log has as well; of ours, nothing.
/// In [`Environment::Development`], and only to a peer on this machine, the page has the failure's words and causes, the request without
/// its secrets, and what the router thought of a path without a route. Whatever came from outside is escaped.
pub fn errors() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| match next.run(ctx).await {
        Err(failure) => answer(ctx, failure),
        done => done,
    }
}
// ANCHOR_END: errors

fn answer(ctx: &mut Context<'_>, failure: Failure) -> Answer {
    let id = ctx.get_state::<RequestId>().map(|id| id.0.clone());
    let failure = match &id {
        Some(id) => failure.identified(id),
        None => failure,
    };
    ctx.report(&failure);
    // Status and fields, and no body of another's.
    ctx.show(&failure)?;
    ctx.remove("content-type").set("cache-control", "no-store")?;
    ctx.vary("accept")?;
    let status = failure.status();
    let id = id.filter(|_| status >= 500);
    match ctx.accepts(&["html", "json", "text"]) {
        Some("json") => {
            let mut error =
                serde_json::json!({ "status": status, "error": reason(status), "message": failure.shown() });
            if let Some(id) = id {
                error["id"] = id.into();
            }
            ctx.json(&error)
        }
        Some("html") => {
            ctx.set("content-security-policy", "default-src 'none'")?;
            let page = if is_developer(ctx) { developers(ctx, &failure) } else { visitors(&failure, id.as_deref()) };
            ctx.html(page)
        }
        _ => {
            let id = id.map(|id| format!(" ({id})")).unwrap_or_default();
            ctx.text(format!("{status} {}{id}\n", failure.shown()))
        }
    }
}

// ANCHOR: developer
/// Both the peer and whoever stands behind it are this machine.
fn is_developer(ctx: &Context<'_>) -> bool {
    let is_here = |ip: std::net::IpAddr| ip.to_canonical().is_loopback();
    let forwarded = ["forwarded", "x-forwarded-for"].iter().any(|name| ctx.headers().get(name).is_some());
    ctx.options().environment == Environment::Development
        && ctx.remote_addr().is_some_and(|peer| is_here(peer.ip()))
        && (!forwarded || ctx.ip().is_some_and(is_here) && !ctx.options().trust.is_empty())
}
// ANCHOR_END: developer

fn head(failure: &Failure) -> String {
    let (status, words) = (failure.status(), reason(failure.status()));
    format!("<!doctype html>\n<meta charset=\"utf-8\">\n<title>{status} {words}</title>\n<h1>{status} {words}</h1>\n")
}

fn visitors(failure: &Failure, id: Option<&str>) -> String {
    let mut page = head(failure);
    if failure.shown() != reason(failure.status()) {
        page += &format!("<p>{}</p>\n", escape(failure.shown()));
    }
    if let Some(id) = id {
        page += &format!("<p>If you tell us of it, name <code>{}</code>.</p>\n", escape(id));
    }
    page
}

fn developers(ctx: &Context<'_>, failure: &Failure) -> String {
    let mut page = head(failure);
    page += &format!("<p><strong>{}</strong></p>\n", escape(failure.message()));
    let mut cause = failure.cause().and_then(|error| error.source());
    while let Some(error) = cause {
        page += &format!("<p>because {}</p>\n", escape(&error.to_string()));
        cause = error.source();
    }
    if let Some(explanation) = ctx.explain().filter(|_| matches!(failure.status(), 404 | 405)) {
        page += &format!("<h2>What the router tried</h2>\n<pre>{}</pre>\n", escape(&explanation.to_string()));
    }
    let mut request = format!("{} {}\n", ctx.method(), ctx.target());
    for (name, value) in ctx.headers().iter() {
        let name = String::from_utf8_lossy(name);
        let value = if is_secret(&name) { "(not shown)".into() } else { String::from_utf8_lossy(value) };
        // Writing to a text does not fail.
        writeln!(request, "{name}: {value}").ok();
    }
    page += &format!("<h2>Request</h2>\n<pre>{}</pre>\n", escape(&request));
    let route = ctx.matched_route().map_or_else(|| "none".into(), escape);
    page + &format!("<h2>Route</h2>\n<p><code>{route}</code></p>\n")
}
