//! A back room with a name and a password, in a shop that is open to all.
//!
//! Run: cargo run --example web_basic -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::layers::{User, basic, same};
use wirebook_web::{App, Options, Router, router::RouteError};

// ANCHOR: rooms
pub(crate) fn app() -> Result<App, RouteError> {
    let room = Router::new()
        .edge(basic("the back room", |name, password| same(name, "ada") & same(password, "open sesame")))
        .get("/", async |ctx| {
            let name = ctx.get_state::<User>().map(|user| user.0.clone()).unwrap_or_default();
            ctx.text(format!("Welcome, {name}.\n"))
        });
    Router::new().get("/", async |ctx| ctx.text("The shop is open.\n")).nest("/back", room).into_app(Options::default())
}
// ANCHOR_END: rooms

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_basic.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[&format!("curl -i http://{here}/back"), &format!("curl -u 'ada:open sesame' http://{here}/back")],
        );
        Ok(server.until(stop).await?)
    })
}
