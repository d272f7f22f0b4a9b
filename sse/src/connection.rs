//! The conversation of an event source with its server, sans-I/O: when to connect, what to ask, what an answer means,
//! how long to wait.
//!
//! The driver's loop, in numbered steps:
//!
//! 1. State [`Connecting`](State::Connecting): connect to [`Connection::url`], send [`Connection::request`], read a
//!    response head, give it to [`Connection::receive_head`]. On any failure: [`Connection::lost`].
//! 2. State [`Open`](State::Open): give the body to [`Connection::receive`] until it has consumed everything. At its end,
//!    or when the connection breaks: [`Connection::lost`].
//! 3. State [`Waiting`](State::Waiting): drop the connection.
//! 4. In every state: at [`Connection::deadline`], call [`Connection::expire`].
//! 5. State [`Closed`](State::Closed): stop; [`Connection::closed`] says why.
//!
//! **Waiting.** After a stream that brought something, the wait is the reconnection time (`retry`). Each attempt that
//! then brings nothing doubles it, up to `max_delay`. A random part of up to half the delay is added and never subtracted: a
//! thousand clients of one server do not come back in the same millisecond, and none comes back before `retry`.
//!
//! Source: WHATWG HTML §9.2.3; Fetch §4.4 for redirects.

use std::fmt;
use std::time::{Duration, Instant};

use crate::decoder::{Decoder, Limits};
use crate::error::DecodeError;
use crate::event::Event;
use crate::state::{ReadyState, State, Step};
use crate::url::{Url, UrlError};

/// Redirects that are followed in a row. Source: Fetch §4.4, "If request's redirect count is 20".
pub const MAX_REDIRECTS: u32 = 20;

/// The smallest step of the back-off: `retry: 0` is honoured, but not a hundred times a second by a server that is down.
pub const MIN_BACK_OFF: Duration = Duration::from_millis(100);

/// How an event source behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bounds of the decoder.
    pub limits: Limits,
    /// The reconnection time before a server sets one (default 3 s; the standard asks for "a few seconds").
    pub retry: Duration,
    /// The longest `retry` that a server may set (default 1 h).
    pub max_retry: Duration,
    /// Where doubling stops (default 30 s), unless `retry` itself is longer.
    pub max_delay: Duration,
    /// From connecting to the head of the response (default 30 s).
    pub head_timeout: Option<Duration>,
    /// How long an open stream may be silent, comments counted as sound, before it is taken for dead (default none).
    pub silence_timeout: Option<Duration>,
    /// Further fields of the request, as name and value. They are left out after a redirect to another origin.
    pub headers: Vec<(String, String)>,
    /// A place to start from (default `""`: none).
    pub last_event_id: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            retry: Duration::from_secs(3),
            max_retry: Duration::from_secs(3600),
            max_delay: Duration::from_secs(30),
            head_timeout: Some(Duration::from_secs(30)),
            silence_timeout: None,
            headers: Vec::new(),
            last_event_id: String::new(),
        }
    }
}

/// Why an event source closed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closed {
    /// The caller closed it.
    ByCaller,
    /// 204: the server asks the client to stop. Source: WHATWG HTML §9.2.1.
    NoContent,
    /// Another status than 200. Source: §9.2.3.
    Status(u16),
    /// Another type than `text/event-stream`. Source: §9.2.3.
    ContentType,
    /// A redirect to where this client cannot go.
    Redirect(UrlError),
    /// A stream past our bounds: it would be past them again.
    TooLarge(DecodeError),
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Closed::ByCaller => f.write_str("closed by the caller"),
            Closed::NoContent => f.write_str("the server ended the stream (204)"),
            Closed::Status(status) => write!(f, "the server answered with status {status}"),
            Closed::ContentType => f.write_str("the answer is not of type text/event-stream"),
            Closed::Redirect(error) => write!(f, "redirected to where we cannot go: {error}"),
            Closed::TooLarge(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Closed {}

/// What matters of a response head. Field values are given as they were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// The status code.
    pub status: u16,
    /// The `Content-Type` field.
    pub content_type: Option<&'a [u8]>,
    /// The `Location` field.
    pub location: Option<&'a [u8]>,
}

