//! The event source: the driver that joins [`Connection`] to a socket.
//!
//! It decides nothing: when to connect, what an answer means and how long to wait stand in [`Connection`]. The body is
//! unwrapped by the client's end of `wirebook-http1`.

use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use wirebook_http1::parser::{Fields, RequestHead};
use wirebook_http1::{self as http1, FieldBlock};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};

use crate::connection::{Closed, Connection, Head, Settings};
use crate::event::Event;
use crate::state::{ReadyState, State};
use crate::url::{Url, UrlError};

/// What an event source tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The connection stands: a script's `open`.
    Open,
    /// An event.
    Event(Event<'a>),
    /// The connection was lost, and will be made again after this time: a script's `error`.
    Reconnecting(Duration),
}

/// A client that never loses its place. See [`Settings`] for what can be set.
///
/// ```no_run
/// use wirebook_sse::client::{EventSource, Notice};
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut source = EventSource::new("http://127.0.0.1:8000/events")?;
/// loop {
///     match source.next().await? {
///         Notice::Open => println!("open"),
///         Notice::Event(event) => println!("{}: {}", event.event_type, event.data),
///         Notice::Reconnecting(delay) => println!("again in {delay:?}"),
///     }
/// }
/// # }
/// ```
pub struct EventSource<S, C> {
    core: Connection,
    connect: C,
    wire: Option<Wire<S>>,
    /// The last event, copied out of the buffers that the next read needs. Its room is used again.
    event: Copied,
    told_waiting: bool,
}

#[derive(Default)]
struct Copied {
    event_type: String,
    data: String,
    id: String,
}

/// A connection, and what came over it.
struct Wire<S> {
    stream: S,
    http: http1::Connection,
    fields: Box<Fields>,
    inbox: Vec<u8>,
    /// Bytes of `inbox` that the HTTP connection has used.
    used: usize,
    /// The part of `inbox` that is body and was not decoded yet.
    body: Range<usize>,
}

impl EventSource<TcpStream, fn(Url) -> Connecting> {
    /// An event source over TCP, with default settings.
    ///
    /// # Errors
    ///
    /// A URL that cannot be used.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        EventSource::with_settings(url, Settings::default())
    }

    /// An event source over TCP.
    ///
    /// # Errors
    ///
    /// A URL, a field or an id that cannot be used.
    pub fn with_settings(url: &str, settings: Settings) -> Result<Self, UrlError> {
        // Which numbers the delays are made of does not matter, as long as clients have different ones.
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), url);
        EventSource::with_connector(url, settings, seed, connect_tcp)
    }
}

/// A connection in the making.
pub type Connecting = std::pin::Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

/// Connects over TCP, without the delay that gathers small writes.
pub fn connect_tcp(url: Url) -> Connecting {
    Box::pin(async move {
        let stream = TcpStream::connect((url.host(), url.port())).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    })
}

impl<S, C, F> EventSource<S, C>
where
    S: Stream,
    C: Fn(Url) -> F,
    F: Future<Output = io::Result<S>>,
{
    /// An event source over whatever `connect` gives: a Unix socket, the simulated network. `seed` makes its delays.
    ///
    /// # Errors
    ///
    /// A URL, a field or an id that cannot be used.
    pub fn with_connector(url: &str, settings: Settings, seed: u64, connect: C) -> Result<Self, UrlError> {
        let core = Connection::new(url, settings, seed, net::now())?;
        Ok(EventSource { core, connect, wire: None, event: Copied::default(), told_waiting: false })
    }

    /// What a script would see.
    pub fn ready_state(&self) -> ReadyState {
        self.core.ready_state()
    }

    /// The id of the last event, `""` for none.
    pub fn last_event_id(&self) -> &str {
        self.core.last_event_id()
    }

    /// Where it connects to.
    pub fn url(&self) -> &Url {
        self.core.url()
    }

    /// Closes it for good.
    pub fn close(&mut self) {
        self.core.close();
        self.wire = None;
    }

    /// Waits for what happens next.
    ///
    /// # Errors
    ///
    /// Why it is closed for good; from then on always the same.
    pub async fn next(&mut self) -> Result<Notice<'_>, Closed> {
        loop {
            match self.core.state() {
                State::Closed => {
                    self.wire = None;
                    return Err(self.core.closed().unwrap_or(Closed::ByCaller));
                }
                State::Connecting => {
                    self.told_waiting = false;
                    self.connect().await;
                    if self.core.state() == State::Open {
                        return Ok(Notice::Open);
                    }
                }
                State::Open => {
                    if self.receive().await {
                        let Copied { event_type, data, id } = &self.event;
                        let id = (!id.is_empty()).then_some(&id[..]);
                        return Ok(Notice::Event(Event { event_type, data, id }));
                    }
                }
                State::Waiting => {
                    self.wire = None;
                    let delay = self.core.deadline().map_or(Duration::ZERO, until);
                    if !std::mem::replace(&mut self.told_waiting, true) {
                        return Ok(Notice::Reconnecting(delay));
                    }
                    net::sleep(delay).await;
                    self.core.expire(net::now());
                }
            }
        }
    }

    /// From nothing to the head of a response.
    async fn connect(&mut self) {
        let mut fields = FieldBlock::default();
        // An id with a control character in it cannot stand in a field: it is left out rather than the stream given up.
        self.core.request_fields(|name, value| {
            let _ = fields.push(name, value);
        });
        let url = self.core.url().clone();
        let attempt = attempt(&self.connect, url, &fields);
        let wire = match self.core.deadline() {
            Some(deadline) => {
                net::timeout(until(deadline), attempt).await.unwrap_or_else(|elapsed| Err(elapsed.into()))
            }
            None => attempt.await,
        };
        let now = net::now();
        match wire {
            Ok((wire, head)) => {
                let (content_type, location) = (head.content_type.as_deref(), head.location.as_deref());
                self.core.receive_head(Head { status: head.status, content_type, location }, now);
                self.wire = (self.core.state() == State::Open).then_some(wire);
            }
            Err(_) => self.core.lost(now),
        }
    }

    /// Reads on until there is an event (true), or until the state has changed (false).
    async fn receive(&mut self) -> bool {
        while let (State::Open, Some(wire)) = (self.core.state(), &mut self.wire) {
            // The body that is there.
            let (used, event) = self.core.receive(&wire.inbox[wire.body.clone()], net::now());
            wire.body.start += used;
            if let Some(event) = event {
                self.event.set(event);
                return true;
            }
            if self.core.state() != State::Open {
                return false;
            }
            // More of it, from what was read or from the stream.
            let alive = match wire.next_part() {
                Part::Body => true,
                Part::End => false,
                Part::Missing => match self.core.deadline() {
                    Some(deadline) => match net::timeout(until(deadline), wire.fill()).await {
                        Ok(result) => matches!(result, Ok(1..)),
                        Err(_) => {
                            self.core.expire(net::now());
                            return false;
                        }
                    },
                    None => matches!(wire.fill().await, Ok(1..)),
                },
            };
            if !alive {
                self.core.lost(net::now());
            }
        }
        false
    }
}

