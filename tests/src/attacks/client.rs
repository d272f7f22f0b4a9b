//! A hostile client: the operations of a row, over any stream, on sockets as in the simulated network.
//!
//! What is about the machine is left to the sockets: memory, processor time, signals. Everything else must come out the
//! same, however the bytes arrive.

use super::answers::{self, Answer};
use super::frames::Frames;
use super::judge::{self, Seen};
use super::row::{Many, Row, Step};
use super::subject::{self, Notes, Record, Subject};
use crate::processor::Account;
use crate::tls::Authority;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, JoinHandle, Listener, Signal, Stream, tcp::TcpStream};
use wirebook_tls::{Acceptor, Connector, TlsListener, TlsStream};

/// Keys that say nothing about a simulated machine.
pub const LEFT_OUT: [&str; 5] = ["mem_max", "cpu_ms_max", "leak", "no_signal", "alive"];

/// Rounds after which a server has everything that it keeps for later, and rounds of which some must then cost nothing.
const LEAK_ROUNDS: [usize; 4] = [3, 8, 8, 8];

/// Turns that a server gets to end what is over.
const GOOD_CLIENTS: usize = 16;

/// Where a row is played.
trait Network: Copy + 'static {
    type Stream: Stream + 'static;
    /// What has not happened by then will not.
    const PATIENCE: Duration;
    /// Silence after which nothing more will come.
    const SILENCE: Duration;

    fn connect(self) -> impl Future<Output = Self::Stream>;

    /// The stream will end in a reset.
    fn reset(stream: &Self::Stream);

    /// How long a pause of a row is waited for here.
    fn paced(pause: Duration) -> Duration {
        pause
    }
}

#[derive(Clone, Copy)]
struct Sockets(SocketAddr);

impl Network for Sockets {
    type Stream = TcpStream;
    const PATIENCE: Duration = Duration::from_secs(10);
    const SILENCE: Duration = Duration::from_millis(150);

    // The simulated network takes each pause as it is; over sockets somebody would wait for it.
    fn paced(pause: Duration) -> Duration {
        pause.min(Duration::from_millis(crate::asked("WIREBOOK_PACE", 400)))
    }

    async fn connect(self) -> TcpStream {
        let stream = TcpStream::connect(self.0).await.expect("the server listens");
        stream.set_nodelay(true).expect("an option");
        stream
    }

    fn reset(stream: &TcpStream) {
        stream.set_linger(Some(Duration::ZERO)).expect("an option");
    }
}

const SERVER: &str = "10.0.0.1:80";

#[derive(Clone, Copy)]
struct Simulated;

impl Network for Simulated {
    type Stream = SimStream;
    /// Longer than every time-out of a server with default options.
    const PATIENCE: Duration = Duration::from_secs(30);
    const SILENCE: Duration = Duration::from_secs(3);

    async fn connect(self) -> SimStream {
        SimStream::connect(SERVER).await.expect("the server listens")
    }

    fn reset(stream: &SimStream) {
        stream.reset();
    }
}

#[derive(Clone, Copy)]
struct Secured;

const NAME: &str = "server.example";

/// Both ends of TLS; keys take longer than a row.
fn ends() -> (Acceptor, Connector) {
    static ENDS: LazyLock<(Acceptor, Connector)> = LazyLock::new(|| {
        let authority = Authority::default();
        (authority.acceptor(&[NAME], &Default::default()), authority.connector(&Default::default()))
    });
    ENDS.clone()
}

impl Network for Secured {
    type Stream = TlsStream<SimStream>;
    const PATIENCE: Duration = Simulated::PATIENCE;
    const SILENCE: Duration = Simulated::SILENCE;

    async fn connect(self) -> TlsStream<SimStream> {
        ends().1.connect(Simulated.connect().await, NAME).await.expect("the server speaks TLS")
    }

    fn reset(stream: &TlsStream<SimStream>) {
        stream.get_ref().reset();
    }
}

