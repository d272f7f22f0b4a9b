//! WebSocket, RFC 6455 with permessage-deflate (RFC 7692), written to be read.
//!
//! **The rooms**, from the ground up; each imports only from those above it in this list:
//!
//! | room | holds | evening | lines of code |
//! |---|---|---|---|
//! | `/` | frames, masks, UTF-8, the closing handshake as a table, deflate: bytes in, events out | first and second | 1,700 |
//! | `handshake/` | how an HTTP request becomes a WebSocket | third | 720 |
//! | `driver/` | one connection on a stream: what is written when, who reads, how it ends | fourth | 1,200 |
//! | `endpoint/` | where connections come from: client, servers, hub | fifth | 1,100 |
//!
//! The first evening reads [`event`] (what the two ends say to each other), [`frame`] (the header, bit by bit), [`mask`] and
//! [`utf8`] (what is done to a payload, the obvious way and the fast), and [`state`] (the table that decides all). The second
//! reads [`connection`], with `message.rs`, `deflate.rs` and `timer.rs` as its helpers. The other rooms' `mod.rs` give their
//! reading order.
//!
//! The first two rooms are the *core*: no socket, no clock, no task. It runs wherever bytes come from:
//!
//! ```
//! # use std::{sync::Arc, time::Instant};
//! use wirebook_websocket::{Config, Connection, Event, Message};
//!
//! # fn fill(bytes: &mut [u8]) { bytes.fill(7) }
//! let config = Arc::new(Config::default());
//! let now = Instant::now();
//! let mut client = Connection::client(config.clone(), None, fill, now);
//! let mut server = Connection::server(config, None, now);
//!
//! let mut wire = Vec::new();
//! client.send(Event::Message(Message::text("Hello")), &mut wire)?;
//! assert_eq!(wire.len(), 2 + 4 + 5); // header, masking key, payload
//!
//! let (used, event) = server.receive(&mut wire)?;
//! assert_eq!((used, event), (11, Some(Event::Message(Message::text("Hello")))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
pub mod connection;
mod deflate;
#[cfg(feature = "net")]
mod driver;
#[cfg(feature = "net")]
mod endpoint;
mod error;
pub mod event;
pub mod frame;
pub mod handshake;
pub mod mask;
mod message;
mod random;
pub mod state;
mod timer;
pub mod utf8;

pub use config::{Config, Deflate, Delivery, Heartbeat, Limits, RATIO_FROM};
pub use connection::{Connection, Role};
pub use deflate::Negotiated;
pub use error::{Error, SendError};
pub use event::{Chunk, Close, Code, Event, Kind, Message};

#[cfg(feature = "net")]
pub use driver::{Next, Reader, Sending, Writer};
#[cfg(feature = "net")]
pub use endpoint::{
    Accepted, Answer, Connected, Fault, Headers, Hub, MAX_REFUSAL_BODY, MAX_REQUEST, MAX_RESPONSE, Opened, Options,
    Overflow, Seat, Server, accept, connect, connect_over, connect_with, joined, request, serve, serve_messages,
    serve_on, upgrade, upgrade_over, upgraded,
};
#[cfg(feature = "tls")]
pub use endpoint::{connect_secure, connect_secure_with, serve_secure};
