//! A page for every failure: an id for visitors, everything for developers who sit at this machine.

use super::{developers::details, page::escape, request_id::RequestId};
use crate::{
    context::{Answer, Context, Environment, Failure},
    onion::Next,
};
use wirebook_http1::reason;

// ANCHOR: errors
/// Answers failures with a page, or with JSON where the client likes that better.
///
/// A visitor sees the status, the words of a failure that is his own, and the id of the request, which the log has as well; of ours, nothing.
/// In [`Environment::Development`], and only to a peer on this machine, the page has the failure's words and causes, the lines of source
/// around [`Failure::place`], the rings that were entered, the request without its secrets, and what the router thought of a path
/// without a route. Whatever came from outside is escaped.
pub fn errors() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| match next.run(ctx).await {
        Err(failure) => answer(ctx, failure).await,
        done => done,
    }
}
// ANCHOR_END: errors

async fn answer(ctx: &mut Context<'_>, failure: Failure) -> Answer {
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
    let id = id.filter(|_| failure.is_ours());
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
            let page = if is_developer(ctx) { details(ctx, &failure).await } else { visitors(&failure, id.as_deref()) };
            ctx.html(head(&failure) + &page)
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
    let mut page = String::new();
    if failure.shown() != reason(failure.status()) {
        page += &format!("<p>{}</p>\n", escape(failure.shown()));
    }
    if let Some(id) = id {
        page += &format!("<p>If you tell us of it, name <code>{}</code>.</p>\n", escape(id));
    }
    page
}
