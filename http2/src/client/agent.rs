//! The agent: a request goes by the protocol that its origin speaks.

use super::error::Error;
use super::known::{Dial, HTTP2, Known, Way};
use super::response::Response;
use super::session::Session;
use crate::Config;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http1::client::{self as http1, Origin, Timeouts, Url};
use wirebook_http1::{FieldBlock, Misuse};
use wirebook_net::{self as net, Stream};

/// A request that the server has not looked at is made again so many times.
const MOST_AGAIN: u32 = 1;

/// So many times an origin may turn out, for one request, to speak the other protocol.
const MOST_CHANGES: u32 = 2;

/// What an agent does.
#[derive(Clone, Debug, Default)]
pub struct AgentOptions {
    /// Connections of HTTP/1.1, for origins that speak nothing else.
    pub http1: http1::AgentOptions,
    /// The bounds of the connections of HTTP/2.
    pub http2: Arc<Config>,
    /// Time limits. `connect` and `whole`, which counts until the head is there, hold for both protocols, the others for HTTP/1.1; what
    /// HTTP/2 waits for has its limits in [`Config`], and a `body` of [`Duration::MAX`] switches off those of content. Zero gives up what is not
    /// there at once; [`Duration::MAX`] is no limit.
    pub timeouts: Timeouts,
    /// Speak HTTP/2 to `http:` URLs, where nothing can be agreed on (RFC 9113 §3.3). A server that answers in another way is asked by
    /// HTTP/1.1, in the same call. Off. A connector of one's own says itself what is spoken.
    pub prior_knowledge: bool,
}

/// Asks each origin by the protocol that it speaks, and remembers which one that is.
///
/// Who asks an origin for the first time offers both (ALPN, RFC 7301); the others wait until it is known. From then on HTTP/2 has one
/// connection for all requests, and HTTP/1.1 those of an [`http1::Agent`](wirebook_http1::client::Agent). What is remembered may get old:
/// each new connection offers both again, and a request whose way has changed goes the other one in the same call. Two protocols, one
/// [`Response`]; its [`version`](Response::version) says which. Clones are handles to the same agent; the connections end when the last goes.
///
/// A request that the server has surely not looked at (REFUSED_STREAM, or a GOAWAY with a lower number) is made again, once, whatever its
/// method. One to which the server says HTTP_1_1_REQUIRED goes by HTTP/1.1, and so does what is asked in the next five minutes
/// ([`HTTP1_TIME`](super::HTTP1_TIME)).
///
/// ```no_run
/// use wirebook_http2::client::Agent;
/// use wirebook_net as net;
///
/// net::run(async {
///     let agent = Agent::default();
///     let mut answer = agent.get("https://example.org/").await?;
///     println!("{:?} {} {:?}", answer.version(), answer.status(), answer.bytes(1 << 20).await?);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Agent {
    known: Rc<Known>,
    http1: http1::Agent,
    timeouts: Timeouts,
}

impl Default for Agent {
    fn default() -> Self {
        Agent::new(AgentOptions::default())
    }
}

impl Agent {
    /// An agent over TCP. With the feature `tls` it speaks `https:` over it, and believes the web's authorities.
    pub fn new(options: AgentOptions) -> Agent {
        let prior = options.prior_knowledge;
        Agent::with_connector(options, async move |origin: Origin, protocols: &'static [&'static str]| {
            if !origin.secure {
                return clear(&origin, protocols, prior).await;
            }
            #[cfg(feature = "tls")]
            return secure(&wirebook_tls::Connector::shared()?, &origin, protocols).await;
            #[cfg(not(feature = "tls"))]
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "https needs the feature `tls`, or a connector that speaks it",
            ))
        })
    }

    /// An agent that speaks `https:` as this connector does: with authorities of your own, or a pinned certificate. Which protocols are
    /// offered is the agent's to say.
    #[cfg(feature = "tls")]
    pub fn with_tls(options: AgentOptions, connector: wirebook_tls::Connector) -> Agent {
        let prior = options.prior_knowledge;
        Agent::with_connector(options, async move |origin: Origin, protocols: &'static [&'static str]| {
            if origin.secure {
                secure(&connector, &origin, protocols).await
            } else {
                clear(&origin, protocols, prior).await
            }
        })
    }

    /// An agent that makes its connections in another way: through the simulated network, a proxy. `connect` is given the origin and the
    /// protocols that may be spoken, the better one first, and says on which one the two ends have agreed: `h2`, or anything else for
    /// HTTP/1.1.
    pub fn with_connector<C, S>(options: AgentOptions, connect: C) -> Agent
    where
        C: AsyncFn(Origin, &'static [&'static str]) -> io::Result<(S, Option<String>)> + 'static,
        S: Stream + 'static,
    {
        let connect = Rc::new(connect);
        let dial: Dial = Box::new(move |origin, protocols| {
            let connect = connect.clone();
            Box::pin(async move {
                let (stream, agreed) = connect(origin, protocols).await?;
                Ok((Rc::new(stream) as Rc<dyn Stream>, agreed))
            })
        });
        let known = Rc::new(Known { dial, config: options.http2, places: Default::default() });
        let below = known.clone();
        let http1 =
            http1::Agent::with_connector(options.http1, async move |origin: Origin| below.connect_http1(origin).await);
        Agent { known, http1, timeouts: options.timeouts }
    }

    /// Gets a URL. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// Those of [`AgentRequest::send`].
    pub async fn get(&self, url: &str) -> Result<Response, Error> {
        self.request("GET", url)?.send("").await
    }

    /// A request for a URL, to be sent by [`AgentRequest::send`].
    ///
    /// # Errors
    ///
    /// [`Error::Http1`] for a URL that is none.
    pub fn request<'a>(&'a self, method: &'a str, url: &str) -> Result<AgentRequest<'a>, Error> {
        let url = Url::parse(url)?;
        let mut fields = FieldBlock::default();
        let misuse = url.authorization().and_then(|value| fields.push("authorization", value).err());
        Ok(AgentRequest { agent: self, method, url, fields, misuse, timeouts: self.timeouts })
    }

    /// The connection of HTTP/2 to a URL's origin, for what is said on it piece by piece: uploads, WebSockets, PING.
    ///
    /// # Errors
    ///
    /// Those of connecting; [`Error::NotSpoken`] where the origin speaks HTTP/1.1.
    pub async fn session(&self, url: &str) -> Result<Session, Error> {
        let url = Url::parse(url)?;
        let place = self.known.place(&url.origin());
        match self.known.way(&place, self.timeouts.connect).await? {
            Way::Http2(session) => Ok(session),
            Way::Http1(_) => Err(Error::NotSpoken),
        }
    }

    /// Ends the connections, when their requests are answered, and forgets who speaks what.
    pub fn close(&self) {
        // Who is asking still has the session.
        self.known.places.take();
        self.http1.close_idle();
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins = self.known.places.borrow().len();
        f.debug_struct("Agent").field("origins", &origins).field("http1", &self.http1).finish_non_exhaustive()
    }
}

