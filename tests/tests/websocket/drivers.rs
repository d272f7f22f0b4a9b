//! The drivers, mostly in the simulated network: every way to open a connection, serving by task and by message, the hub's
//! slow receivers, and a hundred rough networks. A run that fails prints its seed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wirebook_http1::{self as http1, Request, Response};
use wirebook_net::sim::{self, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::asked;
use wirebook_websocket::frame::Header;
use wirebook_websocket::handshake::{Origin, server::Policy};
use wirebook_websocket::{
    self as websocket, Accepted, Code, Config, Connected, Deflate, Error, Fault, Heartbeat, Hub, Message, Opened,
    Options, Overflow, Reader, SendError, Writer,
};

const ADDRESS: &str = "10.0.0.1:80";
const SECOND: Duration = Duration::from_secs(1);

fn listener() -> SimListener {
    SimListener::bind(ADDRESS).expect("a free address")
}

async fn connect(config: Config) -> Result<Connected<SimStream>, Fault> {
    let stream = SimStream::connect(ADDRESS).await?;
    websocket::connect_over(stream, "a.example", "/chat?x=1", Arc::new(config)).await
}

/// Serves an echo, by message or by task.
fn serve_echo(options: Options, by_message: bool) {
    if by_message {
        websocket::serve_messages(listener(), (), options, |opened| {
            move |message: Message<'_>| {
                let _ = opened.writer.try_send(message);
            }
        });
    } else {
        websocket::serve_on(listener(), (), options, async |accepted: Accepted<SimStream>| {
            let Accepted { mut reader, writer, .. } = accepted;
            while let Some(message) = reader.next().await? {
                writer.send(message).await?;
            }
            Ok(())
        });
    }
}

async fn text<S: Stream>(reader: &mut Reader<S>) -> String {
    let message = reader.next().await.expect("no error").expect("a message");
    message.as_text().expect("text").to_owned()
}

#[test]
fn serve_and_connect_over_tcp() {
    net::block_on(async {
        let server = websocket::serve("127.0.0.1:0", async |mut reader: Reader, writer: Writer| {
            while let Some(message) = reader.next().await? {
                if message.as_text() == Some("fail") {
                    return Err(Fault::Url);
                }
                writer.send(message).await?;
            }
            Ok(())
        });
        let server = server.expect("a free port");
        let url = format!("ws://{}/", server.local_addr());
        let (mut reader, writer) = websocket::connect(&url).await.expect("it serves");
        writer.send("hello").await.expect("open");
        assert_eq!(text(&mut reader).await, "hello");
        writer.close(Code::NORMAL, "done").expect("open");
        assert_eq!(reader.next().await, Ok(None));
        assert_eq!(reader.farewell().map(|close| close.code), Some(Code::NORMAL));

        // A handler's own failure is the peer's 1011.
        let (mut reader, writer) = websocket::connect(&url).await.expect("it serves");
        writer.send("fail").await.expect("open");
        assert_eq!(reader.next().await, Ok(None));
        assert_eq!(reader.farewell().map(|close| close.code), Some(Code::INTERNAL_ERROR));

        server.close();
        net::stop();
    })
    .expect("the loop runs");
}

#[test]
fn accept_gives_the_target_and_the_protocol_and_its_halves_go_anywhere() {
    sim::run(1, async {
        let listener = listener();
        let policy = Policy { protocols: vec!["v2".into(), "v1".into()], ..Policy::default() };
        let options = Options { policy, ..Options::default() };
        let (sender, receiver) = (Rc::new(RefCell::new(None)), Rc::new(Cell::new(false)));
        let (kept, done) = (sender.clone(), receiver.clone());
        net::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let Accepted { mut reader, writer, target, protocol, headers } =
                websocket::accept(stream, &options).await.expect("a good handshake");
            assert_eq!(headers.get("cookie"), Some(&b"who=me"[..]));
            assert_eq!((&*target, protocol.as_deref()), ("/chat?x=1", Some("v2")));
            kept.replace(Some(writer));
            assert_eq!(text(&mut reader).await, "one way");
            assert_eq!(reader.next().await.expect("a clean end"), None);
            done.set(true);
        });
        // `connect_over` asks for no subprotocol, so the request is written by hand.
        let stream = SimStream::connect(ADDRESS).await.expect("it listens");
        let head = "GET /chat?x=1 HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
            Cookie: who=me\r\nSec-WebSocket-Protocol: v3, v2\r\n\r\n";
        // "one way", masked with zeroes, and Close 1000.
        let frames = b"\x81\x87\0\0\0\0one way\x88\x82\0\0\0\0\x03\xe8";
        stream.write_all(&[head.as_bytes(), frames].concat()).await.expect("it reads");
        let (mut bytes, mut answer) = ([0; 512], Vec::new());
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            answer.extend_from_slice(&bytes[..count]);
        }
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains("sec-websocket-protocol: v2\r\n") || answer.contains("Sec-WebSocket-Protocol: v2\r\n"));
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the RFC's own example of a key and its answer");
        assert!(answer.ends_with("\u{fffd}\u{2}\u{3}\u{fffd}"), "Close 1000 is answered: {answer:?}");
        assert!(receiver.get());
        let writer = sender.take().expect("the handshake was good");
        assert_eq!(writer.send("late").await, Err(SendError::Closed));
    })
    .expect("the simulation ends");
}

