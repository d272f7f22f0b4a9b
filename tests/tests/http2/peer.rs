//! A client that does what a test tells it, and remembers all it is told: the core's other end on a simulated stream.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use wirebook_http1::parser::{FieldLines, RequestHead};
use wirebook_http1::{FieldBlock, Outcome, Server};
use wirebook_http2::server::Options;
use wirebook_http2::{Code, Config, Connection, Event, Fields, Misuse, Request, Response, StreamId};
use wirebook_net::sim::{self, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_tests::asked;

pub(crate) const ADDRESS: &str = "10.0.0.1:80";

/// What came on one stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) interim: Vec<u16>,
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    pub(crate) ended: bool,
    pub(crate) reset: Option<Code>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Peer {
    pub(crate) stream: SimStream,
    inner: RefCell<Inner>,
}

struct Inner {
    core: Connection,
    room: Fields,
    buffer: Vec<u8>,
    out: Vec<u8>,
    answers: BTreeMap<StreamId, Answer>,
    goaways: Vec<(StreamId, Code)>,
    /// Content is not taken note of, so that windows stay shut.
    stalls: bool,
    ended: bool,
}

impl Peer {
    pub(crate) async fn connect() -> Peer {
        Peer::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Peer {
        let stream = SimStream::connect(ADDRESS).await.expect("the server listens");
        let core = Connection::client(Arc::new(config), net::now());
        let inner = Inner {
            core,
            room: Fields::default(),
            buffer: Vec::new(),
            out: Vec::new(),
            answers: BTreeMap::new(),
            goaways: Vec::new(),
            stalls: false,
            ended: false,
        };
        Peer { stream, inner: RefCell::new(inner) }
    }

    /// From now on nothing that comes is read by anybody.
    pub(crate) fn stall(&self) {
        self.inner.borrow_mut().stalls = true;
    }

    /// Opens a stream. Nothing goes out before [`flush`](Self::flush).
    pub(crate) fn open(&self, method: &str, path: &str, fields: &[(&str, &str)], end: bool) -> StreamId {
        let inner = &mut *self.inner.borrow_mut();
        let stream = inner.core.next_stream().expect("a server that takes streams");
        let mut block = FieldBlock::default();
        block.push("host", "a").expect("a field");
        fields.iter().for_each(|(name, value)| block.push(name, value).expect("a field"));
        let head = RequestHead::new(method.as_bytes(), path.as_bytes(), block.lines());
        let request = Event::Request { stream, head, scheme: b"http", protocol: None, end };
        inner.core.send(request, &mut inner.out).expect("a request");
        inner.answers.insert(stream, Answer::default());
        stream
    }

    pub(crate) fn say(&self, event: Event<'_>) -> Result<(), Misuse> {
        let inner = &mut *self.inner.borrow_mut();
        inner.core.send(event, &mut inner.out)
    }

    /// Says as much of it as there is room for.
    pub(crate) fn data(&self, stream: StreamId, bytes: &[u8], end: bool) -> Result<usize, Misuse> {
        let inner = &mut *self.inner.borrow_mut();
        inner.core.send_data(stream, bytes, end, &mut inner.out)
    }

    /// Says all of it, as there is room.
    pub(crate) async fn upload(&self, stream: StreamId, mut bytes: &[u8]) {
        loop {
            let taken = self.data(stream, bytes, true).expect("a stream that takes content");
            bytes = &bytes[taken..];
            if bytes.is_empty() {
                return self.flush().await;
            }
            assert!(!self.has_ended(), "the server ended: {:?}", self.goaways());
            self.turn().await;
        }
    }

    pub(crate) async fn flush(&self) {
        let out = std::mem::take(&mut self.inner.borrow_mut().out);
        // A server that has ended is noticed when it is read from.
        self.stream.write_all(&out).await.unwrap_or_default();
    }

    pub(crate) async fn raw(&self, bytes: &[u8]) {
        self.flush().await;
        self.stream.write_all(bytes).await.unwrap_or_default();
    }

    /// Says what there is to say, and hears once.
    pub(crate) async fn turn(&self) {
        {
            let Inner { core, out, .. } = &mut *self.inner.borrow_mut();
            core.tick(net::now(), out);
        }
        self.flush().await;
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes).await {
            Ok(count @ 1..) => self.hear(&bytes[..count]),
            _ => self.inner.borrow_mut().ended = true,
        }
    }

    fn hear(&self, bytes: &[u8]) {
        let Inner { core, room, buffer, out, answers, goaways, stalls, .. } = &mut *self.inner.borrow_mut();
        buffer.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let (used, event) = core.receive(&buffer[at..], room).expect("a server that keeps the rules");
            at += used;
            let Some(event) = event else { break };
            match event {
                Event::Response { stream, head, end } => {
                    let answer = answers.entry(stream).or_default();
                    if head.status < 200 {
                        answer.interim.push(head.status);
                        continue;
                    }
                    (answer.status, answer.ended) = (head.status, end);
                    answer.fields = texts(head.fields);
                }
                Event::Data { stream, bytes, end } => {
                    let answer = answers.entry(stream).or_default();
                    answer.body.extend_from_slice(bytes);
                    answer.ended = end;
                    if !*stalls {
                        let length = bytes.len() as u32;
                        core.consumed(stream, length, out);
                    }
                }
                Event::Trailers { stream, fields } => {
                    let answer = answers.entry(stream).or_default();
                    (answer.trailers, answer.ended) = (texts(fields), true);
                }
                Event::Reset { stream, code } => answers.entry(stream).or_default().reset = Some(code),
                Event::Goaway { last, code, .. } => goaways.push((last, code)),
                _ => {}
            }
        }
        buffer.drain(..at);
        core.answers(out);
    }

    pub(crate) async fn until<T>(&self, mut check: impl FnMut(&Peer) -> Option<T>) -> T {
        loop {
            if let Some(value) = check(self) {
                return value;
            }
            assert!(!self.has_ended(), "the server ended: {:?}", self.goaways());
            self.turn().await;
        }
    }

    /// Hears until nothing more comes.
    pub(crate) async fn to_the_end(&self) {
        while !self.has_ended() {
            self.turn().await;
        }
    }

    /// The answer on a stream, when it is complete or broken off.
    pub(crate) async fn whole(&self, stream: StreamId) -> Answer {
        self.until(|peer| Some(peer.answer(stream)).filter(|answer| answer.ended || answer.reset.is_some())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let stream = self.open("GET", path, &[], true);
        self.whole(stream).await
    }

    pub(crate) fn answer(&self, stream: StreamId) -> Answer {
        self.inner.borrow().answers.get(&stream).cloned().unwrap_or_default()
    }

    pub(crate) fn goaways(&self) -> Vec<(StreamId, Code)> {
        self.inner.borrow().goaways.clone()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.inner.borrow().ended
    }

    pub(crate) fn next_stream(&self) -> Option<StreamId> {
        self.inner.borrow().core.next_stream()
    }

    pub(crate) fn room(&self, stream: StreamId) -> usize {
        self.inner.borrow().core.room(stream)
    }
}

fn texts(fields: FieldLines<'_>) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    fields.iter().map(|(name, value)| (text(name), text(value))).collect()
}

/// Serves, as the options have it.
pub(crate) fn serve<H>(options: Options, handler: H) -> Server
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    wirebook_http2::serve_on(SimListener::bind(ADDRESS).expect("a free address"), options, handler)
}

/// Options with other bounds of HTTP/2.
pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Options {
    let mut config = Config::default();
    change(&mut config);
    Options { http2: Arc::new(config), ..Options::default() }
}

/// Runs in virtual time.
pub(crate) fn simulate<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    sim::run(1, future).expect("the loop runs")
}

/// Tries seeds: a hundred; `WIREBOOK_TRIALS` says how many else (a thousand in CI), `WIREBOOK_SEED` with which they begin.
pub(crate) fn explore<F: Future + 'static>(config: impl Fn(u64) -> sim::Config, make: impl Fn(u64) -> F)
where
    F::Output: 'static,
{
    let (first, trials) = (asked("WIREBOOK_SEED", 0), asked("WIREBOOK_TRIALS", 100));
    sim::explore(trials, |seed| config(first + seed), |seed| make(first + seed));
}

/// A rough network on which every connection is made and none is broken off.
pub(crate) fn rough(seed: u64) -> sim::Config {
    sim::Config { faults: Faults { reset: 0.0, refuse: 0.0, ..Faults::rough() }, ..sim::Config::rough(seed) }
}
