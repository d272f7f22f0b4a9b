//! Templates over HTTP: a page with a layout, and a page whose slow parts come later, in the order they get ready.
//!
//! Run: cargo run --example template_server -- --addr 127.0.0.1:8090

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_template::{Engine, Reload, Value, data};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("template_server.rs"), "127.0.0.1:8090");
    let mut engine = Engine::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/views"))?;
    // A changed file shows at the next request: nobody restarts a server to move a comma.
    engine.set_reload(Reload::OnChange);
    engine.helper("money", |args| match args {
        [Value::Number(cents), ..] => Ok(format!("${:.2}", cents / 100.0).into()),
        _ => Err("money takes a number of cents".to_owned()),
    });
    let engine = Rc::new(engine);
    net::run(async move {
        let server =
            http1::serve(addr, async move |request: Request<'_>, response: Response<'_>| match request.path() {
                "/" => shop(&engine, response).await,
                "/feed" => feed(&engine, response).await,
                _ => response.status(404).header("content-type", "text/plain").end("no such page\n").await,
            })?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl http://{here}/"), &format!("curl -N http://{here}/feed")]);
        stop.await?;
        server.close();
        net::stop();
        Ok(())
    })
}

async fn shop(engine: &Engine, response: Response<'_>) -> Outcome {
    let data = data!({
        "title": "Tea & biscuits",
        "teas": [{ "name": "Oolong", "cents": 450, "tags": ["half"] }, { "name": "Sencha", "cents": 620, "tags": [] }],
    });
    let response = response.header("content-type", "text/html; charset=utf-8");
    match engine.render_file("shop", &data) {
        Ok(page) => response.end(page).await,
        // The message names files and lines: it is for the log, not for the visitor.
        Err(error) => {
            eprintln!("{error}");
            response.status(500).end("<h1>This page is broken</h1>\n").await
        }
    }
}

// ANCHOR: feed
async fn feed(engine: &Engine, response: Response<'_>) -> Outcome {
    let mut response = response.header("content-type", "text/html; charset=utf-8");
    let rendered = engine.template("feed").and_then(|page| page.render_pipe(&data!({ "title": "Today" })));
    let mut pipe = match rendered {
        Ok(pipe) => pipe,
        Err(error) => {
            eprintln!("{error}");
            return response.status(500).end("<h1>This page is broken</h1>\n").await;
        }
    };
    response.write(pipe.head()).await?;
    // Two parts, each in its own time; the page is on the reader's screen already.
    let weather = net::spawn(late(300, "<p>Rain.</p>"));
    let news = net::spawn(late(900, "<p>Ducks have been seen.</p>"));
    for (name, part) in [("weather", weather), ("news", news)] {
        let part = part.await.unwrap_or("<p>This part is missing today.</p>");
        if let Ok(piece) = pipe.fill(name, part) {
            response.write(piece).await?;
        }
    }
    response.end(pipe.tail()).await
}
// ANCHOR_END: feed

/// A part that takes its time.
async fn late(milliseconds: u64, html: &'static str) -> &'static str {
    net::sleep(Duration::from_millis(milliseconds)).await;
    html
}
