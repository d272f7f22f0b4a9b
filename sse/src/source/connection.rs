//! The conversation of an event source with its server, sans-I/O: when to connect, what to ask, what an answer means,
//! how long to wait.
//!
//! The driver's loop, in numbered steps:
//!
//! 1. State [`Connecting`](State::Connecting): connect to [`Connection::url`], ask for it with [`Connection::fields`], read
//!    a response head, give it to [`Connection::receive_head`]. On any failure: [`Connection::lost`].
//! 2. State [`Open`](State::Open): give the body to [`Connection::receive`] until it has consumed everything. At its end,
//!    or when the connection breaks: [`Connection::lost`].
//! 3. State [`Waiting`](State::Waiting) or [`Redirected`](State::Redirected): drop the connection.
//! 4. In every state: at [`Connection::deadline`], call [`Connection::expire`].
//! 5. State [`Closed`](State::Closed): stop; [`Connection::closed`] says why.
//!
//! **Waiting.** After a good stream, the wait is the reconnection time (`retry`). Each attempt that brings none doubles it,
//! up to `max_delay`. A stream is good when it brought an event, or stood for as long as the reconnection time; one that
//! opens and ends at once is not, whatever else was in it. A random part of up to half the delay is added and never
//! subtracted: a thousand clients of one server do not come back in the same millisecond, and none comes back before
//! `retry`.
//!
//! **The floor.** Whatever the server sends, two connections do not begin within `min_delay` of each other; a redirect is a
//! connection like any other, and waits in [`Redirected`](State::Redirected) for what is left of that time.
//!
//! Source: WHATWG HTML §9.2.3; Fetch §4.4 for redirects.

use std::time::{Duration, Instant};

use wirebook_http1::{FieldBlock, Misuse};

use crate::codec::decoder::Decoder;
use crate::codec::event::Event;
use crate::source::error::{Cause, Closed, Coding, SetupError};
use crate::source::settings::Settings;
use crate::source::state::{Life, OutOfTurn, ReadyState, State, Step};
use crate::source::url::{Url, UrlError};

/// Redirects that are followed in a row. Source: Fetch §4.4, "If request's redirect count is 20".
pub const MAX_REDIRECTS: u32 = 20;

/// What matters of a response head. Field values are given as they were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head<'a> {
    /// The status code.
    pub status: u16,
    /// The `Content-Type` field.
    pub content_type: Option<&'a [u8]>,
    /// The `Content-Encoding` field.
    pub content_encoding: Option<&'a [u8]>,
    /// The `Location` field.
    pub location: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// The head that opens a stream.
    ///
    /// ```
    /// assert_eq!(wirebook_sse::connection::Head::event_stream().status, 200);
    /// ```
    pub const fn event_stream() -> Self {
        Head { status: 200, content_type: Some(b"text/event-stream"), content_encoding: None, location: None }
    }

    /// Where it redirects to. Source: Fetch §2.2.6, "redirect status".
    fn redirect(&self) -> Option<&'a [u8]> {
        self.location.filter(|_| matches!(self.status, 301 | 302 | 303 | 307 | 308))
    }
}

/// See the [module](self).
///
/// ```
/// use std::time::{Duration, Instant};
/// use wirebook_http1::FieldBlock;
/// use wirebook_sse::connection::{Connection, Head};
/// use wirebook_sse::Cause;
/// use wirebook_sse::{Event, Settings, state::State};
///
/// let now = Instant::now();
/// let mut connection = Connection::new("http://127.0.0.1:8000/events", Settings::default(), 1, now)?;
/// connection.receive_head(Head::event_stream(), now)?;
/// let (_, event) = connection.receive(b"retry: 1000\nid: 7\ndata: hi\n\n", now)?;
/// assert_eq!(event, Some(Event::data("hi").id("7")));
///
/// connection.lost(Cause::Ended, now)?;
/// assert!(connection.deadline().unwrap() >= now + Duration::from_secs(1));
/// connection.expire(now + Duration::from_millis(1500))?;
/// assert_eq!(connection.state(), State::Connecting);
/// let mut fields = FieldBlock::default();
/// connection.fields(&mut fields);
/// assert_eq!(fields.lines().get("last-event-id"), Some(&b"7"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    settings: Settings,
    url: Url,
    /// Where redirects have led, until the next reconnection.
    target: Option<Url>,
    redirects: u32,
    life: Life,
    closed: Option<Closed>,
    cause: Option<Cause>,
    decoder: Decoder,
    /// When the last connection began.
    began: Instant,
    /// When the stream opened, and whether it has brought an event.
    opened: Instant,
    brought: bool,
    /// Attempts since the last good stream.
    failures: u32,
    deadline: Option<Instant>,
    random: u64,
}

