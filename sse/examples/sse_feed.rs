//! A feed with a memory: kill the client or the server, start it again, and no event is lost.
//!
//! Run: cargo run --example sse_feed -- --addr 127.0.0.1:8004 --journal /tmp/feed.journal
//!
//! Then, beside it: cargo run --example sse_client -- --url http://127.0.0.1:8004/events
//!
//! The feed counts, twice a second (`--every MS`). Each number is written to the journal before it is published; a server
//! that starts again reads the journal back into the ring, so that the ids of its former life still mean something.
//! `--last N` ends the feed after number N: clients are answered with 204 from then on and stay away.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::time::Duration;

use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;
use wirebook_sse::channel::{Settings, Start};
use wirebook_sse::feed::Feed;
use wirebook_sse::server::{Options, serve_feed};

fn main() -> io::Result<()> {
    let argument = |name: &str| std::env::args().skip_while(|argument| argument != name).nth(1);
    let addr = argument("--addr").unwrap_or_else(|| "127.0.0.1:8004".into());
    let journal = argument("--journal").unwrap_or_else(|| "sse_feed.journal".into());
    let every = Duration::from_millis(argument("--every").and_then(|text| text.parse().ok()).unwrap_or(500));
    let last = argument("--last").and_then(|text| text.parse::<u64>().ok());
    net::run(async move {
        let (feed, mut journal) = restore(&journal)?;
        let served = feed.clone();
        let server = http1::serve(&*addr, async move |mut request: Request<'_>, response: Response<'_>| {
            serve_feed(&mut request, response, &served, &Options::default()).await
        })?;
        println!("listening on {}", server.local_addr().expect("TCP has an address"));
        net::spawn(async move {
            loop {
                let next = feed.with_channel(|channel| channel.next());
                if last.is_some_and(|last| next > last) {
                    return feed.close();
                }
                if let Err(error) = append(&feed, &mut journal, &format!("number {next}")) {
                    eprintln!("sse_feed: the journal cannot be written: {error}");
                    return net::stop();
                }
                net::sleep(every).await;
            }
        });
        net::ctrl_c().await?;
        server.close();
        net::stop();
        Ok(())
    })
}

// ANCHOR: restore
/// The feed as an earlier life left it: every line of the journal is an event.
fn restore(path: &str) -> io::Result<(Feed, File)> {
    let mut journal = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut text = String::new();
    journal.read_to_string(&mut text)?;
    // A line without its end was being written when the server was killed, and was never published.
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    journal.set_len(whole as u64)?;
    let settings = Settings { start: Start::Oldest, ring_events: 100_000, ring_bytes: 16 << 20, ..Settings::default() };
    let feed = Feed::new(settings);
    for line in text[..whole].lines() {
        feed.publish("message", line).map_err(io::Error::other)?;
    }
    Ok((feed, journal))
}

/// To the journal first: what a client has seen, a server must remember.
fn append(feed: &Feed, journal: &mut File, text: &str) -> io::Result<()> {
    journal.write_all(format!("{text}\n").as_bytes())?;
    journal.sync_data()?;
    feed.publish("message", text).map_err(io::Error::other)?;
    Ok(())
}
// ANCHOR_END: restore
