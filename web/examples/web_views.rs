//! A page whose late parts come when they are ready: BigPipe over HTTP, and a link by a route's name.
//!
//! Run: cargo run --example web_views -- --addr 127.0.0.1:8000

use std::time::Duration;
use wirebook_net as net;
use wirebook_template::{Engine, data};
use wirebook_terminal as terminal;
use wirebook_web::views::{Parts, Views};
use wirebook_web::{App, Failure, Options, Router, get, router::RouteError};

// ANCHOR: views
const HOME: &str = "<!doctype html><title>Teas</title><h1>Teas</h1>
<%- placeholder('hot', 'What is hot comes soon.') %>
<%- placeholder('news', 'News come soon.') %>
<p><a href=\"<%= url_for('tea', { name: 'green' }) %>\">Green tea</a></p>
<%- pagelets() %>
";

async fn after(seconds: u64, html: &'static str) -> Result<String, Failure> {
    net::sleep(Duration::from_secs(seconds)).await;
    Ok(html.to_owned())
}

pub(crate) fn app() -> Result<App, RouteError> {
    let mut engine = Engine::in_memory();
    engine.add("home", HOME);
    engine.add("tea", "<!doctype html><title><%= name %></title><h1><%= name %> tea</h1>\n");
    Router::new()
        .views(Views::new(engine))
        .get("/", async |ctx| {
            let parts = Parts::default().part("hot", after(2, "<b>Oolong</b>")).part("news", after(1, "A new kettle."));
            ctx.pipe("home", &data!({}), parts)
        })
        .route(
            get("/teas/{name}", async |ctx| {
                let name = ctx.param("name").unwrap_or_default().into_owned();
                ctx.render("tea", &data!({ "name": name }))
            })
            .name("tea"),
        )
        .into_app(Options::default())
}
// ANCHOR_END: views

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_views.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -N http://{here}/"), &format!("curl http://{here}/teas/green")]);
        Ok(server.until(stop).await?)
    })
}