impl Connection {
    /// An event source that is to connect now. `seed` makes its random delays; any number will do.
    ///
    /// # Errors
    ///
    /// What can never be sent: a URL, a field, an id.
    pub fn new(url: &str, settings: Settings, seed: u64, now: Instant) -> Result<Self, SetupError> {
        settings.check()?;
        let connection = Connection {
            decoder: Decoder::new(settings.limits, &settings.last_event_id),
            deadline: after(now, settings.head_timeout),
            url: allowed(Url::parse(url)?, &settings)?,
            settings,
            target: None,
            redirects: 0,
            life: Life::begin(),
            closed: None,
            cause: None,
            began: now,
            opened: now,
            brought: false,
            failures: 0,
            random: seed,
        };
        let mut block = FieldBlock::default();
        connection.own_fields(&mut block).map_err(|_| SetupError::FieldsTooLarge)?;
        connection.push_id(&mut block).map_err(|_| SetupError::LastEventId)?;
        Ok(connection)
    }

    /// Where to connect to.
    pub fn url(&self) -> &Url {
        self.target.as_ref().unwrap_or(&self.url)
    }

    /// Where it is in its life.
    pub fn state(&self) -> State {
        self.life.state()
    }

    /// What a script would see.
    pub fn ready_state(&self) -> ReadyState {
        self.state().ready_state()
    }

    /// Why it is closed.
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Why the last connection was lost; `None` while none was.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// The id of the last event, `""` for none.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The reconnection time in force.
    pub fn retry(&self) -> Duration {
        self.decoder.retry().map_or(self.settings.retry, Duration::from_millis).min(self.settings.max_retry)
    }

    /// Fills in the fields of the request.
    ///
    /// An id that a server set and that no field can carry (a control character, or more than a head may have) is left out:
    /// the stream then begins where the server begins it, which is better than never.
    pub fn fields(&self, block: &mut FieldBlock) {
        block.clear();
        // Those of the caller were tried when the event source was made, and another origin gets fewer.
        let _ = self.own_fields(block);
        let _ = self.push_id(block);
    }

    fn own_fields(&self, block: &mut FieldBlock) -> Result<(), Misuse> {
        let url = self.url();
        block.push("Host", url.authority())?;
        block.push("Accept", "text/event-stream")?;
        // RFC 9110 §12.5.3: without this field any coding would be acceptable.
        block.push("Accept-Encoding", "identity")?;
        block.push("Cache-Control", "no-cache")?;
        // Fetch §4.4 drops `Authorization` at another origin. What else is a secret we cannot know, so all are dropped.
        if url.is_same_origin(&self.url) {
            self.settings.headers.iter().try_for_each(|(name, value)| block.push(name, value))?;
        }
        Ok(())
    }

    fn push_id(&self, block: &mut FieldBlock) -> Result<(), Misuse> {
        match self.last_event_id() {
            "" => Ok(()),
            id => block.push("Last-Event-ID", id),
        }
    }

    /// The connection begins now, and not when the event source was made: for a driver that was not asked at once.
    pub fn begin(&mut self, now: Instant) {
        if self.state() == State::Connecting {
            self.began = now;
            self.deadline = after(now, self.settings.head_timeout);
        }
    }

    /// The head of a response has come.
    ///
    /// # Errors
    ///
    /// When none is awaited. So it is with every method that says what has happened: nothing has changed then.
    pub fn receive_head(&mut self, head: Head<'_>, now: Instant) -> Result<(), OutOfTurn> {
        self.life.step(Step::Answer)?;
        if let Some(location) = head.redirect() {
            return self.redirect(location, now);
        }
        match head {
            Head { status: 204, .. } => self.close_with(Step::Refuse, Closed::NoContent),
            Head { status: 200, content_type: Some(content_type), .. } if is_event_stream(content_type) => {
                match head.content_encoding.and_then(coding) {
                    None => self.open(now),
                    Some(coding) => self.refuse(Closed::ContentEncoding(coding), Cause::ContentEncoding(coding), now),
                }
            }
            Head { status: 200, .. } => self.refuse(Closed::ContentType, Cause::ContentType, now),
            Head { status, .. } => self.refuse(Closed::Status(status), Cause::Status(status), now),
        }
    }

