//! The server driver: HTTP/2 and HTTP/1.1 on one port, for one handler.
//!
//! It decides nothing about the protocol: [`Connection`](crate::Connection) does. What it adds is sockets, time, tasks, and whose turn
//! it is. The requests of a connection are answered side by side, each in a task of its own; one more task reads for all of them and
//! writes for all of them.
//!
//! | file, from the ground up | holds |
//! |---|---|
//! | `options.rs` | what may be set |
//! | `line.rs` | a connection and the requests on it, as all tasks see them; whose turn it is to send |
//! | `exchange.rs` | a request and its answer, as the handler sees them: what HTTP/1's `Request` and `Response` stand on here |
//! | `call.rs` | the tasks of handlers |
//! | `conversation.rs` | the task of a connection |
//! | `serve.rs`, `secure.rs` | a server: which of the two protocols a connection speaks |
//!
//! # Node's names
//!
//! | Node | here |
//! |---|---|
//! | `http2.createServer` | [`serve()`] |
//! | `http2.createSecureServer`, `allowHTTP1` | `serve_secure`, [`Options::allow_http1`] |
//! | `stream`, `request` | the handler |
//! | `stream.respond`, `stream.write`, `stream.end` | [`Response`] |
//! | `stream.additionalHeaders` | [`Response::informational`] |
//! | `wantTrailers`, `sendTrailers` | [`Response::end_with_trailers`] |
//! | `stream.close(code)` | [`Response::abort`] |
//! | `aborted`, `close` of a stream | [`Request::closed`]; a handler that does not ask for it is dropped |
//! | `session`, `sessionError` | `connection` and `client_error` of [`Hooks`](wirebook_http1::server::Hooks) |
//! | `session.goaway`, `session.close` | [`Server::close`], in two steps |
//! | `settings`, `maxSessionMemory` | [`Config`](crate::Config): each bound by its name |
//! | `pushStream` | absent: browsers have dropped it; [`Response::informational`] with 103 |

mod call;
mod conversation;
mod exchange;
mod line;
mod options;
#[cfg(feature = "tls")]
mod secure;
mod serve;

pub use options::Options;
#[cfg(feature = "tls")]
pub use secure::{serve_secure, serve_secure_with};
pub use serve::{serve, serve_on, serve_secure_on, serve_with};
pub use wirebook_http1::server::{Failure, Outcome, Request, Response, Server, Trouble};
