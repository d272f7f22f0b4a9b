//! A feed with a memory: kill the client or the server, start it again, and no event is lost.
//!
//! Run: cargo run --example sse_feed -- --journal feed.journal
//!
//! Then, beside it: cargo run --example sse_client -- --url http://127.0.0.1:8004/events
//!
//! The feed counts, twice a second (`--every MS`). With `--journal FILE` each number is written to that file before it is
//! published; a server that starts again reads the file back into the ring, so that the ids of its former life still mean
//! something. Without it no file is written, and each life has an epoch of its own in its ids: a client of a former life
//! is told that it has lost events. `--last N` ends the feed after number N: clients are answered with 204 from then on
//! and stay away. `--addr HOST:PORT` is where it listens (127.0.0.1:8004).

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wirebook_net as net;
use wirebook_sse::channel::{Settings, Start};
use wirebook_sse::{self as sse, feed::Feed};

fn main() -> io::Result<()> {
    let argument = |name: &str| std::env::args().skip_while(|argument| argument != name).nth(1);
    if std::env::args().any(|argument| argument == "--help") {
        println!("sse_feed [--addr HOST:PORT] [--journal FILE] [--every MS] [--last N]");
        return Ok(());
    }
    let addr = argument("--addr").unwrap_or_else(|| "127.0.0.1:8004".into());
    let journal = argument("--journal");
    let every = Duration::from_millis(argument("--every").and_then(|text| text.parse().ok()).unwrap_or(500));
    let last = argument("--last").and_then(|text| text.parse::<u64>().ok());
    net::run(async move {
        let settings =
            Settings { start: Start::Oldest, ring_events: 100_000, ring_bytes: 16 << 20, ..Settings::default() };
        let (feed, mut journal) = match journal {
            Some(path) => restore(&path, settings).map(|(feed, journal)| (feed, Some(journal)))?,
            None => (Feed::new(Settings { epoch: epoch(), ..settings }), None),
        };
        let server = sse::serve(&*addr, feed.clone())?;
        println!("listening on {}", server.local_addr().expect("TCP has an address"));
        println!("try: curl -N http://{}/events", server.local_addr().expect("TCP has an address"));
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
        server.until(net::ctrl_c()).await?;
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
