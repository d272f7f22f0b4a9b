//! A listener for each connection that nobody removes, and the emitter's warning, which shows it.
//!
//! Run: cargo run --example leaks -- listeners

use std::{io, rc::Rc};
use wirebook_net::{
    self as net, EventEmitter, Listener, ListenerId, Stream,
    sim::{self, SimListener, SimStream},
};

/// News for all connections.
type News = Rc<EventEmitter<String>>;

// ANCHOR: leak
async fn serve<S: Stream>(stream: S, news: News) -> io::Result<()> {
    // Called for every piece of news until the process ends, long after the connection.
    news.on("news", |_text| {});
    stream.write_all(b"welcome").await
}
// ANCHOR_END: leak

// ANCHOR: cured
/// Listens for as long as it lives.
struct Subscription {
    news: News,
    id: ListenerId,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.news.off(self.id);
    }
}

async fn serve_cured<S: Stream>(stream: S, news: News) -> io::Result<()> {
    let id = news.on("news", |_text| {});
    let _subscription = Subscription { news, id };
    stream.write_all(b"welcome").await
}
// ANCHOR_END: cured

/// Serves so many connections, one after the other; says what the emitter knows afterwards.
pub(crate) fn leak(connections: usize) -> io::Result<String> {
    report(connections, async |stream, news| serve(stream, news).await)
}

/// As [`leak`], with listeners that go when their connection goes.
pub(crate) fn cured(connections: usize) -> io::Result<String> {
    report(connections, async |stream, news| serve_cured(stream, news).await)
}

fn report(connections: usize, serve: impl AsyncFn(SimStream, News) -> io::Result<()> + 'static) -> io::Result<String> {
    sim::run(1, async move {
        let news = News::default();
        let listener = SimListener::bind("10.0.0.1:80")?;
        let shared = news.clone();
        net::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that is gone is its own affair.
                let _ = serve(stream, shared.clone()).await;
            }
        });
        for _ in 0..connections {
            let stream = SimStream::connect("10.0.0.1:80").await?;
            let mut bytes = [0; 16];
            while stream.read(&mut bytes).await? > 0 {}
        }
        Ok(verdict(&news))
    })?
}

// ANCHOR: tool
fn verdict(news: &EventEmitter<String>) -> String {
    let (count, leak) = (news.listener_count("news"), news.leak_suspected("news"));
    format!("{count} listeners are left; a leak is suspected: {leak}")
}
// ANCHOR_END: tool
