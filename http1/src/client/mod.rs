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
//! | `origin.rs`, `timeouts.rs`, `error.rs` | where to, for how long, and why not |
//! | `connect.rs`, `buffers.rs`, `connection.rs` | how a connection is made, what it borrows while it is busy, the connection |
//! | `idle.rs`, `pool.rs`, `agent.rs` | connections that are kept, counted and queued for |
//! | `options.rs`, `head.rs` | what to ask for, and the head that is made of it |
//! | `response.rs` | the receiving half of an exchange |
//! | `phase.rs`, `retry.rs`, `exchange.rs`, `request.rs` | the sending half: where it stands, whether it may be sent again, what is sent when, and its face |
//! | `url.rs`, `redirect.rs`, `decode.rs` | what browsers do beyond it: URLs, redirects, content codings |
//!
//! Read in this order: no file knows one of those below its own.
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
mod buffers;
mod connect;
mod connection;
mod decode;
mod error;
mod exchange;
mod head;
mod idle;
mod options;
mod origin;
mod phase;
mod pool;
mod redirect;
mod request;
mod response;
mod retry;
mod timeouts;
mod url;

pub use crate::upgraded::Upgraded;
pub use agent::{Agent, AgentOptions, OriginCounts};
pub use connect::KEEP_ALIVE;
pub use decode::{Decoded, MAX_CODINGS};
pub use error::{Error, Failed, Stage};
pub use exchange::MAX_INFORMATIONAL;
pub use options::Options;
pub use origin::Origin;
pub use redirect::{fetch, get};
pub use request::{Informational, Request, request};
pub use response::Response;
pub use timeouts::Timeouts;
pub use url::Url;
