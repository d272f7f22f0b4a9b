//! A clock: one event a second, and a page that shows it in a browser.
//!
//! Run: cargo run --example sse_clock -- --addr 127.0.0.1:8003

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_net::tcp::TcpListener;
use wirebook_sse::Event;
use wirebook_sse::server::{EventStream, listen_options};
use wirebook_terminal as terminal;

const PAGE: &str = r#"<!doctype html>
<meta charset="utf-8">
<title>A clock over server-sent events</title>
<style>body { font: 1.2rem system-ui; margin: 3rem } output { font: 3rem ui-monospace, monospace; display: block }</style>
<h1>The server's clock</h1>
<output id="time" aria-live="off">…</output>
<p id="state" role="status">connecting</p>
<script>
  // ANCHOR: page
  const [time, state] = ["time", "state"].map((id) => document.getElementById(id));
  const source = new EventSource("events");
  source.onopen = () => { state.textContent = "open"; };
  source.onerror = () => {
    const closed = source.readyState === EventSource.CLOSED;
    state.textContent = closed ? "closed" : "lost, connecting again";
  };
  source.addEventListener("time", (event) => { time.textContent = event.data; });
  // ANCHOR_END: page
</script>
"#;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("sse_clock.rs"), "127.0.0.1:8003");
    net::run(async move {
        // With these options a browser that vanishes with its network is given up.
        let listener = TcpListener::bind_with(addr, &listen_options())?;
        let address = listener.local_addr()?;
        let handler = async |request: Request<'_>, response: Response<'_>| match request.path() {
            "/" => response.header("content-type", "text/html; charset=utf-8").end(PAGE).await,
            "/events" => clock(&request, response).await,
            _ => response.status(404).end("not found\n").await,
        };
        let server = http1::serve_on(listener, Options::default(), handler);
        let stop = net::ctrl_c();
        terminal::listening(
            address,
            &[&format!("curl -N http://{address}/events"), &format!("http://{address}/ in a browser")],
        );
        stop.await?;
        server.close();
        net::stop();
        Ok(())
    })
}

// ANCHOR: clock
async fn clock(request: &Request<'_>, response: Response<'_>) -> Outcome {
    let Some(mut stream) = EventStream::open(request, response).await? else { return Ok(()) };
    stream.retry(Duration::from_secs(1)).await?;
    loop {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let time = format!("{:02}:{:02}:{:02} UTC", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        stream.send(Event::data(&time).event_type("time").id(&seconds.to_string())).await?;
        net::sleep(Duration::from_secs(1)).await;
    }
}
// ANCHOR_END: clock
