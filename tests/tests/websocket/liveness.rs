//! Who is alive stays connected: pings are answered and pongs seen whoever reads or not, within bounds; and what becomes of a
//! connection of which one half is dropped. All in virtual time.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wirebook_net::sim::{self, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_websocket::frame::{Header, Opcode};
use wirebook_websocket::{
    self as websocket, Accepted, Code, Config, Connected, Error, Fault, Heartbeat, Options, SendError,
};

const ADDRESS: &str = "10.0.0.1:80";
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3500);

fn listener() -> SimListener {
    SimListener::bind(ADDRESS).expect("a free address")
}

/// A server that says what it hears, with a callback for each message or a task for each connection.
fn echo(by_message: bool, config: Config) {
    let options = Options { config: Arc::new(config), ..Options::default() };
    if by_message {
        websocket::serve_messages(listener(), (), options, |opened| {
            move |message: websocket::Message<'_>| {
                let _ = opened.writer.try_send(message);
            }
        });
    } else {
        websocket::serve_on(listener(), (), options, async |mut a: Accepted<SimStream>| {
            while let Some(message) = a.reader.next().await? {
                a.writer.send(message).await?;
            }
            Ok(())
        });
    }
}

async fn connect(config: Config) -> Connected<SimStream> {
    let stream = SimStream::connect(ADDRESS).await.expect("it listens");
    websocket::connect_over(stream, "a", "/", Arc::new(config)).await.expect("it serves")
}

/// A client that is a few bytes over a stream: what comes is written down as it was on the wire.
struct Raw {
    stream: Rc<SimStream>,
    came: Rc<RefCell<Vec<u8>>>,
    ended: Rc<Cell<bool>>,
}

impl Raw {
    async fn open() -> Raw {
        let stream = Rc::new(SimStream::connect(ADDRESS).await.expect("it listens"));
        let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        stream.write_all(head.as_bytes()).await.expect("it reads");
        let (came, ended) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(false)));
        let raw = Raw { stream: stream.clone(), came: came.clone(), ended: ended.clone() };
        net::spawn(async move {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                came.borrow_mut().extend_from_slice(&bytes[..count]);
            }
            ended.set(true);
        });
        raw
    }

    async fn send(&self, opcode: u8, payload: &[u8]) {
        let frame = [&[0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat();
        self.stream.write_all(&frame).await.expect("it reads");
    }

    /// The frames that came, by opcode and payload.
    fn frames(&self) -> Vec<(Opcode, Vec<u8>)> {
        let came = self.came.borrow();
        let start = came.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer") + 4;
        let (mut rest, mut frames) = (&came[start..], Vec::new());
        while let Ok(Some((header, size))) = Header::decode(rest) {
            let Some(payload) = rest.get(size..size + header.length as usize) else { break };
            frames.push((header.opcode, payload.to_vec()));
            rest = &rest[size + payload.len()..];
        }
        frames
    }

    fn count(&self, opcode: Opcode) -> usize {
        self.frames().iter().filter(|(other, _)| *other == opcode).count()
    }

    fn closes(&self) -> Vec<u16> {
        let closes = self.frames().into_iter().filter(|(opcode, _)| *opcode == Opcode::Close);
        closes.map(|(_, payload)| payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))).collect()
    }
}

/// How a handler stands to what it is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    /// It holds its reader and asks it for nothing.
    Never,
    /// For one message, and then nothing.
    Once,
    /// It began to, and gave up.
    GaveUp,
    /// Its reader is read in a task of its own, once.
    Elsewhere,
}

