//! A visitor who takes no cookies: the session's token stands in every link, bound to the browser that it was made for.
//!
//! Run: cargo run --example web_session_query -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::session::{Carrier, MemoryStore, SessionOptions, Sessions, session};
use wirebook_web::trust::Keys;
use wirebook_web::{App, Options, Router, router::RouteError};

// ANCHOR: query
pub(crate) fn app() -> Result<App, RouteError> {
    let keys = Keys::new(&[b"a secret of thirty-two bytes, or of more"]).expect("it is long enough");
    let options = SessionOptions { carrier: Carrier::Query, ..SessionOptions::default() };
    let sessions = Sessions::new(MemoryStore::default(), keys)
        .with(options)
        .bind(|ctx| ctx.header("user-agent").unwrap_or_default().into());
    Router::new()
        .layer(session(sessions))
        .get("/", async |ctx| {
            let session = ctx.session()?;
            let (visits, token) = (session.add("visits", 1), session.token().unwrap_or_default());
            let link = format!("<a href=\"/?sid={token}\">again</a>");
            ctx.html(format!("<!doctype html><title>Visits</title><p>{visits} {link}\n"))
        })
        .into_app(Options::default())
}
// ANCHOR_END: query

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_session_query.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl http://{here}/")]);
        Ok(server.until(stop).await?)
    })
}