    /// Bytes of the body have come. Call it again with the rest until nothing is left. A stream that is too large closes
    /// the event source.
    ///
    /// # Errors
    ///
    /// When no stream is open.
    pub fn receive<'a>(&'a mut self, input: &'a [u8], now: Instant) -> Result<(usize, Option<Event<'a>>), OutOfTurn> {
        self.life.step(Step::Receive)?;
        if !input.is_empty() {
            self.deadline = after(now, self.settings.silence_timeout);
        }
        match self.decoder.receive(input) {
            Ok((used, event)) => {
                self.brought |= event.is_some();
                Ok((used, event))
            }
            Err(error) => {
                (self.closed, self.deadline) = (Some(Closed::TooLarge(error)), None);
                self.life.step(Step::Refuse)?;
                Ok((input.len(), None))
            }
        }
    }

    /// The connection failed, broke, or came to its end.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn lost(&mut self, cause: Cause, now: Instant) -> Result<(), OutOfTurn> {
        let was_open = self.state() == State::Open;
        self.life.step(Step::Lost)?;
        let stood = now.saturating_duration_since(self.opened) >= self.retry().max(self.settings.min_delay);
        if was_open && (self.brought || stood) {
            self.failures = 0;
        }
        self.cause = Some(cause);
        self.deadline = now.checked_add(self.delay());
        self.failures = self.failures.saturating_add(1);
        Ok(())
    }

    /// When [`expire`](Self::expire) is to be called; `None`: never.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Time has passed. Without effect before the deadline.
    ///
    /// # Errors
    ///
    /// None: every state that has a deadline has a row for its end.
    pub fn expire(&mut self, now: Instant) -> Result<(), OutOfTurn> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        match self.state() {
            State::Connecting => self.lost(Cause::HeadTimeout, now),
            State::Open => self.lost(Cause::Silence, now),
            waiting => {
                self.life.step(Step::Timer)?;
                if waiting == State::Waiting {
                    (self.target, self.redirects) = (None, 0);
                }
                self.begin(now);
                Ok(())
            }
        }
    }

    /// Closes it for good; why it was closed before, if it was, stays.
    ///
    /// # Errors
    ///
    /// None: every state has a row for it.
    pub fn close(&mut self) -> Result<(), OutOfTurn> {
        self.close_with(Step::Close, self.closed.unwrap_or(Closed::ByCaller))
    }

    fn open(&mut self, now: Instant) -> Result<(), OutOfTurn> {
        self.life.step(Step::Accept)?;
        let (retry, id) = (self.decoder.retry(), self.decoder.last_event_id());
        self.decoder = Decoder::new(self.settings.limits, id).with_retry(retry);
        (self.opened, self.brought) = (now, false);
        self.deadline = after(now, self.settings.silence_timeout);
        Ok(())
    }

    fn redirect(&mut self, location: &[u8], now: Instant) -> Result<(), OutOfTurn> {
        let target = self.url().join_location(location).and_then(|url| allowed(url, &self.settings));
        let target = target.and_then(|url| {
            let downgrades = self.url().is_secure() && !url.is_secure();
            if downgrades { Err(UrlError::Downgrade) } else { Ok(url) }
        });
        match target {
            // Fetch makes a network error of too many redirects, and a network error is tried again.
            _ if self.redirects == MAX_REDIRECTS => self.lost(Cause::TooManyRedirects, now),
            Ok(url) => {
                self.life.step(Step::Redirect)?;
                self.redirects += 1;
                self.target = Some(url);
                self.deadline = self.began.checked_add(self.settings.min_delay).map(|earliest| earliest.max(now));
                Ok(())
            }
            Err(error) => self.close_with(Step::Refuse, Closed::Redirect(error)),
        }
    }

    /// An answer that is no event stream: the end, or with `retry_refusals` a loss like another.
    fn refuse(&mut self, closed: Closed, cause: Cause, now: Instant) -> Result<(), OutOfTurn> {
        if self.settings.retry_refusals { self.lost(cause, now) } else { self.close_with(Step::Refuse, closed) }
    }

    fn close_with(&mut self, step: Step, why: Closed) -> Result<(), OutOfTurn> {
        self.life.step(step)?;
        (self.closed, self.deadline) = (Some(why), None);
        Ok(())
    }

    /// "Wait a delay equal to the reconnection time […]. Optionally, wait some more."
    // ANCHOR: delay
    fn delay(&mut self) -> Duration {
        let shortest = self.retry().max(self.settings.min_delay);
        let doubled = shortest.saturating_mul(1 << self.failures.min(16));
        let delay = doubled.min(self.settings.max_delay).max(shortest);
        let part = (self.next_random() >> 40) as f64 / (1u64 << 24) as f64;
        delay.saturating_add(delay.mul_f64(part / 2.0))
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

/// The moment so long after `now`; never, where there is no limit or the clock does not reach so far.
fn after(now: Instant, limit: Option<Duration>) -> Option<Instant> {
    now.checked_add(limit?)
}

/// The first coding that changes the bytes.
fn coding(content_encoding: &[u8]) -> Option<Coding> {
    let mut names = content_encoding.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    names.find(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity")).map(Coding::new)
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

/// `https` only where there is somebody who speaks TLS.
fn allowed(url: Url, settings: &Settings) -> Result<Url, UrlError> {
    if url.is_secure() && !settings.secure { Err(UrlError::Scheme) } else { Ok(url) }
}
