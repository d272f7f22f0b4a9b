//! The server under test: on a thread of its own, with a handler that writes down everything it gets.

use super::row::Keys;
use crate::allocations::{Ledger, unwatched, watch};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use wirebook_http1::server::{Options, Trouble};
use wirebook_http1::{self as http1, Failure, Outcome, Request, Response, Violation};
use wirebook_net as net;

/// What one call of the handler got.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// As it was sent.
    pub method: String,
    /// As it was sent.
    pub target: String,
    /// Where the request goes, by the server's reading.
    pub authority: Option<String>,
    /// The path, by the server's reading.
    pub path: String,
    /// The field lines, looked at when the body was over.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The body, if the handler read all of it.
    pub body: Option<Vec<u8>>,
    /// The error that it got in its place.
    pub body_error: Option<&'static str>,
    /// When it ended with an error, or was dropped, before its answer was out.
    pub cancelled: Option<Instant>,
}

/// All calls, and how many ran at one time.
#[derive(Debug, Default)]
pub struct Record {
    /// In order of dispatch.
    pub calls: Vec<Call>,
    /// Handlers that run now.
    pub running: usize,
    /// The most that ever did.
    pub most_running: usize,
}

/// A running server.
#[derive(Clone)]
pub struct Subject {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its thread holds.
    pub ledger: &'static Ledger,
    record: Arc<Mutex<Record>>,
    /// The kernel's account of its thread, where there is one.
    schedule: Option<String>,
}

impl Subject {
    /// What the handler has seen so far.
    ///
    /// # Panics
    ///
    /// When the handler panicked.
    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().expect("the handler does not panic")
    }

    /// The time that the server has spent on a processor; `None` where the system does not tell.
    pub fn cpu(&self) -> Option<Duration> {
        let account = std::fs::read_to_string(self.schedule.as_ref()?).ok()?;
        account.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }
}

/// How the handler answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Reads the body, and says how long it was.
    Reads,
    /// Reads the body piece by piece and keeps none of it; first waits as long as this.
    Counts(Duration),
    /// 401, and the body stays where it is.
    Refuses,
    /// A body in pieces, of a length that is not told.
    Streams,
    /// 16 MiB in pieces.
    Streams16MiB,
}

/// The options and the handler that a row's configuration asks for.
///
/// Waits are long but for those that the row sets: a server that closes only because it lost its patience fails.
///
/// # Panics
///
/// When it asks for something unknown.
pub fn configure(config: &Keys) -> (Options, Kind) {
    let patient = Duration::from_secs(60);
    let mut options = Options {
        head_timeout: patient,
        body_timeout: patient,
        idle_timeout: patient,
        write_timeout: patient,
        ..Options::default()
    };
    let mut kind = Kind::Reads;
    for (key, value) in config {
        let number = value.as_u64().unwrap_or_default();
        let millis = Duration::from_millis(number);
        match (key.as_str(), value.as_str()) {
            ("max_body", _) => options.max_body = number,
            ("max_headers", _) => options.limits.fields = number as usize,
            ("max_head", _) => options.limits.head = number as usize,
            // The row's one knob covers the wait for the first byte of a head.
            ("header_timeout_ms", _) => (options.head_timeout, options.idle_timeout) = (millis, millis),
            ("keepalive_timeout_ms", _) => options.idle_timeout = millis,
            ("write_timeout_ms", _) => options.write_timeout = millis,
            ("max_requests_per_conn", _) => options.max_requests_per_connection = number as u32,
            ("body_timeout_ms", _) => options.body_timeout = millis,
            ("handler", Some("counts")) => kind = Kind::Counts(Duration::ZERO),
            ("handler", Some("counts_after_a_while")) => kind = Kind::Counts(Duration::from_millis(100)),
            ("handler", Some("401_without_reading")) => kind = Kind::Refuses,
            ("handler", Some("stream_unknown_length")) => kind = Kind::Streams,
            ("handler", Some("stream_16MiB")) => kind = Kind::Streams16MiB,
            _ => panic!("a configuration that nobody sets: {key} = {value}"),
        }
    }
    (options, kind)
}