/// Carries a row out over sockets, against a server of its own.
pub fn over_sockets(row: &Row) -> Seen {
    let subject = subject::start(row);
    let idle = subject.ledger.mark();
    let cpu = subject.account.ran();
    let accounts = [Account::of_this_thread(), subject.account.clone()];
    let waited = move || accounts.iter().map(Account::waited).sum::<Duration>();
    let network = Sockets(subject.address);
    let row = row.clone();
    let seen = net::block_on(async move {
        let row = &row;
        let before = waited();
        let mut seen = conduct(row, network, &subject.record).await;
        seen.held_up = waited() - before;
        seen.memory = subject.ledger.peak() - idle;
        seen.cpu = cpu.zip(subject.account.ran()).map(|(before, after)| after - before);
        // The client sees the connection end a moment before the handler, in a thread of its own, is told.
        if row.expect.contains_key("local_code") {
            subject.record.wait(Sockets::PATIENCE, |record| !record.ends.is_empty()).await;
        }
        seen.note(&subject.record);
        if row.expect.contains_key("leak") {
            seen.leaked = Some(leaked(row, network, &subject).await);
        }
        if row.expect.contains_key("alive") {
            seen.alive = good_client(network).await.is_some();
        }
        seen
    });
    seen.expect("the loop ends")
}

/// Carries a row out in a simulation of its own: virtual time, and a network that cuts, delays and stalls as a seed has it.
///
/// # Errors
///
/// What ended the simulation: a panic, or a wait for nothing.
pub fn simulated(row: &Row, config: Config) -> Result<Seen, String> {
    simulate(row, config, Simulated, |listener| listener)
}

/// The same over TLS: nothing that a client does above it may come out differently.
///
/// # Errors
///
/// As [`simulated`].
pub fn secured(row: &Row, config: Config) -> Result<Seen, String> {
    simulate(row, config, Secured, |listener| TlsListener::new(listener, ends().0))
}

fn simulate<N: Network, L: Listener + 'static>(
    row: &Row,
    config: Config,
    network: N,
    over: impl FnOnce(SimListener) -> L + 'static,
) -> Result<Seen, String> {
    let row = row.clone();
    let result = sim::run(config, async move {
        let record = Arc::<Notes>::default();
        subject::serve(&row, over(SimListener::bind(SERVER).expect("an address")), &record);
        let mut seen = conduct(&row, network, &record).await;
        seen.note(&record);
        seen
    });
    result.map_err(|error| error.to_string())
}

/// What further rounds of the same leave behind, each time anew: a pool that grows to what was needed at once grows once, and a leak
/// always.
async fn leaked<N: Network>(row: &Row, network: N, subject: &Subject) -> i64 {
    let mut least = i64::MAX;
    let mut held = None;
    for rounds in LEAK_ROUNDS {
        for _ in 0..rounds {
            conduct(row, network, &subject.record).await;
        }
        let now = at_rest(network, subject).await;
        least = least.min(held.map_or(i64::MAX, |held| now - held));
        held = Some(now);
    }
    least
}

/// What the server holds when it has done with all that came: good clients are accepted behind it, and the least is what is
/// held while one of them has its whole answer and nobody else is left.
async fn at_rest<N: Network>(network: N, subject: &Subject) -> i64 {
    let mut least = i64::MAX;
    for _ in 0..GOOD_CLIENTS {
        let _answered = good_client(network).await;
        least = least.min(subject.ledger.held());
    }
    least
}

