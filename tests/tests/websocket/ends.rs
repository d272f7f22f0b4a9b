//! A thousand chats that end in every way there is: halves are dropped, peers vanish, end their direction without a Close, or
//! stop reading. The rules that hold in all of them:
//!
//! 1. What comes is what was sent, in order, none of it twice.
//! 2. What was sent before an end arrives, as long as its receiver reads: at a Close, at a half-closed transport, when a
//!    reader is dropped, and when a handler returns.
//! 3. Who answers and reads is never given up; who does not is, and everything has ended within the named times.
//!
//! A run that fails prints its seed.

use std::cell::{Cell, RefCell};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wirebook_net::sim::{self, Fault as NetFault, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_tests::asked;
use wirebook_websocket::frame::{Header, Opcode};
use wirebook_websocket::{self as websocket, Accepted, Code, Config, Connected, Heartbeat, Message, Opened, Options};

const ADDRESS: &str = "10.0.0.1:80";
const SECOND: Duration = Duration::from_secs(1);
const HEARTBEAT: Heartbeat = Heartbeat { interval: Duration::from_secs(10), timeout: Duration::from_secs(8) };
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// How a client ends.
#[derive(Clone, Copy, Debug)]
enum Client {
    /// Close, at once behind what it says, and reads to the end.
    Closes,
    /// No Close: its direction of the transport ends, and it reads to the end.
    HalfCloses,
    /// It is never heard of again, in the middle of something.
    Vanishes,
    /// It sends and never reads.
    StopsReading,
    /// It drops its reader, and so says Close for itself.
    DropsReader,
    /// It is idle for longer than any heartbeat, and then closes.
    Idles,
}

/// What the server's handler does with what it is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Server {
    Echoes,
    /// A while passes before each answer.
    Ponders,
    /// From a task of its own.
    EchoesElsewhere,
    /// After so many messages it returns.
    Returns(usize),
    /// After so many messages it drops its reader, and stays.
    DropsReader(usize),
    /// No task: a function.
    ByMessage,
}

fn pick<T: Copy>(from: &[T]) -> T {
    from[sim::random_below(from.len() as u64) as usize]
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

/// Says which messages the server has answered, by connection.
type Answered = Rc<RefCell<Vec<usize>>>;

fn serve(server: Server, config: Config, live: &Rc<Cell<i32>>, answered: &Answered) {
    let options = Options { config: Arc::new(config), ..Options::default() };
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    let (live, answered) = (live.clone(), answered.clone());
    if server == Server::ByMessage {
        websocket::serve_messages(listener, (), options, move |opened: Opened<SimStream>| {
            let here = Here::new(&live);
            let answered = answered.clone();
            let place = number(&opened.target);
            move |message: Message<'_>| {
                let _ = &here;
                if opened.writer.try_send(message) == Ok(true) {
                    answered.borrow_mut()[place] += 1;
                }
            }
        });
        return;
    }
    websocket::serve_on(listener, (), options, async move |accepted: Accepted<SimStream>| {
        let _here = Here::new(&live);
        let Accepted { mut reader, writer, target, .. } = accepted;
        let (answered, place) = (answered.clone(), number(&target));
        let echo = async move |most: usize, ponder: bool| {
            let mut count = 0;
            while count < most {
                let Some(message) = reader.next().await? else { break };
                if ponder {
                    let message = message.into_owned();
                    net::sleep(Duration::from_millis(sim::random_below(900))).await;
                    writer.send(message).await?;
                } else {
                    writer.send(message).await?;
                }
                answered.borrow_mut()[place] += 1;
                count += 1;
            }
            Ok::<_, websocket::Fault>((reader, writer))
        };
        match server {
            Server::Ponders => drop(echo(usize::MAX, true).await?),
            Server::EchoesElsewhere => drop(net::spawn(echo(usize::MAX, false)).await.expect("no panic")?),
            Server::Returns(most) => drop(echo(most, false).await?),
            Server::DropsReader(most) => {
                let (reader, _writer) = echo(most, false).await?;
                drop(reader);
                net::sleep(5 * SECOND).await;
            }
            _ => drop(echo(usize::MAX, false).await?),
        }
        Ok(())
    });
}

fn number(target: &str) -> usize {
    target.trim_start_matches('/').parse().expect("a number")
}

/// What the client says as message `i`: text of some length that says which it is.
fn payload(i: usize) -> String {
    format!("{i}:{}", "é".repeat(i * 37 % 300))
}

