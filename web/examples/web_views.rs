//! A page from a template, and a page whose slow parts come when they are ready (BigPipe).
//!
//! Run: cargo run --example web_views -- --addr 127.0.0.1:8000

use std::path::Path;
use std::time::Duration;
use wirebook_net as net;
use wirebook_template::data;
use wirebook_terminal as terminal;
use wirebook_web::views::Views;
use wirebook_web::{Answer, App, Context, Failure, Options, Router};

// ANCHOR: pages
async fn teas(ctx: &mut Context<'_>) -> Answer {
    ctx.render(
        "teas",
        &data!({ "teas": [{ "name": "Green & white", "minutes": 2 }, { "name": "Black", "minutes": 4 }] }),
    )
}

async fn today(ctx: &mut Context<'_>) -> Answer {
    ctx.pipe("today", &data!({}), |parts| {
        parts.part("news", late(900, "<p>Ducks have been seen.</p>")).part("weather", late(300, "<p>Rain.</p>"));
    })
}

/// A part that takes its time.
async fn late(milliseconds: u64, html: &str) -> Result<String, Failure> {
    net::sleep(Duration::from_millis(milliseconds)).await;
    Ok(html.to_owned())
}

pub(crate) fn app(folder: &Path) -> terminal::Result<App> {
    let views = Views::beneath(folder)?.reload();
    let router = Router::new().views(views.local("site", "Tea")).get("/", teas).get("/today", today);
    Ok(router.into_app(Options::default())?)
}
// ANCHOR_END: pages

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_views.rs"), "127.0.0.1:8000");
    net::run(async move {
        let views = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/views");
        let server = app(&views)?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        terminal::listening(here, &[&format!("curl http://{here}/"), &format!("curl -N http://{here}/today")]);
        Ok(server.until(net::ctrl_c()).await?)
    })
}
