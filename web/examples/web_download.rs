//! Answers that are no pages: a file to be saved under a name, and the way to another place.
//!
//! Run: cargo run --example web_download -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::{App, Options, Router, router::RouteError};

// ANCHOR: download
pub(crate) fn app() -> Result<App, RouteError> {
    Router::new()
        .get("/prices", async |ctx| {
            ctx.attachment(Some("Prices in €.csv"))?.content_type("text/csv")?.text("green,3\n")
        })
        .get("/old", async |ctx| ctx.status(301).redirect("/prices"))
        // `?next=//evil.example` is no place of this server, and so a 400.
        .get("/to", async |ctx| {
            let next = ctx.query_value("next").unwrap_or_default();
            ctx.redirect(&next)
        })
        .get("/back", async |ctx| ctx.back("/prices"))
        .into_app(Options::default())
}
// ANCHOR_END: download

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_download.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[&format!("curl -OJ http://{here}/prices"), &format!("curl -i 'http://{here}/to?next=//evil.example'")],
        );
        Ok(server.until(stop).await?)
    })
}
