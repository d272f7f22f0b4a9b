//! Data that pages of other origins may read: of any, or of one that may change it, too.
//!
//! Run: cargo run --example web_cors -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::layers::Cors;
use wirebook_web::{App, Options, Router, router::RouteError};

// ANCHOR: cors
pub(crate) fn app() -> Result<App, RouteError> {
    let feed = Router::new().edge(Cors::any()).get("/teas", async |ctx| ctx.json(&["green", "black"]));
    // With the visitor's cookies, so only for an origin that is named.
    let partner = Cors::listed(&["https://shop.example"]).credentials().max_age(600);
    let orders = Router::new()
        .edge(partner)
        .get("/", async |ctx| ctx.json(&serde_json::json!({ "open": 2 })))
        .put("/{id:int}", async |ctx| ctx.empty(204));
    Router::new().nest("/feed", feed).nest("/orders", orders).into_app(Options::default())
}
// ANCHOR_END: cors

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_cors.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let asks = "-X OPTIONS -H 'origin: https://shop.example' -H 'access-control-request-method: PUT'";
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[
                &format!("curl -i -H 'origin: https://a.example' http://{here}/feed/teas"),
                &format!("curl -i {asks} http://{here}/orders/7"),
            ],
        );
        Ok(server.until(stop).await?)
    })
}
