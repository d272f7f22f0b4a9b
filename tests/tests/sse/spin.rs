//! No peer, whatever it sends, makes an event source connect more often than its floor allows. Hostile servers by chance, in
//! the simulated network and its virtual time.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use wirebook_net::sim::{self, Config, Fault, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::url::Url;
use wirebook_sse::{Cause, Settings};

const ADDRESS: &str = "10.0.0.1:80";
const URL: &str = "http://10.0.0.1/feed";

const OPEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// A stream in chunks, cut off between two of them.
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n:\n\r\n";

/// What a hostile server says before it ends or breaks the connection.
const SCRIPTS: &[&str] = &[
    "",
    "HTTP/1.1 200 OK\r\n",
    "garbage\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 0\n\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 0\ndata: x\n\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 0\nid: 1\n\ndata: x\n\ndata: y\n\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://10.0.0.1/other\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 302 Found\r\nLocation:\r\n\r\n",
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
];

/// A server that tells each connection what `script` chooses; an end, a reset or a silence follows by chance.
fn serve(script: impl Fn() -> &'static str + 'static, ends: &'static [Option<Fault>]) {
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    net::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let text = script();
            let end = ends[sim::random_below(ends.len() as u64) as usize];
            stream.script(end.map(|fault| (sim::random_below(text.len() as u64 + 1), fault)));
            net::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(text.as_bytes()).await;
                if end == Some(Fault::Stall) {
                    // A stream that stays open and says no more.
                    net::sleep(Duration::from_secs(3600)).await;
                }
            });
        }
    });
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<SimStream>>>>;

/// When each connection began.
type Log = Rc<RefCell<Vec<Instant>>>;

fn source(settings: Settings, seed: u64) -> (EventSource<SimStream, impl Fn(Url) -> Connecting>, Log) {
    let log = Log::default();
    let begun = log.clone();
    let connect = move |url: Url| -> Connecting {
        begun.borrow_mut().push(net::now());
        Box::pin(async move { SimStream::connect((url.host(), url.port())).await })
    };
    (EventSource::with_connector(URL, settings, seed, connect).expect("a good URL"), log)
}

fn closest(log: &Log) -> Duration {
    let log = log.borrow();
    log.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(Duration::MAX)
}

const ENDS: &[Option<Fault>] = &[None, None, None, Some(Fault::End), Some(Fault::Reset), Some(Fault::Stall)];

#[test]
fn no_server_makes_a_client_connect_more_often_than_its_floor() {
    let config = |seed| Config { limit: Duration::from_secs(1 << 20), ..Config::from(seed) };
    sim::explore(1000, config, |seed| async move {
        let floor = Duration::from_millis([1, 20, 500, 5000][seed as usize % 4]);
        let settings = Settings {
            min_delay: floor,
            retry: Duration::from_millis(seed % 3 * 100),
            silence_timeout: Some(Duration::from_secs(seed % 2)),
            retry_refusals: true,
            ..Settings::default()
        };
        // One server says the same each time, the other what it likes.
        let only = (seed % 5 == 0).then(|| SCRIPTS[(seed / 5) as usize % SCRIPTS.len()]);
        let script = move || only.unwrap_or_else(|| SCRIPTS[sim::random_below(SCRIPTS.len() as u64) as usize]);
        if seed % 50 != 7 {
            serve(script, ENDS);
        }
        let (mut source, log) = source(settings, seed);
        while log.borrow().len() < 30 {
            // A caller who waits for something else as well drops the future now and then.
            let patience = Duration::from_millis(1 << sim::random_below(15));
            match net::timeout(patience, source.next()).await {
                Ok(Ok(_)) | Err(_) => {}
                Ok(Err(closed)) => panic!("closed: {closed}"),
            }
        }
        let closest = closest(&log);
        assert!(closest >= floor, "two connections within {closest:?}, the floor is {floor:?}");
    });
}

/// How many connections a server brings about in ten minutes that always says the same, and ends.
fn in_ten_minutes(text: &'static str) -> usize {
    let config = Config { limit: Duration::from_secs(7200), ..Config::from(1) };
    let count = sim::run(config, async move {
        serve(move || text, &[None]);
        let (mut source, log) = source(Settings::default(), 1);
        let ten_minutes = Duration::from_secs(600);
        let _ = net::timeout(ten_minutes, async { while source.next().await.is_ok() {} }).await;
        log.borrow().len()
    });
    count.expect("the simulation ends")
}

