//! A feed with a memory: kill the client or the server, start it again, and no event is lost.
//!
//! Run: cargo run --example sse_feed -- --addr 127.0.0.1:8004
//!
//! Then, beside it: cargo run --example sse_client -- --url http://127.0.0.1:8004/events
//!
//! The feed counts. With a journal, a server that starts again reads the file back into the ring, so that the ids of its
//! former life still mean something. Without one no file is written, and each life has an epoch of its own in its ids: a
//! client of a former life is told that it has lost events.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wirebook_net as net;
use wirebook_sse::channel::{Settings, Start};
use wirebook_sse::{self as sse, feed::Feed};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8004")]
    addr: String,
    /// Write each number to this file before it is published, as in --journal /tmp/feed.journal
    #[arg(long, value_name = "FILE")]
    journal: Option<String>,
    /// Milliseconds from number to number
    #[arg(long, value_name = "MS", default_value_t = 500)]
    every: u64,
    /// End the feed after this number: clients are answered with 204 from then on, and stay away
    #[arg(long, value_name = "N")]
    last: Option<u64>,
}

fn main() -> terminal::Result {
    let Arguments { addr, journal, every, last } = terminal::arguments(include_str!("sse_feed.rs"));
    let every = Duration::from_millis(every);
    net::run(async move {
        let settings =
            Settings { start: Start::Oldest, ring_events: 100_000, ring_bytes: 16 << 20, ..Settings::default() };
        let (feed, mut journal) = match journal {
            Some(path) => {
                let (feed, journal) = restore(&path, settings).map_err(terminal::at(&path))?;
                (feed, Some(journal))
            }
            None => (Feed::new(Settings { epoch: epoch(), ..settings }), None),
        };
        let server = sse::serve(addr, feed.clone())?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -N http://{here}/events")]);
        net::spawn(async move {
            loop {
                let next = feed.with_channel(|channel| channel.next());
                if last.is_some_and(|last| next > last) {
                    return feed.close();
                }
                if let Err(error) = append(&feed, journal.as_mut(), &format!("number {next}")) {
                    eprintln!("sse_feed: the journal cannot be written: {error}");
                    return net::stop();
                }
                net::sleep(every).await;
            }
        });
        server.until(stop).await?;
        net::stop();
        Ok(())
    })
}

/// A name for this life of the server: no other one began in the same millisecond.
fn epoch() -> String {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string()
}

// ANCHOR: restore
/// The feed as an earlier life left it: every line of the journal is an event.
fn restore(path: &str, settings: Settings) -> io::Result<(Feed, File)> {
    let mut journal = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut text = String::new();
    journal.read_to_string(&mut text)?;
    // A line without its end was being written when the server was killed, and was never published.
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    journal.set_len(whole as u64)?;
    let feed = Feed::new(settings);
    for line in text[..whole].lines() {
        feed.publish("message", line).map_err(io::Error::other)?;
    }
    Ok((feed, journal))
}

/// To the journal first: what a client has seen, a server must remember.
fn append(feed: &Feed, journal: Option<&mut File>, text: &str) -> io::Result<()> {
    if let Some(journal) = journal {
        journal.write_all(format!("{text}\n").as_bytes())?;
        journal.sync_data()?;
    }
    feed.publish("message", text).map_err(io::Error::other)?;
    Ok(())
}
// ANCHOR_END: restore