#[test]
fn a_page_and_a_websocket_on_one_port() {
    sim::run(2, async {
        http1::serve_on(
            listener(),
            http1::server::Options::default(),
            async |request: Request<'_>, response: Response<'_>| {
                if request.path() == "/" {
                    return response.end("a page").await;
                }
                let options = Options::default();
                let Some(mut socket) = websocket::upgrade(request, response, &options).await? else { return Ok(()) };
                assert_eq!(socket.target, "/chat?x=1");
                while let Some(message) = socket.reader.next().await? {
                    socket.writer.send(message).await?;
                }
                Ok(())
            },
        );
        let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
        let Connected { mut reader, writer, protocol } = connect(config).await.expect("an upgrade");
        assert_eq!(protocol, None);
        writer.send("through HTTP").await.expect("open");
        assert_eq!(text(&mut reader).await, "through HTTP");
        writer.close(Code::GOING_AWAY, "").expect("open");
        assert_eq!(reader.next().await, Ok(None));

        for (request, status) in [
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "200"),
            ("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "400"),
            // A page of another host.
            (
                "GET /chat HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                "403",
            ),
        ] {
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            stream.write_all(request.as_bytes()).await.expect("it reads");
            let mut bytes = [0; 512];
            let count = stream.read(&mut bytes).await.expect("an answer");
            let answer = String::from_utf8_lossy(&bytes[..count]).into_owned();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request} got {answer}");
        }
    })
    .expect("the simulation ends");
}

#[test]
fn connect_over_refuses_what_is_no_websocket() {
    sim::run(3, async {
        http1::serve_on(
            listener(),
            http1::server::Options::default(),
            async |_: Request<'_>, response: Response<'_>| response.status(404).end("no").await,
        );
        let Err(Fault::Answered(answer)) = connect(Config::default()).await else { panic!("no 101") };
        assert_eq!((answer.status, &answer.body[..]), (404, &b"no"[..]));
    })
    .expect("the simulation ends");
    // A server that says nothing is given up.
    sim::run(4, async {
        let listener = listener();
        net::spawn(async move {
            let _open = listener.accept().await.expect("a client");
            std::future::pending::<()>().await
        });
        let begun = net::now();
        assert!(matches!(connect(Config::default()).await, Err(Fault::Io(std::io::ErrorKind::TimedOut))));
        assert_eq!((net::now() - begun).as_secs(), 10);
    })
    .expect("the simulation ends");
}

/// A room of two: one reads nothing while sixty messages of 1 KiB are broadcast, with room for some sixteen. How many each got,
/// and how it ended for the slow one.
fn broadcast_to_a_slow_reader(overflow: Overflow, by_message: bool) -> (usize, usize, Option<Code>) {
    const MESSAGES: usize = 60;
    sim::run(5, async move {
        sim::set_faults(Faults { window: 4 << 10, ..Faults::default() });
        let hub = Hub::new(overflow, Some(16 << 10));
        if by_message {
            let hub = hub.clone();
            websocket::serve_messages(listener(), (), Options::default(), move |opened: Opened<SimStream>| {
                let seat = hub.join("all", &opened.writer);
                move |_: Message<'_>| {
                    let _ = &seat;
                }
            });
        } else {
            let hub = hub.clone();
            websocket::serve_on(listener(), (), Options::default(), async move |accepted: Accepted<SimStream>| {
                let Accepted { mut reader, writer, .. } = accepted;
                let _seat = hub.join("all", &writer);
                while reader.next().await?.is_some() {}
                Ok(())
            });
        }
        let slow = connect(Config::default()).await.expect("it serves");
        let fast = connect(Config::default()).await.expect("it serves");
        net::sleep(SECOND).await;
        assert_eq!(hub.members("all"), 2);
        let mut fast_reader = fast.reader;
        let counting = net::spawn(async move {
            let mut count = 0;
            while count < MESSAGES && fast_reader.next().await.expect("no error").is_some() {
                count += 1;
            }
            count
        });
        for i in 0..MESSAGES {
            hub.broadcast("all", vec![i as u8; 1 << 10]);
            net::sleep(SECOND / 100).await;
        }
        let fast_got = counting.await.expect("no panic");
        // Only now the slow one reads.
        let (mut slow_reader, mut slow_got) = (slow.reader, 0);
        while let Ok(Ok(Some(_))) = net::timeout(SECOND, slow_reader.next()).await {
            slow_got += 1;
        }
        (fast_got, slow_got, slow_reader.farewell().map(|close| close.code))
    })
    .expect("the simulation ends")
}

