//! The event source: the driver that joins [`Connection`] to a socket.
//!
//! It decides nothing: when to connect, what an answer means and how long to wait stand in [`Connection`]. The body is
//! unwrapped by the client's end of `wirebook-http1` (`wire.rs`).

#[cfg(feature = "tls")]
mod answer;
mod head;
#[cfg(feature = "tls")]
mod secure;
mod wire;

use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use wirebook_http1::FieldBlock;
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};

use crate::codec::event::Event;
use crate::source::connection::{Connection, Head};
use crate::source::error::{Cause, Closed, SetupError};
use crate::source::settings::Settings;
use crate::source::state::{OutOfTurn, ReadyState, State};
use crate::source::url::Url;
use head::OwnedHead;
use wire::{Part, Wire};

/// What an event source tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Notice<'a> {
    /// The connection stands: a script's `open`.
    Open,
    /// An event.
    Event(Event<'a>),
    /// The connection was lost, and will be made again: a script's `error`.
    Reconnecting {
        /// How long it waits before that.
        after: Duration,
        /// Why it was lost.
        cause: Cause,
    },
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
///         Notice::Reconnecting { after, cause } => println!("{cause}; again in {after:?}"),
///     }
/// }
/// # }
/// ```
pub struct EventSource<S, C> {
    core: Connection,
    connect: Connect<C>,
    /// The connection in the making. It is kept here, so that a caller may drop [`next`](Self::next) and call it again
    /// without beginning another one.
    attempt: Option<Attempt<S>>,
    wire: Option<Wire<S>>,
    /// The last event, copied out of the buffers that the next read needs. Its room is used again.
    event: Copied,
    told_waiting: bool,
}

/// How a connection is made, or who makes it.
enum Connect<C> {
    With(C),
    #[cfg(feature = "tls")]
    Agent(wirebook_http2::client::Agent),
}

type Attempt<S> = Pin<Box<dyn Future<Output = Result<(Wire<S>, OwnedHead), Cause>>>>;

#[derive(Default)]
struct Copied {
    event_type: String,
    data: String,
    id: String,
}

impl EventSource<TcpStream, fn(Url) -> Connecting> {
    /// An event source over TCP, with default settings.
    ///
    /// # Errors
    ///
    /// A URL that cannot be used.
    pub fn new(url: &str) -> Result<Self, SetupError> {
        EventSource::with_settings(url, Settings::default())
    }

    /// An event source over TCP.
    ///
    /// # Errors
    ///
    /// A URL, a field or an id that cannot be used.
    pub fn with_settings(url: &str, settings: Settings) -> Result<Self, SetupError> {
        // Which numbers the delays are made of does not matter, as long as clients have different ones.
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), url);
        EventSource::with_connector(url, settings, seed, connect_tcp)
    }
}

/// A connection in the making.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

/// Connects over TCP, without the delay that gathers small writes.
///
/// The kernel asks a silent server after a minute whether it is still there, and gives it a minute to answer: one that
/// vanished without a word is found out also where `silence_timeout` is off.
pub fn connect_tcp(url: Url) -> Connecting {
    Box::pin(async move {
        let stream = TcpStream::connect((url.host(), url.port())).await?;
        stream.set_nodelay(true)?;
        stream.set_keepalive(Some(KEEP_ALIVE))?;
        // Where the system has no such option, `silence_timeout` is what remains.
        let _ = stream.set_user_timeout(Some(KEEP_ALIVE));
        Ok(stream)
    })
}

/// After so much silence the kernel asks whether the server is still there, and so long it waits for an answer.
pub const KEEP_ALIVE: Duration = Duration::from_secs(60);

