//! The smallest application: one route, and a clean end.
//!
//! Run: cargo run --example web_hello -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::{Options, Router};

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_hello.rs"), "127.0.0.1:8000");
    // ANCHOR: hello
    net::run(async move {
        let app = Router::new().get("/", async |ctx| ctx.text("Hello, World!\n")).into_app(Options::default())?;
        let server = app.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl http://{here}/")]);
        Ok(server.until(stop).await?)
    })
    // ANCHOR_END: hello
}
