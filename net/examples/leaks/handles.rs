//! A timer and a silent connection that are left open, and `net::alive()`, which shows them.
//!
//! Run: cargo run --example leaks -- handles

use std::{io, time::Duration};
use wirebook_net::{
    self as net, Alive, Handle, Idle, Listener, Stream,
    sim::{self, SimListener, SimStream},
};

/// How often a server looks after a connection.
const BEAT: Duration = Duration::from_secs(10);
const IDLE_LIMIT: Duration = Duration::from_secs(60);

// ANCHOR: leak
async fn serve<S: Stream>(stream: S) -> io::Result<()> {
    net::set_interval(|| {}, BEAT);
    let mut bytes = [0; 100];
    // A peer whose cable was pulled never sends, and never ends.
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}
// ANCHOR_END: leak

// ANCHOR: cured
/// A timer that ends with whoever has this.
struct Beat(Handle);

impl Drop for Beat {
    fn drop(&mut self) {
        net::clear(self.0);
    }
}

async fn serve_cured<S: Stream>(stream: S) -> io::Result<()> {
    let _beat = Beat(net::set_interval(|| {}, BEAT));
    let stream = Idle::new(stream, IDLE_LIMIT);
    let mut bytes = [0; 100];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}
// ANCHOR_END: cured

/// So many clients connect and fall silent; gives what keeps the loop alive half an hour later.
pub(crate) fn leak(clients: usize) -> io::Result<Alive> {
    half_an_hour_later(clients, async |stream| serve(stream).await)
}

/// As [`leak`], with a limit for silence and a timer that has an owner.
pub(crate) fn cured(clients: usize) -> io::Result<Alive> {
    half_an_hour_later(clients, async |stream| serve_cured(stream).await)
}

fn half_an_hour_later(
    clients: usize,
    serve: impl AsyncFn(SimStream) -> io::Result<()> + Copy + 'static,
) -> io::Result<Alive> {
    sim::run(1, async move {
        let listener = SimListener::bind("10.0.0.1:80")?;
        net::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                net::spawn(async move { serve(stream).await });
            }
        });
        let mut silent = Vec::new();
        for _ in 0..clients {
            silent.push(SimStream::connect("10.0.0.1:80").await?);
        }
        Ok(look_later().await)
    })?
}

// ANCHOR: tool
async fn look_later() -> Alive {
    net::sleep(Duration::from_secs(1800)).await;
    net::alive()
}
// ANCHOR_END: tool