/// Serves a clock that writes every ten seconds for as long as it can; says for how long that was.
fn serve_clock(reads: Reads, config: Config) -> Rc<Cell<Option<Duration>>> {
    let lived = Rc::new(Cell::new(None));
    let told = lived.clone();
    let options = Options { config: Arc::new(config), ..Options::default() };
    websocket::serve_on(listener(), (), options, async move |accepted: Accepted<SimStream>| {
        let Accepted { mut reader, writer, .. } = accepted;
        let begun = net::now();
        let _kept = match reads {
            Reads::Never => Some(reader),
            Reads::Once => {
                let message = reader.next().await?.map(|message| message.into_owned());
                assert_eq!(message.expect("one").as_text(), Some("begin"));
                Some(reader)
            }
            Reads::GaveUp => {
                let _ = net::timeout(SECOND, async { while reader.next().await.is_ok_and(|m| m.is_some()) {} }).await;
                Some(reader)
            }
            Reads::Elsewhere => {
                net::spawn(async move {
                    let _ = reader.next().await;
                    pending::<()>().await;
                    drop(reader);
                });
                None
            }
        };
        while writer.send("tick").await.is_ok() {
            net::sleep(10 * SECOND).await;
        }
        told.set(Some(net::now() - begun));
        Ok(())
    });
    lived
}

const ALL: [Reads; 4] = [Reads::Never, Reads::Once, Reads::GaveUp, Reads::Elsewhere];

