//! Two connections that talk to each other through random cuts, with small windows, resets, trailers, readers that stop, and ends
//! at any time: conversations, each from a seed. What must hold is checked after each turn: nothing is lost, nothing
//! leaks, and the five laws of `window.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{RequestHead, ResponseHead};
use wirebook_http2::state::Leaving;
use wirebook_http2::{Code, Config, Connection, Event, Fields, Misuse, Rate, StreamId};

/// Xorshift: the same numbers for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// What one end knows of a stream.
#[derive(Debug, Default)]
struct Talk {
    /// Content that is to be sent, and how much of it has been.
    content: Vec<u8>,
    sent: usize,
    trailers: bool,
    /// The head of the response has passed.
    head: bool,
    /// All has been said, and all has been heard.
    said: bool,
    heard: bool,
    /// What came; `unread` bytes of it nobody has looked at yet.
    received: Vec<u8>,
    unread: usize,
    released: bool,
}

/// One end, with its wire to the other.
struct End {
    connection: Connection,
    is_server: bool,
    talks: BTreeMap<StreamId, Talk>,
    room: Fields,
    /// Bytes that came and were not used.
    buffer: Vec<u8>,
    /// Bytes on their way to the other.
    wire: VecDeque<u8>,
    out: Vec<u8>,
    /// Whether its handlers read.
    reads: bool,
    left: bool,
}

/// The content of a stream: anybody can tell what should have come.
fn content(id: StreamId, response: bool, length: usize) -> Vec<u8> {
    let seed = id.number().wrapping_mul(31).wrapping_add(u32::from(response));
    (0..length).map(|at| (at as u32).wrapping_mul(7).wrapping_add(seed) as u8).collect()
}

impl End {
    fn new(connection: Connection, is_server: bool) -> Self {
        End {
            connection,
            is_server,
            talks: BTreeMap::new(),
            room: Fields::default(),
            buffer: Vec::new(),
            wire: VecDeque::new(),
            out: Vec::new(),
            reads: true,
            left: false,
        }
    }

    fn write(&mut self) {
        self.connection.answers(&mut self.out);
        self.wire.extend(self.out.drain(..));
    }

    /// Takes what has come.
    fn hear(&mut self, bytes: &[u8], random: &mut Random) {
        self.buffer.extend_from_slice(bytes);
        let (buffer, mut room, mut at) = (std::mem::take(&mut self.buffer), std::mem::take(&mut self.room), 0);
        loop {
            let heard = self.connection.receive(&buffer[at..], &mut room);
            let (used, event) = heard.unwrap_or_else(|error| panic!("two ends that keep the rules: {error}"));
            at += used;
            match event {
                Some(event) => self.event(event, random),
                None => break,
            }
        }
        (self.buffer, self.room) = (buffer[at..].to_vec(), room);
    }

    fn event(&mut self, event: Event<'_>, random: &mut Random) {
        match event {
            Event::Request { stream, head, end, .. } => {
                assert_eq!(head.fields.get("host"), Some(&b"a"[..]));
                let content = content(stream, true, random.below(3) * random.below(6000));
                let talk = Talk { content, trailers: random.one_in(3), heard: end, ..Talk::default() };
                assert!(self.talks.insert(stream, talk).is_none(), "a stream opens once");
            }
            Event::Response { stream, head, end } => {
                let talk = self.talks.get_mut(&stream).expect("a stream of ours");
                assert!(!talk.heard && !talk.head);
                (talk.head, talk.heard) = (head.status >= 200, end);
            }
            Event::Data { stream, bytes, end } => {
                let talk = self.talks.get_mut(&stream).expect("an open stream");
                assert!(!talk.heard && !talk.released, "nothing comes behind the end, nor for who does not read");
                talk.received.extend_from_slice(bytes);
                talk.unread += bytes.len();
                talk.heard = end;
            }
            Event::Trailers { stream, fields } => {
                assert_eq!(fields.get("check"), Some(&b"1"[..]));
                let talk = self.talks.get_mut(&stream).expect("an open stream");
                assert!(!talk.heard && !talk.released);
                talk.heard = true;
            }
            Event::Reset { stream, code } => match self.talks.get_mut(&stream) {
                // The other needs no more of ours, and has said all of its own.
                Some(talk) if talk.heard && code == Code::NO_ERROR => talk.said = true,
                _ => {
                    self.talks.remove(&stream);
                    self.connection.release(stream, &mut self.out);
                }
            },
            Event::StreamError(error) => drop(self.talks.remove(&error.stream.expect("a stream"))),
            Event::Goaway { last, .. } => {
                self.left = true;
                let is_server = self.is_server;
                self.talks.retain(|stream, _| is_server || *stream <= last);
            }
            _ => {}
        }
    }

