//! The same operations in the simulated network: virtual time, and a network that cuts, delays and stalls as a seed has it.
//!
//! What is about the machine is left to the sockets: memory, processor time, signals. Everything else must come out the
//! same, however the bytes arrive.

use super::answers::{self, Answer};
use super::judge::Seen;
use super::row::{Many, Row, Step};
use super::subject::{self, Record};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wirebook_http1 as http1;
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, Stream};

const SERVER: &str = "10.0.0.1:80";

/// What has not happened by then will not. Longer than every time-out of a server with default options.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a waiting client looks.
const GLANCE: Duration = Duration::from_millis(1);

/// Keys that say nothing about a simulated machine.
pub const LEFT_OUT: [&str; 5] = ["mem_max", "cpu_ms_max", "leak", "no_signal", "alive"];

/// Carries a row out in a simulation of its own.
///
/// # Errors
///
/// What ended the simulation: a panic, or a wait for nothing.
pub fn run(row: &Row, config: Config) -> Result<Seen, String> {
    let row = row.clone();
    let result = sim::run(config, async move {
        let record = Arc::<Mutex<Record>>::default();
        let (options, kind) = subject::configure(&row.config);
        let limit = usize::try_from(options.max_body).unwrap_or(usize::MAX);
        let listener = SimListener::bind(SERVER).expect("an address");
        http1::serve_on(listener, options, subject::handler(record.clone(), kind, limit));
        let mut seen = match &row.steps[..] {
            [Step::Many(many)] => crowd(many).await,
            _ => conduct(&row, &record).await,
        };
        let record = record.lock().expect("the handler does not panic");
        seen.calls = record.calls.clone();
        seen.most_running = record.most_running;
        seen
    });
    result.map_err(|error| error.to_string())
}

#[derive(Default)]
struct Received {
    bytes: Vec<u8>,
    last: Option<Instant>,
    end: Option<Instant>,
}

async fn conduct(row: &Row, record: &Mutex<Record>) -> Seen {
    let blind = row.steps.iter().any(|step| matches!(step, Step::NoRead(_) | Step::Close));
    let stream = SimStream::connect(SERVER).await.expect("the server listens");
    let mut client = Client {
        stream: Some(Rc::new(stream)),
        received: Rc::default(),
        to_head: matches!(row.steps.first(), Some(Step::Send(data, _)) if data.starts_with(b"HEAD ")),
        passed: 0,
        problems: Vec::new(),
    };
    let started = Some(net::now());
    if !blind {
        client.read();
    }
    for step in &row.steps {
        client.step(step, blind).await;
    }
    client.finish(row, record, blind).await;
    let received = client.received.borrow();
    let answers = answers::parse(&received.bytes, client.to_head, received.end.is_some());
    let left = client.stream.is_none();
    Seen {
        answers,
        started,
        ended: received.end,
        last: received.last,
        left,
        problems: client.problems,
        ..Seen::default()
    }
}

struct Client {
    /// Gone when the client itself has ended the connection.
    stream: Option<Rc<SimStream>>,
    received: Rc<RefCell<Received>>,
    to_head: bool,
    passed: usize,
    problems: Vec<String>,
}

