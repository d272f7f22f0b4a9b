//! WebSockets on streams of HTTP/2 (RFC 8441): a server that echoes, and a client that talks to it on three of them.
//!
//! Run: cargo run --example h2_websocket

use clap::Args;
use std::sync::Arc;
use wirebook_http2::client::{Opened, Session};
use wirebook_http2::server::Options as ServerOptions;
use wirebook_http2::{self as http2, Config, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_terminal::{self as terminal, Complaint};
use wirebook_websocket as websocket;

#[derive(Args)]
struct Options {
    /// Go on serving there when the client is done
    #[arg(long, value_name = "HOST:PORT")]
    stay: Option<String>,
}

// ANCHOR: handler
/// The handler knows nothing of which protocol it is: a GET with `Upgrade` of HTTP/1.1, or CONNECT with `:protocol` of HTTP/2.
async fn echo(request: Request<'_>, response: Response<'_>) -> Outcome {
    let Some(mut socket) = websocket::upgrade(request, response, &Default::default()).await? else { return Ok(()) };
    while let Some(message) = socket.reader.next().await? {
        socket.writer.send(message).await?;
    }
    Ok(())
}
// ANCHOR_END: handler

fn main() -> terminal::Result {
    let Options { stay } = terminal::arguments(include_str!("h2_websocket.rs"));
    net::run(async move {
        let complain = |error: &dyn std::fmt::Display| Complaint::new(format!("{error}."), "Is the address free?");
        let addr = stay.as_deref().unwrap_or("127.0.0.1:0");
        // ANCHOR: serve
        let http2 = Config { extended_connect: true, ..Config::default() };
        let options = ServerOptions { http2: Arc::new(http2), ..ServerOptions::default() };
        let server = http2::serve_with(addr, options, echo).map_err(|error| complain(&error))?;
        // ANCHOR_END: serve
        let Some(address) = server.local_addr() else { return Ok(()) };
        println!("ws://{address}/ over HTTP/1.1, and CONNECT with :protocol websocket over HTTP/2");
        let session = Session::connect(address).await.map_err(|error| complain(&error))?;
        for number in 1..=3 {
            let said = talk(&session, &address.to_string(), number).await.map_err(|error| complain(&error))?;
            println!("stream {}: {said}", 2 * number - 1);
        }
        drop(session);
        if stay.is_some() {
            return server.until(net::ctrl_c()).await.map_err(|error| complain(&error));
        }
        server.until(async {}).await;
        Ok(())
    })
}

// ANCHOR: client
/// Opens a WebSocket on a stream of the session, says something, and gives the echo.
async fn talk(session: &Session, host: &str, number: u32) -> Result<String, Box<dyn std::error::Error>> {
    let request = websocket::request(host, "/", &Default::default());
    let connect = session.request("CONNECT", &request.target);
    let connect = request.extended_fields().fold(connect, |connect, (name, value)| connect.header(&name, value));
    let Opened { stream, headers } = connect.upgrade("websocket").await?;
    let agreed = request.check_extended(200, headers.lines().iter())?;
    let mut socket = websocket::joined(stream, agreed, Arc::default());
    socket.writer.send(format!("hello {number}")).await?;
    let echo = socket.reader.next().await?.ok_or("no echo")?;
    Ok(echo.as_text().unwrap_or_default().to_owned())
}
// ANCHOR_END: client
