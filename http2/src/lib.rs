//! HTTP/2 (RFC 9113), written to be read: many messages on one connection, in frames.
//!
//! # The rooms
//!
//! From the ground up; each imports only from those above it in this list:
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | [`wire`] | What are the nine bytes, and which rules can a peer break? | 650 |
//! | `message/` | How does a list of compressed fields become the head that HTTP/1 has, too? | 380 |
//! | [`stream`] | What may a stream hear and say, how much of it, and whose turn is it? | 550 |
//! | `/` | What passes between the two ends (`event.rs`), and how much of it (`config.rs`)? | 160 |
//! | [`connection`] | Frames to events and events to frames, with no socket and no clock in sight. | 1,310 |
//! | `driver/` | What must be read, written and waited for, whoever has something to say? | 400 |
//! | `server/` | How do a hundred handlers share one socket, and who is served when? | 1,050 |
//! | `client/` | By which protocol is a server asked, and who may ask again? | 1,130 |
//!
//! `wire`, `message` and `stream` are the first evening; it ends with [`state`], the table that decides all. The second is the
//! connection, the third the server. Header compression is a crate of its own, `wirebook-hpack`.
//!
//! # The server
//!
//! A handler is the same as HTTP/1's, and one port serves both protocols:
//!
#![cfg_attr(feature = "net", doc = "```")]
#![cfg_attr(not(feature = "net"), doc = "```ignore")]
//! use wirebook_http2::{self as http2, Outcome, Request, Response};
//! use wirebook_net as net;
//!
//! async fn hello(request: Request<'_>, response: Response<'_>) -> Outcome {
//!     response.header("content-type", "text/plain").end(request.path()).await
//! }
//!
//! net::run(async {
//!     let server = http2::serve("127.0.0.1:0", hello)?;
//!     server.until(async {}).await;
//!     Ok::<(), std::io::Error>(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The core
//!
//! Everything above the last row is the **core**: no socket, no clock, no task. A driver gives it bytes and the time, and writes what it is
//! given; the five steps of that stand in [`connection`]. Two connections, mouth to ear:
//!
//! ```
//! # use std::{sync::Arc, time::Instant};
//! use wirebook_http1::{FieldBlock, parser::{RequestHead, ResponseHead}};
//! use wirebook_http2::{Config, Connection, Event, Fields};
//!
//! let (config, now) = (Arc::new(Config::default()), Instant::now());
//! let mut client = Connection::client(config.clone(), now);
//! let mut server = Connection::server(config, now);
//! let (mut up, mut down, mut room) = (Vec::new(), Vec::new(), Fields::default());
//!
//! let mut fields = FieldBlock::default();
//! fields.push("host", "example.org")?;
//! let stream = client.next_stream().expect("a server takes a hundred");
//! let head = RequestHead::new(b"GET", b"/tea", fields.lines());
//! client.send(Event::Request { stream, head, scheme: b"https", protocol: None, end: true }, &mut up)?;
//!
//! let mut at = 0;
//! loop {
//!     let (used, event) = server.receive(&up[at..], &mut room)?;
//!     at += used;
//!     match event {
//!         Some(Event::Request { stream, head, .. }) => {
//!             assert_eq!((head.target, head.fields.get("host")), (&b"/tea"[..], Some(&b"example.org"[..])));
//!             let head = ResponseHead::new(200, Default::default());
//!             server.send(Event::Response { stream, head, end: false }, &mut down)?;
//!             assert_eq!(server.send_data(stream, b"tea", true, &mut down)?, 3);
//!         }
//!         Some(_) => {}
//!         None => break,
//!     }
//! }
//! // HEADERS with one octet for `:status: 200`, then DATA with END_STREAM.
//! assert!(down.ends_with(&[0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88, 0, 0, 3, 0, 1, 0, 0, 0, 1, b't', b'e', b'a']));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "net")]
pub mod client;
mod config;
pub mod connection;
#[cfg(feature = "net")]
mod driver;
pub mod event;
pub mod message;
#[cfg(feature = "net")]
pub mod server;
pub mod stream;
pub mod wire;

pub use config::{Config, Rate};
pub use connection::{Connection, Role};
pub use event::Event;
pub use message::{Fields, Misuse};
#[cfg(feature = "net")]
pub use server::{Failure, Outcome, Request, Response, Server, serve, serve_on, serve_secure_on, serve_with};
#[cfg(feature = "tls")]
pub use server::{serve_secure, serve_secure_with};
pub use stream::table::REMEMBERED_RESETS;
pub use stream::{Lanes, Priority, state};
pub use wire::{Code, Error, Settings, StreamId, Violation};
