//! The client driver: requests, responses, and an agent that keeps connections for later.
//!
//! ```no_run
//! use wirebook_http1::client::{Agent, Options, request};
//! # async fn example() -> Result<(), wirebook_http1::client::Error> {
//! let agent = Agent::default();
//! let options = Options { host: "127.0.0.1", port: 8000, path: "/echo", method: "POST", agent: Some(&agent), ..Options::default() };
//! let mut upload = request(&options).await?;
//! upload.write("in pieces, ").await?;
//! let mut response = upload.end("to the end").await?;
//! while let Some(piece) = response.chunk().await? {
//!     println!("{}", piece.escape_ascii());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! As in the server, the protocol is [`Connection`](crate::Connection)'s. What is decided here is who may use a
//! connection, and for that the rule is: only one exchange at a time, and the next one only if nobody can doubt where the
//! last one ended.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | [`Options`], [`request()`] |
//! | `head.rs` | a request's head, from its options |
//! | `request.rs`, `response.rs` | the two halves of an exchange |
//! | `upgraded.rs` | what is left of a connection after 101 or CONNECT |
//! | `line.rs`, `desk.rs` | a connection, and the buffers that it borrows while it is busy |
//! | `agent.rs`, `pool.rs`, `connect.rs` | connections that are kept, counted and queued for |
//! | `url.rs`, `redirect.rs`, `decode.rs` | what browsers do beyond it: URLs, redirects, content codings |
//!
//! Node's events are outcomes here:
//!
//! | Node | here |
//! |---|---|
//! | `socket` | [`request()`] is ready |
//! | `response` | [`Request::end`] or [`Request::response`] is ready |
//! | `continue`, `information` | [`Request::informational`]; the wait for 100 is built into [`Request::write`] |
//! | `upgrade`, `connect` | [`Response::upgraded`], with the bytes that came behind the head |
//! | `data`, `end`, `trailers` | [`Response::chunk`], [`Response::trailers`] |
//! | `timeout` | [`Error::TimedOut`] |
//! | `abort`, `destroy` | dropping either half |

mod agent;
mod connect;
mod decode;
mod desk;
mod error;
mod head;
mod line;
mod pool;
mod redirect;
mod request;
mod response;
mod upgraded;
mod url;

pub use agent::{Agent, AgentOptions, OriginCounts};
pub use connect::Origin;
pub use decode::{Decoded, MAX_CODINGS};
pub use error::{Error, Stage};
pub use redirect::{fetch, get};
pub use request::{Informational, MAX_INFORMATIONAL, Request};
pub use response::Response;
pub use upgraded::Upgraded;
pub use url::Url;

use crate::FieldBlock;
use crate::parser::Limits;
use crate::target::{Port, is_authority};
use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use wirebook_net as net;

/// What to ask for, and of whom. The names are Node's.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// `GET`.
    pub method: &'o str,
    /// A name or an address; `localhost`. An IPv6 address with or without brackets, and with a zone where its link needs
    /// one: `fe80::1%eth0`.
    pub host: &'o str,
    /// 80.
    pub port: u16,
    /// The request-target: a path with its query (`/`), a whole URL for a proxy, `host:port` for CONNECT, `*`.
    pub path: &'o str,
    /// Field lines. `Host` is added, and the framing: `Content-Length` where the body is known at once, else chunks.
    pub headers: &'o [(&'o str, &'o str)],
    /// Further field lines, made before: for values that are no text, or that many requests share.
    pub fields: Option<&'o FieldBlock>,
    /// `user:password`, sent as `Authorization: Basic` (RFC 7617).
    pub auth: Option<&'o str>,
    /// Bind this end of the connection to an address.
    pub local_address: Option<IpAddr>,
    /// Connect to a Unix socket instead of host and port, which then only make the `Host` field.
    pub socket_path: Option<&'o Path>,
    /// The URL's scheme was `https`: for agents whose connector speaks TLS.
    pub secure: bool,
    /// Who keeps connections; `None` opens one for this request alone and says `Connection: close`.
    pub agent: Option<&'o Agent>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Bounds on the response's head, for a request without an agent; an agent has its own.
    pub limits: Limits,
    /// Bytes of the response's body. No limit by default: what is read piece by piece costs no memory, and
    /// [`Response::bytes`] has a limit of its own.
    pub max_body: u64,
    /// Redirects that [`get`] and [`fetch`] follow; with 0, the default, the redirect itself is the response. At most 255.
    /// [`request()`] follows none.
    pub max_redirects: u8,
    /// They follow a redirect from `https` to `http`. Off.
    pub allow_downgrade: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            method: "GET",
            host: "localhost",
            port: 80,
            path: "/",
            headers: &[],
            fields: None,
            auth: None,
            local_address: None,
            socket_path: None,
            secure: false,
            agent: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            max_body: u64::MAX,
            max_redirects: 0,
            allow_downgrade: false,
        }
    }
}

