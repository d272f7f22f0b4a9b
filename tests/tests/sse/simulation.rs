//! A feed and its clients in the simulated network: virtual time, seeded faults, connections that break at random bytes.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use wirebook_http1::server::Options;
use wirebook_http1::{Outcome, Request, Response, serve_on};
use wirebook_net::sim::{self, Config, Fault, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_sse::Closed;
use wirebook_sse::channel::{Resume, Settings, Slow, Start};
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::feed::Feed;
use wirebook_sse::server::{self, EventStream, last_event_id, serve_feed};

const ADDRESS: &str = "10.0.0.1:80";
const URL: &str = "http://10.0.0.1/feed";

/// A listener whose connections suffer what `fault` says, at a random byte of what the server sends.
struct Breaking {
    inner: SimListener,
    fault: fn() -> Option<(u64, Fault)>,
}

impl Listener for Breaking {
    type Stream = SimStream;
    type Address = SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(SimStream, SocketAddr)>> {
        self.inner.poll_accept(context).map_ok(|(stream, address)| {
            stream.script((self.fault)());
            (stream, address)
        })
    }
}

fn source(
    settings: wirebook_sse::Settings,
    seed: u64,
) -> EventSource<SimStream, impl Fn(wirebook_sse::url::Url) -> Connecting> {
    let connect = |url: wirebook_sse::url::Url| -> Connecting {
        Box::pin(async move { SimStream::connect((url.host(), url.port())).await })
    };
    EventSource::with_connector(URL, settings, seed, connect).expect("a good URL")
}

type Connecting = std::pin::Pin<Box<dyn Future<Output = io::Result<SimStream>>>>;

fn quick() -> wirebook_sse::Settings {
    let retry = Duration::from_millis(50);
    wirebook_sse::Settings { retry, min_delay: retry, ..Default::default() }
}

/// Serves a feed at [`ADDRESS`].
fn serve(feed: Feed, options: Options, follow: server::Options, fault: fn() -> Option<(u64, Fault)>) -> Rc<Cell<u32>> {
    let ended = Rc::new(Cell::new(0));
    let count = ended.clone();
    let listener = Breaking { inner: SimListener::bind(ADDRESS).expect("a free address"), fault };
    serve_on(listener, options, async move |mut request: Request<'_>, response: Response<'_>| {
        let result = serve_feed(&mut request, response, &feed, &follow).await;
        count.set(count.get() + 1);
        result
    });
    ended
}

/// Publishes a numbered event now and then, for ever.
fn produce(feed: Feed) {
    net::spawn(async move {
        loop {
            net::sleep(Duration::from_millis(5 + sim::random_below(20))).await;
            let number = feed.with_channel(|channel| channel.next());
            let filling = "é".repeat(sim::random_below(40) as usize);
            feed.publish("message", &format!("{number}\n{filling}")).expect("an event");
        }
    });
}

fn number(data: &str) -> u64 {
    data.lines().next().and_then(|line| line.parse().ok()).expect("a number")
}

/// Lets the connection break off until it has done so `disconnects` times; gives the numbers that came through.
async fn watch(
    mut source: EventSource<SimStream, impl Fn(wirebook_sse::url::Url) -> Connecting>,
    disconnects: u32,
) -> Vec<u64> {
    let (mut seen, mut lost) = (Vec::new(), 0);
    while lost < disconnects {
        match source.next().await.expect("it goes on trying") {
            Notice::Event(event) => {
                let number = number(event.data);
                assert_eq!(event.id, Some(&number.to_string()[..]));
                seen.push(number);
            }
            Notice::Reconnecting { .. } => lost += 1,
            Notice::Open => {}
        }
    }
    seen
}

fn nothing_is_lost(config: Config, fault: fn() -> Option<(u64, Fault)>, disconnects: u32) {
    let seed = config.seed;
    let seen = sim::run(config, async move {
        let feed = Feed::new(Settings {
            start: Start::Oldest,
            ring_events: 10_000,
            ring_bytes: 16 << 20,
            ..Settings::default()
        });
        produce(feed.clone());
        serve(feed, Options::default(), server::Options::default(), fault);
        watch(source(quick(), seed), disconnects).await
    })
    .expect("the simulation ends");
    let expected: Vec<u64> = (1..=seen.len() as u64).collect();
    assert_eq!(seen, expected, "seed {seed}");
    assert!(seen.len() > disconnects as usize, "the breaks let something through: {}", seen.len());
}

#[test]
fn a_thousand_resets_at_random_bytes_lose_nothing() {
    nothing_is_lost(Config::from(1), || Some((sim::random_below(2_000), Fault::Reset)), 1_000);
}

#[test]
fn a_thousand_ends_at_random_bytes_lose_nothing() {
    nothing_is_lost(Config::from(2), || Some((sim::random_below(2_000), Fault::End)), 1_000);
}

#[test]
fn resets_on_a_rough_network_lose_nothing() {
    for seed in 3..8 {
        nothing_is_lost(Config::rough(seed), || Some((sim::random_below(4_000), Fault::Reset)), 100);
    }
}

#[test]
fn a_server_that_vanishes_is_found_out_by_its_silence() {
    // The peer is gone without a word: no reset, no end. Only the clock can tell, and keep-alives make silence a sign.
    let seen = sim::run(9, async {
        let feed = Feed::new(Settings {
            start: Start::Oldest,
            ring_events: 100_000,
            ring_bytes: 16 << 20,
            ..Settings::default()
        });
        produce(feed.clone());
        let follow = server::Options { heartbeat: Duration::from_secs(1), ..Default::default() };
        serve(feed, Options::default(), follow, || Some((500 + sim::random_below(2_000), Fault::Stall)));
        let settings = wirebook_sse::Settings { silence_timeout: Some(Duration::from_secs(3)), ..quick() };
        watch(source(settings, 9), 20).await
    })
    .expect("the simulation ends");
    assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>());
    assert!(seen.len() > 100);
}