/// A client that asks once and reads the answer to its end; `None` where there is none.
async fn good_client<N: Network>(network: N) -> Option<N::Stream> {
    let stream = network.connect().await;
    let (mut buffer, mut answered) = ([0; 1024], false);
    stream.write_all(b"OPTIONS /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.ok()?;
    loop {
        match net::timeout(N::PATIENCE, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => return answered.then_some(stream),
            Ok(Ok(_)) => answered = true,
            _ => return None,
        }
    }
}

async fn conduct<N: Network>(row: &Row, network: N, record: &Notes) -> Seen {
    if let [Step::Many(many)] = &row.steps[..] {
        return crowd(many, network).await;
    }
    let mut client = Client::<N>::connect(row, network).await;
    for step in &row.steps {
        client.step(step).await;
    }
    client.finish(row, record).await
}

/// What has come.
#[derive(Default)]
struct Received {
    bytes: RefCell<Vec<u8>>,
    last: Cell<Option<Instant>>,
    end: Cell<Option<Instant>>,
    changed: Signal,
}

struct Client<N: Network> {
    /// Gone when the client itself has ended the connection.
    stream: Option<Rc<N::Stream>>,
    received: Rc<Received>,
    reader: Option<JoinHandle<()>>,
    /// Reads only where a step says so: one that means to vanish, or not to read, must not have read all before.
    blind: bool,
    started: Instant,
    is_websocket: bool,
    to_head: bool,
    /// Answers that were waited for.
    passed: usize,
    refused_to_read: bool,
    problems: Vec<String>,
}

impl<N: Network> Client<N> {
    async fn connect(row: &Row, network: N) -> Self {
        let mut client = Client {
            stream: Some(Rc::new(network.connect().await)),
            received: Rc::default(),
            reader: None,
            blind: row.steps.iter().any(|step| matches!(step, Step::NoRead(_) | Step::Close)),
            started: net::now(),
            is_websocket: row.layer == "websocket",
            to_head: matches!(row.steps.first(), Some(Step::Send(data, _)) if data.starts_with(b"HEAD ")),
            passed: 0,
            refused_to_read: false,
            problems: Vec::new(),
        };
        if !client.blind {
            client.read();
        }
        client
    }

    /// Begins to read, in a task of its own: a server may answer and close while the client still sends.
    fn read(&mut self) {
        let Some(stream) = self.stream.clone() else { return };
        let received = self.received.clone();
        self.reader = Some(net::spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                received.bytes.borrow_mut().extend_from_slice(&buffer[..count]);
                received.last.set(Some(net::now()));
                received.changed.raise();
            }
            received.end.set(Some(net::now()));
            received.changed.raise();
        }));
    }

    fn stop_reading(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.abort();
        }
    }

    async fn step(&mut self, step: &Step) {
        let Some(stream) = self.stream.clone() else { return };
        match step {
            Step::Send(data, count) => self.send(&stream, data, *count).await,
            Step::SendSlowly(data, chunk, pause) => {
                for piece in data.chunks(*chunk) {
                    let sent = stream.write_all(piece).await;
                    if sent.is_err() || (!pause.is_zero() && self.ended_within(*pause).await) {
                        return;
                    }
                }
            }
            Step::Wait(time) => drop(self.ended_within(*time).await),
            Step::Fin => drop(stream.shutdown(Shutdown::Write)),
            Step::NoRead(time) => {
                net::sleep(*time).await;
                self.read();
            }
            Step::Reset => {
                N::reset(&stream);
                self.leave();
            }
            Step::Close => self.leave(),
            Step::Read(status) => self.read_response(*status).await,
            // The largest that a system has is smaller than what such a row's server has to say.
            Step::ReceiveBuffer(_) => {}
            Step::EverySplit(_) | Step::Many(_) | Step::Other(_) => {
                self.problems.push(format!("no step of a conversation: {step:?}"));
            }
        }
    }

    fn leave(&mut self) {
        self.stop_reading();
        self.stream = None;
    }

    /// A server that has closed, or that does not read, ends the sending; whether it may is for the judge.
    async fn send(&mut self, stream: &N::Stream, data: &[u8], count: usize) {
        let at_once = (64 * 1024 / data.len().max(1)).clamp(1, count);
        let block = data.repeat(at_once);
        let patience = if self.blind { Duration::from_secs(1) } else { N::PATIENCE };
        for sent in (0..count).step_by(at_once) {
            let some = &block[..data.len() * at_once.min(count - sent)];
            if !matches!(net::timeout(patience, stream.write_all(some)).await, Ok(Ok(()))) {
                self.refused_to_read = true;
                return;
            }
        }
    }

    async fn read_response(&mut self, status: Option<u16>) {
        if self.blind {
            self.read();
        }
        let passed = self.passed;
        self.passed += 1;
        let come = self.wait(N::PATIENCE, |_, answers| answers.get(passed).is_some_and(|answer| answer.complete));
        match (come.await, status) {
            (false, _) => self.problems.push("no response where one must be".to_owned()),
            (true, Some(status)) if self.taken_apart().0[passed].status != status => {
                self.problems.push(format!("a response other than {status}"));
            }
            _ => {}
        }
        if self.blind {
            self.stop_reading();
        }
    }

    fn taken_apart(&self) -> (Vec<Answer>, Frames) {
        let (bytes, ended) = (self.received.bytes.borrow(), self.received.end.get().is_some());
        let upgraded = self.is_websocket && bytes.starts_with(b"HTTP/1.1 101");
        match bytes.windows(4).position(|four| four == b"\r\n\r\n").filter(|_| upgraded) {
            Some(end) => {
                let (head, frames) = bytes.split_at(end + 4);
                (answers::parse(head, false, false), Frames::parse(frames))
            }
            None => (answers::parse(&bytes, self.to_head, ended), Frames::default()),
        }
    }

    async fn ended_within(&self, time: Duration) -> bool {
        let ended = self.received.changed.until(|| self.received.end.get());
        net::timeout(time, ended).await.is_ok()
    }

    /// Waits until that holds of what was received, or the time is over; says whether it does.
    async fn wait(&self, time: Duration, holds: impl Fn(&Received, &[Answer]) -> bool) -> bool {
        let holds = || holds(&self.received, &self.taken_apart().0).then_some(());
        net::timeout(time, self.received.changed.until(holds)).await.is_ok()
    }

    /// Waits for the outcome: the server's close where one is expected; of HTTP else the answers, and then whatever the
    /// server still sends when the client ends its half; of frames else what the row expects, and then silence.
    async fn finish(mut self, row: &Row, record: &Notes) -> Seen {
        match self.stream.clone() {
            None => {
                // The server may not even have begun when the client leaves.
                net::sleep(N::SILENCE).await;
                let cancels = row.expect.contains_key("handler_cancelled");
                let least = row.expect.get("calls").and_then(Value::as_u64).unwrap_or_default().max(cancels.into());
                let is_over = |record: &Record| record.running == 0 && record.calls.len() as u64 >= least;
                record.wait(N::PATIENCE, is_over).await;
            }
            Some(_) if row.wants_end() => drop(self.ended_within(N::PATIENCE).await),
            Some(_) if self.is_websocket => {
                let length = || self.received.bytes.borrow().len();
                let has_come = || {
                    let (answers, frames) = self.taken_apart();
                    judge::has_come(row, &Seen { answers, frames, ..Seen::default() })
                };
                let deadline = net::now() + N::PATIENCE;
                let mut known = usize::MAX;
                let is_over = |known| known == length() && (has_come() || net::now() >= deadline);
                while !is_over(known) && self.received.end.get().is_none() {
                    known = length();
                    self.wait(N::SILENCE, |received, _| received.end.get().is_some()).await;
                }
            }
            Some(stream) if !self.blind => {
                let wanted = row.expect.get("status").and_then(|list| list.as_array()).map_or(0, Vec::len);
                self.wait(N::PATIENCE, |received, answers| {
                    received.end.get().is_some() || answers.iter().filter(|answer| answer.complete).count() >= wanted
                })
                .await;
                drop(stream.shutdown(Shutdown::Write));
                if !self.ended_within(N::PATIENCE).await {
                    self.problems.push("the server does not close when its client has".to_owned());
                }
            }
            Some(_) => {}
        }
        let (answers, frames) = self.taken_apart();
        self.stop_reading();
        Seen {
            answers,
            frames,
            started: Some(self.started),
            ended: self.received.end.get(),
            last: self.received.last.get(),
            left: self.stream.is_none(),
            refused_to_read: self.refused_to_read,
            problems: self.problems,
            ..Seen::default()
        }
    }
}