#[test]
fn who_only_writes_is_not_given_up_while_the_client_answers_pings() {
    for reads in ALL {
        sim::run(sim::Config { limit: 2 * HOUR, ..1.into() }, async move {
            let lived = serve_clock(reads, Config::default());
            let raw = Raw::open().await;
            // What the handler wants, and behind it, in the same write, what it never asks for.
            let frames = b"\x81\x85\0\0\0\0begin\x81\x82\0\0\0\0no\x89\x81\0\0\0\0!";
            raw.stream.write_all(frames).await.expect("it reads");
            let mut answered = 0;
            let begun = net::now();
            while net::now() - begun < HOUR {
                net::sleep(SECOND).await;
                let pings = raw.count(Opcode::Ping);
                for _ in answered..pings {
                    raw.send(0xa, b"").await;
                }
                answered = pings;
            }
            assert_eq!((lived.get(), raw.closes()), (None, vec![]), "{reads:?}: it lives");
            assert!(answered > 50 && raw.count(Opcode::Text) > 340, "{reads:?}");
            assert_eq!(raw.count(Opcode::Pong), 1, "{reads:?}: the ping behind a message was answered");
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_client_that_only_writes_lives_as_well() {
    sim::run(sim::Config { limit: 2 * HOUR, ..2.into() }, async {
        let heard = Rc::new(Cell::new(0));
        let count = heard.clone();
        websocket::serve_on(listener(), (), Options::default(), async move |mut accepted: Accepted<SimStream>| {
            while accepted.reader.next().await?.is_some() {
                count.set(count.get() + 1);
                accepted.writer.send("ok").await?;
            }
            Ok(())
        });
        let Connected { reader: _kept, writer, .. } = connect(Config { ahead: 100, ..Config::default() }).await;
        for _ in 0..340 {
            writer.send("reading").await.expect("open");
            net::sleep(10 * SECOND).await;
        }
        // What is not read has its bound, and costs the connection nothing but that the peer is not read.
        assert_eq!(heard.get(), 340);
    })
    .expect("the simulation ends");
}

#[test]
fn who_only_writes_is_given_up_when_nothing_answers() {
    for reads in ALL {
        sim::run(3, async move {
            let lived = serve_clock(reads, Config::default());
            let raw = Raw::open().await;
            raw.send(1, b"begin").await;
            net::sleep(200 * SECOND).await;
            let lived = lived.get().expect("it was given up").as_secs();
            assert!((50..=92).contains(&lived), "{reads:?}: an interval or two, a ping, a timeout: {lived}");
            assert!(raw.ended.get());
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_close_is_answered_in_time_though_nobody_reads() {
    for reads in ALL {
        sim::run(4, async move {
            let lived = serve_clock(reads, Config::default());
            let raw = Raw::open().await;
            raw.send(1, b"begin").await;
            net::sleep(5 * SECOND).await;
            let begun = net::now();
            // A message that nobody takes, and then the end.
            raw.send(1, b"unread").await;
            raw.send(8, b"\x03\xe9").await;
            while !raw.ended.get() {
                net::sleep(SECOND / 10).await;
            }
            assert!(net::now() - begun < 4 * SECOND, "{reads:?}: within close_timeout: {:?}", net::now() - begun);
            assert_eq!(raw.closes(), [1001], "{reads:?}: the answer echoes the code");
            net::sleep(20 * SECOND).await;
            assert!(lived.get().is_some(), "{reads:?}: and the handler is told by its next send");
        })
        .expect("the simulation ends");
    }
}

#[test]
fn what_is_not_read_has_a_bound_and_is_not_lost() {
    for ahead in [0, 1, 100, 8 << 10, usize::MAX] {
        sim::run(5, async move {
            sim::set_faults(sim::Faults { window: 1 << 10, ..Default::default() });
            let (go, gone) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
            let (wait, count) = (go.clone(), gone.clone());
            let config = Arc::new(Config { ahead, ..Config::default() });
            let options = Options { config, ..Options::default() };
            websocket::serve_on(listener(), (), options, async move |mut accepted: Accepted<SimStream>| {
                while !wait.get() {
                    net::sleep(SECOND).await;
                }
                while let Some(message) = accepted.reader.next().await? {
                    assert_eq!(message.as_bytes(), [count.get() as u8; 100]);
                    count.set(count.get() + 1);
                }
                Ok(())
            });
            let raw = Raw::open().await;
            let sent = Rc::new(Cell::new(0_usize));
            let (stream, written) = (raw.stream.clone(), sent.clone());
            let sending = net::spawn(async move {
                for i in 0..200_u8 {
                    let frame = [&[0x82, 0x80 | 100, 0, 0, 0, 0][..], &[i; 100]].concat();
                    stream.write_all(&frame).await.expect("it reads");
                    written.set(written.get() + frame.len());
                }
                stream.write_all(b"\x88\x80\0\0\0\0").await.expect("it reads");
            });
            // Longer than the heartbeat would wait: who does not listen does not judge.
            net::sleep(300 * SECOND).await;
            let most = ahead.saturating_add(2 << 10);
            assert!(sent.get() <= most, "{ahead}: {} were taken", sent.get());
            assert_eq!(sent.get() == 200 * 106, ahead == usize::MAX, "{ahead}");
            if ahead < usize::MAX {
                assert!(!raw.ended.get(), "{ahead}");
            }
            go.set(true);
            sending.await.expect("no panic");
            net::sleep(10 * SECOND).await;
            assert_eq!((gone.get(), raw.closes()), (200, vec![1005]), "{ahead}: all of it, in order, and then the end");
        })
        .expect("the simulation ends");
    }
}

#[test]
fn dropping_the_reader_closes_and_dropping_the_writer_does_not() {
    sim::run(6, async {
        let (outcome, heard) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(0)));
        let (told, count) = (outcome.clone(), heard.clone());
        websocket::serve_on(listener(), (), Options::default(), async move |accepted: Accepted<SimStream>| {
            let Accepted { mut reader, writer, target, .. } = accepted;
            if target == "/reader" {
                drop(reader);
                net::sleep(SECOND).await;
                told.set(Some(writer.send("too late").await));
                // The handler may go on as long as it likes; the connection does not.
                return pending().await;
            }
            drop(writer);
            while reader.next().await?.is_some() {
                count.set(count.get() + 1);
            }
            Ok(())
        });
        let open = async |target| {
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            websocket::connect_over(stream, "a", target, Arc::default()).await.expect("it serves")
        };
        let mut closed = open("/reader").await;
        let begun = net::now();
        assert_eq!(closed.reader.next().await, Ok(None));
        assert!(net::now() - begun < SECOND / 10);
        assert_eq!(closed.reader.farewell().map(|close| close.code), Some(Code::NORMAL));
        net::sleep(2 * SECOND).await;
        assert_eq!(outcome.get(), Some(Err(SendError::Closed)));

        let Connected { mut reader, writer, .. } = open("/writer").await;
        for _ in 0..20 {
            writer.send("still there").await.expect("open");
            net::sleep(10 * SECOND).await;
        }
        assert_eq!(heard.get(), 20);
        writer.close(Code::GOING_AWAY, "").expect("open");
        assert_eq!(reader.next().await, Ok(None));
        // And at the client: the reader's end is the connection's, the writer's is not.
        let Connected { mut reader, writer, .. } = open("/writer").await;
        drop(writer);
        assert!(net::timeout(200 * SECOND, reader.next()).await.is_err(), "pings are answered without a writer");
        let Connected { reader, writer, .. } = open("/writer").await;
        drop(reader);
        net::sleep(SECOND).await;
        assert_eq!(writer.send("x").await, Err(SendError::Closed));
    })
    .expect("the simulation ends");
}

#[test]
fn accepted_halves_live_without_being_read_and_close_when_the_reader_is_dropped() {
    sim::run(sim::Config { limit: 2 * HOUR, ..7.into() }, async {
        let listener = listener();
        let parts = Rc::new(RefCell::new(None));
        let kept = parts.clone();
        net::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            kept.replace(Some(websocket::accept(stream, &Options::default()).await.expect("a handshake")));
        });
        let Connected { mut reader, writer, .. } = connect(Config::default()).await;
        writer.send("unread").await.expect("open");
        assert!(net::timeout(HOUR, reader.next()).await.is_err(), "both ends answer each other's pings");
        let Accepted { reader: theirs, writer: their_writer, .. } = parts.take().expect("accepted");
        drop(theirs);
        assert_eq!(reader.next().await, Ok(None));
        assert_eq!(their_writer.send("x").await, Err(SendError::Closed));
    })
    .expect("the simulation ends");
}

#[test]
fn a_slow_reader_that_takes_something_now_and_then_is_alive() {
    for by_message in [false, true] {
        sim::run(8, async move {
            sim::set_faults(sim::Faults { window: 1 << 10, ..Default::default() });
            let heartbeat = Some(Heartbeat { interval: 5 * SECOND, timeout: 2 * SECOND });
            let config = Arc::new(Config { heartbeat, ..Config::default() });
            let options = Options { config, ..Options::default() };
            let outcome = Rc::new(Cell::new(None));
            let told = outcome.clone();
            let payload = [7; 60 << 10];
            if by_message {
                websocket::serve_messages(listener(), (), options, move |opened| {
                    move |_: websocket::Message<'_>| {
                        // More than the queue takes: from here on this peer is not read.
                        let _ = opened.writer.try_send(&payload[..]);
                        let _ = opened.writer.try_send(&payload[..]);
                    }
                });
            } else {
                websocket::serve_on(listener(), (), options, async move |accepted: Accepted<SimStream>| {
                    let Accepted { reader: _kept, writer, .. } = accepted;
                    for _ in 0..2 {
                        let sent = writer.send(&payload[..]).await;
                        told.set(Some(sent));
                        sent?;
                    }
                    pending::<()>().await;
                    Ok(())
                });
            }
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
            stream.write_all(head.as_bytes()).await.expect("it reads");
            stream.write_all(b"\x81\x82\0\0\0\0go").await.expect("it reads");
            // Two minutes for what is sent, at a kilobyte a second; no ping is ever answered before all is read.
            let (mut bytes, mut count) = ([0; 1 << 10], 0);
            while count < 120 << 10 {
                net::sleep(SECOND).await;
                match stream.read(&mut bytes).await {
                    Ok(some @ 1..) => count += some,
                    other => panic!("{by_message}: given up after {count} bytes: {other:?}"),
                }
            }
            assert!(by_message || outcome.get() == Some(Ok(())));
        })
        .expect("the simulation ends");
    }
}

/// The pong lies there when the server is heard again that was held up, or stopped; its time was up meanwhile.
#[test]
fn a_server_that_was_held_up_hears_a_pong_before_it_counts() {
    for by_message in [false, true] {
        sim::run(11, async move {
            sim::set_faults(Faults { latency_min: SECOND, latency_max: SECOND, ..Faults::default() });
            let heartbeat = Some(Heartbeat { interval: 30 * SECOND, timeout: 20 * SECOND });
            let config = Config { heartbeat, ..Config::default() };
            echo(by_message, config);
            let raw = Raw::open().await;
            while !raw.came.borrow().ends_with(&[0x89, 0]) {
                net::sleep(SECOND / 10).await;
            }
            raw.send(10, b"").await;
            net::sleep(SECOND / 2).await;
            net::set_immediate(|| sim::hold_up(60 * SECOND));
            net::sleep(2 * SECOND).await;
            raw.send(1, b"still there?").await;
            net::sleep(5 * SECOND).await;
            assert!(!raw.ended.get(), "{by_message}");
            assert!(raw.came.borrow().ends_with(b"still there?"), "{by_message}");
        })
        .expect("the simulation ends");
    }
}

/// The same for a client, which has a task of its own for what is due.
#[test]
fn a_client_that_was_held_up_hears_a_pong_before_it_counts() {
    sim::run(12, async move {
        sim::set_faults(Faults { latency_min: SECOND, latency_max: SECOND, ..Faults::default() });
        let config = Arc::new(Config { heartbeat: None, ..Config::default() });
        websocket::serve_messages(listener(), (), Options { config, ..Options::default() }, |opened| {
            move |message: websocket::Message<'_>| {
                let _ = opened.writer.try_send(message);
            }
        });
        let heartbeat = Some(Heartbeat { interval: 30 * SECOND, timeout: 20 * SECOND });
        let Connected { mut reader, writer, .. } = connect(Config { heartbeat, ..Config::default() }).await;
        let reads =
            net::spawn(async move { reader.next().await.map(|message| message.map(|message| message.into_owned())) });
        // It has asked after thirty, and is answered after thirty-two.
        net::sleep(31 * SECOND + SECOND / 2).await;
        net::set_immediate(|| sim::hold_up(60 * SECOND));
        net::sleep(2 * SECOND).await;
        writer.send("still there?").await.expect("it is open");
        let got = reads.await.expect("a task").expect("it is open").expect("a message");
        assert_eq!(got.as_text(), Some("still there?"));
    })
    .expect("the simulation ends");
}

#[test]
fn every_duration_of_a_heartbeat_at_nothing_at_little_and_at_most_serves() {
    for interval in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            for close_timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
                for by_message in [false, true] {
                    sim::run(9, async move {
                        let heartbeat = Some(Heartbeat { interval, timeout });
                        let config = Config { heartbeat, close_timeout, ..Config::default() };
                        echo(by_message, config);
                        let Connected { mut reader, writer, .. } = connect(Config::default()).await;
                        // A peer that may not be silent for a moment longer than it takes to answer is given up, and nothing else is.
                        let hopeless = interval == Duration::from_nanos(1) && timeout != Duration::MAX && !by_message;
                        let sent = writer.send("hello").await;
                        let got = reader.next().await;
                        if !hopeless && sent.is_ok() {
                            let got = got.map(|message| message.map(|message| message.into_owned()));
                            assert!(
                                got.as_ref().is_ok_and(|message| message.is_some()) || by_message,
                                "{interval:?} {timeout:?} {close_timeout:?} {by_message} {got:?}"
                            );
                            let _ = writer.close(Code::NORMAL, "");
                            let _ = net::timeout(10 * SECOND, reader.next()).await;
                        }
                    })
                    .expect("it neither panics nor spins nor hangs");
                }
            }
        }
    }
}

