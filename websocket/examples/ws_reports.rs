//! Two letters that maintainers of WebSocket libraries get, played in the simulated network: hours pass in milliseconds.
//!
//! Run: cargo run --example ws_reports

use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use wirebook_net::sim::{self, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_websocket::{self as websocket, Accepted, Config, Error, Fault, Options};

/// Plays two reports and ends.
#[derive(Parser)]
struct Arguments {}

const ADDRESS: &str = "10.0.0.1:80";
const HANDSHAKE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SECOND: Duration = Duration::from_secs(1);

fn main() -> std::io::Result<()> {
    let Arguments {} = Arguments::parse();
    println!("\"My server only writes, and its connections die after 50 seconds.\"");
    sim::run(sim::Config { limit: 7200 * SECOND, ..1.into() }, only_writes(true))?;
    sim::run(1, only_writes(false))?;
    println!("\n\"The client said everything and ended its half of the transport; the last answers never came.\"");
    for close_timeout in [3 * SECOND, Duration::ZERO] {
        sim::run(2, half_closes(close_timeout))?;
    }
    Ok(())
}

/// Writes a price every ten seconds for an hour, or for as long as it can, and never reads.
async fn only_writes(answers: bool) {
    let (told, tell) = (Rc::new(net::Signal::new()), Rc::new(std::cell::Cell::new(None)));
    let (done, lived) = (told.clone(), tell.clone());
    let prices = async move |accepted: Accepted<SimStream>| {
        let Accepted { reader: _kept, writer, .. } = accepted;
        let begun = net::now();
        while net::now() - begun < 3600 * SECOND && writer.send("price").await.is_ok() {
            net::sleep(10 * SECOND).await;
        }
        lived.set(Some(net::now() - begun));
        done.raise();
        Ok::<_, Fault>(())
    };
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    websocket::serve_on(listener, (), Options::default(), prices);
    let stream = SimStream::connect(ADDRESS).await.expect("it listens");
    if answers {
        let client = websocket::connect_over(stream, "a", "/", Arc::default()).await.expect("it serves");
        net::spawn(async move {
            let mut reader = client.reader;
            while reader.next().await.is_ok_and(|message| message.is_some()) {}
        });
    } else {
        stream.write_all(HANDSHAKE).await.expect("it reads");
        net::spawn(async move { while stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {} });
    }
    let lived = told.until(|| tell.get()).await.as_secs();
    let client = if answers { "answers pings" } else { "reads, and answers no ping" };
    println!("  a client that {client}: the connection lived for {lived} s");
}

/// An echo over a slow network; the client says ten things and then nothing more.
async fn half_closes(close_timeout: Duration) {
    sim::set_faults(Faults { window: 64, ..Faults::default() });
    let options = Options { config: Arc::new(Config { close_timeout, ..Config::default() }), ..Options::default() };
    let echo = async |accepted: Accepted<SimStream>| {
        let Accepted { mut reader, writer, .. } = accepted;
        loop {
            match reader.next().await {
                Ok(Some(message)) => writer.send(message).await?,
                Ok(None) | Err(Error::AbruptEnd) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    websocket::serve_on(SimListener::bind(ADDRESS).expect("a free address"), (), options, echo);
    let stream = Rc::new(SimStream::connect(ADDRESS).await.expect("it listens"));
    let said = [HANDSHAKE, &b"\x81\x8b\0\0\0\0what I said".repeat(10)].concat();
    let saying = stream.clone();
    net::spawn(async move {
        saying.write_all(&said).await.expect("it reads");
        saying.shutdown(Shutdown::Write).expect("open");
    });
    let (mut heard, mut bytes) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        heard.extend_from_slice(&bytes[..count]);
        // It takes its time.
        net::sleep(SECOND / 10).await;
    }
    let answers = heard.windows(11).filter(|window| window == b"what I said").count();
    println!("  close_timeout {close_timeout:?}: {answers} of 10 answers");
}
