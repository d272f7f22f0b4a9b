//! The agent: connections that are kept open for the next request to the same origin.

use super::connect::{self, Connector};
use super::options::AgentOptions;
use super::origin::Origin;
use super::pool::Pool;
use std::fmt;
use std::io;
use std::rc::Rc;
use wirebook_net::Stream;

/// A pool of connections. Clones are handles to the same pool; when the last one goes, idle connections close.
///
/// Connections are shared only between requests whose [`Origin`] is the same. The one that was used last is taken first.
/// It lives on one loop. Idle connections do not keep the program alive.
///
/// ```no_run
/// # async fn example() -> Result<(), wirebook_http1::client::Error> {
/// use wirebook_http1::client::{Agent, AgentOptions, Options, request};
///
/// let agent = Agent::new(AgentOptions { max_sockets: 2, ..AgentOptions::default() });
/// let options = Options { host: "127.0.0.1", port: 8000, agent: Some(&agent), ..Options::default() };
/// let mut response = request(&options).await?.end("").await?;
/// response.bytes(1 << 20).await?;
/// assert_eq!((agent.sockets(), agent.free(), agent.requests()), (0, 1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Agent {
    pub(crate) pool: Rc<Pool>,
}

/// How many connections and requests an agent has for one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginCounts {
    /// Which origin.
    pub origin: Origin,
    /// Connections in use or in the making.
    pub sockets: usize,
    /// Idle connections.
    pub free: usize,
    /// Requests that wait for a connection.
    pub requests: usize,
}

impl Default for Agent {
    fn default() -> Self {
        Agent::new(AgentOptions::default())
    }
}

impl Agent {
    /// An agent over TCP and Unix sockets. With the feature `tls` it speaks `https:` over them, and believes the web's authorities.
    pub fn new(options: AgentOptions) -> Agent {
        Agent::of(options, Box::new(connect::over_the_system))
    }

    /// An agent that speaks `https:` as this connector does: with authorities of your own, or a pinned certificate.
    ///
    /// ```no_run
    /// use wirebook_http1::client::{Agent, AgentOptions};
    /// use wirebook_tls::{Connector, Roots};
    ///
    /// let connector = Connector::new(Roots::only("authority.pem")?, &Default::default())?;
    /// let agent = Agent::with_tls(AgentOptions::default(), connector);
    /// # Ok::<(), wirebook_tls::Error>(())
    /// ```
    #[cfg(feature = "tls")]
    pub fn with_tls(options: AgentOptions, connector: wirebook_tls::Connector) -> Agent {
        Agent::of(options, connect::over_tls(connector))
    }

    /// An agent that makes its connections in another way: through the simulated network, a proxy, TLS.
    ///
    /// ```
    /// use wirebook_http1::client::{Agent, AgentOptions, Origin};
    /// use wirebook_net::sim::SimStream;
    ///
    /// let agent = Agent::with_connector(AgentOptions::default(), async |origin: Origin| {
    ///     SimStream::connect((&*origin.host, origin.port)).await
    /// });
    /// ```
    pub fn with_connector<C, S>(options: AgentOptions, connect: C) -> Agent
    where
        C: AsyncFn(Origin) -> io::Result<S> + 'static,
        S: Stream + 'static,
    {
        Agent::of(options, connect::connector(connect))
    }

    fn of(options: AgentOptions, connector: Connector) -> Agent {
        Agent { pool: Pool::new(options, connector) }
    }

    /// Connections in use or in the making.
    pub fn sockets(&self) -> usize {
        self.pool.permits() - self.pool.free()
    }

    /// Idle connections.
    pub fn free(&self) -> usize {
        self.pool.free()
    }

    /// Requests that wait for a connection.
    pub fn requests(&self) -> usize {
        self.pool.queued()
    }

    /// The same counts for each origin that has any, in no order.
    pub fn origins(&self) -> Vec<OriginCounts> {
        let mut origins = Vec::new();
        self.pool.each_group(|group| {
            let free = group.idle.len();
            let sockets = group.permits.get() - free;
            origins.push(OriginCounts { origin: group.origin.clone(), sockets, free, requests: group.waiting.get() });
        });
        origins
    }

    /// Closes the idle connections. Those in use go on, and are kept when they are done.
    pub fn close_idle(&self) {
        self.pool.close_idle(|_| true);
    }

    /// The options that it was made with.
    pub fn options(&self) -> &AgentOptions {
        &self.pool.options
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("sockets", &self.sockets())
            .field("free", &self.free())
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}
