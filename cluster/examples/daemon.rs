//! A server that leaves the terminal, and goes on when its terminal is closed.
//!
//! Run: cargo run --example daemon -- --detach

use clap::Args;
use wirebook_cluster::host::{Background, Daemon, Side, detach};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;
use wirebook_terminal as terminal;

#[derive(Args)]
struct Options {
    /// Where the server listens; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7033")]
    addr: String,
    /// Go to the background; without it the server stays, as service managers want it
    #[arg(long)]
    detach: bool,
}

fn main() -> terminal::Result {
    let options: Options = terminal::arguments(include_str!("daemon.rs"));
    net::block_on(async move {
        // ANCHOR: daemon
        let mut background = Background::default();
        if options.detach {
            match detach(&Daemon::default()).await? {
                // This process has started the other one, which serves, and has nothing more to do.
                Side::Starter { pid, said } => {
                    terminal::listening(&said, &[&format!("curl http://{said}/"), &format!("kill {pid}")]);
                    net::stop();
                    return Ok(());
                }
                Side::Background(waited_for) => background = waited_for,
            }
        }
        match http1::serve(&*options.addr, answer) {
            // Nobody sees this process's standard error: it tells the one that has a terminal.
            Err(error) => {
                background.failed(&error.to_string()).await;
                net::stop();
                Err(error.into())
            }
            Ok(server) => {
                let address = server.local_addr().map_or(options.addr, |address| address.to_string());
                let stop = net::ctrl_c();
                background.ready(&address).await;
                // ANCHOR_END: daemon
                if !options.detach {
                    terminal::listening(&address, &[&format!("curl http://{address}/")]);
                }
                stop.await?;
                server.close();
                net::stop();
                Ok(())
            }
        }
    })?
}

async fn answer(_: Request<'_>, response: Response<'_>) -> http1::Outcome {
    let parent = std::os::unix::process::parent_id();
    response.end(format!("process {}, child of {parent}\n", std::process::id())).await
}
