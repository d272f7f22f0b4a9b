//! A folder as a site: compressed, with conditions and parts, and a line for each request.
//!
//! Run: cargo run --example web_static -- --addr 127.0.0.1:8000 --folder book/src

use std::path::{Path, PathBuf};
use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::compress::compress;
use wirebook_web::files::Files;
use wirebook_web::log::{AccessLayout, Appender, Console, access_log};
use wirebook_web::{App, Options, Router};

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    addr: String,
    /// What to serve: nothing outside of it, and nothing whose name begins with a dot
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

// ANCHOR: site
pub(crate) fn app(folder: &Path, log: Appender) -> terminal::Result<App> {
    let files = Files::beneath(folder)?.extension("html").precompressed();
    let router = Router::new().layer(access_log(log, AccessLayout::Dev)).layer(compress()).files("/", files);
    Ok(router.into_app(Options::default())?)
}
// ANCHOR_END: site

fn main() -> terminal::Result {
    let Arguments { addr, folder } = terminal::arguments(include_str!("web_static.rs"));
    net::run(async move {
        let log = Appender::new(Console);
        let server = app(&folder, log.clone())?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[&format!("curl -I http://{here}/README.md"), &format!("curl -r 0-9 http://{here}/README.md")],
        );
        server.until(stop).await?;
        log.flush().await;
        Ok(())
    })
}
