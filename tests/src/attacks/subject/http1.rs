//! An HTTP/1 server with a handler that writes down everything it gets.

use super::record::{Call, Notes};
use crate::allocations::unwatched;
use crate::attacks::row::Keys;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http1::server::{Options, Trouble};
use wirebook_http1::{self as http1, Failure, Outcome, Request, Response, Violation};
use wirebook_net::{self as net, Listener};

/// How the handler answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
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
fn configure(config: &Keys) -> (Options, Kind) {
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

pub(super) fn serve<L: Listener + 'static>(config: &Keys, listener: L, record: &Arc<Notes>) {
    let (options, kind) = configure(config);
    let limit = usize::try_from(options.max_body).unwrap_or(usize::MAX);
    http1::serve_on(listener, options, handler(record.clone(), kind, limit));
}

/// The handler under test. What it keeps for the test stands in no ledger; what it reads does, as any handler's would.
fn handler(record: Arc<Notes>, kind: Kind, limit: usize) -> impl AsyncFn(Request<'_>, Response<'_>) -> Outcome {
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
        Some(Trouble::Protocol(_) | Trouble::Stream(_)) => "syntax",
        Some(Trouble::TooLarge) => "too_large",
        Some(Trouble::TooSlow) => "slow",
        _ => "other",
    }
}

/// A call's place in the record; dropping it says how the call ended.
struct Entry {
    record: Arc<Notes>,
    at: usize,
    finished: bool,
}

impl Entry {
    fn new(record: &Arc<Notes>, request: &Request<'_>) -> Entry {
        let call = unwatched(|| Call {
            method: request.method().to_owned(),
            target: request.target().to_owned(),
            authority: request.authority().map(str::to_owned),
            path: request.path().to_owned(),
            ..Call::default()
        });
        let at = record.write(|all| {
            unwatched(|| all.calls.push(call));
            all.running += 1;
            all.most_running = all.most_running.max(all.running);
            all.calls.len() - 1
        });
        Entry { record: record.clone(), at, finished: false }
    }

    fn note(&self, write: impl FnOnce(&mut Call)) {
        self.record.write(|all| write(&mut all.calls[self.at]));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.record.write(|all| {
            all.running -= 1;
            if !self.finished {
                all.calls[self.at].cancelled = Some(net::now());
            }
        });
    }
}