#[test]
fn an_end_without_a_close_is_told_to_who_reads_and_in_time_to_who_does_not() {
    for reads in [true, false] {
        sim::run(10, async move {
            let (ended, at) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(None)));
            let (told, when) = (ended.clone(), at.clone());
            websocket::serve_on(listener(), (), Options::default(), async move |accepted: Accepted<SimStream>| {
                let Accepted { mut reader, writer, .. } = accepted;
                let outcome = async {
                    loop {
                        if reads {
                            let Some(message) = reader.next().await? else { return Ok(()) };
                            writer.send(message).await?;
                        } else {
                            writer.send("tick").await?;
                            net::sleep(SECOND).await;
                        }
                    }
                };
                let outcome: Result<(), Fault> = outcome.await;
                when.set(Some(net::now()));
                told.set(Some(outcome.clone()));
                outcome
            });
            let raw = Raw::open().await;
            net::sleep(SECOND).await;
            let begun = net::now();
            raw.stream.shutdown(std::net::Shutdown::Write).expect("open");
            net::sleep(20 * SECOND).await;
            let took = at.get().expect("it has ended") - begun;
            match reads {
                true => assert_eq!(ended.take(), Some(Err(Fault::Receive(Error::AbruptEnd)))),
                false => assert_eq!(ended.take(), Some(Err(Fault::Send(SendError::Closed)))),
            }
            assert!(took <= if reads { SECOND / 10 } else { 5 * SECOND }, "{reads} {took:?}");
            assert!(raw.ended.get());
        })
        .expect("the simulation ends");
    }
}