/// See the [module](self).
///
/// ```
/// use std::time::{Duration, Instant};
/// use wirebook_sse::connection::{Connection, Head, Settings};
/// use wirebook_sse::{Event, state::State};
///
/// let now = Instant::now();
/// let mut connection = Connection::new("http://127.0.0.1:8000/events", Settings::default(), 1, now)?;
/// connection.receive_head(Head { status: 200, content_type: Some(b"text/event-stream"), location: None }, now);
/// let (_, event) = connection.receive(b"retry: 10\nid: 7\ndata: hi\n\n", now);
/// assert_eq!(event, Some(Event::data("hi").id("7")));
///
/// connection.lost(now);
/// assert!(connection.deadline().unwrap() >= now + Duration::from_millis(10));
/// connection.expire(now + Duration::from_millis(15));
/// assert_eq!(connection.state(), State::Connecting);
/// let mut request = Vec::new();
/// connection.request(&mut request);
/// assert!(String::from_utf8_lossy(&request).contains("\r\nLast-Event-ID: 7\r\n"));
/// # Ok::<(), wirebook_sse::url::UrlError>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    settings: Settings,
    url: Url,
    /// Where redirects have led, until the next reconnection.
    target: Option<Url>,
    redirects: u32,
    state: State,
    closed: Option<Closed>,
    decoder: Decoder,
    /// Connections since the last byte of a body.
    failures: u32,
    deadline: Option<Instant>,
    random: u64,
}

impl Connection {
    /// An event source that is to connect now. `seed` makes its random delays; any number will do.
    pub fn new(url: &str, settings: Settings, seed: u64, now: Instant) -> Result<Self, UrlError> {
        let url = Url::parse(url)?;
        // A field that would end its line is a mistake of the caller, and is refused like one in the URL.
        let breaks = |text: &str| text.contains(['\r', '\n', '\0']);
        if settings.headers.iter().any(|(name, value)| name.contains([':', ' ']) || breaks(name) || breaks(value)) {
            return Err(UrlError::Byte);
        }
        if breaks(&settings.last_event_id) {
            return Err(UrlError::Byte);
        }
        Ok(Connection {
            decoder: Decoder::new(settings.limits, &settings.last_event_id),
            deadline: settings.head_timeout.map(|timeout| now + timeout),
            settings,
            url,
            target: None,
            redirects: 0,
            state: State::Connecting,
            closed: None,
            failures: 0,
            random: seed,
        })
    }

    /// Where to connect to.
    pub fn url(&self) -> &Url {
        self.target.as_ref().unwrap_or(&self.url)
    }

    /// Where it is in its life.
    pub fn state(&self) -> State {
        self.state
    }

    /// What a script would see.
    pub fn ready_state(&self) -> ReadyState {
        self.state.ready_state()
    }

    /// Why it is closed.
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// The id of the last event, `""` for none.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The reconnection time in force.
    pub fn retry(&self) -> Duration {
        self.decoder.retry().map_or(self.settings.retry, Duration::from_millis).min(self.settings.max_retry)
    }