/// Many connections at once; what was seen of all of them together.
async fn crowd<N: Network>(many: &Many, network: N) -> Seen {
    let mut seen = Seen { started: Some(net::now()), ..Seen::default() };
    let Some((data, pause)) = &many.each else {
        for _ in 0..many.count {
            let stream = network.connect().await;
            if many.reset {
                N::reset(&stream);
            }
        }
        return Seen { left: true, ..seen };
    };
    let tasks: Vec<_> = (0..many.count).map(|_| net::spawn(dribble(network, data.clone(), *pause))).collect();
    for task in tasks {
        let (answers, closed) = task.await.expect("it ends");
        seen.ended = closed;
        if closed.is_none() {
            seen.problems.push("a connection stays open".to_owned());
        }
        seen.answers.extend(answers);
    }
    Seen { last: seen.ended, ..seen }
}

/// Asks again and again, until the server closes or nobody would wait longer.
async fn dribble<N: Network>(network: N, data: Vec<u8>, pause: Duration) -> (Vec<Answer>, Option<Instant>) {
    let stream = network.connect().await;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    let deadline = net::now() + 3 * N::PATIENCE;
    let mut next = net::now();
    while net::now() < deadline {
        let left = next.saturating_duration_since(net::now());
        match net::timeout(left, stream.read(&mut buffer)).await {
            Ok(Ok(count @ 1..)) => bytes.extend_from_slice(&buffer[..count]),
            Ok(_) => return (answers::parse(&bytes, false, true), Some(net::now())),
            Err(_) => {
                drop(stream.write_all(&data).await);
                next = net::now() + N::paced(pause);
            }
        }
    }
    (answers::parse(&bytes, false, false), None)
}
