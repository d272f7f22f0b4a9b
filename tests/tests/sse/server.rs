//! The server's end of a stream: who counts as gone, what other requests get, and how a server stops.

use std::cell::Cell;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use wirebook_http1::server::Options as HttpOptions;
use wirebook_http1::{Request, Response, serve_on as serve_http};
use wirebook_net::sim::{self, Config, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_sse::channel::{Settings, Slow, Start};
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::feed::Feed;
use wirebook_sse::server::{self, CLOSE_TIMEOUT, EventStream, MIN_HEARTBEAT, Options, serve_feed};
use wirebook_sse::url::Url;
use wirebook_sse::{Cause, Event, serve_on};

const ADDRESS: &str = "10.0.0.1:80";
const GET: &[u8] = b"GET /feed HTTP/1.1\r\nHost: a\r\n\r\n";

/// Serves a feed; counts the handlers that have ended.
fn serve(feed: &Feed, options: Options) -> Rc<Cell<u32>> {
    let (ended, feed) = (Rc::new(Cell::new(0)), feed.clone());
    let count = ended.clone();
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    serve_http(listener, HttpOptions::default(), async move |mut request: Request<'_>, response: Response<'_>| {
        let result = serve_feed(&mut request, response, &feed, &options).await;
        count.set(count.get() + 1);
        result
    });
    ended
}

/// Serves a handler that writes an event each second for itself, as `sse_clock` does.
fn serve_clock() -> Rc<Cell<u32>> {
    let ended = Rc::new(Cell::new(0));
    let count = ended.clone();
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    serve_http(listener, HttpOptions::default(), async move |request: Request<'_>, response: Response<'_>| {
        let Some(mut stream) = EventStream::open(&request, response).await? else { return Ok(()) };
        let result = loop {
            if let Err(error) = stream.send(Event::data("tick")).await {
                break Err(error);
            }
            net::sleep(Duration::from_secs(1)).await;
        };
        count.set(count.get() + 1);
        result
    });
    ended
}

/// All that comes within so much time.
async fn read_for(client: &SimStream, time: Duration) -> String {
    let mut text = Vec::new();
    let _ = net::timeout(time, async {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = client.read(&mut bytes).await {
            text.extend_from_slice(&bytes[..count]);
        }
    })
    .await;
    String::from_utf8(text).expect("text")
}

#[test]
fn a_client_that_ends_its_half_is_still_there() {
    for clock in [false, true] {
        sim::run(1, async move {
            let feed = Feed::new(Settings::default());
            let ended = if clock { serve_clock() } else { serve(&feed, Options::default()) };
            let producer = feed.clone();
            net::spawn(async move {
                for _ in 0..60 {
                    net::sleep(Duration::from_secs(1)).await;
                    producer.publish("message", "tick").expect("an event");
                }
            });
            let client = SimStream::connect(ADDRESS).await.expect("a server");
            client.write_all(GET).await.expect("a request");
            client.shutdown(Shutdown::Write).expect("an open half");
            let seen = read_for(&client, Duration::from_secs(30)).await;
            assert!(seen.matches("data: tick").count() >= 29, "{seen}");
            assert_eq!(ended.get(), 0);
            // Once it really goes, it is gone.
            drop(client);
            net::sleep(Duration::from_secs(3)).await;
            assert_eq!((ended.get(), feed.subscribers()), (1, 0));
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_client_that_ended_its_half_is_asked_a_few_times_and_then_left_in_peace() {
    for heartbeat in [Duration::ZERO, Duration::MAX] {
        sim::run(2, async move {
            let feed = Feed::new(Settings::default());
            serve(&feed, Options { heartbeat, ..Options::default() });
            let client = SimStream::connect(ADDRESS).await.expect("a server");
            client.write_all(GET).await.expect("a request");
            client.shutdown(Shutdown::Write).expect("an open half");
            let seen = read_for(&client, Duration::from_secs(60)).await;
            assert_eq!(seen.matches(": \n\n").count() as u32, server::PROBES + 1, "{seen}");
            assert_eq!(feed.subscribers(), 1);
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_client_that_went_with_its_half_is_gone_within_two_round_trips() {
    for latency in [Duration::from_micros(100), Duration::from_millis(150)] {
        sim::run(3, async move {
            sim::set_faults(Faults { latency_min: latency, latency_max: latency, ..Faults::default() });
            let feed = Feed::new(Settings::default());
            serve(&feed, Options { heartbeat: Duration::MAX, ..Options::default() });
            let client = SimStream::connect(ADDRESS).await.expect("a server");
            client.write_all(GET).await.expect("a request");
            read_for(&client, Duration::from_secs(1)).await;
            let start = net::now();
            drop(client);
            while feed.subscribers() > 0 {
                net::sleep(Duration::from_millis(1)).await;
            }
            // The end travels one way; then probes at doubling distances, of which the last before the reset is wasted.
            let after = net::now() - start;
            assert!(after < 7 * latency + Duration::from_millis(4), "{after:?}");
        })
        .expect("the simulation ends");
    }
}

#[test]
fn head_is_get_without_a_body() {
    sim::run(4, async {
        let feed = Feed::new(Settings { start: Start::Oldest, ..Settings::default() });
        feed.publish("message", "one").expect("an event");
        serve(&feed, Options::default());
        let client = SimStream::connect(ADDRESS).await.expect("a server");
        client.write_all(b"HEAD /feed HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a request");
        let head = read_for(&client, Duration::from_millis(500)).await;
        assert_eq!(feed.subscribers(), 0, "nobody follows");
        // The connection is kept, and the next request on it is answered with the same head.
        client.write_all(GET).await.expect("a request");
        let get = read_for(&client, Duration::from_millis(500)).await;
        let (get_head, body) = get.split_once("\r\n\r\n").expect("a head");
        let (head, behind) = head.split_once("\r\n\r\n").expect("a head");
        assert_eq!(behind, "");
        // RFC 9110 §9.3.2: what only the content would decide may be left out.
        let lines = |head: &str| -> Vec<String> {
            let others =
                head.lines().filter(|line| !line.starts_with("date:") && !line.starts_with("transfer-encoding:"));
            others.map(str::to_string).collect()
        };
        assert_eq!(lines(head), lines(get_head));
        assert!(head.contains("text/event-stream") && !head.contains("content-length"), "{head}");
        assert!(body.contains("data: one"), "{body}");
    })
    .expect("the simulation ends");
}

#[test]
fn other_methods_are_told_which_ones_there_are() {
    sim::run(5, async {
        let feed = Feed::new(Settings::default());
        feed.close();
        serve(&feed, Options::default());
        for (method, status) in [("POST", "405"), ("OPTIONS", "405"), ("HEAD", "204"), ("GET", "204")] {
            let client = SimStream::connect(ADDRESS).await.expect("a server");
            let request = format!("{method} /feed HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            client.write_all(request.as_bytes()).await.expect("a request");
            let answer = read_for(&client, Duration::from_millis(500)).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method}: {answer}");
            assert_eq!(answer.contains("allow: GET, HEAD\r\n"), status == "405", "{answer}");
        }
    })
    .expect("the simulation ends");
}

/// A feed that is followed for a minute with these options; what its client sees.
fn followed(options: Options) -> String {
    sim::run(6, async move {
        let feed = Feed::new(Settings::default());
        serve(&feed, options);
        net::spawn(async move {
            for number in 0..10 {
                net::sleep(Duration::from_secs(3)).await;
                feed.publish("message", &format!("{number}")).expect("an event");
            }
        });
        let client = SimStream::connect(ADDRESS).await.expect("a server");
        client.write_all(GET).await.expect("a request");
        read_for(&client, Duration::from_secs(60)).await
    })
    .expect("the simulation ends")
}

#[test]
fn every_option_at_zero_one_and_max() {
    for end in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        let seen = followed(Options { heartbeat: end, ..Options::default() });
        assert_eq!(seen.matches("data: ").count(), 10);
        let comments = seen.matches(": \n\n").count() as u128;
        // Zero and never are none; what is too short is the shortest.
        let expected = if end == Duration::from_nanos(1) {
            let most = 60_000 / MIN_HEARTBEAT.as_millis();
            most - 30..=most
        } else {
            0..=0
        };
        assert!(expected.contains(&comments), "{comments} comments for {end:?}");
        let seen = followed(Options { gather: end, ..Options::default() });
        assert_eq!(seen.matches("data: ").count(), 10, "gathering for {end:?}");
    }
    for max_write in [0, 1, usize::MAX] {
        let seen = followed(Options { max_write, ..Options::default() });
        assert_eq!(seen.matches("data: ").count(), 10);
    }
}

#[test]
fn a_publisher_that_waits_is_woken_by_what_a_gathering_stream_takes() {
    for seed in 0..20 {
        let config = Config { limit: Duration::from_secs(600), ..Config::from(seed) };
        let seen = sim::run(config, async {
            let settings = Settings { ring_events: 2, slow: Slow::Wait, start: Start::Oldest, ..Settings::default() };
            let feed = Feed::new(settings);
            serve(&feed, Options { gather: Duration::from_millis(50), heartbeat: Duration::MAX, ..Options::default() });
            let client = SimStream::connect(ADDRESS).await.expect("a server");
            client.write_all(GET).await.expect("a request");
            net::sleep(Duration::from_millis(10)).await;
            net::spawn(async move {
                for number in 0..100 {
                    let data = "x".repeat(sim::random_below(100) as usize);
                    feed.publish_when_ready("message", &format!("{number}{data}")).await.expect("an event");
                }
            });
            read_for(&client, Duration::from_secs(60)).await
        });
        assert_eq!(seen.expect("the simulation ends").matches("data: ").count(), 100, "seed {seed}");
    }
}

#[test]
fn a_server_that_stops_ends_its_streams_and_their_clients_come_back() {
    sim::run(8, async {
        let feed = Feed::new(Settings { start: Start::Oldest, ..Settings::default() });
        let first = serve_on(
            SimListener::bind(ADDRESS).expect("a free address"),
            HttpOptions::default(),
            Options::default(),
            feed.clone(),
        );
        assert_eq!(first.local_addr(), None);
        let connect = |url: Url| async move { SimStream::connect((url.host(), url.port())).await };
        let mut source =
            EventSource::with_connector("http://10.0.0.1/", Default::default(), 8, connect).expect("a good URL");
        assert_eq!(source.next().await, Ok(Notice::Open));
        feed.publish("message", "before").expect("an event");
        let start = net::now();
        let reason = first.until(async { "asked to" }).await;
        assert_eq!(reason, "asked to");
        assert!(net::now() - start < Duration::from_secs(1), "nobody held it up");
        assert!(matches!(source.next().await, Ok(Notice::Event(event)) if event.data == "before"));
        assert!(matches!(source.next().await, Ok(Notice::Reconnecting { cause: Cause::Ended, .. })));
        // The next life has the same feed.
        serve_on(
            SimListener::bind(ADDRESS).expect("the address is free again"),
            HttpOptions::default(),
            Options::default(),
            feed.clone(),
        );
        feed.publish("message", "after").expect("an event");
        assert_eq!(source.next().await, Ok(Notice::Open));
        assert!(matches!(source.next().await, Ok(Notice::Event(event)) if event.data == "after"));
    })
    .expect("the simulation ends");
}

#[test]
fn a_server_that_stops_does_not_wait_for_ever() {
    sim::run(9, async {
        sim::set_faults(Faults { window: 64, ..Faults::default() });
        let feed = Feed::new(Settings { start: Start::Oldest, ..Settings::default() });
        let server = serve_on(
            SimListener::bind(ADDRESS).expect("a free address"),
            HttpOptions::default(),
            Options::default(),
            feed.clone(),
        );
        let client = SimStream::connect(ADDRESS).await.expect("a server");
        client.write_all(GET).await.expect("a request");
        net::sleep(Duration::from_secs(1)).await;
        let start = net::now();
        server.until(async {}).await;
        let waited = net::now() - start;
        assert!(waited <= CLOSE_TIMEOUT + Duration::from_millis(1), "{waited:?}");
    })
    .expect("the simulation ends");
}
