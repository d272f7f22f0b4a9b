//! A proxy before another server: one path of ours is its own.
//!
//! Run: cargo run --example web_proxy -- --addr 127.0.0.1:8000 --to http://127.0.0.1:9000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::proxy::{self, Proxy};
use wirebook_web::{App, Options, Router, router::RouteError};

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    addr: String,
    /// The server behind
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9000")]
    to: String,
}

// ANCHOR: proxy
pub(crate) fn app(behind: Proxy) -> Result<App, RouteError> {
    let nebula = behind.rewrite("/api-nebula", "/api").change_origin();
    Router::new()
        .get("/", async |ctx| ctx.text("in front\n"))
        .any("/api-nebula/{*rest}", nebula.handler())
        .into_app(Options::default())
}
// ANCHOR_END: proxy

fn main() -> terminal::Result {
    let Arguments { addr, to } = terminal::arguments(include_str!("web_proxy.rs"));
    net::run(async move {
        let server = app(proxy::to(&to)?)?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let behind = to.trim_start_matches("http://").split('/').next().unwrap_or_default();
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -i http://{here}/api-nebula/hello")]);
        println!("a server to stand behind it: cargo run --example web_request -- --addr {behind}");
        Ok(server.until(stop).await?)
    })
}