/// Starts a server; it ends with the process.
///
/// # Panics
///
/// When there is no port.
pub fn start(options: Options, kind: Kind) -> Subject {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let ledger = watch();
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("an address");
            let record = Arc::<Mutex<Record>>::default();
            let limit = usize::try_from(options.max_body).unwrap_or(usize::MAX);
            http1::serve_on(listener, options, handler(record.clone(), kind, limit));
            let schedule = std::fs::read_link("/proc/thread-self").ok();
            let schedule = schedule.map(|path| format!("/proc/{}/schedstat", path.display()));
            let schedule = schedule.filter(|path| std::path::Path::new(path).exists());
            send.send(Subject { address, ledger, record, schedule }).expect("the test waits");
        })
    });
    receive.recv().expect("the server starts")
}

/// The handler under test. What it keeps for the test stands in no ledger; what it reads does, as any handler's would.
pub fn handler(
    record: Arc<Mutex<Record>>,
    kind: Kind,
    limit: usize,
) -> impl AsyncFn(Request<'_>, Response<'_>) -> Outcome {
    async move |request: Request<'_>, response: Response<'_>| {
        let mut entry = Entry::new(&record, &request);
        let outcome = match kind {
            Kind::Reads => read(request, response, limit, &entry).await,
            Kind::Counts(pause) => count(request, response, pause).await,
            Kind::Refuses => response.status(401).end("").await,
            Kind::Streams => stream(response, b"stream", 3).await,
            Kind::Streams16MiB => stream(response, &[b'x'; 64 * 1024], 256).await,
        };
        entry.finished = outcome.is_ok();
        outcome
    }
}

// ANCHOR: handler
async fn read(mut request: Request<'_>, response: Response<'_>, limit: usize, entry: &Entry) -> Outcome {
    let result = request.bytes(limit).await;
    unwatched(|| {
        entry.note(|call| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            call.fields = request.headers().iter().map(|(name, value)| (text(name), value.to_vec())).collect();
            match &result {
                Ok(body) => call.body = Some(body.clone()),
                Err(failure) => call.body_error = Some(body_error(failure)),
            }
        });
    });
    let length = result?.len();
    response.end(format!("{length} bytes")).await
}
// ANCHOR_END: handler

async fn count(mut request: Request<'_>, response: Response<'_>, pause: Duration) -> Outcome {
    if !pause.is_zero() {
        net::sleep(pause).await;
    }
    let mut length = 0;
    while let Some(piece) = request.chunk().await? {
        length += piece.len();
    }
    response.end(format!("{length} bytes")).await
}

async fn stream(mut response: Response<'_>, piece: &[u8], count: usize) -> Outcome {
    for _ in 0..count {
        response.write(piece).await?;
    }
    response.end("").await
}

/// The rows' names for what can be wrong with a body.
fn body_error(failure: &Failure) -> &'static str {
    if failure.source().downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::ConnectionReset) {
        return "reset";
    }
    match failure.source().downcast_ref() {
        Some(Trouble::Protocol(error)) if error.violation == Violation::Incomplete => "incomplete",
        Some(Trouble::Protocol(_)) => "syntax",
        Some(Trouble::TooLarge) => "too_large",
        Some(Trouble::TooSlow) => "slow",
        _ => "other",
    }
}

/// A call's place in the record; dropping it says how the call ended.
struct Entry {
    record: Arc<Mutex<Record>>,
    at: usize,
    finished: bool,
}

impl Entry {
    fn new(record: &Arc<Mutex<Record>>, request: &Request<'_>) -> Entry {
        let call = unwatched(|| Call {
            method: request.method().to_owned(),
            target: request.target().to_owned(),
            authority: request.authority().map(str::to_owned),
            path: request.path().to_owned(),
            ..Call::default()
        });
        let mut all = record.lock().expect("nobody panics");
        let at = all.calls.len();
        unwatched(|| all.calls.push(call));
        all.running += 1;
        all.most_running = all.most_running.max(all.running);
        Entry { record: record.clone(), at, finished: false }
    }

    fn note(&self, write: impl FnOnce(&mut Call)) {
        write(&mut self.record.lock().expect("nobody panics").calls[self.at]);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut all = self.record.lock().expect("nobody panics");
        all.running -= 1;
        if !self.finished {
            all.calls[self.at].cancelled = Some(net::now());
        }
    }
}
