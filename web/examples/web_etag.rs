//! A page that is sent once: with the tag of its bytes, with the date of its last change, or not at all.
//!
//! Run: cargo run --example web_etag -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::layers::conditional;
use wirebook_web::{App, Options, Router, get, router::RouteError};

// ANCHOR: etag
/// Thursday, the first of January 2026: when the price list was changed.
const CHANGED: u64 = 1_767_225_600;

pub(crate) fn app() -> Result<App, RouteError> {
    Router::new()
        // The tag is made of the bytes of the page, which are made each time.
        .route(get("/", async |ctx| ctx.text("Green tea costs three coins.\n")).layer(conditional()))
        // The date is known before the page is made, so it is not made for whoever has it.
        .get("/prices", async |ctx| {
            ctx.last_modified(CHANGED)?;
            if ctx.is_fresh() { ctx.empty(304) } else { ctx.text("green 3\nblack 2\n") }
        })
        .into_app(Options::default())
}
// ANCHOR_END: etag

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_etag.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let since = "'if-modified-since: Thu, 01 Jan 2026 00:00:00 GMT'";
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[&format!("curl -i http://{here}/"), &format!("curl -i -H {since} http://{here}/prices")],
        );
        Ok(server.until(stop).await?)
    })
}