impl<S, C, F> EventSource<S, C>
where
    S: Stream + 'static,
    C: Fn(Url) -> F,
    F: Future<Output = io::Result<S>> + 'static,
{
    /// An event source over whatever `connect` gives: a Unix socket, the simulated network. `seed` makes its delays.
    ///
    /// # Errors
    ///
    /// A URL, a field or an id that cannot be used.
    pub fn with_connector(url: &str, settings: Settings, seed: u64, connect: C) -> Result<Self, SetupError> {
        EventSource::over(url, settings, seed, Connect::With(connect))
    }

    fn over(url: &str, settings: Settings, seed: u64, connect: Connect<C>) -> Result<Self, SetupError> {
        let core = Connection::new(url, settings, seed, net::now())?;
        Ok(EventSource { core, connect, attempt: None, wire: None, event: Copied::default(), told_waiting: false })
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
        // Every state has a row for it.
        let _ = self.core.close();
        (self.attempt, self.wire) = (None, None);
    }

    /// Waits for what happens next. The future may be dropped at any time, and nothing is lost: the next call goes on where
    /// it was, with the same connection.
    ///
    /// # Errors
    ///
    /// Why it is closed for good; from then on always the same, one turn of the loop for each time: a caller that goes on
    /// asking takes nobody else's.
    pub async fn next(&mut self) -> Result<Notice<'_>, Closed> {
        loop {
            match self.core.state() {
                State::Closed => {
                    if self.wire.take().is_none() {
                        net::yield_now().await;
                    }
                    return Err(self.core.closed().unwrap_or(Closed::ByCaller));
                }
                State::Connecting => {
                    self.told_waiting = false;
                    self.connect().await?;
                    if self.core.state() == State::Open {
                        return Ok(Notice::Open);
                    }
                }
                State::Open => {
                    if self.receive().await? {
                        let Copied { event_type, data, id } = &self.event;
                        let id = (!id.is_empty()).then_some(&id[..]);
                        return Ok(Notice::Event(Event { event_type, data, id }));
                    }
                }
                State::Waiting | State::Redirected => {
                    self.wire = None;
                    let after = self.core.deadline().map_or(Duration::MAX, until);
                    let waiting = self.core.state() == State::Waiting;
                    if let Some(cause) = self.core.cause().filter(|_| waiting && !self.told_waiting) {
                        self.told_waiting = true;
                        return Ok(Notice::Reconnecting { after, cause });
                    }
                    net::sleep(after).await;
                    self.core.expire(net::now())?;
                }
            }
        }
    }

    /// From nothing to the head of a response.
    async fn connect(&mut self) -> Result<(), OutOfTurn> {
        let attempt = self.attempt.get_or_insert_with(|| {
            let mut fields = FieldBlock::default();
            self.core.begin(net::now());
            self.core.fields(&mut fields);
            let url = self.core.url().clone();
            match &self.connect {
                Connect::With(connect) => Box::pin(wire::attempt(connect(url.clone()), url, fields)),
                #[cfg(feature = "tls")]
                Connect::Agent(agent) => {
                    let answer = answer::ask(agent.clone(), url, fields);
                    Box::pin(async move { answer.await.map(|(answer, head)| (Wire::Answer(answer), head)) })
                }
            }
        });
        let answer = match self.core.deadline() {
            Some(deadline) => net::timeout(until(deadline), attempt).await,
            None => Ok(attempt.await),
        };
        self.attempt = None;
        let now = net::now();
        match answer {
            Ok(Ok((wire, head))) => {
                self.core.receive_head(head.as_head(), now)?;
                self.wire = (self.core.state() == State::Open).then_some(wire);
                Ok(())
            }
            Ok(Err(cause)) => self.core.lost(cause, now),
            Err(_) => self.core.lost(Cause::HeadTimeout, now),
        }
    }

    /// Reads on until there is an event (true), or until the state has changed (false).
    async fn receive(&mut self) -> Result<bool, OutOfTurn> {
        while let (State::Open, Some(wire)) = (self.core.state(), &mut self.wire) {
            // The body that is there.
            let (used, event) = self.core.receive(wire.body(), net::now())?;
            let brought = event.is_some();
            if let Some(event) = event {
                self.event.set(event);
            }
            wire.consume(used);
            if brought {
                return Ok(true);
            }
            if self.core.state() != State::Open {
                return Ok(false);
            }
            // More of it, from what was read or from the stream.
            let lost = match wire.next_part() {
                Part::Body => continue,
                Part::End(cause) => cause,
                Part::Missing => match fill(wire, self.core.deadline()).await {
                    Filled::More => continue,
                    Filled::Silence => Cause::Silence,
                    Filled::Over(cause) => cause,
                },
            };
            self.core.lost(lost, net::now())?;
        }
        Ok(false)
    }
}

enum Filled {
    More,
    Silence,
    Over(Cause),
}

/// Reads more, in time.
async fn fill<S: Stream>(wire: &mut Wire<S>, deadline: Option<Instant>) -> Filled {
    let filled = match deadline {
        Some(deadline) => {
            let left = until(deadline);
            if left.is_zero() {
                // The caller came late. What waits in the socket is not silence: the loop has to look once.
                net::yield_now().await;
            }
            match net::timeout(left, wire.fill()).await {
                Ok(filled) => filled,
                Err(_) => return Filled::Silence,
            }
        }
        None => wire.fill().await,
    };
    match filled {
        Ok(0) => Filled::Over(wire.end()),
        Ok(_) => Filled::More,
        Err(cause) => Filled::Over(cause),
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

impl OwnedHead {
    fn as_head(&self) -> Head<'_> {
        Head {
            status: self.status,
            content_type: self.content_type.as_deref(),
            content_encoding: self.content_encoding.as_deref(),
            location: self.location.as_deref(),
        }
    }
}

fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(net::now())
}