/// A stream with a handshake, and frames of a client behind it.
async fn raw(place: usize, frames: &[u8]) -> SimStream {
    let stream = SimStream::connect(ADDRESS).await.expect("it listens");
    let head = format!(
        "GET /{place} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(frames).await;
    stream
}

fn frames(count: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    for i in 0..count {
        let payload = payload(i);
        let mut head = [0; 14];
        let length = payload.len() as u64;
        let size = Header { fin: true, rsv: 0, opcode: Opcode::Text, mask: Some([0; 4]), length }.encode(&mut head);
        wire.extend_from_slice(&head[..size]);
        wire.extend_from_slice(payload.as_bytes());
    }
    wire
}

/// The texts and the code of the Close among the bytes that a server sent.
fn understand(bytes: &[u8]) -> (Vec<String>, Option<u16>) {
    let start = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let (mut rest, mut texts, mut code) = (&bytes[start..], Vec::new(), None);
    while let Ok(Some((header, size))) = Header::decode(rest) {
        let Some(payload) = rest.get(size..size + header.length as usize) else { break };
        match header.opcode {
            Opcode::Text => texts.push(String::from_utf8(payload.to_vec()).expect("text")),
            Opcode::Close => code = Some(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
            _ => {}
        }
        rest = &rest[size + payload.len()..];
    }
    (texts, code)
}

async fn read_to_end(stream: &SimStream) -> Vec<u8> {
    let (mut bytes, mut all) = ([0; 2048], Vec::new());
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        all.extend_from_slice(&bytes[..count]);
    }
    all
}

/// What one client got back, and the code that ended it.
async fn client(kind: Client, place: usize, count: usize, config: Config) -> (Vec<String>, Option<u16>) {
    match kind {
        Client::HalfCloses => {
            let wire = frames(count);
            let stream = Rc::new(raw(place, b"").await);
            let writing = stream.clone();
            let sending = net::spawn(async move {
                let _ = writing.write_all(&wire).await;
                let _ = writing.shutdown(Shutdown::Write);
            });
            let all = read_to_end(&stream).await;
            sending.await.expect("no panic");
            understand(&all)
        }
        Client::Vanishes => {
            let wire = frames(count);
            let stream = raw(place, &[]).await;
            stream.script([(300 + sim::random_below(wire.len() as u64), NetFault::Stall)]);
            let _ = net::timeout(SECOND, stream.write_all(&wire)).await;
            net::sleep(60 * SECOND).await;
            (Vec::new(), None)
        }
        Client::StopsReading => {
            let stream = raw(place, &[]).await;
            let _ = net::timeout(SECOND, stream.write_all(&frames(count))).await;
            net::sleep(60 * SECOND).await;
            (Vec::new(), None)
        }
        _ => {
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            let opened = websocket::connect_over(stream, "a", &format!("/{place}"), Arc::new(config)).await;
            let Connected { mut reader, writer, .. } = opened.expect("it serves");
            let sending = net::spawn(async move {
                if matches!(kind, Client::Idles) {
                    net::sleep(60 * SECOND).await;
                }
                for i in 0..count {
                    if writer.send(payload(i)).await.is_err() {
                        return;
                    }
                }
                let _ = writer.close(Code(3000), "");
            });
            let mut got = Vec::new();
            let most = if matches!(kind, Client::DropsReader) { count / 2 } else { usize::MAX };
            while got.len() < most {
                match reader.next().await {
                    Ok(Some(message)) => got.push(message.as_text().expect("text").to_owned()),
                    _ => break,
                }
            }
            let code = reader.farewell().map(|close| close.code.0);
            drop(reader);
            sending.await.expect("no panic");
            (got, code)
        }
    }
}

async fn chat() {
    let clients = [
        Client::Closes,
        Client::HalfCloses,
        Client::Vanishes,
        Client::StopsReading,
        Client::DropsReader,
        Client::Idles,
    ];
    let some = sim::random_below(12) as usize;
    let servers = [
        Server::Echoes,
        Server::Ponders,
        Server::EchoesElsewhere,
        Server::Returns(some),
        Server::DropsReader(some),
        Server::ByMessage,
    ];
    let config = Config {
        heartbeat: Some(HEARTBEAT),
        close_timeout: CLOSE_TIMEOUT,
        queue: 1 << (7 + sim::random_below(6)),
        ahead: pick(&[0, 1, 500, 8 << 10]),
        ..Config::default()
    };
    let server = pick(&servers);
    let (live, answered) = (Rc::new(Cell::new(0)), Answered::default());
    serve(server, config.clone(), &live, &answered);
    let mut chatting = Vec::new();
    for place in 0..3 {
        let (kind, count) = (pick(&clients), 1 + sim::random_below(20) as usize);
        answered.borrow_mut().push(0);
        // A client that gives a pondering server less time than it needs has given up its answers itself.
        let patient = Config { close_timeout: 60 * SECOND, ..config.clone() };
        chatting.push((kind, count, net::spawn(client(kind, place, count, patient))));
    }
    for (place, (kind, count, chat)) in chatting.into_iter().enumerate() {
        let (got, code) = chat.await.expect("no panic");
        let answered = answered.borrow()[place];
        let why =
            format!("{server:?}, {kind:?} {place}: sent {count}, answered {answered}, got {}, {code:?}", got.len());
        let expected: Vec<String> = (0..count).map(payload).collect();
        assert!(expected.starts_with(&got), "{why}");
        if matches!(kind, Client::Closes | Client::Idles | Client::HalfCloses) {
            assert_eq!(got.len(), answered, "what was sent has arrived: {why}");
            let (all, early) = match server {
                Server::Returns(most) | Server::DropsReader(most) => (most.min(count), most <= count),
                _ => (count, false),
            };
            assert_eq!(got.len(), all, "and everything was answered that should be: {why}");
            match (kind, early) {
                // Who is first is chance, where both ends close at the same message.
                (Client::Closes | Client::Idles, true) => assert!(matches!(code, Some(1000 | 3000)), "{why}"),
                (Client::Closes | Client::Idles, false) => assert_eq!(code, Some(3000), "{why}"),
                (_, true) => assert!(matches!(code, Some(1000) | None), "{why}"),
                (_, false) => assert_eq!(code, None, "the end of a transport is no Close: {why}"),
            }
        }
    }
    // A heartbeat, its answer, a Close, and a sweep.
    net::sleep(2 * HEARTBEAT.interval + HEARTBEAT.timeout + 3 * CLOSE_TIMEOUT + 2 * SECOND).await;
    assert_eq!(live.get(), 0, "{server:?}: everything has ended");
}

#[test]
fn chats_end_as_the_rules_say() {
    let config = |seed| {
        let rough = sim::Config::rough(seed);
        let faults = sim::Faults { window: 1 << (9 + seed % 5), ..rough.faults };
        sim::Config { faults, ..rough }
    };
    sim::explore(asked("WIREBOOK_TRIALS", 200), config, |_| chat());
}
