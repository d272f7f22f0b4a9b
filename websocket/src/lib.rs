//! WebSocket, RFC 6455 with permessage-deflate (RFC 7692), written to be read.
//!
//! Read it in this order, an evening's worth:
//!
//! 1. [`event`]: what the two ends say to each other.
//! 2. [`frame`]: the header, bit by bit. [`mask`] and [`utf8`]: what is done to a payload, the obvious way and the fast.
//! 3. [`state`]: the closing handshake as a table.
//! 4. [`connection`]: bytes in, events out, and back. `message.rs` and `deflate.rs` are its helpers.
//! 5. [`handshake`]: how an HTTP request becomes a WebSocket.
//!
//! 6. `driver/`: the same on a socket (feature `net`): [`serve`], [`serve_messages`], [`connect`], [`Reader`], [`Writer`], [`Hub`].
//!
//! Up to 5 this is the *core*: no socket, no clock, no task. It runs wherever bytes come from:
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
    Overflow, Seat, Server, accept, connect, connect_over, connect_with, serve, serve_messages, serve_on, upgrade,
    upgrade_over, upgraded,
};