/// Time limits of one exchange. The defaults are those of undici, Node's newer client, which has been lived with.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Making the connection, with the look-up of the name. 10 seconds.
    pub connect: Duration,
    /// From the end of the request to the head of the final response. 300 seconds.
    pub head: Duration,
    /// Between two pieces of the response's body, and for the server to take some of the request's. 300 seconds.
    pub body: Duration,
    /// For `100 Continue` to come before the body is sent without it (RFC 9110 §10.1.1). 1 second.
    pub continued: Duration,
    /// The whole exchange, with the wait for the agent. No limit.
    pub whole: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(10),
            head: Duration::from_secs(300),
            body: Duration::from_secs(300),
            continued: Duration::from_secs(1),
            whole: None,
        }
    }
}

impl Options<'_> {
    /// The host without the brackets of an IPv6 address.
    fn bare_host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(self.host)
    }

    fn origin(&self) -> Origin {
        Origin {
            secure: self.secure,
            host: self.bare_host().to_ascii_lowercase(),
            port: self.port,
            local_address: self.local_address,
            socket_path: self.socket_path.map(Path::to_owned),
        }
    }

    fn check(&self) -> Result<(), Error> {
        if !is_host(self.host) {
            return Err(Error::Option("the host is not a name or an address"));
        }
        if self.auth.is_some_and(|auth| auth.bytes().any(|byte| byte.is_ascii_control())) {
            return Err(Error::Option("user and password must be free of control characters"));
        }
        Ok(())
    }
}

/// A name, an IPv4 address, or an IPv6 address with brackets or without, which may have a zone (RFC 4007 §11).
fn is_host(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bracketed.is_none() && !host.contains(':') {
        return !host.is_empty() && is_authority(host.as_bytes(), Port::Optional);
    }
    let (address, zone) = without_zone(bracketed.unwrap_or(host));
    let is_zone = |zone: &str| {
        !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    address.parse::<std::net::Ipv6Addr>().is_ok() && zone.is_none_or(is_zone)
}

/// An IPv6 address, and the zone behind it.
fn without_zone(address: &str) -> (&str, Option<&str>) {
    address.split_once('%').map_or((address, None), |(address, zone)| (address, Some(zone)))
}

/// Begins a request: gets a connection, from the agent or a new one, and prepares the head.
///
/// Nothing is sent before the first [`Request::write`] or [`Request::end`], so that head and body go out in one write.
///
/// ```no_run
/// # async fn example() -> Result<(), wirebook_http1::client::Error> {
/// use wirebook_http1::client::{self, Options};
///
/// let options = Options { host: "example.org", ..Options::default() };
/// let mut response = client::request(&options).await?.end("").await?;
/// assert_eq!(response.status(), 200);
/// let body = response.bytes(1 << 20).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::Option`] and [`Error::Misuse`] for what cannot be sent, [`Error::Connect`], [`Error::TimedOut`],
/// [`Error::QueueFull`].
pub async fn request(options: &Options<'_>) -> Result<Request, Error> {
    options.check()?;
    let deadline = options.timeouts.whole.map(|whole| net::now() + whole);
    let head = head::Prepared::new(options)?;
    let line = match options.agent {
        Some(agent) => agent.pool.check_out(options, deadline).await?,
        None => pool::Pool::of_loners().check_out(options, deadline).await?,
    };
    Ok(Request::new(line, head, options, deadline))
}

/// Waits for something, at most for `limit` and not beyond `deadline`.
async fn within<F: Future>(
    limit: Duration,
    deadline: Option<Instant>,
    stage: Stage,
    future: F,
) -> Result<F::Output, Error> {
    let left = deadline.map(|deadline| deadline.saturating_duration_since(net::now()));
    let (limit, stage) = match left {
        Some(left) if left < limit => (left, Stage::Whole),
        _ => (limit, stage),
    };
    net::timeout(limit, future).await.map_err(|_| Error::TimedOut(stage))
}
