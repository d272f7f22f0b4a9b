//! Files that strangers send, and that are given back: streamed to a folder, under names of ours, saved and never shown.
//!
//! Run: cargo run --example web_uploads -- --addr 127.0.0.1:8000 --folder uploads

use std::path::{Path, PathBuf};
use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::files::Files;
use wirebook_web::multipart::Limits;
use wirebook_web::uploads::Uploads;
use wirebook_web::{Answer, App, Context, Failure, Options, Router, post};

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    addr: String,
    /// Where to keep them
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

// ANCHOR: uploads
async fn receive(ctx: &mut Context<'_>) -> Answer {
    let uploads = ctx.service::<Uploads>().cloned().ok_or_else(|| Failure::of(500))?;
    let form = uploads.form(ctx, Limits { files: 3, file: 64 << 20, ..Limits::default() }).await?;
    let mut lines = String::new();
    for file in form.files {
        let (label, length) = (file.filename.clone().unwrap_or_default(), file.length);
        // What is not kept is gone when it is dropped: also if the client vanishes, or the disk is full.
        let name = file.keep().await?;
        lines += &format!("/files/{name} {length} bytes {label:?}\n");
    }
    ctx.status(201).text(lines)
}

pub(crate) fn app(folder: &Path) -> terminal::Result<App> {
    let router = Router::new()
        .service(Uploads::beneath(folder)?)
        .route(post("/", receive).body_limit(200 << 20))
        .files("/files", Files::beneath(folder)?.index(None).downloads());
    Ok(router.into_app(Options::default())?)
}
// ANCHOR_END: uploads

fn main() -> terminal::Result {
    let Arguments { addr, folder } = terminal::arguments(include_str!("web_uploads.rs"));
    net::run(async move {
        let server = app(&folder)?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -F file=@README.md http://{here}/")]);
        Ok(server.until(stop).await?)
    })
}
