//! How connections come about: the client, and the servers.
//!
//! | file | holds |
//! |---|---|
//! | `answer.rs`, `fault.rs` | what is told of a handshake, and of what went wrong |
//! | `head.rs` | reading one message head, where no HTTP server does that |
//! | `client.rs` | [`connect`](crate::connect) |
//! | `accepted.rs`, `upgrade.rs` | an HTTP request becomes a connection |
//! | `serving.rs` | a server: handshakes by http1's, a table of those that are open, the end of all |
//! | `server.rs`, `messages.rs` | a handler for each connection; a function for each message |
//! | `secure.rs` | both ends over TLS, with the feature `tls` |
//! | `hub.rs` | rooms, and one message to all in them |

mod accepted;
mod answer;
mod client;
mod fault;
mod head;
mod hub;
mod messages;
#[cfg(feature = "tls")]
mod secure;
mod server;
mod serving;
mod upgrade;

pub use accepted::{Accepted, MAX_REQUEST, Options};
pub use answer::{Answer, Headers, MAX_REFUSAL_BODY};
pub use client::{Connected, MAX_RESPONSE, connect, connect_over, connect_with, joined, request};
pub use fault::Fault;
pub use hub::{Hub, Overflow, Seat};
pub use messages::{Opened, serve_messages};
#[cfg(feature = "tls")]
pub use secure::{connect_secure, connect_secure_with, serve_secure};
pub use server::{accept, serve, serve_on, upgraded};
pub use serving::Server;
pub use upgrade::{upgrade, upgrade_over};
