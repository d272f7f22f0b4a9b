//! Floods of every kind against a whole server, and what others notice of them.

use crate::core_attacks::{before, floods};
use crate::peer::{ADDRESS, Peer, serve, simulate};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Outcome, Request, Response};
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};

/// Connections that flood at the same time.
const HOSTILE: usize = 5;

/// Frames that each of them sends, if it is let: far more than a thousand.
const FRAMES: u32 = 20_000;

/// Good requests, one after the other, while that goes on.
const GOOD: usize = 50;

/// A handler that never reads what it is sent, where somebody means harm.
async fn handler(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    if request.method() == "POST" {
        request.closed().await;
        return Ok(());
    }
    response.end(request.path()).await
}

/// The last GOAWAY in what a server said: its code. Frames are found by their lengths.
fn goaway(mut heard: &[u8]) -> Option<u8> {
    let mut code = None;
    while let Some([a, b, c, kind, ..]) = heard.first_chunk::<9>() {
        let end = 9 + (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c));
        if *kind == 7 {
            code = heard.get(16).copied();
        }
        heard = heard.get(end..).unwrap_or_default();
    }
    code
}

#[test]
fn a_flood_ends_and_costs_the_others_no_time() {
    for (name, flood) in floods() {
        simulate(async move {
            let server = serve(Options::default(), handler);
            let flood = Rc::new(flood);
            let ended = Rc::new(Cell::new(0));
            let attacks: Vec<_> = (0..HOSTILE)
                .map(|_| {
                    let (flood, ended) = (flood.clone(), ended.clone());
                    net::spawn(async move {
                        let stream = Rc::new(SimStream::connect(ADDRESS).await.expect("a server"));
                        let writer = stream.clone();
                        // It writes as long as the server takes it, and reads beside.
                        let writing = net::spawn(async move {
                            if writer.write_all(&before()).await.is_err() {
                                return;
                            }
                            for n in 0..FRAMES {
                                if writer.write_all(&flood(n)).await.is_err() {
                                    return;
                                }
                            }
                        });
                        let (mut heard, mut bytes) = (Vec::new(), [0; 4096]);
                        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                            heard.extend_from_slice(&bytes[..count]);
                        }
                        ended.set(ended.get() + 1);
                        writing.abort();
                        goaway(&heard)
                    })
                })
                .collect();
            let good = Peer::connect().await;
            let mut slowest = Duration::ZERO;
            let mut during = 0;
            for n in 0..GOOD {
                let before = net::now();
                let path = format!("/{n}");
                during += usize::from(ended.get() < HOSTILE);
                assert_eq!(good.get(&path).await.text(), path, "{name}");
                slowest = slowest.max(net::now() - before);
            }
            assert!(slowest <= Duration::from_millis(1), "{name}: {slowest:?}");
            assert!(during > 0, "{name} had ended before anybody else came");
            for attack in attacks {
                assert_eq!(attack.await.expect("a task"), Some(11), "{name}: ENHANCE_YOUR_CALM");
            }
            // Its connections are gone, and the good one goes on.
            net::sleep(Duration::from_secs(5)).await;
            assert_eq!(server.connections(), 1, "{name}");
            assert_eq!(good.get("/tea").await.text(), "/tea", "{name}");
            net::stop();
        });
    }
}