    /// Goes on with a stream: says a little, reads a little, or gives up.
    fn go_on(&mut self, id: StreamId, random: &mut Random) {
        let Some(talk) = self.talks.get_mut(&id) else { return };
        let (connection, out) = (&mut self.connection, &mut self.out);
        if random.one_in(60) {
            let result = connection.send(Event::Reset { stream: id, code: Code::CANCEL }, out);
            assert!(matches!(result, Ok(()) | Err(Misuse::Closed)), "{result:?}");
            // Of a stream that was over but for its reader, nobody reads the rest.
            connection.release(id, out);
            self.talks.remove(&id);
            return;
        }
        if talk.unread > 0 && self.reads {
            let bytes = random.below(talk.unread + 1);
            connection.consumed(id, bytes as u32, out);
            talk.unread -= bytes;
        }
        if self.is_server && !talk.heard && random.one_in(40) {
            connection.release(id, out);
            (talk.released, talk.unread) = (true, 0);
        }
        if talk.said {
            return;
        }
        if self.is_server && !talk.head {
            let head = ResponseHead::new(200, Default::default());
            connection.send(Event::Response { stream: id, head, end: false }, out).expect("an open stream");
            talk.head = true;
            return;
        }
        let rest = &talk.content[talk.sent..];
        let piece = random.below(rest.len() + 1).max(rest.len().min(1));
        let all = piece == rest.len();
        let taken = connection.send_data(id, &rest[..piece], all && !talk.trailers, out).expect("an open stream");
        talk.sent += taken;
        talk.said = all && taken == piece;
        if talk.said && talk.trailers {
            let mut fields = FieldBlock::default();
            fields.push("check", "1").expect("a field");
            connection.send(Event::Trailers { stream: id, fields: fields.lines() }, out).expect("an open stream");
        }
    }

    /// Streams of which all has been said, heard and read are forgotten; what came must be what was sent.
    fn forget_finished(&mut self) {
        let is_server = self.is_server;
        self.talks.retain(|id, talk| {
            let over = talk.said && (talk.heard || talk.released) && talk.unread == 0;
            assert_eq!(talk.received, content(*id, !is_server, talk.received.len()), "stream {id} came as it was sent");
            !over
        });
    }

    fn laws(&self) {
        let (_, receiver) = self.connection.windows(StreamId::CONNECTION).expect("the connection's");
        let (granted, received, read) = receiver.totals();
        // Of a frame whose last byte has not come, a part has been received and is no handler's yet.
        let unread: u64 = self.talks.values().map(|talk| talk.unread as u64).sum();
        assert!(received - read >= unread, "law 5: nothing is credited before it is read");
        assert!(received - read <= receiver.size().into(), "law 5: no more is held than the window");
        assert!(received <= granted);
        if self.connection.streams() == 0 {
            assert_eq!(received, read, "law 2: all is read when all streams are gone");
        }
    }
}

fn config(random: &mut Random) -> Arc<Config> {
    // Two ends that keep the rules, but talk in crumbs.
    let unbounded = Rate { burst: u32::MAX, per_second: 0 };
    Arc::new(Config {
        stream_window: [1, 7, 100, 5000, 70_000][random.below(5)],
        connection_window: [65_535, 80_000][random.below(2)],
        max_concurrent_streams: 1 + random.below(8) as u32,
        idle_frames: unbounded,
        resets: unbounded,
        ..Config::default()
    })
}

