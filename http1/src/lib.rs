//! HTTP/1.1, written to be read: RFC 9110 and RFC 9112 from bytes to events and back.
//!
//! # Reading order
//!
//! 1. [`parser`]: a head is bytes; where are the method, the target and the fields? Several answers, one contract.
//! 2. [`state`]: whose turn is it? The whole conversation as one table.
//! 3. [`Framing`]: how long is the body? Where request smuggling lives.
//! 4. [`Connection`]: the three together. Bytes to [`Event`]s and events to bytes, with no socket in sight.
//! 5. [`server`]: the driver that joins a connection to a loop and calls your handler.
//! 6. [`client`]: the other end, and the agent that keeps its connections.
//!
//! # Features
//!
//! `net`, on by default: the drivers. `http`: conversions to and from the types of the `http` crate (`interop`).
//!
//! # The core alone
//!
//! The core has no I/O, no clock and no `async`: it runs wherever you have bytes. Built with
//! `default-features = false` it depends on `memchr` alone.
//!
//! ```
//! use wirebook_http1::{Connection, Event, FieldBlock, parser::{Fields, ResponseHead}};
//!
//! let mut connection = Connection::server();
//! let (mut room, mut out) = (Fields::new(), Vec::new());
//! let input = b"GET /tea HTTP/1.1\r\nHost: example.org\r\n\r\n";
//!
//! let mut at = 0;
//! loop {
//!     let (used, event) = connection.receive(&input[at..], &mut room)?;
//!     at += used;
//!     match event {
//!         Some(Event::Request(head)) => println!("{}", head.target.escape_ascii()),
//!         Some(Event::End(_)) => break,
//!         _ => {}
//!     }
//! }
//! let mut fields = FieldBlock::default();
//! fields.push("content-length", "3")?;
//! connection.send(Event::Response(ResponseHead::new(200, fields.lines())), &mut out)?;
//! connection.send(Event::Data(b"tea"), &mut out)?;
//! connection.send(Event::End(Default::default()), &mut out)?;
//! assert_eq!(out, b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntea");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "net")]
mod agent;
#[cfg(feature = "net")]
pub mod client;
pub mod connection;
#[cfg(feature = "http")]
pub mod interop;
pub mod parser;
#[cfg(feature = "net")]
pub mod server;
#[cfg(feature = "net")]
mod upgraded;

#[cfg(feature = "net")]
pub use client::{Agent, fetch, get, request};
#[cfg(feature = "net")]
pub(crate) use connection::encode;
pub use connection::{Connection, Error, Event, FieldBlock, Framing, Misuse, Violation, reason, state, target};
#[cfg(feature = "net")]
pub use server::{Failure, Outcome, Request, Response, Server, serve, serve_on, serve_with};
