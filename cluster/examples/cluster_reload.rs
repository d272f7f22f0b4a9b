//! New workers for old ones, without a request lost: SIGHUP starts a generation of what the program's file is then.
//!
//! Run: cargo run --example cluster_reload

use std::{rc::Rc, time::Duration};
use wirebook_cluster::{self as cluster, Farewell, News, Options, Worker, Workers};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("cluster_reload.rs"), "127.0.0.1:7032");
    let news = |news: &News| match news {
        News::Listening { address } => {
            let reload = format!("kill -HUP {}", std::process::id());
            terminal::listening(address, &[&format!("curl http://{address}/slow & {reload}"), &reload]);
        }
        other => terminal::tell(format_args!("{other}\n")),
    };
    let options = Options {
        workers: Workers::Count(2),
        listen: vec![addr.clone()],
        // Whoever presses Ctrl-C need not wait for connections that idle.
        farewell: Farewell { lame_duck: Duration::from_millis(200), ..Farewell::default() },
        news: Some(Rc::new(news)),
        ..Options::default()
    };
    cluster::run(options, async move |worker: Worker| {
        let me = worker.identity();
        let answer = async move |request: Request<'_>, response: Response<'_>| {
            if request.path() == "/slow" {
                // Told to leave meanwhile, it answers first.
                wirebook_net::sleep(Duration::from_secs(2)).await;
            }
            response.end(format!("worker {} of generation {}\n", me.worker, me.generation)).await
        };
        worker.listen(addr, |port| http1::serve_on(port, Default::default(), answer)).await?;
        worker.serve().await
    })?;
    Ok(())
}