#[test]
fn a_stream_that_opens_and_ends_at_once_is_asked_less_and_less_often() {
    // The floor alone would allow 1,200.
    for body in ["", ":\n\n", "retry: 0\n\n", "retry: 0\nid: 7\n\n", "retry: 0\nevent: x\n\n"] {
        let text: &'static str = format!("{OPEN}{body}").leak();
        let count = in_ten_minutes(text);
        assert!((5..40).contains(&count), "{count} connections for {body:?}");
    }
    let polled = in_ten_minutes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 0\ndata: x\n\n");
    assert!((800..=1200).contains(&polled), "{polled}: each brings an event, so the floor alone counts");
    let redirected = in_ten_minutes("HTTP/1.1 302 Found\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n");
    assert!((20..600).contains(&redirected), "{redirected} connections for a redirect to itself");
}

#[test]
fn a_caller_who_drops_the_wait_begins_no_further_connection() {
    sim::run(5, async {
        // The answer takes three seconds, the caller's patience lasts a tenth of one.
        let listener = SimListener::bind(ADDRESS).expect("a free address");
        net::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            net::sleep(Duration::from_secs(3)).await;
            stream.write_all(OPEN.as_bytes()).await.expect("a client");
            net::sleep(Duration::from_secs(60)).await;
        });
        let (mut source, log) = source(Settings::default(), 5);
        let mut dropped = 0;
        let opened = loop {
            match net::timeout(Duration::from_millis(100), source.next()).await {
                Ok(notice) => break notice.expect("an answer"),
                Err(_) => dropped += 1,
            }
        };
        assert_eq!(opened, Notice::Open);
        assert_eq!((log.borrow().len(), dropped), (1, 30));
    })
    .expect("the simulation ends");
}

#[test]
fn a_caller_who_comes_late_does_not_take_what_waits_for_silence() {
    sim::run(6, async {
        let settings = Settings { silence_timeout: Some(Duration::from_secs(1)), ..Settings::default() };
        let listener = SimListener::bind("10.0.0.2:80").expect("a free address");
        net::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            stream.write_all(OPEN.as_bytes()).await.expect("a client");
            net::sleep(Duration::from_millis(500)).await;
            stream.write_all(b"data: in time\n\n").await.expect("a client");
            net::sleep(Duration::from_secs(3600)).await;
        });
        let connect =
            |url: Url| -> Connecting { Box::pin(async move { SimStream::connect((url.host(), url.port())).await }) };
        let mut source = EventSource::with_connector("http://10.0.0.2/", settings, 6, connect).expect("a good URL");
        assert_eq!(source.next().await, Ok(Notice::Open));
        net::sleep(Duration::from_secs(60)).await;
        assert!(matches!(source.next().await, Ok(Notice::Event(event)) if event.data == "in time"));
        assert!(matches!(source.next().await, Ok(Notice::Reconnecting { cause: Cause::Silence, .. })));
    })
    .expect("the simulation ends");
}

#[test]
fn the_cause_of_a_reconnection_is_told() {
    for (text, cause) in [
        ("", Cause::Ended),
        ("HTTP/1.1 200 OK\r\n", Cause::Ended),
        (OPEN, Cause::Ended),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 5\r\n\r\n:", Cause::Broken),
        (CHUNKED, Cause::Broken),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n:\n\r\n0\r\n\r\n",
            Cause::Ended,
        ),
        ("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n\r\n", Cause::TwoLocations),
        ("HTTP/1.1 302 Found\r\nLocation: /feed\r\n\r\n", Cause::TooManyRedirects),
    ] {
        let got = first_cause(move || serve(move || text, &[None]), Settings::default());
        assert_eq!(got, cause, "{text:?}");
    }
    assert!(matches!(first_cause(|| serve(|| "garbage\r\n\r\n", &[None]), Settings::default()), Cause::NotHttp(_)));
    assert_eq!(first_cause(|| {}, Settings::default()), Cause::Refused);
    let hints: &'static str = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(40).leak();
    assert_eq!(first_cause(move || serve(move || hints, &[None]), Settings::default()), Cause::TooManyInformational);
    assert_eq!(
        first_cause(|| serve(|| "HTTP/1.1 200 OK\r\n", &[Some(Fault::Stall)]), Settings::default()),
        Cause::HeadTimeout
    );
    let quiet = || {
        let listener = SimListener::bind(ADDRESS).expect("a free address");
        net::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            stream.script([(OPEN.len() as u64, Fault::Stall)]);
            stream.write_all(OPEN.as_bytes()).await.expect("a client");
            net::sleep(Duration::from_secs(3600)).await;
        });
    };
    assert_eq!(first_cause(quiet, Settings::default()), Cause::Silence, "a server that vanished, by default settings");
}

fn first_cause(serve: impl FnOnce() + 'static, settings: Settings) -> Cause {
    sim::run(7, async move {
        serve();
        let (mut source, _) = source(settings, 7);
        loop {
            if let Notice::Reconnecting { cause, .. } = source.next().await.expect("it goes on trying") {
                return cause;
            }
        }
    })
    .expect("the simulation ends")
}
