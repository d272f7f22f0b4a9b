//! Workers that a request kills, and that are there again; until too many have died in a row.
//!
//! Run: cargo run --example cluster_restart

use std::{rc::Rc, time::Duration};
use wirebook_cluster::{self as cluster, Farewell, News, Options, Worker, Workers, supervisor};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("cluster_restart.rs"), "127.0.0.1:7031");
    let news = |news: &News| match news {
        News::Listening { address } => {
            let (look, crash) = (format!("curl http://{address}/"), format!("curl http://{address}/crash"));
            terminal::listening(address, &[&look, &crash]);
        }
        other => terminal::tell(format_args!("{other}\n")),
    };
    // ANCHOR: restart
    let limit = supervisor::RestartLimit { deaths: 3, within: Duration::from_secs(10) };
    let back_off = supervisor::BackOff { longest: Duration::from_secs(3), ..Default::default() };
    let options = Options {
        workers: Workers::Count(2),
        supervisor: supervisor::Options { limit, back_off, ..Default::default() },
        listen: vec![addr.clone()],
        // Whoever presses Ctrl-C need not wait for connections that idle.
        farewell: Farewell { lame_duck: Duration::from_millis(200), ..Farewell::default() },
        news: Some(Rc::new(news)),
        ..Options::default()
    };
    // ANCHOR_END: restart
    cluster::run(options, async move |worker: Worker| {
        let me = worker.identity().worker;
        let answer = async move |request: Request<'_>, response: Response<'_>| {
            if request.path() == "/crash" {
                // A bug: its client sees the connection break, and nobody else sees anything.
                std::process::abort();
            }
            response.end(format!("worker {me}\n")).await
        };
        worker.listen(addr, |port| http1::serve_on(port, Default::default(), answer)).await?;
        worker.serve().await
    })?;
    Ok(())
}
