//! Chat rooms: a page and its WebSocket on one port, and a hub that tells everybody in a room.
//!
//! Run: cargo run --example ws_chat -- --addr 127.0.0.1:9003     (then open the address in two tabs of a browser)

use std::time::Duration;

use wirebook_http1::server::{Options as HttpOptions, Request, Response};
use wirebook_http1::{self as http1, Failure};
use wirebook_net::{self as net, tcp::TcpListener};
use wirebook_terminal as terminal;
use wirebook_websocket::{self as websocket, Code, Hub, Options, Overflow};

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9003")]
    addr: String,
}

fn main() -> terminal::Result {
    let arguments: Arguments = terminal::arguments(include_str!("ws_chat.rs"));
    net::run(async move {
        let listener = TcpListener::bind(arguments.addr)?;
        let here = listener.local_addr()?;
        let asked = net::ctrl_c();
        terminal::listening(here, &[&format!("http://{here}/ in two tabs of a browser")]);
        let hub = Hub::new(Overflow::Disconnect, Some(256 << 10));
        let everybody = hub.clone();
        let handler = async move |request: Request<'_>, response: Response<'_>| match request.path() {
            "/" => page(response).await,
            "/chat" => chat(&hub, request, response).await,
            _ => response.status(404).end("There is nothing here.\n").await,
        };
        let stop = async {
            let asked = asked.await;
            everybody.close_all(Code::GOING_AWAY, "the server stops");
            asked
        };
        let options = HttpOptions { close_timeout: Duration::from_secs(1), ..HttpOptions::default() };
        Ok(http1::serve_on(listener, options, handler).until(stop).await?)
    })
}

async fn page(response: Response<'_>) -> Result<(), Failure> {
    response.header("content-type", "text/html; charset=utf-8").end(include_str!("ws_chat.html")).await
}

// ANCHOR: chat
async fn chat(hub: &Hub, request: Request<'_>, response: Response<'_>) -> Result<(), Failure> {
    let query = request.query().unwrap_or("").to_owned();
    let (room, name) = (parameter(&query, "room"), parameter(&query, "name"));
    // The default policy lets only pages of this very host connect.
    let Some(mut socket) = websocket::upgrade(request, response, &Options::default()).await? else { return Ok(()) };
    let seat = hub.join(&room, &socket.writer);
    hub.broadcast(&room, format!("{name} is here; {} in {room}", hub.members(&room)));
    while let Ok(Some(message)) = socket.reader.next().await {
        let Some(text) = message.as_text() else { continue };
        let sent = hub.broadcast_except(&room, format!("{name}: {text}"), &seat);
        // The acknowledgement: to the sender alone, with how many it went to.
        socket.writer.send(format!("you, to {sent}: {text}")).await?;
    }
    drop(seat);
    hub.broadcast(&room, format!("{name} has left"));
    Ok(())
}
// ANCHOR_END: chat

/// A parameter of the query, of letters, digits, dashes and underscores; `guest` where it is missing or empty.
fn parameter(query: &str, name: &str) -> String {
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    let value = value.map_or("", |(_, value)| value);
    let clean: String = value.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).take(20).collect();
    if clean.is_empty() { "guest".to_owned() } else { clean }
}