    /// The fields of the request, as name and value.
    pub fn request_fields<'a>(&'a self, mut field: impl FnMut(&'a str, &'a str)) {
        let url = self.url();
        field("Host", url.authority());
        field("Accept", "text/event-stream");
        field("Cache-Control", "no-cache");
        if !self.last_event_id().is_empty() {
            field("Last-Event-ID", self.last_event_id());
        }
        // Fetch §4.4 drops `Authorization` at another origin. What else is a secret we cannot know, so all are dropped.
        if url.is_same_origin(&self.url) {
            self.settings.headers.iter().for_each(|(name, value)| field(name, value));
        }
    }

    /// Appends the head of the request.
    pub fn request(&self, out: &mut Vec<u8>) {
        let mut append = |parts: [&str; 3]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        append(["GET ", self.url().target(), " HTTP/1.1\r\n"]);
        self.request_fields(|name, value| {
            append([name, ": ", value]);
            append(["\r\n", "", ""]);
        });
        append(["\r\n", "", ""]);
    }

    /// The head of a response has come.
    pub fn receive_head(&mut self, head: Head<'_>, now: Instant) {
        match head {
            Head { status: 301 | 302 | 303 | 307 | 308, location: Some(location), .. } => self.redirect(location, now),
            Head { status: 200, content_type: Some(content_type), .. } if is_event_stream(content_type) => {
                self.step(Step::Accept);
                let (retry, id) = (self.decoder.retry(), self.decoder.last_event_id());
                self.decoder = Decoder::new(self.settings.limits, id).with_retry(retry);
                self.deadline = self.settings.silence_timeout.map(|timeout| now + timeout);
            }
            Head { status: 200, .. } => self.refuse(Closed::ContentType),
            Head { status: 204, .. } => self.refuse(Closed::NoContent),
            Head { status, .. } => self.refuse(Closed::Status(status)),
        }
    }

    /// Bytes of the body have come. Call it again with the rest until nothing is left. A stream that is too large closes
    /// the event source.
    pub fn receive<'a>(&'a mut self, input: &'a [u8], now: Instant) -> (usize, Option<Event<'a>>) {
        if self.state != State::Open {
            return (input.len(), None);
        }
        if !input.is_empty() {
            self.failures = 0;
            self.deadline = self.settings.silence_timeout.map(|timeout| now + timeout);
        }
        match self.decoder.receive(input) {
            Ok(result) => result,
            Err(error) => {
                self.deadline = None;
                self.closed = Some(Closed::TooLarge(error));
                self.state = self.state.after(Step::Refuse).unwrap_or(self.state);
                (input.len(), None)
            }
        }
    }

    /// The connection failed, broke, or came to its end.
    pub fn lost(&mut self, now: Instant) {
        if self.step(Step::Lost) {
            self.deadline = Some(now + self.delay());
            // Until the next byte of a body, even of an answer that opens.
            self.failures = self.failures.saturating_add(1);
        }
    }

    /// When [`expire`](Self::expire) is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Time has passed. Without effect before the deadline.
    pub fn expire(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        if self.step(Step::Timer) {
            self.target = None;
            self.redirects = 0;
            self.deadline = self.settings.head_timeout.map(|timeout| now + timeout);
        } else {
            self.lost(now);
        }
    }

    /// Closes it for good.
    pub fn close(&mut self) {
        self.refuse_with(Step::Close, Closed::ByCaller);
    }

    fn redirect(&mut self, location: &[u8], now: Instant) {
        self.redirects += 1;
        let location = std::str::from_utf8(location).map_err(|_| UrlError::Byte);
        match location.and_then(|location| self.url().join(location)) {
            // Fetch makes a network error of too many redirects, and a network error is tried again.
            _ if self.redirects > MAX_REDIRECTS => self.lost(now),
            Ok(url) => {
                self.target = Some(url);
                self.step(Step::Redirect);
            }
            Err(error) => self.refuse(Closed::Redirect(error)),
        }
    }

    fn refuse(&mut self, why: Closed) {
        self.refuse_with(Step::Refuse, why);
    }

    fn refuse_with(&mut self, step: Step, why: Closed) {
        if self.step(step) {
            self.closed = Some(why);
            self.deadline = None;
        }
    }

    fn step(&mut self, step: Step) -> bool {
        let after = self.state.after(step);
        self.state = after.unwrap_or(self.state);
        after.is_some()
    }

    /// "Wait a delay equal to the reconnection time […]. Optionally, wait some more."
    // ANCHOR: delay
    fn delay(&mut self) -> Duration {
        let retry = self.retry();
        let delay = match self.failures {
            0 => retry,
            failures => {
                let doubled = retry.max(MIN_BACK_OFF).saturating_mul(1 << failures.min(16));
                doubled.min(self.settings.max_delay.max(retry))
            }
        };
        let part = (self.next_random() >> 40) as f64 / (1u64 << 24) as f64;
        delay + delay.mul_f64(part / 2.0)
    }
    // ANCHOR_END: delay

    /// SplitMix64: enough to keep clients apart.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Whether the essence of a MIME type is `text/event-stream`; its parameters do not matter.
///
/// ```
/// use wirebook_sse::connection::is_event_stream;
/// assert!(is_event_stream(b"Text/Event-Stream; charset=utf-8"));
/// assert!(!is_event_stream(b"text/event-streams"));
/// ```
pub fn is_event_stream(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}
