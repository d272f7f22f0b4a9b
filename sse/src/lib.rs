//! # Server-sent events
//!
//! A server keeps a response open and writes events into it as text; the client reads them as they come, and when the
//! connection breaks it comes back with the id of the last event that it saw. That is all, and most of it is written
//! almost right in many places. Here it follows the text of the standard (WHATWG HTML §9.2) in both directions.
//!
//! Reading order, a minute each for the first three:
//!
//! 1. [`event`]: what is sent and received.
//! 2. [`encoder`]: events to bytes, and why nothing can be injected.
//! 3. [`mod@line`] and [`decoder`]: bytes to events, first the obvious way, then the fast one.
//! 4. [`channel`]: one stream for many subscribers, with the ring that answers `Last-Event-ID`.
//! 5. [`state`] and [`connection`]: the client that reconnects, as a table and as code.
//! 6. The drivers, with feature `net`: [`feed`] and [`server`] on one end, [`client`] on the other.

pub mod channel;
#[cfg(feature = "net")]
pub mod client;
pub mod connection;
pub mod decoder;
pub mod encoder;
pub mod error;
pub mod event;
#[cfg(feature = "net")]
pub mod feed;
pub mod line;
mod scan;
#[cfg(feature = "net")]
pub mod server;
pub mod settings;
pub mod state;
pub mod url;

#[cfg(feature = "net")]
pub use client::EventSource;
pub use decoder::{Decoder, Limits};
pub use error::{Cause, Closed, DecodeError, EncodeError, SetupError};
pub use event::Event;
#[cfg(feature = "net")]
pub use server::{serve, serve_on};
pub use settings::Settings;