impl Copied {
    fn set(&mut self, event: Event<'_>) {
        let set = |place: &mut String, text: &str| {
            place.clear();
            place.push_str(text);
        };
        set(&mut self.event_type, event.event_type);
        set(&mut self.data, event.data);
        set(&mut self.id, event.id.unwrap_or_default());
    }
}

/// What an event source wants to know of a response, copied out of the inbox.
struct OwnedHead {
    status: u16,
    content_type: Option<Vec<u8>>,
    location: Option<Vec<u8>>,
}

enum Part {
    Body,
    End,
    Missing,
}

/// Connects, asks, and reads the head of the answer.
async fn attempt<S, C, F>(connect: &C, url: Url, fields: &FieldBlock) -> io::Result<(Wire<S>, OwnedHead)>
where
    S: Stream,
    C: Fn(Url) -> F,
    F: Future<Output = io::Result<S>>,
{
    let mut http = http1::Connection::client();
    let mut request = Vec::new();
    let head = RequestHead::new(b"GET", url.target().as_bytes(), fields.lines());
    http.send(http1::Event::Request(head), &mut request).map_err(io::Error::other)?;
    http.send(http1::Event::End(Default::default()), &mut request).map_err(io::Error::other)?;

    let stream = connect(url.clone()).await?;
    stream.write_all(&request).await?;
    let mut wire = Wire { stream, http, fields: Box::default(), inbox: Vec::new(), used: 0, body: 0..0 };
    loop {
        if let Some(head) = wire.next_head().map_err(io::Error::other)? {
            return Ok((wire, head));
        }
        if wire.fill().await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

impl<S: Stream> Wire<S> {
    /// One read behind what is left; 0 at the end of the stream. What was used is dropped first.
    async fn fill(&mut self) -> io::Result<usize> {
        self.inbox.drain(..self.used);
        (self.used, self.body) = (0, 0..0);
        self.stream.readable().await?;
        let mut buffer = net::buffer();
        let count = self.stream.read(&mut buffer).await?;
        self.inbox.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    /// The head of the final response, if it is there; those before it (1xx) are skipped.
    fn next_head(&mut self) -> Result<Option<OwnedHead>, http1::Error> {
        loop {
            let (used, event) = self.http.receive(&self.inbox[self.used..], &mut self.fields)?;
            self.used += used;
            match event {
                Some(http1::Event::Response(head)) if head.status >= 200 => {
                    let field = |name| head.fields.get(name).map(<[u8]>::to_vec);
                    let (content_type, location) = (field("content-type"), field("location"));
                    return Ok(Some(OwnedHead { status: head.status, content_type, location }));
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// The next piece of the body.
    fn next_part(&mut self) -> Part {
        let input = &self.inbox[self.used..];
        match self.http.receive(input, &mut self.fields) {
            Ok((used, Some(http1::Event::Data(data)))) => {
                // Where the piece lies in the inbox: it has to outlive this borrow.
                let start = self.used + (data.as_ptr().addr() - input.as_ptr().addr());
                self.body = start..start + data.len();
                self.used += used;
                Part::Body
            }
            Ok((used, None)) => {
                self.used += used;
                Part::Missing
            }
            Ok((_, Some(_))) | Err(_) => Part::End,
        }
    }
}

fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(net::now())
}