#[test]
fn a_quiet_stream_is_kept_alive() {
    // An hour without an event, with a client that hangs up after three seconds of silence: it never has to.
    let reconnected = sim::run(Config { limit: Duration::from_secs(8000), ..Config::from(10) }, async {
        let feed = Feed::new(Settings::default());
        let later = feed.clone();
        net::spawn(async move {
            net::sleep(Duration::from_secs(3600)).await;
            later.publish("message", "at last").expect("an event");
        });
        let follow = server::Options { heartbeat: Duration::from_secs(2), ..Default::default() };
        serve(feed, Options::default(), follow, || None);
        let settings = wirebook_sse::Settings { silence_timeout: Some(Duration::from_secs(3)), ..quick() };
        let mut source = source(settings, 10);
        assert_eq!(source.next().await, Ok(Notice::Open));
        let Ok(Notice::Event(event)) = source.next().await else { return true };
        event.data != "at last"
    });
    assert!(!reconnected.expect("the simulation ends"));
}

#[test]
fn a_client_that_vanishes_costs_its_handler_no_more_than_the_write_timeout() {
    let after = sim::run(11, async {
        let feed = Feed::new(Settings::default());
        let options = Options { write_timeout: Duration::from_secs(5), ..Options::default() };
        let follow = server::Options { heartbeat: Duration::from_secs(1), ..Default::default() };
        sim::set_faults(Faults { window: 64, ..Faults::default() });
        let ended = serve(feed.clone(), options, follow, || None);
        let client = SimStream::connect(ADDRESS).await.expect("a server");
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a request");
        // From here on it neither reads nor ends: its window of 64 bytes is soon full.
        let start = net::now();
        while ended.get() == 0 {
            net::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(feed.subscribers(), 0, "nothing of it is left");
        net::now() - start
    })
    .expect("the simulation ends");
    assert!(after < Duration::from_secs(30), "{after:?}");
}

#[test]
fn the_end_of_a_client_is_noticed_at_once() {
    for reset in [false, true] {
        let after = sim::run(18, async move {
            let feed = Feed::new(Settings::default());
            let follow = server::Options { heartbeat: Duration::from_secs(3600), ..Default::default() };
            let ended = serve(feed.clone(), Options::default(), follow, || None);
            let client = SimStream::connect(ADDRESS).await.expect("a server");
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a request");
            net::sleep(Duration::from_secs(1)).await;
            client.read(&mut [0; 4096]).await.expect("a head");
            assert_eq!(feed.subscribers(), 1);
            let start = net::now();
            if reset {
                client.reset();
            }
            drop(client);
            while ended.get() == 0 {
                net::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(feed.subscribers(), 0);
            net::now() - start
        });
        assert!(after.expect("the simulation ends") < Duration::from_millis(5));
    }
}

#[test]
fn an_overtaken_client_is_disconnected_and_then_told() {
    let events = sim::run(12, async {
        let feed = Feed::new(Settings { ring_events: 10, start: Start::Oldest, ..Settings::default() });
        let publisher = feed.clone();
        let follow = server::Options { max_write: 64, ..Default::default() };
        sim::set_faults(Faults {
            window: 256,
            latency_min: Duration::from_millis(50),
            latency_max: Duration::from_millis(50),
            ..Faults::default()
        });
        serve(feed, Options::default(), follow, || None);
        net::spawn(async move {
            net::sleep(Duration::from_secs(1)).await;
            for number in 1..=100 {
                publisher.publish("message", &number.to_string()).expect("an event");
                net::sleep(Duration::from_millis(3)).await;
            }
        });
        let mut source = source(quick(), 12);
        let mut events = Vec::new();
        loop {
            if let Notice::Event(event) = source.next().await.expect("it goes on trying") {
                events.push((event.event_type.to_string(), event.data.to_string()));
                if event.data == "100" {
                    return events;
                }
            }
        }
    })
    .expect("the simulation ends");
    // Whatever is missing between two numbers was announced, with its size.
    let (mut next, mut losses) = (1, 0);
    for (event_type, data) in &events {
        let value: u64 = data.parse().expect("a number");
        if event_type == "lost" {
            next += value;
            losses += 1;
        } else {
            assert_eq!(value, next, "{events:?}");
            next += 1;
        }
    }
    assert!(losses > 0, "the ring of ten did overtake it: {events:?}");
}

#[test]
fn a_waiting_publisher_goes_at_the_pace_of_the_slowest() {
    let (numbers, time) = sim::run(13, async {
        let feed =
            Feed::new(Settings { ring_events: 4, slow: Slow::Wait, start: Start::Oldest, ..Settings::default() });
        sim::set_faults(Faults { window: 128, ..Faults::default() });
        serve(feed.clone(), Options::default(), server::Options { max_write: 32, ..Default::default() }, || None);
        let mut source = source(quick(), 13);
        assert_eq!(source.next().await, Ok(Notice::Open));
        net::spawn(async move {
            for number in 1..=50 {
                feed.publish_when_ready("message", &number.to_string()).await.expect("an event");
            }
            feed.close();
        });
        let start = net::now();
        let mut numbers = Vec::new();
        while let Ok(Notice::Event(event)) = source.next().await {
            numbers.push(number(event.data));
            net::sleep(Duration::from_millis(100)).await;
        }
        (numbers, net::now() - start)
    })
    .expect("the simulation ends");
    assert_eq!(numbers, (1..=50).collect::<Vec<u64>>());
    assert!(time >= Duration::from_secs(5));
}

#[test]
fn a_closed_feed_is_delivered_to_its_end_and_then_204() {
    let (events, closed) = sim::run(14, async {
        let feed = Feed::new(Settings { start: Start::Oldest, ..Settings::default() });
        for text in ["one", "two"] {
            feed.publish("message", text).expect("an event");
        }
        feed.close();
        serve(feed, Options::default(), server::Options::default(), || None);
        let mut source = source(quick(), 14);
        let mut events = Vec::new();
        loop {
            match source.next().await {
                Ok(Notice::Event(event)) => events.push(event.data.to_string()),
                Ok(_) => {}
                Err(closed) => return (events, closed),
            }
        }
    })
    .expect("the simulation ends");
    assert_eq!((events, closed), (vec!["one".to_string(), "two".to_string()], Closed::NoContent));
}

#[test]
fn events_are_gathered_into_one_write() {
    let writes = sim::run(15, async {
        let feed = Feed::new(Settings::default());
        let follow = server::Options { gather: Duration::from_millis(50), ..Default::default() };
        serve(feed.clone(), Options::default(), follow, || None);
        let client = SimStream::connect(ADDRESS).await.expect("a server");
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a request");
        net::spawn(async move {
            net::sleep(Duration::from_millis(200)).await;
            for number in 0..10 {
                feed.publish("message", &number.to_string()).expect("an event");
                net::sleep(Duration::from_millis(1)).await;
            }
        });
        // A perfect network delivers each write as one piece.
        let (mut writes, mut bytes) = (Vec::new(), vec![0; 4096]);
        while let Ok(count) = net::timeout(Duration::from_secs(1), client.read(&mut bytes)).await {
            let count = count.expect("a stream");
            writes.push(String::from_utf8_lossy(&bytes[..count]).matches("data: ").count());
        }
        writes
    })
    .expect("the simulation ends");
    assert_eq!(writes.last(), Some(&10), "{writes:?}");
    assert_eq!(writes.iter().sum::<usize>(), 10);
}

#[test]
fn many_clients_share_one_feed() {
    sim::run(16, async {
        let feed = Feed::new(Settings { start: Start::Oldest, ..Settings::default() });
        serve(feed.clone(), Options::default(), server::Options::default(), || None);
        let done = Rc::new(RefCell::new(Vec::new()));
        for seed in 0..100 {
            let done = done.clone();
            net::spawn(async move {
                let mut source = source(quick(), seed);
                let mut seen = Vec::new();
                while seen.len() < 20 {
                    if let Ok(Notice::Event(event)) = source.next().await {
                        seen.push(number(event.data));
                    }
                }
                done.borrow_mut().push(seen);
            });
        }
        for number in 1..=20 {
            feed.publish("message", &number.to_string()).expect("an event");
            net::sleep(Duration::from_millis(7)).await;
        }
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(done.borrow().len(), 100);
        assert!(done.borrow().iter().all(|seen| *seen == (1..=20).collect::<Vec<u64>>()));
    })
    .expect("the simulation ends");
}

#[test]
fn a_handler_can_look_at_how_its_client_resumes() {
    sim::run(17, async {
        let feed = Feed::new(Settings { ring_events: 2, ..Settings::default() });
        (0..5).for_each(|n| assert!(feed.publish("message", &n.to_string()).is_ok()));
        let resumes = Rc::new(RefCell::new(Vec::new()));
        let log = resumes.clone();
        let listener = SimListener::bind(ADDRESS).expect("a free address");
        serve_on(listener, Options::default(), async move |request: Request<'_>, response: Response<'_>| -> Outcome {
            let subscription = feed.subscribe(last_event_id(&request).as_deref());
            log.borrow_mut().push(subscription.resume());
            match EventStream::open(&request, response).await? {
                Some(stream) => stream.end().await,
                None => Ok(()),
            }
        });
        for id in ["", "3", "1", "x"] {
            let mut source = source(wirebook_sse::Settings { last_event_id: id.to_string(), ..quick() }, 17);
            assert_eq!(source.next().await, Ok(Notice::Open));
        }
        let expected = [Resume::Fresh, Resume::Resumed(2), Resume::Lost(Some(2)), Resume::Lost(None)];
        assert_eq!(*resumes.borrow(), expected);
    })
    .expect("the simulation ends");
}
