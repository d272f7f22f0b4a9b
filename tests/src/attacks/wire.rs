//! The operations of a row, over a real socket.

use super::answers::{self, Answer};
use super::judge::Seen;
use super::row::{Many, Row, Step};
use super::subject::{self, Record, Subject};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What has not happened by then will not.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a reader looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(20);

/// Rounds after which a server has everything that it keeps for later, and rounds that must then cost nothing.
const LEAK_ROUNDS: (usize, usize) = (3, 8);

/// Carries a row out against a server of its own.
pub fn run(row: &Row) -> Seen {
    let (options, kind) = subject::configure(&row.config);
    let subject = subject::start(options, kind);
    let idle = subject.ledger.mark();
    let cpu = subject.cpu();
    let mut seen = conduct(row, &subject);
    seen.memory = subject.ledger.peak() - idle;
    seen.cpu = cpu.zip(subject.cpu()).map(|(before, after)| after - before);
    {
        let record = subject.record();
        seen.calls = record.calls.clone();
        seen.most_running = record.most_running;
    }
    if row.expect.contains_key("leak") {
        seen.leaked = Some(leaked(row, &subject));
    }
    if row.expect.contains_key("alive") {
        seen.alive = alive(subject.address);
    }
    seen
}

/// What further rounds of the same leave behind.
fn leaked(row: &Row, subject: &Subject) -> i64 {
    let rounds = |count| {
        for _ in 0..count {
            conduct(row, subject);
        }
        thread::sleep(Duration::from_millis(100));
        subject.ledger.held()
    };
    let before = rounds(LEAK_ROUNDS.0);
    rounds(LEAK_ROUNDS.1) - before
}

fn alive(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let asked = stream.write_all(b"OPTIONS /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let mut first = [0; 12];
    asked.is_ok() && stream.set_read_timeout(Some(PATIENCE)).is_ok() && stream.read_exact(&mut first).is_ok()
}

fn conduct(row: &Row, subject: &Subject) -> Seen {
    if let [Step::Many(many)] = &row.steps[..] {
        return crowd(many, subject.address);
    }
    // Who means to vanish must not have read all before.
    let reads_at_once = !row.steps.iter().any(|step| matches!(step, Step::NoRead(_) | Step::Close));
    let buffer = row.steps.iter().find_map(|step| match step {
        Step::ReceiveBuffer(bytes) => Some(*bytes),
        _ => None,
    });
    let mut client = Client::connect(subject.address, buffer);
    client.to_head = matches!(row.steps.first(), Some(Step::Send(data, _)) if data.starts_with(b"HEAD "));
    if reads_at_once {
        client.read();
    }
    for step in &row.steps {
        client.step(step);
    }
    client.finish(row, subject)
}

/// One hostile client.
struct Client {
    stream: Arc<TcpStream>,
    received: Arc<(Mutex<Received>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    started: Instant,
    to_head: bool,
    /// Answers that `read_response` and `expect_status` have passed.
    passed: usize,
    /// The client itself ended the connection.
    left: bool,
    problems: Vec<String>,
}

#[derive(Default)]
struct Received {
    bytes: Vec<u8>,
    last: Option<Instant>,
    end: Option<Instant>,
    unwanted: bool,
}

impl Client {
    fn connect(address: SocketAddr, buffer: Option<usize>) -> Client {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        if let Some(bytes) = buffer {
            socket.set_recv_buffer_size(bytes).expect("a smaller buffer");
        }
        socket.connect(&SockAddr::from(address)).expect("the server listens");
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true).expect("an option");
        stream.set_read_timeout(Some(GLANCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        Client {
            stream: Arc::new(stream),
            received: Arc::default(),
            reader: None,
            started: Instant::now(),
            to_head: false,
            passed: 0,
            left: false,
            problems: Vec::new(),
        }
    }

    /// Begins to read, on a thread: a server may answer and close while the client still sends.
    fn read(&mut self) {
        let (stream, received) = (self.stream.clone(), self.received.clone());
        self.reader = Some(thread::spawn(move || {
            let mut buffer = [0; 64 * 1024];
            loop {
                let result = (&*stream).read(&mut buffer);
                let mut now = received.0.lock().expect("nobody panics");
                match result {
                    Ok(count @ 1..) => {
                        now.bytes.extend_from_slice(&buffer[..count]);
                        now.last = Some(Instant::now());
                    }
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    _ => now.end = Some(Instant::now()),
                }
                received.1.notify_all();
                if now.end.is_some() || now.unwanted {
                    return;
                }
            }
        }));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Send(data, count) => self.send(data, *count),
            Step::SendSlowly(data, chunk, pause) => {
                for piece in data.chunks(*chunk) {
                    if (&*self.stream).write_all(piece).is_err()
                        || self.wait(*pause, |received, _| received.end.is_some())
                    {
                        return;
                    }
                }
            }
            Step::Wait(time) => drop(self.wait(*time, |received, _| received.end.is_some())),
            Step::Fin => drop(self.stream.shutdown(Shutdown::Write)),
            Step::NoRead(time) => {
                thread::sleep(*time);
                self.read();
            }
            Step::Reset => {
                self.stop_reading();
                SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO)).expect("an option");
                self.leave();
            }
            Step::Close => self.leave(),
            Step::Read(status) => self.read_response(*status),
            Step::ReceiveBuffer(_) => {}
            Step::Many(_) | Step::Call(_) => self.problems.push(format!("no step of a conversation: {step:?}")),
        }
    }

    /// A server that has closed, or that does not read, ends the sending; whether it may is for the judge.
    fn send(&mut self, data: &[u8], count: usize) {
        let at_once = (64 * 1024 / data.len()).clamp(1, count);
        let block = data.repeat(at_once);
        if self.reader.is_none() {
            self.stream.set_write_timeout(Some(Duration::from_secs(1))).expect("an option");
        }
        for sent in (0..count).step_by(at_once) {
            let some = data.len() * at_once.min(count - sent);
            if (&*self.stream).write_all(&block[..some]).is_err() {
                return;
            }
        }
    }

    fn read_response(&mut self, status: Option<u16>) {
        let passed = self.passed;
        let come = self.wait(PATIENCE, |_, answers| answers.get(passed).is_some_and(|answer| answer.complete));
        self.passed += 1;
        match (come, status) {
            (false, _) => self.problems.push("no response where one must be".to_owned()),
            (true, Some(status)) if self.answers()[passed].status != status => {
                self.problems.push(format!("a response other than {status}"));
            }
            _ => {}
        }
    }

    /// Waits until that holds of what was received, or the time is over; says whether it does.
    fn wait(&self, time: Duration, holds: impl Fn(&Received, &[Answer]) -> bool) -> bool {
        let deadline = Instant::now() + time;
        let mut received = self.received.0.lock().expect("nobody panics");
        loop {
            let answers = answers::parse(&received.bytes, self.to_head, received.end.is_some());
            if holds(&received, &answers) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            received = self.received.1.wait_timeout(received, left).expect("nobody panics").0;
        }
    }

    fn answers(&self) -> Vec<Answer> {
        let received = self.received.0.lock().expect("nobody panics");
        answers::parse(&received.bytes, self.to_head, received.end.is_some())
    }

    fn stop_reading(&mut self) {
        self.received.0.lock().expect("nobody panics").unwanted = true;
        if let Some(reader) = self.reader.take() {
            reader.join().expect("it only reads");
        }
    }

    /// Closes the socket: nobody else may have it.
    fn leave(&mut self) {
        self.stop_reading();
        self.left = true;
        let ours = TcpStream::from(Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket"));
        drop(std::mem::replace(&mut self.stream, Arc::new(ours)));
    }

    /// Waits for the outcome: the server's close where one is expected; else the answers, and then whatever the server
    /// still sends when the client ends its half.
    fn finish(mut self, row: &Row, subject: &Subject) -> Seen {
        let ended = |received: &Received, _: &[Answer]| received.end.is_some();
        if self.left {
            let deadline = Instant::now() + PATIENCE;
            // On a busy machine the server may not even have begun when the client leaves.
            let cancels = row.expect.contains_key("handler_cancelled");
            let is_open = |record: &Record| record.running > 0 || cancels && record.calls.is_empty();
            while is_open(&subject.record()) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(2));
            }
        } else if row.expect.get("close").is_some_and(|close| close == true) {
            self.wait(PATIENCE, ended);
        } else if self.reader.is_some() && !row.steps.iter().any(|step| matches!(step, Step::NoRead(_))) {
            let wanted = row.expect.get("status").and_then(|list| list.as_array()).map_or(0, Vec::len);
            self.wait(PATIENCE, |received, answers| {
                received.end.is_some() || answers.iter().filter(|answer| answer.complete).count() >= wanted
            });
            drop(self.stream.shutdown(Shutdown::Write));
            if !self.wait(PATIENCE, ended) {
                self.problems.push("the server does not close when its client has".to_owned());
            }
        }
        let answers = self.answers();
        self.stop_reading();
        let received = self.received.0.lock().expect("nobody panics");
        Seen {
            answers,
            started: Some(self.started),
            ended: received.end,
            last: received.last,
            left: self.left,
            problems: self.problems,
            ..Seen::default()
        }
    }
}

