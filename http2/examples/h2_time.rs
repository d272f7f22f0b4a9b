//! A line every two seconds, for as long as the client listens: to curl, to Node, to a browser.
//!
//! Run: cargo run --example h2_time -- --addr 127.0.0.1:8000

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wirebook_http2::{self as http2, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_terminal as terminal;

// ANCHOR: time
async fn time(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    let mut response = response.header("content-type", "text/plain; charset=utf-8");
    loop {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 86_400;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        response.write(format!("It is {hours:02}:{minutes:02}:{:02} in Greenwich\n", seconds % 60)).await?;
        // Whoever has gone, or wants to, is not waited for.
        if net::timeout(Duration::from_secs(2), request.closed()).await.is_ok() {
            return response.end("").await;
        }
    }
}
// ANCHOR_END: time

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("h2_time.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = http2::serve(addr, time)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl --http2-prior-knowledge --no-buffer http://{here}/")]);
        Ok(server.until(stop).await?)
    })
}