#[test]
fn a_slow_receiver_misses_messages_or_is_closed_and_costs_nobody_else_anything() {
    for by_message in [false, true] {
        let (fast, slow, end) = broadcast_to_a_slow_reader(Overflow::Drop, by_message);
        assert_eq!((fast, end), (60, None));
        assert!((16..30).contains(&slow), "what fitted the queue and the network: {slow}");
        let (fast, slow, end) = broadcast_to_a_slow_reader(Overflow::Disconnect, by_message);
        assert_eq!((fast, end), (60, Some(Code::TRY_AGAIN)));
        assert!((16..30).contains(&slow), "what waited is still written: {slow}");
    }
}

/// Echoes forty messages of all sizes on a network that cuts, delays and, with `reset`, breaks connections off.
async fn conversation(by_message: bool, reset: bool) {
    let live = Rc::new(Cell::new(0));
    let deflate = sim::chance(0.5).then(Deflate::default);
    let config = Config { deflate, queue: 2 << 10, fragment: sim::chance(0.3).then_some(700), ..Config::default() };
    let options = Options { config: Arc::new(config.clone()), ..Options::default() };
    if by_message {
        let live = live.clone();
        websocket::serve_messages(listener(), (), options, move |opened| {
            let here = Here::new(&live);
            move |message: Message<'_>| {
                let _ = (&here, opened.writer.try_send(message));
            }
        });
    } else {
        let live = live.clone();
        websocket::serve_on(listener(), (), options, async move |accepted: Accepted<SimStream>| {
            let _here = Here::new(&live);
            let Accepted { mut reader, writer, .. } = accepted;
            while let Some(message) = reader.next().await? {
                writer.send(message).await?;
            }
            Ok(())
        });
    }
    for _ in 0..3 {
        let Ok(Connected { mut reader, writer, .. }) = connect(config.clone()).await else {
            assert!(reset, "nothing breaks connections off");
            continue;
        };
        let sent: Vec<Vec<u8>> =
            (0..40).map(|i| vec![i as u8; [0, 5, 90, 600, 3000][sim::random_below(5) as usize]]).collect();
        let expected = sent.clone();
        let sending = net::spawn(async move {
            for payload in &sent {
                if writer.send(&payload[..]).await.is_err() {
                    return;
                }
            }
            let _ = writer.close(Code::NORMAL, "");
        });
        let mut got = Vec::new();
        let end = loop {
            match reader.next().await {
                Ok(Some(message)) => got.push(message.as_bytes().to_vec()),
                other => break other.map(drop),
            }
        };
        // In order, none twice, and on an unbroken connection all of them.
        assert!(expected.starts_with(&got));
        assert!(got.len() == expected.len() || reset && end == Err(Error::AbruptEnd), "{} {end:?}", got.len());
        drop(reader);
        sending.await.expect("no panic");
    }
    // Long enough for the longest deadline there is, the heartbeat's.
    net::sleep(60 * SECOND).await;
    assert_eq!(live.get(), 0, "what a connection held is dropped with it");
}

/// Counts who is there.
struct Here(Rc<Cell<i32>>);