/// A request that has not been sent.
#[must_use = "a request is sent by `send`"]
pub struct AgentRequest<'a> {
    agent: &'a Agent,
    method: &'a str,
    url: Url,
    fields: FieldBlock,
    misuse: Option<Misuse>,
    timeouts: Timeouts,
}

impl AgentRequest<'_> {
    /// Adds a field; one that may not be sent makes [`send`](Self::send) fail. `Host` is the URL's.
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        let pushed = self.fields.push(name, value);
        self.misuse = self.misuse.or(pushed.err());
        self
    }

    /// Other time limits than the agent's: [`AgentOptions::timeouts`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sends it, by whichever protocol the origin speaks, and waits for the head of the answer.
    ///
    /// # Errors
    ///
    /// Those of connecting; [`Error::Io`] with `TimedOut`; those of [`Request::send`](super::Request::send), and [`Error::Http1`].
    pub async fn send(self, body: impl AsRef<[u8]>) -> Result<Response, Error> {
        if let Some(misuse) = self.misuse {
            return Err(misuse.into());
        }
        let whole = self.timeouts.whole.unwrap_or(Duration::MAX);
        net::timeout(whole, self.ask(body.as_ref())).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    async fn ask(&self, body: &[u8]) -> Result<Response, Error> {
        let known = &self.agent.known;
        let place = known.place(&self.url.origin());
        // ANCHOR: again
        let (mut again, mut changes) = (0, 0);
        loop {
            match known.way(&place, self.timeouts.connect).await? {
                Way::Http2(session) => {
                    let request = session.request(self.method, &self.url.path).fields(&self.fields);
                    let request = request.patient(self.timeouts.body == Duration::MAX);
                    match request.send(body).await {
                        Err(error) if error.wants_http1() && changes < MOST_CHANGES => {
                            changes += 1;
                            place.wants_http1();
                        }
                        Err(error) if error.is_unprocessed() && again < MOST_AGAIN => again += 1,
                        result => return result,
                    }
                }
                Way::Http1(_spare) => match self.ask_http1(body).await {
                    // Nothing was sent.
                    Err(http1::Error::Connect(_)) if place.speaks_http2() && changes < MOST_CHANGES => changes += 1,
                    result => return Ok(result?.into()),
                },
            }
        }
        // ANCHOR_END: again
    }

    async fn ask_http1(&self, body: &[u8]) -> Result<http1::Response, http1::Error> {
        let options = http1::Options {
            method: self.method,
            host: &self.url.host,
            port: self.url.port,
            path: &self.url.path,
            secure: self.url.secure,
            fields: Some(&self.fields),
            agent: Some(&self.agent.http1),
            timeouts: self.timeouts,
            ..http1::Options::default()
        };
        http1::request(&options).await?.end(body).await
    }
}

impl fmt::Debug for AgentRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentRequest").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

/// A stream, and what is spoken on it.
type Agreed = (Rc<dyn Stream>, Option<String>);

/// In clear text nothing is agreed on; it is known or not.
async fn clear(origin: &Origin, protocols: &[&str], prior_knowledge: bool) -> io::Result<Agreed> {
    let spoken = prior_knowledge && protocols.contains(&HTTP2);
    Ok((http1::connect(origin).await?, spoken.then(|| HTTP2.to_owned())))
}

#[cfg(feature = "tls")]
async fn secure(connector: &wirebook_tls::Connector, origin: &Origin, protocols: &[&str]) -> io::Result<Agreed> {
    let stream = http1::connect(origin).await?;
    let stream = connector.offering(protocols).connect(stream, &origin.host).await?;
    let agreed = stream.protocol();
    Ok((Rc::new(stream), agreed))
}
