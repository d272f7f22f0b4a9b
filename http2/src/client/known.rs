//! What an agent knows of its origins: which protocol each one speaks, and the connection to it.

use super::error::Error;
use super::session::Session;
use crate::Config;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_http1::client::Origin;
use wirebook_net::{self as net, Signal, Stream};

/// Origins that an agent remembers. The one that was asked longest ago is forgotten first, and is asked anew what it speaks.
pub const MAX_ORIGINS: usize = 256;

/// For so long an origin is not asked for HTTP/2 again that has asked for HTTP/1.1.
pub const HTTP1_TIME: Duration = Duration::from_secs(300);

/// The names of the two protocols in ALPN's registry.
pub(super) const HTTP2: &str = "h2";
const HTTP1: &str = "http/1.1";
const BOTH: &[&str] = &[HTTP2, HTTP1];

/// A stream in the making, and what the two ends have agreed on.
pub(super) type Dialing = Pin<Box<dyn Future<Output = io::Result<(Rc<dyn Stream>, Option<String>)>>>>;

/// What makes them, for an origin and the protocols that may be spoken to it.
pub(super) type Dial = Box<dyn Fn(Origin, &'static [&'static str]) -> Dialing>;

/// All origins, the one that was asked last at the end.
pub(super) struct Known {
    pub(super) dial: Dial,
    pub(super) config: Arc<Config>,
    pub(super) places: RefCell<Vec<Rc<Place>>>,
}

/// What is known of one.
pub(super) struct Place {
    origin: Origin,
    state: RefCell<State>,
    /// Attempts to connect so far, and why the last one failed.
    attempts: Cell<u64>,
    failure: RefCell<Option<(u64, Error)>>,
    /// The connection by which it became known that the origin speaks HTTP/1.1, until HTTP/1.1's agent has it.
    spare: RefCell<Option<Rc<dyn Stream>>>,
    changed: Signal,
}

#[derive(Default)]
enum State {
    #[default]
    Unknown,
    /// Somebody finds out.
    Connecting,
    Http2(Session),
    /// It has agreed on that, or on nothing. Each further connection offers both.
    Http1,
    /// It has been asked in HTTP/2, and wants HTTP/1.1: until then nothing else is offered to it.
    Http1Only(Option<Instant>),
}

/// How a request gets to an origin.
pub(super) enum Way<'p> {
    Http2(Session),
    Http1(Spare<'p>),
}

/// Whoever has found out that HTTP/1.1 is spoken takes the connection, or it ends.
pub(super) struct Spare<'p>(&'p Place);

impl Drop for Spare<'_> {
    fn drop(&mut self) {
        self.0.spare.take();
    }
}

/// Whoever gives up connecting lets others try.
struct Connecting<'p>(&'p Place);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        let state = &mut *self.0.state.borrow_mut();
        if matches!(state, State::Connecting) {
            *state = State::Unknown;
        }
        self.0.changed.raise();
    }
}

impl Place {
    fn new(origin: &Origin) -> Rc<Place> {
        Rc::new(Place {
            origin: origin.clone(),
            state: RefCell::default(),
            attempts: Cell::default(),
            failure: RefCell::default(),
            spare: RefCell::default(),
            changed: Signal::new(),
        })
    }

    /// There is a stream on which HTTP/2 is spoken.
    fn open(&self, stream: Rc<dyn Stream>, config: &Arc<Config>) -> Session {
        let session = Session::over(stream, &self.origin.authority(), config.clone());
        self.state.replace(State::Http2(session.clone()));
        session
    }

    /// The origin wants HTTP/1.1.
    pub(super) fn wants_http1(&self) {
        self.state.replace(State::Http1Only(net::now().checked_add(HTTP1_TIME)));
    }

    /// There is a connection that speaks HTTP/2.
    pub(super) fn speaks_http2(&self) -> bool {
        matches!(&*self.state.borrow(), State::Http2(session) if session.is_open())
    }

    fn is_http1_only(&self) -> bool {
        matches!(&*self.state.borrow(), State::Http1Only(until) if until.is_none_or(|until| until > net::now()))
    }

    fn protocols(&self) -> &'static [&'static str] {
        if self.is_http1_only() { &[HTTP1] } else { BOTH }
    }
}

impl Known {
    /// What is known of an origin, which is the one that was asked last from now on.
    pub(super) fn place(&self, origin: &Origin) -> Rc<Place> {
        let places = &mut *self.places.borrow_mut();
        let place = match places.iter().position(|place| place.origin == *origin) {
            Some(at) => places.remove(at),
            None => Place::new(origin),
        };
        if places.len() == MAX_ORIGINS {
            places.remove(0);
        }
        places.push(place.clone());
        place
    }

    /// How to get to an origin. Where that is not known, the first who asks connects, and the others wait for what comes of it.
    pub(super) async fn way<'p>(&self, place: &'p Place, connect: Duration) -> Result<Way<'p>, Error> {
        // ANCHOR: once
        let mut waited = None;
        let there = place.changed.until(|| {
            if let Some((attempt, error)) = &*place.failure.borrow()
                && waited == Some(*attempt)
            {
                return Some(Err(error.clone()));
            }
            let is_http1_only = place.is_http1_only();
            let state = &mut *place.state.borrow_mut();
            match state {
                State::Http2(session) if session.is_open() => Some(Ok(Some(Way::Http2(session.clone())))),
                State::Http1 => Some(Ok(Some(Way::Http1(Spare(place))))),
                State::Http1Only(_) if is_http1_only => Some(Ok(Some(Way::Http1(Spare(place))))),
                State::Connecting => {
                    waited = Some(place.attempts.get());
                    None
                }
                _ => {
                    *state = State::Connecting;
                    Some(Ok(None))
                }
            }
        });
        if let Some(way) = there.await? {
            return Ok(way);
        }
        // ANCHOR_END: once
        // ANCHOR: alpn
        let connecting = Connecting(place);
        place.attempts.set(place.attempts.get() + 1);
        let dialed = match net::timeout(connect, (self.dial)(place.origin.clone(), BOTH)).await {
            Ok(dialed) => dialed,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let (stream, agreed) = dialed.map_err(|error| {
            let error = Error::from(error);
            place.failure.replace(Some((place.attempts.get(), error.clone())));
            error
        })?;
        let way = if agreed.as_deref() == Some(HTTP2) {
            Way::Http2(place.open(stream, &self.config))
        } else {
            place.spare.replace(Some(stream));
            place.state.replace(State::Http1);
            Way::Http1(Spare(place))
        };
        drop(connecting);
        Ok(way)
        // ANCHOR_END: alpn
    }

    // ANCHOR: old
    /// A connection for HTTP/1.1's agent. Both protocols are offered, and where the server now takes the other one, what was known of it is
    /// old: nothing was sent, and whoever asked goes the other way.
    pub(super) async fn connect_http1(&self, origin: Origin) -> io::Result<Rc<dyn Stream>> {
        let place = self.place(&origin);
        if let Some(spare) = place.spare.take() {
            return Ok(spare);
        }
        let (stream, agreed) = (self.dial)(origin, place.protocols()).await?;
        if agreed.as_deref() != Some(HTTP2) {
            return Ok(stream);
        }
        if !place.speaks_http2() {
            place.open(stream, &self.config);
            place.changed.raise();
        }
        Err(io::Error::other("the server speaks HTTP/2 now"))
    }
    // ANCHOR_END: old
}
