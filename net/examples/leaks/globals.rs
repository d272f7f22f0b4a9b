//! A global list that grows with every connection, and resident memory, which shows it.
//!
//! Run: cargo run --example leaks -- globals

use std::{cell::RefCell, fs, io};
use wirebook_net::{
    self as net, Listener, Stream,
    sim::{self, SimListener, SimStream},
};

/// What a connection needs while it lasts.
const PAGE: usize = 64 * 1024;

// ANCHOR: leak
thread_local! {
    /// Every page that was ever sent, "for the statistics".
    static SENT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

async fn serve<S: Stream>(stream: S) -> io::Result<()> {
    let page = vec![b'.'; PAGE];
    stream.write_all(&page[..100]).await?;
    SENT.with_borrow_mut(|sent| sent.push(page));
    Ok(())
}
// ANCHOR_END: leak

// ANCHOR: cured
thread_local! {
    /// What the statistics really need of the pages that were sent.
    static TOTAL: RefCell<(u64, u64)> = const { RefCell::new((0, 0)) };
}

async fn serve_cured<S: Stream>(stream: S) -> io::Result<()> {
    let page = vec![b'.'; PAGE];
    stream.write_all(&page[..100]).await?;
    TOTAL.with_borrow_mut(|(pages, bytes)| {
        *pages += 1;
        *bytes += page.len() as u64;
    });
    Ok(())
}
// ANCHOR_END: cured

/// Serves so many connections, one after the other; gives how much more memory the process has afterwards.
pub(crate) fn leak(connections: usize) -> io::Result<usize> {
    growth(connections, async |stream| serve(stream).await)
}

/// As [`leak`], with the server that keeps two numbers.
pub(crate) fn cured(connections: usize) -> io::Result<usize> {
    growth(connections, async |stream| serve_cured(stream).await)
}

fn growth(connections: usize, serve: impl AsyncFn(SimStream) -> io::Result<()> + 'static) -> io::Result<usize> {
    sim::run(1, async move {
        let listener = SimListener::bind("10.0.0.1:80")?;
        net::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that is gone is its own affair.
                let _ = serve(stream).await;
            }
        });
        visit().await?;
        let before = resident()?;
        for _ in 1..connections {
            visit().await?;
        }
        Ok(resident()?.saturating_sub(before))
    })?
}

/// A client that reads to the end.
async fn visit() -> io::Result<()> {
    let stream = SimStream::connect("10.0.0.1:80").await?;
    let mut bytes = [0; 256];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

// ANCHOR: resident
/// Bytes of this process that lie in the machine's memory now: Node's `process.memoryUsage().rss`, on Linux.
fn resident() -> io::Result<usize> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kibibytes = line.trim().trim_end_matches(" kB").parse::<usize>();
    kibibytes.map(|count| count * 1024).map_err(io::Error::other)
}
// ANCHOR_END: resident
