//! A body of JSON or of XML, read as its type says, and given back as JSON; `GET /tea` gives JSON to a script of another site.
//!
//! Run: cargo run --example web_json_xml -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::{Answer, App, Context, Failure, Options, Parsed, Router, router::RouteError};

// ANCHOR: json_xml
async fn body(ctx: &mut Context<'_>) -> Answer {
    let invalid = if ctx.is(&["json", "*/*+json"]).is_some() { "Invalid JSON" } else { "Invalid XML" };
    let read = ctx.read_body().await;
    let value =
        match read.map_err(|failure| if failure.status() == 400 { Failure::new(400, invalid) } else { failure })? {
            Parsed::Json(value) => value,
            Parsed::Xml(document) => document.to_json(),
            _ => return ctx.fail(415, "JSON or XML is wanted"),
        };
    ctx.json(&value)
}
// ANCHOR_END: json_xml

pub(crate) fn app() -> Result<App, RouteError> {
    Router::new()
        .post("/", body)
        .get("/tea", async |ctx| ctx.jsonp(&serde_json::json!({ "tea": "green", "minutes": 3 })))
        .into_app(Options::default())
}

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_json_xml.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let xml = "'<order id=\"7\"><tea>green</tea></order>'";
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[
                &format!("curl --json '{{\"tea\":\"green\"}}' http://{here}/"),
                &format!("curl -H 'content-type: application/xml' -d {xml} http://{here}/"),
                &format!("curl -i 'http://{here}/tea?callback=show'"),
            ],
        );
        Ok(server.until(stop).await?)
    })
}