#[test]
fn who_does_not_listen_still_gives_up_a_peer_that_takes_nothing() {
    sim::run(11, async {
        let lived = Rc::new(Cell::new(None));
        let told = lived.clone();
        // Nothing is read but by the reader, and the reader is not read.
        let options = Options { config: Arc::new(Config { ahead: 0, ..Config::default() }), ..Options::default() };
        websocket::serve_on(listener(), (), options, async move |accepted: Accepted<SimStream>| {
            let Accepted { reader: _kept, writer, .. } = accepted;
            let begun = net::now();
            while writer.send(&[0; 8 << 10][..]).await.is_ok() {
                net::sleep(SECOND).await;
            }
            told.set(Some(net::now() - begun));
            Ok(())
        });
        let stream = SimStream::connect(ADDRESS).await.expect("it listens");
        let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        stream.write_all(head.as_bytes()).await.expect("it reads");
        net::sleep(300 * SECOND).await;
        let lived = lived.get().expect("it was given up").as_secs();
        assert!((50..=120).contains(&lived), "{lived}");
    })
    .expect("the simulation ends");
}

/// A reader that was taken to another task hears of the end, whoever brought it about and whatever waits for it.
#[test]
fn a_reader_in_another_task_comes_to_its_end_when_the_handler_returns() {
    sim::run(12, async {
        let ended = Rc::new(Cell::new(None));
        let told = ended.clone();
        websocket::serve_on(listener(), (), Options::default(), async move |accepted: Accepted<SimStream>| {
            let Accepted { mut reader, .. } = accepted;
            let told = told.clone();
            net::spawn(async move {
                while let Ok(Some(_)) = reader.next().await {}
                told.set(Some(net::now()));
            });
            // The reader waits by then.
            net::sleep(SECOND).await;
            Ok(())
        });
        let Connected { mut reader, .. } = connect(Config::default()).await;
        let begun = net::now();
        assert_eq!(reader.next().await, Ok(None));
        net::sleep(10 * SECOND).await;
        assert!(ended.get().expect("it has ended") - begun < 5 * SECOND);
    })
    .expect("the simulation ends");
}
