//! The server driver: joins connections to a loop, and calls your handler.
//!
//! It decides nothing about the protocol: [`Connection`](crate::Connection) does. What it adds is sockets, time, memory:
//! buffers are lent to a connection while it has something to do, so an idle one owns none; the answers to a whole
//! pipeline go out in one write; and every wait has a limit.
//!
//! | file, from the ground up | holds |
//! |---|---|
//! | `failure.rs`, `hooks.rs`, `options.rs` | what can go wrong, whom the server tells, what may be set |
//! | `transport.rs`, `date.rs` | what a stream can do besides; the `Date` of now |
//! | `draft.rs`, [`carrier`] | the head of an answer in the making; what carries a message that is not HTTP/1's |
//! | `buffers.rs` | what is lent to a connection that has something to do |
//! | `connections.rs` | the table of connections: who idles, who lingers, and for how long |
//! | `workers.rs` | the tasks of those that have something to do |
//! | `exchange.rs` | a request and its answer: what both sides of a handler share |
//! | `body.rs`, `request.rs` | one side: the body as it comes, the request |
//! | `files/`, `response.rs` | the other: files and what is asked of them, the response |
//! | `connection.rs` | one connection, from its first byte to its last |
//! | `serve.rs`, `secure.rs`, `threads.rs` | a server on one loop, over TLS, and on several |
//!
//! # Node's events
//!
//! | Node | here |
//! |---|---|
//! | `request` | the handler |
//! | `connection`, `close`, `clientError`, `tlsClientError` | [`Hooks`] |
//! | `checkContinue` | a handler that reads the body sends 100; one that answers without reading does not |
//! | `upgrade`, `connect` | [`Response::upgrade`] in the handler; without it an upgrade is ignored, and CONNECT refused |

mod body;
mod buffers;
pub mod carrier;
mod connection;
mod connections;
mod date;
mod draft;
mod exchange;
mod failure;
mod files;
mod hooks;
mod options;
mod request;
mod response;
#[cfg(feature = "tls")]
mod secure;
mod serve;
mod threads;
mod transport;
mod workers;

/// What another server's driver shares with this one.
#[doc(hidden)]
pub mod host {
    pub use super::connection::{Shared, begin};
    pub use super::connections::Connections;
    pub use super::date::with_date;
    pub use super::hooks::{Hooks, call};
    pub use super::serve::host as serve;
    pub use super::transport::Transport;
    pub use super::workers::{Worker, Workers};
    pub use crate::buffers::{Inbox, Outbox};
}

pub use crate::upgraded::Upgraded;
pub use draft::Draft;
pub use failure::{Failure, Outcome, Trouble};
pub use hooks::{Hook, Hooks};
pub use options::Options;
pub use request::Request;
pub use response::Response;
#[cfg(feature = "tls")]
pub use secure::{serve_secure, serve_secure_with};
pub use serve::{Server, serve, serve_on, serve_with};
pub use threads::{Threads, serve_threads};