impl Here {
    fn new(live: &Rc<Cell<i32>>) -> Self {
        live.set(live.get() + 1);
        Here(live.clone())
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn conversations_on_rough_networks() {
    for by_message in [false, true] {
        sim::explore(asked("WIREBOOK_TRIALS", 40), sim::Config::rough, |_| conversation(by_message, false));
    }
}

#[test]
fn conversations_on_networks_that_break_connections_off() {
    for by_message in [false, true] {
        let config = |seed| {
            let rough = sim::Config::rough(seed);
            sim::Config { faults: Faults { reset: 0.01, ..rough.faults }, ..rough }
        };
        sim::explore(asked("WIREBOOK_TRIALS", 40), config, |_| conversation(by_message, true));
    }
}

#[test]
fn a_silent_peer_is_asked_and_then_given_up_also_without_a_task() {
    for by_message in [false, true] {
        sim::run(6, async move {
            let heartbeat = Some(Heartbeat { interval: 30 * SECOND, timeout: 20 * SECOND });
            let config = Arc::new(Config { heartbeat, ..Config::default() });
            let policy = Policy { origin: Origin::Everyone, ..Policy::default() };
            serve_echo(Options { config, policy, ..Options::default() }, by_message);
            // This end answers nothing: its reader is not read.
            let Connected { reader, writer, .. } = connect(Config::default()).await.expect("it serves");
            let begun = net::now();
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
            stream.write_all(head.as_bytes()).await.expect("it reads");
            let (mut bytes, mut got) = ([0; 512], Vec::new());
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                got.extend_from_slice(&bytes[..count]);
            }
            let time = (net::now() - begun).as_secs();
            assert!((50..=52).contains(&time), "30 s, a ping, 20 s: {time}");
            assert!(got.ends_with(&[0x89, 0]), "the ping was the last that it said: {got:?}");
            drop((reader, writer));
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_peer_that_sends_but_does_not_read_is_not_read_either() {
    for by_message in [false, true] {
        sim::run(7, async move {
            sim::set_faults(Faults { window: 4 << 10, ..Faults::default() });
            let config = Arc::new(Config { queue: 8 << 10, heartbeat: None, ..Config::default() });
            serve_echo(Options { config, ..Options::default() }, by_message);
            let config = Config { queue: 1 << 10, heartbeat: None, ..Config::default() };
            let Connected { mut reader, writer, .. } = connect(config).await.expect("it serves");
            let sent = Rc::new(Cell::new(0));
            let count = sent.clone();
            let sending = net::spawn(async move {
                for _ in 0..200 {
                    writer.send(&[7; 1000][..]).await.expect("open");
                    count.set(count.get() + 1);
                }
                writer
            });
            net::sleep(100 * SECOND).await;
            let stuck = sent.get();
            assert!(stuck < 40, "two windows, two queues and a read buffer: {stuck}");
            net::sleep(100 * SECOND).await;
            assert_eq!(sent.get(), stuck);
            for _ in 0..200 {
                assert_eq!(reader.next().await.expect("no error").expect("a message").as_bytes().len(), 1000);
            }
            drop(sending.await);
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_panic_for_one_message_ends_that_connection_alone() {
    sim::run(8, async {
        websocket::serve_messages(listener(), (), Options::default(), |opened| {
            move |message: Message<'_>| {
                assert_ne!(message.as_text(), Some("panic"));
                let _ = opened.writer.try_send(message);
            }
        });
        let mut one = connect(Config::default()).await.expect("it serves");
        let mut other = connect(Config::default()).await.expect("it serves");
        one.writer.send("panic").await.expect("open");
        assert_eq!(one.reader.next().await, Ok(None));
        assert_eq!(one.reader.farewell().map(|close| close.code), Some(Code::INTERNAL_ERROR));
        other.writer.send("still there").await.expect("open");
        assert_eq!(text(&mut other.reader).await, "still there");
    })
    .expect("the simulation ends");
}

#[test]
fn what_comes_with_the_handshake_and_what_a_function_closes() {
    sim::run(9, async {
        websocket::serve_messages(listener(), (), Options::default(), |opened| {
            assert_eq!(opened.target, "/x");
            move |message: Message<'_>| match message.as_text() {
                Some("bye") => opened.writer.close(Code(4000), "as asked").expect("open"),
                _ => drop(opened.writer.try_send(message)),
            }
        });
        let stream = SimStream::connect(ADDRESS).await.expect("it listens");
        let head = "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let frames = b"\x81\x82\0\0\0\0hi\x81\x83\0\0\0\0bye";
        stream.write_all(&[head.as_bytes(), frames].concat()).await.expect("it reads");
        let begun = net::now();
        let (mut bytes, mut got) = ([0; 512], Vec::new());
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            got.extend_from_slice(&bytes[..count]);
        }
        assert!(got.ends_with(b"\x81\x02hi\x88\x0a\x0f\xa0as asked"), "{got:?}");
        // Nobody answers the Close: the time-out ends it, 3 s, seen to within a sweep.
        let time = (net::now() - begun).as_secs_f64();
        assert!((2.9..4.1).contains(&time), "{time}");
        let (header, size) = Header::decode(&got[got.len() - 12..]).expect("a frame").expect("whole");
        assert_eq!((header.length, size), (10, 2));
    })
    .expect("the simulation ends");
}

#[test]
fn a_peer_that_pings_and_does_not_read_is_owed_one_answer_or_not_read() {
    for by_message in [false, true] {
        sim::run(10, async move {
            sim::set_faults(Faults { window: 4 << 10, ..Faults::default() });
            let config = Arc::new(Config { queue: 1 << 10, heartbeat: None, ..Config::default() });
            serve_echo(Options { config, ..Options::default() }, by_message);
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
            stream.write_all(head.as_bytes()).await.expect("it reads");
            let mut sent = 0;
            for i in 0..4000_u16 {
                let [high, low] = i.to_be_bytes();
                let ping = [0x89, 0x82, 0, 0, 0, 0, high, low];
                if net::timeout(SECOND, stream.write_all(&ping)).await.is_err() {
                    break;
                }
                sent = i;
            }
            // A reader reads on. By message, where nothing could hold a handler back, reading stops.
            assert_eq!(sent < 3999, by_message, "{sent}");
            let (mut bytes, mut got) = ([0; 4096], Vec::new());
            while let Ok(Ok(count)) = net::timeout(SECOND, stream.read(&mut bytes)).await {
                got.extend_from_slice(&bytes[..count]);
            }
            assert!(
                got.ends_with(&[&[0x8a, 2], &sent.to_be_bytes()[..]].concat()),
                "{sent} {:?}",
                got.last_chunk::<8>()
            );
            assert!(got.len() < 8 << 10, "the window, the queue and one more: {}", got.len());
        })
        .expect("the simulation ends");
    }
}

#[test]
fn every_queue_at_nothing_at_one_and_at_its_most_serves() {
    for by_message in [false, true] {
        for queue in [0, 1, usize::MAX] {
            sim::run(11, async move {
                sim::set_faults(Faults { window: 1 << 10, ..Faults::default() });
                let config = Config { queue, ..Config::default() };
                serve_echo(Options { config: Arc::new(config.clone()), ..Options::default() }, by_message);
                let Connected { mut reader, writer, .. } = connect(config).await.expect("it serves");
                let sending = net::spawn(async move {
                    for i in 0..50_usize {
                        writer.send(vec![i as u8; i * 60]).await.expect("open");
                    }
                    writer.close(Code::NORMAL, "").expect("open");
                });
                for i in 0..50_usize {
                    let message = reader.next().await.expect("no error").expect("a message");
                    assert_eq!(message.as_bytes(), vec![i as u8; i * 60], "{by_message} {queue}");
                }
                assert_eq!(reader.next().await, Ok(None));
                sending.await.expect("no panic");
            })
            .expect("the simulation ends");
        }
    }
}

#[test]
fn a_hub_whose_bound_is_nothing_gives_to_who_has_nothing_waiting() {
    for (bound, taken) in [(0, 1), (1, 1), (usize::MAX, 3)] {
        sim::run(12, async move {
            let hub = Hub::new(Overflow::Drop, Some(bound));
            let joined = hub.clone();
            websocket::serve_on(listener(), (), Options::default(), async move |accepted: Accepted<SimStream>| {
                let Accepted { mut reader, writer, .. } = accepted;
                let _seat = joined.join("all", &writer);
                while reader.next().await?.is_some() {}
                Ok(())
            });
            let Connected { mut reader, writer: _writer, .. } = connect(Config::default()).await.expect("it serves");
            net::sleep(SECOND).await;
            // Nothing is written between these.
            let sent = [0, 1, 2].map(|i| hub.broadcast("all", vec![i; 10]));
            assert_eq!(sent.iter().sum::<usize>(), taken, "{bound}");
            for i in 0..taken {
                assert_eq!(reader.next().await.expect("no error").expect("a message").as_bytes(), [i as u8; 10]);
            }
            net::sleep(SECOND).await;
            assert_eq!(hub.broadcast("all", "later"), 1, "{bound}");
            assert_eq!(reader.next().await.expect("no error").expect("a message").as_text(), Some("later"));
            hub.close_all(Code::GOING_AWAY, "goodbye");
            assert_eq!(reader.next().await, Ok(None));
            let farewell = reader.farewell().expect("a Close");
            assert_eq!((farewell.code, &*farewell.reason), (Code::GOING_AWAY, "goodbye"));
        })
        .expect("the simulation ends");
    }
}
