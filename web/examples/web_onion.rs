//! The order of an onion: two rings and a handler write down when they run.
//!
//! Run: cargo run --example web_onion -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::{Answer, App, Context, Next, Options, Router, router::RouteError};

// ANCHOR: rings
/// Who ran, in order.
#[derive(Default)]
struct Trace(Vec<&'static str>);

fn note(ctx: &mut Context<'_>, what: &'static str) {
    let mut trace = ctx.state().remove::<Trace>().unwrap_or_default();
    trace.0.push(what);
    ctx.state().insert(trace);
}

async fn outer(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    note(ctx, "outer in");
    let done = next.run(ctx).await?;
    note(ctx, "outer out");
    let trace = ctx.get_state::<Trace>().map(|trace| trace.0.join(", ")).unwrap_or_default();
    ctx.set("x-trace", trace)?;
    Ok(done)
}

async fn inner(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    note(ctx, "inner in");
    let done = next.run(ctx).await?;
    note(ctx, "inner out");
    Ok(done)
}

pub(crate) fn app() -> Result<App, RouteError> {
    Router::new()
        .layer(outer)
        .layer(inner)
        .get("/", async |ctx| {
            note(ctx, "handler");
            ctx.text("Look at the field x-trace.\n")
        })
        .into_app(Options::default())
}
// ANCHOR_END: rings

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_onion.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -i http://{here}/")]);
        Ok(server.until(stop).await?)
    })
}
