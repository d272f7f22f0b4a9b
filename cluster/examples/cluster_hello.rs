//! One port and four processes behind it, each of which answers in turn.
//!
//! Run: cargo run --example cluster_hello

use std::{rc::Rc, time::Duration};
use wirebook_cluster::{self as cluster, Farewell, News, Options, Worker, Workers};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("cluster_hello.rs"), "127.0.0.1:7030");
    let news = |news: &News| match news {
        News::Listening { address } => terminal::listening(address, &[&format!("curl http://{address}/")]),
        other => terminal::tell(format_args!("{other}\n")),
    };
    let options = Options {
        workers: Workers::Count(4),
        listen: vec![addr.clone()],
        // Whoever presses Ctrl-C need not wait for connections that idle.
        farewell: Farewell { lame_duck: Duration::from_millis(200), ..Farewell::default() },
        news: Some(Rc::new(news)),
        ..Options::default()
    };
    // ANCHOR: hello
    // The master runs nothing of this, and each worker does.
    let work = async move |worker: Worker| {
        let me = worker.identity().worker;
        let answer = async move |_: Request<'_>, response: Response<'_>| {
            let text = format!("worker {me}, process {}\n", std::process::id());
            response.header("content-type", "text/plain").end(text).await
        };
        worker.listen(addr, |port| http1::serve_on(port, Default::default(), answer)).await?;
        // Ready; then served until it is told to leave; then left in order.
        worker.serve().await
    };
    cluster::run(options, work)?;
    // ANCHOR_END: hello
    Ok(())
}