impl Client {
    /// Reads in a task of its own, until the end.
    fn read(&self) {
        let Some(stream) = self.stream.clone() else { return };
        let received = self.received.clone();
        net::spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                let mut received = received.borrow_mut();
                received.bytes.extend_from_slice(&buffer[..count]);
                received.last = Some(net::now());
            }
            received.borrow_mut().end = Some(net::now());
        });
    }

    async fn step(&mut self, step: &Step, blind: bool) {
        let Some(stream) = self.stream.clone() else { return };
        match step {
            Step::Send(data, count) => {
                let at_once = (16 * 1024 / data.len()).clamp(1, *count);
                let block = data.repeat(at_once);
                // A server that does not read stops the sending; whether it may is for the judge.
                let patience = if blind { Duration::from_secs(1) } else { PATIENCE };
                for sent in (0..*count).step_by(at_once) {
                    let some = &block[..data.len() * at_once.min(count - sent)];
                    if !matches!(net::timeout(patience, stream.write_all(some)).await, Ok(Ok(()))) {
                        return;
                    }
                }
            }
            Step::SendSlowly(data, chunk, pause) => {
                for piece in data.chunks(*chunk) {
                    let sent = stream.write_all(piece).await;
                    if sent.is_err()
                        || (!pause.is_zero() && self.wait(*pause, |received, _| received.end.is_some()).await)
                    {
                        return;
                    }
                }
            }
            Step::Wait(time) => drop(self.wait(*time, |received, _| received.end.is_some()).await),
            Step::Fin => drop(stream.shutdown(std::net::Shutdown::Write)),
            Step::NoRead(time) => {
                net::sleep(*time).await;
                self.read();
            }
            Step::Reset => {
                stream.reset();
                self.stream = None;
            }
            Step::Close => self.stream = None,
            Step::Read(status) => self.read_response(*status).await,
            Step::ReceiveBuffer(_) => {}
            Step::Many(_) | Step::Call(_) => self.problems.push(format!("no step of a conversation: {step:?}")),
        }
    }

    async fn read_response(&mut self, status: Option<u16>) {
        let passed = self.passed;
        self.passed += 1;
        let wanted = move |_: &Received, answers: &[Answer]| {
            answers
                .get(passed)
                .is_some_and(|answer| answer.complete && status.is_none_or(|status| answer.status == status))
        };
        if !self.wait(PATIENCE, wanted).await {
            self.problems.push(format!("no response {status:?} where one must be"));
        }
    }

    async fn wait(&self, time: Duration, holds: impl Fn(&Received, &[Answer]) -> bool) -> bool {
        let deadline = net::now() + time;
        let mut parsed: Option<(usize, Vec<Answer>)> = None;
        loop {
            {
                let received = self.received.borrow();
                let size = received.bytes.len() + usize::from(received.end.is_some());
                if parsed.as_ref().is_none_or(|(at, _)| *at != size) {
                    parsed = Some((size, answers::parse(&received.bytes, self.to_head, received.end.is_some())));
                }
                if parsed.as_ref().is_some_and(|(_, answers)| holds(&received, answers)) {
                    return true;
                }
            }
            if net::now() >= deadline {
                return false;
            }
            net::sleep(GLANCE).await;
        }
    }

    /// As over sockets: the server's close where one is expected; else the answers, and then the client ends its half.
    async fn finish(&mut self, row: &Row, record: &Mutex<Record>, blind: bool) {
        let ended = |received: &Received, _: &[Answer]| received.end.is_some();
        let Some(stream) = &self.stream else {
            let deadline = net::now() + PATIENCE;
            // Dispatch may still be under way.
            net::sleep(Duration::from_secs(1)).await;
            while record.lock().expect("nobody panics").running > 0 && net::now() < deadline {
                net::sleep(GLANCE).await;
            }
            return;
        };
        if row.expect.get("close").is_some_and(|close| close == true) {
            self.wait(PATIENCE, ended).await;
        } else if !blind {
            let wanted = row.expect.get("status").and_then(|list| list.as_array()).map_or(0, Vec::len);
            self.wait(PATIENCE, |received, answers| {
                received.end.is_some() || answers.iter().filter(|answer| answer.complete).count() >= wanted
            })
            .await;
            drop(stream.shutdown(std::net::Shutdown::Write));
            if !self.wait(PATIENCE, ended).await {
                self.problems.push("the server does not close when its client has".to_owned());
            }
        }
    }
}

/// Many connections at once; what was seen of all of them together.
async fn crowd(many: &Many) -> Seen {
    let mut seen = Seen { started: Some(net::now()), ..Seen::default() };
    let Some((data, pause)) = &many.each else {
        for _ in 0..many.count {
            let stream = SimStream::connect(SERVER).await.expect("the server listens");
            stream.reset();
        }
        return Seen { left: true, ..seen };
    };
    let tasks: Vec<_> = (0..many.count).map(|_| net::spawn(dribble(data.clone(), *pause))).collect();
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
async fn dribble(data: Vec<u8>, pause: Duration) -> (Vec<Answer>, Option<Instant>) {
    let stream = SimStream::connect(SERVER).await.expect("the server listens");
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    let deadline = net::now() + PATIENCE;
    let mut next = net::now();
    while net::now() < deadline {
        let left = next.saturating_duration_since(net::now());
        match net::timeout(left, stream.read(&mut buffer)).await {
            Ok(Ok(count @ 1..)) => bytes.extend_from_slice(&buffer[..count]),
            Ok(_) => return (answers::parse(&bytes, false, true), Some(net::now())),
            Err(_) => {
                drop(stream.write_all(&data).await);
                next = net::now() + pause;
            }
        }
    }
    (answers::parse(&bytes, false, false), None)
}
