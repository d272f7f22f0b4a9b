//! What a request says, read back to whoever sent it: method, path, query, host, address, and which answer it likes best.
//!
//! Run: cargo run --example web_request -- --addr 127.0.0.1:8000

use serde_json::json;
use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::{Answer, App, Context, Options, Router, router::RouteError};

// ANCHOR: request
async fn read_back(ctx: &mut Context<'_>) -> Answer {
    let said = json!({
        "method": ctx.method(),
        "may be sent twice": ctx.is_idempotent(),
        "path": ctx.path(),
        "page": ctx.query_value("page"),
        "host": ctx.hostname(),
        "protocol": ctx.protocol(),
        "ip": ctx.ip().map(|ip| ip.to_string()),
        "language": ctx.accepts_languages(&["en", "de", "zh"]),
    });
    match ctx.accepts(&["text", "json"]) {
        Some("json") => ctx.json(&said),
        Some(_) => ctx.text(format!("{said:#}\n")),
        None => ctx.fail(406, "there is text and json"),
    }
}

pub(crate) fn app() -> Result<App, RouteError> {
    // `{*rest}` stands for something, so the front page has a route of its own.
    Router::new().any("/", read_back).any("/{*rest}", read_back).into_app(Options::default())
}
// ANCHOR_END: request

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_request.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let ask = format!("curl -H 'Accept: text/*' 'http://{here}/teas/%6Eew?page=2'");
        terminal::listening(here, &[&ask]);
        Ok(server.until(net::ctrl_c()).await?)
    })
}
