//! A form with files that is counted and thrown away: a film costs as much memory as a word.
//!
//! Run: cargo run --example web_upload -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::multipart::Limits;
use wirebook_web::{Answer, App, Context, Options, Router, post, router::RouteError};

// ANCHOR: upload
async fn upload(ctx: &mut Context<'_>) -> Answer {
    let mut parts = ctx.multipart(Limits { files: 3, file: 64 << 20, ..Limits::default() })?;
    let mut lines = String::new();
    while let Some(mut part) = parts.next().await? {
        let what = part.filename().map_or("a field".to_owned(), |file| format!("the file {file:?}"));
        let (name, mut bytes) = (part.name().to_owned(), 0);
        while let Some(piece) = part.chunk().await? {
            bytes += piece.len();
        }
        lines += &format!("{name:?}: {what} of {bytes} bytes\n");
    }
    ctx.text(lines)
}

/// What a browser needs to send files.
const FORM: &str = "<!doctype html><title>Upload</title>
<form method=post enctype=multipart/form-data>
<input type=file name=file multiple><button>Send</button></form>
";

pub(crate) fn app() -> Result<App, RouteError> {
    Router::new()
        .get("/", async |ctx| ctx.html(FORM))
        .route(post("/", upload).body_limit(200 << 20))
        .into_app(Options::default())
}
// ANCHOR_END: upload

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_upload.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -F file=@Cargo.lock -F tea=green http://{here}/")]);
        Ok(server.until(stop).await?)
    })
}
