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
//! As in the server, the protocol is [`Connection`](crate::Connection)'s. Two rooms stand on it: `agent/` has the
//! connections, and decides who may use one; this one has the exchanges, and decides what is sent when.
//!
//! | file | holds |
//! |---|---|
//! | `options.rs`, `head.rs` | what to ask for, and the head that is made of it |
//! | `response.rs` | the receiving half of an exchange |
//! | `phase.rs`, `retry.rs` | the sending half: where it stands, and whether it may be sent again |
//! | `exchange.rs`, `exchange/listen.rs`, `request.rs` | what is sent when, how the answer is heard meanwhile, and the face of both |
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

mod decode;
mod exchange;
mod head;
mod options;
mod phase;
mod redirect;
mod request;
mod response;
mod retry;
mod url;

pub use crate::agent::{
    Agent, AgentOptions, Error, Failed, KEEP_ALIVE, Origin, OriginCounts, Stage, Timeouts, connect,
};
pub use crate::upgraded::Upgraded;
pub use decode::{Decoded, MAX_CODINGS};
pub use exchange::MAX_INFORMATIONAL;
pub use options::Options;
pub use redirect::{fetch, get};
pub use request::{Informational, Request, request};
pub use response::Response;
pub use url::Url;