/// Many connections at once; what was seen of all of them together.
fn crowd(many: &Many, address: SocketAddr) -> Seen {
    let started = Some(Instant::now());
    let Some((data, pause)) = &many.each else {
        for _ in 0..many.count {
            let stream = TcpStream::connect(address).expect("the server listens");
            SockRef::from(&stream).set_linger(many.reset.then_some(Duration::ZERO)).expect("an option");
        }
        return Seen { started, left: true, ..Seen::default() };
    };
    let mut open: Vec<TcpStream> = (0..many.count).map(|_| TcpStream::connect(address).expect("it listens")).collect();
    let mut seen = Seen { started, ..Seen::default() };
    let deadline = Instant::now() + 3 * PATIENCE;
    while !open.is_empty() && Instant::now() < deadline {
        let round = Instant::now();
        open.retain_mut(|stream| {
            let answer = ask(stream, data);
            let last = answer.as_ref().is_none_or(|answer| answer.field("connection") == Some("close"));
            seen.answers.extend(answer);
            let closes = last && stream.read(&mut [0]).is_ok_and(|count| count == 0);
            if last && !closes {
                seen.problems.push("a connection that said it would close is open".to_owned());
            }
            !last
        });
        seen.last = Some(Instant::now());
        thread::sleep(pause.saturating_sub(round.elapsed()));
    }
    seen.ended = open.is_empty().then(Instant::now);
    seen
}

fn ask(stream: &mut TcpStream, data: &[u8]) -> Option<Answer> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(data).ok()?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let answers = answers::parse(&bytes, false, false);
        if answers.first().is_some_and(|answer| answer.complete) {
            return answers.into_iter().next();
        }
    }
}