/// A request, if the client may make one.
fn ask(client: &mut End, random: &mut Random) -> bool {
    let Some(stream) = client.connection.next_stream() else { return false };
    let length = random.below(3) * random.below(6000);
    let mut fields = FieldBlock::default();
    fields.push("host", "a").expect("a field");
    if random.one_in(2) {
        fields.push("content-length", length.to_string()).expect("a field");
    }
    let end = length == 0 && random.one_in(2);
    let head = RequestHead::new(if end { b"GET" } else { b"POST" }, b"/", fields.lines());
    let event = Event::Request { stream, head, scheme: b"http", protocol: None, end };
    client.connection.send(event, &mut client.out).expect("a request");
    let content = content(stream, false, length);
    client.talks.insert(stream, Talk { content, trailers: random.one_in(3), said: end, ..Talk::default() });
    true
}

fn conversation(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut now = Instant::now();
    let client = Connection::client(config(&mut random), now);
    let server = Connection::server(config(&mut random), now);
    let mut ends = [End::new(client, false), End::new(server, true)];
    let mut wanted = 5 + random.below(20);
    let shutdown_at = if random.one_in(3) { random.below(200) } else { usize::MAX };
    for turn in 0.. {
        assert!(turn < 400_000, "seed {seed}: they never come to an end");
        if turn == shutdown_at {
            ends[random.below(2)].connection.shutdown();
        }
        if wanted > 0 && random.one_in(3) {
            let left = ends[0].left || ends[0].connection.leaving() != Leaving::No;
            wanted = if left { 0 } else { wanted - usize::from(ask(&mut ends[0], &mut random)) };
        }
        for end in &mut ends {
            // Readers stop for a while: law 3 is that everything else goes on.
            if random.one_in(50) {
                end.reads = !end.reads || wanted == 0;
            }
            let ids: Vec<StreamId> = end.talks.keys().copied().collect();
            if !ids.is_empty() {
                end.go_on(ids[random.below(ids.len())], &mut random);
            }
            end.write();
            end.forget_finished();
        }
        for (from, to) in [(0, 1), (1, 0)] {
            let waiting = ends[from].wire.len();
            let count = if random.one_in(4) { waiting } else { random.below(300).min(waiting) };
            let bytes: Vec<u8> = ends[from].wire.drain(..count).collect();
            ends[to].hear(&bytes, &mut random);
            ends[to].laws();
        }
        if random.one_in(20) {
            now += Duration::from_millis(1);
            ends.iter_mut().for_each(|end| end.connection.tick(now, &mut end.out));
        }
        if wanted == 0 && ends.iter().all(|end| end.talks.is_empty() && end.wire.is_empty() && end.out.is_empty()) {
            break;
        }
    }
    for (from, to) in [(0, 1), (1, 0), (0, 1), (1, 0)] {
        ends[from].write();
        let bytes: Vec<u8> = ends[from].wire.drain(..).collect();
        ends[to].hear(&bytes, &mut random);
    }
    for (from, to) in [(0, 1), (1, 0)] {
        assert_eq!(ends[from].connection.streams(), 0, "seed {seed}: a stream is left");
        ends[from].laws();
        // Window for window, both count the same.
        let [(sender, _), (_, receiver)] =
            [from, to].map(|end| ends[end].connection.windows(StreamId::CONNECTION).expect("the connection's"));
        let (granted, received, _) = receiver.totals();
        assert_eq!((sender.limit() as u64, sender.sent()), (granted, received), "seed {seed}");
    }
}

/// A hundred of them; `WIREBOOK_TRIALS` says how many else (a thousand in CI), `WIREBOOK_SEED` with which seed they begin.
#[test]
fn conversations_keep_the_laws() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, trials) = (number("WIREBOOK_SEED").unwrap_or(0), number("WIREBOOK_TRIALS").unwrap_or(100));
    (first..first.saturating_add(trials)).for_each(conversation);
}
