//! Doors with a number, in virtual time.

use super::wire::simulate;
use super::world::{app, get};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net as net;
use wirebook_net::Stream;
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_web::guard::{RateLimit, concurrency};
use wirebook_web::{Router, get as route};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn so_many_and_then_at_an_even_pace() {
    simulate(async {
        let limit = RateLimit::per_minute(10);
        let burst = |limit: &RateLimit, key: &[u8]| (0..100).filter(|_| limit.take(key).is_ok()).count();
        assert_eq!(burst(&limit, b"ada"), 10);
        assert_eq!(burst(&limit, b"bob"), 10, "each by themselves");
        let wait = limit.take(b"ada").expect_err("enough");
        assert!(wait > Duration::from_secs(5) && wait <= Duration::from_secs(6), "{wait:?}");
        net::sleep(wait).await;
        assert_eq!(burst(&limit, b"ada"), 1);
        net::sleep(MINUTE).await;
        assert_eq!(burst(&limit, b"ada"), 10);
        net::sleep(10 * MINUTE).await;
        assert_eq!(burst(&limit, b"ada"), 10, "what was not used is not kept");
    });
}

#[test]
fn the_ends_of_the_range() {
    simulate(async {
        for (times, per, allowed) in [
            (0, MINUTE, 0),
            (1, MINUTE, 1),
            (u32::MAX, MINUTE, 50),
            (u32::MAX - 1, MINUTE, 50),
            (3, Duration::ZERO, 50),
            (0, Duration::ZERO, 50),
            (3, Duration::MAX, 3),
            (1, Duration::from_nanos(1), 50),
        ] {
            let limit = RateLimit::new(times, per);
            let mut count = 0;
            for _ in 0..50 {
                count += usize::from(limit.take(b"").is_ok());
                if per == Duration::from_nanos(1) {
                    net::sleep(Duration::from_micros(1)).await;
                }
            }
            assert_eq!(count, allowed, "{times} in {per:?}");
        }
    });
}

#[test]
fn askers_are_bounded() {
    simulate(async {
        for (most, again) in [(0, true), (1, true), (2, true), (3, false), (usize::MAX, false)] {
            let limit = RateLimit::per_minute(1).most(most);
            for name in [&b"a"[..], b"b", b"c"] {
                assert!(limit.take(name).is_ok());
                net::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(limit.take(b"a").is_ok(), again, "{most}");
        }
        // Who makes up names does not let those go who have asked too often.
        let limit = RateLimit::per_minute(10).most(100);
        assert_eq!((0..20).filter(|_| limit.take(b"attacker").is_ok()).count(), 10);
        for number in 0..1000_u32 {
            assert!(limit.take(&number.to_be_bytes()).is_ok());
            assert!(limit.take(b"attacker").is_err(), "{number}");
        }
    });
}

#[test]
fn a_door_of_a_route() {
    let limit = RateLimit::per_minute(2);
    let site = || {
        let router = Router::new().get("/free", async |ctx| ctx.text("free"));
        app(router.route(route("/", async |ctx: &mut wirebook_web::Context<'_>| ctx.text("in")).edge(limit.clone())))
    };
    // Each simulation begins at the same moment.
    let statuses: Vec<u16> = (0..3).map(|_| get(site(), "/").status).collect();
    assert_eq!((&statuses[..2], get(site(), "/free").status), (&[200, 200][..], 200));
    let reply = get(site(), "/");
    assert_eq!(reply.status, 429);
    assert!(
        reply
            .field("retry-after")
            .and_then(|seconds| seconds.parse::<u64>().ok())
            .is_some_and(|seconds| (1..=60).contains(&seconds))
    );
}

#[test]
fn so_many_at_once() {
    for (most, served) in [(0, 0), (1, 1), (3, 3), (usize::MAX, 5)] {
        let statuses = simulate(async move {
            let runs = Rc::new(Cell::new(0));
            let counted = runs.clone();
            let router = Router::new().layer(concurrency(most)).get("/", async move |ctx| {
                counted.set(counted.get() + 1);
                net::sleep(Duration::from_secs(1)).await;
                ctx.text("done")
            });
            let server = app(router).serve_on(SimListener::bind(super::world::ADDRESS).expect("a free address"));
            let mut clients = Vec::new();
            for _ in 0..5 {
                let client = SimStream::connect(super::world::ADDRESS).await.expect("a connection");
                client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("it is sent");
                clients.push(client);
            }
            let mut good = 0;
            for client in &clients {
                let text = String::from_utf8(super::wire::rest(client).await.0).expect("text");
                assert!(
                    text.starts_with("HTTP/1.1 200") || text.contains("503") && text.contains("retry-after"),
                    "{text}"
                );
                good += usize::from(text.starts_with("HTTP/1.1 200"));
            }
            assert_eq!(good, runs.get());
            // Also those who vanish make room.
            if most > 0 {
                let client = SimStream::connect(super::world::ADDRESS).await.expect("a connection");
                client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is sent");
                drop(client);
                net::sleep(Duration::from_secs(5)).await;
                let client = SimStream::connect(super::world::ADDRESS).await.expect("a connection");
                client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("it is sent");
                assert!(super::wire::rest(&client).await.0.starts_with(b"HTTP/1.1 200"));
            }
            server.close();
            good
        });
        assert_eq!(statuses, served, "{most}");
    }
}
