//! Routing in five ways: by hand, with parameters, nested behind a prefix, for all methods, and naturally.
//!
//! Run: cargo run --example web_router -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::{App, Natural, Options, Router, get, router::RouteError};

// ANCHOR: routes
pub(crate) fn app() -> Result<App, RouteError> {
    let users = Router::new().get("/", async |ctx| ctx.text("all users\n")).route(
        get("/{id:int}", async |ctx| {
            let (id, here) = (ctx.param_as::<u64>("id")?, ctx.url_for("user", &[("id", "8")])?);
            ctx.text(format!("user {id}; the next one is {here}\n"))
        })
        .name("user"),
    );
    let controllers = Natural::new().action("user", "setting", async |ctx, parameters| {
        ctx.text(format!("setting of user {}\n", parameters.join(" and ")))
    });
    Router::new()
        .get("/", async |ctx| ctx.text("home\n"))
        .nest("/api/v1/users", users)
        .natural("/legacy", controllers)
        .get("/teas/new", async |ctx| Ok(ctx.pass()))
        .get("/teas/{name}", async |ctx| {
            let name = ctx.param("name").unwrap_or_default().into_owned();
            ctx.text(format!("tea {name}\n"))
        })
        .any("/{*rest}", async |ctx| {
            let text = format!("{} {}: there is nothing\n", ctx.method(), ctx.path());
            ctx.status(404).text(text)
        })
        .into_app(Options::default())
}
// ANCHOR_END: routes

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_router.rs"), "127.0.0.1:8000");
    net::run(async move {
        let app = app()?;
        let routes = app.routes().join("\n  ");
        let server = app.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[
                &format!("curl http://{here}/api/v1/users/7"),
                &format!("curl http://{here}/legacy/user/setting/12/1987"),
            ],
        );
        println!("  {routes}");
        Ok(server.until(stop).await?)
    })
}
